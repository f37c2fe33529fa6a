//! How long sound must be held back so that it plays on while packets come as unevenly as they do. Pure.
//!
//! As in NetEQ: the delay of a packet is counted against the quickest one of the last seconds, so that neither the path's own delay nor
//! the drift of the sender's clock matters. The largest delay of each quarter of a second goes into a histogram that forgets; its
//! quantile is the target.

use std::time::{Duration, Instant};

/// Delays are told apart by so much.
const STEP: Duration = Duration::from_millis(5);
/// Steps of the histogram: the longest delay that is aimed at is 400 ms.
const STEPS: usize = 80;
/// Of each such time the largest delay counts.
const INTERVAL: Duration = Duration::from_millis(250);
/// Intervals in which the quickest packet is looked for: 2 s.
const MEMORY: usize = 8;
/// Share of intervals in which everything comes in time.
const QUANTILE: f32 = 0.95;
/// What is kept of the histogram from interval to interval: half is forgotten in 10 s.
const KEEP: f32 = 0.983;
/// Least delay that is aimed at: one packet of 20 ms, since a listener takes 10 ms at a time.
pub const LEAST: Duration = Duration::from_millis(20);
/// Longest delay that is aimed at.
pub const MOST: Duration = STEP.saturating_mul(STEPS as u32);
/// Aim before anything is known.
const FIRST: Duration = Duration::from_millis(40);
/// Intervals before the histogram knows anything.
const KNOWS: u32 = 3;

/// See the module. All delays are in microseconds of an arbitrary zero.
#[derive(Debug)]
pub struct DelayEstimator {
    zero: Option<(Instant, u64)>,
    /// Quickest transits of the last intervals, a ring.
    quickest: [i64; MEMORY],
    at: usize,
    until: Option<Instant>,
    /// Largest delay of the running interval.
    largest: i64,
    histogram: [f32; STEPS],
    intervals: u32,
}

impl Default for DelayEstimator {
    fn default() -> Self {
        Self { zero: None, quickest: [i64::MAX; MEMORY], at: 0, until: None, largest: 0, histogram: [0.0; STEPS], intervals: 0 }
    }
}

impl DelayEstimator {
    /// Time on the way of what was sent at `time` (48 kHz) and is here at `now`, plus a constant.
    fn transit(&self, time: u64, now: Instant) -> i64 {
        let Some((zero, zero_time)) = self.zero else { return 0 };
        let passed = match now.checked_duration_since(zero) {
            Some(since) => micros(since),
            None => -micros(zero.saturating_duration_since(now)),
        };
        passed - sent(time, zero_time)
    }

    /// The quickest transit that is known.
    fn base(&self) -> i64 {
        self.quickest.iter().copied().min().filter(|least| *least != i64::MAX).unwrap_or(0)
    }

    /// A packet of this time came.
    pub fn arrived(&mut self, time: u64, now: Instant) {
        if self.zero.is_none() {
            self.zero = Some((now, time));
            self.until = Some(now + INTERVAL);
        }
        if self.until.is_some_and(|until| now >= until) {
            self.close_interval();
            self.until = Some(now + INTERVAL);
        }
        let transit = self.transit(time, now);
        let quickest = &mut self.quickest[self.at];
        *quickest = (*quickest).min(transit);
        self.largest = self.largest.max(transit - self.base());
    }

    /// The sender began anew: its times say nothing about those of before. What is known of the path stays.
    pub fn restart(&mut self) {
        let (histogram, intervals) = (self.histogram, self.intervals);
        *self = Self { histogram, intervals, ..Self::default() };
    }

    fn close_interval(&mut self) {
        let delay = std::mem::take(&mut self.largest);
        let step = usize::try_from(delay / micros(STEP)).unwrap_or(0).min(STEPS - 1);
        self.intervals = self.intervals.saturating_add(1);
        // The first intervals count fully, later ones as much as is forgotten of the others.
        let keep = KEEP.min(1.0 - 1.0 / self.intervals as f32);
        for share in &mut self.histogram {
            *share *= keep;
        }
        self.histogram[step] += 1.0 - keep;
        self.at = (self.at + 1) % MEMORY;
        self.quickest[self.at] = i64::MAX;
    }

    /// Delay at which what was sent at `time` plays if it plays `now`, against the quickest packet; below zero if none could be
    /// here yet.
    pub fn of(&self, time: u64, now: Instant) -> i64 {
        self.transit(time, now) - self.base()
    }

    /// Delay to aim at.
    pub fn target(&self) -> Duration {
        if self.intervals < KNOWS {
            return FIRST;
        }
        let mut sum = 0.0;
        let step = self.histogram.iter().position(|share| {
            sum += share;
            sum >= QUANTILE
        });
        (STEP * (step.unwrap_or(STEPS - 1) as u32 + 1)).clamp(LEAST, MOST)
    }

    /// Whether a packet is of another timeline than the ones before: its sender began anew, or it is rubbish.
    pub fn is_foreign(&self, time: u64, now: Instant) -> bool {
        self.zero.is_some() && self.of(time, now).unsigned_abs() > 2_000_000
    }
}

/// Microseconds between two RTP times.
fn sent(time: u64, zero: u64) -> i64 {
    let samples = i64::try_from(time).unwrap_or(i64::MAX).saturating_sub(i64::try_from(zero).unwrap_or(i64::MAX));
    samples.saturating_mul(125) / 6
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a point to start the virtual clock from")]
    fn start() -> Instant {
        Instant::now()
    }

    /// Packet n of 20 ms, late by `late(n)` ms; sender's clock too fast by `ppm`.
    fn after(seconds: u64, ppm: f64, late: impl Fn(u64) -> u64) -> (DelayEstimator, Instant) {
        let (mut delay, begin) = (DelayEstimator::default(), start());
        let count = seconds * 50;
        for n in 0..count {
            let at = begin + Duration::from_secs_f64(n as f64 * 0.02 / (1.0 + ppm * 1e-6)) + Duration::from_millis(late(n));
            delay.arrived(n * 960, at);
        }
        (delay, begin + Duration::from_millis(count * 20))
    }

    #[test]
    fn an_even_path_is_held_back_little_and_an_uneven_one_by_its_unevenness() {
        assert_eq!(after(5, 0.0, |_| 0).0.target(), LEAST);
        let uneven = after(20, 0.0, |n| (n * 7919) % 61).0.target();
        assert!((Duration::from_millis(60)..=Duration::from_millis(70)).contains(&uneven), "{uneven:?}");
        assert_eq!(after(20, 0.0, |n| (n * 7919) % 900).0.target(), MOST, "there is an end to waiting");
    }

    #[test]
    fn what_is_rare_is_not_waited_for_and_what_has_passed_is_forgotten() {
        // Once in 10 s a packet is 200 ms late.
        assert_eq!(after(60, 0.0, |n| if n % 500 == 250 { 200 } else { 0 }).0.target(), LEAST);
        let calm = after(60, 0.0, |n| if n < 500 { (n * 7919) % 100 } else { 0 }).0.target();
        assert_eq!(calm, LEAST);
    }

    #[test]
    fn drift_of_the_clock_and_a_longer_path_are_no_delay() {
        for ppm in [-300.0, 300.0] {
            assert!(after(600, ppm, |_| 0).0.target() <= LEAST, "{ppm}");
        }
        let (delay, now) = after(40, 0.0, |n| if n < 500 { 0 } else { 150 });
        assert_eq!(delay.target(), LEAST);
        let of = delay.of(2000 * 960, now + Duration::from_millis(150));
        assert_eq!(of, 0, "counted against the path of now");
    }

    #[test]
    fn another_timeline_is_told_apart_from_a_pause() {
        let (delay, now) = after(5, 0.0, |_| 0);
        assert!(!delay.is_foreign(250 * 960, now));
        let pause = Duration::from_secs(60);
        assert!(!delay.is_foreign(250 * 960 + 60 * 48_000, now + pause), "a pause that the sender counts");
        assert!(delay.is_foreign(250 * 960, now + pause));
        assert!(delay.is_foreign(u64::MAX, now) && delay.is_foreign(1 << 40, now));
    }
}
