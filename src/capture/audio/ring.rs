//! The way out of the microphone's thread: a short queue of 10 ms blocks in order, and the books of every block.
//!
//! Pushing never waits: when the consumer stalls for longer than the ring is deep, the oldest blocks go. The law of the books, at every
//! moment: grabbed = dropped + pushed + in flight.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use media::PcmBlock;
use serde::Serialize;

/// How many blocks went which way since the microphone was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Blocks that came, from the device, the tone or as silence in place of either.
    pub grabbed: u64,
    /// Of these, blocks of nothing but silence that took the place of a device that gave none.
    pub silent: u64,
    /// Blocks that the consumer was too slow for.
    pub dropped: u64,
    /// Blocks that the consumer took.
    pub pushed: u64,
    /// Blocks that wait for the consumer.
    pub in_flight: u64,
}

/// A bounded queue between the microphone's thread and its consumer.
#[derive(Debug)]
pub struct Ring {
    inner: Mutex<Inner>,
    ready: Condvar,
    metrics: Metrics,
}

#[derive(Debug)]
struct Inner {
    queue: VecDeque<PcmBlock>,
    counters: Counters,
    closed: bool,
}

#[derive(Debug)]
struct Metrics {
    grabbed: metrics::Counter,
    silent: metrics::Counter,
    dropped: metrics::Counter,
    pushed: metrics::Counter,
}

impl Ring {
    /// Blocks that wait at most: 200 ms, which a busy machine may take to run the consumer again, and no more than a listener bears.
    pub const DEPTH: usize = 20;

    pub(super) fn new() -> Self {
        let inner = Inner { queue: VecDeque::with_capacity(Self::DEPTH), counters: Counters::default(), closed: false };
        let metrics = Metrics {
            grabbed: metrics::counter!("artc_capture_audio_grabbed_total"),
            silent: metrics::counter!("artc_capture_audio_silent_total"),
            dropped: metrics::counter!("artc_capture_audio_dropped_total"),
            pushed: metrics::counter!("artc_capture_audio_pushed_total"),
        };
        Self { inner: Mutex::new(inner), ready: Condvar::new(), metrics }
    }

    /// Puts in a block; the oldest makes room.
    pub(super) fn push(&self, block: PcmBlock, silent: bool) {
        let mut inner = self.lock();
        if inner.queue.len() == Self::DEPTH {
            inner.queue.pop_front();
            inner.counters.dropped += 1;
            self.metrics.dropped.increment(1);
        }
        inner.queue.push_back(block);
        inner.counters.grabbed += 1;
        inner.counters.silent += u64::from(silent);
        drop(inner);
        self.metrics.grabbed.increment(1);
        self.metrics.silent.increment(u64::from(silent));
        self.ready.notify_one();
    }

    /// Takes the oldest block, waiting for one up to `timeout`; nothing when none came or the ring was closed.
    pub fn take(&self, timeout: Duration) -> Option<PcmBlock> {
        let waiting = |inner: &mut Inner| inner.queue.is_empty() && !inner.closed;
        let (mut inner, _) = self.ready.wait_timeout_while(self.lock(), timeout, waiting).unwrap_or_else(PoisonError::into_inner);
        let block = inner.queue.pop_front()?;
        inner.counters.pushed += 1;
        self.metrics.pushed.increment(1);
        Some(block)
    }

    /// Takes the oldest block without waiting.
    pub fn try_take(&self) -> Option<PcmBlock> {
        self.take(Duration::ZERO)
    }

    /// The books, all of one moment.
    pub fn counters(&self) -> Counters {
        let inner = self.lock();
        Counters { in_flight: inner.queue.len() as u64, ..inner.counters }
    }

    /// Lets go of a waiting consumer for good; blocks that still wait can be taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
    }

    /// Whether nothing will come any more.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
