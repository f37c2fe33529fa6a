//! LEDs of the kernel's LED class: patterns run in the kernel, and go on when the daemon does not.
//!
//! Two steps are the trigger `timer`, more are the trigger `pattern` (Documentation/leds of the kernel). A kernel that was built
//! without them leaves the blinking to whoever asked.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{LineError, Shown};
use crate::{Pattern, pattern::Steps};

pub(super) struct Class {
    directory: PathBuf,
}

impl Class {
    pub(super) fn new(root: &Path) -> Self {
        Self { directory: root.join("sys/class/leds") }
    }

    pub(super) fn missing(&self, name: &str, class: &str) -> Option<String> {
        let there = self.directory.join(class).join("brightness").exists();
        (!there).then(|| LineError::NoLed { name: name.into(), class: class.into() }.to_string())
    }

    pub(super) fn show(&self, name: &str, class: &str, pattern: Pattern) -> Result<Shown, LineError> {
        let write = |file: &str, text: &str| fs::write(self.directory.join(class).join(file), text);
        let failed = |why: io::Error| {
            let path = self.directory.join(class).display().to_string();
            match why.kind() {
                io::ErrorKind::PermissionDenied => LineError::Permission { what: "LED", name: name.into(), path },
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                    LineError::NoLed { name: name.into(), class: class.into() }
                }
                _ => LineError::Failed { what: "LED", name: name.into(), why: format!("{path}: {why}") },
            }
        };
        let full = || {
            let full = fs::read_to_string(self.directory.join(class).join("max_brightness")).unwrap_or_default();
            full.trim().parse::<u32>().unwrap_or(1)
        };
        // A trigger of somebody else would go on moving it. Kernels without triggers have no such file.
        let still = |brightness: u32| {
            match write("trigger", "none") {
                Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
                _ => {}
            }
            write("brightness", &brightness.to_string())
        };
        match pattern {
            Pattern::Off => still(0).map_err(failed)?,
            Pattern::On => still(full()).map_err(failed)?,
            Pattern::Blink(steps) => {
                let begun = match *steps.times() {
                    [on, off] => write("trigger", "timer")
                        .and_then(|()| write("delay_on", &on.to_string()))
                        .and_then(|()| write("delay_off", &off.to_string())),
                    _ => write("trigger", "pattern").and_then(|()| write("pattern", &tuples(&steps, full()))),
                };
                match begun {
                    Ok(()) => {}
                    // The kernel's word for a trigger that it does not have, or no triggers at all.
                    Err(why) if matches!(why.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotFound) => {
                        still(full()).map_err(failed)?;
                        return Ok(Shown::ByHand);
                    }
                    Err(why) => return Err(failed(why)),
                }
            }
        }
        Ok(Shown::Whole)
    }
}

/// What the trigger `pattern` takes: pairs of brightness and milliseconds. It fades from one to the next; a pair of no duration makes
/// that a step.
fn tuples(steps: &Steps, full: u32) -> String {
    let pairs = steps.times().iter().enumerate().map(|(number, time)| {
        let brightness = if number % 2 == 0 { full } else { 0 };
        format!("{brightness} {time} {brightness} 0")
    });
    pairs.collect::<Vec<_>>().join(" ")
}
