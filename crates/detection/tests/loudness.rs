//! What is heard, on made-up levels; ten a second.

use std::time::Duration;

use detection::Loudness;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const QUIET: Duration = Duration::from_secs(3);

struct Ear {
    loudness: Loudness,
    random: StdRng,
    now: Duration,
}

impl Ear {
    fn new(seed: u64) -> Self {
        Self { loudness: Loudness::new(12.0, QUIET), random: StdRng::seed_from_u64(seed), now: Duration::from_secs(100) }
    }

    /// Hears `level`, wavering by 3 dB, for so many tenths of a second; at which of them it was loud.
    fn hear(&mut self, level: f32, tenths: usize) -> Vec<usize> {
        let mut heard = |_: &usize| {
            self.now += Duration::from_millis(100);
            self.loudness.hear(level + self.random.random_range(-3.0..3.0), self.now);
            self.loudness.is_loud()
        };
        (0..tenths).filter(&mut heard).collect()
    }
}

#[test]
fn what_stands_out_is_loud_and_over_when_it_has_been_quiet_for_a_while() {
    for seed in 0..20 {
        let mut ear = Ear::new(seed);
        assert_eq!(ear.hear(-60.0, 100), [], "seed {seed}");
        assert_eq!(ear.hear(-20.0, 10).first(), Some(&1), "seed {seed}");
        let after = ear.hear(-60.0, 100).len();
        assert!((25..=30).contains(&after), "seed {seed}: over after {after} tenths, not 3 s");
    }
}

#[test]
fn a_crack_a_whisper_and_a_fan_are_not_loud() {
    for seed in 0..20 {
        let mut ear = Ear::new(seed);
        ear.hear(-80.0, 100);
        assert_eq!(ear.hear(-10.0, 1), [], "seed {seed}: a crack of a tenth of a second");
        assert_eq!(ear.hear(-60.0, 100), [], "seed {seed}: louder than silence, and soft");
        let fan = ear.hear(-38.0, 1200);
        assert!(fan.last().is_none_or(|tenth| *tenth < 900), "seed {seed}: a fan is ambient after a minute");
        assert!(!ear.hear(-15.0, 10).is_empty(), "seed {seed}: and what is louder than it is loud");
    }
}

#[test]
fn levels_that_are_none_are_silence_or_full_scale() {
    let mut ear = Ear::new(1);
    for level in [f32::NEG_INFINITY, f32::INFINITY, -1e9, 1e9, f32::NAN] {
        ear.now += Duration::from_millis(100);
        ear.loudness.hear(level, ear.now);
    }
    ear.loudness.forget();
    assert!(!ear.loudness.is_loud());
    assert_eq!(ear.hear(-60.0, 50), []);
}
