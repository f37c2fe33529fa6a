//! The room that a program's engine joins, as whom, and joining it.

use std::time::Duration;

use artc_bindings::{AudioFormat, ChannelProfile, Engine, Event, JoinChannelConfig, PublishMode, SubscribeMode, VideoFormat};
use clap::Args;

use crate::Failure;

/// The room answers within this time.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Args)]
pub struct Where {
    /// The room's signalling address, ws://
    #[arg(long)]
    pub url: String,
    #[command(flatten)]
    pub user: User,
}

/// Who joins.
#[derive(Args)]
pub struct User {
    /// Join token
    #[arg(long)]
    token: String,
    /// Channel
    #[arg(long)]
    room: String,
    /// The token's identity
    #[arg(long)]
    identity: String,
}

/// A join that publishes what is pushed.
pub fn publishing() -> JoinChannelConfig {
    JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        publish_mode: PublishMode::Automatically,
        ..JoinChannelConfig::default()
    }
}

/// A join that publishes and receives nothing but what is switched on.
pub fn silent() -> JoinChannelConfig {
    JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        publish_mode: PublishMode::Manually,
        subscribe_mode: SubscribeMode::Manually,
        subscribe_video_format: VideoFormat::None,
        subscribe_audio_format: AudioFormat::None,
        ..JoinChannelConfig::default()
    }
}

impl User {
    /// Joins and waits for the result.
    pub fn join(&self, engine: &dyn Engine, config: &JoinChannelConfig) -> Result<(), Failure> {
        engine.join_channel(&self.token, &self.room, &self.identity, &self.identity, config)?;
        wait_for_join(engine)
    }
}

/// Waits for the result of a join.
pub fn wait_for_join(engine: &dyn Engine) -> Result<(), Failure> {
    let events = engine.event_handler();
    loop {
        match events.next_timeout(PATIENCE).ok_or("the join was not answered")? {
            Event::JoinChannelResult { result, .. } if result.is_ok() => return Ok(()),
            Event::JoinChannelResult { result, .. } => return Err(result.to_string().into()),
            _ => {}
        }
    }
}
