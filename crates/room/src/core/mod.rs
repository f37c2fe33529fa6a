//! The room server without its sockets: rooms, participants, tracks and peer connections as one state machine that takes
//! messages, datagrams and `now`, and gives messages and datagrams back. Not for HTTP, and not for telling the time.

mod announce;
pub(crate) mod api;
mod data;
mod forwarder;
mod joining;
pub(crate) mod limits;
mod local;
mod participant;
mod peers;
mod publish;
mod quality;
mod relay;
mod room;
mod subscribe;
#[cfg(test)]
mod tests;
mod track;
mod vp8;
pub(crate) mod whip;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use rtc::local::{FromRoom, ToRoom};
use rtc::proto::{DisconnectReason, ReconnectResponse, leave_request};
use rtc::signal::{Request, Response};
use rtc::{Candidate, Event, PeerConfig, Protocol, Transmit};

use crate::stats::{Ledger, Refused};
use crate::token::{Claims, Key, TokenError};
use limits::Rate;
pub(crate) use participant::{ClientTraits, Way};
use peers::{PeerKey, Peers};
use room::Room;

/// Names a room for the life of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RoomId(u64);

/// Names a participant for the life of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ParticipantId(u64);

/// Names a track for the life of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TrackId(u64);

/// Names a websocket; given by the web server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ConnId(pub(crate) u64);

/// The clock, as the shell read it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) now: Instant,
    pub(crate) wall: SystemTime,
}

impl Moment {
    pub(crate) fn unix_ms(&self) -> i64 {
        let since = self.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

/// What the state machine wants done.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) transmits: Vec<Transmit>,
    pub(crate) signals: Vec<(ConnId, Signal)>,
    /// For engines of this process, besides signalling.
    pub(crate) links: Vec<(ConnId, FromRoom)>,
    /// When the first whole picture was there to be shown.
    pub(crate) first_picture: Option<Instant>,
}

/// For a websocket.
#[derive(Clone, Debug)]
pub(crate) enum Signal {
    /// Send this frame.
    Frame(Bytes),
    /// Close it with a proper close frame.
    Close,
}

impl Outbox {
    pub(crate) fn send(&mut self, conn: Option<ConnId>, message: Response) {
        if let Some(conn) = conn {
            self.signals.push((conn, Signal::Frame(rtc::signal::encode_response(message))));
        }
    }

    pub(crate) fn close(&mut self, conn: Option<ConnId>) {
        if let Some(conn) = conn {
            self.signals.push((conn, Signal::Close));
        }
    }
}

/// What does not change while the server runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) key: Key,
    pub(crate) max_rooms: usize,
    pub(crate) max_participants: usize,
    pub(crate) max_joins_per_second: u32,
    pub(crate) remote_unmute: bool,
    pub(crate) ledger: Arc<Ledger>,
}

/// A participant who wants in.
#[derive(Debug)]
pub(crate) struct Join {
    pub(crate) conn: ConnId,
    pub(crate) claims: Claims,
    pub(crate) way: Way,
    pub(crate) traits: ClientTraits,
    /// Resume of the session with this sid.
    pub(crate) resume: Option<String>,
    /// One connection: the first offer, and the tracks announced with it.
    pub(crate) offer: Option<rtc::proto::SessionDescription>,
    pub(crate) add_tracks: Vec<rtc::proto::AddTrackRequest>,
    pub(crate) sync: Option<rtc::proto::SyncState>,
}

/// Why somebody may not join. The web server asks before it accepts the websocket.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JoinRefused {
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("the server holds its limit of {0} rooms")]
    TooManyRooms(usize),
    #[error("room {room:?} holds its limit of {limit} participants")]
    RoomFull { room: String, limit: usize },
    #[error("more than {0} joins a second: try again in a moment")]
    TooFast(u32),
}

/// The state machine.
pub(crate) struct Core {
    settings: Settings,
    rooms: HashMap<RoomId, Room>,
    names: HashMap<String, RoomId>,
    conns: HashMap<ConnId, (RoomId, ParticipantId)>,
    peers: Peers,
    pub(crate) out: Outbox,
    next_id: u64,
    joins: Rate,
}

/// What a room may use while it works.
pub(crate) struct Cx<'a> {
    pub(crate) at: Moment,
    pub(crate) settings: &'a Settings,
    pub(crate) peers: &'a mut Peers,
    pub(crate) out: &'a mut Outbox,
    pub(crate) next_id: &'a mut u64,
}

impl Cx<'_> {
    pub(crate) fn now(&self) -> Instant {
        self.at.now
    }

    pub(crate) fn id(&mut self) -> u64 {
        *self.next_id += 1;
        *self.next_id
    }
}

impl Core {
    pub(crate) fn new(settings: Settings, peer: PeerConfig) -> Self {
        Core {
            joins: Rate::new(settings.max_joins_per_second),
            settings,
            rooms: HashMap::new(),
            names: HashMap::new(),
            conns: HashMap::new(),
            peers: Peers::new(peer),
            out: Outbox::default(),
            next_id: 0,
        }
    }

    /// Where everything is counted.
    pub(crate) fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.settings.ledger)
    }

    /// Rooms, participants and tracks.
    pub(crate) fn census(&self) -> (usize, usize, usize) {
        let participants = self.rooms.values().map(|room| room.participants.len()).sum();
        let tracks = self.rooms.values().map(|room| room.tracks.len()).sum();
        (self.rooms.len(), participants, tracks)
    }

    /// Addresses of the media port, told to everybody who joins from now on.
    pub(crate) fn set_candidates(&mut self, candidates: Vec<Candidate>) {
        self.peers.set_candidates(candidates);
    }

    /// Whether a join would be let in now. Counts against the rate of joins.
    pub(crate) fn admit(&mut self, claims: &Claims, at: Moment) -> Result<(), JoinRefused> {
        let grant = claims.joins()?;
        if !self.joins.take(at.now) {
            return Err(JoinRefused::TooFast(self.settings.max_joins_per_second));
        }
        match self.names.get(&grant.room).and_then(|id| self.rooms.get(id)) {
            None if self.rooms.len() >= self.settings.max_rooms => Err(JoinRefused::TooManyRooms(self.settings.max_rooms)),
            None => Ok(()),
            Some(room) => room.admit(&claims.sub, self.settings.max_participants),
        }
    }

    /// Lets somebody in whom [`Core::admit`] admitted, or resumes a session.
    pub(crate) fn join(&mut self, join: Join, at: Moment) {
        let name = join.claims.video.as_ref().map(|grant| grant.room.clone()).unwrap_or_default();
        let conn = join.conn;
        if let Some(sid) = &join.resume {
            let known = self
                .names
                .get(&name)
                .copied()
                .filter(|id| self.rooms.get(id).is_some_and(|room| room.can_resume(sid, &join.claims.sub, join.way)));
            let Some(id) = known else {
                self.settings.ledger.refused(Refused::Resume, "gone");
                self.out.send(Some(conn), leave(DisconnectReason::StateMismatch, leave_request::Action::Reconnect));
                self.out.close(Some(conn));
                return;
            };
            if let Some(participant) = self.with_room(id, at, |room, cx| room.resume(cx, join)).flatten() {
                self.conns.insert(conn, (id, participant));
            }
        } else {
            let id = self.room_named(&name, at);
            if let Some(participant) = self.with_room(id, at, |room, cx| room.join(cx, join)) {
                self.conns.insert(conn, (id, participant));
            }
        }
    }

    /// A frame came over a websocket.
    pub(crate) fn signal(&mut self, conn: ConnId, message: Request, at: Moment) {
        let Some(&(id, participant)) = self.conns.get(&conn) else { return };
        self.with_room(id, at, |room, cx| room.signal(cx, participant, conn, message));
    }

    /// A websocket ended.
    pub(crate) fn signal_closed(&mut self, conn: ConnId, at: Moment) {
        let Some((id, participant)) = self.conns.remove(&conn) else { return };
        self.with_room(id, at, |room, cx| room.signal_lost(cx, participant, conn));
    }

    /// An engine of this process said something over its link.
    pub(crate) fn link(&mut self, conn: ConnId, message: ToRoom, at: Moment) {
        let Some(&(id, participant)) = self.conns.get(&conn) else { return };
        self.with_room(id, at, |room, cx| room.link(cx, participant, conn, message));
    }

    /// A datagram (or a packet over TCP) came to the media port. Answers whether it is anybody's.
    pub(crate) fn datagram(
        &mut self,
        protocol: Protocol,
        source: SocketAddr,
        local: SocketAddr,
        packet: &[u8],
        at: Moment,
    ) -> bool {
        let Some(key) = self.peers.datagram(protocol, source, local, packet, at.now) else {
            self.settings.ledger.stranger();
            return false;
        };
        self.drain(key, at);
        true
    }

    /// A TCP connection of the media port closed.
    pub(crate) fn tcp_closed(&mut self, source: SocketAddr) {
        self.peers.tcp_closed(source);
    }

    /// Time passed.
    pub(crate) fn tick(&mut self, at: Moment) {
        self.peers.due(at.now);
        let due: Vec<RoomId> = self.rooms.iter().filter(|(_, room)| room.wake() <= at.now).map(|(id, _)| *id).collect();
        for id in due {
            self.with_room(id, at, Room::tick);
            if self.rooms.get(&id).is_some_and(Room::is_over)
                && let Some(room) = self.rooms.remove(&id)
            {
                self.names.remove(room.name());
                metrics::gauge!("artc_room_rooms").set(self.rooms.len() as f64);
                tracing::info!(room = room.name(), "room closed");
            }
        }
        let rooms = &self.rooms;
        self.conns.retain(|_, (id, participant)| rooms.get(id).is_some_and(|room| room.has(*participant)));
    }

    /// When [`Core::tick`] must be called.
    pub(crate) fn wake(&self) -> Option<Instant> {
        self.rooms.values().map(Room::wake).chain(self.peers.wake()).min()
    }

    /// Says good-bye to everybody.
    pub(crate) fn shut_down(&mut self, at: Moment) {
        let ids: Vec<RoomId> = self.rooms.keys().copied().collect();
        for id in ids {
            self.with_room(id, at, |room, cx| room.close(cx, DisconnectReason::ServerShutdown));
        }
    }

    /// Lets the next connection that was changed say what it has to say. Answers false when all is quiet. To be called until then after
    /// everything else that is called here; what the outbox holds may be carried out in between, so that what is for one viewer is
    /// under way before the next one's is made.
    pub(crate) fn settle(&mut self, at: Moment) -> bool {
        let Some(key) = self.peers.next_dirty() else { return false };
        self.drain(key, at);
        true
    }

    fn drain(&mut self, key: PeerKey, at: Moment) {
        while let Some(event) = self.peers.poll(key, at.now, &mut self.out.transmits) {
            self.event(key, event, at);
        }
    }

    fn event(&mut self, key: PeerKey, event: Event, at: Moment) {
        let Some(owner) = self.peers.owner(key) else { return };
        self.with_room(owner.room, at, |room, cx| room.event(cx, owner, key, event));
    }

    fn with_room<T>(&mut self, id: RoomId, at: Moment, work: impl FnOnce(&mut Room, &mut Cx<'_>) -> T) -> Option<T> {
        let room = self.rooms.get_mut(&id)?;
        let mut cx = Cx { at, settings: &self.settings, peers: &mut self.peers, out: &mut self.out, next_id: &mut self.next_id };
        Some(work(room, &mut cx))
    }

    /// The room of that name, made if need be.
    fn room_named(&mut self, name: &str, at: Moment) -> RoomId {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        self.next_id += 1;
        let id = RoomId(self.next_id);
        self.rooms.insert(id, Room::new(id, name, at));
        self.names.insert(name.to_owned(), id);
        metrics::gauge!("artc_room_rooms").set(self.rooms.len() as f64);
        tracing::info!(room = name, "room opened");
        id
    }
}

/// A good-bye.
pub(crate) fn leave(reason: DisconnectReason, action: leave_request::Action) -> Response {
    Response::Leave(rtc::proto::LeaveRequest {
        can_reconnect: action != leave_request::Action::Disconnect,
        reason: reason as i32,
        action: action as i32,
        ..Default::default()
    })
}

/// What clients are told of the server.
pub(crate) fn server_info() -> rtc::proto::ServerInfo {
    rtc::proto::ServerInfo {
        edition: rtc::proto::server_info::Edition::Standard as i32,
        // Clients compare this with what LiveKit's own server can do.
        version: "1.9.0".to_owned(),
        protocol: rtc::PROTOCOL_VERSION,
        node_id: "artc-edge".to_owned(),
        debug_info: concat!("artc-edge ", env!("CARGO_PKG_VERSION")).to_owned(),
        ..Default::default()
    }
}

/// The answer to a resume.
pub(crate) fn reconnect_response(last_message_seq: u32) -> Response {
    Response::Reconnect(ReconnectResponse { server_info: Some(server_info()), last_message_seq, ..Default::default() })
}
