//! The documented names and numbers as this build of the engine has them, for the test that holds the Python side to them.

use artc_bindings::{
    AudioFormat, AudioFrameType, AudioQualityMode, AudioSceneMode, AudioTrack, AudioTranscodingCodec, ChannelProfile, ClientRole,
    ConnectionStatus, ConnectionStatusChangeReason, DataMsgType, ErrorCode, FrameRate, LogLevel, MirrorMode, MuteLocalAudioMode,
    OrientationMode, PublishAvsyncMode, PublishMode, PublishState, RenderMode, RotationMode, SubscribeMode, SubscribeState,
    VideoBufferType, VideoDataFormat, VideoFormat, VideoFrameType, VideoSource, VideoStreamType, VideoTrack, VideoTrackType,
    VideoTranscodingCodec, WarningCode,
};

/// A documented enum: its name, and its members' names with their numbers.
pub type Table = (&'static str, &'static [(&'static str, i64)]);

/// Every documented enum.
pub const ENUMS: &[Table] = &[
    ("AliEngineClientRole", ClientRole::NAMES),
    ("AliEngineConnectionStatus", ConnectionStatus::NAMES),
    ("AliEngineConnectionStatusChangeReason", ConnectionStatusChangeReason::NAMES),
    ("AliEngineDataMsgType", DataMsgType::NAMES),
    ("AliEngineFrameRate", FrameRate::NAMES),
    ("AliEngineMuteLocalAudioMode", MuteLocalAudioMode::NAMES),
    ("AliEnginePublishState", PublishState::NAMES),
    ("AliEngineRotationMode", RotationMode::NAMES),
    ("AliEngineSubscribeState", SubscribeState::NAMES),
    ("AliEngineVideoEncoderOrientationMode", OrientationMode::NAMES),
    ("AliEngineVideoMirrorMode", MirrorMode::NAMES),
    ("AliEngineVideoStreamType", VideoStreamType::NAMES),
    ("AudioFormat", AudioFormat::NAMES),
    ("AudioFrameType", AudioFrameType::NAMES),
    ("AudioQualityMode", AudioQualityMode::NAMES),
    ("AudioSceneMode", AudioSceneMode::NAMES),
    ("AudioTrack", AudioTrack::NAMES),
    ("AudioTranscodingCodec", AudioTranscodingCodec::NAMES),
    ("ChannelProfile", ChannelProfile::NAMES),
    ("ERROR_CODE", ErrorCode::NAMES),
    ("LogLevel", LogLevel::NAMES),
    ("PublishAvsyncMode", PublishAvsyncMode::NAMES),
    ("PublishMode", PublishMode::NAMES),
    ("RenderMode", RenderMode::NAMES),
    ("SubscribeMode", SubscribeMode::NAMES),
    ("VideoBufferType", VideoBufferType::NAMES),
    ("VideoDataFormat", VideoDataFormat::NAMES),
    ("VideoFormat", VideoFormat::NAMES),
    ("VideoFrameType", VideoFrameType::NAMES),
    ("VideoSource", VideoSource::NAMES),
    ("VideoTrack", VideoTrack::NAMES),
    ("VideoTrackType", VideoTrackType::NAMES),
    ("VideoTranscodingCodec", VideoTranscodingCodec::NAMES),
    ("WARNNING_CODE", WarningCode::NAMES),
];
