//! WebRTC's audio processing by the crates of `sonora`: a high-pass filter, AEC3, noise suppression and AGC2, in the order in which WebRTC
//! does them, on one channel of 48 kHz. With `echo`, `format` and this, nothing of ours knows these crates.
//!
//! What is ours here allocates nothing once it runs; the crates themselves do, some forty times a block with everything switched on, and give the
//! caller no way to prevent it.

use std::time::Duration;

use media::PcmBlock;
use sonora::config::{AdaptiveDigital, GainController2};
use sonora::high_pass_filter::HighPassFilter;
use sonora::three_band_filter_bank::{NUM_BANDS, SPLIT_BAND_SIZE, ThreeBandFilterBank};
use sonora::{AudioProcessing, Config, StreamConfig};
use sonora_ns::config::{NsConfig, SuppressionLevel};
use sonora_ns::noise_suppressor::NoiseSuppressor;

use crate::echo::{Bands, Echo};
use crate::format::{FULL, Format};
use crate::{Cleaner, Settings};

/// See the module.
#[derive(Debug)]
pub struct Apm {
    settings: Settings,
    high_pass: HighPassFilter,
    echo: Option<Echo>,
    noise: Option<NoiseSuppressor>,
    gain: Option<AudioProcessing>,
    played: Way,
    heard: Way,
    /// The one channel that the high-pass filter takes.
    filtered: [Vec<f32>; 1],
}

/// 10 ms on their way.
#[derive(Debug)]
struct Way {
    format: Format,
    bank: ThreeBandFilterBank,
    full: [f32; FULL],
    bands: Bands,
}

impl Default for Way {
    fn default() -> Self {
        let bands = [[0.0; SPLIT_BAND_SIZE]; NUM_BANDS];
        Self { format: Format::default(), bank: ThreeBandFilterBank::new(), full: [0.0; FULL], bands }
    }
}

impl Apm {
    /// One that does what `settings` say.
    pub fn new(settings: Settings) -> Self {
        let mut made = Self {
            settings,
            high_pass: HighPassFilter::new(48_000, 1),
            echo: None,
            noise: None,
            gain: None,
            played: Way::default(),
            heard: Way::default(),
            filtered: [vec![0.0; FULL]],
        };
        made.set(settings);
        made
    }
}

fn suppressor() -> NoiseSuppressor {
    NoiseSuppressor::new_with_bands(NsConfig { target_level: SuppressionLevel::K12dB }, NUM_BANDS)
}

fn gain() -> AudioProcessing {
    let controller = GainController2 { adaptive_digital: Some(AdaptiveDigital::default()), ..GainController2::default() };
    let mono = StreamConfig::new(48_000, 1);
    let config = Config { gain_controller2: Some(controller), ..Config::default() };
    AudioProcessing::builder().config(config).capture_config(mono).render_config(mono).build()
}

impl Cleaner for Apm {
    fn set(&mut self, settings: Settings) {
        self.settings = settings;
        // What goes on keeps what it knows of the room.
        self.echo = settings.echo.then(|| self.echo.take().unwrap_or_else(Echo::new));
        self.noise = settings.noise.then(|| self.noise.take().unwrap_or_else(suppressor));
        self.gain = settings.gain.then(|| self.gain.take().unwrap_or_else(gain));
    }

    fn render(&mut self, block: &PcmBlock) {
        let Some(echo) = &mut self.echo else { return };
        let Way { format, bank, full, bands } = &mut self.played;
        format.read(block, full);
        bank.analysis(full, bands);
        echo.played(bands);
    }

    fn capture(&mut self, block: &mut PcmBlock, delay: Duration) {
        let Way { format, bank, full, bands } = &mut self.heard;
        format.read(block, full);
        self.filtered[0].copy_from_slice(full);
        self.high_pass.process_channels(&mut self.filtered);
        full.copy_from_slice(&self.filtered[0]);
        if self.echo.is_some() || self.noise.is_some() {
            bank.analysis(full, bands);
            // The noise is what is there before anything is done about the echo.
            if let Some(noise) = &mut self.noise {
                noise.analyze(&bands[0]);
            }
            if let Some(echo) = &mut self.echo {
                echo.heard(bands, full, delay);
            }
            if let Some(noise) = &mut self.noise {
                let [low, upper @ ..] = bands;
                noise.process(low);
                let gain = noise.upper_band_gain();
                for (at, band) in upper.iter_mut().enumerate() {
                    noise.process_upper_band(band, at, gain);
                }
            }
            bank.synthesis(bands, full);
        }
        if let Some(gain) = &mut self.gain {
            // It wants samples from -1 to 1.
            full.iter_mut().for_each(|sample| *sample = (*sample / 32_768.0).clamp(-1.0, 1.0));
            // Refused only for formats that this is not; then the sound stays as it was.
            let _ = gain.process_capture_f32(&[full.as_slice()], &mut [self.filtered[0].as_mut_slice()]);
            full.iter_mut().zip(&self.filtered[0]).for_each(|(to, sample)| *to = sample * 32_768.0);
        }
        format.write(full, block);
    }

    fn echo(&self) -> (Option<f32>, Option<f32>) {
        self.echo.as_ref().map(Echo::losses).unzip()
    }
}
