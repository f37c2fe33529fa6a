//! The `[microphone]` section.

use serde::{Deserialize, Serialize};

/// Which microphone, and how it samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `auto` (the first card that captures, else the tone), `tone`, `none`, a stable id as `artc-edge devices` prints it, or any
    /// name of ALSA such as `plughw:CARD=C920,DEV=0`.
    pub source: String,
    /// Samples a second: 8000, 16000, 32000, 44100 or 48000.
    pub rate: u32,
    /// 1 or 2.
    pub channels: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self { source: "auto".into(), rate: 48_000, channels: 1 }
    }
}

impl Config {
    /// What is out of range, as (key below `[microphone]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if ![8_000, 16_000, 32_000, 44_100, 48_000].contains(&self.rate) {
            found.push(("rate", format!("{} is not one of 8000, 16000, 32000, 44100, 48000 samples a second", self.rate)));
        }
        if !(1..=2).contains(&self.channels) {
            found.push(("channels", format!("{} is out of range, 1 or 2", self.channels)));
        }
        if self.source.is_empty() {
            found.push(("source", "is empty; use \"auto\", \"tone\", \"none\" or an ALSA name".into()));
        } else if let Some(problem) = crate::soundcard::problem(&self.source) {
            found.push(("source", problem));
        }
        found
    }
}
