//! Blocks of 16-bit PCM sound and what is done to them: channels, gain, mixing, level. Not for changing the rate,
//! which needs a filter's memory.

mod level;
mod mix;
mod stoi;

use std::time::Duration;

pub use level::Level;
pub use mix::{Gain, Mixer};
pub use stoi::{STOI_RATE, stoi};

/// Rate and channels of a PCM stream; samples are signed 16-bit, native order, interleaved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PcmFormat {
    /// Samples a second and channel, 8,000 to 48,000.
    pub rate: u32,
    /// 1 or 2.
    pub channels: u16,
}

impl PcmFormat {
    /// Samples of all channels in 10 ms.
    pub const fn samples_per_10ms(self) -> usize {
        (self.rate / 100) as usize * self.channels as usize
    }

    /// How long so many samples of all channels last.
    pub fn time_of(self, samples: usize) -> Duration {
        let frames = samples as u64 / u64::from(self.channels.max(1));
        Duration::from_micros(frames * 1_000_000 / u64::from(self.rate.max(1)))
    }
}

/// 10 ms of sound.
#[derive(Clone, Debug)]
pub struct PcmBlock {
    /// Rate and channels.
    pub format: PcmFormat,
    /// `format.samples_per_10ms()` samples, interleaved; only the first that many are meant.
    pub samples: [i16; PcmBlock::MAX_SAMPLES],
    /// When the first sample was captured, on `CLOCK_MONOTONIC`.
    pub captured_at: Duration,
}

impl PcmBlock {
    /// Samples of 10 ms at 48 kHz, two channels.
    pub const MAX_SAMPLES: usize = 960;

    /// 10 ms of silence.
    pub const fn silence(format: PcmFormat, captured_at: Duration) -> Self {
        Self { format, samples: [0; Self::MAX_SAMPLES], captured_at }
    }

    /// The samples that are meant.
    pub fn samples(&self) -> &[i16] {
        &self.samples[..self.format.samples_per_10ms()]
    }

    /// The samples that are meant, for changing them.
    pub fn samples_mut(&mut self) -> &mut [i16] {
        &mut self.samples[..self.format.samples_per_10ms()]
    }
}

/// Two interleaved channels become one, in place: the rounded mean of each pair.
pub fn downmix(samples: &mut Vec<i16>) {
    let frames = samples.len() / 2;
    for at in 0..frames {
        samples[at] = ((i32::from(samples[2 * at]) + i32::from(samples[2 * at + 1]) + 1) >> 1) as i16;
    }
    samples.truncate(frames);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_channels_become_their_mean() {
        let mut samples = vec![100, 201, -32768, -32768, 32767, 32767, 7];
        downmix(&mut samples);
        assert_eq!(samples, [151, -32768, 32767], "a sample without its pair is left out");
    }
}
