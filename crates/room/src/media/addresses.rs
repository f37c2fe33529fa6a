//! Which addresses of this machine viewers are told. Not for sockets.

use std::net::{IpAddr, SocketAddr};

use rtc::Candidate;
use rtc::str0m::net::TcpType;

/// Most addresses told; a machine with containers has dozens.
const MAX_ADDRESSES: usize = 12;

/// Where the media port is.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// IP that the media port listens on.
    pub(crate) listen: IpAddr,
    pub(crate) udp_port: u16,
    pub(crate) tcp_port: Option<u16>,
    /// Told instead of the machine's own, if any.
    pub(crate) external: Vec<IpAddr>,
}

impl Addresses {
    /// The candidates as of now.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let mut ips = self.ips();
        ips.truncate(MAX_ADDRESSES);
        let udp = ips.iter().filter_map(|ip| Candidate::builder().udp().host(SocketAddr::new(*ip, self.udp_port)).build().ok());
        let tcp = self.tcp_port.into_iter().flat_map(|port| {
            ips.iter().filter_map(move |ip| {
                Candidate::builder().tcp().host(SocketAddr::new(*ip, port)).tcptype(TcpType::Passive).build().ok()
            })
        });
        udp.chain(tcp).collect()
    }

    fn ips(&self) -> Vec<IpAddr> {
        if !self.listen.is_unspecified() {
            return vec![self.listen];
        }
        if !self.external.is_empty() {
            return self.external.clone();
        }
        let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
            tracing::warn!(%error, "addresses of this machine unknown; only itself can watch");
            Vec::new()
        });
        let mut ips: Vec<IpAddr> = interfaces
            .iter()
            .map(if_addrs::Interface::ip)
            .filter(|ip| ip.is_ipv4() == self.listen.is_ipv4() || self.listen.is_ipv6())
            .filter(|ip| !is_link_local(*ip))
            .collect();
        if ips.is_empty() {
            ips.push(super::reachable(self.listen));
        }
        // The network before this machine itself.
        ips.sort_by_key(IpAddr::is_loopback);
        ips
    }
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(listen: &str) -> Addresses {
        Addresses { listen: listen.parse().unwrap(), udp_port: 7882, tcp_port: Some(7881), external: Vec::new() }
    }

    #[test]
    fn one_address_is_told_for_udp_and_for_tcp() {
        let told: Vec<String> = addresses("192.0.2.1").candidates().iter().map(Candidate::to_sdp_string).collect();
        assert_eq!(told.len(), 2);
        assert!(told[0].contains(" udp ") && told[0].contains("192.0.2.1 7882"), "{told:?}");
        assert!(
            told[1].contains(" tcp ") && told[1].contains("192.0.2.1 7881") && told[1].contains("tcptype passive"),
            "{told:?}"
        );
    }

    #[test]
    fn a_machine_that_listens_everywhere_tells_real_addresses() {
        let told = addresses("0.0.0.0").candidates();
        assert!(!told.is_empty());
        assert!(told.iter().all(|c| !c.addr().ip().is_unspecified() && c.addr().is_ipv4()));
        let mut behind = addresses("0.0.0.0");
        behind.external = vec!["203.0.113.9".parse().unwrap()];
        assert!(behind.candidates().iter().all(|c| c.addr().ip() == behind.external[0]));
    }
}
