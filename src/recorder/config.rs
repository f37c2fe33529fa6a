//! The section `[record]`.

use std::path::PathBuf;
use std::time::Duration;

use record::{Limits, Settings};
use serde::{Deserialize, Serialize};

/// `[record]`: what is recorded on the device itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// When it records.
    pub mode: Mode,
    /// Where the files go. Unset: `recordings` in the state directory.
    pub folder: Option<PathBuf>,
    /// Seconds before the moment from which on something is to be recorded, 0 to 60.
    pub pre_roll_s: u32,
    /// MiB of memory for them and for what waits for the medium, 1 to 256.
    pub memory_mib: u32,
    /// A recording goes on in another file after so many seconds, 10 to 86400.
    pub segment_s: u32,
    /// MiB that all recordings may have, 16 to 16777216; then the oldest go.
    pub most_mib: u64,
    /// Recordings older than so many days go, up to 36500; 0: they stay.
    pub most_days: u32,
}

/// When the device records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Mode {
    /// Never.
    #[default]
    Off,
    /// All the time.
    Always,
    /// When somebody asks for it.
    Command,
}

impl Default for Config {
    fn default() -> Self {
        Self { mode: Mode::Off, folder: None, pre_roll_s: 5, memory_mib: 8, segment_s: 600, most_mib: 4096, most_days: 30 }
    }
}

impl Config {
    /// Whether there is a recorder at all.
    pub fn is_on(&self) -> bool {
        self.mode != Mode::Off
    }

    /// What is out of range, as (key below `[record]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let mut range = |key, value: u64, least: u64, most: u64, what: &str| {
            if !(least..=most).contains(&value) {
                found.push((key, format!("{value} is out of range, {least} to {most} {what}")));
            }
        };
        range("pre_roll_s", self.pre_roll_s.into(), 0, 60, "seconds");
        range("memory_mib", self.memory_mib.into(), 1, 256, "MiB");
        range("segment_s", self.segment_s.into(), 10, 86_400, "seconds");
        range("most_mib", self.most_mib, 16, 16 << 20, "MiB");
        range("most_days", self.most_days.into(), 0, 36_500, "days");
        if self.folder.as_deref().is_some_and(|folder| !folder.is_absolute()) {
            found.push(("folder", "is no path from / on".into()));
        }
        found
    }

    /// In the recorder's words; `channels` of the sound, where there is any.
    pub(super) fn settings(&self, channels: Option<u8>) -> Settings {
        let days = |days: u32| Duration::from_secs(u64::from(days) * 86_400);
        Settings {
            // Nobody needs what was before where everything is recorded, or nothing was asked for.
            holds: self.mode == Mode::Command && self.pre_roll_s > 0,
            segment: Duration::from_secs(self.segment_s.into()),
            limits: Limits { most_bytes: self.most_mib << 20, most_age: (self.most_days > 0).then(|| days(self.most_days)) },
            channels,
        }
    }

    pub(super) fn memory(&self) -> usize {
        (self.memory_mib as usize) << 20
    }
}
