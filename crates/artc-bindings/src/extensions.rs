//! What our engines can do beyond the documents. The vendor's engine has none of it.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crate::error::CallError;
use crate::track::{AudioTrack, VideoSource, VideoTrack};

/// Topic of the command plane.
pub const COMMAND_TOPIC: &str = "artc.rpc";

/// Longest message on the command plane.
pub const MAX_COMMAND_BYTES: usize = 1024 * 1024;

/// Abilities beyond the documented API, reached by [`Engine::extensions`](crate::Engine::extensions).
pub trait Extensions: Send + Sync {
    /// Sends a message to one user on the command plane (topic [`COMMAND_TOPIC`], reliable). Longest message: [`MAX_COMMAND_BYTES`].
    /// Above [`MAX_DATA_BYTES`](crate::MAX_DATA_BYTES) it goes in pieces (LiveKit: as a byte stream of that topic), which a shorter one
    /// may overtake; else in order. It reaches who is in the channel by then: see
    /// [`RemoteUserOnLineNotify`](crate::Event::RemoteUserOnLineNotify).
    fn send_command_message(&self, to: &str, data: &[u8]) -> Result<(), CallError>;

    /// Answers [`Event::CommandCall`](crate::Event::CommandCall). LiveKit's RPC carries answers of at most
    /// [`MAX_DATA_BYTES`](crate::MAX_DATA_BYTES); a longer one is told to the caller as LiveKit's error 1504.
    fn answer_command_call(&self, to: &str, call: &str, data: &[u8]) -> Result<(), CallError>;

    /// Sends bytes of any length to one user as a LiveKit byte stream (header, chunks of 15 kB, trailer).
    fn send_bytes(&self, to: &str, topic: &str, name: &str, mime: &str, bytes: Vec<u8>) -> Result<(), CallError>;

    /// Makes the next picture of a track one that a decoder can start from.
    fn request_key_frame(&self, source: VideoSource) -> Result<(), CallError>;

    /// Hands what is encoded of the camera (its big stream) and of the microphone to `tap`, too; `None` ends that. While there is one, both are
    /// encoded or passed through although nobody watches, the track is muted, or the channel is lost; their sources must have been switched
    /// on once. [`CallError::Unsupported`] by an engine that encodes nothing.
    fn set_tap(&self, tap: Option<Arc<dyn EncodedTap>>) -> Result<(), CallError>;

    /// Tells that a network link came up or an address changed: an engine that waits before it tries again tries now.
    fn network_changed(&self);

    /// What the engine counts.
    fn stats(&self) -> EngineStats;

    /// The loops of the engine that what is published passes, for whoever watches that none hangs: the name of each, and a number that
    /// changes whenever it turns, every second or two at least, and is odd while it waits; `u64::MAX` while there is no thread for it. Empty
    /// where the engine has none in this process.
    fn loops(&self) -> Vec<(&'static str, Arc<AtomicU64>)> {
        Vec::new()
    }

    /// Who is in the channel besides us.
    fn participants(&self) -> Vec<Participant>;
}

/// Takes what an engine encodes, before packets are made of it. Called on the engine's own threads, which it must not hold up.
pub trait EncodedTap: Send + Sync {
    /// An H.264 access unit, Annex B, captured at `captured_at` on `CLOCK_MONOTONIC`. A `key` frame brings its parameter sets; one that
    /// refers to a picture that is missing never comes. No B-frames.
    fn picture(&self, unit: &[u8], key: bool, captured_at: Duration);

    /// 20 ms of Opus; `time` counts samples of 48 kHz and wraps, `captured_at` is when the first of them was captured on `CLOCK_MONOTONIC`.
    fn sound(&self, packet: &[u8], time: u32, captured_at: Duration);
}

/// Another user of the channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Unique in the channel.
    pub identity: String,
    /// What people call them; may be empty.
    pub name: String,
    /// Published sound.
    pub audio_track: AudioTrack,
    /// Published video.
    pub video_track: VideoTrack,
}

/// Counters of an engine since it was made; rates and sizes as they are now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EngineStats {
    /// The published camera.
    pub video: VideoStats,
    /// The published sound.
    pub audio: AudioStats,
    /// The way to the server.
    pub network: NetworkStats,
}

/// Counters of published video. `pushed = encoded + passed_through + dropped + in flight`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct VideoStats {
    /// Pictures that the engine took.
    pub pushed: u64,
    /// Pictures that it dropped: encoder busy, nobody watching, muted, too fast for the target rate.
    pub dropped: u64,
    /// Pictures that it encoded.
    pub encoded: u64,
    /// Access units that it passed through without encoding.
    pub passed_through: u64,
    /// Key frames among them.
    pub key_frames: u64,
    /// Bytes of encoded video.
    pub bytes: u64,
    /// Encoded size now; 0 before the first picture.
    pub width: u32,
    /// Encoded size now; 0 before the first picture.
    pub height: u32,
    /// Frames a second over the last second.
    pub fps: f32,
    /// What congestion control asks of the encoder, kbit/s.
    pub target_kbps: u32,
    /// What encodes, or did last; `None` before the first picture.
    pub encoder: Option<&'static str>,
    /// CPU-independent time that encoding one picture takes, mean of the last second.
    pub encode_time: Duration,
}

/// Counters of published sound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AudioStats {
    /// 10 ms blocks that the engine took.
    pub pushed: u64,
    /// 10 ms blocks that it dropped.
    pub dropped: u64,
    /// Packets sent.
    pub packets: u64,
    /// Bytes of encoded sound.
    pub bytes: u64,
}

/// How the way to the server is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NetworkStats {
    /// Round trip time; zero when not known.
    pub rtt: Duration,
    /// Share of our packets that the other side misses, 0.0 to 1.0.
    pub loss: f32,
    /// What the network carries by estimate, kbit/s; 0 when not known.
    pub available_kbps: u32,
    /// Bytes sent on the wire.
    pub bytes_sent: u64,
    /// Bytes received from the wire.
    pub bytes_received: u64,
    /// Packets sent again on request.
    pub retransmissions: u64,
    /// Key-frame requests received.
    pub key_frame_requests: u64,
    /// Times the connection was lost and found again.
    pub reconnects: u64,
}
