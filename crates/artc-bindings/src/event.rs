//! What the engine tells: the 26 documented callbacks, and below them, marked, our extensions.

use std::fmt;
use std::time::Duration;

use crate::channel::ClientRole;
use crate::error::{ErrorCode, WarningCode};
use crate::frame::{AudioFrame, DataChannelMsg, VideoFrame};
use crate::track::{
    AudioTrack, ConnectionStatus, ConnectionStatusChangeReason, PublishState, SubscribeState, VideoSource, VideoStreamType,
    VideoTrack,
};

/// One callback of the engine, as a value on its [`EventQueue`](crate::EventQueue).
///
/// Events of one engine come in the order in which things happened. Source: seed 001, and seed 000 for the order of a quick start;
/// times since the last state are milliseconds there and [`Duration`]s here.
#[derive(Clone)]
#[non_exhaustive]
pub enum Event {
    /// The engine met an error that it does not repair by itself.
    #[doc(alias = "OnError")]
    Error {
        /// What.
        code: ErrorCode,
        /// In our words, for the log; may be empty.
        detail: String,
    },
    /// Something odd that the engine lives with.
    #[doc(alias = "OnWarning")]
    Warning {
        /// Always [`WarningCode::Default`]; the documents have no other.
        code: WarningCode,
        /// In our words, for the log.
        detail: String,
    },
    /// The join is decided.
    #[doc(alias = "OnJoinChannelResult")]
    JoinChannelResult {
        /// [`ErrorCode::Ok`], or why not; [`ErrorCode::Fatal`] (-1) when nobody came.
        result: ErrorCode,
        /// Channel of the join.
        channel: String,
        /// User of the join.
        user_id: String,
    },
    /// A message of another user.
    #[doc(alias = "OnDataChannelMsg")]
    DataChannelMsg {
        /// Who sent it.
        uid: String,
        /// The message.
        msg: DataChannelMsg,
    },
    /// The channel was left. Does not come when the engine is released straight after `leave_channel`.
    #[doc(alias = "OnLeaveChannelResult")]
    LeaveChannelResult {
        /// [`ErrorCode::Ok`], or what went wrong; the channel is left either way.
        result: ErrorCode,
    },
    /// Somebody is there: any user in Communication, broadcasters in the interactive profiles; once per user who was there
    /// before us, too.
    #[doc(alias = "OnRemoteUserOnLineNotify")]
    RemoteUserOnLineNotify {
        /// Who.
        uid: String,
    },
    /// Somebody left, became a viewer, or was not heard of for too long.
    #[doc(alias = "OnRemoteUserOffLineNotify")]
    RemoteUserOffLineNotify {
        /// Who.
        uid: String,
    },
    /// What a user publishes has changed.
    #[doc(alias = "OnRemoteTrackAvailableNotify")]
    RemoteTrackAvailableNotify {
        /// Who.
        uid: String,
        /// Their sound now.
        audio_track: AudioTrack,
        /// Their video now.
        video_track: VideoTrack,
    },
    /// Subscription of a user's sound.
    #[doc(alias = "OnAudioSubscribeStateChanged")]
    AudioSubscribeStateChanged(SubscribeChange),
    /// Subscription of a user's camera.
    #[doc(alias = "OnVideoSubscribeStateChanged")]
    VideoSubscribeStateChanged(SubscribeChange),
    /// Big or small stream of a user's camera.
    #[doc(alias = "OnSubscribeStreamTypeChanged")]
    SubscribeStreamTypeChanged {
        /// Who.
        uid: String,
        /// Before; `None` = not subscribed.
        old_stream_type: VideoStreamType,
        /// Now.
        new_stream_type: VideoStreamType,
        /// Time in the old state.
        #[doc(alias = "elapseSinceLastState")]
        elapse_since_last_state: Duration,
        /// Our channel.
        channel: String,
    },
    /// Subscription of a user's screen.
    #[doc(alias = "OnScreenShareSubscribeStateChanged")]
    ScreenShareSubscribeStateChanged(SubscribeChange),
    /// Publishing of our screen.
    #[doc(alias = "OnScreenSharePublishStateChanged")]
    ScreenSharePublishStateChanged(PublishChange),
    /// Publishing of our small stream.
    #[doc(alias = "OnDualStreamPublishStateChanged")]
    DualStreamPublishStateChanged(PublishChange),
    /// Publishing of our camera.
    #[doc(alias = "OnVideoPublishStateChanged")]
    VideoPublishStateChanged(PublishChange),
    /// Publishing of our sound.
    #[doc(alias = "OnAudioPublishStateChanged")]
    AudioPublishStateChanged(PublishChange),
    /// Sound of one user (before mixing).
    #[doc(alias = "OnSubscribeAudioFrame")]
    SubscribeAudioFrame {
        /// Who.
        uid: String,
        /// PCM.
        frame: AudioFrame,
    },
    /// Sound of all users; silence in an empty channel.
    #[doc(alias = "OnSubscribeMixAudioFrame")]
    SubscribeMixAudioFrame {
        /// PCM.
        frame: AudioFrame,
    },
    /// A decoded picture of a user.
    #[doc(alias = "OnRemoteVideoSample")]
    RemoteVideoSample {
        /// Who.
        uid: String,
        /// I420.
        frame: VideoFrame,
    },
    /// A picture of a user before decoding.
    #[doc(alias = "OnRemoteVideoEncodedSample")]
    RemoteVideoEncodedSample {
        /// Who.
        uid: String,
        /// Annex B access unit.
        frame: VideoFrame,
    },
    /// An SEI message of a user; with repetition it comes several times.
    #[doc(alias = "OnMediaExtensionMsgReceived")]
    MediaExtensionMsgReceived {
        /// Who.
        user_id: String,
        /// The message.
        message: Vec<u8>,
    },
    /// Our role has changed; not when it was set to what it is.
    #[doc(alias = "OnUpdateRoleNotify")]
    UpdateRoleNotify {
        /// Before.
        old_role: ClientRole,
        /// Now.
        new_role: ClientRole,
    },
    /// Sound of one user as AAC.
    #[doc(alias = "OnSubscribeAudioAac")]
    SubscribeAudioAac {
        /// Who.
        uid: String,
        /// ADTS.
        frame: AudioFrame,
    },
    /// Sound of all users as AAC.
    #[doc(alias = "OnSubscribeMixedAudioAac")]
    SubscribeMixedAudioAac {
        /// ADTS.
        frame: AudioFrame,
    },
    /// Whether pushed sound finds room in the engine's buffer.
    #[doc(alias = "OnPushAudioFrameBufferFull")]
    PushAudioFrameBufferFull {
        /// Stop pushing for a while, or go on.
        is_full: bool,
    },
    /// Whether pushed pictures find room in the engine's buffer.
    #[doc(alias = "OnPushVideoFrameBufferFull")]
    PushVideoFrameBufferFull {
        /// Stop pushing for a while, or go on.
        is_full: bool,
    },

    // --- Extensions: not among the documents' 26 callbacks. Engines without them never send them. ---
    /// Extension: a message on the command plane (topic `artc.rpc`).
    CommandMessage {
        /// Who sent it.
        uid: String,
        /// The message, a JSON-RPC 2.0 object if it is well-formed.
        data: Vec<u8>,
    },
    /// Extension: a call of LiveKit's RPC of the method `artc.rpc`; the caller waits until it is answered.
    CommandCall {
        /// Who calls.
        uid: String,
        /// The call, for [`Extensions::answer_command_call`](crate::Extensions::answer_command_call).
        call: String,
        /// Its payload, a JSON-RPC 2.0 object if it is well-formed.
        data: Vec<u8>,
    },
    /// Extension: the role for commands that a participant's token names, in the attribute `artc.command.role`. Only of participants
    /// who may not change their attributes themselves, and could not since they joined; told before the first message, and at every
    /// change.
    CommandRole {
        /// Who has it.
        uid: String,
        /// The name of the role; none when there is none any more.
        role: Option<String>,
    },
    /// Extension: the connection changed (the documents' `OnConnectionStatusChanged` of SDK 7.x).
    #[doc(alias = "OnConnectionStatusChanged")]
    ConnectionState {
        /// Now.
        status: ConnectionStatus,
        /// Why.
        reason: ConnectionStatusChangeReason,
        /// In our words, for the log and the status page; may be empty, never a secret.
        detail: String,
    },
    /// Extension: somebody watches our video, or nobody does and the encoder and the camera may rest. Told at every change; until it
    /// is told for the first time, somebody may be watching.
    StreamNeeded(bool),
    /// Extension: a receiver needs a key frame and the engine cannot make one, because the camera encodes by itself.
    KeyFrameNeeded {
        /// Which track.
        source: VideoSource,
    },
    /// Extension: what the network carries, for a camera that encodes by itself.
    TargetBitrate {
        /// Which track.
        source: VideoSource,
        /// kbit/s.
        kbps: u32,
    },
}

/// A change of what we publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishChange {
    /// Before.
    #[doc(alias = "oldState")]
    pub old_state: PublishState,
    /// Now.
    #[doc(alias = "newState")]
    pub new_state: PublishState,
    /// Time in the old state.
    #[doc(alias = "elapseSinceLastState")]
    pub elapse_since_last_state: Duration,
    /// Our channel.
    pub channel: String,
}

/// A change of what we subscribe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscribeChange {
    /// Whose track.
    pub uid: String,
    /// Before.
    #[doc(alias = "oldState")]
    pub old_state: SubscribeState,
    /// Now.
    #[doc(alias = "newState")]
    pub new_state: SubscribeState,
    /// Time in the old state.
    #[doc(alias = "elapseSinceLastState")]
    pub elapse_since_last_state: Duration,
    /// Our channel.
    pub channel: String,
}

/// How the queue treats an event when its reader is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventClass {
    /// Says how things stand: never dropped.
    State,
    /// Somebody's message: bounded, the newest is refused.
    Message,
    /// Sound and pictures: the newest wins.
    Media,
}

impl Event {
    /// How the queue treats this event.
    pub const fn class(&self) -> EventClass {
        match self {
            Self::SubscribeAudioFrame { .. }
            | Self::SubscribeMixAudioFrame { .. }
            | Self::RemoteVideoSample { .. }
            | Self::RemoteVideoEncodedSample { .. }
            | Self::SubscribeAudioAac { .. }
            | Self::SubscribeMixedAudioAac { .. } => EventClass::Media,
            Self::DataChannelMsg { .. }
            | Self::MediaExtensionMsgReceived { .. }
            | Self::CommandMessage { .. }
            | Self::CommandCall { .. } => EventClass::Message,
            _ => EventClass::State,
        }
    }

    /// The documented name of the callback; extensions have their own.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Error { .. } => "OnError",
            Self::Warning { .. } => "OnWarning",
            Self::JoinChannelResult { .. } => "OnJoinChannelResult",
            Self::DataChannelMsg { .. } => "OnDataChannelMsg",
            Self::LeaveChannelResult { .. } => "OnLeaveChannelResult",
            Self::RemoteUserOnLineNotify { .. } => "OnRemoteUserOnLineNotify",
            Self::RemoteUserOffLineNotify { .. } => "OnRemoteUserOffLineNotify",
            Self::RemoteTrackAvailableNotify { .. } => "OnRemoteTrackAvailableNotify",
            Self::AudioSubscribeStateChanged(_) => "OnAudioSubscribeStateChanged",
            Self::VideoSubscribeStateChanged(_) => "OnVideoSubscribeStateChanged",
            Self::SubscribeStreamTypeChanged { .. } => "OnSubscribeStreamTypeChanged",
            Self::ScreenShareSubscribeStateChanged(_) => "OnScreenShareSubscribeStateChanged",
            Self::ScreenSharePublishStateChanged(_) => "OnScreenSharePublishStateChanged",
            Self::DualStreamPublishStateChanged(_) => "OnDualStreamPublishStateChanged",
            Self::VideoPublishStateChanged(_) => "OnVideoPublishStateChanged",
            Self::AudioPublishStateChanged(_) => "OnAudioPublishStateChanged",
            Self::SubscribeAudioFrame { .. } => "OnSubscribeAudioFrame",
            Self::SubscribeMixAudioFrame { .. } => "OnSubscribeMixAudioFrame",
            Self::RemoteVideoSample { .. } => "OnRemoteVideoSample",
            Self::RemoteVideoEncodedSample { .. } => "OnRemoteVideoEncodedSample",
            Self::MediaExtensionMsgReceived { .. } => "OnMediaExtensionMsgReceived",
            Self::UpdateRoleNotify { .. } => "OnUpdateRoleNotify",
            Self::SubscribeAudioAac { .. } => "OnSubscribeAudioAac",
            Self::SubscribeMixedAudioAac { .. } => "OnSubscribeMixedAudioAac",
            Self::PushAudioFrameBufferFull { .. } => "OnPushAudioFrameBufferFull",
            Self::PushVideoFrameBufferFull { .. } => "OnPushVideoFrameBufferFull",
            Self::CommandMessage { .. } => "CommandMessage",
            Self::CommandCall { .. } => "CommandCall",
            Self::CommandRole { .. } => "CommandRole",
            Self::ConnectionState { .. } => "ConnectionState",
            Self::StreamNeeded(_) => "StreamNeeded",
            Self::KeyFrameNeeded { .. } => "KeyFrameNeeded",
            Self::TargetBitrate { .. } => "TargetBitrate",
        }
    }
}

/// Shows what a log line needs: messages by length, media without bytes.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct(self.name());
        match self {
            Self::Error { code, detail } => s.field("code", code).field("detail", detail),
            Self::Warning { code, detail } => s.field("code", code).field("detail", detail),
            Self::JoinChannelResult { result, channel, user_id } => {
                s.field("result", result).field("channel", channel).field("user_id", user_id)
            }
            Self::DataChannelMsg { uid, msg } => s.field("uid", uid).field("msg", msg),
            Self::LeaveChannelResult { result } => s.field("result", result),
            Self::RemoteUserOnLineNotify { uid } | Self::RemoteUserOffLineNotify { uid } => s.field("uid", uid),
            Self::RemoteTrackAvailableNotify { uid, audio_track, video_track } => {
                s.field("uid", uid).field("audio_track", audio_track).field("video_track", video_track)
            }
            Self::AudioSubscribeStateChanged(c)
            | Self::VideoSubscribeStateChanged(c)
            | Self::ScreenShareSubscribeStateChanged(c) => {
                s.field("uid", &c.uid).field("old_state", &c.old_state).field("new_state", &c.new_state)
            }
            Self::SubscribeStreamTypeChanged { uid, old_stream_type, new_stream_type, .. } => {
                s.field("uid", uid).field("old", old_stream_type).field("new", new_stream_type)
            }
            Self::ScreenSharePublishStateChanged(c)
            | Self::DualStreamPublishStateChanged(c)
            | Self::VideoPublishStateChanged(c)
            | Self::AudioPublishStateChanged(c) => s.field("old_state", &c.old_state).field("new_state", &c.new_state),
            Self::SubscribeAudioFrame { uid, frame } | Self::SubscribeAudioAac { uid, frame } => {
                s.field("uid", uid).field("frame", frame)
            }
            Self::SubscribeMixAudioFrame { frame } | Self::SubscribeMixedAudioAac { frame } => s.field("frame", frame),
            Self::RemoteVideoSample { uid, frame } | Self::RemoteVideoEncodedSample { uid, frame } => {
                s.field("uid", uid).field("frame", frame)
            }
            Self::MediaExtensionMsgReceived { user_id, message } => s.field("user_id", user_id).field("len", &message.len()),
            Self::UpdateRoleNotify { old_role, new_role } => s.field("old_role", old_role).field("new_role", new_role),
            Self::PushAudioFrameBufferFull { is_full } | Self::PushVideoFrameBufferFull { is_full } => {
                s.field("is_full", is_full)
            }
            Self::CommandMessage { uid, data } => s.field("uid", uid).field("len", &data.len()),
            Self::CommandCall { uid, call, data } => s.field("uid", uid).field("call", call).field("len", &data.len()),
            Self::CommandRole { uid, role } => s.field("uid", uid).field("role", role),
            Self::ConnectionState { status, reason, detail } => {
                s.field("status", status).field("reason", reason).field("detail", detail)
            }
            Self::StreamNeeded(needed) => s.field("needed", needed),
            Self::KeyFrameNeeded { source } => s.field("source", source),
            Self::TargetBitrate { source, kbps } => s.field("source", source).field("kbps", kbps),
        };
        s.finish()
    }
}
