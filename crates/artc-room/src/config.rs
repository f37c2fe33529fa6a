//! The configuration file: the room's own section, the broker's, and what the service adds.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use call_control::{ClientId, Usual};
use serde::{Deserialize, Serialize};

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The room, and the keys that tokens are signed with. Not enabled: those of a LiveKit cluster elsewhere.
    pub room: room::Config,
    /// The broker, and who we are there.
    pub calls: call_control::Config,
    /// What calls are like.
    pub service: Service,
    /// What outlives the process.
    pub state: State,
    /// Logins, tokens, devices, recordings over HTTP.
    pub http: crate::http::config::Config,
    /// Recordings that are asked for over HTTP.
    pub record: crate::record::config::Config,
    /// Streams pushed in and pulled out over RTMP.
    pub rtmp: Rtmp,
    /// Numbers and health.
    pub telemetry: Telemetry,
}

/// `[rtmp]`: streams pushed in and pulled out over RTMP.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rtmp {
    /// Where. Unset: nowhere.
    pub listen: Option<SocketAddr>,
    /// Connections at once, 1 to 1000; each stream is one.
    pub connections: u32,
    /// Certificate chain (PEM): RTMPS, and nothing else. Unset: RTMP.
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM) of `tls_cert`.
    pub tls_key: Option<PathBuf>,
}

impl Default for Rtmp {
    fn default() -> Self {
        Self { listen: None, connections: 32, tls_cert: None, tls_key: None }
    }
}

/// `[state]`: what outlives the process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// The file. Unset: `artc-room.sqlite` in the service manager's state directory; without one, nothing outlives the process.
    pub file: Option<PathBuf>,
}

impl State {
    /// The file, with the service manager's word where there is none of ours.
    pub fn path(&self) -> Option<PathBuf> {
        self.file.clone().or_else(|| state_folder().map(|folder| folder.join("artc-room.sqlite")))
    }
}

/// The service manager's state directory, where it gives one.
pub(crate) fn state_folder() -> Option<PathBuf> {
    std::env::var_os("STATE_DIRECTORY").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// `[telemetry]`: numbers and health.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// Where they are served, on this machine. Unset: nowhere.
    pub listen: Option<SocketAddr>,
}

/// `[service]`: what calls are like.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// The channel of a `create` on the control topic itself.
    pub channel: String,
    /// Whom `create` calls where it names nobody, by their client ids.
    pub invite: Vec<ClientId>,
    /// How long it rings, in seconds, 1 to 600.
    pub ring_s: u16,
    /// Whose tokens those get who are called.
    pub token: TokenRule,
    /// The app, one of `[room.apps]`, whose key signs tokens of the rule `app`.
    pub app: Option<String>,
    /// The address of the room that clients are told (`gslb`). Unset: that of the room of this process.
    pub server: Option<String>,
}

/// Whose tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenRule {
    /// LiveKit's, signed with the room's API key.
    #[default]
    LiveKit,
    /// The vendor's single-parameter token, signed with an app's key.
    App,
    /// The vendor's with several parameters, since 2020: the signature alone, whose other parts clients are told beside it.
    #[serde(rename = "app-fields")]
    AppFields,
    /// The vendor's of 2018 and 2019: signed with the key of the channel, which the app's file then holds.
    #[serde(rename = "channel-key")]
    ChannelKey,
}

impl TokenRule {
    /// Its name, as in the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LiveKit => "livekit",
            Self::App => "app",
            Self::AppFields => "app-fields",
            Self::ChannelKey => "channel-key",
        }
    }
}

impl Default for Service {
    fn default() -> Self {
        Self { channel: "123456".into(), invite: Vec::new(), ring_s: 30, token: TokenRule::default(), app: None, server: None }
    }
}

impl Service {
    pub(crate) fn usual(&self) -> Usual {
        Usual { channel: self.channel.clone(), invite: self.invite.clone() }
    }
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// In words, with the place: what cannot be read, is unknown, or out of range.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))?;
        let config: Self = toml::from_str(&text).map_err(|why| format!("{}: {why}", path.display()))?;
        let problems: Vec<String> =
            config.problems().into_iter().map(|(key, why)| format!("{}: `{key}`: {why}", path.display())).collect();
        if problems.is_empty() { Ok(config) } else { Err(problems.join("\n")) }
    }

    /// What is wrong, as (key, why).
    pub fn problems(&self) -> Vec<(String, String)> {
        let of = |section: &str, found: Vec<(&'static str, String)>| {
            found.into_iter().map(|(key, why)| (format!("{section}.{key}"), why)).collect::<Vec<_>>()
        };
        let parts = [
            ("room", self.room.problems()),
            ("calls", self.calls.problems()),
            ("http", self.http.problems()),
            ("record", self.record.problems()),
        ];
        let mut found: Vec<_> = parts.into_iter().flat_map(|(section, problems)| of(section, problems)).collect();
        let mut say = |key: &str, why: &str| found.push((format!("service.{key}"), why.to_owned()));
        let service = &self.service;
        if !join_token::is_name(&service.channel) {
            say("channel", "is no channel: 1 to 64 of A-Z, a-z, 0-9, '_' and '-'");
        }
        if !(1..=600).contains(&service.ring_s) {
            say("ring_s", "is out of range, 1 to 600");
        }
        match (service.token, &service.app) {
            (TokenRule::LiveKit, _) => {}
            (_, None) => say("app", "is not set; the vendor's rules need one of `[room.apps]`"),
            (_, Some(app)) if !self.room.apps.contains_key(app) => say("app", "is none of `[room.apps]`"),
            _ => {}
        }
        if !self.room.enabled && (self.calls.enabled || self.http.enabled || self.rtmp.listen.is_some()) {
            if service.server.is_none() {
                say("server", "is not set, and there is no room in this process: name the one that is joined");
            }
            if service.token == TokenRule::LiveKit && self.room.api_secret_file.is_none() {
                found.push(("room.api_secret_file".into(), "is not set; tokens for a room elsewhere need its secret".into()));
            }
        }
        if self.rtmp.tls_cert.is_some() != self.rtmp.tls_key.is_some() {
            let (there, lacks) = if self.rtmp.tls_cert.is_some() { ("tls_cert", "tls_key") } else { ("tls_key", "tls_cert") };
            found.push((format!("rtmp.{there}"), format!("needs `{lacks}` beside it")));
        }
        if !(1..=1000).contains(&self.rtmp.connections) {
            found.push(("rtmp.connections".into(), "is out of range, 1 to 1000".into()));
        }
        if self.record.enabled() && !self.http.enabled {
            found.push(("http.enabled".into(), "is false, and recordings are asked for there".into()));
        }
        if self.telemetry.listen.is_some_and(|listen| !listen.ip().is_loopback()) {
            found.push(("telemetry.listen".into(), "is no address of this machine alone, such as 127.0.0.1:7891".into()));
        }
        if !self.http.broker_rooms.is_empty() && self.calls.secret_file.is_none() {
            found.push((
                "http.broker_rooms".into(),
                "needs `calls.secret_file`, by which the broker's passwords are known".into(),
            ));
        }
        if !self.room.enabled && !self.calls.enabled && !self.http.enabled && self.rtmp.listen.is_none() {
            found
                .push(("room.enabled".into(), "false leaves nothing to do; enable it, `calls.enabled` or `http.enabled`".into()));
        }
        found
    }
}

/// The first line of a file that holds a secret.
pub(crate) fn read_secret(key: &str, path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|why| format!("`{key}` {}: {why}", path.display()))?;
    match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => Ok(line.to_owned()),
        None => Err(format!("`{key}` {}: the file is empty; put the secret on its first line", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../artc-room.toml");

    #[test]
    fn the_shipped_file_is_the_defaults_and_names_every_key() {
        assert_eq!(toml::from_str::<Config>(SHIPPED).expect("it is read"), Config::default());
        assert_eq!(Config::default().problems(), []);
        // Keys without a default are there as comments; with these switched on it is read, too.
        let mut seen: Vec<&str> = Vec::new();
        let mut all = String::new();
        for line in SHIPPED.lines() {
            let example = line.strip_prefix('#').filter(|rest| key_of(rest).is_some_and(|key| !seen.contains(&key)));
            let line = example.unwrap_or(line);
            seen.extend(key_of(line));
            if line.starts_with('[') {
                seen.clear();
            }
            all = all + line + "\n";
        }
        let given: toml::Table = all.parse().expect("TOML");
        let known = serde_keys();
        for (section, keys) in &known {
            let there = given[section].as_table().expect("a section");
            for key in keys {
                assert!(there.contains_key(key), "{section}.{key} is not explained");
            }
            assert_eq!(there.len(), keys.len(), "[{section}] names keys that are not there");
        }
    }

    fn key_of(line: &str) -> Option<&str> {
        let (key, _) = line.split_once(" = ")?;
        key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_').then_some(key)
    }

    /// Every section with its keys, unset ones too.
    fn serde_keys() -> Vec<(String, Vec<String>)> {
        let whole = serde_json::to_value(Config::default()).expect("JSON");
        let sections = whole.as_object().expect("sections").iter();
        sections.map(|(name, section)| (name.clone(), section.as_object().expect("keys").keys().cloned().collect())).collect()
    }

    #[test]
    fn mistakes_are_told_with_their_key() {
        let wrong = Config {
            service: Service { channel: "a b".into(), ring_s: 0, token: TokenRule::App, ..Service::default() },
            room: room::Config { enabled: false, ..room::Config::default() },
            ..Config::default()
        };
        let keys: Vec<_> = wrong.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["service.channel", "service.ring_s", "service.app", "room.enabled"]);
        assert!(toml::from_str::<Config>("[service]\nchanel = \"x\"").is_err(), "unknown keys are refused");
        assert!(toml::from_str::<Config>("[service]\ninvite = [\"nobody\"]").is_err());
    }
}
