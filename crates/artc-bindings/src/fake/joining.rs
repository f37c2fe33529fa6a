//! Joining and leaving: the tokens and rules of a join, what ends one, and who is told.

use crate::error::ErrorCode;
use crate::event::Event;
use crate::fake::member::{Join, Phase};
use crate::fake::state::{Effect, State};
use crate::fake::timing::Axis;
use crate::fake::world::JoinOutcome;
use crate::token::JoinToken;
use crate::track::{ConnectionStatus, ConnectionStatusChangeReason as Reason};

impl State {
    pub(super) fn start_join(&mut self, id: usize, mut join: Join) {
        self.joins += 1;
        join.number = self.joins;
        let number = self.joins;
        let outcome =
            self.outcomes.get_mut(&join.user_id).and_then(|outcomes| (!outcomes.is_empty()).then(|| outcomes.remove(0)));
        let member = &mut self.members[id];
        member.phase = Phase::Joining;
        member.join = Some(join);
        member.blind = false;
        member.axis = Axis::default();
        self.tell_connection(id, ConnectionStatus::Connecting, Reason::Connecting);
        let (delay, outcome) = match outcome {
            Some(JoinOutcome::Result { code, after }) => (after, Some(code)),
            Some(JoinOutcome::Silence) => return,
            None if !self.link_up => {
                self.members[id].blind = true;
                (self.config.join_timeout, Some(ErrorCode::JoinTimeout))
            }
            None => (self.config.latency, None),
        };
        self.after(delay, Effect::JoinDone { id, join: number, outcome });
    }

    pub(super) fn join_done(&mut self, id: usize, outcome: Option<ErrorCode>) {
        let Some(join) = self.members[id].join.clone() else { return };
        let result = match outcome {
            Some(code) => code,
            None if !self.link_up => ErrorCode::JoinTimeout,
            None => self.admit(&join),
        };
        let told = Event::JoinChannelResult { result, channel: join.channel.clone(), user_id: join.user_id.clone() };
        if !result.is_ok() {
            self.members[id].phase = Phase::Idle;
            self.members[id].join = None;
            self.tell_connection(id, ConnectionStatus::Failed, Reason::JoinChannelFailure);
            self.tell(id, told);
            return;
        }
        let earlier = (0..self.members.len()).find(|other| {
            *other != id && self.members[*other].user_id() == Some(&join.user_id) && self.is_inside(*other, &join.channel)
        });
        if let Some(earlier) = earlier {
            self.lose_for_good(earlier, ErrorCode::LeaveUnusual);
        }
        let member = &mut self.members[id];
        member.phase = Phase::Joined;
        member.remotes.clear();
        member.saw_streamer = false;
        member.needed = None;
        let check = member.check_people;
        self.tell_connection(id, ConnectionStatus::Connected, Reason::JoinChannelSuccess);
        self.tell(id, told);
        if let Some(period) = check {
            self.after(period, Effect::NobodyCame { id, join: join.number });
        }
        self.sync_tracks(id);
        self.settle(id);
    }

    fn is_inside(&self, id: usize, channel: &str) -> bool {
        let member = &self.members[id];
        matches!(member.phase, Phase::Joined | Phase::Reconnecting)
            && member.join.as_ref().is_some_and(|join| join.channel == channel)
    }

    /// Whether the world lets somebody in.
    fn admit(&mut self, join: &Join) -> ErrorCode {
        let code = self.check_token(join);
        if !code.is_ok() {
            return code;
        }
        let since = *self.channels.entry(join.channel.clone()).or_insert(self.now);
        match self.config.channel_lifetime {
            Some(lifetime) if self.now >= since + lifetime => ErrorCode::JoinInvalidChannel,
            _ => ErrorCode::Ok,
        }
    }

    fn check_token(&self, join: &Join) -> ErrorCode {
        let Some((app_id, app_key)) = &self.config.app else { return ErrorCode::Ok };
        let now = self.config.epoch + self.now;
        if JoinToken::read(&join.token).is_ok_and(|token| self.config.disabled_apps.contains(&token.app_id)) {
            return ErrorCode::JoinInvalidAppid;
        }
        match JoinToken::verify(&join.token, app_id, app_key, now).and_then(|t| t.check_for(&join.channel, &join.user_id)) {
            Ok(()) => ErrorCode::Ok,
            Err(error) => crate::token::refusal_code(&error),
        }
    }

    pub(super) fn nobody_came(&mut self, id: usize) {
        if self.members[id].remotes.values().any(|remote| remote.online) {
            return;
        }
        let Some(join) = self.members[id].join.clone() else { return };
        self.tell(id, Event::Error { code: ErrorCode::NoPeople, detail: "nobody came in time".into() });
        let result = ErrorCode::Fatal;
        self.tell(id, Event::JoinChannelResult { result, channel: join.channel, user_id: join.user_id });
        self.stop_all(id);
        self.depart(id, Phase::Idle);
        self.members[id].join = None;
    }

    pub(super) fn start_leave(&mut self, id: usize) {
        let Some(join) = self.members[id].join.as_ref().map(|join| join.number) else { return };
        self.stop_all(id);
        self.depart(id, Phase::Leaving);
        self.after(self.config.latency, Effect::LeaveDone { id, join });
    }

    /// Takes the engine out of its channel: the others see it go.
    pub(super) fn depart(&mut self, id: usize, phase: Phase) {
        self.members[id].phase = phase;
        self.members[id].remotes.clear();
        self.settle(id);
    }

    /// Ends a join from outside; the caller may join again.
    pub(super) fn lose_for_good(&mut self, id: usize, code: ErrorCode) {
        self.tell(id, Event::Error { code, detail: String::new() });
        self.stop_all(id);
        self.depart(id, Phase::Idle);
        self.members[id].join = None;
        self.tell_connection(id, ConnectionStatus::Failed, Reason::Interrupted);
    }
}
