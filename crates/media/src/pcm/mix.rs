//! Gain without clicks, and the sum of several sounds.

/// A volume that glides to its new value within a block, since a jump is heard as a click.
#[derive(Clone, Copy, Debug)]
pub struct Gain {
    now: f32,
    wanted: f32,
}

impl Gain {
    /// Multiplies by `factor`, 0 (silence) to 1 (as it is).
    pub fn new(factor: f32) -> Self {
        let factor = factor.clamp(0.0, 1.0);
        Self { now: factor, wanted: factor }
    }

    /// Goes to `factor` within the next block.
    pub fn set(&mut self, factor: f32) {
        self.wanted = factor.clamp(0.0, 1.0);
    }

    /// Applies the volume to a block of interleaved samples.
    pub fn apply(&mut self, samples: &mut [i16], channels: u16) {
        if self.now == 1.0 && self.wanted == 1.0 {
            return;
        }
        let channels = usize::from(channels.max(1));
        let step = (self.wanted - self.now) / (samples.len() / channels).max(1) as f32;
        for frame in samples.chunks_mut(channels) {
            self.now += step;
            for sample in frame {
                *sample = (f32::from(*sample) * self.now).round() as i16;
            }
        }
        // Not left to the sum of steps.
        self.now = self.wanted;
    }
}

/// The sum of several blocks of `N` samples of one moment. Loud sums are cut at the top, not wrapped.
#[derive(Clone, Debug)]
pub struct Mixer<const N: usize> {
    sum: [i32; N],
}

impl<const N: usize> Default for Mixer<N> {
    fn default() -> Self {
        Self { sum: [0; N] }
    }
}

impl<const N: usize> Mixer<N> {
    /// Adds a block; what it has more than `N` samples is left out.
    pub fn add(&mut self, block: &[i16]) {
        for (sum, sample) in self.sum.iter_mut().zip(block) {
            *sum += i32::from(*sample);
        }
    }

    /// The sum, silence if nothing was added; the mixer is empty then.
    pub fn take(&mut self) -> [i16; N] {
        std::mem::replace(&mut self.sum, [0; N]).map(|sum| sum.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volume_glides_and_stays() {
        let mut gain = Gain::new(1.0);
        let mut whole = [-32768; 480];
        gain.apply(&mut whole, 1);
        assert_eq!(whole, [-32768; 480], "1 changes nothing");
        gain.set(0.0);
        let mut fading = [10_000; 480];
        gain.apply(&mut fading, 1);
        assert!(fading.windows(2).all(|pair| pair[0] >= pair[1] && pair[0] - pair[1] < 25), "no step is heard");
        assert_eq!(fading.last(), Some(&0));
        let mut silent = [10_000; 480];
        gain.apply(&mut silent, 1);
        assert_eq!(silent, [0; 480]);
        let mut half = [-32768; 480];
        Gain::new(0.5).apply(&mut half, 1);
        assert_eq!(half, [-16384; 480]);
        let mut both = [8000; 480];
        gain.set(1.0);
        gain.apply(&mut both, 2);
        assert!(both.chunks_exact(2).all(|pair| pair[0] == pair[1]), "both channels of a moment are as loud");
    }

    #[test]
    fn sums_are_cut_not_wrapped() {
        let mut mixer = Mixer::<4>::default();
        assert_eq!(mixer.take(), [0; 4]);
        mixer.add(&[30_000, -30_000, 1, 1]);
        mixer.add(&[20_000, -20_000, 2]);
        assert_eq!(mixer.take(), [i16::MAX, i16::MIN, 3, 1]);
        mixer.add(&[5; 9]);
        assert_eq!(mixer.take(), [5; 4], "nothing of the last sum is left");
    }
}
