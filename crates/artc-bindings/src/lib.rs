//! The ARTC engine API: trait, types, events, error codes and the join token; the backends `fake` and `sdk`.
//!
//! **The law:** calls answer at once, and what comes of them arrives as an [`Event`] on the engine's [`EventQueue`]; so
//! whoever owns an engine drains its queue, always.
//!
//! 1. Make an engine (`artc_open::OpenEngine::create`, or an [`EngineFactory`]).
//! 2. Say what is to be published: [`Engine::set_external_video_source`], [`Engine::set_external_audio_source`].
//! 3. [`Engine::join_channel`], and wait for [`Event::JoinChannelResult`].
//! 4. Push pictures and sound; publish states go 0, 2, 3.
//! 5. [`Engine::leave_channel`], and wait for [`Event::LeaveChannelResult`].
//! 6. [`Engine::release`].
//!
//! No code of ours runs on a thread of a backend, and no backend type appears here. Names follow the documents in Rust
//! spelling; searching the documentation for the documented name finds the item. What the documents do not have is
//! marked as extension. This crate is not for media processing, sockets or devices.
#![forbid(unsafe_code)]

pub mod audio;
pub mod bitrate;
pub mod channel;
pub mod check;
pub mod contract;
mod documented;
pub mod encoder;
pub mod engine;
pub mod error;
pub mod event;
pub mod extensions;
pub mod extra;
pub mod fake;
pub mod frame;
pub mod queue;
pub mod sample;
pub mod sdk;
pub mod token;
pub mod track;

pub use audio::{AudioQualityMode, AudioSceneMode};
pub use channel::{
    AudioFormat, ChannelProfile, ClientRole, JoinChannelConfig, LogLevel, PublishAvsyncMode, PublishMode, SubscribeMode,
    VideoFormat,
};
pub use encoder::{
    Dimensions, FrameRate, MirrorMode, OrientationMode, RotationMode, ScreenShareEncoderConfiguration, VideoEncoderConfiguration,
};
pub use engine::{Engine, EngineFactory, MAX_DATA_BYTES, MAX_SEI_BYTES};
pub use error::{CallError, CreateError, ErrorCode, WarningCode};
pub use event::{Event, EventClass, PublishChange, SubscribeChange};
pub use extensions::{
    AudioStats, COMMAND_TOPIC, EncodedTap, EngineStats, Extensions, MAX_COMMAND_BYTES, NetworkStats, Participant, VideoStats,
};
pub use extra::{AudioTranscodingCodec, CreateParams, Extra, ExtraError, Parameters, VideoTranscodingCodec};
pub use frame::{
    AudioAacFrame, AudioFrame, AudioFrameType, AudioPcmFrame, DataChannelMsg, DataMsgType, VideoFrame, VideoFrameType,
    VideoH264Frame,
};
pub use queue::EventQueue;
pub use sample::{SampleBytes, SampleError, VideoBufferType, VideoDataFormat, VideoDataSample};
pub use token::{AuthInfo, GenerateError, JoinToken, Secret, VerifyError};
pub use track::{
    AudioTrack, ConnectionStatus, ConnectionStatusChangeReason, MuteLocalAudioMode, PublishState, RenderMode, SubscribeState,
    VideoSource, VideoStreamType, VideoTrack, VideoTrackType,
};

#[cfg(test)]
mod tests;
