//! One user that receives: the mix of all sound, or the pictures of one, and counts what comes.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use artc_bindings::{AudioFormat, AudioFrame, Event, JoinChannelConfig, SubscribeMode, VideoFormat, VideoTrack};
use artc_open::{OpenFactory, Options};
use clap::Args;
use serde_json::json;

use super::{Room, bytes};
use crate::Failure;
use crate::place::silent;
use crate::steer::{over, poll, say};

#[derive(Args)]
pub struct Listen {
    #[command(flatten)]
    room: Room,
    /// The token's identity
    #[arg(long)]
    identity: String,
    /// Join token
    #[arg(long)]
    token: String,
    /// Receive the pictures of this user, not sound
    #[arg(long)]
    watch: Option<String>,
    /// Decode the sound of all, not of the loudest few alone
    #[arg(long)]
    all: bool,
    /// Keep the PCM, or with --watch the access units (each behind its length, 4 bytes, the lowest first)
    #[arg(long)]
    save: Option<PathBuf>,
}

impl Listen {
    pub fn run(self) -> Result<(), Failure> {
        let mut extra = serde_json::Map::new();
        if self.all {
            extra.insert("user_specified_disable_audio_ranking".into(), json!("true"));
        }
        if self.watch.is_some() && self.save.is_some() {
            extra.insert("user_specified_video_observer_codec".into(), json!(2));
        }
        let extra = artc_bindings::Extra::parse(&serde_json::Value::Object(extra).to_string())?;
        let params = artc_bindings::CreateParams { extra, ..Default::default() };
        let factory = OpenFactory { options: Options::new(self.room.url.as_str()) };
        let engine = artc_bindings::EngineFactory::create_ali_rtc_engine(&factory, params)?;
        let config = match self.watch {
            Some(_) => JoinChannelConfig { subscribe_video_format: VideoFormat::H264, ..silent() },
            None => JoinChannelConfig {
                subscribe_mode: SubscribeMode::AudioAutoAndOnly,
                subscribe_audio_format: AudioFormat::MixedPcm,
                ..silent()
            },
        };
        engine.join_channel(&self.token, &self.room.room, &self.identity, &self.identity, &config)?;
        let mut save = self.save.map(File::create).transpose()?.map(BufWriter::new);
        let (mut blocks, mut loud, mut pictures, mut subscribed, mut said) = (0u64, 0u64, 0u64, 0u64, false);
        let events = engine.event_handler();
        loop {
            match events.next_timeout(Duration::from_millis(20)) {
                Some(Event::SubscribeMixAudioFrame { frame: AudioFrame::Pcm(frame) }) => {
                    blocks += 1;
                    loud += u64::from(frame.pcm.iter().any(|sample| sample.unsigned_abs() > 300));
                    if let Some(file) = &mut save {
                        file.write_all(&bytes(&frame.pcm))?;
                    }
                }
                Some(Event::RemoteVideoSample { .. }) => pictures += 1,
                Some(Event::RemoteVideoEncodedSample { frame, .. }) => {
                    if let Some(file) = &mut save {
                        let unit = frame.frame.bytes();
                        file.write_all(&(unit.len() as u32).to_le_bytes())?;
                        file.write_all(unit)?;
                    }
                }
                Some(Event::AudioSubscribeStateChanged(change)) => {
                    subscribed += u64::from(change.new_state == artc_bindings::SubscribeState::Subscribed);
                }
                Some(Event::RemoteTrackAvailableNotify { uid, video_track, .. })
                    if self.watch.as_ref() == Some(&uid) && video_track != VideoTrack::No =>
                {
                    engine.subscribe_remote_video_stream(&uid, VideoTrack::Camera, true)?;
                }
                _ => {}
            }
            if !said && (pictures > 0 || loud > 0) {
                said = true;
                say(&json!({ "event": "streaming" }));
            }
            let counters = || json!({ "blocks": blocks, "loud": loud, "pictures": pictures, "subscribed": subscribed });
            if over(poll(), counters) {
                break;
            }
        }
        if let Some(file) = &mut save {
            file.flush()?;
        }
        say(&json!({ "event": "end" }));
        Ok(())
    }
}
