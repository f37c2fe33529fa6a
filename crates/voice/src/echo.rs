//! Echo cancellation: WebRTC's AEC3 (`sonora-aec3`) on 10 ms at a time of 48 kHz in three bands. Its own shell, `sonora`, neither lets it be
//! tuned nor hands it blocks without allocating.

use std::time::Duration;

use sonora::three_band_filter_bank::{NUM_BANDS, SPLIT_BAND_SIZE};
use sonora_aec3::block::Block;
use sonora_aec3::block_processor::BlockProcessor;
use sonora_aec3::common::BLOCK_SIZE;
use sonora_aec3::config::EchoCanceller3Config;

/// 10 ms: the bands of 16 kHz each, lowest first, on the scale of 16-bit samples.
pub type Bands = [[f32; SPLIT_BAND_SIZE]; NUM_BANDS];

/// Longer than this no sound takes through driver, card and room.
const LATEST: Duration = Duration::from_millis(500);
/// At this the microphone's converter is at its end.
const SATURATED: f32 = 32_700.0;

/// See the module.
#[derive(Debug)]
pub struct Echo {
    processor: BlockProcessor,
    played: Waiting,
    heard: Waiting,
    cleaned: Waiting,
    block: Block,
}

impl Echo {
    /// One that knows nothing of the room yet.
    pub fn new() -> Self {
        Self {
            processor: BlockProcessor::new(&tuning(), 48_000, 1, 1),
            played: Waiting::silence(0),
            heard: Waiting::silence(0),
            // Blocks and 10 ms do not end together: so much has to wait that there is always enough.
            cleaned: Waiting::silence(BLOCK_SIZE),
            block: Block::new(NUM_BANDS, 1),
        }
    }

    /// The speaker was given these 10 ms.
    pub fn played(&mut self, bands: &Bands) {
        self.played.add(bands.iter().map(|band| band.as_slice()));
        while self.played.take_block(&mut self.block) {
            self.processor.buffer_render(&self.block);
        }
    }

    /// Takes the echo out of what the microphone heard, in place; `full` is the same before it was split. What the speaker plays comes back
    /// `delay` after it was told of.
    pub fn heard(&mut self, bands: &mut Bands, full: &[f32], delay: Duration) {
        let saturated = full.iter().any(|sample| sample.abs() >= SATURATED);
        self.processor.set_audio_buffer_delay(i32::try_from(delay.min(LATEST).as_millis()).unwrap_or(0));
        self.heard.add(bands.iter().map(|band| band.as_slice()));
        while self.heard.take_block(&mut self.block) {
            self.processor.process_capture(false, saturated, None, &mut self.block);
            self.cleaned.add((0..NUM_BANDS).map(|band| self.block.view(band, 0)));
        }
        self.cleaned.take(bands);
    }

    /// How much quieter the echo comes back than it was played, and how much of it is taken out; in dB.
    pub fn losses(&self) -> (f32, f32) {
        let metrics = self.processor.get_metrics();
        (metrics.echo_return_loss as f32, metrics.echo_return_loss_enhancement as f32)
    }
}

/// AEC3 tuned for rooms, and for two who talk at once: as it comes, it takes whoever talks beside the microphone for echo (STOI 0.6 instead of 0.8
/// at the tenth percentile of the simulated rooms, both as loud). What this costs is echo that nobody hears: 40 dB of it are taken out instead
/// of 50, 31 instead of 33 at the tenth percentile.
fn tuning() -> EchoCanceller3Config {
    let mut config = EchoCanceller3Config::default();
    // 80 ms of what a room does to a sound, instead of 52.
    (config.filter.refined.length_blocks, config.filter.refined_initial.length_blocks) = (20, 20);
    // More of what the filter is seen to take out is believed: what is left of the echo is not thought so much louder than it is.
    (config.erle.max_l, config.erle.max_h) = (15.0, 6.0);
    let suppressor = &mut config.suppressor;
    // Somebody near is told from echo by that, and sooner; but not before the filter knows the room.
    let near = &mut suppressor.dominant_nearend_detection;
    (near.use_unbounded_echo_spectrum, near.use_during_initial_phase, near.trigger_threshold) = (false, false, 8);
    // Whoever begins to talk is let through in 20 to 30 ms instead of 70, high tones not only where low ones are.
    (suppressor.normal_tuning.max_inc_factor, suppressor.nearend_tuning.max_inc_factor) = (4.0, 8.0);
    suppressor.high_frequency_suppression.bands_in_limiting_gain = 0;
    config
}

/// What has come of each band and not gone on yet.
#[derive(Debug)]
struct Waiting([Vec<f32>; NUM_BANDS]);

impl Waiting {
    /// With so many samples of silence already.
    fn silence(samples: usize) -> Self {
        let band = || {
            let mut band = Vec::with_capacity(2 * SPLIT_BAND_SIZE + BLOCK_SIZE);
            band.resize(samples, 0.0);
            band
        };
        Self(std::array::from_fn(|_| band()))
    }

    fn add<'a>(&mut self, bands: impl Iterator<Item = &'a [f32]>) {
        self.0.iter_mut().zip(bands).for_each(|(waiting, band)| waiting.extend_from_slice(band));
    }

    /// Fills `block`, if there is enough for it.
    fn take_block(&mut self, block: &mut Block) -> bool {
        let enough = self.0[0].len() >= BLOCK_SIZE;
        if enough {
            self.0.iter_mut().enumerate().for_each(|(band, waiting)| move_to(waiting, block.view_mut(band, 0)));
        }
        enough
    }

    fn take(&mut self, bands: &mut Bands) {
        self.0.iter_mut().zip(bands).for_each(|(waiting, band)| move_to(waiting, band));
    }
}

/// Moves the oldest samples on.
fn move_to(waiting: &mut Vec<f32>, to: &mut [f32]) {
    to.copy_from_slice(&waiting[..to.len()]);
    waiting.drain(..to.len());
}
