//! The world in which fake engines meet: its clock, its channels and its faults.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::engine::{Engine, EngineFactory};
use crate::error::{CreateError, ErrorCode};
use crate::extra::CreateParams;
use crate::fake::engine::FakeEngine;
use crate::fake::media::ReceivedBytes;
use crate::fake::state::{Effect, State};
use crate::queue::EventQueue;
use crate::token::Secret;

/// How the world answers.
#[derive(Clone, Debug)]
pub struct WorldConfig {
    /// From a call to its outcome, and from one engine to another; default 20 ms.
    pub latency: Duration,
    /// From a join to its time-out while the link is down; default 10 s.
    pub join_timeout: Duration,
    /// How long an engine looks for a lost link before it gives up with an error; default 30 s.
    pub give_up: Duration,
    /// App id and app key whose tokens are taken; `None` (default) takes every token.
    pub app: Option<(String, Secret)>,
    /// App ids that exist and are switched off; their tokens are refused whatever else they say. Default none.
    pub disabled_apps: Vec<String>,
    /// How long a channel can be joined after its first join; `None` (default) for ever. The vendor's cloud: 48 hours (seed 004).
    pub channel_lifetime: Option<Duration>,
    /// Seconds since 1970 at the world's beginning, for the expiry of tokens; default 0.
    pub epoch: Duration,
    /// How much pushed sound an engine holds; default 1 s. More is refused with `BufferFull`.
    pub audio_buffer: Duration,
}

impl Default for WorldConfig {
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(20),
            join_timeout: Duration::from_secs(10),
            give_up: Duration::from_secs(30),
            app: None,
            disabled_apps: Vec::new(),
            channel_lifetime: None,
            epoch: Duration::ZERO,
            audio_buffer: Duration::from_secs(1),
        }
    }
}

/// What becomes of a join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinOutcome {
    /// An answer after a time.
    Result {
        /// The answer.
        code: ErrorCode,
        /// From the call on.
        after: Duration,
    },
    /// No answer ever.
    Silence,
}

/// What can go wrong. Users are named by their id; who is in no channel is not affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Decides the user's next join that has no decision yet.
    NextJoin {
        /// Whose.
        user: String,
        /// How.
        outcome: JoinOutcome,
    },
    /// Takes back what was decided about the user's joins to come.
    ForgetJoins {
        /// Whose.
        user: String,
    },
    /// Nobody reaches anything until [`Fault::LinkUp`].
    LinkDown,
    /// The link is there again.
    LinkUp,
    /// The channel removes the user (`ERR_LEAVE_UNUSUAL`).
    Remove {
        /// Whom.
        user: String,
    },
    /// The user's engine tells an error and goes on.
    Error {
        /// Whose.
        user: String,
        /// What.
        code: ErrorCode,
    },
    /// The user's engine takes no sound, or takes it again.
    AudioFull {
        /// Whose.
        user: String,
        /// Full or not.
        full: bool,
    },
    /// The user's engine takes no pictures, or takes them again.
    VideoFull {
        /// Whose.
        user: String,
        /// Full or not.
        full: bool,
    },
}

/// A world of fake engines.
#[derive(Debug)]
pub struct World {
    state: Mutex<State>,
}

impl World {
    /// An empty world at time zero.
    pub fn new(config: WorldConfig) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State::new(config)) })
    }

    /// A new engine of this world.
    pub fn engine(self: &Arc<Self>) -> Arc<FakeEngine> {
        let queue = Arc::new(EventQueue::new());
        let id = self.lock().add(Arc::clone(&queue));
        Arc::new(FakeEngine::new(Arc::clone(self), id, queue))
    }

    /// Time since the beginning.
    pub fn now(&self) -> Duration {
        self.lock().now
    }

    /// Moves the clock by `by` and carries out what becomes due on the way.
    pub fn advance(&self, by: Duration) {
        let mut state = self.lock();
        let until = state.now + by;
        state.advance_to(until);
    }

    /// When the next thing becomes due; `None` when nothing is on the agenda.
    pub fn next_due(&self) -> Option<Duration> {
        self.lock().agenda.first_key_value().map(|((due, _), _)| *due)
    }

    /// Lets something go wrong now.
    pub fn inject(&self, fault: Fault) {
        self.lock().fault(fault);
    }

    /// Lets something go wrong after `delay`.
    pub fn schedule(&self, delay: Duration, fault: Fault) {
        self.lock().after(delay, Effect::Fault(fault));
    }

    /// Byte streams that reached a user since the last call.
    pub fn take_received_bytes(&self, user: &str) -> Vec<ReceivedBytes> {
        let mut state = self.lock();
        let member = state.members.iter_mut().find(|member| member.user_id() == Some(user));
        member.map(|member| std::mem::take(&mut member.received_bytes)).unwrap_or_default()
    }

    /// Moves the clock along with real time, in steps of 5 ms; ends when the last engine is released.
    pub async fn run_in_real_time(self: Arc<Self>) {
        const STEP: Duration = Duration::from_millis(5);
        let mut ticks = tokio::time::interval(STEP);
        loop {
            ticks.tick().await;
            self.advance(STEP);
            if self.lock().members.iter().all(|member| member.released) {
                return;
            }
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EngineFactory for Arc<World> {
    fn create_ali_rtc_engine(&self, params: CreateParams) -> Result<Arc<dyn Engine>, CreateError> {
        params.check()?;
        Ok(self.engine())
    }
}
