//! The times of what is pulled: pictures and sound come with times of their own clocks, and go out on the one of this process, so that they
//! stay together for days. What jitters around its own time keeps that; what drifts away is followed slowly.

/// One step follows this share of what a piece is off.
const SHARE: i64 = 64;
/// Further off is no drift: the publisher has begun anew.
const JUMP: u64 = 1_000_000;

/// The times of one track. All in microseconds but for what goes in and out.
#[derive(Default)]
pub(crate) struct Pace {
    offset: Option<i64>,
    last: i64,
}

impl Pace {
    /// When a piece with the track's time `own` that came at `now` is to be shown; both in milliseconds, and never before the one before it.
    /// As RTMP has it, modulo 2^32.
    pub(crate) fn at(&mut self, own: i64, now: u64) -> u32 {
        let own = own.saturating_mul(1000);
        let wanted = i64::try_from(now).unwrap_or(i64::MAX).saturating_mul(1000).saturating_sub(own);
        let offset = match self.offset {
            Some(offset) if wanted.abs_diff(offset) <= JUMP => offset + (wanted - offset) / SHARE,
            _ => wanted,
        };
        self.offset = Some(offset);
        self.last = self.last.max(own.saturating_add(offset) / 1000);
        self.last as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_not_shown_and_drift_is_followed() {
        let mut pace = Pace::default();
        let mut before = pace.at(0, 5_000);
        for n in 1..10_000u64 {
            // A clock that is a thousandth fast, and up to 30 ms of jitter.
            let (own, now) = ((n * 40) as i64, 5_000 + n * 40 * 1000 / 1001 + (n * 7919) % 30);
            let at = pace.at(own, now);
            assert!((35..=45).contains(&(at - before)), "{} after {before}", at);
            assert!(u64::from(at).abs_diff(now) < 40, "{at} at {now}");
            before = at;
        }
    }

    #[test]
    fn a_publisher_that_begins_anew_goes_on_and_nothing_goes_back() {
        let mut pace = Pace::default();
        assert_eq!(pace.at(1_000_000, 10), 10);
        assert_eq!(pace.at(0, 3_000), 3_000);
        assert_eq!(pace.at(-500, 3_001), 3_000);
        let days = 50 * 24 * 3600 * 1000;
        assert_eq!(u64::from(pace.at(7, days)), days % (1 << 32), "the number begins anew after 49 days");
        for (own, now) in [(i64::MIN, u64::MAX), (i64::MAX, 0), (i64::MIN, 0)] {
            pace.at(own, now);
        }
    }
}
