//! Ways to the server besides datagrams from our own addresses: ICE over TCP, and relays. Each is a task of its own with bounded
//! queues; the shell sees candidates and packets. Not for deciding when they are needed: the session does.

mod carrier;
mod relay;
mod servers;
mod stream;
mod stun;
mod tcp;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use bytes::Bytes;
use rtc::proto::IceServer;
use rtc::{Candidate, Protocol};
use tokio::sync::mpsc::{Receiver, Sender, channel};

pub use stun::Reflexive;

use crate::clock::Clock;
use crate::session::PeerKind;
use servers::{Server, Use};

/// Packets that wait for a way at most; what is more is lost, as on UDP.
const DEPTH: usize = 256;
/// Ways at once; the oldest gives way.
const MOST_WAYS: usize = 12;

/// Packets for a way, each with its destination.
type Outbox = Receiver<(SocketAddr, Bytes)>;

/// What a way tells.
#[derive(Debug)]
pub enum WayNews {
    /// It can be used.
    Open {
        /// Number of the way.
        id: u64,
        /// The address of ours that packets are sent with.
        candidate: Box<Candidate>,
        /// The address of this machine that it goes out from.
        via: IpAddr,
    },
    /// A packet came.
    Packet {
        /// Number of the way.
        id: u64,
        /// From whom.
        source: SocketAddr,
        /// The packet.
        bytes: Bytes,
    },
    /// It is over.
    Closed {
        /// Number of the way.
        id: u64,
        /// Why.
        why: String,
    },
    /// A server that tells how we are seen has this address.
    StunServer(SocketAddr),
}

/// What a packet needs to find its peer.
pub struct Arrival {
    /// For which peer.
    pub kind: PeerKind,
    /// Over what, as ICE sees it.
    pub protocol: Protocol,
    /// Which address of ours.
    pub local: SocketAddr,
}

#[derive(Clone, Debug, PartialEq)]
enum Target {
    Tcp(SocketAddr),
    Relay(Server),
}

struct Way {
    id: u64,
    kind: PeerKind,
    target: Target,
    /// Address and outgoing address, once it is open.
    open: Option<(SocketAddr, IpAddr)>,
    outbox: Sender<(SocketAddr, Bytes)>,
}

impl Way {
    fn protocol(&self) -> Protocol {
        if matches!(self.target, Target::Tcp(_)) { Protocol::Tcp } else { Protocol::Udp }
    }
}

/// All of them.
pub struct Ways {
    ways: Vec<Way>,
    relays: Vec<Server>,
    news: Sender<WayNews>,
    ca_file: Option<PathBuf>,
    clock: Clock,
    made: u64,
}

impl Ways {
    /// None yet. `ca_file` is for relays that are reached by TLS.
    pub fn new(news: Sender<WayNews>, ca_file: Option<PathBuf>, clock: Clock) -> Self {
        Self { ways: Vec::new(), relays: Vec::new(), news, ca_file, clock, made: 0 }
    }

    /// The servers that help with addresses, from now on. Looks up those that tell how we are seen.
    pub fn servers(&mut self, servers: &[IceServer]) {
        let (found, odd) = servers::read(servers);
        for url in odd {
            tracing::debug!(url, "a server that helps with addresses is not usable");
        }
        self.relays = found.iter().filter(|s| s.purpose != Use::Stun).cloned().collect();
        tracing::debug!(relays = self.relays.len(), all = found.len(), "servers that help with addresses");
        // A relay answers such questions as well, but asking it twice tells nothing new.
        for server in found.into_iter().filter(|s| s.purpose == Use::Stun) {
            let news = self.news.clone();
            tokio::spawn(async move {
                match carrier::look_up(&server.host, server.port).await {
                    Ok(address) => _ = news.send(WayNews::StunServer(address)).await,
                    Err(why) => tracing::debug!(server = server.name(), why, "server that tells addresses not found"),
                }
            });
        }
    }

    /// Connects to the server by TCP.
    pub fn dial(&mut self, kind: PeerKind, to: SocketAddr) {
        let (id, outbox) = self.add(kind, Target::Tcp(to));
        tokio::spawn(tcp::run(id, to, outbox, self.news.clone()));
    }

    /// Asks each relay for an address, unless it is asked already or has given one.
    pub fn relay(&mut self, kind: PeerKind) {
        for server in self.relays.clone() {
            let target = Target::Relay(server.clone());
            if self.ways.iter().any(|way| way.kind == kind && way.target == target) {
                continue;
            }
            let (id, outbox) = self.add(kind, target);
            let task = relay::run(id, server, self.ca_file.clone(), outbox, self.news.clone(), self.clock);
            tokio::spawn(task);
        }
    }

    fn add(&mut self, kind: PeerKind, target: Target) -> (u64, Outbox) {
        let mut live = self.ways.iter_mut().filter(|way| !way.outbox.is_closed());
        if let (Some(oldest), true) = (live.next(), live.count() + 1 >= MOST_WAYS) {
            // Its task ends when its outbox is gone, and says so.
            oldest.outbox = channel(1).0;
        }
        let (outbox, packets) = channel(DEPTH);
        self.made += 1;
        self.ways.push(Way { id: self.made, kind, target, open: None, outbox });
        (self.made, packets)
    }

    /// A way is open. Answers for which peer, unless nobody wants it any more.
    pub fn opened(&mut self, id: u64, address: SocketAddr, via: IpAddr) -> Option<PeerKind> {
        let way = self.ways.iter_mut().find(|way| way.id == id)?;
        way.open = Some((address, via));
        Some(way.kind)
    }

    /// Whom a packet of a way is for.
    pub fn arrival(&self, id: u64) -> Option<Arrival> {
        let way = self.ways.iter().find(|way| way.id == id)?;
        let (local, _) = way.open?;
        Some(Arrival { kind: way.kind, protocol: way.protocol(), local })
    }

    /// A way is over. Answers which address of which peer is gone with it.
    pub fn closed(&mut self, id: u64) -> Option<(PeerKind, SocketAddr)> {
        let at = self.ways.iter().position(|way| way.id == id)?;
        let way = self.ways.remove(at);
        Some((way.kind, way.open?.0))
    }

    /// Ends the ways that go out from addresses that are gone. Answers what is gone with them.
    pub fn follow(&mut self, addresses: &[IpAddr]) -> Vec<(PeerKind, SocketAddr)> {
        let mut gone = Vec::new();
        self.ways.retain(|way| {
            let stays = way.open.is_none_or(|(_, via)| addresses.contains(&via) || via.is_loopback());
            if let (false, Some((address, _))) = (stays, way.open) {
                gone.push((way.kind, address));
            }
            stays
        });
        gone
    }

    /// Ends all.
    pub fn close(&mut self) {
        self.ways.clear();
    }

    /// Sends a packet over the way that has `source`. Answers whether there is one with room for it.
    pub fn send(&self, kind: PeerKind, transmit: &rtc::Transmit) -> bool {
        let fits = |way: &&Way| {
            way.kind == kind
                && way.protocol() == transmit.proto
                && way.open.is_some_and(|(address, _)| address == transmit.source)
                && (way.target == Target::Tcp(transmit.destination) || transmit.proto == Protocol::Udp)
        };
        let Some(way) = self.ways.iter().find(fits) else { return false };
        let sent = way.outbox.try_send((transmit.destination, Bytes::copy_from_slice(&transmit.contents))).is_ok();
        if !sent {
            metrics::counter!("artc_open_way_packets_dropped_total").increment(1);
        }
        sent
    }
}
