//! Who wants to be told what the board's buttons do.

use wire::{Code, Refusal};

use super::Sender;
use super::limits::MAX_SENDERS;

/// The senders that asked for it and have not left since.
#[derive(Debug, Default)]
pub(super) struct Watchers(Vec<Sender>);

impl Watchers {
    /// `sender` wants to be told, or no more.
    pub(super) fn set(&mut self, sender: &Sender, on: bool) -> Result<(), Refusal> {
        self.forget(sender);
        if on && self.0.len() >= MAX_SENDERS {
            return Err(Refusal::new(Code::NotAvailable, format!("{MAX_SENDERS} others are told already")));
        }
        if on {
            self.0.push(sender.clone());
        }
        Ok(())
    }

    pub(super) fn forget(&mut self, sender: &Sender) {
        self.0.retain(|other| other != sender);
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Sender> {
        self.0.iter()
    }
}
