//! The room that a program's engine joins, and joining it.

use std::time::Duration;

use artc_bindings::{Engine, Event, JoinChannelConfig};
use clap::Args;

use crate::Failure;

/// The room answers within this time.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Args)]
pub struct Where {
    /// The room's signalling address, ws://
    #[arg(long)]
    pub url: String,
    /// Join token
    #[arg(long)]
    token: String,
    /// Channel
    #[arg(long)]
    room: String,
    /// The token's identity
    #[arg(long)]
    identity: String,
}

impl Where {
    /// Joins and waits for the result.
    pub fn join(&self, engine: &dyn Engine, config: &JoinChannelConfig) -> Result<(), Failure> {
        engine.join_channel(&self.token, &self.room, &self.identity, &self.identity, config)?;
        let events = engine.event_handler();
        loop {
            match events.next_timeout(PATIENCE).ok_or("the join was not answered")? {
                Event::JoinChannelResult { result, .. } if result.is_ok() => return Ok(()),
                Event::JoinChannelResult { result, .. } => return Err(result.to_string().into()),
                _ => {}
            }
        }
    }
}
