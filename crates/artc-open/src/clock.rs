//! The one place of the engine that reads clocks. State machines get `now` from here through their shells.

use std::time::{Duration, Instant, SystemTime};

use rustix::time::{ClockId, clock_gettime};

/// Relates the process's [`Instant`] to `CLOCK_MONOTONIC`, on which frames are stamped. On Linux both tick together.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    instant: Instant,
    monotonic: Duration,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// Reads both clocks once.
    pub fn new() -> Self {
        Self { instant: now(), monotonic: monotonic() }
    }

    /// Now.
    pub fn now(&self) -> Instant {
        now()
    }

    /// Now, on `CLOCK_MONOTONIC`.
    pub fn monotonic(&self) -> Duration {
        monotonic()
    }

    /// The instant of a capture time.
    pub fn instant_of(&self, captured_at: Duration) -> Instant {
        if captured_at >= self.monotonic {
            self.instant + (captured_at - self.monotonic)
        } else {
            self.instant.checked_sub(self.monotonic - captured_at).unwrap_or(self.instant)
        }
    }

    /// The wall-clock time of a capture time, by the wall clock as it is now.
    pub fn wall_of(&self, captured_at: Duration) -> SystemTime {
        let ago = monotonic().saturating_sub(captured_at);
        let wall = wall();
        wall.checked_sub(ago).unwrap_or(wall)
    }
}

#[expect(clippy::disallowed_methods, reason = "the engine's threads own their clock here")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the engine's threads own their clock here")]
fn wall() -> SystemTime {
    SystemTime::now()
}

/// Milliseconds since 1970, for stamps that people read.
pub fn unix_millis() -> i64 {
    wall().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

fn monotonic() -> Duration {
    let t = clock_gettime(ClockId::Monotonic);
    Duration::new(u64::try_from(t.tv_sec).unwrap_or(0), u32::try_from(t.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capture_times_and_instants_are_one_clock() {
        let clock = Clock::new();
        let at = clock.monotonic();
        let off = clock.instant_of(at).saturating_duration_since(clock.now()).max(clock.now() - clock.instant_of(at));
        assert!(off < Duration::from_millis(50), "{off:?}");
        let wall = clock.wall_of(at).elapsed().unwrap_or_default();
        assert!(wall < Duration::from_millis(50), "{wall:?}");
        assert_eq!(clock.instant_of(at + Duration::from_secs(1)) - clock.instant_of(at), Duration::from_secs(1));
    }
}
