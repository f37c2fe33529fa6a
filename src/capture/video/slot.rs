//! The way out of a capture thread: a short queue in which the newest wins, and the books of every frame.
//!
//! The law of the books, at every moment: grabbed = broken + dropped + pushed + in flight. Not for sound, which
//! must not skip.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

/// How many frames went which way since the camera was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Frames that the source gave, whole or not.
    pub grabbed: u64,
    /// Of these, frames that were damaged or did not convert.
    pub broken: u64,
    /// Frames passed over because a newer one was there or no buffer was free.
    pub dropped: u64,
    /// Frames that the consumer took.
    pub pushed: u64,
    /// Frames being converted or waiting for the consumer.
    pub in_flight: u64,
}

/// A queue of bounded depth between one capture thread and its consumer: pushing never waits and drops the oldest.
#[derive(Debug)]
pub struct Slot<T> {
    inner: Mutex<Inner<T>>,
    ready: Condvar,
    metrics: Metrics,
}

#[derive(Debug)]
struct Inner<T> {
    queue: VecDeque<T>,
    depth: usize,
    counters: Counters,
    closed: bool,
}

#[derive(Debug)]
struct Metrics {
    grabbed: metrics::Counter,
    broken: metrics::Counter,
    dropped: metrics::Counter,
    pushed: metrics::Counter,
}

impl<T> Slot<T> {
    /// A slot that keeps at most `depth` frames, at least one.
    pub fn new(depth: usize) -> Self {
        let depth = depth.max(1);
        let inner = Inner { queue: VecDeque::with_capacity(depth + 1), depth, counters: Counters::default(), closed: false };
        let metrics = Metrics {
            grabbed: metrics::counter!("artc_capture_video_grabbed_total"),
            broken: metrics::counter!("artc_capture_video_broken_total"),
            dropped: metrics::counter!("artc_capture_video_dropped_total"),
            pushed: metrics::counter!("artc_capture_video_pushed_total"),
        };
        Self { inner: Mutex::new(inner), ready: Condvar::new(), metrics }
    }

    /// Enters a frame that the source just gave. What becomes of it is said to the ticket.
    pub fn grab(&self) -> Ticket<'_, T> {
        let mut inner = self.lock();
        inner.counters.grabbed += 1;
        inner.counters.in_flight += 1;
        self.metrics.grabbed.increment(1);
        Ticket { slot: self, settled: false }
    }

    /// Takes the oldest waiting frame, waiting for one up to `timeout`; `None` when none came or the slot was closed.
    pub fn take(&self, timeout: Duration) -> Option<T> {
        let waiting = |inner: &mut Inner<T>| inner.queue.is_empty() && !inner.closed;
        let (mut inner, _) = self.ready.wait_timeout_while(self.lock(), timeout, waiting).unwrap_or_else(PoisonError::into_inner);
        let item = inner.queue.pop_front()?;
        inner.counters.in_flight -= 1;
        inner.counters.pushed += 1;
        self.metrics.pushed.increment(1);
        Some(item)
    }

    /// Takes the oldest waiting frame without waiting.
    pub fn try_take(&self) -> Option<T> {
        self.take(Duration::ZERO)
    }

    /// Keeps at most `depth` frames from now on, at least one.
    pub fn set_depth(&self, depth: usize) {
        self.lock().depth = depth.max(1);
    }

    /// Frames that wait for the consumer.
    pub fn waiting(&self) -> usize {
        self.lock().queue.len()
    }

    /// The books, all of one moment.
    pub fn counters(&self) -> Counters {
        self.lock().counters
    }

    /// Lets go of waiting consumers for good; frames still in the queue can be taken.
    pub fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
    }

    /// Whether the capture thread has ended and nothing will come any more.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Drops what waits, as frames passed over: they belong to a mode that is over.
    pub fn clear(&self) {
        let mut inner = self.lock();
        let waiting = inner.queue.len() as u64;
        inner.queue.clear();
        inner.counters.in_flight -= waiting;
        inner.counters.dropped += waiting;
        self.metrics.dropped.increment(waiting);
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A grabbed frame in the capture thread's hands. Dropped without a word, the frame counts as dropped.
#[must_use = "say what became of the frame"]
#[derive(Debug)]
pub struct Ticket<'a, T> {
    slot: &'a Slot<T>,
    settled: bool,
}

impl<T> Ticket<'_, T> {
    /// The frame was damaged.
    pub fn broken(mut self) {
        self.settled = true;
        let mut inner = self.slot.lock();
        inner.counters.in_flight -= 1;
        inner.counters.broken += 1;
        self.slot.metrics.broken.increment(1);
    }

    /// The frame is passed over.
    pub fn dropped(self) {
        drop(self);
    }

    /// The frame goes to the consumer; the oldest waiting one makes room.
    pub fn push(mut self, item: T) {
        self.settled = true;
        let slot = self.slot;
        let mut inner = slot.lock();
        inner.queue.push_back(item);
        while inner.queue.len() > inner.depth {
            inner.queue.pop_front();
            inner.counters.in_flight -= 1;
            inner.counters.dropped += 1;
            slot.metrics.dropped.increment(1);
        }
        drop(inner);
        slot.ready.notify_one();
    }
}

impl<T> Drop for Ticket<'_, T> {
    fn drop(&mut self) {
        if !self.settled {
            let mut inner = self.slot.lock();
            inner.counters.in_flight -= 1;
            inner.counters.dropped += 1;
            self.slot.metrics.dropped.increment(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_newest_two_stay() {
        let slot = Slot::new(2);
        for n in 0..5 {
            slot.grab().push(n);
        }
        assert_eq!((slot.try_take(), slot.try_take(), slot.try_take()), (Some(3), Some(4), None));
        let books = Counters { grabbed: 5, broken: 0, dropped: 3, pushed: 2, in_flight: 0 };
        assert_eq!(slot.counters(), books);
    }

    #[test]
    fn a_waiting_consumer_is_woken_by_a_frame_and_by_the_end() {
        let slot = Slot::new(2);
        std::thread::scope(|scope| {
            let consumer = scope.spawn(|| (slot.take(Duration::from_secs(60)), slot.take(Duration::from_secs(60))));
            slot.grab().push(7);
            while slot.counters().pushed == 0 {
                std::thread::yield_now();
            }
            slot.close();
            assert_eq!(consumer.join().unwrap(), (Some(7), None));
        });
        assert!(slot.is_closed());
    }

    proptest! {
        #[test]
        fn no_frame_is_lost_from_the_books(steps in proptest::collection::vec(0u8..6, 0..200)) {
            let slot = Slot::new(2);
            let mut held = Vec::new();
            for step in steps {
                match (step, held.pop()) {
                    (0, ticket) => { held.extend(ticket); held.push(slot.grab()); }
                    (1, Some(ticket)) => Ticket::broken(ticket),
                    (2, Some(ticket)) => Ticket::dropped(ticket),
                    (3, Some(ticket)) => ticket.push(()),
                    (4, ticket) => { held.extend(ticket); slot.try_take(); }
                    (5, ticket) => { held.extend(ticket); slot.clear(); }
                    (_, ticket) => held.extend(ticket),
                }
                let c = slot.counters();
                prop_assert_eq!(c.grabbed, c.broken + c.dropped + c.pushed + c.in_flight);
                prop_assert!(c.in_flight as usize <= held.len() + 2, "in flight is what is held and what waits");
            }
            drop(held);
            slot.clear();
            prop_assert_eq!(slot.counters().in_flight, 0);
        }
    }
}
