//! The `[speaker]` section.

use serde::{Deserialize, Serialize};

/// Which speaker plays what others in the channel say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `none` (nothing is played), `auto` (the first card that plays), a stable id as `artc-edge devices` prints it, or any name of ALSA
    /// such as `plughw:CARD=Device,DEV=0`.
    pub device: String,
    /// Loudness, 0 to 100.
    pub volume: u8,
    /// Who opens the viewer's address may talk.
    pub viewers_talk: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { device: "none".into(), volume: 100, viewers_talk: false }
    }
}

impl Config {
    /// Whether there is to be a speaker at all.
    pub fn is_on(&self) -> bool {
        self.device != "none"
    }

    /// What is out of range, as (key below `[speaker]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.device.is_empty() {
            found.push(("device", "is empty; use \"none\", \"auto\", a card or an ALSA name".into()));
        } else if let Some(problem) = crate::soundcard::problem(&self.device) {
            found.push(("device", problem));
        }
        if self.volume > 100 {
            found.push(("volume", format!("{} is out of range, 0 to 100", self.volume)));
        }
        found
    }
}
