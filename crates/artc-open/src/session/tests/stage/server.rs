//! The server of the other side: who is in, what it answers, what it saw.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use prost::Message as _;
use rtc::proto::{self, DisconnectReason, SignalTarget, leave_request::Action};
use rtc::signal::{Request, Response};
use rtc::{Candidate, DataChannel, Output as PeerOutput, Peer, PeerConfig};

use super::Stage;
use super::network::Parcel;
use crate::net::ConnectError;
use crate::session::{Connect, PeerKind};

/// One participant on the server.
pub(super) struct Member {
    pub(super) peers: [Peer; 2],
    pub(super) wakes: [Instant; 2],
    pub(super) connection: Option<u64>,
    pub(super) id: u64,
}

/// What the server saw.
#[derive(Default)]
pub struct Seen {
    pub joins: u32,
    pub resumes: u32,
    pub tokens: Vec<String>,
    pub tracks: Vec<proto::AddTrackRequest>,
    pub frames: u64,
    /// Frames of each simulcast layer.
    pub layers: BTreeMap<String, u64>,
    pub last_frame: Option<Instant>,
    pub subscriptions: Vec<proto::UpdateSubscription>,
    pub settings: Vec<proto::UpdateTrackSettings>,
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

pub(super) fn server_address(kind: PeerKind, member: u64) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 1000 + 2 * member as u16 + kind as u16))
}

impl Stage {
    /// The server is started anew: it knows nobody.
    pub fn restart_server(&mut self) {
        self.members.clear();
        self.seen.last_frame = None;
        self.break_signalling();
    }

    pub(super) fn drain_members(&mut self) {
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
                        PeerOutput::Event(rtc::Event::Frame(frame)) => {
                            self.seen.frames += 1;
                            if let Some(rid) = frame.rid {
                                *self.seen.layers.entry(rid.to_string()).or_default() += 1;
                            }
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

    pub(super) fn dialled(&mut self, connect: Connect) {
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

    pub(super) fn enter(&mut self, connection: u64) {
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

    pub(super) fn reenter(&mut self, sid: &str, connection: u64) {
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

    pub(super) fn offer(&mut self, sdp: String) {
        self.say(Response::Offer(proto::SessionDescription { r#type: "offer".into(), sdp, id: 1, ..Default::default() }));
    }

    pub(super) fn request(&mut self, connection: u64, request: Request) {
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
            Request::TrackSetting(setting) => self.seen.settings.push(setting),
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

    pub(super) fn forget_connection(&mut self, connection: u64) {
        for member in self.members.values_mut().filter(|m| m.connection == Some(connection)) {
            member.connection = None;
        }
    }
}
