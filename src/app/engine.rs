//! Which engine the configuration asks for, and what its session joins with.

use std::sync::Arc;

use artc_bindings::fake::{World, WorldConfig};
use artc_bindings::sdk::{Options, SdkEngine};
use artc_bindings::{AudioFormat, ChannelProfile, CreateError, Engine, JoinChannelConfig, PublishMode, SubscribeMode};

use super::wishes::Wishes;
use crate::config::{Config, EngineKind};
use crate::exit::Exit;
use crate::session;

/// An engine, and what to say of it.
pub struct Made {
    /// The engine.
    pub engine: Arc<dyn Engine>,
    /// What encodes when the camera does not.
    pub encoder: &'static str,
    /// Where it joins.
    pub server: String,
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The configuration names none.
    #[error("no room to join: set `[engine.open] url`, or `[room] enabled = true`")]
    NoRoom,
    /// The engine does not start.
    #[error("engine: {0}")]
    Create(#[from] CreateError),
}

impl MakeError {
    /// How the daemon ends because of it.
    pub fn exit(&self) -> Exit {
        match self {
            // A program that does not start, or an SDK that dies while it loads: not the configuration's fault.
            Self::Create(CreateError::Environment { .. }) => Exit::Unavailable,
            _ => Exit::Configuration,
        }
    }
}

/// Makes the engine of the configuration. With `room` it joins the room of this process.
pub fn make(config: &Config, room: Option<&room::Handle>) -> Result<Made, MakeError> {
    if config.engine.kind == EngineKind::Sdk {
        let options = Options::of(&config.engine.sdk)?;
        let server = format!("the SDK in {}", options.path.display());
        return Ok(Made { engine: SdkEngine::create(options)?, encoder: "sdk", server });
    }
    if config.engine.kind == EngineKind::Fake {
        let world = World::new(WorldConfig::default());
        let engine = world.engine();
        tokio::spawn(world.run_in_real_time());
        return Ok(Made { engine, encoder: "none", server: "none: the scripted engine joins nothing".into() });
    }
    let (url, local) = match (&config.engine.open.url, room) {
        (Some(url), _) => (url.clone(), None),
        // Its address only says where others find it.
        (None, Some(room)) => (room.signal_url(), Some(room.local())),
        (None, None) => return Err(MakeError::NoRoom),
    };
    let options = artc_open::Options {
        latency: config.stream.latency,
        encoder: config.stream.encoder,
        ca_file: config.engine.open.ca_file.clone(),
        exact_bitrate: true,
        local,
        ..artc_open::Options::new(url.clone())
    };
    Ok(Made { engine: artc_open::OpenEngine::create(options)?, encoder: "openh264", server: url })
}

/// What the session joins with and publishes; pictures where `video`.
pub fn session_config(config: &Config, wishes: &Wishes, video: bool) -> session::Config {
    let sound = config.microphone.source != "none";
    session::Config {
        join: JoinChannelConfig {
            channel_profile: ChannelProfile::Communication,
            publish_mode: PublishMode::Automatically,
            // Nothing shows pictures here, and sound is asked for only where there is a speaker to play it.
            subscribe_mode: if config.speaker.is_on() { SubscribeMode::AudioAutoAndOnly } else { SubscribeMode::Manually },
            subscribe_audio_format: if config.speaker.is_on() { AudioFormat::MixedPcm } else { AudioFormat::None },
            ..JoinChannelConfig::default()
        },
        encoder: wishes.encoder(),
        video,
        audio: sound.then_some((config.microphone.rate, u32::from(config.microphone.channels))),
        volume: 100,
        dual: wishes.dual,
        profile: None,
        muted: (wishes.video_muted, wishes.audio_muted),
        seed: rand::random(),
    }
}
