//! One peer connection: negotiation as text, media as frames or packets, data by channel, everything bounded and nothing fatal.
//! Not for sockets, for signalling, or for who may do what.

mod config;
mod data;
mod event;
mod media;
mod negotiation;
mod repeat;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Instant;

use bytes::Bytes;
use str0m::bwe::Bitrate;
use str0m::change::SdpPendingOffer;
use str0m::media::Mid;
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Input, Rtc};

pub use config::{Certificate, MediaMode, PeerConfig};
use data::DataQueues;
pub use data::{DataChannel, DataRefused, LOSSY_QUEUE, RELIABLE_QUEUE};
pub use event::{AT_ONCE, Event, Output};
pub use media::{OutgoingFrame, OutgoingPacket, PlayoutDelay};
pub use negotiation::NegotiationError;
use repeat::Repeats;

/// A peer connection, sans-IO. See the crate's one law.
pub struct Peer {
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    /// The source that carries what they send, by section: as many as sections fit into a description.
    sources: HashMap<Mid, u32>,
    data: DataQueues,
    repeats: Repeats,
    /// The latest time that we were told.
    now: Instant,
    closed_told: bool,
    established: bool,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("connected", &self.rtc.is_connected()).field("alive", &self.rtc.is_alive()).finish()
    }
}

impl Peer {
    /// A connection that knows nobody yet.
    pub fn new(config: &PeerConfig, now: Instant) -> Self {
        let mut rtc = config.build(now);
        if let Some(start) = config.start_bitrate {
            // Probes look for what is desired. Without this they would look for nothing, and find it.
            rtc.bwe().set_bitrate(Bitrate::ZERO, Bitrate::from(start));
        }
        let (sources, data, repeats) = (HashMap::new(), DataQueues::default(), Repeats::new(now));
        Peer { rtc, pending: None, sources, data, repeats, now, closed_told: false, established: false }
    }

    /// Our ICE user fragment now, for [`crate::mux::Mux::register`]. It changes when ICE restarts: ask again after each negotiation.
    pub fn ufrag(&mut self) -> String {
        self.rtc.direct_api().local_ice_credentials().ufrag
    }

    /// Adds an address of ours. Unlawful ones (0.0.0.0) are left out, answering false.
    pub fn add_local_candidate(&mut self, candidate: Candidate) -> bool {
        self.rtc.add_local_candidate(candidate).is_some()
    }

    /// Adds an address of theirs, see [`crate::candidate::parse`].
    pub fn add_remote_candidate(&mut self, candidate: Candidate) {
        self.rtc.add_remote_candidate(candidate);
    }

    /// Sends a message, or queues it while the channel is closed or full. Reliable data is refused when the queue is full, lossy
    /// data pushes the oldest out.
    pub fn send_data(&mut self, channel: DataChannel, data: Bytes) -> Result<(), DataRefused> {
        self.data.send(channel, data, &mut self.rtc)
    }

    /// Whether the channel is open.
    pub fn data_open(&self, channel: DataChannel) -> bool {
        self.data.is_open(channel)
    }

    /// Bytes waiting in the data queues.
    pub fn data_waiting(&self) -> usize {
        self.data.waiting()
    }

    /// Whether ICE and DTLS have been up: what is sent now leaves on the path of before, and what gets lost while ICE restarts is
    /// repaired on request.
    pub fn is_established(&self) -> bool {
        self.established && self.rtc.is_alive()
    }

    /// Whether ICE and DTLS are up.
    pub fn is_connected(&self) -> bool {
        self.rtc.is_connected()
    }

    /// Whether the connection can still do anything.
    pub fn is_alive(&self) -> bool {
        self.rtc.is_alive()
    }

    /// Takes a datagram that came for this peer; for TCP, a packet without its length. `local` is our address it came to, which
    /// must equal a local candidate's. Garbage is counted and forgotten.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        protocol: Protocol,
        source: std::net::SocketAddr,
        local: std::net::SocketAddr,
        datagram: &[u8],
    ) {
        self.now = now;
        let outcome = match Receive::new(protocol, source, local, datagram) {
            Ok(receive) => self.rtc.handle_input(Input::Receive(now, receive)).map_err(|e| e.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = outcome {
            metrics::counter!("artc_rtc_datagrams_refused_total").increment(1);
            tracing::debug!(error, "datagram refused");
        }
    }

    /// Lets time pass. Call when [`Output::Timeout`] is due, and after sending media.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        if let Err(error) = self.rtc.handle_input(Input::Timeout(now)) {
            tracing::debug!(%error, "peer connection failed");
            self.rtc.disconnect();
        }
    }

    /// Says good-bye to the other side. Poll until [`Peer::is_alive`] is false.
    pub fn close(&mut self) {
        if let Err(error) = self.rtc.close() {
            tracing::debug!(%error, "peer connection closed without good-bye");
            self.rtc.disconnect();
        }
    }
}
