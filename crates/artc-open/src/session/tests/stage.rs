//! A session, a server of the other side, and a network between them that can be cut; all on a virtual clock.

use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use artc_bindings::{ChannelProfile, Event, EventQueue, JoinChannelConfig, PublishMode, Secret, SubscribeMode, VideoSource};
use media::Size;
use prost::Message as _;
use rtc::proto::{self, DisconnectReason, SignalTarget, leave_request::Action};
use rtc::signal::{Request, Response};
use rtc::{Candidate, DataChannel, Output as PeerOutput, Peer, PeerConfig};

use super::super::*;
use crate::command::{Command, Join};
use crate::encoder::AccessUnit;

/// One way through the network.
const DELAY: Duration = Duration::from_millis(10);

/// Where things are under way to.
#[expect(clippy::large_enum_variant, reason = "a test")]
enum Parcel {
    ToServer(PeerKind, u64, Vec<u8>, SocketAddr),
    ToSession(PeerKind, Vec<u8>, SocketAddr, SocketAddr),
    Request(u64, Request),
    Response(u64, Response),
    Dial(Connect),
    Closed(u64),
}

struct UnderWay {
    at: Instant,
    number: u64,
    parcel: Parcel,
}

impl PartialEq for UnderWay {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl Eq for UnderWay {}
impl PartialOrd for UnderWay {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for UnderWay {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

/// One participant on the server.
struct Member {
    peers: [Peer; 2],
    wakes: [Instant; 2],
    connection: Option<u64>,
    id: u64,
}

/// What the server saw.
#[derive(Default)]
pub struct Seen {
    pub joins: u32,
    pub resumes: u32,
    pub tokens: Vec<String>,
    pub tracks: Vec<proto::AddTrackRequest>,
    pub frames: u64,
    pub last_frame: Option<Instant>,
    pub subscriptions: Vec<proto::UpdateSubscription>,
    pub left: u32,
    pub data: Vec<proto::DataPacket>,
    pub sync: Option<proto::SyncState>,
    /// TCP addresses that the session wanted to connect to.
    pub dials: Vec<(PeerKind, SocketAddr)>,
    /// Peers for which it asked the relays.
    pub relays: Vec<PeerKind>,
}

/// How the server treats whoever knocks.
#[derive(Clone, Debug, PartialEq)]
pub enum Door {
    Open,
    Refuses(ConnectError),
}

pub struct Stage {
    pub now: Instant,
    pub session: Session,
    pub events: Arc<EventQueue>,
    pub seen: Seen,
    pub door: Door,
    /// Nothing gets through, in both directions.
    pub cut: bool,
    /// Datagrams do not get through, in both directions.
    pub udp_blocked: bool,
    /// When the session dialled.
    pub dials: Vec<Instant>,
    /// Push pictures.
    pub camera: bool,
    /// The server takes tracks.
    pub takes_tracks: bool,
    connection: Option<u64>,
    members: HashMap<String, Member>,
    made: u64,
    under_way: BinaryHeap<UnderWay>,
    parcels: u64,
    next_picture: Instant,
    pictures: u64,
}

fn server_address(kind: PeerKind, member: u64) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 1000 + 2 * member as u16 + kind as u16))
}

fn session_address(kind: PeerKind) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 100], 5000 + kind as u16))
}

impl Stage {
    pub fn new(seed: u64) -> Self {
        let clock = Clock::new();
        let now = clock.now();
        let events = Arc::new(EventQueue::new());
        let video = [Arc::new(VideoInput::default()), Arc::new(VideoInput::default())];
        let setup = Setup {
            latency: Latency::Live,
            exact_bitrate: false,
            local: false,
            certificate: rtc::Certificate::generate(),
            clock,
            shared: Arc::default(),
            events: Arc::clone(&events),
            video,
            audio: Arc::default(),
            seed,
        };
        let mut session = Session::new(setup, now);
        let candidate = |kind| (kind, Candidate::host(session_address(kind), "udp").unwrap());
        session.set_candidates(PeerKind::ALL.map(candidate).to_vec(), now);
        Self {
            now,
            session,
            events,
            seen: Seen::default(),
            door: Door::Open,
            cut: false,
            udp_blocked: false,
            dials: Vec::new(),
            camera: true,
            takes_tracks: true,
            connection: None,
            members: HashMap::new(),
            made: 0,
            under_way: BinaryHeap::new(),
            parcels: 0,
            next_picture: now,
            pictures: 0,
        }
    }

    /// Joins as a camera that publishes by itself.
    pub fn join(&mut self) {
        let config = JoinChannelConfig {
            channel_profile: ChannelProfile::Communication,
            publish_mode: PublishMode::Automatically,
            subscribe_mode: SubscribeMode::Automatically,
            ..Default::default()
        };
        let join =
            Join { token: Secret::new("first"), channel: "yard".into(), user_id: "cam".into(), user_name: String::new(), config };
        self.command(Command::Source(Local::Camera, true));
        self.command(Command::Join(Box::new(join)));
    }

    pub fn command(&mut self, command: Command) {
        self.session.command(command, self.now);
        self.drain();
    }

    /// What the engine told since the last time, media left out.
    pub fn told(&self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.try_next()).collect()
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            let next = self.under_way.peek().map(|p| p.at);
            let peers = self.members.values().flat_map(|m| m.wakes).min();
            let picture = self.camera.then_some(self.next_picture);
            let due = [next, peers, picture, self.session.wake()].into_iter().flatten().min().unwrap_or(end);
            self.now = due.clamp(self.now, end);
            // Time never stands still, so that nothing can spin for ever.
            if due <= self.now {
                self.now += Duration::from_micros(50);
            }
            self.step();
        }
    }

    /// Lets time pass until something is so, at most `most`; how long it took.
    pub fn until(&mut self, most: Duration, mut so: impl FnMut(&mut Self) -> bool) -> Option<Duration> {
        let start = self.now;
        while self.now < start + most {
            if so(self) {
                return Some(self.now - start);
            }
            self.run(Duration::from_millis(10));
        }
        so(self).then(|| self.now - start)
    }

    /// Whether a picture arrived within the last quarter of a second.
    pub fn flows(&self) -> bool {
        self.seen.last_frame.is_some_and(|at| self.now - at < Duration::from_millis(250))
    }

    /// The signalling connection breaks, nothing else.
    pub fn break_signalling(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.forget_connection(connection);
            self.session.signal_closed(connection, "broken", self.now);
            self.drain();
        }
    }

    /// The server is started anew: it knows nobody.
    pub fn restart_server(&mut self) {
        self.members.clear();
        self.seen.last_frame = None;
        self.break_signalling();
    }

    /// The server says something.
    pub fn say(&mut self, response: Response) {
        if let Some(connection) = self.connection {
            self.send(Parcel::Response(connection, response));
        }
    }

    pub fn dismiss(&mut self, reason: DisconnectReason, action: Action) {
        let leave = proto::LeaveRequest { reason: reason as i32, action: action as i32, ..Default::default() };
        self.say(Response::Leave(leave));
    }

    fn forget_connection(&mut self, connection: u64) {
        for member in self.members.values_mut().filter(|m| m.connection == Some(connection)) {
            member.connection = None;
        }
    }

    fn send(&mut self, parcel: Parcel) {
        let datagram = matches!(parcel, Parcel::ToServer(..) | Parcel::ToSession(..));
        if (self.cut && !matches!(parcel, Parcel::Dial(_))) || (self.udp_blocked && datagram) {
            return;
        }
        self.parcels += 1;
        self.under_way.push(UnderWay { at: self.now + DELAY, number: self.parcels, parcel });
    }

    fn step(&mut self) {
        while self.under_way.peek().is_some_and(|p| p.at <= self.now) {
            let Some(UnderWay { parcel, .. }) = self.under_way.pop() else { break };
            // Datagrams that came together are handed over together, as a socket does.
            let (to_session, to_server) = (matches!(parcel, Parcel::ToSession(..)), matches!(parcel, Parcel::ToServer(..)));
            if !self.cut || matches!(parcel, Parcel::Dial(_)) {
                self.deliver(parcel);
            }
            if to_server {
                self.drain_members();
            }
            if !to_session {
                self.drain();
            }
        }
        if self.camera && self.now >= self.next_picture {
            self.next_picture += Duration::from_micros(33_333);
            self.picture();
        }
        if self.session.wake().is_some_and(|at| at <= self.now) {
            self.session.timeout(self.now);
        }
        self.drain();
        self.drain_members();
    }

    fn picture(&mut self) {
        // The encoder works only while it is told to.
        if !self.session.setup.video[0].is_active() {
            return;
        }
        self.pictures += 1;
        let key = self.pictures % 30 == 1;
        let mut data = if key { vec![0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 1, 0, 0, 0, 1, 0x68, 2] } else { Vec::new() };
        data.extend([0, 0, 0, 1, if key { 0x65 } else { 0x41 }]);
        data.resize(data.len() + 3000, 0xab);
        let captured_at = self.session.setup.clock.monotonic();
        let unit = AccessUnit { data: Arc::new(data), key, size: Size::new(640, 480), captured_at, encode_time: Duration::ZERO };
        self.session.video(VideoSource::Camera, &unit, self.now);
        self.drain();
    }

    /// Does what the session wants done.
    fn drain(&mut self) {
        while let Some(output) = self.session.poll(self.now) {
            match output {
                Output::Connect(connect) => {
                    self.dials.push(self.now);
                    self.connection = None;
                    self.send(Parcel::Dial(connect));
                }
                Output::Disconnect => {
                    if let Some(connection) = self.connection.take() {
                        self.send(Parcel::Closed(connection));
                    }
                }
                Output::Signal(frame) => {
                    if let (Some(connection), Ok(request)) = (self.connection, rtc::signal::decode_request(&frame)) {
                        self.send(Parcel::Request(connection, request));
                    }
                }
                Output::Transmit(kind, transmit) => {
                    let member = (transmit.destination.port() as u64 - 1000) / 2;
                    self.send(Parcel::ToServer(kind, member, transmit.contents.to_vec(), transmit.source));
                }
                Output::Dial(kind, to) => self.seen.dials.push((kind, to)),
                Output::Relay(kind) => self.seen.relays.push(kind),
                _ => {}
            }
        }
    }

    fn drain_members(&mut self) {
        let mut parcels = Vec::new();
        for member in self.members.values_mut() {
            for kind in PeerKind::ALL {
                let peer = &mut member.peers[kind as usize];
                if member.wakes[kind as usize] <= self.now {
                    peer.handle_timeout(self.now);
                }
                loop {
                    match peer.poll() {
                        PeerOutput::Transmit(t) => {
                            parcels.push(Parcel::ToSession(kind, t.contents.to_vec(), t.source, t.destination));
                        }
                        PeerOutput::Event(rtc::Event::Frame(_)) => {
                            self.seen.frames += 1;
                            self.seen.last_frame = Some(self.now);
                        }
                        PeerOutput::Event(rtc::Event::Data { data, .. }) => {
                            self.seen.data.extend(proto::DataPacket::decode(data.as_slice()));
                        }
                        PeerOutput::Event(_) => {}
                        PeerOutput::Timeout(at) => {
                            member.wakes[kind as usize] = at.max(self.now + Duration::from_micros(100));
                            break;
                        }
                    }
                }
            }
        }
        parcels.into_iter().for_each(|p| self.send(p));
    }

    fn deliver(&mut self, parcel: Parcel) {
        let now = self.now;
        match parcel {
            Parcel::Dial(connect) => self.dialled(connect),
            Parcel::Request(connection, request) => self.request(connection, request),
            Parcel::Response(connection, response) => {
                if self.connection == Some(connection) {
                    self.session.signal_message(connection, &rtc::signal::encode_response(response), now);
                }
            }
            Parcel::Closed(connection) => self.forget_connection(connection),
            Parcel::ToServer(kind, id, bytes, source) => {
                if let Some(member) = self.members.values_mut().find(|m| m.id == id) {
                    let local = server_address(kind, id);
                    member.peers[kind as usize].handle_datagram(now, rtc::Protocol::Udp, source, local, &bytes);
                    member.wakes[kind as usize] = now;
                }
            }
            Parcel::ToSession(kind, bytes, source, destination) => {
                self.session.datagram(kind, rtc::Protocol::Udp, source, destination, &bytes, now);
            }
        }
    }

    fn dialled(&mut self, connect: Connect) {
        let now = self.now;
        self.seen.tokens.push(connect.token.expose().to_owned());
        if self.cut {
            let error = ConnectError::Unreachable { host: "server".into(), why: "network unreachable".into() };
            return self.session.signal_failed(connect.attempt, &error, now);
        }
        if let Door::Refuses(error) = self.door.clone() {
            return self.session.signal_failed(connect.attempt, &error, now);
        }
        self.connection = Some(connect.attempt);
        self.session.signal_opened(connect.attempt, now);
        match connect.resume {
            None => self.enter(connect.attempt),
            Some(sid) if self.members.contains_key(&sid) => self.reenter(&sid, connect.attempt),
            Some(_) => self.dismiss(DisconnectReason::StateMismatch, Action::Reconnect),
        }
    }

    fn enter(&mut self, connection: u64) {
        self.made += 1;
        self.seen.joins += 1;
        let sid = format!("PA_{}", self.made);
        // One identity has one place: an earlier one goes.
        self.members.clear();
        let peer = |kind| {
            let mut peer = Peer::new(&PeerConfig::default(), self.now);
            peer.add_local_candidate(Candidate::host(server_address(kind, self.made), "udp").unwrap());
            peer
        };
        let mut member =
            Member { peers: PeerKind::ALL.map(peer), wakes: [self.now; 2], connection: Some(connection), id: self.made };
        let ((), offer) = member.peers[PeerKind::Subscriber as usize].offer(Peer::add_data_channels).unwrap();
        self.members.insert(sid.clone(), member);
        self.say(Response::Join(proto::JoinResponse {
            room: Some(proto::Room { sid: "RM_1".into(), name: "yard".into(), ..Default::default() }),
            participant: Some(proto::ParticipantInfo { sid, identity: "cam".into(), version: 1, ..Default::default() }),
            ping_interval: 5,
            ping_timeout: 15,
            subscriber_primary: true,
            ..Default::default()
        }));
        self.say(Response::RefreshToken("refreshed".into()));
        self.offer(offer.unwrap());
    }

    fn reenter(&mut self, sid: &str, connection: u64) {
        self.seen.resumes += 1;
        let Some(member) = self.members.get_mut(sid) else { return };
        member.connection = Some(connection);
        let restart = member.peers[PeerKind::Subscriber as usize].offer(|api| {
            api.ice_restart(true);
        });
        self.say(Response::Reconnect(proto::ReconnectResponse::default()));
        if let Ok(((), Some(sdp))) = restart {
            self.offer(sdp);
        }
    }

    fn offer(&mut self, sdp: String) {
        self.say(Response::Offer(proto::SessionDescription { r#type: "offer".into(), sdp, id: 1, ..Default::default() }));
    }

    fn request(&mut self, connection: u64, request: Request) {
        let Some(member) = self.members.values_mut().find(|m| m.connection == Some(connection)) else { return };
        match request {
            Request::Offer(offer) => {
                let sdp = member.peers[PeerKind::Publisher as usize].accept_offer(&offer.sdp).unwrap();
                let answer = proto::SessionDescription { r#type: "answer".into(), sdp, id: offer.id, ..Default::default() };
                self.say(Response::Answer(answer));
            }
            Request::Answer(answer) => {
                member.peers[PeerKind::Subscriber as usize].accept_answer(&answer.sdp).unwrap();
            }
            Request::Trickle(trickle) => {
                let kind =
                    if trickle.target == SignalTarget::Subscriber as i32 { PeerKind::Subscriber } else { PeerKind::Publisher };
                if let Ok(Some(candidate)) = rtc::candidate::parse(&trickle.candidate_init) {
                    member.peers[kind as usize].add_remote_candidate(candidate);
                }
            }
            Request::AddTrack(track) => {
                self.seen.tracks.push(track.clone());
                let number = self.seen.tracks.len();
                self.say(if self.takes_tracks {
                    let info = proto::TrackInfo { sid: format!("TR_{number}"), ..Default::default() };
                    Response::TrackPublished(proto::TrackPublishedResponse { cid: track.cid, track: Some(info) })
                } else {
                    Response::RequestResponse(proto::RequestResponse {
                        reason: proto::request_response::Reason::NotAllowed as i32,
                        message: "no".into(),
                        request: Some(proto::request_response::Request::AddTrack(track)),
                        ..Default::default()
                    })
                });
            }
            Request::PingReq(ping) => {
                self.say(Response::PongResp(proto::Pong { last_ping_timestamp: ping.timestamp, timestamp: 0 }));
            }
            Request::Leave(_) => {
                self.seen.left += 1;
                self.members.retain(|_, m| m.connection != Some(connection));
            }
            Request::Subscription(subscription) => self.seen.subscriptions.push(subscription),
            Request::SyncState(sync) => self.seen.sync = Some(sync),
            _ => {}
        }
    }

    /// The server sends data over its own channel.
    pub fn server_sends(&mut self, sid: &str, packet: proto::DataPacket) {
        self.server_sends_on(DataChannel::Reliable, sid, packet);
    }

    /// The same on the channel that sends again what gets lost, or on the one that does not.
    pub fn server_sends_on(&mut self, channel: DataChannel, sid: &str, packet: proto::DataPacket) {
        if let Some(member) = self.members.get_mut(sid) {
            let bytes = packet.encode_to_vec().into();
            member.peers[PeerKind::Subscriber as usize].send_data(channel, bytes).unwrap();
        }
        self.drain_members();
    }
}

impl Stage {
    /// The camera begins again now, without catching up.
    pub fn next_picture_now(&mut self) {
        self.next_picture = self.now;
    }

    /// Number of the session's attempt.
    pub fn attempt(&self) -> u64 {
        self.session.attempt
    }
}
