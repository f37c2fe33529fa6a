//! WebRTC's audio processing by `sonora`: AEC3, noise suppression, AGC2 and a high-pass filter. The only file that knows the crate.

use std::time::Duration;

use media::{PcmBlock, PcmFormat};
use sonora::config::{
    AdaptiveDigital, EchoCanceller, GainController2, HighPassFilter, MaxProcessingRate, NoiseSuppression, NoiseSuppressionLevel,
    Pipeline,
};
use sonora::{AudioProcessing, Config, StreamConfig};

use crate::{Cleaner, Settings};

/// Samples of a channel in a block, at most.
const MOST: usize = PcmBlock::MAX_SAMPLES;

/// See the module.
pub struct Apm {
    inner: AudioProcessing,
    settings: Settings,
    /// One channel each, before and after.
    before: [Vec<f32>; 2],
    after: [Vec<f32>; 2],
}

impl std::fmt::Debug for Apm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Apm").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Apm {
    /// One that does what `settings` say.
    pub fn new(settings: Settings) -> Self {
        let mono = StreamConfig::new(48_000, 1);
        let inner = AudioProcessing::builder().config(config(settings)).capture_config(mono).render_config(mono).build();
        let channel = || std::array::from_fn(|_| vec![0.0; MOST]);
        Self { inner, settings, before: channel(), after: channel() }
    }

    fn split(&mut self, block: &PcmBlock) -> usize {
        let channels = usize::from(block.format.channels.clamp(1, 2));
        let frames = block.samples().len() / channels;
        for (at, frame) in block.samples().chunks_exact(channels).enumerate() {
            for (channel, sample) in frame.iter().enumerate() {
                self.before[channel][at] = f32::from(*sample) / 32_768.0;
            }
        }
        frames
    }
}

fn config(settings: Settings) -> Config {
    Config {
        pipeline: Pipeline {
            maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
            multi_channel_render: false,
            multi_channel_capture: false,
            ..Pipeline::default()
        },
        high_pass_filter: settings.cleans().then(HighPassFilter::default),
        echo_canceller: settings.echo.then(EchoCanceller::default),
        noise_suppression: settings
            .noise
            .then(|| NoiseSuppression { level: NoiseSuppressionLevel::Moderate, ..NoiseSuppression::default() }),
        gain_controller2: settings
            .gain
            .then(|| GainController2 { adaptive_digital: Some(AdaptiveDigital::default()), ..GainController2::default() }),
        ..Config::default()
    }
}

fn stream(format: PcmFormat) -> StreamConfig {
    StreamConfig::new(format.rate, format.channels.clamp(1, 2))
}

impl Cleaner for Apm {
    fn set(&mut self, settings: Settings) {
        if (settings.echo, settings.noise, settings.gain) != (self.settings.echo, self.settings.noise, self.settings.gain) {
            self.inner.apply_config(config(settings));
        }
        self.settings = settings;
    }

    fn render(&mut self, block: &PcmBlock) {
        let frames = self.split(block);
        let stream = stream(block.format);
        let [left, right] = &self.before;
        let [left_out, right_out] = &mut self.after;
        // Refused only for formats that no block has.
        let _ = if block.format.channels == 2 {
            let after = &mut [&mut left_out[..frames], &mut right_out[..frames]];
            self.inner.process_render_f32_with_config(&[&left[..frames], &right[..frames]], &stream, &stream, after)
        } else {
            self.inner.process_render_f32_with_config(&[&left[..frames]], &stream, &stream, &mut [&mut left_out[..frames]])
        };
    }

    fn capture(&mut self, block: &mut PcmBlock, delay: Duration) {
        let frames = self.split(block);
        let stream = stream(block.format);
        // Said before each block, as it wants; clamped at 500 ms.
        let _ = self.inner.set_stream_delay_ms(i32::try_from(delay.as_millis()).unwrap_or(500));
        let [left, right] = &self.before;
        let [left_out, right_out] = &mut self.after;
        let channels = usize::from(block.format.channels.clamp(1, 2));
        let done = if channels == 2 {
            let after = &mut [&mut left_out[..frames], &mut right_out[..frames]];
            self.inner.process_capture_f32_with_config(&[&left[..frames], &right[..frames]], &stream, &stream, after)
        } else {
            self.inner.process_capture_f32_with_config(&[&left[..frames]], &stream, &stream, &mut [&mut left_out[..frames]])
        };
        if done.is_err() {
            return;
        }
        for (at, frame) in block.samples_mut().chunks_exact_mut(channels).enumerate() {
            for (channel, sample) in frame.iter_mut().enumerate() {
                *sample = (self.after[channel][at] * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
            }
        }
    }

    fn echo(&self) -> (Option<f32>, Option<f32>) {
        let stats = self.inner.statistics();
        (stats.echo_return_loss.map(|db| db as f32), stats.echo_return_loss_enhancement.map(|db| db as f32))
    }
}
