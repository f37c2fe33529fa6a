//! LEDs that nobody in the kernel blinks: step by step, from here.

use std::time::Duration;

use crate::pattern::Steps;

/// Where an LED is in its round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lamp {
    steps: Steps,
    at: usize,
    /// When the next step begins.
    pub(super) until: Duration,
}

impl Lamp {
    /// It has just been lit for the first step.
    pub(super) fn lit(steps: Steps, now: Duration) -> Self {
        Self { steps, at: 0, until: now + Self::time(&steps, 0) }
    }

    fn time(steps: &Steps, at: usize) -> Duration {
        Duration::from_millis(steps.times()[at].into())
    }

    /// Goes on when it is time: whether it is lit then. A step that comes late is a full one.
    pub(super) fn step(&mut self, now: Duration) -> Option<bool> {
        if now < self.until {
            return None;
        }
        self.at = (self.at + 1) % self.steps.times().len();
        self.until = now + Self::time(&self.steps, self.at);
        Some(self.at.is_multiple_of(2))
    }
}
