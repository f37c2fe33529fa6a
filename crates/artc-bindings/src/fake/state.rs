//! The world's clock and agenda, and what happens when something on it becomes due: tracks that start and stop, faults.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::error::ErrorCode;
use crate::event::{Event, PublishChange};
use crate::fake::member::{Member, Phase, Track};
use crate::fake::world::{Fault, JoinOutcome, WorldConfig};
use crate::frame::DataChannelMsg;
use crate::queue::EventQueue;
use crate::sample::VideoDataSample;
use crate::track::{ConnectionStatus, ConnectionStatusChangeReason as Reason, PublishState, VideoSource};

/// Entries of the agenda beyond which messages are refused; only a caller that never advances the clock gets there.
pub(super) const AGENDA_DEPTH: usize = 65_536;

/// Something that becomes due.
#[derive(Debug)]
pub(super) enum Effect {
    JoinDone { id: usize, join: u64, outcome: Option<ErrorCode> },
    LeaveDone { id: usize, join: u64 },
    PublishAccepted { id: usize, join: u64, track: Track },
    NobodyCame { id: usize, join: u64 },
    Data { to: usize, from: String, msg: DataChannelMsg },
    Command { to: usize, from: String, data: Vec<u8> },
    Found { id: usize, join: u64 },
    GivenUp { id: usize, join: u64 },
    Picture { id: usize, join: u64, frame: Box<VideoDataSample>, source: VideoSource },
    Sound { id: usize, join: u64, samples: Vec<u8> },
    Fault(Fault),
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) config: WorldConfig,
    pub(super) now: Duration,
    pub(super) agenda: BTreeMap<(Duration, u64), Effect>,
    entries: u64,
    pub(super) joins: u64,
    pub(super) members: Vec<Member>,
    pub(super) outcomes: BTreeMap<String, Vec<JoinOutcome>>,
    pub(super) link_up: bool,
    /// When each channel was joined first.
    pub(super) channels: BTreeMap<String, Duration>,
}

impl State {
    pub(super) fn new(config: WorldConfig) -> Self {
        Self {
            config,
            now: Duration::ZERO,
            agenda: BTreeMap::new(),
            entries: 0,
            joins: 0,
            members: Vec::new(),
            outcomes: BTreeMap::new(),
            link_up: true,
            channels: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, queue: Arc<EventQueue>) -> usize {
        self.members.push(Member::new(queue));
        self.members.len() - 1
    }

    pub(super) fn after(&mut self, delay: Duration, effect: Effect) {
        self.entries += 1;
        self.agenda.insert((self.now + delay, self.entries), effect);
    }

    pub(super) fn tell(&self, id: usize, event: Event) {
        self.members[id].queue.push(event);
    }

    pub(super) fn tell_connection(&self, id: usize, status: ConnectionStatus, reason: Reason) {
        self.tell(id, Event::ConnectionState { status, reason, detail: String::new() });
    }

    /// Carries out everything that is due until `until`, in order.
    pub(super) fn advance_to(&mut self, until: Duration) {
        while let Some(entry) = self.agenda.first_entry() {
            let (due, _) = *entry.key();
            if due > until {
                break;
            }
            let effect = entry.remove();
            self.now = self.now.max(due);
            self.carry_out(effect);
        }
        self.now = self.now.max(until);
        self.drain_audio();
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::JoinDone { id, join, outcome } if self.is_join(id, join, Phase::Joining) => self.join_done(id, outcome),
            Effect::LeaveDone { id, join } if self.is_join(id, join, Phase::Leaving) => {
                self.members[id].phase = Phase::Idle;
                self.members[id].join = None;
                self.tell_connection(id, ConnectionStatus::Disconnected, Reason::LeaveChannel);
                self.tell(id, Event::LeaveChannelResult { result: ErrorCode::Ok });
            }
            Effect::PublishAccepted { id, join, track } if self.is_join(id, join, Phase::Joined) => self.accepted(id, track),
            Effect::NobodyCame { id, join } if self.is_join(id, join, Phase::Joined) => self.nobody_came(id),
            Effect::Data { to, from, msg } if self.hears(to) && self.members[to].receives_data => {
                self.tell(to, Event::DataChannelMsg { uid: from, msg });
            }
            Effect::Command { to, from, data } if self.hears(to) => self.tell(to, Event::CommandMessage { uid: from, data }),
            Effect::Found { id, join } if self.is_join(id, join, Phase::Reconnecting) && self.link_up => {
                self.members[id].phase = Phase::Joined;
                self.members[id].stats.network.reconnects += 1;
                self.tell_connection(id, ConnectionStatus::Connected, Reason::MediaPath);
                self.ask_again(id, join);
                self.settle(id);
            }
            Effect::GivenUp { id, join } if self.is_join(id, join, Phase::Reconnecting) => {
                self.lose_for_good(id, ErrorCode::NetworkDisconnect);
            }
            Effect::Picture { id, join, frame, source } if self.is_in_join(id, join) => self.picture_due(id, &frame, source),
            Effect::Sound { id, join, samples } if self.is_in_join(id, join) => self.sound(id, &samples),
            Effect::Fault(fault) => self.fault(fault),
            // It belonged to a join or a phase that is over.
            _ => {}
        }
    }

    fn is_in_join(&self, id: usize, number: u64) -> bool {
        let member = &self.members[id];
        !member.released && member.join.as_ref().is_some_and(|join| join.number == number)
    }

    fn is_join(&self, id: usize, number: u64, phase: Phase) -> bool {
        let member = &self.members[id];
        !member.released && member.phase == phase && member.join.as_ref().is_some_and(|join| join.number == number)
    }

    fn hears(&self, id: usize) -> bool {
        self.members[id].phase == Phase::Joined && !self.members[id].released
    }

    // --- Publishing ---

    /// Starts and stops tracks until they are as the flags, mode and role ask.
    pub(super) fn sync_tracks(&mut self, id: usize) {
        if self.members[id].phase != Phase::Joined {
            return;
        }
        for track in Track::ALL {
            let member = &self.members[id];
            let wanted = match track {
                Track::Small => member.allowed(track) && member.track(Track::Camera).active(),
                _ => member.starts(track),
            };
            match (member.track(track).active(), wanted) {
                (false, true) => {
                    let Some(join) = member.join.as_ref().map(|join| join.number) else { return };
                    self.change(id, track, PublishState::Publishing);
                    self.after(self.config.latency, Effect::PublishAccepted { id, join, track });
                }
                (true, false) => self.change(id, track, PublishState::NoPublish),
                _ => {}
            }
        }
    }

    /// What was asked of the channel and not answered before the link was lost.
    fn ask_again(&mut self, id: usize, join: u64) {
        for track in Track::ALL {
            let publishing = self.members[id].track(track);
            if publishing.active() && !publishing.accepted {
                self.after(self.config.latency, Effect::PublishAccepted { id, join, track });
            }
        }
        self.sync_tracks(id);
    }

    pub(super) fn stop_all(&mut self, id: usize) {
        for track in Track::ALL {
            if self.members[id].track(track).active() {
                self.change(id, track, PublishState::NoPublish);
            }
            self.members[id].track_mut(track).state = PublishState::Idle;
        }
    }

    fn accepted(&mut self, id: usize, track: Track) {
        let publishing = self.members[id].track_mut(track);
        if publishing.state != PublishState::Publishing {
            return;
        }
        publishing.accepted = true;
        self.media_moves(id, track);
        self.settle(id);
    }

    /// Notes media of a track, or the channel's acceptance: when both are there the track is published.
    pub(super) fn media_moves(&mut self, id: usize, track: Track) {
        let publishing = self.members[id].track(track);
        if publishing.state == PublishState::Publishing && publishing.accepted && publishing.media {
            self.change(id, track, PublishState::Published);
        }
    }

    fn change(&mut self, id: usize, track: Track, new_state: PublishState) {
        let now = self.now;
        let member = &mut self.members[id];
        let channel = member.join.as_ref().map(|join| join.channel.clone()).unwrap_or_default();
        let publishing = member.track_mut(track);
        let old_state = std::mem::replace(&mut publishing.state, new_state);
        let elapse_since_last_state = now.saturating_sub(std::mem::replace(&mut publishing.since, now));
        if new_state != PublishState::Published {
            publishing.accepted = false;
            publishing.media = false;
        }
        let change = PublishChange { old_state, new_state, elapse_since_last_state, channel };
        self.tell(
            id,
            match track {
                Track::Mic => Event::AudioPublishStateChanged(change),
                Track::Camera => Event::VideoPublishStateChanged(change),
                Track::Screen => Event::ScreenSharePublishStateChanged(change),
                Track::Small => Event::DualStreamPublishStateChanged(change),
            },
        );
    }

    // --- Faults ---

    pub(super) fn fault(&mut self, fault: Fault) {
        match fault {
            Fault::NextJoin { user, outcome } => self.outcomes.entry(user).or_default().push(outcome),
            Fault::ForgetJoins { user } => drop(self.outcomes.remove(&user)),
            Fault::LinkDown => {
                self.link_up = false;
                for id in 0..self.members.len() {
                    self.lose(id);
                }
            }
            Fault::LinkUp => {
                self.link_up = true;
                for id in 0..self.members.len() {
                    self.look_again(id);
                }
            }
            Fault::Remove { user } => self.for_user(&user, |state, id| state.lose_for_good(id, ErrorCode::LeaveUnusual)),
            Fault::Error { user, code } => {
                self.for_user(&user, |state, id| state.tell(id, Event::Error { code, detail: "scripted".into() }));
            }
            Fault::AudioFull { user, full } => self.for_user(&user, |state, id| {
                state.members[id].audio_full = full;
                state.tell(id, Event::PushAudioFrameBufferFull { is_full: full });
            }),
            Fault::VideoFull { user, full } => self.for_user(&user, |state, id| {
                state.members[id].video_full = full;
                state.tell(id, Event::PushVideoFrameBufferFull { is_full: full });
            }),
        }
    }

    fn for_user(&mut self, user: &str, act: impl Fn(&mut Self, usize)) {
        for id in 0..self.members.len() {
            let inside = matches!(self.members[id].phase, Phase::Joined | Phase::Reconnecting);
            if inside && self.members[id].user_id() == Some(user) {
                act(self, id);
            }
        }
    }

    fn lose(&mut self, id: usize) {
        if self.members[id].phase != Phase::Joined {
            return;
        }
        self.members[id].phase = Phase::Reconnecting;
        self.tell_connection(id, ConnectionStatus::Reconnecting, Reason::Interrupted);
        self.settle(id);
        if let Some(join) = self.members[id].join.as_ref().map(|join| join.number) {
            self.after(self.config.give_up, Effect::GivenUp { id, join });
        }
    }

    /// An engine that has lost its link, or began to join without one, tries again now.
    pub(super) fn look_again(&mut self, id: usize) {
        let member = &self.members[id];
        let Some(join) = member.join.as_ref().map(|join| join.number).filter(|_| self.link_up) else { return };
        match member.phase {
            Phase::Reconnecting => self.after(self.config.latency, Effect::Found { id, join }),
            Phase::Joining if member.blind => self.after(self.config.latency, Effect::JoinDone { id, join, outcome: None }),
            _ => {}
        }
    }
}
