//! One viewer: it receives, counts, and looks at no pixel.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use rtc::depacketize::{AccessUnit, Depacketizer};
use rtc::{Direction, Event, MediaKind, MediaMode, Output, Peer, PeerConfig, Protocol, RtpPacket};
use serde_json::{Value, json};
use url::Url;

use super::socket::{Batch, Socket};
use crate::Failure;
use crate::http::ask;
use crate::janus::{Handle, beside};
use crate::steer::now;

/// Where a viewer watches, or somebody sends.
#[derive(Clone, Debug)]
pub enum Place {
    /// Offers to an endpoint of WHEP or WHIP on this HTTP server, with a join token.
    Whep { server: SocketAddr, path: String, token: String },
    /// Answers to a videoroom of Janus.
    Janus { server: SocketAddr, room: u64, feed: u64 },
}

/// One access unit, from its first packet to its last.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Wall clock of capture, nanoseconds since 1970; 0 where the sender does not say.
    pub captured: u64,
    /// Arrival of the first packet and of the last.
    pub first: u64,
    pub last: u64,
    pub bytes: u32,
    pub packets: u32,
}

/// How joining went; times from its start.
#[derive(Debug)]
pub struct Milestones {
    pub began: Instant,
    pub answered: Option<Duration>,
    pub connected: Option<Duration>,
    pub packet: Option<Duration>,
    pub unit: Option<Duration>,
    pub decoded: Option<Duration>,
}

/// A viewer.
pub struct Viewer {
    pub socket: Socket,
    peer: Peer,
    wake: Instant,
    pub milestones: Milestones,
    /// Until the first key frame is whole.
    depacketizer: Option<Depacketizer>,
    pub units: u64,
    pub keys: u64,
    pub packets: u64,
    pub bytes: u64,
    first_seq: Option<u64>,
    last_seq: u64,
    open: Option<Record>,
    pub records: Option<Vec<Record>>,
    pub closed: bool,
}

impl Viewer {
    /// Joins: asks until the camera publishes something, at most until `by`.
    pub fn join(place: &Place, records: bool, by: Instant) -> Result<Self, Failure> {
        let began = now();
        let config = PeerConfig { media: MediaMode::Packets, ..Default::default() };
        let mut peer = Peer::new(&config, began);
        let socket = place.meet(&mut peer, by)?;
        let milestones =
            Milestones { began, answered: Some(began.elapsed()), connected: None, packet: None, unit: None, decoded: None };
        let mut viewer = Self {
            socket,
            peer,
            wake: began,
            milestones,
            depacketizer: Some(Depacketizer::default()),
            units: 0,
            keys: 0,
            packets: 0,
            bytes: 0,
            first_seq: None,
            last_seq: 0,
            open: None,
            records: records.then(Vec::new),
            closed: false,
        };
        viewer.drain(0);
        Ok(viewer)
    }

    /// When time has to be told.
    pub fn wake(&self) -> Instant {
        self.wake
    }

    /// Takes what has come.
    pub fn receive(&mut self, batch: &mut Batch) {
        while self.socket.receive(batch) > 0 {
            let at = now();
            for (datagram, from, arrived) in batch.iter() {
                self.peer.handle_datagram(at, Protocol::Udp, from, self.socket.address, datagram);
                self.drain(arrived);
            }
        }
    }

    /// Lets time pass.
    pub fn tick(&mut self) {
        self.peer.handle_timeout(now());
        self.drain(0);
    }

    fn drain(&mut self, arrived: u64) {
        loop {
            match self.peer.poll() {
                Output::Transmit(datagram) => self.socket.send(datagram.destination, &datagram.contents),
                Output::Event(Event::Connected) => self.milestones.connected = Some(self.milestones.began.elapsed()),
                Output::Event(Event::Packet(packet)) => self.packet(&packet, arrived),
                Output::Event(Event::Closed) => self.closed = true,
                Output::Event(_) => {}
                Output::Timeout(at) => {
                    self.wake = at;
                    return;
                }
            }
        }
    }

    fn packet(&mut self, packet: &RtpPacket, arrived: u64) {
        let began = self.milestones.began;
        self.milestones.packet.get_or_insert_with(|| began.elapsed());
        let (seq, marker) = (*packet.seq_no, packet.header.marker);
        self.first_seq.get_or_insert(seq);
        self.last_seq = self.last_seq.max(seq);
        self.packets += 1;
        self.bytes += packet.payload.len() as u64;
        self.keys += u64::from(rtc::h264::starts_key_frame(&packet.payload));
        self.units += u64::from(marker);
        if let Some(records) = &mut self.records {
            let captured = packet.header.ext_vals.abs_capture_time.map(|time| nanos(time.capture_time)).unwrap_or(0);
            let fresh = Record { captured, first: arrived, last: arrived, bytes: 0, packets: 0 };
            let record = self.open.get_or_insert(fresh);
            record.captured = record.captured.max(captured);
            record.last = arrived;
            record.bytes += packet.payload.len() as u32;
            record.packets += 1;
            if marker {
                records.extend(self.open.take());
            }
        }
        if let Some(depacketizer) = &mut self.depacketizer {
            let mut first: Option<AccessUnit> = None;
            depacketizer.push(seq, packet.header.timestamp, marker, packet.payload.clone(), |unit| _ = first.get_or_insert(unit));
            if let Some(unit) = first {
                self.milestones.unit = Some(began.elapsed());
                if media::h264::still::decode(&unit.data).is_ok() {
                    self.milestones.decoded = Some(began.elapsed());
                }
                self.depacketizer = None;
            }
        }
    }

    /// Whether the first picture was decoded.
    pub fn has_picture(&self) -> bool {
        self.depacketizer.is_none()
    }

    /// The counters.
    pub fn counters(&self) -> Value {
        let expected = self.first_seq.map_or(0, |first| self.last_seq - first + 1);
        json!({
            "units": self.units, "keys": self.keys, "packets": self.packets, "bytes": self.bytes,
            "missing": expected.saturating_sub(self.packets), "closed": self.closed,
        })
    }

    /// How joining went, in milliseconds.
    pub fn joined(&self) -> Value {
        let ms = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1000.0);
        let all = &self.milestones;
        json!({
            "answered_ms": ms(all.answered), "connected_ms": ms(all.connected), "packet_ms": ms(all.packet),
            "unit_ms": ms(all.unit), "decoded_ms": ms(all.decoded),
        })
    }

    /// Says good-bye, so that the room need not wait for it.
    pub fn leave(mut self) {
        self.peer.close();
        self.drain(0);
    }
}

fn nanos(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// Why an offer was not answered.
#[derive(Debug)]
pub enum Refused {
    /// Nothing is there yet.
    Later,
    /// The status or the error, for people.
    For(#[expect(dead_code, reason = "shown by Debug")] String),
}

impl Place {
    /// What an address says: http://IP:PORT/PATH, with a token, or janus://IP:PORT/ROOM/FEED.
    pub fn of(url: &Url, token: &str) -> Result<Self, Failure> {
        let host = url.host_str().ok_or("no host in the address")?;
        let server: SocketAddr = format!("{host}:{}", url.port_or_known_default().unwrap_or(80)).parse()?;
        if url.scheme() == "janus" {
            let (room, feed) = url.path().trim_start_matches('/').split_once('/').ok_or("no room and feed in the address")?;
            return Ok(Self::Janus { server, room: room.parse()?, feed: feed.parse()? });
        }
        Ok(Self::Whep { server, path: url.path().to_owned(), token: token.to_owned() })
    }

    /// Brings the peer and the server together; who sends may yet come, until `by`. The socket is where the peer can be reached.
    fn meet(&self, peer: &mut Peer, by: Instant) -> Result<Socket, Failure> {
        let (server, path, token) = match self {
            Self::Whep { server, path, token } => (*server, path, token),
            Self::Janus { server, room, feed } => {
                let janus = Handle::attach(*server)?;
                let offer = janus.offer(*room, *feed)?;
                janus.start(&peer.accept_offer(&offer)?)?;
                return beside(peer, &offer);
            }
        };
        let socket = Socket::bind(Ipv4Addr::LOCALHOST)?;
        peer.add_local_candidate(rtc::Candidate::host(socket.address, "udp")?);
        let (_, offer) = peer.offer(|api| api.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None))?;
        let offer = offer.ok_or("no offer")?;
        let answer = loop {
            match post(server, path, token, &offer) {
                Ok(answer) => break answer,
                Err(Refused::Later) if now() < by => crate::steer::sleep_until(now() + Duration::from_millis(1)),
                Err(why) => return Err(format!("{path} refuses: {why:?}").into()),
            }
        };
        peer.accept_answer(&answer)?;
        Ok(socket)
    }
}

/// Posts an offer.
pub fn post(server: SocketAddr, path: &str, token: &str, offer: &str) -> Result<String, Refused> {
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/sdp\r\n");
    match ask(server, &format!("POST {path}"), &headers, offer) {
        Ok((201, body)) => Ok(body),
        Ok((404 | 503, _)) => Err(Refused::Later),
        Ok((status, body)) => Err(Refused::For(format!("{status} {body}"))),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Err(Refused::Later),
        Err(error) => Err(Refused::For(error.to_string())),
    }
}
