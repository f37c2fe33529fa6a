//! Sound at another rate, and a little faster or slower than that: windowed sinc, by `rubato`.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Adjustable as _, Async, FixedAsync, Resampler as _, SincInterpolationParameters, SincInterpolationType, WindowFunction,
};

use crate::MOST;

/// Length of the filter in samples, of which half are delay: 0.7 ms at 48 kHz.
const TAPS: usize = 64;

/// These rates cannot be brought together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRate {
    from: u32,
    to: u32,
}

impl std::fmt::Display for UnknownRate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no sound of {} Hz can be brought to {} Hz", self.from, self.to)
    }
}

impl std::error::Error for UnknownRate {}

/// One channel, in blocks of 10 ms. Allocates nothing once it is made.
pub struct Stretcher {
    filter: Async<f32>,
    input: Vec<f32>,
    output: Vec<f32>,
}

impl std::fmt::Debug for Stretcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stretcher").field("block", &self.input.len()).finish_non_exhaustive()
    }
}

impl Stretcher {
    /// From blocks of 10 ms at `from` Hz to sound at `to` Hz.
    ///
    /// # Errors
    /// Rates below 4 kHz or above 768 kHz.
    pub fn new(from: u32, to: u32) -> Result<Self, UnknownRate> {
        let unknown = || UnknownRate { from, to };
        let rates = 4_000..=768_000;
        if !rates.contains(&from) || !rates.contains(&to) {
            return Err(unknown());
        }
        let parameters =
            SincInterpolationParameters::new(TAPS, WindowFunction::BlackmanHarris2).interpolation(SincInterpolationType::Cubic);
        let (ratio, block) = (f64::from(to) / f64::from(from), (from / 100) as usize);
        // A little more than is asked for, since the limit itself is to be reached.
        let filter = Async::new_sinc(ratio, 1.0 + 2.0 * MOST, &parameters, block, 1, FixedAsync::Input).map_err(|_| unknown())?;
        let output = vec![0.0; filter.output_frames_max()];
        Ok(Self { filter, input: vec![0.0; block], output })
    }

    /// Samples of a block that goes in.
    pub fn block(&self) -> usize {
        self.input.len()
    }

    /// How long a sound takes to come out, in samples of the rate that it comes out at.
    pub fn delay(&self) -> usize {
        self.filter.output_delay()
    }

    /// What becomes of `block` (what is missing of 10 ms is silence): `change` times as many samples as without, glided to from the block
    /// before.
    pub fn stretch(&mut self, block: &[i16], change: f64) -> &[f32] {
        for (at, sample) in self.input.iter_mut().enumerate() {
            *sample = f32::from(block.get(at).copied().unwrap_or(0)) / 32_768.0;
        }
        // Within the limit, so it is not refused.
        let _ = self.filter.set_resample_ratio_relative(change.clamp(1.0 - MOST, 1.0 + MOST), true);
        let (frames, space) = (self.input.len(), self.output.len());
        let (Ok(input), Ok(mut output)) =
            (InterleavedSlice::new(&self.input, 1, frames), InterleavedSlice::new_mut(&mut self.output, 1, space))
        else {
            return &[];
        };
        let written = self.filter.process_into_buffer(&input, &mut output, None).map_or(0, |(_, written)| written);
        &self.output[..written]
    }
}
