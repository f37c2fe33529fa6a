//! The built-in tone: 440 Hz, quiet, with a louder beep of 880 Hz for the first tenth of each second of `CLOCK_MONOTONIC`.
//!
//! The built-in pattern stamps its frames with the same clock, so that sound and picture can be held against each other: the beep
//! begins with the frame whose time passes a whole second.

use std::f64::consts::TAU;
use std::time::Duration;

use media::{PcmBlock, PcmFormat};

/// Frequency of the steady tone in Hz.
pub const TONE_HZ: u32 = 440;
/// Frequency of the beep in Hz.
pub const BEEP_HZ: u32 = 880;
/// Length of the beep.
pub const BEEP: Duration = Duration::from_millis(100);

/// Loudness of both, as parts of full scale: -20 and -10 dB.
const TONE_LEVEL: f64 = 0.1;
const BEEP_LEVEL: f64 = 0.316;
/// The beep fades in and out over this time, so that it does not click.
const FADE_SECONDS: f64 = 0.005;

/// Distance of the blocks.
const BLOCK: Duration = Duration::from_millis(10);

/// Blocks that fall due one after the other, each at a multiple of 10 ms of the clock.
#[derive(Debug)]
pub(super) struct Tone {
    format: PcmFormat,
    /// One second of one channel: everything repeats after it.
    second: Vec<i16>,
    next: Duration,
}

impl Tone {
    /// Blocks that begin at or after `from`.
    pub(super) fn new(format: PcmFormat, from: Duration) -> Self {
        let blocks = from.as_nanos().div_ceil(BLOCK.as_nanos()) as u32;
        Self { format, second: second(format.rate), next: BLOCK * blocks }
    }

    /// When the next block is complete.
    pub(super) fn due(&self) -> Duration {
        self.next + BLOCK
    }

    /// The block that is complete by `now`; nothing when it is too early.
    pub(super) fn next(&mut self, now: Duration) -> Option<PcmBlock> {
        if now < self.due() {
            return None;
        }
        let mut block = PcmBlock { format: self.format, samples: [0; PcmBlock::MAX_SAMPLES], captured_at: self.next };
        let frames = (self.format.rate / 100) as usize;
        let from = (self.next.subsec_millis() / 10) as usize * frames;
        let channels = usize::from(self.format.channels);
        for (out, sample) in block.samples.chunks_exact_mut(channels).zip(&self.second[from..from + frames]) {
            out.fill(*sample);
        }
        self.next += BLOCK;
        Some(block)
    }
}

fn second(rate: u32) -> Vec<i16> {
    let sine =
        |hz: u32, n: u32| (TAU * f64::from(u64::from(hz).wrapping_mul(u64::from(n)) as u32 % rate) / f64::from(rate)).sin();
    (0..rate)
        .map(|n| {
            let at = f64::from(n) / f64::from(rate);
            let left = BEEP.as_secs_f64() - at;
            let fade = (at.min(left) / FADE_SECONDS).clamp(0.0, 1.0);
            let level = TONE_LEVEL * sine(TONE_HZ, n) + BEEP_LEVEL * fade * sine(BEEP_HZ, n);
            (level * f64::from(i16::MAX)) as i16
        })
        .collect()
}
