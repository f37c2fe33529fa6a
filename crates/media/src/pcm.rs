//! Blocks of 16-bit PCM sound and what is done to them: formats, channels, gain, mixing, level. Not for changing the rate,
//! which needs a filter's memory.

mod level;
mod mix;

use std::time::Duration;

pub use level::Level;
pub use mix::{Gain, Mixer};

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

    /// The same sound in one channel (the mean of both) or two (the same in both).
    pub fn with_channels(&self, channels: u16) -> Self {
        let format = PcmFormat { rate: self.format.rate, channels };
        let mut out = Self::silence(format, self.captured_at);
        match (self.format.channels, channels) {
            (2, 1) => mono(self.samples(), out.samples_mut()),
            (1, 2) => stereo(self.samples(), out.samples_mut()),
            _ => out = self.clone(),
        }
        out
    }
}

/// The rounded mean of each pair of samples.
pub fn mono(stereo: &[i16], out: &mut [i16]) {
    for (pair, out) in stereo.chunks_exact(2).zip(out) {
        *out = ((i32::from(pair[0]) + i32::from(pair[1]) + 1) >> 1) as i16;
    }
}

/// Each sample twice.
pub fn stereo(mono: &[i16], out: &mut [i16]) {
    for (sample, pair) in mono.iter().zip(out.chunks_exact_mut(2)) {
        pair.fill(*sample);
    }
}

/// How a device or a file writes a sample; all little endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleFormat {
    /// Unsigned 8 bits, 128 is silence.
    U8,
    /// Signed 16 bits.
    S16,
    /// Signed 24 bits in three bytes.
    S24,
    /// Signed 32 bits.
    S32,
    /// 32 bits of floating point, -1 to 1.
    F32,
}

impl SampleFormat {
    /// Bytes of a sample.
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S32 | Self::F32 => 4,
        }
    }

    /// Reads samples into `out` and returns how many there were; an incomplete last one is left out.
    pub fn read(self, bytes: &[u8], out: &mut [i16]) -> usize {
        let samples = bytes.chunks_exact(self.bytes());
        let count = samples.len().min(out.len());
        for (sample, out) in samples.zip(out) {
            *out = match *sample {
                [byte] => (i16::from(byte) - 128) << 8,
                [low, high] => i16::from_le_bytes([low, high]),
                [_, low, high] => i16::from_le_bytes([low, high]),
                // `as` saturates, and takes no number as silence.
                [a, b, c, d] if self == Self::F32 => (f32::from_le_bytes([a, b, c, d]) * 32768.0).round() as i16,
                [_, _, low, high] => i16::from_le_bytes([low, high]),
                _ => 0,
            };
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_say_the_same() {
        for (format, bytes, samples) in [
            (SampleFormat::U8, &[0u8, 128, 255][..], &[-32768i16, 0, 32512][..]),
            (SampleFormat::S16, &[0, 128, 255, 127, 1], &[-32768, 32767]),
            (SampleFormat::S24, &[9, 0, 128, 9, 255, 127], &[-32768, 32767]),
            (SampleFormat::S32, &[9, 9, 0, 128, 9, 9, 255, 127], &[-32768, 32767]),
        ] {
            let mut out = [0; 4];
            let count = format.read(bytes, &mut out);
            assert_eq!(&out[..count], samples, "{format:?}");
        }
        let floats: Vec<u8> = [0.5f32, -1.0, 1.0, -7.0, f32::NAN].iter().flat_map(|f| f.to_le_bytes()).collect();
        let mut out = [1; 6];
        assert_eq!(SampleFormat::F32.read(&floats, &mut out), 5);
        assert_eq!(out, [16384, -32768, 32767, -32768, 0, 1]);
        assert_eq!(SampleFormat::S16.read(&[0; 100], &mut out), 6, "no more than there is room for");
    }

    #[test]
    fn channels_come_and_go() {
        let format = PcmFormat { rate: 8000, channels: 2 };
        let mut block = PcmBlock::silence(format, Duration::from_millis(7));
        block.samples_mut()[..4].copy_from_slice(&[100, 201, -32768, -32768]);
        let one = block.with_channels(1);
        assert_eq!((&one.samples()[..3], one.samples().len(), one.captured_at), (&[151, -32768, 0][..], 80, block.captured_at));
        assert_eq!(&one.with_channels(2).samples()[..4], &[151, 151, -32768, -32768]);
        assert_eq!(one.with_channels(1).samples(), one.samples());
    }
}
