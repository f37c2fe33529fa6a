//! Gain without clicks, and the sum of several sounds.

use super::{PcmBlock, PcmFormat};
use std::time::Duration;

/// A volume that glides to its new value within a block, since a jump is heard as a click.
#[derive(Clone, Copy, Debug)]
pub struct Gain {
    now: f32,
    wanted: f32,
}

impl Gain {
    /// `volume` 0 to 100, 100 leaves the sound as it is.
    pub fn new(volume: u32) -> Self {
        let gain = volume.min(100) as f32 / 100.0;
        Self { now: gain, wanted: gain }
    }

    /// Goes to `volume` 0 to 100 from the next block on.
    pub fn set(&mut self, volume: u32) {
        self.wanted = volume.min(100) as f32 / 100.0;
    }

    /// Applies the volume to a block.
    pub fn apply(&mut self, block: &mut PcmBlock) {
        if self.now == 1.0 && self.wanted == 1.0 {
            return;
        }
        let channels = usize::from(block.format.channels.max(1));
        let samples = block.samples_mut();
        let step = (self.wanted - self.now) / (samples.len() / channels).max(1) as f32;
        for frame in samples.chunks_exact_mut(channels) {
            self.now += step;
            for sample in frame {
                *sample = (f32::from(*sample) * self.now).round() as i16;
            }
        }
        // Not left to the sum of steps.
        self.now = self.wanted;
    }
}

/// The sum of several blocks of one moment. Loud sums are cut at the top, not wrapped.
#[derive(Clone, Debug)]
pub struct Mixer {
    format: PcmFormat,
    sum: [i32; PcmBlock::MAX_SAMPLES],
    count: usize,
}

impl Mixer {
    /// A mixer of blocks in `format`.
    pub const fn new(format: PcmFormat) -> Self {
        Self { format, sum: [0; PcmBlock::MAX_SAMPLES], count: 0 }
    }

    /// Adds a block of the same rate; its channels are made those of the mixer. One of another rate is left out.
    pub fn add(&mut self, block: &PcmBlock) {
        if block.format.rate != self.format.rate {
            return;
        }
        let block = block.with_channels(self.format.channels);
        for (sum, sample) in self.sum.iter_mut().zip(block.samples()) {
            *sum += i32::from(*sample);
        }
        self.count += 1;
    }

    /// Blocks added since the last [`Mixer::take`].
    pub fn count(&self) -> usize {
        self.count
    }

    /// The sum, silence if nothing was added; the mixer is empty then.
    pub fn take(&mut self, captured_at: Duration) -> PcmBlock {
        let mut block = PcmBlock::silence(self.format, captured_at);
        for (sample, sum) in block.samples_mut().iter_mut().zip(&mut self.sum) {
            *sample = (*sum).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
        }
        self.sum.fill(0);
        self.count = 0;
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONO: PcmFormat = PcmFormat { rate: 48_000, channels: 1 };

    fn block(value: i16) -> PcmBlock {
        let mut block = PcmBlock::silence(MONO, Duration::ZERO);
        block.samples_mut().fill(value);
        block
    }

    #[test]
    fn volume_glides_and_stays() {
        let mut gain = Gain::new(100);
        let mut whole = block(-32768);
        gain.apply(&mut whole);
        assert_eq!(whole.samples(), block(-32768).samples(), "100 changes nothing");
        gain.set(0);
        let mut fading = block(10_000);
        gain.apply(&mut fading);
        assert!(fading.samples().windows(2).all(|pair| pair[0] >= pair[1] && pair[0] - pair[1] < 25), "no step is heard");
        assert_eq!(fading.samples().last(), Some(&0));
        let mut silent = block(10_000);
        gain.apply(&mut silent);
        assert!(silent.samples().iter().all(|s| *s == 0));
        let mut half = block(-32768);
        Gain::new(50).apply(&mut half);
        assert!(half.samples().iter().all(|s| *s == -16384));
    }

    #[test]
    fn sums_are_cut_not_wrapped() {
        let mut mixer = Mixer::new(PcmFormat { rate: 48_000, channels: 2 });
        assert!(mixer.take(Duration::ZERO).samples().iter().all(|s| *s == 0));
        for value in [30_000, 20_000, -100] {
            mixer.add(&block(value));
        }
        mixer.add(&PcmBlock::silence(PcmFormat { rate: 16_000, channels: 1 }, Duration::ZERO));
        assert_eq!(mixer.count(), 3, "another rate is left out");
        let sum = mixer.take(Duration::from_secs(1));
        assert_eq!((sum.samples().len(), sum.captured_at), (960, Duration::from_secs(1)));
        assert!(sum.samples().iter().all(|s| *s == i16::MAX));
        mixer.add(&block(5));
        assert!(mixer.take(Duration::ZERO).samples().iter().all(|s| *s == 5));
    }
}
