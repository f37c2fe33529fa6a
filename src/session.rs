//! The life of the connection: join, renew the token, retry, publish, mute, leave. Sans-IO.
//!
//! **The law:** after every [`Session::handle`], drain [`Session::poll`] until it answers [`Output::WakeAt`].
//!
//! 1. Make a [`Session`]. It wants nothing yet.
//! 2. Tell it what is wanted ([`Input::Join`], [`Input::Leave`], [`Input::Mute`] ...), every engine [`Event`](artc_bindings::Event), and that time has
//!    passed ([`Input::Deadline`]), each with the time `now` on one steady clock.
//! 3. Carry out each [`Output::Call`] on the engine ([`Call::carry_out`]) and hand a refusal back as [`Input::Refused`].
//! 4. Answer [`Output::NeedToken`] with [`Input::Ticket`], whenever it is at hand.
//! 5. Show [`Output::Status`] to whoever asks; it comes only when something has changed.
//! 6. At the time of [`Output::WakeAt`] come back with [`Input::Deadline`].
//!
//! It never gives up: what fails is tried again after a jittered pause of at most [`MAX_PAUSE`], and at once when a link comes up.
//! It holds no engine, no clock, no task and no queue but its own outputs; it knows the engine API and nothing else of ours.

mod backoff;
mod call;
mod events;
mod interface;
mod membership;
mod status;
mod verdict;

use std::collections::VecDeque;
use std::time::Duration;

pub use backoff::{FIRST_PAUSE, MAX_PAUSE};
pub use call::Call;
pub use interface::{Config, Input, Medium, Output, Ticket};
pub use status::{Phase, Status};
pub use verdict::is_about_the_token;

use backoff::Backoff;

/// Attempts are at least so far apart, however often a link comes up.
const MIN_GAP: Duration = Duration::from_secs(1);

/// The state machine.
#[derive(Debug)]
pub struct Session {
    config: Config,
    wanted: bool,
    state: State,
    outputs: VecDeque<Output>,
    backoff: Backoff,
    /// When the last attempt began.
    attempted: Option<Duration>,
    /// The last token was refused.
    renew: bool,
    /// When a dropped track is published again: camera, sound.
    republish: [Option<Duration>; 2],
    status: Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In no channel, and content with it.
    Idle,
    AwaitingToken {
        until: Duration,
    },
    Joining {
        until: Duration,
    },
    Joined {
        since: Duration,
        connected: bool,
    },
    /// On the way out, to end or to try again.
    Leaving {
        until: Duration,
    },
    Pausing {
        until: Duration,
    },
}

impl Session {
    /// A session that wants nothing yet.
    pub fn new(config: Config) -> Self {
        let backoff = Backoff::new(config.seed);
        Self {
            config,
            wanted: false,
            state: State::Idle,
            outputs: VecDeque::new(),
            backoff,
            attempted: None,
            renew: false,
            republish: [None; 2],
            status: Status::default(),
        }
    }

    /// How things stand.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Whether picture and sound are muted.
    pub fn muted(&self) -> (bool, bool) {
        self.config.muted
    }

    /// Takes an input at `now`, on a clock that never runs backwards.
    pub fn handle(&mut self, input: Input<'_>, now: Duration) {
        match input {
            Input::Join => self.join_wanted(now),
            Input::Leave => self.leave_wanted(now),
            Input::Ticket(ticket) => self.ticket(ticket, now),
            Input::Event(event) => self.event(event, now),
            Input::Refused(call, error) => self.refused(call, error, now),
            Input::LinkUp => self.link_up(now),
            Input::Mute(medium, mute) => self.mute(medium, mute),
            Input::Volume(volume) => {
                self.config.volume = volume;
                self.call(Call::SetVolume(volume));
            }
            Input::Dual(dual) => {
                self.config.dual = dual;
                self.call(Call::PublishDual(dual));
            }
            Input::Profile(quality, scene) => {
                self.config.profile = Some((quality, scene));
                self.call(Call::SetProfile(quality, scene));
            }
            Input::Encoder(encoder) => {
                self.config.encoder = encoder;
                self.call(Call::SetEncoder(encoder));
            }
            Input::Deadline => {}
        }
        self.deadlines(now);
    }

    /// The next thing to do. Call until it answers [`Output::WakeAt`].
    pub fn poll(&mut self) -> Output {
        self.outputs.pop_front().unwrap_or_else(|| Output::WakeAt(self.next_deadline()))
    }

    // --- What is wanted ---

    fn join_wanted(&mut self, now: Duration) {
        self.wanted = true;
        if self.state == State::Idle {
            self.attempt(now);
        }
    }

    fn leave_wanted(&mut self, now: Duration) {
        self.wanted = false;
        match self.state {
            State::Idle | State::Leaving { .. } => {}
            State::AwaitingToken { .. } | State::Pausing { .. } => self.rest(now),
            State::Joining { .. } | State::Joined { .. } => self.leave(now, "leaving"),
        }
    }

    fn mute(&mut self, medium: Medium, mute: bool) {
        match medium {
            Medium::Video => self.config.muted.0 = mute,
            Medium::Audio => self.config.muted.1 = mute,
        }
        self.call(Call::Mute(medium, mute));
    }

    fn link_up(&mut self, now: Duration) {
        // What failed over the old link says nothing about this one.
        self.backoff.reset();
        match self.state {
            State::Pausing { until } => {
                let earliest = self.attempted.map_or(now, |at| at + MIN_GAP).max(now);
                self.state = State::Pausing { until: until.min(earliest) };
            }
            // The engine may be waiting before it tries again by itself.
            State::Joining { .. } | State::Joined { connected: false, .. } => self.call(Call::NetworkChanged),
            _ => {}
        }
    }

    // --- Time ---

    fn deadlines(&mut self, now: Duration) {
        match self.state {
            State::AwaitingToken { until } if now >= until => self.pause("no join token came in time", now),
            State::Joining { until } if now >= until => self.leave(now, "the join was not answered in time"),
            State::Leaving { until } if now >= until => self.left(now),
            State::Pausing { until } if now >= until => self.attempt(now),
            _ => {}
        }
        for (slot, medium) in [(0, Medium::Video), (1, Medium::Audio)] {
            if self.republish[slot].is_some_and(|due| now >= due) {
                self.republish[slot] = None;
                if matches!(self.state, State::Joined { .. }) {
                    self.call(Call::Publish(medium, true));
                }
            }
        }
    }

    fn next_deadline(&self) -> Option<Duration> {
        let own = match self.state {
            State::Idle | State::Joined { .. } => None,
            State::AwaitingToken { until } | State::Joining { until } | State::Leaving { until } | State::Pausing { until } => {
                Some(until)
            }
        };
        [own, self.republish[0], self.republish[1]].into_iter().flatten().min()
    }

    // --- Telling ---

    fn call(&mut self, call: Call) {
        self.outputs.push_back(Output::Call(call));
    }

    fn say(&mut self, phase: Phase, detail: &str, now: Duration) {
        if phase != Phase::Connecting {
            self.status.cause.clear();
        }
        if self.status.phase == phase && self.status.detail == detail {
            return;
        }
        self.status.phase = phase;
        detail.clone_into(&mut self.status.detail);
        self.status.since = now;
        self.outputs.push_back(Output::Status(self.status.clone()));
    }
}

#[cfg(test)]
mod tests;
