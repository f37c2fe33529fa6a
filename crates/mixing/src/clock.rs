//! The clocks that jobs read, at the one place of the crate that reads any.

use std::time::{Duration, Instant, SystemTime};

/// Time since it was made, and on the wall.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the threads of a job own their clock here")]
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Duration {
        self.0.elapsed()
    }

    /// Since 1970.
    #[expect(clippy::disallowed_methods, reason = "files are called by the time on the wall")]
    pub(crate) fn wall(self) -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}
