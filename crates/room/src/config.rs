//! The `[room]` section.

use std::{fmt, net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

/// The embedded room server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether this process serves a room of its own.
    pub enabled: bool,
    /// Address and port of signalling, viewer page, WHEP and WHIP.
    pub listen: SocketAddr,
    /// UDP port of all media; 0 takes any free one.
    pub media_port: u16,
    /// Whether media may come over TCP where UDP does not pass.
    pub tcp: bool,
    /// TCP port of that media; 0 takes any free one.
    pub tcp_port: u16,
    /// The channel in which this device is met.
    pub channel: String,
    /// Key under which join tokens are signed. Unset: one is made at each start, and only this process can mint tokens.
    pub api_key: Option<String>,
    /// The key's secret, at least 32 characters. Secret: better by `api_secret_file` or a credential.
    pub api_secret: Option<String>,
    /// A file that holds the secret.
    pub api_secret_file: Option<PathBuf>,
    /// Certificate chain (PEM) for https and wss; needs `tls_key`.
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM) of `tls_cert`.
    pub tls_key: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: SocketAddr::from(([127, 0, 0, 1], 7880)),
            media_port: 7882,
            tcp: true,
            tcp_port: 7881,
            channel: "camera".into(),
            api_key: None,
            api_secret: None,
            api_secret_file: None,
            tls_cert: None,
            tls_key: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("enabled", &self.enabled)
            .field("listen", &self.listen)
            .field("media_port", &self.media_port)
            .field("tcp", &self.tcp)
            .field("tcp_port", &self.tcp_port)
            .field("channel", &self.channel)
            .field("api_key", &self.api_key)
            .field("api_secret", &self.api_secret.as_ref().map(|_| "redacted"))
            .field("api_secret_file", &self.api_secret_file)
            .field("tls_cert", &self.tls_cert)
            .field("tls_key", &self.tls_key)
            .finish()
    }
}

impl Config {
    /// What is wrong, as (key below `[room]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.channel.is_empty() {
            found.push(("channel", "is empty; the device needs a channel to be met in".into()));
        }
        if self.api_secret.is_some() && self.api_secret_file.is_some() {
            found.push(("api_secret", "given together with `api_secret_file`; keep one of them".into()));
        }
        let secret = self.api_secret.is_some() || self.api_secret_file.is_some();
        match (&self.api_key, secret) {
            (Some(_), false) => found.push(("api_key", "needs `api_secret_file` (or `api_secret`) beside it".into())),
            (None, true) => found.push(("api_secret", "needs `api_key` beside it".into())),
            _ => {}
        }
        if self.api_secret.as_ref().is_some_and(|secret| secret.len() < 32) {
            found.push(("api_secret", "is shorter than 32 characters".into()));
        }
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => found.push(("tls_cert", "needs `tls_key` beside it".into())),
            (None, Some(_)) => found.push(("tls_key", "needs `tls_cert` beside it".into())),
            _ => {}
        }
        found
    }
}
