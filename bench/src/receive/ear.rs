//! From mouth to ear: one user says something now and then, another hears it, out of the engine or out of a speaker. Both in this process, the
//! room outside.

use std::time::Duration;

use artc_bindings::{AudioFormat, AudioFrame, AudioQualityMode, AudioSceneMode, Event, JoinChannelConfig, SubscribeMode};
use artc_edge::playout::{self, Speaker};
use clap::Args;
use media::{PcmBlock, PcmFormat};
use serde_json::json;

use super::{BLOCK, RATE, Room, bytes, silent, talking};
use crate::Failure;
use crate::steer::{now, say, sleep_until};

/// Time between two words.
const EVERY: u64 = 700;
const BLOCK_TIME: Duration = Duration::from_millis(10);
/// Words before everything has settled.
const SETTLE: usize = 8;

#[derive(Args)]
pub struct Ear {
    #[command(flatten)]
    room: Room,
    /// Join tokens of the two, each as IDENTITY:TOKEN
    #[arg(long = "user", num_args = 2, required = true)]
    users: Vec<String>,
    /// Hears it out of this speaker, an ALSA device, which lets sound wait as one of a box does
    #[arg(long)]
    speaker: Option<String>,
    /// How often something is said
    #[arg(long, default_value_t = 60)]
    count: usize,
}

/// 10 ms as a speaker takes them.
fn played(pcm: &[i16]) -> PcmBlock {
    let mut block = PcmBlock::silence(PcmFormat { rate: RATE as u32, channels: 1 }, Duration::ZERO);
    block.samples_mut().iter_mut().zip(pcm).for_each(|(to, sample)| *to = *sample);
    block
}

impl Ear {
    pub fn run(self) -> Result<(), Failure> {
        let user = |index: usize| -> Result<(&str, &str), Failure> {
            Ok(self.users.get(index).and_then(|user| user.split_once(':')).ok_or("a user is IDENTITY:TOKEN")?)
        };
        let ((mouth, mouth_token), (ear, ear_token)) = (user(0)?, user(1)?);
        let hears = JoinChannelConfig {
            subscribe_mode: SubscribeMode::AudioAutoAndOnly,
            subscribe_audio_format: AudioFormat::MixedPcm,
            ..silent()
        };
        let ear = self.room.join(ear_token, ear, &hears)?;
        let mouth = self.room.join(mouth_token, mouth, &talking())?;
        mouth.set_audio_profile(AudioQualityMode::HighQuality, AudioSceneMode::Default)?;
        // 30 ms of a tone that begins at once.
        let word: Vec<i16> =
            (0..3 * BLOCK).map(|n| ((n as f64 * 1500.0 * std::f64::consts::TAU / RATE as f64).cos() * 16_000.0) as i16).collect();
        let quiet = vec![0i16; BLOCK];
        let device = self.speaker.clone().unwrap_or_else(|| "none".into());
        let speaker = Speaker::start(playout::Config { device, ..playout::Config::default() })?;
        let (start, events) = (now(), ear.event_handler());
        let (mut said, mut heard, mut silent_for) = (Vec::new(), Vec::new(), 0usize);
        let total = (self.count + SETTLE) as u64 * EVERY + 2000;
        for ms in (0..total).step_by(10) {
            // The last sample of a block is captured when the block is pushed.
            let due = start + Duration::from_millis(ms);
            while let Some(event) = events.next_timeout(due.saturating_duration_since(now())) {
                let Event::SubscribeMixAudioFrame { frame: AudioFrame::Pcm(frame) } = event else { continue };
                // What waits in the device right after a block ends with that block.
                let waits = speaker.state().delay.unwrap_or(BLOCK_TIME).saturating_sub(BLOCK_TIME);
                let at = now() + if speaker.is_on() { waits } else { Duration::ZERO };
                speaker.play(played(&frame.pcm));
                match frame.pcm.iter().position(|sample| sample.unsigned_abs() > 3000) {
                    Some(first) if silent_for > 20 => {
                        heard.push(at + Duration::from_micros(first as u64 * 1_000_000 / RATE as u64));
                        silent_for = 0;
                    }
                    Some(_) => silent_for = 0,
                    None => silent_for += 1,
                }
            }
            sleep_until(due);
            let into = (ms % EVERY) as usize / 10;
            let block = word.chunks_exact(BLOCK).nth(into).filter(|_| ms >= 2000).unwrap_or(&quiet);
            if into == 0 && ms >= 2000 {
                said.push(now() - Duration::from_millis(10));
            }
            // Before the join is through nobody takes it.
            let _ = mouth.push_external_audio_frame_raw_data(&bytes(block), -1);
        }
        let delays: Vec<f64> = said
            .iter()
            .skip(SETTLE)
            .filter_map(|said| {
                let first = heard.iter().find(|heard| *heard > said)?;
                let delay = first.duration_since(*said).as_secs_f64() * 1000.0;
                (delay < EVERY as f64).then_some(delay)
            })
            .collect();
        say(&json!({ "event": "end", "said": said.len().saturating_sub(SETTLE), "delays_ms": delays }));
        Ok(())
    }
}
