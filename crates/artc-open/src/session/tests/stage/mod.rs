//! A session, a server of the other side, and a network between them that can be cut; all on a virtual clock.

mod network;
mod server;

use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use artc_bindings::{ChannelProfile, Event, EventQueue, JoinChannelConfig, PublishMode, Secret, SubscribeMode};
use media::Size;
use rtc::Candidate;

use super::super::*;
use crate::command::{Command, Join};
use crate::encoder::AccessUnit;
use network::{DELAY, Parcel, UnderWay};
pub use server::{Door, Seen};
use server::{Member, server_address};

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
        let mut encoded = [false; 2];
        self.session.setup.video[0].control(|control| encoded = control.streams.map(|stream| stream.active));
        for (track, _) in [Local::Camera, Local::Small].into_iter().zip(encoded).filter(|(_, encoded)| *encoded) {
            self.session.video(track, &unit, self.now);
            self.drain();
        }
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

    /// The camera begins again now, without catching up.
    pub fn next_picture_now(&mut self) {
        self.next_picture = self.now;
    }

    /// Datagrams of any content, from the server's address and from a stranger's.
    pub fn nonsense(&mut self, bytes: &[u8]) {
        for kind in PeerKind::ALL {
            for source in [server_address(kind, 0), SocketAddr::from(([192, 0, 2, 77], 7))] {
                self.session.datagram(kind, rtc::Protocol::Udp, source, session_address(kind), bytes, self.now);
            }
        }
        self.drain();
    }

    /// Number of the session's attempt.
    pub fn attempt(&self) -> u64 {
        self.session.attempt
    }
}
