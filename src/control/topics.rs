//! Who wants to be told what.

use std::collections::BTreeMap;

use wire::event::Topic;
use wire::{Code, Refusal};

use super::limits::MAX_SENDERS;
use super::sender::{Letter, Sender};

/// The senders that subscribed and have not left since; each topic once for each, so bounded by both.
#[derive(Debug, Default)]
pub(super) struct Topics(BTreeMap<Topic, Vec<Sender>>);

impl Topics {
    /// `sender` wants to be told of these topics, or no more.
    pub fn set(&mut self, sender: &Sender, topics: &[Topic], on: bool) -> Result<(), Refusal> {
        let full = |topic| self.0.get(topic).is_some_and(|all| all.len() >= MAX_SENDERS && !all.contains(sender));
        if on && topics.iter().any(full) {
            return Err(Refusal::new(Code::NotAvailable, format!("{MAX_SENDERS} others are told already")));
        }
        for topic in topics {
            let all = self.0.entry(*topic).or_default();
            all.retain(|other| other != sender);
            if on {
                all.push(sender.clone());
            }
        }
        Ok(())
    }

    /// What `sender` subscribed to.
    pub fn of(&self, sender: &Sender) -> Vec<Topic> {
        self.0.iter().filter(|(_, all)| all.contains(sender)).map(|(topic, _)| *topic).collect()
    }

    /// It left.
    pub fn forget(&mut self, sender: &Sender) {
        self.0.values_mut().for_each(|all| all.retain(|other| other != sender));
    }

    /// The letters of one event, to who subscribed and to who is told anyway. `params` is only asked for when there is somebody to tell.
    pub fn letters<P: serde::Serialize>(&self, topic: Topic, anyway: Option<&Sender>, params: impl FnOnce() -> P) -> Vec<Letter> {
        let all = self.0.get(&topic).map_or(&[][..], Vec::as_slice);
        let anyway = anyway.filter(|sender| !all.contains(sender));
        if all.is_empty() && anyway.is_none() {
            return Vec::new();
        }
        let message = wire::event::notification(topic, &params());
        let letter = |to: &Sender| Letter { to: to.clone(), call: None, message: message.clone(), attachments: Vec::new() };
        all.iter().chain(anyway).map(letter).collect()
    }
}
