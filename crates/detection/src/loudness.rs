//! Whether it is louder than usual: the level of sound against what it is when nothing happens, which is learnt from the sound itself.

use std::time::Duration;

use crate::rise::Rise;

/// What is softer than this is not loud anywhere, in dB of full scale.
const SOFT: f32 = -50.0;
/// How fast the ambient level follows sound that is softer, and sound that is louder: a fan that is switched on is ambient after a minute.
const DOWN: Duration = Duration::from_secs(2);
const UP: Duration = Duration::from_secs(30);
/// Levels running that must be loud.
const RUNNING: u32 = 2;

/// See the module.
#[derive(Clone, Debug)]
pub struct Loudness {
    above: f32,
    ambient: Option<f32>,
    heard_at: Duration,
    rise: Rise,
}

impl Loudness {
    /// Loud is what is `above` dB over the ambient level; it is over after `quiet` without.
    pub fn new(above: f32, quiet: Duration) -> Self {
        Self { above, ambient: None, heard_at: Duration::ZERO, rise: Rise::new(RUNNING, quiet) }
    }

    /// The mean level of the last moments (100 ms are good), in dB of full scale; up to 0. What is no number is not heard.
    pub fn hear(&mut self, level: f32, now: Duration) {
        if level.is_nan() {
            return;
        }
        let level = level.clamp(-96.0, 0.0);
        let ambient = *self.ambient.get_or_insert(level);
        let pace = if level < ambient { DOWN } else { UP };
        let part = (now.saturating_sub(self.heard_at).as_secs_f32() / pace.as_secs_f32()).clamp(0.0, 1.0);
        self.heard_at = now;
        self.rise.see(level > SOFT && level > ambient + self.above, now);
        self.ambient = Some(ambient + (level - ambient) * part);
    }

    /// It is loud.
    pub fn is_loud(&self) -> bool {
        self.rise.is_on()
    }

    /// What is heard now is over; what is usual is learnt anew.
    pub fn forget(&mut self) {
        self.ambient = None;
        self.rise.forget();
    }
}
