//! When a lost camera is looked for again.

use std::time::Duration;

/// Pause before a lost camera is tried again; doubled each time up to [`RETRY_MOST`]. Hotplug cuts it short.
const RETRY_FIRST: Duration = Duration::from_millis(250);
/// Longest pause between two tries: each costs an open of every video node.
const RETRY_MOST: Duration = Duration::from_secs(5);

/// When a camera is looked for again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    pub at: Duration,
    pub since: Duration,
    pause: Duration,
}

impl Retry {
    pub(super) fn new(now: Duration) -> Self {
        Self { at: now + RETRY_FIRST, since: now, pause: RETRY_FIRST }
    }

    pub(super) fn again(self, now: Duration) -> Self {
        let pause = (self.pause * 2).min(RETRY_MOST);
        Self { at: now + pause, pause, ..self }
    }

    /// Something was plugged: try at once, and soon again, since permissions and firmware take a moment.
    pub(super) fn hurry(&mut self, now: Duration) {
        (self.at, self.pause) = (now, RETRY_FIRST / 2);
    }
}
