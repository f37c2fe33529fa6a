//! Joining, leaving, and everything that brings a lost connection back: resume first, then a full join, for ever.

use std::time::{Duration, Instant};

use artc_bindings::{ConnectionStatus as Status, ConnectionStatusChangeReason as Reason, ErrorCode, Event, Secret};
use rtc::proto::{self, DisconnectReason, leave_request::Action};

use super::{ANSWER_WITHIN, CONNECT_WITHIN, Connect, Output, Phase, Session};
use crate::command::Join;
use crate::net::ConnectError;

/// So long after the loss the server still knows us; then only a full join helps.
const RESUME_FOR: Duration = Duration::from_secs(30);

/// News of the network often come in twos and threes.
const JUST_BEGUN: Duration = Duration::from_secs(1);

impl Session {
    pub(super) fn begin(&mut self, join: Join, now: Instant) {
        self.join = Some(join);
        self.joined = false;
        self.refreshed = None;
        self.told = None;
        self.backoff.reset();
        self.tell(Status::Connecting, Reason::Connecting, "");
        self.connect(false, now);
    }

    pub(super) fn connect(&mut self, resume: bool, now: Instant) {
        let Some(join) = &self.join else { return };
        self.attempt += 1;
        self.phase = Phase::Connecting { resume, until: now + CONNECT_WITHIN };
        let token = self.refreshed.clone().unwrap_or_else(|| join.token.clone());
        let resume = resume.then(|| self.sid.clone());
        tracing::debug!(attempt = self.attempt, resume = resume.is_some(), "opening the signalling connection");
        let attributes = self.attributes();
        self.out.push_back(Output::Connect(Connect { attempt: self.attempt, resume, token, attributes }));
    }

    /// The signalling connection is open.
    pub fn signal_opened(&mut self, attempt: u64, now: Instant) {
        if let (true, Phase::Connecting { resume, .. }) = (attempt == self.attempt, self.phase) {
            self.phase = Phase::Joining { resume, until: now + ANSWER_WITHIN };
        }
    }

    /// It could not be opened, or the server did not let us in.
    pub fn signal_failed(&mut self, attempt: u64, error: &ConnectError, now: Instant) {
        if attempt != self.attempt || !matches!(self.phase, Phase::Connecting { .. } | Phase::Joining { .. }) {
            return;
        }
        if !self.joined {
            return self.fail(error.code(), &error.to_string(), now);
        }
        metrics::counter!("artc_open_reconnect_failures_total").increment(1);
        if error.needs_new_token() && self.refreshed.take().is_none() {
            // Neither the newest nor the first token is good any more: only the caller has another one.
            self.error(error.code(), error.to_string());
            return self.give_up(&error.to_string(), now);
        }
        tracing::debug!(%error, failures = self.backoff.failures(), "not connected");
        self.wait(now);
    }

    /// It was closed.
    pub fn signal_closed(&mut self, attempt: u64, why: &str, now: Instant) {
        if attempt != self.attempt {
            return;
        }
        match self.phase {
            Phase::Joining { .. } => {
                let error = ConnectError::Closed { host: "server".into(), why: why.to_owned() };
                self.signal_failed(attempt, &error, now);
            }
            Phase::Online => self.lost(Reason::Interrupted, why, true, now),
            _ => {}
        }
    }

    /// The connection was lost: tries again at once, by resuming where that can work.
    pub(super) fn lost(&mut self, reason: Reason, why: &str, resume: bool, now: Instant) {
        if !self.joined || self.phase == Phase::Idle {
            return;
        }
        self.lost_at.get_or_insert(now);
        self.tell(Status::Reconnecting, reason, why);
        self.out.push_back(Output::Disconnect);
        let resume = resume && self.link.as_ref().is_some_and(super::link::Link::alive);
        if !resume {
            self.drop_link();
        }
        self.backoff.reset();
        self.wait(now);
    }

    /// Waits for the next attempt, as long as the failures so far say.
    fn wait(&mut self, now: Instant) {
        let recent = self.lost_at.is_some_and(|at| now.saturating_duration_since(at) < RESUME_FOR);
        let resume = recent && self.link.as_ref().is_some_and(super::link::Link::alive);
        if !resume {
            self.drop_link();
        }
        let until = now + self.backoff.pause();
        self.phase = Phase::Waiting { resume, until };
        // Whatever an earlier attempt still does, it is not wanted any more.
        self.attempt += 1;
    }

    /// The network changed: earlier failures say nothing any more.
    pub(super) fn network_changed(&mut self, now: Instant) {
        match self.phase {
            Phase::Waiting { resume, .. } => {
                self.backoff.reset();
                self.connect(resume, now);
            }
            // An attempt that began on the old network may hang for its whole time; one that has just begun did not.
            Phase::Connecting { resume, until } if now + CONNECT_WITHIN >= until + JUST_BEGUN => self.connect(resume, now),
            // Whether it comes back by itself need not be waited for.
            Phase::Online if self.link.as_ref().is_some_and(super::link::Link::down) => {
                self.path_lost("the media path is down and the network has changed", now);
            }
            _ => {}
        }
    }

    /// The old path is dead: resumes at once instead of waiting for time-outs.
    pub(super) fn path_lost(&mut self, why: &str, now: Instant) {
        if self.online() {
            self.lost(Reason::MediaPath, why, true, now);
            self.connect(self.link.is_some(), now);
        } else {
            self.network_changed(now);
        }
    }

    /// The server sent us away, or says what to do.
    pub(super) fn obey(&mut self, leave: &proto::LeaveRequest, now: Instant) {
        let reason = DisconnectReason::try_from(leave.reason).unwrap_or(DisconnectReason::UnknownReason);
        let action = match Action::try_from(leave.action) {
            Ok(Action::Disconnect) if leave.can_reconnect => Action::Reconnect,
            Ok(action) => action,
            Err(_) => Action::Reconnect,
        };
        tracing::info!(reason = reason.as_str_name(), action = action.as_str_name(), "the server says leave");
        let why = reason.as_str_name().to_ascii_lowercase().replace('_', " ");
        if !self.joined {
            let code =
                if reason == DisconnectReason::DuplicateIdentity { ErrorCode::LeaveUnusual } else { ErrorCode::JoinFailed };
            return self.fail(code, &format!("the server refused the join: {why}"), now);
        }
        match (action, reason) {
            (Action::Resume, _) => self.lost(Reason::Interrupted, &why, true, now),
            (Action::Reconnect, _) => self.lost(Reason::Interrupted, &why, false, now),
            (Action::Disconnect, DisconnectReason::DuplicateIdentity | DisconnectReason::ParticipantRemoved) => {
                self.error(ErrorCode::LeaveUnusual, format!("sent away by the server: {why}"));
                self.give_up(&why, now);
            }
            (Action::Disconnect, DisconnectReason::RoomDeleted | DisconnectReason::RoomClosed) => {
                self.error(ErrorCode::SessionRemoved, format!("the channel was closed: {why}"));
                self.give_up(&why, now);
            }
            // A server that goes down, moves us or lost track of us is no reason to stay away.
            (Action::Disconnect, _) => self.lost(Reason::Interrupted, &why, false, now),
        }
    }

    pub(super) fn leave(&mut self, now: Instant) {
        if self.join.is_none() {
            // The channel ended while the call was on its way: it was taken, so it has its result.
            return self.event(Event::LeaveChannelResult { result: ErrorCode::Ok });
        }
        self.part(now);
        self.tell(Status::Disconnected, Reason::LeaveChannel, "");
        self.event(Event::LeaveChannelResult { result: ErrorCode::Ok });
    }

    pub(super) fn release(&mut self, now: Instant) {
        if self.join.is_some() {
            self.part(now);
        }
    }

    /// The join failed.
    fn fail(&mut self, code: ErrorCode, detail: &str, now: Instant) {
        let (channel, user_id) = self.join.as_ref().map(|j| (j.channel.clone(), j.user_id.clone())).unwrap_or_default();
        self.part(now);
        self.tell(Status::Failed, Reason::JoinChannelFailure, detail);
        self.event(Event::JoinChannelResult { result: code, channel, user_id });
    }

    /// Nobody came in time: the join counts as failed, by the documents.
    pub(super) fn nobody_came(&mut self, now: Instant) {
        self.error(ErrorCode::NoPeople, "nobody came into the channel in time");
        self.fail(ErrorCode::Fatal, "nobody came into the channel in time", now);
    }

    /// Ends a join that had succeeded; the caller may join again.
    fn give_up(&mut self, detail: &str, now: Instant) {
        self.part(now);
        self.tell(Status::Failed, Reason::Interrupted, detail);
    }

    /// Says good-bye and forgets the channel.
    fn part(&mut self, now: Instant) {
        if self.online() || matches!(self.phase, Phase::Joining { .. }) {
            self.signal(rtc::signal::Request::Leave(proto::LeaveRequest {
                reason: DisconnectReason::ClientInitiated as i32,
                ..Default::default()
            }));
        }
        self.out.push_back(Output::Disconnect);
        self.out.push_back(Output::Listen(None));
        self.attempt += 1;
        self.phase = Phase::Idle;
        self.joined = false;
        self.lost_at = None;
        self.sid.clear();
        self.refreshed = None;
        self.unpublish_all(now);
        self.forget_remotes(now);
        self.drop_link();
        self.join = None;
        self.data.reset();
        self.setup.shared.calls().channel = None;
    }

    /// The server let us in.
    pub(super) fn joined(&mut self, join: proto::JoinResponse, now: Instant) {
        let again = self.joined;
        self.phase = Phase::Online;
        self.backoff.reset();
        self.drop_link();
        let me = join.participant.unwrap_or_default();
        self.sid = me.sid.clone();
        self.permission = me.permission.clone();
        self.set_ping(join.ping_interval, join.ping_timeout, now);
        self.data.reset_sequence();
        self.joined = true;
        if again {
            self.setup.shared.network.reconnected();
            metrics::counter!("artc_open_rejoins_total").increment(1);
        }
        self.make_path(now);
        self.out.push_back(Output::IceServers(join.ice_servers));
        if !again {
            let config = self.join.as_ref().map(|j| Box::new(j.config.clone()));
            self.out.push_back(Output::Listen(config));
            let (channel, user_id) = self.join.as_ref().map(|j| (j.channel.clone(), j.user_id.clone())).unwrap_or_default();
            self.event(Event::JoinChannelResult { result: ErrorCode::Ok, channel, user_id });
        }
        self.lost_at = None;
        self.tell(Status::Connected, Reason::JoinChannelSuccess, "");
        self.say_who_we_are(&me);
        self.publish_anew(now);
        self.see_everybody(join.other_participants, now);
        self.path_ready(now);
    }

    /// The server knows us still: the media path is tried anew, everything else goes on.
    pub(super) fn resumed(&mut self, response: proto::ReconnectResponse, now: Instant) {
        self.phase = Phase::Online;
        self.backoff.reset();
        self.lost_at = None;
        self.ping.heard = now;
        self.ping.next = now + self.ping.interval;
        self.setup.shared.network.reconnected();
        metrics::counter!("artc_open_resumes_total").increment(1);
        self.out.push_back(Output::IceServers(response.ice_servers));
        self.sync_state();
        self.restart_ice(now);
        self.ask_again(now);
        self.resend_data(response.last_message_seq);
        self.tell(Status::Connected, Reason::SignalingHeartbeatAlive, "");
    }

    pub(super) fn refresh(&mut self, token: String) {
        self.refreshed = Some(Secret::new(token));
    }

    fn set_ping(&mut self, interval: i32, timeout: i32, now: Instant) {
        let seconds = |s: i32, default: u64| Duration::from_secs(u64::try_from(s).ok().filter(|s| *s > 0).unwrap_or(default));
        self.ping.interval = seconds(interval, 5);
        self.ping.timeout = seconds(timeout, 15);
        self.ping.heard = now;
        self.ping.next = now + self.ping.interval;
    }

    pub(super) fn ping_due(&mut self, now: Instant) {
        if now >= self.ping.heard + self.ping.interval + self.ping.timeout {
            return self.lost(Reason::SignalingHeartbeatTimeout, "no sign of life from the server", true, now);
        }
        if now >= self.ping.next {
            self.ping.next = now + self.ping.interval;
            self.ping.sent = now;
            let rtt = i64::try_from(self.ping.rtt.as_millis()).unwrap_or(0);
            self.signal(rtc::signal::Request::PingReq(proto::Ping { timestamp: crate::clock::unix_millis(), rtt }));
        }
    }

    pub(super) fn pong(&mut self, now: Instant) {
        self.ping.rtt = now.saturating_duration_since(self.ping.sent);
    }
}
