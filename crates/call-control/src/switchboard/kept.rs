//! What is kept of the calls, so that they go on when the server has started anew.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Deed, Line, MAX_CALLS, Switchboard};
use crate::{Call, Kept, Refused};

/// What is kept of a call and its channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptLine {
    channel: String,
    anybody: bool,
    call: Kept,
}

impl Switchboard {
    /// The calls that are other than when this was last asked; `None`: it has ended.
    pub fn changed(&mut self, now: Duration) -> Vec<(String, Option<KeptLine>)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        changed
            .map(|id| {
                let kept = self.lines.get(&id).map(|line| KeptLine {
                    channel: line.channel.clone(),
                    anybody: line.anybody,
                    call: line.call.keep(now),
                });
                (id, kept)
            })
            .collect()
    }

    /// A call goes on that was kept `passed` ago: its channel is to be there again. What has become late meanwhile,
    /// [`Switchboard::expire`] sees to.
    ///
    /// # Errors
    /// [`Refused::Malformed`] for names that are none, [`Refused::Full`].
    pub fn restore(&mut self, id: &str, kept: KeptLine, passed: Duration, now: Duration) -> Result<(), Refused> {
        if !join_token::is_name(id) || !join_token::is_name(&kept.channel) {
            return Err(Refused::Malformed);
        }
        if self.lines.len() >= MAX_CALLS || self.lines.contains_key(id) {
            return Err(Refused::Full);
        }
        let KeptLine { channel, anybody, call } = kept;
        self.deeds.push_back(Deed::Open { channel: channel.clone() });
        self.lines.insert(id.to_owned(), Line { call: Call::restore(call, passed, now), channel, anybody });
        Ok(())
    }
}
