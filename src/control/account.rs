//! What is remembered of each sender while it is busy: how much it said, what it waits for, what was written of it.

use std::collections::HashMap;
use std::time::Duration;

use super::audit::Repeats;
use super::limits::{Bucket, Limits, MAX_SENDERS, REFUSALS};
use super::sender::Sender;

/// The accounts of all senders; at most [`MAX_SENDERS`].
#[derive(Debug, Default)]
pub(super) struct Accounts(HashMap<Sender, Account>);

#[derive(Debug)]
pub(super) struct Account {
    pub messages: Bucket,
    pub refusals: Bucket,
    pub in_flight: usize,
    pub repeats: Repeats,
}

impl Accounts {
    /// The account of `sender`, made if there is none; nothing while too many others are busy.
    pub fn open(&mut self, sender: &Sender, limits: &Limits, now: Duration) -> Option<&mut Account> {
        if !self.0.contains_key(sender) {
            if self.0.len() >= MAX_SENDERS {
                // Whoever has a full bucket and nothing under way is the same as a stranger.
                self.0.retain(|_, account| {
                    account.in_flight > 0 || !account.messages.is_full(now) || !account.refusals.is_full(now)
                });
            }
            if self.0.len() >= MAX_SENDERS {
                return None;
            }
            let account = Account {
                messages: Bucket::new(limits.messages_per_second, limits.messages_per_second),
                refusals: Bucket::new(REFUSALS, limits.messages_per_second),
                in_flight: 0,
                repeats: Repeats::default(),
            };
            self.0.insert(sender.clone(), account);
        }
        self.0.get_mut(sender)
    }

    pub fn get_mut(&mut self, sender: &Sender) -> Option<&mut Account> {
        self.0.get_mut(sender)
    }

    /// Requests of `sender` that wait for their reply.
    pub fn in_flight(&self, sender: &Sender) -> usize {
        self.0.get(sender).map_or(0, |account| account.in_flight)
    }
}
