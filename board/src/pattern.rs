//! What LEDs show, and the one language in which the status LED tells how the device is.

use std::fmt;
use std::str::FromStr;

/// Numbers in a blinking pattern at most.
const STEPS: usize = 8;
/// How long a step may be, in milliseconds: shorter ones nobody sees, longer ones nobody waits for.
const STEP_MS: std::ops::RangeInclusive<u16> = 20..=60_000;

/// What an LED shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Nothing.
    Off,
    /// Steady light.
    On,
    /// Light and dark in turns, for ever.
    Blink(Steps),
}

/// The round of a blinking LED: milliseconds of light, of dark, of light, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    times: [u16; STEPS],
    count: u8,
}

impl Steps {
    /// The times in milliseconds, beginning with light; an even number of them.
    pub fn times(&self) -> &[u16] {
        &self.times[..usize::from(self.count)]
    }
}

impl Pattern {
    /// Light for `on` milliseconds, then dark for `off`.
    pub const fn blink(on: u16, off: u16) -> Self {
        Self::steps([on, off, 0, 0, 0, 0, 0, 0], 2)
    }

    /// A round of light and dark in turns, in milliseconds: 2, 4, 6 or 8 times from 20 to 60000. `None` for anything else.
    pub fn round(given: &[u16]) -> Option<Self> {
        let mut times = [0; STEPS];
        times.get_mut(..given.len())?.copy_from_slice(given);
        let good = !given.is_empty() && given.len().is_multiple_of(2) && given.iter().all(|time| STEP_MS.contains(time));
        good.then(|| Self::steps(times, given.len() as u8))
    }

    const fn steps(times: [u16; STEPS], count: u8) -> Self {
        Self::Blink(Steps { times, count })
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "on" => return Ok(Self::On),
            "off" => return Ok(Self::Off),
            _ => {}
        }
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u16>().ok())?;
        // One more than there may be, so that too many are seen.
        let times: Option<Vec<u16>> = text.split('/').take(STEPS + 1).map(digits).collect();
        times.and_then(|times| Self::round(&times)).ok_or_else(|| no_pattern(text))
    }
}

fn no_pattern(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    format!(
        "`{}` is no pattern; write \"on\", \"off\", or milliseconds of light and dark in turns, 2 to {STEPS} of them from {} to {}, as in \
         \"100/900\"",
        shown.escape_debug(),
        STEP_MS.start(),
        STEP_MS.end()
    )
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::On => f.write_str("on"),
            Self::Blink(steps) => {
                for (number, time) in steps.times().iter().enumerate() {
                    write!(f, "{}{time}", if number > 0 { "/" } else { "" })?;
                }
                Ok(())
            }
        }
    }
}

impl<'de> serde::Deserialize<'de> for Pattern {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How the device is, in what one LED can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// It has nothing to join a channel with: somebody has to provision it.
    Provisioning,
    /// On its way into the channel for the first time.
    Connecting,
    /// In the channel, and somebody watches.
    Streaming,
    /// In the channel, and nobody watches.
    Waiting,
    /// The camera delivers nothing, or the channel is out of reach.
    Fault,
    /// New software is being installed: do not pull the plug.
    Update,
}

/// What the status LED shows when. Each has a default, so that a profile names only what shall differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Patterns {
    /// [`Signal::Provisioning`]: twice in short, then a pause.
    pub provisioning: Pattern,
    /// [`Signal::Connecting`]: slowly.
    pub connecting: Pattern,
    /// [`Signal::Streaming`]: steady.
    pub streaming: Pattern,
    /// [`Signal::Waiting`]: a short flash every three seconds.
    pub waiting: Pattern,
    /// [`Signal::Fault`]: three times in short, then a pause.
    pub fault: Pattern,
    /// [`Signal::Update`]: fast.
    pub update: Pattern,
    /// While somebody looks for the device among others: as fast as it can be seen.
    pub here: Pattern,
}

impl Default for Patterns {
    fn default() -> Self {
        Self {
            provisioning: Pattern::steps([100, 100, 100, 1700, 0, 0, 0, 0], 4),
            connecting: Pattern::blink(500, 500),
            streaming: Pattern::On,
            waiting: Pattern::blink(50, 2950),
            fault: Pattern::steps([100, 100, 100, 100, 100, 700, 0, 0], 6),
            update: Pattern::blink(125, 125),
            here: Pattern::blink(60, 60),
        }
    }
}

impl Patterns {
    /// What tells `signal`.
    pub const fn of(&self, signal: Signal) -> Pattern {
        match signal {
            Signal::Provisioning => self.provisioning,
            Signal::Connecting => self.connecting,
            Signal::Streaming => self.streaming,
            Signal::Waiting => self.waiting,
            Signal::Fault => self.fault,
            Signal::Update => self.update,
        }
    }
}
