//! Settings of the embedded room. Not for the daemon's other parts.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[room]` of the configuration file.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Run a room server inside the daemon.
    pub enabled: bool,
    /// Address of the web server: viewer page, signalling, RoomService, WHEP and WHIP. 127.0.0.1 keeps it on this machine;
    /// 0.0.0.0 opens it to the network. Media listens on the same IP.
    pub listen: SocketAddr,
    /// UDP port of all media. 0 takes a free one.
    pub media_port: u16,
    /// TCP port of media for viewers behind firewalls. 0 takes a free one.
    pub tcp_port: u16,
    /// Whether media over TCP is offered at all.
    pub tcp: bool,
    /// IP addresses told to viewers instead of those of the network interfaces, for a box behind a port-forwarding router.
    pub external_ips: Vec<IpAddr>,
    /// Room that the camera publishes in.
    pub channel: String,
    /// API key that signs access tokens.
    pub api_key: String,
    /// File that holds the secret of the API key, and nothing else. Without it every start makes a new secret, and tokens end with the process.
    pub api_secret_file: Option<PathBuf>,
    /// Apps whose tokens of the vendor's rule let in, by app id.
    pub apps: BTreeMap<String, App>,
    /// Certificate chain (PEM) for https and wss. With `tls_key`; without both the web server speaks plain http.
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM) of `tls_cert`.
    pub tls_key: Option<PathBuf>,
    /// Rooms at once.
    pub max_rooms: usize,
    /// Participants in one room at once, viewers by WHEP included.
    pub max_participants: usize,
    /// Joins a second over all rooms, with bursts of five times as many.
    pub max_joins_per_second: u32,
    /// Whether an admin may also unmute a track. Off, only its publisher can.
    pub remote_unmute: bool,
}

/// `[room.apps.ID]`: an app by the vendor's rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// File that holds the app's key, and nothing else.
    pub key_file: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            enabled: true,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7880)),
            media_port: 7882,
            tcp_port: 7881,
            tcp: true,
            external_ips: Vec::new(),
            channel: "camera".to_owned(),
            api_key: "artc-edge".to_owned(),
            api_secret_file: None,
            apps: BTreeMap::new(),
            tls_cert: None,
            tls_key: None,
            max_rooms: 16,
            max_participants: 64,
            max_joins_per_second: 10,
            remote_unmute: false,
        }
    }
}

impl Config {
    /// What is wrong, as (key below `[room]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.channel.is_empty() {
            found.push(("channel", "is empty; the device needs a channel to be met in".into()));
        }
        if self.api_key.is_empty() {
            found.push(("api_key", "is empty; name the key under which tokens are signed".into()));
        }
        for id in self.apps.keys().filter(|id| !join_token::is_name(id)) {
            found.push(("apps", format!("`{id}` is no app id: 1 to 64 of A-Z, a-z, 0-9, '_' and '-'")));
        }
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => found.push(("tls_cert", "needs `tls_key` beside it".into())),
            (None, Some(_)) => found.push(("tls_key", "needs `tls_cert` beside it".into())),
            _ => {}
        }
        let counts = [
            ("max_rooms", self.max_rooms),
            ("max_participants", self.max_participants),
            ("max_joins_per_second", self.max_joins_per_second as usize),
        ];
        for (key, value) in counts {
            if !(1..=10_000).contains(&value) {
                found.push((key, format!("{value} is out of range, 1 to 10000")));
            }
        }
        found
    }
}
