//! Readiness and liveness.
//!
//! *Ready* means that the main job is being done: every registered check says so. *Live* means that every loop still turns:
//! each counts its turns, and one that is on the same turn for longer than its limit makes the process not live. A loop that waits for
//! something that may never come looks up now and then all the same, so that one that is held while it waits is seen, too.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;

/// A loop that waits looks up every second or two. One that has not for so long does not wait any more: it hangs.
const WAIT_LIMIT: Duration = Duration::from_secs(8);
/// The turns of a loop that has no thread.
const NO_THREAD: u64 = u64::MAX;

/// All checks and beats of the process. Clones are the same.
#[derive(Clone, Default)]
pub struct Health {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    checks: BTreeMap<&'static str, Told>,
    loops: BTreeMap<&'static str, Loop>,
}

/// What a check last said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Whether its part does its job.
    pub ready: bool,
    /// In words.
    pub detail: String,
}

struct Loop {
    /// Changes whenever the loop turns; odd while it waits.
    turns: Arc<AtomicU64>,
    limit: Duration,
    last: u64,
    changed_at: Option<Duration>,
}

/// One named part of readiness. Not ready until it says so; gone when dropped.
pub struct Check {
    name: &'static str,
    health: Health,
}

/// One loop that shows that it turns. Gone when dropped.
pub struct Beat {
    name: &'static str,
    turns: Arc<AtomicU64>,
    health: Health,
}

/// Answer to `/readyz`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether all checks are.
    pub ready: bool,
    /// Each of them.
    pub checks: BTreeMap<&'static str, Told>,
}

/// Answer to `/livez`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Liveness {
    /// Whether all loops turn.
    pub live: bool,
    /// Each of them.
    pub loops: BTreeMap<&'static str, Pulse>,
}

impl Liveness {
    /// The loops that hang.
    pub fn hanging(&self) -> impl Iterator<Item = &'static str> {
        self.loops.iter().filter(|(_, pulse)| !pulse.live).map(|(name, _)| *name)
    }
}

/// One loop in the answer to `/livez`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Pulse {
    /// Whether it turns.
    pub live: bool,
    /// Milliseconds since it last did, as far as that was noticed.
    pub quiet_ms: u64,
    /// How long it may be quiet, in milliseconds.
    pub limit_ms: u64,
}

impl Health {
    /// Registers a part that readiness depends on. A name that is taken is taken over.
    pub fn check(&self, name: &'static str) -> Check {
        self.lock().checks.insert(name, Told { ready: false, detail: "starting".into() });
        Check { name, health: self.clone() }
    }

    /// Registers a loop that turns at least every `limit`.
    pub fn beat(&self, name: &'static str, limit: Duration) -> Beat {
        self.follow(name, limit, Arc::default())
    }

    /// Registers a loop that counts by itself: `turns` changes whenever it turns, every second or two at least, and is odd while it waits.
    /// `u64::MAX` while nothing is there to turn. At work on one turn (even) for longer than `limit`, or waiting (odd) for longer than 8 s without looking up, the loop hangs.
    pub fn follow(&self, name: &'static str, limit: Duration, turns: Arc<AtomicU64>) -> Beat {
        self.lock().loops.insert(name, Loop { turns: turns.clone(), limit, last: 0, changed_at: None });
        Beat { name, turns, health: self.clone() }
    }

    /// Whether all is ready, and what each check says.
    pub fn readiness(&self) -> Readiness {
        let checks = self.lock().checks.clone();
        Readiness { ready: checks.values().all(|told| told.ready), checks }
    }

    /// Nobody ran for a while, as after a SIGSTOP: the loops' time begins anew.
    pub fn forgive(&self) {
        self.lock().loops.values_mut().for_each(|one| one.changed_at = None);
    }

    /// Looks at every loop; to be called about once a second. `now` is of `CLOCK_MONOTONIC`.
    pub fn liveness(&self, now: Duration) -> Liveness {
        let mut state = self.lock();
        let loops: BTreeMap<_, _> = state
            .loops
            .iter_mut()
            .map(|(name, one)| {
                let turns = one.turns.load(Ordering::Relaxed);
                if turns != one.last || turns == NO_THREAD || one.changed_at.is_none() {
                    one.last = turns;
                    one.changed_at = Some(now);
                }
                let waits = turns % 2 == 1;
                let limit = if waits { WAIT_LIMIT } else { one.limit };
                let quiet = now.saturating_sub(one.changed_at.unwrap_or(now));
                let pulse =
                    Pulse { live: quiet <= limit, quiet_ms: quiet.as_millis() as u64, limit_ms: limit.as_millis() as u64 };
                (*name, pulse)
            })
            .collect();
        Liveness { live: loops.values().all(|pulse| pulse.live), loops }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The maps stay whole whoever panicked: each change is one insertion or removal.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Check {
    /// Its part does its job; `detail` says how.
    pub fn ready(&self, detail: impl Into<String>) {
        self.tell(true, detail.into());
    }

    /// Its part does not; `detail` says why.
    pub fn not_ready(&self, detail: impl Into<String>) {
        self.tell(false, detail.into());
    }

    fn tell(&self, ready: bool, detail: String) {
        self.health.lock().checks.insert(self.name, Told { ready, detail });
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        self.health.lock().checks.remove(self.name);
    }
}

impl Beat {
    /// The loop turned. Costs one atomic addition.
    pub fn tick(&self) {
        self.turns.fetch_add(2, Ordering::Relaxed);
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        let mut state = self.health.lock();
        if state.loops.get(self.name).is_some_and(|one| Arc::ptr_eq(&one.turns, &self.turns)) {
            state.loops.remove(self.name);
        }
    }
}
