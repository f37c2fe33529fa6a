//! Driving what a profile declares.
//!
//! [`Wired`] holds the rules (which names there are, which way they go, what is safe); a [`Driver`] moves lines. Opening never fails:
//! what is not there is told for its name, and the rest works.

mod cdev;
mod fake;
mod led;
mod wired;

use std::path::Path;

pub use fake::{Fake, Nothing};

use crate::Profile;

/// A board whose lines and LEDs can be moved, by the names of its profile.
pub trait Board: Send {
    /// Everything that is declared, and whether it is there.
    fn declared(&self) -> Vec<Declared>;

    /// Whether a line is on.
    fn get(&mut self, line: &str) -> Result<bool, LineError>;

    /// Switches an output line.
    fn set(&mut self, line: &str, on: bool) -> Result<(), LineError>;

    /// Lets an LED show a pattern.
    fn show(&mut self, led: &str, pattern: Pattern) -> Result<(), LineError>;

    /// Puts every output into its safe state and every LED out. Also done on drop.
    fn rest(&mut self);
}

/// One name of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it stands for: the kernel's line or LED.
    pub stands_for: String,
    /// Why it cannot be used, when it cannot.
    pub missing: Option<String>,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A line that is read.
    Input,
    /// A line that is driven.
    Output,
    /// An LED.
    Led,
}

/// What an LED shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Nothing.
    Off,
    /// Steady light.
    On,
    /// On and off, each for so many milliseconds. An LED on a plain line stays lit instead.
    Blink {
        /// Milliseconds on.
        on: u16,
        /// Milliseconds off.
        off: u16,
    },
}

impl std::str::FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = |part: &str| part.parse::<u16>().ok().filter(|ms| (20..=60_000).contains(ms));
        match text {
            "on" => return Ok(Self::On),
            "off" => return Ok(Self::Off),
            _ => {}
        }
        let blink = text.split_once('/').and_then(|(on, off)| Some(Self::Blink { on: time(on)?, off: time(off)? }));
        blink.ok_or_else(|| {
            format!("`{text}` is no pattern; write \"on\", \"off\", or milliseconds on and off from 20 on, as in \"100/900\"")
        })
    }
}

impl<'de> serde::Deserialize<'de> for Pattern {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A line or LED did not do what it was told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The profile declares no such name.
    #[error("this board declares no {what} \"{name}\"; it has {}", if known.is_empty() { "none".into() } else { known.join(", ") })]
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
    #[error("line \"{name}\": permission denied for {path}; put the user into the group of that file")]
    Permission {
        /// The profile's name.
        name: String,
        /// The device or file.
        path: String,
    },
    /// Something else.
    #[error("line \"{name}\": {why}")]
    Failed {
        /// The profile's name.
        name: String,
        /// Why.
        why: String,
    },
}

/// Looks for what a profile declares and takes nothing: what [`Board::declared`] would say, but that a line which the daemon holds is
/// there.
pub fn inspect(profile: &Profile, root: &Path) -> Vec<Declared> {
    wired::Names::claim(profile, &mut cdev::Look, root).declared()
}

/// Opens what a profile declares on the machine whose `/` is `root`. Never fails; [`Board::declared`] says what is missing.
pub fn open(profile: &Profile, root: &Path) -> Box<dyn Board> {
    if profile.lines.is_empty() && profile.leds.is_empty() {
        return Box::new(Nothing);
    }
    Box::new(wired::Wired::open(profile, cdev::Cdev::default(), root))
}
