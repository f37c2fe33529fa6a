//! The two peer connections of a join: publisher (we offer) and subscriber (the server offers), and their health.

use std::time::{Duration, Instant};

use artc_bindings::ConnectionStatusChangeReason as Reason;
use rtc::proto::SignalTarget;
use rtc::str0m::IceConnectionState;
use rtc::{Candidate, DataChannel, MediaMode, Output as PeerOutput, Peer, PeerConfig};

use super::Session;
use super::reach::Search;

/// A media path that does not come up within this time is tried anew from the start.
const UP_WITHIN: Duration = Duration::from_secs(15);
/// A media path that was up may be away for so long before it is given up; short losses heal by themselves.
const DOWN_FOR: Duration = Duration::from_secs(6);
/// A server that closes the media path says why on the signalling connection, which may take so much longer. Only one that says
/// nothing is joined anew: whoever was removed or replaced must not come back by himself.
const WHY_WITHIN: Duration = Duration::from_secs(1);
/// How often peers report statistics.
const STATISTICS: Duration = Duration::from_secs(1);
/// Where the estimate begins, bit/s: at what was configured, within these bounds. Loss shows less within a second; beginning low
/// would show every viewer a poor picture first.
pub(super) const START_BITRATE: std::ops::RangeInclusive<u64> = 500_000..=6_000_000;
/// A peer that wants attention so many times without time passing has run wild; it is left until the next input.
const MOST_TURNS: usize = 20_000;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeerKind {
    /// Carries what we send.
    Publisher,
    /// Carries what others send.
    Subscriber,
}

impl PeerKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Publisher, Self::Subscriber];

    pub(super) fn target(self) -> i32 {
        match self {
            Self::Publisher => SignalTarget::Publisher as i32,
            Self::Subscriber => SignalTarget::Subscriber as i32,
        }
    }
}

/// What comes out of the peers.
#[expect(clippy::large_enum_variant, reason = "moved out at once, a box would cost an allocation a packet")]
pub(super) enum Polled {
    Transmit(rtc::Transmit),
    Event(rtc::Event),
}

/// Both peers of one join.
pub(super) struct Link {
    pub(super) ends: [End; 2],
    born: Instant,
    /// The server has closed the media path.
    closed: Option<Instant>,
    /// Data channels are in the offers.
    pub(super) channels: bool,
    /// Something must be offered that is not yet.
    pub(super) dirty: bool,
    /// The next offer restarts ICE.
    pub(super) restart: bool,
    /// Our offer that waits for its answer.
    pub(super) offer: Option<String>,
    pub(super) offers: u32,
    /// The last answer that we gave, for the server's book-keeping on a resume.
    pub(super) answer: Option<String>,
}

pub(super) struct End {
    pub(super) peer: Peer,
    /// The other side has described itself: its candidates can be taken.
    described: bool,
    early: Vec<Candidate>,
    /// The way to the server, as long as there is none.
    pub(super) search: Search,
    down_since: Option<Instant>,
    wake: Instant,
    /// The time that the peer was told last; a little ahead of the clock while it sends.
    told: Instant,
    turns: usize,
}

impl End {
    fn new(config: &PeerConfig, now: Instant) -> Self {
        Self {
            peer: Peer::new(config, now),
            described: false,
            early: Vec::new(),
            search: Search::default(),
            down_since: None,
            wake: now,
            told: now,
            turns: 0,
        }
    }

    pub(super) fn describe(&mut self, sdp: &str, now: Instant) {
        self.described = true;
        self.search.described(sdp, now);
        for candidate in self.early.drain(..) {
            self.peer.add_remote_candidate(candidate);
        }
    }
}

impl Link {
    pub(super) fn peer(&mut self, kind: PeerKind) -> &mut Peer {
        &mut self.ends[kind as usize].peer
    }

    /// Both peers can still do something.
    pub(super) fn alive(&self) -> bool {
        self.ends.iter().all(|end| end.peer.is_alive())
    }

    /// A media path that was up is down.
    pub(super) fn down(&self) -> bool {
        self.ends.iter().any(|end| end.down_since.is_some())
    }

    /// What we send gets through, or is repaired once ICE has restarted.
    pub(super) fn up(&self) -> bool {
        self.ends[PeerKind::Publisher as usize].peer.is_established()
    }
}

impl Session {
    pub(super) fn make_link(&mut self, now: Instant) {
        let certificate = self.setup.certificate.clone();
        let publisher = PeerConfig {
            media: MediaMode::Packets,
            start_bitrate: Some(self.configured_bitrate().clamp(*START_BITRATE.start(), *START_BITRATE.end())),
            statistics: Some(STATISTICS),
            certificate: certificate.clone(),
            ..PeerConfig::default()
        };
        let subscriber = PeerConfig { certificate, vp8: true, ..PeerConfig::default() };
        let mut link = Link {
            ends: [End::new(&publisher, now), End::new(&subscriber, now)],
            born: now,
            closed: None,
            channels: false,
            dirty: true,
            restart: false,
            offer: None,
            offers: 0,
            answer: None,
        };
        for (kind, candidate) in self.candidates.iter().chain(&self.ways) {
            link.peer(*kind).add_local_candidate(candidate.clone());
        }
        self.link = Some(link);
    }

    pub(super) fn drop_link(&mut self) {
        if let Some(mut link) = self.link.take() {
            // The good-byes leave with the next poll of the shell; whoever misses them has time-outs.
            for kind in PeerKind::ALL {
                link.peer(kind).close();
                while let PeerOutput::Transmit(transmit) = link.peer(kind).poll() {
                    self.out.push_back(super::Output::Transmit(kind, transmit));
                }
            }
            self.ways.clear();
            self.out.push_back(super::Output::Renewed);
            self.publish_link_lost();
        }
        if self.local.take().is_some() {
            self.publish_link_lost();
        }
    }

    /// The addresses that we have now. New ones are told to the server; when one is gone the path over it is dead.
    pub fn set_candidates(&mut self, candidates: Vec<(PeerKind, Candidate)>, now: Instant) {
        let gone = self.candidates.iter().any(|known| !candidates.contains(known));
        let new: Vec<_> = candidates.iter().filter(|c| !self.candidates.contains(c)).cloned().collect();
        self.candidates = candidates;
        if self.link.is_none() {
            if !new.is_empty() {
                self.network_changed(now);
            }
            return;
        }
        let Some(link) = &mut self.link else { return };
        let mut told = Vec::new();
        for (kind, candidate) in new {
            if link.peer(kind).add_local_candidate(candidate.clone()) {
                told.push((kind, candidate));
            }
        }
        if self.online() {
            for (kind, candidate) in &told {
                self.trickle(*kind, candidate);
            }
        }
        if gone {
            self.path_lost("an address of ours is gone", now);
        } else if !told.is_empty() {
            self.network_changed(now);
        }
    }

    pub(super) fn remote_candidate(&mut self, kind: PeerKind, candidate: Candidate) {
        let Some(link) = &mut self.link else { return };
        let end = &mut link.ends[kind as usize];
        if let Some(waits) = end.search.learn(&candidate) {
            self.out.push_back(super::Output::Dial(kind, waits));
        }
        if end.described {
            end.peer.add_remote_candidate(candidate);
        } else if end.early.len() < 64 {
            end.early.push(candidate);
        }
    }

    /// A datagram came for one of the peers. What follows from it is taken up before the next one comes: a peer keeps one packet at
    /// a time, and a burst would overwrite all but the last.
    pub fn datagram(
        &mut self,
        kind: PeerKind,
        protocol: rtc::Protocol,
        source: std::net::SocketAddr,
        local: std::net::SocketAddr,
        bytes: &[u8],
        now: Instant,
    ) {
        let Some(link) = &mut self.link else { return };
        link.peer(kind).handle_datagram(now, protocol, source, local, bytes);
        while let Some((kind, output)) = self.poll_link(now) {
            match output {
                Polled::Transmit(transmit) => self.out.push_back(super::Output::Transmit(kind, transmit)),
                Polled::Event(event) => self.peer_event(kind, event, now),
            }
        }
    }

    pub(super) fn poll_link(&mut self, now: Instant) -> Option<(PeerKind, Polled)> {
        let link = self.link.as_mut()?;
        for kind in PeerKind::ALL {
            let end = &mut link.ends[kind as usize];
            loop {
                match end.peer.poll() {
                    PeerOutput::Transmit(transmit) => return Some((kind, Polled::Transmit(transmit))),
                    PeerOutput::Event(event) => return Some((kind, Polled::Event(event))),
                    // Paced packets come one by one, each after the time was told anew.
                    PeerOutput::Timeout(at) if at <= end.told.max(now) + rtc::AT_ONCE && end.turns < MOST_TURNS => {
                        end.turns += 1;
                        end.told = end.told.max(now).max(at);
                        end.peer.handle_timeout(end.told);
                    }
                    PeerOutput::Timeout(at) => {
                        end.turns = 0;
                        end.wake = at.max(now + Duration::from_micros(200));
                        break;
                    }
                }
            }
        }
        None
    }

    pub(super) fn link_wake(&self) -> Option<Instant> {
        let link = self.link.as_ref()?;
        let peers = link.ends.iter().map(|end| end.wake);
        let down = link.ends.iter().filter_map(|end| end.down_since).map(|at| at + DOWN_FOR);
        let up = (!link.up() && self.online()).then_some(link.born + UP_WITHIN);
        let closed = link.closed.map(|at| at + WHY_WITHIN);
        let searches = link.ends.iter().filter_map(|end| end.search.wake()).filter(|_| self.online());
        let down = down.chain(searches);
        peers.chain(down).chain(up).chain(closed).min()
    }

    pub(super) fn link_timeout(&mut self, now: Instant) {
        let online = self.online();
        let Some(link) = &mut self.link else { return };
        for end in &mut link.ends {
            if end.wake <= now {
                end.peer.handle_timeout(now);
            }
        }
        if online {
            for (kind, end) in PeerKind::ALL.into_iter().zip(&mut link.ends) {
                self.out.extend(end.widen(kind, now));
            }
        }
        let never_up = !link.up() && now >= link.born + UP_WITHIN;
        let down = link.ends.iter().any(|end| end.down_since.is_some_and(|at| now >= at + DOWN_FOR));
        let closed = link.closed.is_some_and(|at| now >= at + WHY_WITHIN);
        if online {
            if closed {
                link.closed = None;
                self.lost(Reason::MediaPath, "the server closed the media path", false, now);
            } else if never_up {
                link.born = now;
                self.lost(Reason::MediaPath, "no media path to the server; UDP and TCP may be blocked", false, now);
            } else if down {
                link.ends.iter_mut().for_each(|end| end.down_since = None);
                self.media_lost("the media path broke", now);
            }
        }
    }

    pub(super) fn peer_event(&mut self, kind: PeerKind, event: rtc::Event, now: Instant) {
        use rtc::Event as E;
        match event {
            E::Connected => {
                self.mark_down(kind, None, now);
                tracing::debug!(?kind, "media path up");
                if kind == PeerKind::Publisher {
                    self.media_up(now);
                }
            }
            E::Ice(IceConnectionState::Disconnected) => self.mark_down(kind, Some(now), now),
            E::Ice(IceConnectionState::Connected | IceConnectionState::Completed) => self.mark_down(kind, None, now),
            E::Closed => {
                if let Some(link) = &mut self.link {
                    link.closed.get_or_insert(now);
                }
            }
            E::Frame(frame) => self.arrived(frame, now),
            E::KeyFrameWanted { mid, rid } => self.key_wanted(mid, rid),
            E::Bandwidth(bps) => self.bandwidth(bps, now),
            E::BandwidthAsked { bitrate, .. } => self.bandwidth_asked(bitrate, now),
            E::Sending(stats) => self.sending(&stats),
            E::Transport(stats) => {
                if let Some(rtt) = stats.rtt {
                    self.setup.shared.network.set_rtt(rtt);
                }
            }
            E::Data { channel, data } if channel != DataChannel::Track => self.data_arrived(channel, &data, now),
            _ => {}
        }
    }

    fn mark_down(&mut self, kind: PeerKind, since: Option<Instant>, now: Instant) {
        if let Some(link) = &mut self.link {
            let end = &mut link.ends[kind as usize];
            // Only a path that was up can be down: on the way up the same state comes, too.
            let was_up = end.peer.is_established();
            end.search.found(since.is_none(), since.unwrap_or(now));
            end.down_since = since.filter(|_| was_up).or(end.down_since.filter(|_| since.is_some()));
        }
    }
}
