//! Which peer a datagram on the one media port belongs to: by source address, else by the ICE user fragment in its STUN
//! message. Not for checking that the message is genuine; the peer's own ICE does that.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::SocketAddr;

use str0m::net::Protocol;

/// Most source addresses remembered for one peer; a browser on a laptop has fewer than ten.
const MAX_ADDRESSES: usize = 32;

/// Demultiplexer of one or more sockets shared by many peers. `K` names a peer.
#[derive(Debug)]
pub struct Mux<K> {
    by_address: HashMap<(Protocol, SocketAddr), K>,
    by_ufrag: HashMap<String, K>,
    addresses: HashMap<K, Vec<(Protocol, SocketAddr)>>,
}

impl<K> Default for Mux<K> {
    fn default() -> Self {
        Mux { by_address: HashMap::new(), by_ufrag: HashMap::new(), addresses: HashMap::new() }
    }
}

impl<K: Copy + Eq + Hash> Mux<K> {
    /// Makes `ufrag` (our own side's) lead to `peer`. A restarted ICE registers its new one as well.
    pub fn register(&mut self, ufrag: &str, peer: K) {
        self.by_ufrag.insert(ufrag.to_owned(), peer);
    }

    /// Forgets everything about `peer`.
    pub fn forget(&mut self, peer: K) {
        self.by_ufrag.retain(|_, k| *k != peer);
        for address in self.addresses.remove(&peer).unwrap_or_default() {
            if self.by_address.get(&address) == Some(&peer) {
                self.by_address.remove(&address);
            }
        }
    }

    /// Forgets one source address, when its TCP connection closed.
    pub fn forget_address(&mut self, protocol: Protocol, source: SocketAddr) {
        if let Some(peer) = self.by_address.remove(&(protocol, source))
            && let Some(known) = self.addresses.get_mut(&peer)
        {
            known.retain(|a| *a != (protocol, source));
        }
    }

    /// The peer that `packet` is for; `None` for strangers. STUN requests with a known user fragment teach the address.
    pub fn route(&mut self, protocol: Protocol, source: SocketAddr, packet: &[u8]) -> Option<K> {
        let known = self.by_address.get(&(protocol, source)).copied();
        // Only a STUN request can move an address from one peer to another, as when a browser reuses its port.
        let Some(ufrag) = stun_ufrag(packet) else { return known };
        let Some(&peer) = self.by_ufrag.get(ufrag) else { return known };
        if known != Some(peer) {
            let addresses = self.addresses.entry(peer).or_default();
            if addresses.len() >= MAX_ADDRESSES {
                let oldest = addresses.remove(0);
                self.by_address.remove(&oldest);
            }
            addresses.push((protocol, source));
            self.by_address.insert((protocol, source), peer);
        }
        Some(peer)
    }
}

/// Our user fragment in a STUN binding request (RFC 8445: `USERNAME` is `ours:theirs`), `None` for anything else.
pub fn stun_ufrag(packet: &[u8]) -> Option<&str> {
    const USERNAME: u16 = 0x0006;
    const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
    let header = packet.first_chunk::<20>()?;
    if header[0] > 1 || header[4..8] != COOKIE {
        return None;
    }
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let mut attributes = packet.get(20..20 + length)?;
    while let Some(head) = attributes.first_chunk::<4>() {
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = attributes.get(4..4 + length)?;
        if kind == USERNAME {
            return std::str::from_utf8(value).ok()?.split_once(':').map(|(ours, _)| ours);
        }
        attributes = attributes.get(4 + length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn binding_request(username: &str) -> Vec<u8> {
        let value = username.as_bytes();
        let padded = value.len().next_multiple_of(4);
        let mut packet = vec![0x00, 0x01];
        packet.extend(u16::try_from(4 + padded).unwrap().to_be_bytes());
        packet.extend([0x21, 0x12, 0xa4, 0x42]);
        packet.extend([7; 12]);
        packet.extend([0x00, 0x06]);
        packet.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        packet.extend(value);
        packet.resize(20 + 4 + padded, 0);
        packet
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    #[test]
    fn media_follows_the_address_that_stun_taught() {
        let mut mux = Mux::default();
        mux.register("ours", 1);
        let media = [0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(mux.route(Protocol::Udp, address(5000), &media), None, "a stranger");
        assert_eq!(mux.route(Protocol::Udp, address(5000), &binding_request("ours:theirs")), Some(1));
        assert_eq!(mux.route(Protocol::Udp, address(5000), &media), Some(1));
        assert_eq!(mux.route(Protocol::Tcp, address(5000), &media), None, "another protocol is another address");
        mux.forget(1);
        assert_eq!(mux.route(Protocol::Udp, address(5000), &media), None);
    }

    #[test]
    fn a_reused_port_goes_to_the_peer_it_names_now() {
        let mut mux = Mux::default();
        mux.register("one", 1);
        mux.register("two", 2);
        mux.route(Protocol::Udp, address(5000), &binding_request("one:x"));
        assert_eq!(mux.route(Protocol::Udp, address(5000), &binding_request("two:x")), Some(2));
        mux.forget(1);
        assert_eq!(mux.route(Protocol::Udp, address(5000), &[0x80; 12]), Some(2), "forgetting one must not cut two");
    }

    #[test]
    fn a_flood_of_source_addresses_does_not_grow_the_table() {
        let mut mux = Mux::default();
        mux.register("ours", 1);
        for port in 1..1000 {
            mux.route(Protocol::Udp, address(port), &binding_request("ours:x"));
        }
        assert_eq!(mux.by_address.len(), MAX_ADDRESSES);
    }

    proptest! {
        #[test]
        fn no_datagram_makes_it_panic(packet in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut mux = Mux::default();
            mux.register("ours", 1);
            prop_assert_eq!(mux.route(Protocol::Udp, address(1), &packet), None);
        }

        #[test]
        fn no_stun_lookalike_makes_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut packet = binding_request("");
            packet.truncate(20);
            packet.extend(tail);
            let length = u16::try_from(packet.len() - 20).unwrap();
            packet[2..4].copy_from_slice(&length.to_be_bytes());
            let _ = stun_ufrag(&packet);
        }
    }
}
