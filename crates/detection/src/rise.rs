//! Hysteresis: something begins after it was seen several times running, and is over when it has not been seen for a while.

use std::time::Duration;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rise {
    times: u32,
    quiet: Duration,
    seen: u32,
    /// Until when it lasts, unless it is seen again.
    until: Option<Duration>,
}

impl Rise {
    /// Begins when it was seen `times` running, and is over after `quiet` without.
    pub fn new(times: u32, quiet: Duration) -> Self {
        Self { times, quiet, seen: 0, until: None }
    }

    /// It is there at the time `now`, or not.
    pub fn see(&mut self, there: bool, now: Duration) {
        self.seen = if there { self.seen.saturating_add(1) } else { 0 };
        if self.seen >= self.times || there && self.until.is_some() {
            self.until = Some(now + self.quiet);
        }
        self.until = self.until.filter(|until| now <= *until);
    }

    /// It has begun and is not over.
    pub fn is_on(&self) -> bool {
        self.until.is_some()
    }

    /// As if it never had been.
    pub fn forget(&mut self) {
        (self.seen, self.until) = (0, None);
    }
}
