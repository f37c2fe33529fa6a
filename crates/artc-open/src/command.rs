//! What the API asks of the session. Not the API itself, and nothing that comes back: that is an event.

use artc_bindings::{
    ClientRole, DataChannelMsg, JoinChannelConfig, RenderMode, ScreenShareEncoderConfiguration, Secret,
    VideoEncoderConfiguration, VideoSource, VideoStreamType, VideoTrack,
};

/// Commands that wait at most; more means that the session's thread is dead or somebody calls in a loop.
pub const DEPTH: usize = 1024;

/// A track that we can publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Local {
    /// The camera.
    Camera,
    /// The screen.
    Screen,
    /// The microphone.
    Microphone,
    /// The camera's small stream: a layer of the camera's track.
    Small,
}

impl From<VideoSource> for Local {
    fn from(source: VideoSource) -> Self {
        match source {
            VideoSource::Camera => Self::Camera,
            VideoSource::ScreenShare => Self::Screen,
        }
    }
}

/// What `join_channel` was called with.
#[derive(Clone, Debug)]
pub struct Join {
    /// The access token.
    pub token: Secret,
    /// Room.
    pub channel: String,
    /// Identity.
    pub user_id: String,
    /// Display name.
    pub user_name: String,
    /// The rest.
    pub config: JoinChannelConfig,
}

/// Something to do.
#[derive(Debug)]
pub enum Command {
    /// Join a channel.
    Join(Box<Join>),
    /// Leave it.
    Leave,
    /// Leave it at once and end the thread.
    Release,
    /// Start or stop publishing.
    Publish(Local, bool),
    /// An external source was switched on or off.
    Source(Local, bool),
    /// What to do where pushed pictures have another shape than the configured one.
    Render(Local, RenderMode),
    /// Stop or resume sending.
    Mute(Local, bool),
    /// Subscribe somebody's sound or stop.
    SubscribeAudio(String, bool),
    /// Subscribe somebody's video or stop.
    SubscribeVideo(String, VideoTrack, bool),
    /// Big or small stream of somebody.
    RemoteStream(String, VideoStreamType),
    /// Big or small stream of everybody to come.
    DefaultStream(VideoStreamType),
    /// Another role.
    Role(ClientRole),
    /// Encoding of the camera.
    CameraEncoding(VideoEncoderConfiguration),
    /// Encoding of the screen.
    ScreenEncoding(ScreenShareEncoderConfiguration),
    /// A message to all, as the documents have it.
    Data(DataChannelMsg),
    /// A message on the command plane.
    Message {
        /// To whom.
        to: String,
        /// What.
        data: Vec<u8>,
    },
    /// The answer to a call of LiveKit's RPC.
    Answer {
        /// Who called.
        to: String,
        /// The call.
        call: String,
        /// What.
        data: Vec<u8>,
    },
    /// A byte stream.
    Bytes {
        /// To whom.
        to: String,
        /// Topic.
        topic: String,
        /// File name.
        name: String,
        /// MIME type.
        mime: String,
        /// Content.
        bytes: Vec<u8>,
    },
    /// Switches of the documented data channel: send, receive.
    DataSwitches(Option<bool>, Option<bool>),
    /// Error when all broadcasters have stopped.
    LeaveOnceNoStreamer(bool),
    /// Error when nobody comes within so many seconds.
    CheckPeople(i32),
    /// A link came up or an address changed.
    NetworkChanged,
    /// A decoder needs a key frame of a remote track.
    RemoteKeyFrame(String),
}
