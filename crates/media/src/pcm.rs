//! Blocks of 16-bit PCM sound.

use std::time::Duration;

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

    /// The samples that are meant.
    pub fn samples(&self) -> &[i16] {
        &self.samples[..self.format.samples_per_10ms()]
    }
}
