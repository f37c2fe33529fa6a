//! The documented mode `WithPts`: what is pushed waits for its time stamp, so that a file may be pushed faster than it plays. Not for what
//! happens when its time has come.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// From the first push of a join to its turn: what belongs together is not pushed in the same instant.
const LEAD: Duration = Duration::from_millis(100);

/// Where the time stamps of a join lie on `CLOCK_MONOTONIC`: one axis for picture and sound, from the first piece of either.
#[derive(Debug, Default)]
pub struct Axis {
    origin: Mutex<Option<(i64, Duration)>>,
}

impl Axis {
    /// The next join has an axis of its own.
    pub fn begin_anew(&self) {
        *self.origin.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// When a piece has its turn, by its time stamp in milliseconds.
    pub fn due(&self, pts: i64, now: Duration) -> Duration {
        let mut origin = self.origin.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, turn) = *origin.get_or_insert((pts, now + LEAD));
        let distance = Duration::from_millis(pts.abs_diff(first));
        if pts >= first { turn.saturating_add(distance) } else { turn.saturating_sub(distance) }
    }
}

/// How long to sleep until `due`; not too long, so that what is absurdly far away hinders nothing.
pub fn pause(due: Duration, now: Duration) -> Duration {
    due.saturating_sub(now).min(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picture_and_sound_of_a_join_lie_on_one_axis_that_begins_with_the_first_of_them() {
        let (axis, ms) = (Axis::default(), Duration::from_millis);
        assert_eq!(axis.due(5_000, ms(100)), ms(100) + LEAD);
        assert_eq!(axis.due(5_040, ms(101)), ms(140) + LEAD, "whenever it is pushed");
        assert_eq!(axis.due(4_960, ms(101)), ms(60) + LEAD);
        axis.begin_anew();
        assert_eq!(axis.due(0, ms(9_000)), ms(9_000) + LEAD);
        assert_eq!(axis.due(i64::MIN, ms(1)), Duration::ZERO, "no stamp breaks it");
        assert!(axis.due(i64::MAX, ms(1)) > ms(1_000_000));
    }
}
