//! The way between an engine and a room of the same process: no sockets, no DTLS, no SRTP, no SDP. Signalling frames and data
//! packets are the same bytes as on the network; media goes as whole access units in and as RTP payloads out, with capture times.
//! Neither crate names the other: the room implements [`LocalRoom`], the engine uses it, the daemon puts them together.
//!
//! # How a session goes
//! 1. [`LocalRoom::join`] checks the token and gives a [`Link`]. What the network says in the query of the websocket is in
//!    [`LocalJoin`].
//! 2. The first message is [`FromRoom::Signal`] with a `JoinResponse`, then everything as over a websocket, except that `Offer`,
//!    `Answer`, `Trickle`, `MediaSectionsRequirement` and `Reconnect` never come and need not be sent. There is nothing to resume: a
//!    link ends with [`FromRoom::Closed`] or when it is dropped.
//! 3. Publishing: send `AddTrack`; with `TrackPublished` the track is there for everybody, and [`Frame`]s of its sid may follow.
//!    Simulcast: announce `layers` with rids and set [`Frame::rid`]. Unpublishing: [`ToRoom::Unpublish`].
//! 4. Subscribing: as `UpdateSubscription` and `auto_subscribe` say; media comes as [`FromRoom::Packet`].
//! 5. `SubscribedQualityUpdate` says whether anybody watches at all, [`FromRoom::KeyFrameWanted`] and [`FromRoom::Bandwidth`] what
//!    the encoder should do.
//!
//! # Bounds
//! Both directions are bounded. Towards the room a full link refuses ([`Refused::Full`]): frames that are refused are lost and
//! counted, what else is refused the engine keeps for a while. Towards the engine, media is dropped and counted when the engine does not take it, and a link that does not even
//! take signalling is closed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use str0m::media::Rid;
use tokio::sync::mpsc;

use crate::peer::{DataChannel, PlayoutDelay};

/// Messages that wait for the room: two seconds of a picture, its sound and some data.
const TO_ROOM: usize = 512;
/// Messages that wait for the engine: a key frame of a large picture is some 200 packets.
pub const FROM_ROOM: usize = 1024;

/// A room of the same process.
pub trait LocalRoom: Send + Sync + std::fmt::Debug {
    /// Joins. Returns at once; whether the room lets the bearer in shows in the first message.
    fn join(&self, join: LocalJoin) -> Result<Link, JoinRefused>;
}

/// What a participant says on joining.
#[derive(Clone, Default)]
pub struct LocalJoin {
    /// Access token.
    pub token: String,
    /// Receive every track without asking.
    pub auto_subscribe: bool,
    /// `client_protocol` shown to others; 0 asks for plain RPC packets.
    pub client_protocol: i32,
    /// Attributes to begin with, if the token lets the bearer set its own: nobody sees it without them.
    pub attributes: HashMap<String, String>,
}

impl std::fmt::Debug for LocalJoin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalJoin").field("auto_subscribe", &self.auto_subscribe).finish_non_exhaustive()
    }
}

/// Why the room does not even begin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefused {
    /// The token is no good; the text says why.
    #[error("the room refused the token: {0}")]
    Token(String),
    /// The token is of an app that the room does not know; the text says which.
    #[error("the room refused the token: {0}")]
    UnknownApp(String),
    /// The room server has stopped.
    #[error("the room server has stopped")]
    Stopped,
}

/// Names a link on the room's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u64);

/// To the room.
#[derive(Debug)]
pub enum ToRoom {
    /// A `SignalRequest` as the websocket would carry it ([`crate::signal::encode_request`]).
    Signal(Bytes),
    /// Media of a published track.
    Frame(Frame),
    /// A `DataPacket` as the data channel would carry it ([`crate::packet`]).
    Data(DataChannel, Bytes),
    /// A key frame of a received track is needed; the sid of the track.
    KeyFrame(Arc<str>),
    /// The published track with this sid ends.
    Unpublish(Arc<str>),
    /// The link ends. Sent by dropping its sender.
    Closed,
}

/// The bytes of a frame, shared with whoever made them.
#[derive(Clone)]
pub enum FrameData {
    /// H.264 access unit, Annex B.
    Picture(Arc<dyn AsRef<[u8]> + Send + Sync>),
    /// Opus frame.
    Sound(Arc<[u8]>),
}

impl std::fmt::Debug for FrameData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FrameData::Picture(data) => write!(f, "Picture({} bytes)", (**data).as_ref().len()),
            FrameData::Sound(data) => write!(f, "Sound({} bytes)", data.len()),
        }
    }
}

/// One access unit or one Opus frame of a published track.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Sid of the track, from `TrackPublished`.
    pub track: Arc<str>,
    /// Simulcast layer; none without simulcast.
    pub rid: Option<Rid>,
    /// What was captured.
    pub data: FrameData,
    /// RTP timestamp: 90 kHz for video, 48 kHz for audio, any origin.
    pub timestamp: u32,
    /// When that was, on the clock of `Instant`: the capture, not now.
    pub captured_at: Instant,
    /// When that was on the wall clock, for the abs-capture-time extension.
    pub captured: Option<SystemTime>,
    /// Playout delay extension.
    pub playout_delay: Option<PlayoutDelay>,
    /// Loudness in dBov (0 loudest, -127 silent) and whether it is speech.
    pub audio_level: Option<(i8, bool)>,
}

/// From the room.
#[derive(Clone, Debug)]
pub enum FromRoom {
    /// A `SignalResponse` as the websocket would carry it ([`crate::signal::decode_response`]).
    Signal(Bytes),
    /// Media of a received track.
    Packet(Packet),
    /// A `DataPacket`.
    Data(DataChannel, Bytes),
    /// Somebody cannot decode: the track with this sid (and layer) should send a key frame. At most twice a second.
    KeyFrameWanted {
        /// Sid of the published track.
        track: Arc<str>,
        /// Simulcast layer.
        rid: Option<Rid>,
    },
    /// What the path to the viewers carries, bit/s for all published video together; `None`: nobody has said. Decided by the slowest viewer,
    /// as all get the same.
    Bandwidth(Option<u64>),
    /// The room has ended the session; the `Leave` before it says why.
    Closed,
}

/// One RTP packet of a received track. Numbers are continuous for one subscription; there are gaps where the network lost some.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Sid of the track.
    pub track: Arc<str>,
    /// Tells subscriptions of one track apart: after an end and a new beginning the numbers begin anew.
    pub subscription: u64,
    /// Extended sequence number.
    pub seq: u64,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Last packet of a picture.
    pub marker: bool,
    /// When it arrived at the room.
    pub arrived: Instant,
    /// Wall-clock time of capture, if the sender says.
    pub captured: Option<SystemTime>,
    /// Loudness in dBov, if the sender says.
    pub audio_level: Option<i8>,
    /// RTP payload: an Opus frame, or a part of an access unit for [`crate::depacketize::Depacketizer`].
    pub payload: Arc<[u8]>,
}

/// Why the room does not take something.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The room is busy. The message comes back: what must not be lost can wait for [`LinkSender::ready`].
    #[error("link to the room is full")]
    Full(ToRoom),
    /// The session is over.
    #[error("link to the room is closed")]
    Closed,
}

/// An engine's session in a room of the same process.
#[derive(Debug)]
pub struct Link {
    /// Towards the room.
    pub sender: LinkSender,
    /// From the room.
    pub receiver: mpsc::Receiver<FromRoom>,
}

/// The sending half. Dropping it leaves the room.
#[derive(Debug)]
pub struct LinkSender {
    id: LinkId,
    sender: mpsc::Sender<(LinkId, ToRoom)>,
}

impl LinkSender {
    /// A sender whose messages carry `id`. For rooms.
    pub fn new(id: LinkId, sender: mpsc::Sender<(LinkId, ToRoom)>) -> Self {
        LinkSender { id, sender }
    }

    /// Sends a message, or says at once that it cannot. Frames that are refused are counted: they are lost, as on a network.
    pub fn send(&self, message: ToRoom) -> Result<(), Refused> {
        self.sender.try_send((self.id, message)).map_err(|error| match error {
            mpsc::error::TrySendError::Full((_, message)) => {
                if matches!(message, ToRoom::Frame(_)) {
                    metrics::counter!("artc_rtc_local_frames_dropped_total").increment(1);
                }
                Refused::Full(message)
            }
            mpsc::error::TrySendError::Closed(_) => Refused::Closed,
        })
    }

    /// Waits until there is room for a message, or the room has ended.
    pub async fn ready(&self) {
        drop(self.sender.reserve().await);
    }
}

impl Drop for LinkSender {
    fn drop(&mut self) {
        // Should the room be too busy to take it, it notices that nobody receives any more.
        let _ = self.sender.try_send((self.id, ToRoom::Closed));
    }
}

/// What links say to their room, with who says it.
pub type Said = (LinkId, ToRoom);

/// The queue of all links of a room: its receiving half for the room, its sending half for [`LinkSender::new`].
pub fn to_room() -> (mpsc::Sender<Said>, mpsc::Receiver<Said>) {
    mpsc::channel(TO_ROOM)
}
