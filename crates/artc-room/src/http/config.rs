//! `[http]`: who may ask for what over HTTP. Nobody may, until it is written down.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Settings of the web server beside the room's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether there is one.
    pub enabled: bool,
    /// Its address and port.
    pub listen: SocketAddr,
    /// Certificate chain (PEM) for https. With `tls_key`; without both it speaks plain http.
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM) of `tls_cert`.
    pub tls_key: Option<PathBuf>,
    /// Requests a second from one address, with bursts of twice as many. Logins: a quarter of that.
    pub requests_per_second: u32,
    /// Who may use the API, by name.
    pub keys: BTreeMap<String, KeyConfig>,
    /// Who may log in at `/app/v1/login`, by name.
    pub users: BTreeMap<String, UserConfig>,
    /// Where clients of the broker may go who log in with their client id and password there.
    pub broker_rooms: Vec<String>,
}

/// `[http.keys.NAME]`: a key of the API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// File that holds the key on its first line.
    pub secret_file: PathBuf,
    /// What it may.
    pub role: Role,
}

/// `[http.users.NAME]`: somebody who logs in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UserConfig {
    /// File that holds the password on its first line.
    pub password_file: PathBuf,
    /// Where they may go: channels, or beginnings of such with a `*` behind.
    pub rooms: Vec<String>,
}

/// What a key may. Each may what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look.
    Observe,
    /// Sign tokens, send commands, record.
    Operate,
    /// Say who may do what: apps, rules, callbacks, keys of devices.
    Own,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: false,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7890)),
            tls_cert: None,
            tls_key: None,
            requests_per_second: 20,
            keys: BTreeMap::new(),
            users: BTreeMap::new(),
            broker_rooms: Vec::new(),
        }
    }
}

impl Config {
    /// What is wrong, as (key below `[http]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => found.push(("tls_cert", "needs `tls_key` beside it".into())),
            (None, Some(_)) => found.push(("tls_key", "needs `tls_cert` beside it".into())),
            _ => {}
        }
        if !(1..=100_000).contains(&self.requests_per_second) {
            found.push(("requests_per_second", "is out of range, 1 to 100000".into()));
        }
        for name in self.keys.keys().filter(|name| !join_token::is_name(name)) {
            found.push(("keys", format!("`{name}` is no name: 1 to 64 of A-Z, a-z, 0-9, '_' and '-'")));
        }
        for name in self.users.keys().filter(|name| !join_token::is_name(name)) {
            found.push(("users", format!("`{name}` is no name: 1 to 64 of A-Z, a-z, 0-9, '_' and '-'")));
        }
        let rooms = self.users.values().flat_map(|user| &user.rooms).map(|room| ("users", room));
        for (key, room) in rooms.chain(self.broker_rooms.iter().map(|room| ("broker_rooms", room))) {
            let plain = room.strip_suffix('*').unwrap_or(room);
            if !(room == "*" || join_token::is_name(plain)) {
                found.push((key, format!("{room:?} is no channel, nor the beginning of one with a '*' behind")));
            }
        }
        found
    }
}

/// Whether one of `patterns` lets into `room`.
pub(super) fn lets_in(patterns: &[String], room: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => room.starts_with(beginning),
        None => room == pattern,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_let_in_by_name_or_beginning() {
        let patterns = ["yard".to_owned(), "call-*".to_owned()];
        for (room, lets) in [("yard", true), ("yards", false), ("call-1", true), ("call", false), ("", false)] {
            assert_eq!(lets_in(&patterns, room), lets, "{room}");
        }
        assert!(lets_in(&["*".to_owned()], "any") && !lets_in(&[], "any"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_key() {
        let user = UserConfig { password_file: "/x".into(), rooms: vec!["a b".into(), "*".into()] };
        let wrong = Config {
            tls_key: Some("/x".into()),
            requests_per_second: 0,
            users: [("a b".to_owned(), user)].into(),
            broker_rooms: vec!["../x*".into()],
            ..Config::default()
        };
        let keys: Vec<_> = wrong.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["tls_key", "requests_per_second", "users", "users", "broker_rooms"]);
        assert_eq!(Config::default().problems(), []);
    }
}
