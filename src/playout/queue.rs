//! The way to the speaker's thread: a short queue of 10 ms blocks, and the books of every block. Pushing never waits: what the thread has
//! no time for goes, the oldest first. The law of the books, at every moment: taken = played + dropped + in flight.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use media::PcmBlock;
use serde::Serialize;

/// How many blocks went which way since the speaker was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Blocks that came.
    pub taken: u64,
    /// Blocks that the device was given.
    pub played: u64,
    /// Of these, blocks in which something can be heard: louder than -60 dBov.
    pub sounding: u64,
    /// Blocks that no device was there for, or that came faster than they are played.
    pub dropped: u64,
    /// Blocks that wait for the thread.
    pub in_flight: u64,
}

/// Quieter than this (in -dBov) is nothing that anybody hears.
const QUIET: u8 = 60;

/// A bounded queue between whoever hears the others and the speaker's thread.
#[derive(Debug)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    taken: metrics::Counter,
    played: metrics::Counter,
    dropped: metrics::Counter,
}

#[derive(Debug, Default)]
struct Inner {
    blocks: VecDeque<PcmBlock>,
    counters: Counters,
}

impl Queue {
    /// Blocks that wait at most: 200 ms.
    const DEPTH: usize = 20;

    pub(super) fn new() -> Self {
        Self {
            inner: Mutex::new(Inner { blocks: VecDeque::with_capacity(Self::DEPTH), counters: Counters::default() }),
            taken: metrics::counter!("artc_speaker_taken_total"),
            played: metrics::counter!("artc_speaker_played_total"),
            dropped: metrics::counter!("artc_speaker_dropped_total"),
        }
    }

    /// Puts in a block; the oldest makes room.
    pub(super) fn push(&self, block: PcmBlock) {
        let mut inner = self.lock();
        if inner.blocks.len() == Self::DEPTH {
            inner.blocks.pop_front();
            inner.counters.dropped += 1;
            self.dropped.increment(1);
        }
        inner.blocks.push_back(block);
        inner.counters.taken += 1;
        self.taken.increment(1);
    }

    /// Takes the oldest block. Whoever takes it says by [`fate`](Self::fate) what became of it.
    pub(super) fn take(&self) -> Option<PcmBlock> {
        self.lock().blocks.pop_front()
    }

    /// What became of `block`.
    pub(super) fn fate(&self, block: &PcmBlock, played: bool) {
        let counter = if played { &self.played } else { &self.dropped };
        counter.increment(1);
        let mut inner = self.lock();
        if played {
            inner.counters.played += 1;
            inner.counters.sounding += u64::from(media::pcm::Level::of(block.samples()).dbov() < QUIET);
        } else {
            inner.counters.dropped += 1;
        }
    }

    /// The books, all of one moment but for a block in the thread's hands, which is in flight.
    pub(super) fn counters(&self) -> Counters {
        let books = self.lock().counters;
        Counters { in_flight: books.taken - books.played - books.dropped, ..books }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use media::PcmFormat;

    use super::*;

    #[test]
    fn the_newest_win_and_every_block_is_in_the_books() {
        let queue = Queue::new();
        let format = PcmFormat { rate: 48_000, channels: 1 };
        for number in 0..50 {
            let mut block = PcmBlock::silence(format, Duration::ZERO);
            block.samples_mut().fill(number * 100);
            queue.push(block);
        }
        let first = queue.take().expect("twenty wait");
        assert_eq!(first.samples()[0], 3000, "the oldest thirty went");
        queue.fate(&first, true);
        queue.fate(&queue.take().expect("nineteen"), false);
        let books = queue.counters();
        assert_eq!((books.taken, books.played, books.sounding, books.dropped, books.in_flight), (50, 1, 1, 31, 18));
        assert_eq!(books.taken, books.played + books.dropped + books.in_flight);
    }
}
