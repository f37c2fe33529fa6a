//! Somebody who sends a clip as it is, by WHIP or into a room of Janus: a picture's packets at once, with nothing that looks at the network.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use rtc::str0m::format::Codec;
use rtc::str0m::media::Frequency;
use rtc::{Direction, Event, MediaKind, MediaTime, Mid, OutgoingFrame, Output, Peer, PeerConfig, Protocol};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::json;
use url::Url;

use crate::Failure;
use crate::clip::units;
use crate::janus::{beside, publish};
use crate::steer::{now, over, read, say};
use crate::watch::socket::{Batch, Socket};
use crate::watch::viewer::{Place, post};

/// How long it may take until the first picture can leave.
const PATIENCE: Duration = Duration::from_secs(15);
const FPS: f64 = 30.0;

#[derive(Args)]
pub struct Send {
    /// A clip: .h264 with delimiters
    clip: PathBuf,
    /// Address of the WHIP endpoint, http://IP:PORT/whip/ROOM, or of Janus, janus://IP:PORT/ROOM/FEED, where the room is made
    #[arg(long)]
    url: Url,
    /// Join token of the endpoint
    #[arg(long, default_value = "")]
    token: String,
}

struct Sender {
    peer: Peer,
    socket: Socket,
    wake: Instant,
}

impl Send {
    pub fn run(self) -> Result<(), Failure> {
        let clip = std::fs::read(&self.clip)?;
        let units = units(&clip);
        let mut peer = Peer::new(&PeerConfig::default(), now());
        let (mid, socket) = self.join(&mut peer)?;
        let mut sender = Sender { peer, socket, wake: now() };
        let mut batch = Batch::new();
        let by = now() + PATIENCE;
        while !sender.peer.is_established() {
            if now() > by {
                return Err("no connection".into());
            }
            sender.turn(&mut batch, now() + Duration::from_millis(10));
        }
        say(&json!({ "event": "streaming" }));
        let start = now();
        for (number, unit) in (0_u64..).zip(units.iter().cycle()) {
            let at = start + Duration::from_secs_f64(number as f64 / FPS);
            while now() < at {
                if sender.turn(&mut batch, at) && over(Some(read()), || json!({ "pictures": number })) {
                    sender.peer.close();
                    sender.drain();
                    say(&json!({ "event": "end" }));
                    return Ok(());
                }
            }
            sender.send(mid, number, unit)?;
        }
        Ok(())
    }

    fn join(&self, peer: &mut Peer) -> Result<(Mid, Socket), Failure> {
        let place = Place::of(&self.url, &self.token)?;
        let early = match place {
            Place::Whep { .. } => Some(Socket::bind(Ipv4Addr::LOCALHOST)?),
            Place::Janus { .. } => None,
        };
        if let Some(socket) = &early {
            peer.add_local_candidate(rtc::Candidate::host(socket.address, "udp")?);
        }
        let (mid, offer) = peer.offer(|api| api.add_media(MediaKind::Video, Direction::SendOnly, None, None, None))?;
        let offer = offer.ok_or("no offer")?;
        let answer = match &place {
            Place::Whep { server, path, token } => {
                post(*server, path, token, &offer).map_err(|why| format!("{path} refuses: {why:?}"))?
            }
            Place::Janus { server, room, feed } => publish(*server, *room, *feed, &offer)?,
        };
        peer.accept_answer(&answer)?;
        Ok((mid, early.map_or_else(|| beside(peer, &answer), Ok)?))
    }
}

impl Sender {
    fn send(&mut self, mid: Mid, number: u64, unit: &[u8]) -> Result<(), Failure> {
        let pt = self.peer.payload_type(mid, Codec::H264, None).ok_or("it takes no H.264")?;
        let frame = OutgoingFrame {
            pt,
            rid: None,
            time: MediaTime::new(number * 3000, Frequency::NINETY_KHZ),
            wallclock: now(),
            data: Arc::from(unit),
            captured: None,
            playout_delay: None,
            audio_level: None,
        };
        if !self.peer.send_frame(mid, frame) {
            return Err("the connection has ended".into());
        }
        self.peer.handle_timeout(now());
        self.drain();
        Ok(())
    }

    /// Waits for datagrams, timeouts and standard input, at most until `until`; whether standard input said something.
    fn turn(&mut self, batch: &mut Batch, until: Instant) -> bool {
        let timeout = Timespec::try_from(self.wake.min(until).saturating_duration_since(now())).ok();
        let stdin = std::io::stdin();
        let mut fds = [PollFd::new(&self.socket, PollFlags::IN), PollFd::new(&stdin, PollFlags::IN)];
        // An interrupted wait is a wait that ended early.
        let _ = poll(&mut fds, timeout.as_ref());
        let [came, said] = fds.map(|fd| !fd.revents().is_empty());
        while came && self.socket.receive(batch) > 0 {
            for (datagram, from, _) in batch.iter() {
                self.peer.handle_datagram(now(), Protocol::Udp, from, self.socket.address, datagram);
                self.drain();
            }
        }
        if now() >= self.wake {
            self.peer.handle_timeout(now());
            self.drain();
        }
        said
    }

    fn drain(&mut self) {
        loop {
            match self.peer.poll() {
                Output::Transmit(datagram) => self.socket.send(datagram.destination, &datagram.contents),
                Output::Timeout(at) => {
                    self.wake = at;
                    return;
                }
                Output::Event(Event::Closed) => return,
                Output::Event(_) => {}
            }
        }
    }
}
