//! Driving what a profile declares.
//!
//! [`wired`] holds the rules (which names there are, which way they go, what is safe) over any [`wired::Driver`] of lines: the GPIO
//! character device ([`cdev`]), with the feature `rppal` the registers of a Raspberry Pi, or memory ([`fake`]). LEDs of the LED class
//! ([`led`]), keys of input devices ([`input`]) and what the kernel measures ([`sensors`]) are the same for all of them. Opening never
//! fails: what is not there is told for its name, and the rest works.

mod cdev;
mod error;
mod fake;
mod input;
mod led;
#[cfg(feature = "rppal")]
mod rppal;
mod sensors;
mod shared;
mod wired;

use std::os::fd::BorrowedFd;
use std::path::Path;

pub use error::LineError;
pub use fake::{Fake, Nothing};
pub use sensors::{Temperature, Throttling};
pub use shared::SharedFake;

use crate::{Pattern, Profile};

/// A board whose lines and LEDs can be moved, by the names of its profile.
pub trait Board: Send {
    /// Everything that is declared, and whether it is there.
    fn declared(&self) -> Vec<Declared>;

    /// Whether a line is on.
    fn get(&mut self, line: &str) -> Result<bool, LineError>;

    /// Switches an output line.
    fn set(&mut self, line: &str, on: bool) -> Result<(), LineError>;

    /// Drives an output line for the part `duty`, 0 to 1, of the time. What cannot do that switches it on for anything above 0.
    fn dim(&mut self, line: &str, duty: f32) -> Result<(), LineError> {
        self.set(line, duty > 0.0)
    }

    /// Lets an LED show a pattern.
    fn show(&mut self, led: &str, pattern: Pattern) -> Result<Shown, LineError>;

    /// What the buttons did since it was last asked. Does not wait.
    fn presses(&mut self) -> Vec<Press> {
        Vec::new()
    }

    /// What the lines did that are watched, since it was last asked; known once [`Board::presses`] was asked. Does not wait.
    fn moves(&mut self) -> Vec<Move> {
        Vec::new()
    }

    /// Descriptors that can be read from when a button or a watched line has moved.
    fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        Vec::new()
    }

    /// Whether [`Board::presses`] must be asked again and again, because no descriptor tells.
    fn is_polled(&self) -> bool {
        false
    }

    /// Looks for declared keys whose device was not there before.
    fn look_again(&mut self) {}

    /// What the machine's sensors say, the processor's first.
    fn temperatures(&self) -> Vec<Temperature> {
        Vec::new()
    }

    /// Whether heat or a weak supply slows the machine down.
    fn throttling(&self) -> Throttling {
        Throttling::default()
    }

    /// Speed of the fan that the kernel runs, in turns a minute, where it is told.
    fn fan_rpm(&self) -> Option<u32> {
        None
    }

    /// What the profile's light sensor says, in lux.
    fn lux(&self) -> Option<f32> {
        None
    }

    /// Puts every output into its safe state and every LED out. Also done on drop.
    fn rest(&mut self);
}

/// Who blinks an LED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The kernel, from now on; a steady light needs nobody.
    Whole,
    /// Whoever asked: it has been lit, and has to be moved step by step.
    ByHand,
}

/// A watched line moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The line.
    pub line: String,
    /// It is on now.
    pub on: bool,
}

/// A button went down or up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// Its name in the profile.
    pub button: String,
    /// Whether it is down now.
    pub pressed: bool,
}

/// One name of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it stands for: the kernel's line, LED, key or sensor.
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
    /// A key of an input device. A button on a line is not told apart from it.
    Key,
    /// A sensor, or a fan that the kernel runs.
    Sensor,
    /// A device node.
    Node,
}

/// What moves the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The GPIO character device, on every board.
    #[default]
    Cdev,
    /// The registers of a Raspberry Pi, through the crate rppal; only in builds with the feature `rppal`.
    Rppal,
    /// Nothing: the board is left alone.
    None,
    /// Memory: all declared lines are there, and nothing moves.
    Fake,
}

impl Backend {
    /// Why this build does not have it, where it does not.
    pub fn missing(self) -> Option<&'static str> {
        (self == Self::Rppal && !cfg!(feature = "rppal")).then_some(
            "this build has no rppal; \"cdev\" drives the lines of a Raspberry Pi as well, or build with `--features rppal`",
        )
    }
}

/// Looks for what a profile declares and takes nothing: what [`Board::declared`] would say, but that a line which the daemon holds is
/// there.
pub fn inspect(profile: &Profile, root: &Path) -> Vec<Declared> {
    wired::Names::claim(profile, &mut cdev::Look, root).declared(root)
}

/// Opens what a profile declares on the machine whose `/` is `root`. Never fails; [`Board::declared`] says what is missing.
pub fn open(profile: &Profile, backend: Backend, root: &Path) -> Box<dyn Board> {
    match backend {
        Backend::None => Box::new(Nothing),
        Backend::Fake => Box::new(Fake::new(profile, root)),
        #[cfg(feature = "rppal")]
        Backend::Rppal => Box::new(wired::Wired::open(profile, rppal::Registers::default(), root)),
        _ => Box::new(wired::Wired::open(profile, cdev::Cdev::default(), root)),
    }
}
