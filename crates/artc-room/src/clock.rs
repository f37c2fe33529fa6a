//! The wall clock, which tokens, notices and kept times are by. Named by the shells of this program alone.

use std::time::{Duration, SystemTime};

/// Now.
#[expect(clippy::disallowed_methods, reason = "the shell of the program; tokens and clients want the wall clock")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// The time since 1970; nothing where the clock is not set.
pub(crate) fn since_1970() -> Duration {
    now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// The same in whole seconds.
pub(crate) fn seconds() -> i64 {
    i64::try_from(since_1970().as_secs()).unwrap_or(i64::MAX)
}
