//! Why a line, LED or button did not do what it was told: each cause by its own words, with the way out.

/// A line or LED did not do what it was told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The profile declares no such name.
    #[error(
        "this board declares no {what} \"{}\"; it has {}",
        .name.chars().take(64).collect::<String>().escape_debug(),
        if known.is_empty() { "none".into() } else { known.join(", ") }
    )]
    Unknown {
        /// `line` or `LED`.
        what: &'static str,
        /// The name that was asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// It is read, not driven.
    #[error("line \"{0}\" is an input; it cannot be set")]
    Input(String),
    /// The daemon itself drives it.
    #[error("{what} \"{name}\" is {owner}, which no command moves")]
    Owned {
        /// `line` or `LED`.
        what: &'static str,
        /// The profile's name.
        name: String,
        /// What it is for.
        owner: &'static str,
    },
    /// The kernel has no such line.
    #[error("line \"{name}\": the kernel has no line \"{line}\"; `gpioinfo` lists those that there are")]
    Missing {
        /// The profile's name.
        name: String,
        /// The kernel's name.
        line: String,
    },
    /// The kernel has no such LED.
    #[error("LED \"{name}\": the kernel has no LED \"{class}\"; /sys/class/leds lists those that there are")]
    NoLed {
        /// The profile's name.
        name: String,
        /// The kernel's name.
        class: String,
    },
    /// Another process or driver has it.
    #[error("line \"{name}\": \"{line}\" is held by \"{holder}\"; stop that first, or take it out of the profile")]
    Held {
        /// The profile's name.
        name: String,
        /// The kernel's name.
        line: String,
        /// Who.
        holder: String,
    },
    /// The user may not.
    #[error("{what} \"{name}\": permission denied for {path}; put the user into the group of that file")]
    Permission {
        /// `line` or `LED`.
        what: &'static str,
        /// The profile's name.
        name: String,
        /// The device or file.
        path: String,
    },
    /// Something else.
    #[error("{what} \"{name}\": {why}")]
    Failed {
        /// `line` or `LED`.
        what: &'static str,
        /// The profile's name.
        name: String,
        /// Why.
        why: String,
    },
}
