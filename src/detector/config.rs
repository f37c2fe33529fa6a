//! The section `[detect]`.

use media::zone::{self, Point};
use serde::{Deserialize, Serialize};

/// `[detect]`: what the device notices by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether it looks for motion in the picture.
    pub motion: bool,
    /// How little is motion, 1 to 100.
    pub sensitivity: u8,
    /// Where motion counts: rectangles and polygons in fractions of width and height. None: everywhere.
    pub zones: Vec<Vec<Point>>,
    /// Whether it looks for what is done to the camera.
    pub tamper: bool,
    /// Whether it listens for sound that stands out.
    pub sound: bool,
    /// By how many dB sound must be above the ambient level, 3 to 60.
    pub sound_above_db: u8,
    /// Seconds without motion or sound after which they are over, 1 to 300.
    pub quiet_s: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { motion: false, sensitivity: 50, zones: Vec::new(), tamper: false, sound: false, sound_above_db: 15, quiet_s: 5 }
    }
}

impl Config {
    /// Whether it looks at pictures.
    pub fn looks(&self) -> bool {
        self.motion || self.tamper
    }

    /// What is out of range, as (key below `[detect]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if !(1..=100).contains(&self.sensitivity) {
            found.push(("sensitivity", format!("{} is out of range, 1 to 100", self.sensitivity)));
        }
        if !(3..=60).contains(&self.sound_above_db) {
            found.push(("sound_above_db", format!("{} is out of range, 3 to 60 dB", self.sound_above_db)));
        }
        if !(1..=300).contains(&self.quiet_s) {
            found.push(("quiet_s", format!("{} is out of range, 1 to 300 seconds", self.quiet_s)));
        }
        found.extend(zone::problem_of(&self.zones).map(|why| ("zones", why)));
        found
    }
}
