//! Where join tokens come from: the embedded room's own key, or the configuration for a server elsewhere.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use artc_bindings::Secret;
use room::token::{Claims, TokenError, VideoGrant};

use super::announce;
use crate::control::permission::LOCAL_VIEWER;
use crate::session::Ticket;

/// Identity under which the device joins its own room.
pub const DEVICE_IDENTITY: &str = "camera";

/// Each join gets a new token, so it need not live longer than a join takes.
const DEVICE_TTL: Duration = Duration::from_secs(600);

/// How long a viewer address lets in. A page that is in stays in.
const VIEWER_TTL: Duration = Duration::from_secs(3600);

/// A token for whoever opens a viewer address: sees, hears and commands, and publishes nothing but messages, and a microphone where viewers
/// may `talk`. It is an invitation: each browser that opens the address gets an identity of its own.
fn viewer_token(room: &room::Handle, channel: &str, talk: bool) -> Result<String, TokenError> {
    let can_publish_sources = if talk { vec!["microphone".to_owned()] } else { Vec::new() };
    let grant =
        VideoGrant { can_publish: Some(talk), can_publish_sources, can_publish_data: Some(true), ..VideoGrant::join(channel) };
    let claims =
        Claims { sub: LOCAL_VIEWER.into(), name: "Viewer".into(), video: Some(grant), invitation: true, ..Claims::default() };
    room.mint(claims, VIEWER_TTL)
}

/// Makes or reads tokens.
pub enum TicketSource {
    /// The room of this process.
    Embedded {
        /// The room, which has the key.
        room: Arc<room::Handle>,
        /// The channel to join.
        channel: String,
        /// What others see.
        name: String,
        /// Viewers may talk.
        talk: bool,
    },
    /// A server elsewhere.
    Configured {
        /// Where its token is.
        source: TokenSource,
        /// What others see.
        name: String,
    },
    /// An engine that asks for none.
    Scripted,
}

/// A token that somebody else made, and what the configuration says of its use.
#[derive(Clone)]
pub struct TokenSource {
    section: &'static str,
    token: Option<Secret>,
    token_file: Option<PathBuf>,
    channel: Option<String>,
    identity: Option<String>,
}

impl TokenSource {
    /// Of `[engine.open]`.
    pub fn of_open(config: &artc_open::Config) -> Self {
        Self {
            section: "engine.open",
            token: config.token.clone().map(Secret::new),
            token_file: config.token_file.clone(),
            channel: config.channel.clone(),
            identity: config.identity.clone(),
        }
    }

    /// Of `[engine.sdk]`: channel and user are the token's.
    pub fn of_sdk(config: &artc_bindings::sdk::Config) -> Self {
        Self {
            section: "engine.sdk",
            token: config.token.clone().map(Secret::new),
            token_file: config.token_file.clone(),
            channel: None,
            identity: None,
        }
    }
}

impl TicketSource {
    /// An address of the viewer page with a token of its own.
    ///
    /// # Errors
    /// Why there is none: only the embedded room has a page, and a key to sign with.
    pub fn viewer_address(&self) -> Result<wire::viewer::Address, String> {
        let Self::Embedded { room, channel, talk, .. } = self else {
            return Err("this device has no room of its own; the server that it joins lets viewers in".into());
        };
        let token = viewer_token(room, channel, *talk).map_err(|why| why.to_string())?;
        let address = announce::page_address(&room.url(), channel, &token);
        Ok(wire::viewer::Address { address, expires_in_s: VIEWER_TTL.as_secs() })
    }

    /// The ticket for the next join. A token in a file is read anew each time, so that it can be renewed in place.
    pub fn next(&self, renew: bool) -> Result<Ticket, String> {
        match self {
            Self::Embedded { room, channel, name, .. } => {
                let claims = Claims {
                    sub: DEVICE_IDENTITY.into(),
                    name: name.clone(),
                    video: Some(VideoGrant { can_update_own_metadata: Some(true), ..VideoGrant::join(channel) }),
                    ..Claims::default()
                };
                let token = room.mint(claims, DEVICE_TTL).map_err(|why| why.to_string())?;
                Ok(Ticket {
                    token: Secret::new(token),
                    channel: channel.clone(),
                    user_id: DEVICE_IDENTITY.into(),
                    user_name: name.clone(),
                })
            }
            Self::Configured { source, name } => configured(source, name, renew),
            Self::Scripted => Ok(Ticket {
                token: Secret::new("scripted"),
                channel: "camera".into(),
                user_id: DEVICE_IDENTITY.into(),
                user_name: DEVICE_IDENTITY.into(),
            }),
        }
    }
}

fn configured(source: &TokenSource, name: &str, renew: bool) -> Result<Ticket, String> {
    let section = source.section;
    let token = match (&source.token_file, &source.token) {
        (Some(path), _) => {
            let text =
                std::fs::read_to_string(path).map_err(|why| format!("`[{section}] token_file` {}: {why}", path.display()))?;
            Secret::new(text.trim())
        }
        (None, Some(token)) => {
            if renew {
                tracing::warn!("`[{section}] token` was refused and there is no other; `token_file` could be renewed in place");
            }
            token.clone()
        }
        (None, None) => return Err(format!("`[{section}]` has neither `token_file` nor `token`")),
    };
    let artc_open::Claims { identity, room, .. } = artc_open::peek(token.expose()).unwrap_or_default();
    let named = |what: &str, set: &Option<String>, own: Option<String>| {
        let way_out = if section == "engine.open" { format!("; set `[engine.open] {what}`") } else { String::new() };
        set.clone().or(own).ok_or_else(|| format!("the token of `[{section}]` names no {what}{way_out}"))
    };
    let channel = named("channel", &source.channel, room)?;
    let user_id = named("identity", &source.identity, identity)?;
    Ok(Ticket { token, channel, user_id, user_name: name.into() })
}
