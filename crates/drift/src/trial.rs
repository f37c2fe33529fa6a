//! A simulated device whose clock runs apart from the sound's, for days in seconds. For tests and for the bench.

use std::time::Duration;

use crate::Controller;

const BLOCK: Duration = Duration::from_millis(10);
/// What the device is to let wait.
pub const TARGET: Duration = Duration::from_millis(30);
/// So many blocks are given to settle: a minute.
const SETTLES: u32 = 6000;
/// The device tells what waits in whole steps of this, in seconds.
const PERIOD: f64 = 0.004;
/// Blocks come up to this late, in seconds.
const LATE: f64 = 0.004;

/// What came of it, after the first minute.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The least and the most that waited, in seconds.
    pub waited: (f64, f64),
    /// By how much the rate changed between two blocks at most, and what it was furthest from 1 by; from the first block on.
    pub step: f64,
    /// See [`Outcome::step`].
    pub change: f64,
    /// What the clocks were seen to run apart by, in ppm.
    pub ppm: f64,
}

/// Noise of a seed, 0 to 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 31)
    }
}

/// Plays `time` on a device that is `ppm` faster than the sound.
pub fn run(ppm: f64, time: Duration, seed: u64) -> Outcome {
    let fast = 1.0 + ppm * 1e-6;
    let mut waits = TARGET.as_secs_f64();
    let (mut controller, mut noise) = (Controller::new(TARGET), Noise(seed));
    let (mut change, mut late) = (1.0_f64, 0.0);
    let mut outcome = Outcome { waited: (f64::MAX, 0.0), step: 0.0, change: 0.0, ppm: 0.0 };
    for block in 0..u32::try_from(time.as_millis() / BLOCK.as_millis()).unwrap_or(u32::MAX) {
        // A block comes late, and the device plays meanwhile.
        let jitter = noise.next() * LATE;
        waits += BLOCK.as_secs_f64() * change - (BLOCK.as_secs_f64() + jitter - late) * fast;
        late = jitter;
        let told = Duration::from_secs_f64(((waits / PERIOD).ceil() * PERIOD).max(0.0));
        let next = controller.observe(told, BLOCK * block);
        outcome.step = outcome.step.max((next - change).abs());
        outcome.change = outcome.change.max((next - 1.0).abs());
        change = next;
        if block > SETTLES {
            outcome.waited = (outcome.waited.0.min(waits), outcome.waited.1.max(waits));
        }
    }
    outcome.ppm = controller.ppm();
    outcome
}
