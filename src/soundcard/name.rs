//! Which ALSA names a configuration may hold. A name with arguments can be one of ALSA's plugins that write files (`file`, `tee`) or start
//! programs, and configurations come by command, too. Whoever needs such a plugin gives it a name of its own in asound.conf.

/// What may have arguments: devices of cards, as ALSA's own configuration names them.
const DEVICES: [&str; 14] = [
    "hw",
    "plughw",
    "default",
    "sysdefault",
    "dsnoop",
    "dmix",
    "front",
    "rear",
    "side",
    "center_lfe",
    "iec958",
    "hdmi",
    "bluealsa",
    "usbstream",
];

/// What is wrong with `name` as the name of a sound device; nothing is.
pub fn problem(name: &str) -> Option<String> {
    let letter = |letter: char| letter.is_alphanumeric() || " _-.,:=@()/+&#[]".contains(letter);
    let (kind, arguments) = name.split_once(':').map_or((name, None), |(kind, arguments)| (kind, Some(arguments)));
    // Stable names have the USB numbers of maker and model with a colon between them, and cards call themselves what they like.
    let known = DEVICES.contains(&kind) || kind.starts_with("surround") || kind.starts_with("usb-");
    let plain = arguments.is_none_or(|arguments| known && !arguments.contains([':', '/']) || arguments.starts_with(' '));
    (!plain || !name.chars().all(letter)).then(|| {
        format!("{name:?} is an ALSA name with arguments that may write files; give it a name of its own in /etc/asound.conf")
    })
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn names_of_cards_and_devices_may_stand_and_plugins_that_write_may_not() {
        for name in [
            "PCH",
            "PCH,1",
            "usb-046d:0825-1A2B3C",
            "usb@1-1.2",
            "default",
            "my_echo",
            "hw:1,0",
            "plughw:CARD=PCH,DEV=0",
            "sysdefault:CARD=Device",
            "surround51:CARD=PCH,DEV=0",
            "HDA Intel PCH: ALC256 Analog",
        ] {
            assert_eq!(problem(name), None, "{name}");
        }
        for name in [
            "file:/etc/shadow",
            "file:x.wav,raw",
            "tee:hw,x.wav,raw",
            "plug:SLAVE=file:x.wav",
            "plughw:'file:x'",
            "hw:file:x",
            "{ type file file x }",
            "hw:CARD=\"|sh\"",
            "pipe:|sh",
            "usb-046d:0825/../x",
            "a\nb",
        ] {
            assert!(problem(name).is_some(), "{name:?}");
        }
    }
}
