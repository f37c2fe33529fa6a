//! When to try again: for ever, with growing and random pauses, at once when the network comes back.
//!
//! Pure: it says how long to wait, somebody else waits. For connections to servers that many devices share.
#![forbid(unsafe_code)]

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Ceiling of the first pause.
pub const BASE: Duration = Duration::from_millis(300);
/// Ceiling of every pause from the eighth on.
pub const CAP: Duration = Duration::from_secs(30);
/// Shortest pause: a server that refuses at once is not asked more often.
pub const FLOOR: Duration = Duration::from_millis(50);

/// Pauses between attempts: uniformly random below a ceiling that doubles from [`BASE`] to [`CAP`] (full jitter), so that many
/// devices that lost the same server come back spread over time.
#[derive(Debug)]
pub struct Backoff {
    failures: u32,
    rng: StdRng,
}

impl Backoff {
    /// No failures yet. The same seed gives the same pauses.
    pub fn new(seed: u64) -> Self {
        Self { failures: 0, rng: StdRng::seed_from_u64(seed) }
    }

    /// One more failure; how long to wait before the next attempt.
    pub fn pause(&mut self) -> Duration {
        let ceiling = BASE.saturating_mul(1 << self.failures.min(16)).min(CAP);
        self.failures = self.failures.saturating_add(1);
        ceiling.mul_f64(self.rng.random::<f64>()).max(FLOOR)
    }

    /// An attempt succeeded, or the network changed so that earlier failures say nothing any more.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_between_floor_and_a_doubling_ceiling_that_ends_at_30_seconds() {
        for seed in 0..50 {
            let mut backoff = Backoff::new(seed);
            for n in 0..1000 {
                let ceiling = CAP.min(BASE * 2u32.pow(n.min(10)));
                let pause = backoff.pause();
                assert!(pause >= FLOOR && pause <= ceiling, "seed {seed}, failure {n}: {pause:?}");
            }
        }
    }

    #[test]
    fn a_fleet_that_lost_its_server_comes_back_spread_out() {
        let mut fleet: Vec<Duration> = (0..1000)
            .map(|seed| {
                let mut backoff = Backoff::new(seed);
                (0..8).map(|_| backoff.pause()).last().unwrap()
            })
            .collect();
        fleet.sort();
        let busiest = (0..30).map(|s| fleet.iter().filter(|p| p.as_secs() == s).count()).max().unwrap();
        assert!(busiest <= 100, "{busiest} of 1000 devices in one second");
    }

    #[test]
    fn success_makes_the_next_pause_short_again() {
        let mut backoff = Backoff::new(1);
        (0..20).for_each(|_| _ = backoff.pause());
        backoff.reset();
        assert!(backoff.pause() <= BASE);
    }
}
