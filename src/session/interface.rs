//! What goes into a session and what comes out of it.

use std::time::Duration;

use artc_bindings::{AudioQualityMode, AudioSceneMode, CallError, Event, JoinChannelConfig, Secret, VideoEncoderConfiguration};

use super::{Call, Status};

/// What is joined and published.
#[derive(Clone, Debug)]
pub struct Config {
    /// Settings of each join.
    pub join: JoinChannelConfig,
    /// How the camera is encoded.
    pub encoder: VideoEncoderConfiguration,
    /// Whether the camera is published.
    pub video: bool,
    /// Rate in Hz and channels of the published sound; `None` publishes no sound.
    pub audio: Option<(u32, u32)>,
    /// Loudness of the sound, 0 to 100.
    pub volume: i32,
    /// Whether a small stream of the camera is published too.
    pub dual: bool,
    /// Quality and purpose of the sound, where they are not the engine's own.
    pub profile: Option<(AudioQualityMode, AudioSceneMode)>,
    /// Picture and sound muted from the start.
    pub muted: (bool, bool),
    /// Seed of the pauses' jitter.
    pub seed: u64,
}

/// What a join needs; made by whoever holds the keys, or read from the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The token.
    pub token: Secret,
    /// Channel of the token.
    pub channel: String,
    /// User of the token.
    pub user_id: String,
    /// What others see.
    pub user_name: String,
}

/// What can be muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// The camera.
    Video,
    /// The microphone.
    Audio,
}

/// What happens to a session.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// Be in the channel.
    Join,
    /// Be in no channel.
    Leave,
    /// The answer to [`Output::NeedToken`].
    Ticket(Result<Ticket, String>),
    /// The engine tells something.
    Event(&'a Event),
    /// The engine refused a call.
    Refused(&'a Call, &'a CallError),
    /// A network link came up or an address changed.
    LinkUp,
    /// Stop or resume sending.
    Mute(Medium, bool),
    /// Loudness of the sound, 0 to 100.
    Volume(i32),
    /// Publish a small stream of the camera too, or no more.
    Dual(bool),
    /// Quality and purpose of the sound.
    Profile(AudioQualityMode, AudioSceneMode),
    /// How the camera is encoded from now on.
    Encoder(VideoEncoderConfiguration),
    /// Time has passed.
    Deadline,
}

/// What a session asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Carry this out on the engine.
    Call(Call),
    /// Get a token for the next join.
    NeedToken {
        /// The last one was refused: one from a cache will not do.
        renew: bool,
    },
    /// How things stand has changed.
    Status(Status),
    /// Nothing more to do before this time, or before another input when `None`. Ends the draining.
    WakeAt(Option<Duration>),
}
