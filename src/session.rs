//! The life of the connection: join, renew the token, retry, publish, mute, leave. Sans-IO.
//!
//! **The law:** after every [`Session::handle`], drain [`Session::poll`] until it answers [`Output::WakeAt`].
//!
//! 1. Make a [`Session`]. It wants nothing yet.
//! 2. Tell it what is wanted ([`Input::Join`], [`Input::Leave`], [`Input::Mute`] ...), every engine [`Event`], and that time has
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
mod interface;
mod status;
mod verdict;

use std::collections::VecDeque;
use std::time::Duration;

use artc_bindings::{CallError, ClientRole, ConnectionStatus, ErrorCode, Event, PublishState, RenderMode, VideoSource};

pub use backoff::{FIRST_PAUSE, MAX_PAUSE};
pub use call::Call;
pub use interface::{Config, Input, Medium, Output, Ticket};
pub use status::{Phase, Status};

use backoff::Backoff;
use verdict::{ends_the_join, is_about_the_token};

/// How long a token may take to come.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the engine may take to decide a join. Engines time out by themselves sooner.
const JOIN_TIMEOUT: Duration = Duration::from_secs(30);
/// How long leaving may take; the daemon has two seconds to end.
const LEAVE_TIMEOUT: Duration = Duration::from_millis(1500);
/// How long a connection must hold to count as good, so that the next pause is short again. Two devices with one user id, which
/// throw each other out, would else do so for ever at full speed.
const STEADY: Duration = Duration::from_secs(60);
/// Attempts are at least so far apart, however often a link comes up.
const MIN_GAP: Duration = Duration::from_secs(1);
/// Pause before a track that the engine dropped is published again.
const REPUBLISH: Duration = Duration::from_secs(2);

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

    // --- Joining ---

    fn attempt(&mut self, now: Duration) {
        self.attempted = Some(now);
        self.status.attempts += 1;
        self.state = State::AwaitingToken { until: now + TOKEN_TIMEOUT };
        self.outputs.push_back(Output::NeedToken { renew: self.renew });
        self.say(Phase::Connecting, "waiting for a join token", now);
    }

    fn ticket(&mut self, ticket: Result<Ticket, String>, now: Duration) {
        if !matches!(self.state, State::AwaitingToken { .. }) {
            return;
        }
        match ticket {
            Ok(ticket) => self.join(ticket, now),
            Err(why) => self.pause(&format!("no join token: {why}"), now),
        }
    }

    fn join(&mut self, ticket: Ticket, now: Duration) {
        self.renew = false;
        self.republish = [None; 2];
        self.state = State::Joining { until: now + JOIN_TIMEOUT };
        self.say(Phase::Connecting, &format!("joining {} as {}", ticket.channel, ticket.user_id), now);
        // An engine that was made anew knows none of this, so it is said before every join.
        let config = &self.config;
        let (video, audio) = (config.video && !config.join.is_audio_only, config.audio);
        let (rate, channels) = audio.unwrap_or((48_000, 1));
        let calls = [
            Call::SetRole(ClientRole::Interactive),
            Call::EnableDataChannel,
            Call::SetVideoSource(video, VideoSource::Camera, RenderMode::Auto),
            Call::SetAudioSource(audio.is_some(), rate, channels),
            Call::SetEncoder(config.encoder),
            Call::SetVolume(config.volume),
            Call::Mute(Medium::Video, config.muted.0),
            Call::Mute(Medium::Audio, config.muted.1),
            Call::Publish(Medium::Video, video),
            Call::Publish(Medium::Audio, audio.is_some()),
            Call::Join(ticket, config.join.clone()),
        ];
        calls.into_iter().for_each(|call| self.call(call));
    }

    fn joined(&mut self, result: ErrorCode, now: Duration) {
        if !matches!(self.state, State::Joining { .. }) {
            return;
        }
        if result.is_ok() {
            self.state = State::Joined { since: now, connected: true };
            self.status.joins += 1;
            self.say(Phase::Connected, "", now);
            return;
        }
        self.renew = is_about_the_token(result);
        let detail = std::mem::take(&mut self.status.cause);
        let why =
            if detail.is_empty() { format!("join refused: {result}") } else { format!("join refused: {detail} ({result})") };
        self.pause(&why, now);
    }

    // --- Events ---

    fn event(&mut self, event: &Event, now: Duration) {
        match event {
            Event::JoinChannelResult { result, .. } => self.joined(*result, now),
            Event::LeaveChannelResult { .. } => self.left(now),
            Event::Error { code, detail } => self.error(*code, detail, now),
            Event::ConnectionState { status, detail, .. } => self.connection(*status, detail, now),
            Event::VideoPublishStateChanged(change) => self.published(Medium::Video, change.new_state, now),
            Event::AudioPublishStateChanged(change) => self.published(Medium::Audio, change.new_state, now),
            _ => {}
        }
    }

    fn error(&mut self, code: ErrorCode, detail: &str, now: Duration) {
        let in_channel = matches!(self.state, State::Joining { .. } | State::Joined { .. });
        if !in_channel || !ends_the_join(code) {
            return;
        }
        self.renew = is_about_the_token(code);
        let colon = if detail.is_empty() { "" } else { ": " };
        // An engine that has lost its channel is still to be left before it can join again.
        self.leave(now, &format!("connection lost: {code}{colon}{detail}"));
    }

    fn connection(&mut self, status: ConnectionStatus, detail: &str, now: Duration) {
        let State::Joined { since, .. } = self.state else {
            // Comes before the result of the join and says more than its number.
            detail.clone_into(&mut self.status.cause);
            return;
        };
        match status {
            ConnectionStatus::Connected => {
                self.state = State::Joined { since, connected: true };
                self.say(Phase::Connected, "", now);
            }
            ConnectionStatus::Reconnecting | ConnectionStatus::Connecting => {
                self.state = State::Joined { since, connected: false };
                self.say(Phase::Reconnecting, detail, now);
            }
            // The error that ends the join follows.
            ConnectionStatus::Failed => detail.clone_into(&mut self.status.cause),
            ConnectionStatus::Init | ConnectionStatus::Disconnected => {}
        }
    }

    fn published(&mut self, medium: Medium, state: PublishState, now: Duration) {
        let (wanted, slot) = match medium {
            Medium::Video => (self.config.video && !self.config.join.is_audio_only, 0),
            Medium::Audio => (self.config.audio.is_some(), 1),
        };
        self.status.published[slot] = state == PublishState::Published;
        let dropped = state == PublishState::NoPublish && wanted && matches!(self.state, State::Joined { .. });
        self.republish[slot] = dropped.then_some(now + REPUBLISH);
    }

    fn refused(&mut self, call: &Call, error: &CallError, now: Duration) {
        match (call, error) {
            (Call::Join(..), CallError::AlreadyJoined { .. }) => self.leave(now, &error.to_string()),
            (Call::Join(..), _) if matches!(self.state, State::Joining { .. }) => {
                self.renew = is_about_the_token(error.code());
                self.pause(&error.to_string(), now);
            }
            // There was nothing to leave.
            (Call::Leave, _) => self.left(now),
            // The rest is no reason to stay away: who cannot be muted is not published, who cannot take a volume has it full.
            _ => {}
        }
    }

    // --- Leaving and trying again ---

    fn leave(&mut self, now: Duration, why: &str) {
        if let State::Joined { since, .. } = self.state
            && now.saturating_sub(since) >= STEADY
        {
            self.backoff.reset();
        }
        self.state = State::Leaving { until: now + LEAVE_TIMEOUT };
        self.status.published = [false; 2];
        self.say(Phase::Leaving, why, now);
        self.call(Call::Leave);
    }

    fn left(&mut self, now: Duration) {
        if !matches!(self.state, State::Leaving { .. }) {
            return;
        }
        if self.wanted {
            let why = self.status.detail.clone();
            self.pause(&why, now);
        } else {
            self.rest(now);
        }
    }

    fn rest(&mut self, now: Duration) {
        self.state = State::Idle;
        self.backoff.reset();
        self.say(Phase::Idle, "", now);
    }

    fn pause(&mut self, why: &str, now: Duration) {
        let until = now + self.backoff.next();
        self.state = State::Pausing { until };
        self.say(Phase::Waiting { until }, why, now);
    }

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
