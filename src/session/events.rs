//! What the engine tells and refuses, and what it means for the life of the connection.

use std::time::Duration;

use artc_bindings::{CallError, ConnectionStatus, ErrorCode, Event, PublishState};

use super::verdict::{ends_the_join, is_about_the_token};
use super::{Call, Medium, Phase, Session, State};

/// Pause before a track that the engine dropped is published again.
pub(super) const REPUBLISH: Duration = Duration::from_secs(2);

impl Session {
    pub(super) fn event(&mut self, event: &Event, now: Duration) {
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

    pub(super) fn error(&mut self, code: ErrorCode, detail: &str, now: Duration) {
        let in_channel = matches!(self.state, State::Joining { .. } | State::Joined { .. });
        if !in_channel || !ends_the_join(code) {
            return;
        }
        self.renew = is_about_the_token(code);
        let colon = if detail.is_empty() { "" } else { ": " };
        // An engine that has lost its channel is still to be left before it can join again.
        self.leave(now, &format!("connection lost: {code}{colon}{detail}"));
    }

    pub(super) fn connection(&mut self, status: ConnectionStatus, detail: &str, now: Duration) {
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

    pub(super) fn published(&mut self, medium: Medium, state: PublishState, now: Duration) {
        let (wanted, slot) = match medium {
            Medium::Video => (self.config.video && !self.config.join.is_audio_only, 0),
            Medium::Audio => (self.config.audio.is_some(), 1),
        };
        self.status.published[slot] = state == PublishState::Published;
        let dropped = state == PublishState::NoPublish && wanted && matches!(self.state, State::Joined { .. });
        self.republish[slot] = dropped.then_some(now + REPUBLISH);
    }

    pub(super) fn refused(&mut self, call: &Call, error: &CallError, now: Duration) {
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
}
