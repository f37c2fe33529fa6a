//! The queue between an engine and whoever drains it: bounded, and never in the engine's way.
//!
//! Not a broadcast: each event goes to one reader.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::event::{Event, EventClass};

/// Media events kept for a slow reader: 0.64 s of 10 ms sound blocks. The oldest makes room.
pub const MEDIA_DEPTH: usize = 64;
/// Messages of other users kept for a slow reader; further ones are refused, so that nobody can push out what came before.
pub const MESSAGE_DEPTH: usize = 1024;
/// State events beyond which the reader counts as dead. They are facts, few and small; a reader that ever drains never gets near.
pub const STATE_DEPTH: usize = 65_536;

/// The engine's event handler: `push` on the engine's side, `try_next`, `next` or `next_timeout` on ours.
///
/// Order is kept over all classes. State events are never dropped for a living reader, messages are refused at
/// [`MESSAGE_DEPTH`], of media the newest [`MEDIA_DEPTH`] are kept. What was dropped is counted ([`EventQueue::dropped`] and
/// `artc_events_dropped_total`).
#[doc(alias = "EngineEventHandlerInterface")]
#[derive(Debug, Default)]
pub struct EventQueue {
    inner: Mutex<Inner>,
    arrived: Condvar,
    notify: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    /// Each entry carries its number in the order of arrival.
    state: VecDeque<(u64, Event)>,
    messages: VecDeque<(u64, Event)>,
    media: VecDeque<(u64, Event)>,
    arrivals: u64,
    dropped: Dropped,
    closed: bool,
}

/// What the queue dropped since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Pictures and sound that newer ones replaced.
    pub media: u64,
    /// Messages refused because the reader was slow.
    pub messages: u64,
    /// State events lost because nobody read for 65,536 of them.
    pub state: u64,
}

impl EventQueue {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event. Never blocks on the reader; after [`EventQueue::close`] it does nothing.
    pub fn push(&self, event: Event) {
        let class = event.class();
        let lost = {
            let mut inner = self.lock();
            if inner.closed {
                return;
            }
            inner.push(class, event)
        };
        if lost {
            let class = match class {
                EventClass::State => "state",
                EventClass::Message => "message",
                EventClass::Media => "media",
            };
            metrics::counter!("artc_events_dropped_total", "class" => class).increment(1);
        }
        self.arrived.notify_one();
        self.notify.notify_one();
    }

    /// The next event, if there is one.
    pub fn try_next(&self) -> Option<Event> {
        self.lock().pop()
    }

    /// Waits for the next event; `None` when the queue is closed and empty. Safe to cancel.
    pub async fn next(&self) -> Option<Event> {
        loop {
            let notified = self.notify.notified();
            {
                let mut inner = self.lock();
                if let Some(event) = inner.pop() {
                    return Some(event);
                }
                if inner.closed {
                    // Wake the next reader too: the permit of `close` was only one.
                    self.notify.notify_one();
                    return None;
                }
            }
            notified.await;
        }
    }

    /// Waits at most `timeout` for the next event; `None` when none came or the queue is closed and empty. For threads.
    pub fn next_timeout(&self, timeout: Duration) -> Option<Event> {
        let inner = self.lock();
        let (mut inner, _) = self
            .arrived
            .wait_timeout_while(inner, timeout, |inner| inner.is_empty() && !inner.closed)
            .unwrap_or_else(PoisonError::into_inner);
        inner.pop()
    }

    /// Ends the queue: what is in it can still be read, nothing more gets in.
    pub fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
        self.notify.notify_one();
    }

    /// Empties the queue and ends it; what was in it is never seen.
    pub fn clear_and_close(&self) {
        {
            let mut inner = self.lock();
            inner.state.clear();
            inner.messages.clear();
            inner.media.clear();
        }
        self.close();
    }

    /// Events waiting.
    pub fn len(&self) -> usize {
        let inner = self.lock();
        inner.state.len() + inner.messages.len() + inner.media.len()
    }

    /// Whether no event is waiting.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// What was dropped since the queue was made.
    pub fn dropped(&self) -> Dropped {
        self.lock().dropped
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic in another reader leaves the queue itself whole: every change is one push or pop.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether something was lost.
    fn push(&mut self, class: EventClass, event: Event) -> bool {
        self.arrivals += 1;
        let entry = (self.arrivals, event);
        match class {
            EventClass::State if self.state.len() >= STATE_DEPTH => {
                self.dropped.state += 1;
                true
            }
            EventClass::State => {
                self.state.push_back(entry);
                false
            }
            EventClass::Message if self.messages.len() >= MESSAGE_DEPTH => {
                self.dropped.messages += 1;
                true
            }
            EventClass::Message => {
                self.messages.push_back(entry);
                false
            }
            EventClass::Media => {
                let full = self.media.len() >= MEDIA_DEPTH;
                if full {
                    self.media.pop_front();
                    self.dropped.media += 1;
                }
                self.media.push_back(entry);
                full
            }
        }
    }

    fn pop(&mut self) -> Option<Event> {
        let first = |queue: &VecDeque<(u64, Event)>| queue.front().map_or(u64::MAX, |(n, _)| *n);
        let (state, messages, media) = (first(&self.state), first(&self.messages), first(&self.media));
        let queue = match state.min(messages).min(media) {
            u64::MAX => return None,
            n if n == state => &mut self.state,
            n if n == messages => &mut self.messages,
            _ => &mut self.media,
        };
        queue.pop_front().map(|(_, event)| event)
    }

    fn is_empty(&self) -> bool {
        self.state.is_empty() && self.messages.is_empty() && self.media.is_empty()
    }
}

#[cfg(test)]
mod tests;
