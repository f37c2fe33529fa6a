//! Into the channel and out of it: token, join, leave, and the pause before the next attempt.

use std::time::Duration;

use artc_bindings::{ClientRole, ErrorCode, RenderMode, VideoSource};

use super::verdict::is_about_the_token;
use super::{Call, Medium, Output, Phase, Session, State, Ticket};

/// How long a token may take to come.
pub(super) const TOKEN_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the engine may take to decide a join. Engines time out by themselves sooner.
const JOIN_TIMEOUT: Duration = Duration::from_secs(30);
/// How long leaving may take; the daemon has two seconds to end.
pub(super) const LEAVE_TIMEOUT: Duration = Duration::from_millis(1500);
/// How long a connection must hold to count as good, so that the next pause is short again. Two devices with one user id, which
/// throw each other out, would else do so for ever at full speed.
pub(super) const STEADY: Duration = Duration::from_secs(60);

impl Session {
    pub(super) fn attempt(&mut self, now: Duration) {
        self.attempted = Some(now);
        self.status.attempts += 1;
        self.state = State::AwaitingToken { until: now + TOKEN_TIMEOUT };
        self.outputs.push_back(Output::NeedToken { renew: self.renew });
        self.say(Phase::Connecting, "waiting for a join token", now);
    }

    pub(super) fn ticket(&mut self, ticket: Result<Ticket, String>, now: Duration) {
        if !matches!(self.state, State::AwaitingToken { .. }) {
            return;
        }
        match ticket {
            Ok(ticket) => self.join(ticket, now),
            Err(why) => self.pause(&format!("no join token: {why}"), now),
        }
    }

    pub(super) fn join(&mut self, ticket: Ticket, now: Duration) {
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
        let dual = config.dual.then_some(Call::PublishDual(true));
        let profile = config.profile.map(|(quality, scene)| Call::SetProfile(quality, scene));
        [dual, profile].into_iter().flatten().chain(calls).for_each(|call| self.call(call));
    }

    pub(super) fn joined(&mut self, result: ErrorCode, now: Duration) {
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

    pub(super) fn leave(&mut self, now: Duration, why: &str) {
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

    pub(super) fn left(&mut self, now: Duration) {
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

    pub(super) fn rest(&mut self, now: Duration) {
        self.state = State::Idle;
        self.backoff.reset();
        self.say(Phase::Idle, "", now);
    }

    pub(super) fn pause(&mut self, why: &str, now: Duration) {
        let until = now + self.backoff.next();
        self.state = State::Pausing { until };
        self.say(Phase::Waiting { until }, why, now);
    }
}
