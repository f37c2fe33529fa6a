//! Blocks of any format as one channel of 48 kHz, and back.

use media::{PcmBlock, PcmFormat};
use sonora_common_audio::push_sinc_resampler::PushSincResampler;

/// Samples of 10 ms at 48 kHz.
pub const FULL: usize = 480;

/// See the module. What it has to remember is of one format; another one begins anew.
#[derive(Debug)]
pub struct Format {
    format: PcmFormat,
    /// From and to the block's rate, where that is another one.
    resamplers: Option<(PushSincResampler, PushSincResampler)>,
    /// One channel at the block's rate.
    raw: Vec<f32>,
}

impl Default for Format {
    fn default() -> Self {
        Self { format: PcmFormat { rate: 48_000, channels: 1 }, resamplers: None, raw: Vec::with_capacity(PcmBlock::MAX_SAMPLES) }
    }
}

impl Format {
    /// What is in `block`, on the scale of 16-bit samples.
    pub fn read(&mut self, block: &PcmBlock, full: &mut [f32; FULL]) {
        let channels = usize::from(block.format.channels.max(1));
        let frames = block.samples().len() / channels;
        if block.format != self.format {
            self.format = block.format;
            self.resamplers = (frames != FULL && frames > 0)
                .then(|| (PushSincResampler::new(frames, FULL), PushSincResampler::new(FULL, frames)));
        }
        self.raw.clear();
        let mean = |frame: &[i16]| frame.iter().map(|sample| f32::from(*sample)).sum::<f32>() / channels as f32;
        self.raw.extend(block.samples().chunks_exact(channels).map(mean));
        match &mut self.resamplers {
            Some((up, _)) => {
                up.resample(&self.raw, full);
            }
            None => full.iter_mut().zip(&self.raw).for_each(|(to, sample)| *to = *sample),
        }
    }

    /// Writes what became of it into the block that it was read from, the same into each channel.
    pub fn write(&mut self, full: &[f32; FULL], block: &mut PcmBlock) {
        let samples = match &mut self.resamplers {
            Some((_, down)) => {
                down.resample(full, &mut self.raw);
                self.raw.as_slice()
            }
            None => full.as_slice(),
        };
        let channels = usize::from(self.format.channels.max(1));
        for (frame, sample) in block.samples_mut().chunks_exact_mut(channels).zip(samples) {
            frame.fill(sample.round().clamp(-32_768.0, 32_767.0) as i16);
        }
    }
}
