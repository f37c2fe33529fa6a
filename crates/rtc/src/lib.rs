//! What engine and room share: a peer connection over str0m, the multiplexer of one UDP port, ICE-TCP framing, LiveKit's
//! signalling frames, its data packets and streams, and the in-process link between an engine and a room of the same process.
//!
//! Everything here is sans-IO: no socket, no thread, no clock. Whoever owns a socket gives datagrams and `now`, and carries out
//! what comes back. It is not for deciding who may do what (the room) nor for encoding or playing (the engine).
//!
//! # The one law
//! After every call that can change a [`Peer`] (anything taking `&mut self`), call [`Peer::poll`] until it answers
//! [`Output::Timeout`]; then wait for that instant or for the next datagram, whichever comes first.
//!
//! ```no_run
//! # fn socket_send(_: rtc::Transmit) {}
//! # let now: std::time::Instant = todo!();
//! let mut peer = rtc::Peer::new(&rtc::PeerConfig::default(), now);
//! let wake = loop {
//!     match peer.poll() {
//!         rtc::Output::Transmit(datagram) => socket_send(datagram),
//!         rtc::Output::Event(event) => println!("{event:?}"),
//!         rtc::Output::Timeout(at) => break at,
//!     }
//! };
//! # let _ = wake;
//! ```
#![forbid(unsafe_code)]

pub mod candidate;
pub mod depacketize;
pub mod framing;
pub mod h264;
pub mod local;
pub mod mux;
pub mod packet;
pub mod peer;
pub mod sdp;
pub mod signal;
pub mod stream;

pub use livekit_protocol as proto;
pub use peer::{
    AT_ONCE, Certificate, DataChannel, DataRefused, Event, MediaMode, NegotiationError, OutgoingFrame, OutgoingPacket, Output,
    Peer, PeerConfig, PlayoutDelay,
};
/// The peer connection library underneath, for its value types.
pub use str0m;
pub use str0m::Candidate;
pub use str0m::media::{Direction, MediaKind, MediaTime, Mid, Pt, Rid};
pub use str0m::net::{Protocol, Transmit};
pub use str0m::rtp::RtpPacket;

/// The signalling protocol version this code speaks; sent by clients as `protocol=` and by servers in the join response.
pub const PROTOCOL_VERSION: i32 = 16;
