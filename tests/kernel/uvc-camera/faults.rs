//! What can go wrong with the camera while it runs, as commands on its standard input.

/// A fault, or the end of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The next frames end half-way.
    Short(u32),
    /// The next frames have random bytes inside.
    Corrupt(u32),
    /// The next frames carry the error bit in their payload headers.
    ErrorBit(u32),
    /// The next frames have no bytes at all.
    Empty(u32),
    /// The next frames never come.
    Drop(u32),
    /// The camera stays there and sends nothing more.
    Freeze,
    /// The streaming endpoint stalls.
    Stall,
    /// The camera answers nothing at all any more, as one whose firmware hangs.
    Hang,
    /// Ends a freeze, a stall or a hang.
    Resume,
    /// Somebody turned the knob on the camera's back.
    Brightness(i16),
    /// The camera is pulled.
    Quit,
}

/// Reads one line.
pub fn parse(line: &str) -> Result<Fault, String> {
    let mut words = line.split_whitespace();
    let (name, value) = (words.next().unwrap_or_default(), words.next());
    let count = || match value {
        None => Ok(1),
        Some(text) => text.parse::<u32>().map_err(|error| format!("{line}: {error}")),
    };
    Ok(match name {
        "short" => Fault::Short(count()?),
        "corrupt" => Fault::Corrupt(count()?),
        "error" => Fault::ErrorBit(count()?),
        "empty" => Fault::Empty(count()?),
        "drop" => Fault::Drop(count()?),
        "freeze" => Fault::Freeze,
        "hang" => Fault::Hang,
        "stall" => Fault::Stall,
        "resume" => Fault::Resume,
        "brightness" => Fault::Brightness(value.unwrap_or_default().parse().map_err(|error| format!("{line}: {error}"))?),
        "quit" => Fault::Quit,
        _ => return Err(format!("no fault {line:?}")),
    })
}
