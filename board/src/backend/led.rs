//! LEDs of the kernel's LED class: patterns run in the kernel, and go on when the daemon does not.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{LineError, Pattern};

pub(super) struct Class {
    directory: PathBuf,
}

impl Class {
    pub(super) fn new(root: &Path) -> Self {
        Self { directory: root.join("sys/class/leds") }
    }

    pub(super) fn missing(&self, class: &str) -> Option<String> {
        let there = self.directory.join(class).join("brightness").exists();
        (!there).then(|| format!("the kernel has no LED \"{class}\"; /sys/class/leds lists those that there are"))
    }

    pub(super) fn show(&self, name: &str, class: &str, pattern: Pattern) -> Result<(), LineError> {
        let write = |file: &str, text: &str| {
            let path = self.directory.join(class).join(file);
            fs::write(&path, text).map_err(|why| match why.kind() {
                io::ErrorKind::PermissionDenied => LineError::Permission { name: name.into(), path: path.display().to_string() },
                io::ErrorKind::NotFound if file == "brightness" || file == "trigger" => {
                    LineError::NoLed { name: name.into(), class: class.into() }
                }
                _ => LineError::Failed { name: name.into(), why: format!("{}: {why}", path.display()) },
            })
        };
        // A trigger of somebody else would go on moving it.
        match pattern {
            Pattern::Off => write("trigger", "none").and_then(|()| write("brightness", "0")),
            Pattern::On => {
                let full = fs::read_to_string(self.directory.join(class).join("max_brightness")).unwrap_or_default();
                let full = if full.trim().is_empty() { "1" } else { full.trim() };
                write("trigger", "none").and_then(|()| write("brightness", full))
            }
            Pattern::Blink { on, off } => write("trigger", "timer")
                .and_then(|()| write("delay_on", &on.to_string()))
                .and_then(|()| write("delay_off", &off.to_string())),
        }
    }
}
