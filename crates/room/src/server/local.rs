//! The way in for an engine of this process. Checks the token as the web server does; everything else is the state machine's.

use std::sync::Arc;

use rtc::local::{FROM_ROOM, JoinRefused, Link, LinkId, LinkSender, LocalJoin, LocalRoom};
use tokio::sync::mpsc;

use super::Shared;
use crate::core::{ClientTraits, Join, Way as Attachment};
use crate::media::Command;
use crate::token::TokenError;

/// Joins over links.
pub(super) struct Way(pub(super) Arc<Shared>);

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LocalRoom")
    }
}

impl LocalRoom for Way {
    fn join(&self, join: LocalJoin) -> Result<Link, JoinRefused> {
        let refused = |error: TokenError| match error {
            TokenError::UnknownApp(_) => JoinRefused::UnknownApp(error.to_string()),
            _ => JoinRefused::Token(error.to_string()),
        };
        let claims = self.0.verify(Some(&join.token)).map_err(refused)?;
        claims.joins().map_err(refused)?;
        let conn = self.0.next_conn();
        let (sender, receiver) = mpsc::channel(FROM_ROOM);
        let traits = ClientTraits {
            auto_subscribe: join.auto_subscribe,
            client_protocol: join.client_protocol,
            attributes: join.attributes,
            ..Default::default()
        };
        let join =
            Join { conn, claims, way: Attachment::Local, traits, resume: None, offer: None, add_tracks: Vec::new(), sync: None };
        self.0.commands.try_send(Command::JoinLocal(Box::new(join), sender)).map_err(|_| JoinRefused::Stopped)?;
        Ok(Link { sender: LinkSender::new(LinkId(conn.0), self.0.links.clone()), receiver })
    }
}
