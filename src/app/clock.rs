//! The one clock of the daemon: everything below the shell is told what time it is.

use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::version::OLDEST_CLOCK;

/// Now, on `CLOCK_MONOTONIC`: the axis of the drivers' timestamps.
pub fn now() -> Duration {
    read(ClockId::Monotonic)
}

/// Time since 1970, as far as the device knows it. Only for telling others: it jumps.
pub fn since_1970() -> Duration {
    read(ClockId::Realtime)
}

/// Seconds since the machine was started, its sleep included.
pub fn since_boot() -> u64 {
    read(ClockId::Boottime).as_secs()
}

/// Whether somebody has set that clock: it is not before this program, and the time service, where there is one, has set it.
pub fn is_trusted() -> bool {
    let service = Path::new("/run/systemd/timesync");
    since_1970() >= OLDEST_CLOCK && (!service.exists() || service.join("synchronized").exists())
}

/// All that the recorder is told of the time.
pub fn recording() -> record::Now {
    record::Now { monotonic: now(), wall_ms: since_1970().as_millis() as u64, wall_is_right: is_trusted() }
}

fn read(clock: ClockId) -> Duration {
    let now = clock_gettime(clock);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or_default(), u32::try_from(now.tv_nsec).unwrap_or_default())
}
