//! All peer connections of the server behind its one media port: made, polled, found by datagram, closed. Not for what their
//! events mean.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rtc::mux::Mux;
use rtc::{Candidate, Event, Mid, Output, Peer, PeerConfig, Protocol, Rid, RtpPacket, Transmit};

use super::{ParticipantId, RoomId};

/// Deadlines of all connections are met on a common grid: what is due in the same few milliseconds costs one waking. Media does not
/// wait for it, only reports, retransmission on request, probes and time-outs do.
const GRID: Duration = Duration::from_millis(5);
/// Most times in a row that a connection may ask to be woken at once and then say nothing.
const IDLE_TURNS: u32 = 8;

/// Names a peer connection for the life of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PeerKey(u64);

/// What a participant uses the connection for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The client offers and sends.
    Publisher,
    /// The server offers and sends.
    Subscriber,
    /// One connection for both ways; the client offers.
    Both,
}

/// Whose connection it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner {
    pub(crate) room: RoomId,
    pub(crate) participant: ParticipantId,
    pub(crate) role: Role,
}

struct Slot {
    /// Ten kilobytes: in the table itself every free place would cost as much.
    peer: Box<Peer>,
    owner: Owner,
    wake: Instant,
    /// Waits in `dirty`.
    dirty: bool,
    /// Was changed from outside since time last passed for it.
    touched: bool,
}

/// The connections.
pub(crate) struct Peers {
    /// Where the grid of wake-ups begins.
    epoch: Option<Instant>,
    slots: HashMap<PeerKey, Slot>,
    mux: Mux<PeerKey>,
    dirty: VecDeque<PeerKey>,
    next: u64,
    config: PeerConfig,
    candidates: Vec<Candidate>,
}

impl Peers {
    pub(crate) fn new(config: PeerConfig) -> Self {
        Peers {
            epoch: None,
            slots: HashMap::new(),
            mux: Mux::default(),
            dirty: VecDeque::new(),
            next: 1,
            config,
            candidates: Vec::new(),
        }
    }

    /// Our addresses, for connections made from now on.
    pub(crate) fn set_candidates(&mut self, candidates: Vec<Candidate>) {
        self.candidates = candidates;
    }

    pub(crate) fn create(&mut self, owner: Owner, full_ice: bool, now: Instant) -> PeerKey {
        let key = PeerKey(self.next);
        self.next += 1;
        let config = PeerConfig { ice_lite: self.config.ice_lite && !full_ice, ..self.config.clone() };
        let mut peer = Box::new(Peer::new(&config, now));
        for candidate in &self.candidates {
            peer.add_local_candidate(candidate.clone());
        }
        self.mux.register(&peer.ufrag(), key);
        self.slots.insert(key, Slot { peer, owner, wake: now, dirty: false, touched: false });
        self.mark(key);
        metrics::gauge!("artc_room_peers").set(self.slots.len() as f64);
        key
    }

    /// The connection, for changing it.
    pub(crate) fn get(&mut self, key: PeerKey) -> Option<&mut Peer> {
        self.mark(key);
        self.slots.get_mut(&key).map(|slot| &mut *slot.peer)
    }

    /// The connection, for looking at it.
    pub(crate) fn look(&self, key: PeerKey) -> Option<&Peer> {
        self.slots.get(&key).map(|slot| &*slot.peer)
    }

    /// Section and layer of a received packet.
    pub(crate) fn stream_of(&mut self, key: PeerKey, packet: &RtpPacket) -> Option<(Mid, Option<Rid>)> {
        self.slots.get_mut(&key)?.peer.stream_of(packet)
    }

    pub(crate) fn owner(&self, key: PeerKey) -> Option<Owner> {
        self.slots.get(&key).map(|slot| slot.owner)
    }

    /// Must follow each negotiation: a restarted ICE has another user fragment.
    pub(crate) fn negotiated(&mut self, key: PeerKey) {
        if let Some(slot) = self.slots.get_mut(&key) {
            let ufrag = slot.peer.ufrag();
            self.mux.register(&ufrag, key);
        }
    }

    /// Says good-bye and forgets the connection.
    pub(crate) fn remove(&mut self, key: PeerKey, now: Instant, transmits: &mut Vec<Transmit>) {
        let Some(mut slot) = self.slots.remove(&key) else { return };
        slot.peer.close();
        slot.peer.handle_timeout(now);
        loop {
            match slot.peer.poll() {
                Output::Transmit(transmit) => transmits.push(transmit),
                Output::Event(_) => {}
                Output::Timeout(_) => break,
            }
        }
        self.mux.forget(key);
        metrics::gauge!("artc_room_peers").set(self.slots.len() as f64);
    }

    /// Gives a datagram to the connection it is for, and answers which that is. Its events must be drained at once.
    pub(crate) fn datagram(
        &mut self,
        protocol: Protocol,
        source: SocketAddr,
        local: SocketAddr,
        packet: &[u8],
        now: Instant,
    ) -> Option<PeerKey> {
        let key = self.mux.route(protocol, source, packet)?;
        let slot = self.slots.get_mut(&key)?;
        slot.peer.handle_datagram(now, protocol, source, local, packet);
        Some(key)
    }

    /// Forgets the address of a TCP connection that closed.
    pub(crate) fn tcp_closed(&mut self, source: SocketAddr) {
        self.mux.forget_address(Protocol::Tcp, source);
    }

    /// Marks the connections whose time has come.
    pub(crate) fn due(&mut self, now: Instant) {
        let due: Vec<PeerKey> = self.slots.iter().filter(|(_, slot)| slot.wake <= now).map(|(key, _)| *key).collect();
        for key in due {
            self.mark(key);
        }
    }

    /// The earliest time at which [`Peers::due`] has something to do.
    pub(crate) fn wake(&self) -> Option<Instant> {
        self.slots.values().map(|slot| slot.wake).min()
    }

    /// A connection with something to say.
    pub(crate) fn next_dirty(&mut self) -> Option<PeerKey> {
        while let Some(key) = self.dirty.pop_front() {
            if let Some(slot) = self.slots.get_mut(&key) {
                slot.dirty = false;
                return Some(key);
            }
        }
        None
    }

    /// The next event of one connection; datagrams go to `transmits`. `None` when it has nothing more to say.
    pub(crate) fn poll(&mut self, key: PeerKey, now: Instant, transmits: &mut Vec<Transmit>) -> Option<Event> {
        let slot = self.slots.get_mut(&key)?;
        if std::mem::take(&mut slot.touched) {
            slot.peer.handle_timeout(now);
        }
        // Packets come one by one, each after the time was told anew: a picture leaves in one go. A connection that wants to be woken
        // at once, again and again, without anything to say must not stop all others.
        let (mut idle_turns, mut time) = (0, now);
        loop {
            match slot.peer.poll() {
                Output::Transmit(transmit) => {
                    idle_turns = 0;
                    transmits.push(transmit);
                }
                Output::Event(event) => return Some(event),
                Output::Timeout(at) if at <= time + rtc::AT_ONCE && idle_turns < IDLE_TURNS => {
                    idle_turns += 1;
                    time = time.max(at);
                    slot.peer.handle_timeout(time);
                }
                Output::Timeout(at) => {
                    slot.wake = on_grid(*self.epoch.get_or_insert(now), at.max(now + Duration::from_micros(1)));
                    return None;
                }
            }
        }
    }

    fn mark(&mut self, key: PeerKey) {
        if let Some(slot) = self.slots.get_mut(&key) {
            slot.touched = true;
            if !std::mem::replace(&mut slot.dirty, true) {
                self.dirty.push_back(key);
            }
        }
    }
}

/// The first point of the grid at or after `at`.
fn on_grid(epoch: Instant, at: Instant) -> Instant {
    let since = at.saturating_duration_since(epoch).as_nanos();
    let points = since.div_ceil(GRID.as_nanos());
    u32::try_from(points).map_or(at, |points| epoch + GRID * points)
}
