//! When datagrams from our own addresses do not reach the server: asking the shell for TCP and for relays, and taking the
//! addresses that it finds that way or by STUN.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rtc::candidate;
use rtc::proto;
use rtc::signal::Request;
use rtc::{Candidate, Protocol};

use super::link::End;
use super::{Output, PeerKind, Session};

/// Datagrams have so long to get through before other ways are tried as well. A round trip or two suffices where nothing is in
/// the way; where something is, so much later there is a picture.
const PLAIN_FIRST: Duration = Duration::from_millis(1000);
/// TCP addresses of the server that are tried at most.
const MOST_DIALS: usize = 8;

/// One peer's search for a way to the server.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// The server's user fragment; another one means that ICE has begun anew.
    ufrag: String,
    /// Where the server waits for TCP.
    tcp: Vec<SocketAddr>,
    /// Since when there is no way.
    since: Option<Instant>,
    /// Other ways have been asked for.
    widened: bool,
}

impl Search {
    /// The server has described itself.
    pub(super) fn described(&mut self, sdp: &str, now: Instant) {
        if let Some(ufrag) = candidate::ufrag_in(sdp)
            && ufrag != self.ufrag
        {
            *self = Self { ufrag: ufrag.to_owned(), since: Some(now), ..Self::default() };
        }
        for found in candidate::in_description(sdp) {
            self.learn(&found);
        }
    }

    /// An address of the server. Answers where to connect at once, because other ways are being tried already.
    pub(super) fn learn(&mut self, candidate: &Candidate) -> Option<SocketAddr> {
        let address = candidate::tcp_passive(candidate)?;
        if self.tcp.len() >= MOST_DIALS || self.tcp.contains(&address) {
            return None;
        }
        self.tcp.push(address);
        Some(address).filter(|_| self.widened)
    }

    /// There is a way now, or there is none any more.
    pub(super) fn found(&mut self, found: bool, now: Instant) {
        if found {
            (self.since, self.widened) = (None, false);
        } else if !self.ufrag.is_empty() {
            self.since.get_or_insert(now);
        }
    }

    /// When other ways are due.
    pub(super) fn wake(&self) -> Option<Instant> {
        self.since.filter(|_| !self.widened).map(|since| since + PLAIN_FIRST)
    }
}

impl End {
    /// Asks for other ways when it is time for them.
    pub(super) fn widen(&mut self, kind: PeerKind, now: Instant) -> Vec<Output> {
        if self.search.wake().is_none_or(|at| now < at) {
            return Vec::new();
        }
        if self.peer.is_connected() {
            self.search.found(true, now);
            return Vec::new();
        }
        self.search.widened = true;
        metrics::counter!("artc_open_searches_widened_total").increment(1);
        tracing::info!(?kind, tcp = self.search.tcp.len(), "no way to the server by UDP so far; trying TCP and relays, too");
        let dials = self.search.tcp.iter().map(|to| Output::Dial(kind, *to));
        dials.chain([Output::Relay(kind)]).collect()
    }
}

impl Session {
    /// Another way to the server: an address of ours that STUN found, that a relay gave, or that a TCP connection has.
    pub fn add_way(&mut self, kind: PeerKind, candidate: Candidate) {
        self.ways.push((kind, candidate.clone()));
        let Some(link) = &mut self.link else { return };
        if !link.peer(kind).add_local_candidate(candidate.clone()) {
            return;
        }
        // Of a connection of ours the server knows by what comes over it.
        if candidate.proto() == Protocol::Udp && self.online() {
            self.trickle(kind, &candidate);
        }
    }

    /// A way is no more. What used it finds out by ICE.
    pub fn drop_way(&mut self, kind: PeerKind, address: SocketAddr) {
        self.ways.retain(|(of, candidate)| *of != kind || candidate.addr() != address);
    }

    pub(super) fn trickle(&mut self, kind: PeerKind, candidate: &Candidate) {
        let candidate_init = candidate::to_json(candidate, "0");
        self.signal(Request::Trickle(proto::TrickleRequest { candidate_init, target: kind.target(), ..Default::default() }));
    }
}
