//! The section `[record]`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use record::{Limits, Settings};
use serde::{Deserialize, Serialize};

pub use upload::Upload;

mod upload;

/// `[record]`: what is recorded on the device itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What makes it record; nothing: it does not.
    pub when: Vec<When>,
    /// Where the files go. Unset: `recordings` in the state directory.
    pub folder: Option<PathBuf>,
    /// Loopback address at which programs on this machine get them over HTTP; unset: none.
    pub http: Option<SocketAddr>,
    /// Seconds before the moment from which on something is to be recorded, 0 to 60.
    pub pre_roll_s: u32,
    /// Seconds that it goes on after what set it off, 0 to 600.
    pub post_roll_s: u32,
    /// MiB of memory for them and for what waits for the medium, 1 to 256.
    pub memory_mib: u32,
    /// A recording goes on in another file after so many seconds, 10 to 86400.
    pub segment_s: u32,
    /// MiB that all recordings may have, 16 to 16777216; then the oldest go.
    pub most_mib: u64,
    /// MiB that may be written in a day, 16 to 16777216; 0: any number.
    pub most_mib_a_day: u64,
    /// Recordings older than so many days go, up to 36500; 0: they stay.
    pub most_days: u32,
    /// Where recordings go when they have ended.
    pub upload: Upload,
}

/// What makes the device record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum When {
    /// It records all the time.
    Always,
    /// Somebody asks for it. So they may where anything else is a reason.
    Command,
    /// Something moves in the picture.
    Motion,
    /// It is louder than usual.
    Sound,
    /// A line of the board that is watched is on.
    Line,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            when: Vec::new(),
            folder: None,
            http: None,
            pre_roll_s: 5,
            post_roll_s: 10,
            memory_mib: 8,
            segment_s: 600,
            most_mib: 4096,
            most_mib_a_day: 0,
            most_days: 30,
            upload: Upload::default(),
        }
    }
}

impl Config {
    /// Whether there is a recorder at all.
    pub fn is_on(&self) -> bool {
        !self.when.is_empty()
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
        range("post_roll_s", self.post_roll_s.into(), 0, 600, "seconds");
        range("memory_mib", self.memory_mib.into(), 1, 256, "MiB");
        range("segment_s", self.segment_s.into(), 10, 86_400, "seconds");
        range("most_mib", self.most_mib, 16, 16 << 20, "MiB");
        if self.most_mib_a_day > 0 {
            range("most_mib_a_day", self.most_mib_a_day, 16, 16 << 20, "MiB, or 0");
        }
        range("most_days", self.most_days.into(), 0, 36_500, "days");
        if self.folder.as_deref().is_some_and(|folder| !folder.is_absolute()) {
            found.push(("folder", "is no path from / on".into()));
        }
        if let Some(address) = self.http.filter(|address| !address.ip().is_loopback()) {
            let why = format!(
                "{} is not a loopback address; recordings are for this machine only, and for who may `record.fetch`",
                address.ip()
            );
            found.push(("http", why));
        }
        found
    }

    /// In the recorder's words; `channels` of the sound, where there is any.
    pub(super) fn settings(&self, channels: Option<u8>) -> Settings {
        let days = |days: u32| Duration::from_secs(u64::from(days) * 86_400);
        Settings {
            // Nobody needs what was before where everything is recorded.
            holds: !self.when.contains(&When::Always) && self.pre_roll_s > 0,
            post_roll: Duration::from_secs(self.post_roll_s.into()),
            segment: Duration::from_secs(self.segment_s.into()),
            limits: Limits { most_bytes: self.most_mib << 20, most_age: (self.most_days > 0).then(|| days(self.most_days)) },
            most_a_day: (self.most_mib_a_day > 0).then_some(self.most_mib_a_day << 20),
            channels,
        }
    }

    pub(super) fn memory(&self) -> usize {
        (self.memory_mib as usize) << 20
    }
}
