//! The UDP sockets of both peers: one a peer and address of ours, each a host candidate.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};

use rtc::Candidate;
use tokio::net::UdpSocket;

use crate::session::PeerKind;

/// Longest datagram that is read.
const MAX_DATAGRAM: usize = 2048;
/// Bytes that the kernel may hold for us: a second at 4 Mbit/s.
const KERNEL_BUFFER: usize = 512 * 1024;

/// One socket.
struct Socket {
    kind: PeerKind,
    local: SocketAddr,
    udp: UdpSocket,
}

/// All of them.
#[derive(Default)]
pub struct Sockets {
    sockets: Vec<Socket>,
    buffer: Vec<u8>,
}

/// A datagram that came.
pub struct Datagram<'a> {
    /// For which peer.
    pub kind: PeerKind,
    /// From where.
    pub source: SocketAddr,
    /// Which address of ours.
    pub local: SocketAddr,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl Sockets {
    /// Opens sockets on new addresses and closes those on addresses that are gone. Answers whether anything changed.
    pub fn follow(&mut self, addresses: &[IpAddr]) -> bool {
        let before = self.sockets.len();
        self.sockets.retain(|s| addresses.contains(&s.local.ip()));
        let mut changed = self.sockets.len() != before;
        for &ip in addresses {
            for kind in PeerKind::ALL {
                if self.sockets.iter().any(|s| s.kind == kind && s.local.ip() == ip) {
                    continue;
                }
                match bind(ip) {
                    Ok((udp, local)) => {
                        self.sockets.push(Socket { kind, local, udp });
                        changed = true;
                    }
                    Err(error) => tracing::debug!(%ip, %error, "no socket on this address"),
                }
            }
        }
        changed
    }

    /// Closes everything.
    pub fn close(&mut self) {
        self.sockets.clear();
    }

    /// Our host candidates.
    pub fn candidates(&self) -> Vec<(PeerKind, Candidate)> {
        self.sockets.iter().filter_map(|s| Some((s.kind, Candidate::host(s.local, "udp").ok()?))).collect()
    }

    /// Every socket's peer and address.
    pub fn locals(&self) -> Vec<(PeerKind, SocketAddr)> {
        self.sockets.iter().map(|s| (s.kind, s.local)).collect()
    }

    /// Whether one of the sockets has this address.
    pub fn has(&self, kind: PeerKind, local: SocketAddr) -> bool {
        self.sockets.iter().any(|s| s.kind == kind && s.local == local)
    }

    /// Sends at once or not at all: what the kernel does not take now is late anyway, and media is repaired on request.
    pub fn send(&self, kind: PeerKind, source: SocketAddr, destination: SocketAddr, bytes: &[u8]) -> bool {
        let Some(socket) = self.sockets.iter().find(|s| s.kind == kind && s.local == source) else { return false };
        match socket.udp.try_send_to(bytes, destination) {
            Ok(_) => true,
            Err(error) => {
                metrics::counter!("artc_open_datagrams_unsent_total").increment(1);
                tracing::trace!(%error, %destination, "datagram not sent");
                false
            }
        }
    }

    /// Ready when a datagram may be waiting in one of the sockets.
    pub fn poll_ready(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut ready = Poll::Pending;
        for socket in &self.sockets {
            if socket.udp.poll_recv_ready(context).is_ready() {
                ready = Poll::Ready(());
            }
        }
        ready
    }

    /// Hands every waiting datagram to `take`, at most `most` a socket, so that nobody starves.
    pub fn receive(&mut self, most: usize, mut take: impl FnMut(Datagram<'_>)) {
        self.buffer.resize(MAX_DATAGRAM, 0);
        for socket in &self.sockets {
            for _ in 0..most {
                match socket.udp.try_recv_from(&mut self.buffer) {
                    Ok((len, source)) => {
                        let bytes = &self.buffer[..len];
                        take(Datagram { kind: socket.kind, source, local: socket.local, bytes });
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // An ICMP answer to something that we sent; ICE finds out by itself what works.
                    Err(_) => {}
                }
            }
        }
    }
}

fn bind(ip: IpAddr) -> io::Result<(UdpSocket, SocketAddr)> {
    let domain = if ip.is_ipv4() { socket2::Domain::IPV4 } else { socket2::Domain::IPV6 };
    let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, None)?;
    socket.set_nonblocking(true)?;
    // Best effort: the kernel may allow less.
    let _ = socket.set_recv_buffer_size(KERNEL_BUFFER);
    let _ = socket.set_send_buffer_size(KERNEL_BUFFER);
    socket.bind(&SocketAddr::new(ip, 0).into())?;
    let udp = UdpSocket::from_std(socket.into())?;
    let local = udp.local_addr()?;
    Ok((udp, local))
}

/// Addresses of this machine that media can use. Loopback only when the server is on this machine, or when there is nothing else.
pub fn addresses(server_is_local: bool) -> Vec<IpAddr> {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    let usable = |ip: &IpAddr| match ip {
        IpAddr::V4(v4) => !v4.is_link_local() && !v4.is_unspecified(),
        // Link-local addresses need a scope that candidates cannot carry.
        IpAddr::V6(v6) => !v6.is_unicast_link_local() && !v6.is_unspecified(),
    };
    let mut found: Vec<IpAddr> = all.iter().map(if_addrs::Interface::ip).filter(usable).filter(|ip| !ip.is_loopback()).collect();
    if server_is_local || found.is_empty() {
        found.extend(all.iter().map(if_addrs::Interface::ip).filter(IpAddr::is_loopback).filter(IpAddr::is_ipv4));
    }
    found.sort();
    found.dedup();
    found
}
