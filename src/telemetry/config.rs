//! The `[telemetry]` section.

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

/// Where the daemon says how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is logged: `error`, `warn`, `info`, `debug` or `trace`, or a list such as `info,room=debug`. The environment
    /// variable `ARTC_LOG` goes before it.
    pub log: String,
    /// Where log lines go.
    pub log_to: LogTo,
    /// Whether metrics and health are served over HTTP at `listen`.
    pub http: bool,
    /// Loopback address of `/metrics`, `/livez` and `/readyz`; port 0 takes any free one.
    pub listen: SocketAddr,
    /// A unix socket that serves the same.
    pub socket: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            log: "info".into(),
            log_to: LogTo::Auto,
            http: true,
            listen: SocketAddr::from(([127, 0, 0, 1], 9464)),
            socket: None,
        }
    }
}

/// Where log lines go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogTo {
    /// The journal when stderr is connected to it (`JOURNAL_STREAM`), else stderr.
    #[default]
    Auto,
    /// The journal, with fields.
    Journal,
    /// Standard error, one line each.
    Stderr,
}

impl Config {
    /// What is wrong, as (key below `[telemetry]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if let Err(why) = super::parse_levels(&self.log) {
            found.push(("log", why));
        }
        if !self.listen.ip().is_loopback() {
            let text = format!("{} is not a loopback address; metrics and health are for this machine only", self.listen.ip());
            found.push(("listen", text));
        }
        found
    }
}
