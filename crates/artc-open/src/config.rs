//! The `[engine.open]` section.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

/// Which room to join, and as whom. Without `url` the embedded room of the same process is joined.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The server: `ws://` or `wss://` (`http://` and `https://` mean the same).
    pub url: Option<String>,
    /// A PEM file of certificates that are trusted besides the system's: for servers and relays with an authority of their own.
    pub ca_file: Option<PathBuf>,
    /// The join token itself. Secret: better by `token_file` or a credential.
    pub token: Option<String>,
    /// A file that holds the join token; read anew at each join, so that it can be renewed in place.
    pub token_file: Option<PathBuf>,
    /// The channel to join; must be the token's. Unset: the token's own.
    pub channel: Option<String>,
    /// This device's identity in the channel; must be the token's. Unset: the token's own.
    pub identity: Option<String>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("url", &self.url)
            .field("ca_file", &self.ca_file)
            .field("token", &self.token.as_ref().map(|_| "redacted"))
            .field("token_file", &self.token_file)
            .field("channel", &self.channel)
            .field("identity", &self.identity)
            .finish()
    }
}

impl Config {
    /// What is wrong, as (key below `[engine.open]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if let Some(text) = &self.url {
            match url::Url::parse(text) {
                Err(why) => found.push(("url", format!("`{text}` is no address: {why}"))),
                Ok(url) if !["ws", "wss", "http", "https"].contains(&url.scheme()) => {
                    found.push(("url", format!("`{}://` is not a scheme of a room; use ws:// or wss://", url.scheme())));
                }
                Ok(url) if url.host_str().is_none_or(str::is_empty) => found.push(("url", format!("`{text}` names no host"))),
                Ok(url) if url.password().is_some() || !url.username().is_empty() => {
                    found.push(("url", "a user or password in the address would be ignored; the token is what lets in".into()));
                }
                Ok(_) => {}
            }
        }
        if self.token.is_some() && self.token_file.is_some() {
            found.push(("token", "given together with `token_file`; keep one of them".into()));
        }
        found
    }
}
