//! Batches whose replies are still being gathered: they leave as one message.

use std::collections::HashMap;
use std::sync::Arc;

use super::sender::{Letter, Part, Sender};

/// The batches under way. Each that is sealed waits for a request in flight, so there are no more of them than of those.
#[derive(Debug, Default)]
pub(super) struct Batches {
    open: HashMap<u64, Batch>,
    last: u64,
}

#[derive(Debug)]
struct Batch {
    to: Sender,
    call: Option<Arc<str>>,
    parts: Vec<Part>,
    /// Replies that will come.
    expected: usize,
    /// All its requests were read.
    sealed: bool,
}

impl Batches {
    /// A batch came; until [`seal`](Self::seal) it does not leave.
    pub fn begin(&mut self, to: &Sender, call: Option<Arc<str>>) -> u64 {
        self.last += 1;
        let batch = Batch { to: to.clone(), call, parts: Vec::new(), expected: 0, sealed: false };
        self.open.insert(self.last, batch);
        self.last
    }

    /// Another reply will come.
    pub fn one_more(&mut self, batch: u64) {
        if let Some(batch) = self.open.get_mut(&batch) {
            batch.expected += 1;
        }
    }

    /// A reply is there that nobody waited for.
    pub fn add(&mut self, batch: u64, part: Part) {
        if let Some(batch) = self.open.get_mut(&batch) {
            batch.parts.push(part);
        }
    }

    /// An expected reply is there, or will not come. Gives the letter when it was the last one.
    pub fn settle(&mut self, number: u64, part: Option<Part>) -> Option<Letter> {
        let batch = self.open.get_mut(&number)?;
        batch.expected = batch.expected.saturating_sub(1);
        batch.parts.extend(part);
        self.leave(number)
    }

    /// All requests were read. Gives the letter when all replies are there.
    pub fn seal(&mut self, number: u64) -> Option<Letter> {
        self.open.get_mut(&number)?.sealed = true;
        self.leave(number)
    }

    /// Its sender is gone.
    pub fn forget(&mut self, sender: &Sender) {
        self.open.retain(|_, batch| batch.to != *sender);
    }

    fn leave(&mut self, number: u64) -> Option<Letter> {
        if self.open.get(&number).is_none_or(|batch| !batch.sealed || batch.expected > 0) {
            return None;
        }
        let Batch { to, call, parts, .. } = self.open.remove(&number)?;
        if parts.is_empty() && call.is_none() {
            return None;
        }
        let mut message = Vec::new();
        let mut attachments = Vec::new();
        for Part { message: part, attachment } in parts {
            message.push(if message.is_empty() { b'[' } else { b',' });
            message.extend(part);
            attachments.extend(attachment);
        }
        if !message.is_empty() {
            message.push(b']');
        }
        Some(Letter { to, call, message, attachments })
    }
}
