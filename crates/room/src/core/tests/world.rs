//! A room server and clients on an emulated network with a virtual clock. Datagrams take a millisecond, or longer, or get lost.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rtc::proto::{self, AddTrackRequest, SignalTarget, TrackSource, TrackType, VideoLayer, VideoQuality};
use rtc::signal::{Request, Response};
use rtc::str0m::format::Codec;
use rtc::str0m::media::Frequency;
use rtc::{Candidate, DataChannel, Event, MediaKind, MediaMode, MediaTime, OutgoingFrame, Output, PeerConfig, Protocol, Rid};

use super::client::{Client, PublishedTrack};
use crate::core::{ClientTraits, ConnId, Core, Join, Moment, Settings, Signal, Way};
use crate::token::{Claims, Key, Secret, VideoGrant};

/// Where the server listens.
pub(crate) const SERVER: ([u8; 4], u16) = ([192, 0, 2, 1], 7882);

pub(crate) struct World {
    pub(crate) core: Core,
    pub(crate) at: Moment,
    pub(crate) clients: Vec<Client>,
    /// Of a hundred datagrams towards clients, how many are lost.
    pub(crate) loss: u32,
    under_way: Vec<(Instant, SocketAddr, SocketAddr, Vec<u8>)>,
    next: u64,
    dice: u32,
}

pub(crate) fn grant(room: &str) -> VideoGrant {
    VideoGrant { can_update_own_metadata: Some(true), ..VideoGrant::join(room) }
}

impl World {
    pub(crate) fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a point to start the virtual clock from")]
        let now = Instant::now();
        let settings = Settings {
            key: Key::new("devkey", Secret::new("secret")),
            max_rooms: 3,
            max_participants: 4,
            max_joins_per_second: 100,
            remote_unmute: false,
            ledger: Arc::default(),
        };
        let config = PeerConfig {
            media: MediaMode::Packets,
            ice_lite: true,
            vp8: true,
            start_bitrate: Some(2_500_000),
            statistics: Some(Duration::from_secs(2)),
            ..Default::default()
        };
        let mut core = Core::new(settings, config);
        core.set_candidates(vec![Candidate::host(SERVER.into(), "udp").unwrap()]);
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        World { core, at: Moment { now, wall }, clients: Vec::new(), loss: 0, under_way: Vec::new(), next: 0, dice: 1 }
    }

    /// Joins and lets a second pass.
    pub(crate) fn join(&mut self, identity: &str, way: Way) -> usize {
        self.join_with(identity, way, grant("camera"), ClientTraits { auto_subscribe: true, ..Default::default() })
    }

    pub(crate) fn join_with(&mut self, identity: &str, way: Way, grant: VideoGrant, traits: ClientTraits) -> usize {
        let index = self.enter(identity, way, grant, traits);
        self.run(1000);
        index
    }

    /// Joins, and no time passes.
    pub(crate) fn enter(&mut self, identity: &str, way: Way, grant: VideoGrant, traits: ClientTraits) -> usize {
        self.next += 1;
        let conn = ConnId(self.next);
        let room = grant.room.clone();
        let claims = Claims { sub: identity.into(), video: Some(grant), ..Default::default() };
        let mut client = Client::new(conn, identity, room, way);
        let offer = (way == Way::One).then(|| client.first_offer(self.next, self.at.now));
        self.core.admit(&claims, self.at).unwrap();
        self.clients.push(client);
        let join = Join { conn, claims, way, traits, resume: None, offer, add_tracks: Vec::new(), sync: None };
        self.core.join(join, self.at);
        self.clients.len() - 1
    }

    /// The websocket of a client is lost and comes back after `pause` milliseconds.
    pub(crate) fn resume(&mut self, index: usize, pause: u64, states: Vec<proto::DataChannelReceiveState>) {
        let old = self.clients[index].conn;
        self.clients[index].connected = false;
        self.core.signal_closed(old, self.at);
        self.run(pause);
        self.next += 1;
        let conn = ConnId(self.next);
        let client = &mut self.clients[index];
        (client.conn, client.connected) = (conn, true);
        let claims = Claims { sub: client.identity.clone(), video: Some(grant(&client.room)), ..Default::default() };
        let sync = (!states.is_empty()).then(|| proto::SyncState { datachannel_receive_states: states, ..Default::default() });
        let traits = ClientTraits { auto_subscribe: true, ..Default::default() };
        let join = Join {
            conn,
            claims,
            way: client.way,
            traits,
            resume: Some(client.sid.clone()),
            offer: None,
            add_tracks: Vec::new(),
            sync,
        };
        self.core.join(join, self.at);
        self.run(500);
    }

    pub(crate) fn send(&mut self, index: usize, request: Request) {
        self.core.signal(self.clients[index].conn, request, self.at);
        self.run(20);
    }

    /// Announces and publishes; answers the sid.
    pub(crate) fn publish(&mut self, index: usize, cid: &str, source: TrackSource, rids: &[&str]) -> String {
        let video = matches!(source, TrackSource::Camera | TrackSource::ScreenShare);
        let quality = [VideoQuality::Low, VideoQuality::Medium, VideoQuality::High];
        let layers = rids.iter().enumerate().map(|(n, rid)| VideoLayer {
            quality: quality[n] as i32,
            width: 320 << n,
            height: 180 << n,
            rid: (*rid).to_owned(),
            ..Default::default()
        });
        let request = AddTrackRequest {
            cid: cid.into(),
            r#type: if video { TrackType::Video } else { TrackType::Audio } as i32,
            source: source as i32,
            width: 1280,
            height: 720,
            layers: layers.collect(),
            ..Default::default()
        };
        self.send(index, Request::AddTrack(request));
        let client = &mut self.clients[index];
        let sid = client.inbox.iter().rev().find_map(|m| match m {
            Response::TrackPublished(p) if p.cid == cid => p.track.as_ref().map(|t| t.sid.clone()),
            _ => None,
        });
        let Some(sid) = sid else { return String::new() };
        let kind = if video { MediaKind::Video } else { MediaKind::Audio };
        let rids = rids.iter().map(|rid| Rid::from(*rid)).collect();
        client.tracks.insert(cid.into(), PublishedTrack { mid: None, rids, kind });
        client.reoffer = true;
        self.run(1500);
        sid
    }

    /// Sends one picture on each layer (or one sound frame) of a track.
    pub(crate) fn frame(&mut self, index: usize, cid: &str, number: u32, key: bool, layers: &[&str]) {
        let now = self.at.now;
        let client = &mut self.clients[index];
        let track = &client.tracks[cid];
        let (Some(mid), Some(end)) = (track.mid, &mut client.publisher) else { return };
        let video = track.kind == MediaKind::Video;
        let codec = if video { Codec::H264 } else { Codec::Opus };
        let Some(pt) = end.peer.payload_type(mid, codec, None) else { return };
        let rids: Vec<Option<Rid>> =
            if track.rids.is_empty() { vec![None] } else { layers.iter().map(|rid| Some(Rid::from(*rid))).collect() };
        for (n, rid) in rids.into_iter().enumerate() {
            // Layers count from different origins, as real ones do.
            let clock = if video { 3000 } else { 960 };
            let time = number * clock + n as u32 * 1_000_000;
            let frequency = if video { Frequency::NINETY_KHZ } else { Frequency::FORTY_EIGHT_KHZ };
            let size = 400 << (2 * n);
            let data = if video { picture(key, n as u8, size) } else { vec![number as u8; 60].into() };
            end.peer.send_frame(
                mid,
                OutgoingFrame {
                    pt,
                    rid,
                    time: MediaTime::new(u64::from(time), frequency),
                    wallclock: now,
                    data,
                    captured: None,
                    playout_delay: None,
                    audio_level: (!video).then_some((-20, true)),
                },
            );
            end.peer.handle_timeout(now);
        }
    }

    /// Streams pictures for `count` thirtieths of a second; a key frame first and whenever one is asked for.
    pub(crate) fn stream(&mut self, index: usize, cid: &str, from: u32, count: u32, layers: &[&str]) -> u32 {
        let mut wanted = true;
        let mut keys = 0;
        for number in from..from + count {
            let asked = |event: &Event| matches!(event, Event::KeyFrameWanted { .. });
            wanted |= self.clients[index].events.iter().any(asked);
            self.clients[index].events.retain(|event| !asked(event));
            keys += u32::from(wanted);
            self.frame(index, cid, number, std::mem::take(&mut wanted), layers);
            self.run(33);
        }
        keys
    }

    pub(crate) fn data(&mut self, index: usize, bytes: bytes::Bytes) {
        let client = &mut self.clients[index];
        let end = client.publisher.as_mut().or(client.subscriber.as_mut()).unwrap();
        end.peer.send_data(DataChannel::Reliable, bytes).unwrap();
        self.run(100);
    }

    /// Data packets that have arrived at a client.
    pub(crate) fn packets(&self, index: usize) -> Vec<proto::DataPacket> {
        let data =
            self.clients[index].events.iter().filter_map(|e| if let Event::Data { data, .. } = e { Some(data) } else { None });
        data.map(|data| rtc::packet::decode(data).unwrap()).collect()
    }

    /// Layer and key flag of the pictures that have arrived, and forgets them.
    pub(crate) fn pictures(&mut self, index: usize) -> Vec<(u8, bool)> {
        let frames = self.clients[index].events.iter().filter_map(|e| match e {
            Event::Frame(frame) if frame.params.spec().codec == Codec::H264 => {
                Some((frame.data[frame.data.len() - 1], frame.is_keyframe()))
            }
            _ => None,
        });
        let frames = frames.collect();
        self.clients[index].events.retain(|e| !matches!(e, Event::Frame(_)));
        frames
    }

    /// Lets milliseconds pass.
    pub(crate) fn run(&mut self, milliseconds: u64) {
        let end = self.at.now + Duration::from_millis(milliseconds);
        loop {
            self.exchange();
            if self.at.now >= end {
                return;
            }
            let ends = self.clients.iter().flat_map(|c| [&c.publisher, &c.subscriber]).flatten().map(|end| end.wake);
            let arrivals = self.under_way.iter().map(|(at, ..)| *at);
            let next = ends.chain(arrivals).chain(self.core.wake()).min().unwrap_or(end).min(end);
            let step = next.max(self.at.now + Duration::from_millis(1)) - self.at.now;
            self.at = Moment { now: self.at.now + step, wall: self.at.wall + step };
            self.deliver();
            self.core.tick(self.at);
            for client in &mut self.clients {
                for end in [&mut client.publisher, &mut client.subscriber].into_iter().flatten() {
                    end.peer.handle_timeout(self.at.now);
                }
            }
        }
    }

    /// Everybody says what there is to say.
    fn exchange(&mut self) {
        for _ in 0..20 {
            self.settle();
            let mut quiet = true;
            for transmit in std::mem::take(&mut self.core.out.transmits) {
                self.dice = self.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Handshakes are let through: what is tested is media.
                let media = transmit.contents.len() > 200 && transmit.contents[0] & 0xc0 == 0x80;
                if !media || (self.dice >> 16) % 100 >= self.loss {
                    let at = self.at.now + Duration::from_millis(1);
                    self.under_way.push((at, transmit.source, transmit.destination, transmit.contents.to_vec()));
                }
            }
            for (conn, signal) in std::mem::take(&mut self.core.out.signals) {
                quiet = false;
                let Some(client) = self.clients.iter_mut().find(|c| c.conn == conn) else { continue };
                match signal {
                    Signal::Close => client.connected = false,
                    Signal::Frame(frame) => {
                        let message = rtc::signal::decode_response(&frame).unwrap();
                        let replies = client.take(&message, self.at.now);
                        client.inbox.push(message);
                        for reply in replies {
                            self.core.signal(conn, reply, self.at);
                        }
                    }
                }
            }
            for index in 0..self.clients.len() {
                let client = &mut self.clients[index];
                if let Some(offer) = client.offer_if_due(self.at.now) {
                    quiet = false;
                    let conn = client.conn;
                    self.core.signal(conn, Request::Offer(offer), self.at);
                }
                let client = &mut self.clients[index];
                let events = &mut client.events;
                for end in [&mut client.publisher, &mut client.subscriber].into_iter().flatten() {
                    loop {
                        match end.peer.poll() {
                            Output::Transmit(t) => self.under_way.push((
                                self.at.now + Duration::from_millis(1),
                                t.source,
                                t.destination,
                                t.contents.to_vec(),
                            )),
                            Output::Event(event) => events.push(event),
                            Output::Timeout(at) => {
                                end.wake = at;
                                break;
                            }
                        }
                    }
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn deliver(&mut self) {
        let now = self.at.now;
        let (arrived, under_way): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.under_way).into_iter().partition(|(at, ..)| *at <= now);
        self.under_way = under_way;
        for (_, source, destination, packet) in arrived {
            if destination == SocketAddr::from(SERVER) {
                self.core.datagram(Protocol::Udp, source, destination, &packet, self.at);
                continue;
            }
            for client in &mut self.clients {
                for end in [&mut client.publisher, &mut client.subscriber].into_iter().flatten() {
                    if end.address == destination {
                        end.peer.handle_datagram(now, Protocol::Udp, source, destination, &packet);
                    }
                }
            }
        }
        self.settle();
    }

    /// Lets the server's connections say what they have to say.
    pub(crate) fn settle(&mut self) {
        while self.core.settle(self.at) {}
    }
}

/// An access unit whose last byte says which layer it is of.
pub(crate) fn picture(key: bool, layer: u8, size: usize) -> Arc<[u8]> {
    let mut unit = Vec::new();
    if key {
        unit.extend([0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 1, 0, 0, 0, 1, 0x68, 2]);
    }
    unit.extend([0, 0, 0, 1, if key { 0x65 } else { 0x41 }]);
    unit.resize(unit.len() + size, 0xab);
    unit.push(layer);
    unit.into()
}

/// The target of trickled candidates, named here so that tests need not.
pub(crate) const TO_PUBLISHER: i32 = SignalTarget::Publisher as i32;
