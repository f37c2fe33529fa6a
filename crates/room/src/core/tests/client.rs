//! A client of the emulated network: real peer connections that speak LiveKit's signalling, and what it does by itself on a message.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

use rtc::proto::{self, SessionDescription};
use rtc::signal::{Request, Response};
use rtc::str0m::media::{Simulcast, SimulcastLayer};
use rtc::{Candidate, Direction, Event, MediaKind, Mid, Peer, PeerConfig, Rid};

use crate::core::{ConnId, Way};

pub(crate) struct Client {
    pub(crate) conn: ConnId,
    pub(crate) identity: String,
    pub(crate) sid: String,
    pub(crate) room: String,
    pub(super) way: Way,
    pub(crate) connected: bool,
    pub(crate) inbox: Vec<Response>,
    pub(crate) events: Vec<Event>,
    pub(super) publisher: Option<End>,
    pub(super) subscriber: Option<End>,
    /// Tracks announced, by cid; the section once offered.
    pub(crate) tracks: HashMap<String, PublishedTrack>,
    pub(super) reoffer: bool,
}

pub(crate) struct PublishedTrack {
    pub(crate) mid: Option<Mid>,
    pub(super) rids: Vec<Rid>,
    pub(super) kind: MediaKind,
}

pub(super) struct End {
    pub(super) peer: Peer,
    pub(super) address: SocketAddr,
    pub(super) wake: Instant,
}

impl Client {
    pub(super) fn new(conn: ConnId, identity: &str, room: String, way: Way) -> Self {
        Client {
            conn,
            identity: identity.into(),
            sid: String::new(),
            room,
            way,
            connected: true,
            inbox: Vec::new(),
            events: Vec::new(),
            publisher: None,
            subscriber: None,
            tracks: HashMap::new(),
            reoffer: false,
        }
    }

    fn end(&self, port: u16, now: Instant) -> End {
        let address = SocketAddr::from(([10, 0, 0, self.conn.0 as u8], port));
        let mut peer = Peer::new(&PeerConfig::default(), now);
        peer.add_local_candidate(Candidate::host(address, "udp").unwrap());
        End { peer, address, wake: now }
    }

    pub(super) fn first_offer(&mut self, number: u64, now: Instant) -> SessionDescription {
        let mut end = self.end(1000 + number as u16, now);
        let ((), sdp) = end.peer.offer(Peer::add_data_channels).unwrap();
        self.publisher = Some(end);
        SessionDescription { r#type: "offer".into(), sdp: sdp.unwrap(), id: 1, ..Default::default() }
    }

    /// What a client does by itself on a message.
    pub(super) fn take(&mut self, message: &Response, now: Instant) -> Vec<Request> {
        match message {
            Response::Join(join) => self.sid = join.participant.as_ref().unwrap().sid.clone(),
            Response::Offer(offer) => {
                if self.subscriber.is_none() {
                    self.subscriber = Some(self.end(2000, now));
                }
                let end = self.subscriber.as_mut().unwrap();
                let sdp = end.peer.accept_offer(&offer.sdp).unwrap();
                let answer = SessionDescription { r#type: "answer".into(), sdp, id: offer.id, ..Default::default() };
                return vec![Request::Answer(answer)];
            }
            Response::Answer(answer) => {
                let end = self.publisher.as_mut().unwrap();
                end.peer.accept_answer(&answer.sdp).unwrap();
            }
            Response::MediaSectionsRequirement(need) => {
                let Some(end) = self.publisher.as_mut() else { return Vec::new() };
                if end.peer.offer_outstanding() {
                    return Vec::new();
                }
                let kinds = [(MediaKind::Audio, need.num_audios), (MediaKind::Video, need.num_videos)];
                let ((), sdp) = end
                    .peer
                    .offer(|api| {
                        for (kind, count) in kinds {
                            for _ in 0..count {
                                api.add_media(kind, Direction::RecvOnly, None, None, None);
                            }
                        }
                        if need.num_audios + need.num_videos == 0 {
                            api.ice_restart(true);
                        }
                    })
                    .unwrap();
                let offer = SessionDescription { r#type: "offer".into(), sdp: sdp.unwrap(), id: 2, ..Default::default() };
                return vec![Request::Offer(offer)];
            }
            _ => {}
        }
        Vec::new()
    }

    pub(super) fn offer_if_due(&mut self, now: Instant) -> Option<SessionDescription> {
        if !self.reoffer || !self.connected {
            return None;
        }
        if self.publisher.is_none() {
            self.publisher = Some(self.end(1000, now));
        }
        let (tracks, end) = (&mut self.tracks, self.publisher.as_mut()?);
        if end.peer.offer_outstanding() {
            return None;
        }
        self.reoffer = false;
        let first = !end.peer.is_connected() && self.way == Way::Two;
        let ((), sdp) = end
            .peer
            .offer(|api| {
                if first {
                    Peer::add_data_channels(api);
                }
                for (cid, track) in tracks.iter_mut().filter(|(_, track)| track.mid.is_none()) {
                    let simulcast = (!track.rids.is_empty()).then(|| {
                        let mut simulcast = Simulcast::new();
                        track.rids.iter().for_each(|rid| simulcast.add_send_layer(SimulcastLayer::new(rid)));
                        simulcast
                    });
                    let mid = api.add_media(track.kind, Direction::SendOnly, Some("-".into()), Some(cid.clone()), simulcast);
                    track.mid = Some(mid);
                }
            })
            .ok()?;
        Some(SessionDescription { r#type: "offer".into(), sdp: sdp?, id: 3, ..Default::default() })
    }

    /// Stops sending a track: its section becomes inactive in the next offer.
    pub(crate) fn stop(&mut self, cid: &str) -> Request {
        let mid = self.tracks.remove(cid).unwrap().mid.unwrap();
        let end = self.publisher.as_mut().unwrap();
        let ((), sdp) = end.peer.offer(|api| api.set_direction(mid, Direction::Inactive)).unwrap();
        Request::Offer(SessionDescription { r#type: "offer".into(), sdp: sdp.unwrap(), id: 4, ..Default::default() })
    }

    pub(crate) fn updates(&self) -> impl DoubleEndedIterator<Item = &proto::ParticipantInfo> {
        self.inbox.iter().filter_map(|m| if let Response::Update(u) = m { Some(&u.participants) } else { None }).flatten()
    }

    /// The latest that this client has heard about somebody.
    pub(crate) fn knows(&self, identity: &str) -> Option<&proto::ParticipantInfo> {
        self.updates().rev().find(|info| info.identity == identity)
    }

    /// Asks for a key frame of what it receives.
    pub(crate) fn ask_key_frame(&mut self) {
        let mids: Vec<Mid> =
            self.events.iter().filter_map(|e| if let Event::Frame(f) = e { Some(f.mid) } else { None }).collect();
        let end = if self.way == Way::Two { self.subscriber.as_mut() } else { self.publisher.as_mut() };
        if let (Some(mid), Some(end)) = (mids.last(), end) {
            end.peer.request_key_frame(*mid, None);
        }
    }
}
