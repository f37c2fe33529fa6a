//! How much may be written in any day: flash wears out by what is written to it, whatever is deleted.

use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const HOURS: usize = 24;

/// Bytes of the last 24 hours, by the hour; the hour that has begun counts whole.
#[derive(Debug)]
pub(crate) struct Allowance {
    most: u64,
    hours: [u64; HOURS],
    /// The hour that was looked at last, on `CLOCK_MONOTONIC`.
    hour: Option<u64>,
}

impl Allowance {
    pub fn new(most: u64) -> Self {
        Self { most, hours: [0; HOURS], hour: None }
    }

    /// So many bytes were written.
    pub fn spend(&mut self, bytes: u64, now: Duration) {
        let at = self.turn(now);
        self.hours[at] += bytes;
    }

    /// Whether all of it is used up: then, when there is some again, on `CLOCK_MONOTONIC`.
    pub fn used_up(&mut self, now: Duration) -> Option<Duration> {
        let at = self.turn(now);
        let mut spent: u64 = self.hours.iter().sum();
        if spent < self.most {
            return None;
        }
        let begun = self.hour.unwrap_or_default();
        // Hour by hour the oldest is forgotten: it is a day old then.
        for step in 1..=HOURS {
            spent -= self.hours[(at + step) % HOURS];
            if spent < self.most {
                return Some(HOUR * (begun + step as u64) as u32);
            }
        }
        None
    }

    /// Forgets what is a day old; the place of this hour.
    fn turn(&mut self, now: Duration) -> usize {
        let hour = now.as_secs() / HOUR.as_secs();
        let before = self.hour.replace(hour).unwrap_or(hour);
        for passed in (before + 1..=hour).take(HOURS) {
            self.hours[passed as usize % HOURS] = 0;
        }
        hour as usize % HOURS
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_written_a_day_ago_may_be_written_again() {
        let mut allowance = Allowance::new(100);
        let at = |hours: u64, minutes: u64| Duration::from_secs(hours * 3600 + minutes * 60);
        allowance.spend(60, at(1000, 30));
        assert_eq!(allowance.used_up(at(1003, 0)), None);
        allowance.spend(40, at(1003, 10));
        assert_eq!(allowance.used_up(at(1003, 10)), Some(at(1024, 0)));
        assert_eq!(allowance.used_up(at(1023, 59)), Some(at(1024, 0)));
        assert_eq!(allowance.used_up(at(1024, 0)), None);
        allowance.spend(500, at(1024, 1));
        assert_eq!(allowance.used_up(at(1027, 0)), Some(at(1048, 0)));
        assert_eq!(allowance.used_up(at(9000, 0)), None);
    }

    proptest! {
        #[test]
        fn never_more_than_allowed_and_one_write_in_a_day(writes in prop::collection::vec((1_u64..50, 0_u64..20_000), 1..200)) {
            let (mut allowance, mut now, mut written) = (Allowance::new(300), Duration::from_secs(7777), Vec::new());
            for (bytes, pause) in writes {
                now += Duration::from_secs(pause);
                if let Some(again) = allowance.used_up(now) {
                    prop_assert!(again > now && again <= now + HOUR * 24);
                } else {
                    allowance.spend(bytes, now);
                    written.push((now, bytes));
                }
                // The hour that has begun counts whole, so this holds for a day less an hour.
                let day: u64 = written.iter().filter(|(at, _)| *at + HOUR * 23 > now).map(|(_, bytes)| bytes).sum();
                prop_assert!(day < 300 + 50);
            }
        }
    }
}
