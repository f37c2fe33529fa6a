//! Error codes, warnings, and what a call may answer. Not for the causes inside a backend: those go to its log.

use crate::documented::documented_enum;
use crate::sample::SampleError;

documented_enum! {
    /// The documented error numbers. They come with [`Event::Error`](crate::Event::Error), with the results of joining and
    /// leaving, and as [`CallError::code`]. Source: reference of the documents, section 6.
    pub enum ErrorCode => "ERROR_CODE" {
        /// All is well.
        Ok = 0x0000_0000 => "ERR_OK",
        /// The app of the token is not known.
        JoinBadAppid = 0x0201_0201 => "ERR_JOIN_BAD_APPID",
        /// The app of the token is switched off.
        JoinInvalidAppid = 0x0201_0202 => "ERR_JOIN_INVALID_APPID",
        /// The channel has expired: it lives at most 48 hours.
        JoinInvalidChannel = 0x0201_0203 => "ERR_JOIN_INVALID_CHANNEL",
        /// The channel does not exist, or the token is for another one.
        JoinBadChannel = 0x0201_0204 => "ERR_JOIN_BAD_CHANNEL",
        /// The token is forged, expired or for somebody else.
        JoinBadToken = 0x0201_0205 => "ERR_JOIN_BAD_TOKEN",
        /// No answer to the join in time.
        JoinTimeout = 0x0102_0204 => "ERR_JOIN_TIMEOUT",
        /// An argument of the join is wrong.
        JoinBadParam = 0x0103_0101 => "ERR_JOIN_BAD_PARAM",
        /// The join failed for another reason.
        JoinFailed = 0x0103_0202 => "ERR_JOIN_FAILED",
        /// The join configuration is wrong, for example an empty token.
        JoinConfigInvalid = 0x0103_0302 => "ERR_JOIN_CONFIG_INVALID",
        /// Removed from the channel: the same user joined elsewhere, or somebody removed us.
        LeaveUnusual = 0x0103_0303 => "ERR_LEAVE_UNUSUAL",
        /// Nobody came, or all broadcasters have stopped.
        NoPeople = 0x0103_0304 => "ERR_NO_PEOPLE",
        /// Publishing is not possible in this state.
        PublishInvalid = 0x0103_0305 => "ERR_PUBLISH_INVALID",
        /// Audio data is wrong.
        AudioDataError = 0x0301_0201 => "ERR_AUDIO_DATA_ERROR",
        /// Video data is wrong.
        VideoDataError = 0x0301_0202 => "ERR_VIDEO_DATA_ERROR",
        /// The media path could not be built.
        NetworkConnectFail = 0x0105_0201 => "ERR_NETWORK_CONNECT_FAIL",
        /// The media path could not be built again.
        NetworkReconnectFail = 0x0105_0202 => "ERR_NETWORK_RECONNECT_FAIL",
        /// The media path is gone; also: the vendor's service process died.
        NetworkDisconnect = 0x0105_0203 => "ERR_NETWORK_DISCONNECT",
        /// The network did not answer in time.
        NetworkTimeout = 0x0102_020C => "ERR_NETWORK_TIMEOUT",
        /// Publishing before joining. The mixed case of the name is the documents'.
        PublishNotJoinChannel = 0x0101_0406 => "ERR_Publish_NOT_JOIN_CHANNEL" | "ERR_PUBLISH_NOT_JOIN_CHANNEL",
        /// Publishing sound failed.
        PublishAudioStreamFailed = 0x0101_0450 => "ERR_PUBLISH_AUDIO_STREAM_FAILED" | "ERR_PUBLISH_AUDIO_FAILED",
        /// Publishing the camera failed.
        PublishVideoStreamFailed = 0x0101_0451 => "ERR_PUBLISH_VIDEO_STREAM_FAILED" | "ERR_PUBLISH_VIDEO_FAILED",
        /// Publishing the small stream failed.
        PublishDualStreamFailed = 0x0101_0452 => "ERR_PUBLISH_DUAL_STREAM_FAILED",
        /// Publishing the screen failed.
        PublishScreenShareFailed = 0x0101_0453 => "ERR_PUBLISH_SCREEN_SHARE_FAILED",
        /// The screen's configuration is wrong.
        PublishScreenShareConfig = 0x0101_0454 => "ERR_PUBLISH_SCREEN_SHARE_CONFIG",
        /// Subscribing is not possible in this state.
        SubscribeInvalid = 0x0103_0404 => "ERR_SUBSCRIBE_INVALID",
        /// Subscribing before joining.
        SubscribeNotJoinChannel = 0x0101_0550 => "ERR_SUBSCRIBE_NOT_JOIN_CHANNEL",
        /// Subscribing to sound failed.
        SubscribeAudioStreamFailed = 0x0101_0551 => "ERR_SUBSCRIBE_AUDIO_STREAM_FAILED" | "ERR_SUBSCRIBE_AUDIO_FAILED",
        /// Subscribing to a camera failed.
        SubscribeVideoStreamFailed = 0x0101_0552 => "ERR_SUBSCRIBE_VIDEO_STREAM_FAILED" | "ERR_SUBSCRIBE_VIDEO_FAILED",
        /// Subscribing to a small stream failed.
        SubscribeDualStreamFailed = 0x0101_0553 => "ERR_SUBSCRIBE_DUAL_STREAM_FAILED",
        /// Subscribing to a screen failed.
        SubscribeScreenShareFailed = 0x0101_0554 => "ERR_SUBSCRIBE_SCREEN_SHARE_FAILED",
        /// Subscribing to a second sound stream failed.
        SubscribeDualAudioStreamFailed = 0x0101_0555 => "ERR_SUBSCRIBE_DUAL_AUDIO_STREAM_FAILED",
        /// The call is not lawful in the engine's state.
        SdkInvalidState = 0x0106_0101 => "ERR_SDK_INVALID_STATE",
        /// The session was removed by the server.
        SessionRemoved = 0x0106_0102 => "ERR_SESSION_REMOVED",
        /// An error inside the engine.
        Inner = 0x0106_0103 => "ERR_INNER",
        /// Video did not get through to the vendor's service process.
        VideoTransfer = 0x0106_0104 => "ERR_VIDEO_TRANSFER",
        /// Audio did not get through to the vendor's service process.
        AudioTransfer = 0x0106_0105 => "ERR_AUDIO_TRANSFER",
        /// Media was pushed too fast: wait for the duration of the chunk, then push the same chunk again. Video answers with
        /// this code too. The number is positive although the documents say "below 0 is failure": compare for equality.
        AudioBufferFull = 0x0106_0106 => "ERR_AUDIO_BUFFER_FULL",
        /// Failure without a number of its own; also the join's result when nobody came.
        Fatal = -1 => "ERR_FATAL",
    }
}

impl ErrorCode {
    /// Whether this is [`ErrorCode::Ok`].
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::Ok)
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fatal => write!(f, "ERR_FATAL (-1)"),
            code => write!(f, "{} ({:#010x})", code.name(), code.value()),
        }
    }
}

documented_enum! {
    /// The documented warnings. The double N is the API's spelling.
    pub enum WarningCode => "WARNNING_CODE" {
        /// The only warning that has a number; our text says what it is about.
        Default = -1 => "WARN_DEFAULT",
    }
}

/// Why a call was refused. Calls answer at once; what happens later comes as an [`Event`](crate::Event).
///
/// [`CallError::code`] is the number that the documents give for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The backend does not do this yet. The issue tracker of the project has the list; other backends may do it.
    #[error("{method} is not supported by this engine")]
    Unsupported {
        /// Rust name of the method.
        method: &'static str,
    },
    /// The engine was released; make a new one.
    #[error("{method}: the engine was released")]
    Released {
        /// Rust name of the method.
        method: &'static str,
    },
    /// The call needs a channel; call `join_channel` first.
    #[error("{method}: no channel was joined")]
    NotJoined {
        /// Rust name of the method.
        method: &'static str,
    },
    /// `join_channel` before `leave_channel`; leave first.
    #[error("join_channel: channel {channel:?} is joined already; leave it first")]
    AlreadyJoined {
        /// The channel that is joined.
        channel: String,
    },
    /// An argument is out of its range.
    #[error("{method}: {argument} {why}")]
    BadArgument {
        /// Rust name of the method.
        method: &'static str,
        /// Rust name of the argument.
        argument: &'static str,
        /// What is wrong with it, and what would be right.
        why: String,
    },
    /// The join token, channel, user or configuration is wrong before anything was sent.
    #[error("join_channel: {why} ({code})")]
    BadJoin {
        /// One of the `ERR_JOIN_...` codes.
        code: ErrorCode,
        /// What is wrong; never the token itself.
        why: String,
    },
    /// The external source was not switched on: call `set_external_video_source` or `set_external_audio_source` first.
    #[error("{method}: the external source is off; switch it on first")]
    SourceOff {
        /// Rust name of the method.
        method: &'static str,
    },
    /// Pushed too fast: wait for the duration of the chunk, then push the same chunk again (`ERR_AUDIO_BUFFER_FULL`).
    #[error("{method}: the engine's buffer is full; push the same data again after its own duration")]
    BufferFull {
        /// Rust name of the method.
        method: &'static str,
    },
    /// A picture that the engine does not take: too large, or bytes that do not fit its format.
    #[error("push_external_video_frame: {0}")]
    Sample(#[from] SampleError),
    /// PCM that the engine does not take.
    #[error("push_external_audio_frame_raw_data: {why}")]
    BadAudio {
        /// What is wrong, with the numbers.
        why: String,
    },
    /// The message is longer than the channel takes.
    #[error("{method}: message of {len} bytes, at most {limit} fit")]
    MessageTooLong {
        /// Rust name of the method.
        method: &'static str,
        /// Bytes that came.
        len: usize,
        /// Bytes that fit.
        limit: usize,
    },
    /// The call is not lawful now (a role change while publishing, a data message without an open channel ...).
    #[error("{method}: {why}")]
    InvalidState {
        /// Rust name of the method.
        method: &'static str,
        /// What stands in the way, and what to do first.
        why: String,
    },
    /// The backend failed.
    #[error("{method}: {why} ({code})")]
    Failed {
        /// Rust name of the method.
        method: &'static str,
        /// The documented code.
        code: ErrorCode,
        /// What happened.
        why: String,
    },
}

impl CallError {
    /// The number that the documents give for this refusal; never [`ErrorCode::Ok`].
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unsupported { .. } | Self::BadArgument { .. } | Self::MessageTooLong { .. } => ErrorCode::Fatal,
            Self::Released { .. } | Self::AlreadyJoined { .. } | Self::SourceOff { .. } | Self::InvalidState { .. } => {
                ErrorCode::SdkInvalidState
            }
            Self::NotJoined { method } if method.starts_with("subscribe") => ErrorCode::SubscribeNotJoinChannel,
            Self::NotJoined { method } if method.starts_with("push") => ErrorCode::PublishNotJoinChannel,
            Self::NotJoined { .. } => ErrorCode::SdkInvalidState,
            Self::BadJoin { code, .. } | Self::Failed { code, .. } => *code,
            Self::BufferFull { .. } => ErrorCode::AudioBufferFull,
            Self::Sample(_) => ErrorCode::VideoDataError,
            Self::BadAudio { .. } => ErrorCode::AudioDataError,
        }
    }
}

/// Why an engine could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The port range is empty.
    #[error("port range {low}..={high} is empty; the documents advise 42000..=45000")]
    PortRange {
        /// Lower end.
        low: u16,
        /// Upper end.
        high: u16,
    },
    /// The text of `extra` is no JSON object with known value types.
    #[error("extra: {0}")]
    Extra(#[from] crate::extra::ExtraError),
    /// Something outside is missing: a library, a program, a socket, a certificate store.
    #[error("{what}: {source}")]
    Environment {
        /// What was needed, with its name or path.
        what: String,
        /// Why it could not be had.
        #[source]
        source: std::io::Error,
    },
    /// A setting of the backend is wrong.
    #[error("{what}: {why}")]
    Setting {
        /// The setting.
        what: String,
        /// What is wrong and what would be right; never a secret.
        why: String,
    },
}
