//! The replay window: which requests a sender has had run, so that one that is repeated is answered and not run again.
//!
//! A sender that got no reply, because a message was lost or the connection was, sends the same request once more: same id, same
//! method, same parameters. While the first one is still under way the reply goes where the last one asked for it; afterwards it comes
//! from here. The same id with other content is a mistake of the sender's.
//! A signed command is the same one in the same envelope, which is believed once: it is looked up here before it is opened.
//!
//! What is kept goes by sender, not by connection. Requests that only tell something are known while they are under way; they may be
//! run again, unless they are signed. Bounded: replies are kept for [`AGE`], [`IDS`] of one sender and [`ALL_IDS`] of all, [`BYTES`]
//! and [`ALL_BYTES`]. When there are too many bytes, replies go before ids do: what is not answered from memory any more is still not
//! run twice. What there are too many of goes at the expense of who has most.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use wire::{Id, Request};

use super::sender::{Part, Sender};
use super::tickets::Ticket;

/// How long a reply can be had again, from the time of its first.
pub const AGE: Duration = Duration::from_secs(120);
/// Answered requests that are remembered of one sender.
pub const IDS: usize = 2048;
/// Answered requests that are remembered of all senders.
pub const ALL_IDS: usize = 16 * 1024;
/// Bytes of replies that are kept of one sender: a still picture among them.
pub const BYTES: usize = 1024 * 1024;
/// Bytes of replies that are kept of all senders.
pub const ALL_BYTES: usize = 4 * 1024 * 1024;

/// What an id stands for.
#[derive(Debug)]
pub(super) enum Known {
    /// Nothing.
    New,
    /// This very request, which is under way.
    Running(Ticket),
    /// This very request, which was answered so.
    Answered(Part),
    /// This very request; how it was answered is not kept any more.
    Gone,
    /// Another request.
    Other,
}

/// The memory of all senders.
#[derive(Debug, Default)]
pub(super) struct Window {
    senders: HashMap<Sender, Memory>,
    ids: usize,
    bytes: usize,
}

/// The memory of one.
#[derive(Debug, Default)]
struct Memory {
    records: HashMap<Id, Record>,
    /// Those that were answered, in the order of their replies.
    answered: VecDeque<(Duration, Id)>,
    /// How many of those have lost their reply: the oldest ones.
    gone: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Record {
    content: Content,
    state: State,
}

#[derive(Debug)]
enum State {
    Running(Ticket),
    Answered(Part),
    Gone,
}

/// What makes a request the same one, as it came: a signed command in its envelope. A collision costs only who sent both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content(u64);

impl Content {
    pub fn of(request: &Request) -> Self {
        let mut hasher = DefaultHasher::new();
        request.method.name().hash(&mut hasher);
        request.params().hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl Window {
    /// What is known of the id of a request.
    pub fn look(&mut self, from: &Sender, id: &Id, content: Content, now: Duration) -> Known {
        self.expire(from, now);
        let Some(record) = self.senders.get(from).and_then(|memory| memory.records.get(id)) else { return Known::New };
        if record.content != content {
            return Known::Other;
        }
        match &record.state {
            State::Running(ticket) => Known::Running(*ticket),
            State::Answered(part) => Known::Answered(part.clone()),
            State::Gone => Known::Gone,
        }
    }

    /// A request is under way. There are never more of these than may be in flight.
    pub fn begin(&mut self, from: &Sender, id: &Id, content: Content, ticket: Ticket) {
        let record = Record { content, state: State::Running(ticket) };
        self.senders.entry(from.clone()).or_default().records.insert(id.clone(), record);
    }

    /// A request was answered at once, and is not to be run again.
    pub fn note(&mut self, from: &Sender, id: Option<&Id>, content: Content, part: &Part, now: Duration) {
        let Some(id) = id else { return };
        let record = Record { content, state: State::Gone };
        self.senders.entry(from.clone()).or_default().records.insert(id.clone(), record);
        self.answered(from, id, part, now);
    }

    /// The request with this id has ended and may be run again.
    pub fn end(&mut self, from: &Sender, id: &Id) {
        if let Some(memory) = self.senders.get_mut(from) {
            memory.records.remove(id);
            self.drop_empty(from);
        }
    }

    /// The request with this id has ended, and was answered so.
    pub fn answered(&mut self, from: &Sender, id: &Id, part: &Part, now: Duration) {
        let Some(memory) = self.senders.get_mut(from) else { return };
        let Some(record) = memory.records.get_mut(id) else { return };
        let bytes = part.bytes();
        record.state = State::Answered(part.clone());
        memory.answered.push_back((now, id.clone()));
        memory.bytes += bytes;
        self.bytes += bytes;
        self.ids += 1;
        while self.senders.get(from).is_some_and(|memory| memory.bytes > BYTES) {
            self.drop_reply(from);
        }
        while self.senders.get(from).is_some_and(|memory| memory.answered.len() > IDS) {
            self.drop_oldest(from);
        }
        if self.bytes > ALL_BYTES || self.ids > ALL_IDS {
            for sender in self.senders.keys().cloned().collect::<Vec<_>>() {
                self.expire(&sender, now);
            }
        }
        while self.bytes > ALL_BYTES {
            let Some(most) = self.most(|memory| memory.bytes) else { break };
            self.drop_reply(&most);
        }
        while self.ids > ALL_IDS {
            let Some(most) = self.most(|memory| memory.answered.len()) else { break };
            self.drop_oldest(&most);
        }
    }

    /// Everything of `from` is forgotten.
    pub fn forget(&mut self, from: &Sender) {
        if let Some(memory) = self.senders.remove(from) {
            self.bytes -= memory.bytes;
            self.ids -= memory.answered.len();
        }
    }

    /// Answered requests and bytes of replies that are remembered.
    #[cfg(test)]
    pub fn size(&self) -> (usize, usize) {
        (self.ids, self.bytes)
    }

    fn most(&self, of: impl Fn(&Memory) -> usize) -> Option<Sender> {
        self.senders.iter().max_by_key(|(_, memory)| of(memory)).map(|(sender, _)| sender.clone())
    }

    /// What is too old of `from` is forgotten.
    pub fn expire(&mut self, from: &Sender, now: Duration) {
        let old = |memory: &Memory| memory.answered.front().is_some_and(|(at, _)| now.saturating_sub(*at) >= AGE);
        while self.senders.get(from).is_some_and(old) {
            self.drop_oldest(from);
        }
        self.drop_empty(from);
    }

    fn drop_empty(&mut self, from: &Sender) {
        if self.senders.get(from).is_some_and(|memory| memory.records.is_empty()) {
            self.senders.remove(from);
        }
    }

    /// Forgets the oldest reply of `from`, and keeps its id.
    fn drop_reply(&mut self, from: &Sender) {
        let Some(memory) = self.senders.get_mut(from) else { return };
        let Some((_, id)) = memory.answered.get(memory.gone) else { return };
        memory.gone += 1;
        let Some(record) = memory.records.get_mut(id) else { return };
        if let State::Answered(part) = std::mem::replace(&mut record.state, State::Gone) {
            memory.bytes -= part.bytes();
            self.bytes -= part.bytes();
        }
    }

    /// Forgets the oldest answered request of `from`.
    fn drop_oldest(&mut self, from: &Sender) {
        let Some(memory) = self.senders.get_mut(from) else { return };
        let Some((_, id)) = memory.answered.pop_front() else { return };
        memory.gone = memory.gone.saturating_sub(1);
        self.ids -= 1;
        if let Some(Record { state: State::Answered(part), .. }) = memory.records.remove(&id) {
            memory.bytes -= part.bytes();
            self.bytes -= part.bytes();
        }
    }
}
