//! Readiness and liveness.
//!
//! *Ready* means that the main job is being done: every registered check says so. *Live* means that every loop still turns:
//! each beats, and a beat that stays away longer than its limit makes the process not live.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;

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
    beats: Arc<AtomicU64>,
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
    beats: Arc<AtomicU64>,
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
        let beats = Arc::new(AtomicU64::new(0));
        self.lock().loops.insert(name, Loop { beats: beats.clone(), limit, last: 0, changed_at: None });
        Beat { name, beats, health: self.clone() }
    }

    /// Whether all is ready, and what each check says.
    pub fn readiness(&self) -> Readiness {
        let checks = self.lock().checks.clone();
        Readiness { ready: checks.values().all(|told| told.ready), checks }
    }

    /// Looks at every beat; to be called about once a second. `now` is any monotonic time.
    pub fn liveness(&self, now: Duration) -> Liveness {
        let mut state = self.lock();
        let loops: BTreeMap<_, _> = state
            .loops
            .iter_mut()
            .map(|(name, one)| {
                let beats = one.beats.load(Ordering::Relaxed);
                if beats != one.last || one.changed_at.is_none() {
                    one.last = beats;
                    one.changed_at = Some(now);
                }
                let quiet = now.saturating_sub(one.changed_at.unwrap_or(now));
                let pulse = Pulse {
                    live: quiet <= one.limit,
                    quiet_ms: quiet.as_millis() as u64,
                    limit_ms: one.limit.as_millis() as u64,
                };
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
        self.beats.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        let mut state = self.health.lock();
        if state.loops.get(self.name).is_some_and(|one| Arc::ptr_eq(&one.beats, &self.beats)) {
            state.loops.remove(self.name);
        }
    }
}
