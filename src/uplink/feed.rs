//! The books of one medium: each thing taken has exactly one fate.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use artc_bindings::CallError;
use serde::Serialize;

/// What became of what was taken from capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Books {
    /// Taken from capture.
    pub taken: u64,
    /// Taken by the engine.
    pub pushed: u64,
    /// Thrown away because muted.
    pub muted: u64,
    /// Refused by the engine because of the 2K limit.
    pub too_large: u64,
    /// Thrown away because no channel is joined.
    pub not_joined: u64,
    /// Thrown away because the engine's buffer stayed full.
    pub full: u64,
    /// Refused by the engine for another reason.
    pub refused: u64,
    /// On the way into the engine now; at most 1.
    pub in_flight: u64,
}

impl Books {
    /// Whether everything taken has exactly one fate.
    pub fn balance(&self) -> bool {
        self.taken == self.pushed + self.dropped() + self.in_flight
    }

    /// What did not reach the engine.
    pub fn dropped(&self) -> u64 {
        self.muted + self.too_large + self.not_joined + self.full + self.refused
    }
}

/// What the engine did with one thing.
#[derive(Debug)]
pub(super) enum Fate {
    Pushed,
    Full,
    NotJoined,
    TooLarge(CallError),
    Refused(CallError),
}

#[derive(Debug)]
pub(super) struct Feed {
    medium: &'static str,
    muted: AtomicBool,
    turns: Arc<AtomicU64>,
    inner: Mutex<Inner>,
    pushed: metrics::Counter,
    too_large: metrics::Counter,
    full: metrics::Counter,
    refused: metrics::Counter,
    muted_total: metrics::Counter,
    not_joined: metrics::Counter,
}

#[derive(Debug, Default)]
struct Inner {
    books: Books,
    /// The refusal that was logged last: a fault is told when it changes.
    told: Option<String>,
}

impl Feed {
    pub(super) fn new(medium: &'static str) -> Self {
        let dropped = |why: &'static str| metrics::counter!("artc_uplink_dropped_total", "medium" => medium, "why" => why);
        Self {
            medium,
            muted: AtomicBool::new(false),
            turns: Arc::default(),
            inner: Mutex::default(),
            pushed: metrics::counter!("artc_uplink_pushed_total", "medium" => medium),
            too_large: dropped("too_large"),
            full: dropped("full"),
            refused: dropped("refused"),
            muted_total: dropped("muted"),
            not_joined: dropped("not_joined"),
        }
    }

    /// The loop turned.
    pub(super) fn turn(&self) {
        self.turns.fetch_add(2, Ordering::Relaxed);
    }

    pub(super) fn turns(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.turns)
    }

    pub(super) fn mute(&self, mute: bool) {
        self.muted.store(mute, Ordering::Relaxed);
    }

    pub(super) fn is_muted(&self) -> bool {
        self.muted.load(Ordering::Relaxed)
    }

    pub(super) fn books(&self) -> Books {
        self.lock().books
    }

    /// Enters one thing, pushes it unless muted, and enters what became of it.
    pub(super) fn offer(&self, push: impl FnOnce() -> Fate) {
        {
            let mut inner = self.lock();
            inner.books.taken += 1;
            if self.is_muted() {
                inner.books.muted += 1;
                self.muted_total.increment(1);
                return;
            }
            inner.books.in_flight += 1;
        }
        // The engine is met without the lock, so that whoever asks for the books never waits for it.
        let fate = push();
        let mut inner = self.lock();
        inner.books.in_flight -= 1;
        let (count, counter) = match &fate {
            Fate::Pushed => (&mut inner.books.pushed, &self.pushed),
            Fate::Full => (&mut inner.books.full, &self.full),
            Fate::NotJoined => (&mut inner.books.not_joined, &self.not_joined),
            Fate::TooLarge(_) => (&mut inner.books.too_large, &self.too_large),
            Fate::Refused(_) => (&mut inner.books.refused, &self.refused),
        };
        *count += 1;
        counter.increment(1);
        self.tell(&mut inner, &fate);
    }

    fn tell(&self, inner: &mut Inner, fate: &Fate) {
        match fate {
            Fate::TooLarge(error) | Fate::Refused(error) => {
                let text = error.to_string();
                if inner.told.as_ref() != Some(&text) {
                    tracing::warn!(medium = self.medium, "the engine refuses: {text}");
                    inner.told = Some(text);
                }
            }
            Fate::Pushed if inner.told.take().is_some() => {
                tracing::info!(medium = self.medium, "the engine takes again what is pushed");
            }
            Fate::Pushed | Fate::Full | Fate::NotJoined => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
