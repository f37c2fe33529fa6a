//! How long this process has been running, by the kernel's books. Not for what happens in it.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Ticks a second of `/proc`; USER_HZ is 100 on every Linux that this runs on.
const TICKS: u64 = 100;

/// Time since the process was started, at most a tick (10 ms) too long; `None` where `/proc` is not there.
pub(super) fn of_process() -> Option<Duration> {
    let started = started(&std::fs::read_to_string("/proc/self/stat").ok()?)?;
    let now = clock_gettime(ClockId::Boottime);
    let now = Duration::new(u64::try_from(now.tv_sec).ok()?, u32::try_from(now.tv_nsec).ok()?);
    Some(now.saturating_sub(started))
}

/// The start, counted from the machine's, by a line of `/proc/PID/stat`.
fn started(stat: &str) -> Option<Duration> {
    // The name in brackets may hold blanks and brackets; everything after the last one is numbers.
    let ticks: u64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    Some(Duration::from_millis(ticks * (1000 / TICKS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_read_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 1234 1 2";
        assert_eq!(started(stat), Some(Duration::from_millis(12_340)));
        assert_eq!(started("7 (a) S 1"), None);
    }

    #[test]
    fn this_process_runs_for_minutes_at_most() {
        assert!(of_process().is_some_and(|age| age < Duration::from_secs(3600)));
    }
}
