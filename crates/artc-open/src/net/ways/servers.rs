//! The servers that a join response names for STUN and TURN, read from their addresses (RFC 7064, RFC 7065).

use std::fmt;

use rtc::proto::IceServer;

/// Servers that are used at most.
const MOST: usize = 8;

/// What a server does for us, and over what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Tells how we are seen.
    Stun,
    /// Relays, reached by UDP.
    TurnUdp,
    /// Relays, reached by TCP.
    TurnTcp,
    /// Relays, reached by TLS.
    TurnTls,
}

/// One server.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    pub purpose: Use,
    /// Name or address, without brackets.
    pub host: String,
    pub port: u16,
    pub user: String,
    /// Never shown.
    pub password: String,
}

impl Server {
    /// For messages.
    pub fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({:?} {})", self.purpose, self.name())
    }
}

/// Reads them; what is no address of such a server comes back as text.
pub fn read(servers: &[IceServer]) -> (Vec<Server>, Vec<String>) {
    let (mut found, mut odd) = (Vec::new(), Vec::new());
    for server in servers {
        for url in &server.urls {
            match one(url, server) {
                Some(server) if found.len() < MOST && !found.contains(&server) => found.push(server),
                Some(_) => {}
                None => odd.push(url.chars().take(100).collect()),
            }
        }
    }
    (found, odd)
}

fn one(url: &str, server: &IceServer) -> Option<Server> {
    let (scheme, rest) = url.split_once(':')?;
    let (place, query) = rest.split_once('?').map_or((rest, ""), |(place, query)| (place, query));
    let transport = query.split('&').find_map(|pair| pair.strip_prefix("transport="));
    let purpose = match (scheme.to_ascii_lowercase().as_str(), transport) {
        ("stun", _) => Use::Stun,
        ("turn", None | Some("udp")) => Use::TurnUdp,
        ("turn", Some("tcp")) => Use::TurnTcp,
        ("turns", None | Some("tcp")) => Use::TurnTls,
        // STUN over TLS, and TURN over DTLS: nobody offers it.
        _ => return None,
    };
    let default = if purpose == Use::TurnTls { 5349 } else { 3478 };
    let (host, port) = match place.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(default), |port| port.parse().ok())?;
    if host.is_empty() || port == 0 {
        return None;
    }
    Some(Server { purpose, host: host.to_owned(), port, user: server.username.clone(), password: server.credential.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers_are_understood_or_told() {
        let servers = IceServer {
            urls: [
                "stun:stun.example.org",
                "turn:turn.example.org?transport=udp",
                "turn:192.0.2.1:443?transport=tcp",
                "turns:turn.example.org:443?transport=tcp",
                "turns:[2001:db8::1]",
                "turn:turn.example.org",
                "http://example.org",
                "turn:",
                "turn:x:0",
                "turn:x:70000",
            ]
            .map(str::to_owned)
            .to_vec(),
            username: "user".into(),
            credential: "a-secret".into(),
        };
        let (found, odd) = read(&[servers]);
        let told: Vec<_> = found.iter().map(|s| (s.purpose, s.host.as_str(), s.port)).collect();
        assert_eq!(
            told,
            [
                (Use::Stun, "stun.example.org", 3478),
                (Use::TurnUdp, "turn.example.org", 3478),
                (Use::TurnTcp, "192.0.2.1", 443),
                (Use::TurnTls, "turn.example.org", 443),
                (Use::TurnTls, "2001:db8::1", 5349),
            ],
            "the same server twice is one"
        );
        assert_eq!(odd, ["http://example.org", "turn:", "turn:x:0", "turn:x:70000"]);
        assert!(!format!("{found:?}").contains("a-secret"));
    }
}
