//! Pauses between attempts: doubling, jittered, capped.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Longest first pause.
pub const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause.
pub const MAX_PAUSE: Duration = Duration::from_secs(30);

/// The n-th pause is drawn between a half and the whole of `FIRST_PAUSE * 2^n`, so that devices that lost the same server do not
/// come back together.
#[derive(Debug)]
pub(super) struct Backoff {
    random: StdRng,
    ceiling: Duration,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), ceiling: FIRST_PAUSE }
    }

    pub(super) fn next(&mut self) -> Duration {
        let pause = self.random.random_range(self.ceiling / 2..=self.ceiling);
        self.ceiling = (self.ceiling * 2).min(MAX_PAUSE);
        pause
    }

    pub(super) fn reset(&mut self) {
        self.ceiling = FIRST_PAUSE;
    }
}
