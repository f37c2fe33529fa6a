//! Who sees whom: brings what each engine was told into line with how its channel stands, and tells the difference.

use std::time::Duration;

use crate::channel::ClientRole;
use crate::error::ErrorCode;
use crate::event::{Event, SubscribeChange};
use crate::fake::member::{Phase, Remote, Subscription, Track};
use crate::fake::state::State;
use crate::queue::EventQueue;
use crate::track::{AudioTrack, SubscribeState, VideoStreamType, VideoTrack};

impl State {
    /// Tells everybody in the channel of `id` what has changed for them. Telling twice changes nothing.
    pub(super) fn settle(&mut self, id: usize) {
        let Some(channel) = self.members[id].join.as_ref().map(|join| join.channel.clone()) else { return };
        let facts: Vec<_> = self
            .members
            .iter()
            .enumerate()
            .filter(|(_, member)| member.in_channel(&channel))
            .filter_map(|(other, member)| {
                let seen = member.is_seen();
                let tracks = if seen { member.available() } else { (AudioTrack::No, VideoTrack::No) };
                let small = member.track(Track::Small).accepted;
                Some((other, member.user_id()?.to_owned(), seen, tracks, small))
            })
            .collect();
        for observer in 0..self.members.len() {
            if !self.members[observer].in_channel(&channel) {
                continue;
            }
            let gone: Vec<String> =
                self.members[observer].remotes.keys().filter(|uid| !facts.iter().any(|f| f.1 == **uid)).cloned().collect();
            for uid in gone {
                self.see(observer, &uid, false, (AudioTrack::No, VideoTrack::No), false, &channel);
                self.members[observer].remotes.remove(&uid);
            }
            for (other, uid, seen, tracks, small) in &facts {
                if *other != observer {
                    self.see(observer, uid, *seen, *tracks, *small, &channel);
                }
            }
            self.no_streamer(observer);
        }
        self.tell_needed(&channel);
    }

    /// Brings one observer's picture of one user up to date.
    fn see(&mut self, observer: usize, uid: &str, seen: bool, tracks: (AudioTrack, VideoTrack), small: bool, channel: &str) {
        let now = self.now;
        let member = &mut self.members[observer];
        let auto = [Track::Mic, Track::Camera, Track::Screen].map(|track| member.auto_subscribes(track));
        let default_type = member.default_type;
        let queue = member.queue.clone();
        let remote = member.remotes.entry(uid.to_owned()).or_insert_with(Remote::new);
        if seen && !remote.online {
            queue.push(Event::RemoteUserOnLineNotify { uid: uid.to_owned() });
        }
        if remote.tracks != tracks {
            remote.tracks = tracks;
            queue.push(Event::RemoteTrackAvailableNotify { uid: uid.to_owned(), audio_track: tracks.0, video_track: tracks.1 });
        }
        let has_camera = matches!(tracks.1, VideoTrack::Camera | VideoTrack::Both);
        let has_screen = matches!(tracks.1, VideoTrack::Screen | VideoTrack::Both);
        let change = |old_state, new_state, elapse_since_last_state| SubscribeChange {
            uid: uid.to_owned(),
            old_state,
            new_state,
            elapse_since_last_state,
            channel: channel.to_owned(),
        };
        let step = |queue: &EventQueue, s: &mut Subscription, want: bool, event: fn(SubscribeChange) -> Event| {
            let target = match (s.active(), want) {
                (false, true) => SubscribeState::Subscribing,
                (true, false) => SubscribeState::NoSubscribe,
                _ => return,
            };
            let old = std::mem::replace(&mut s.state, target);
            let elapsed = now.saturating_sub(std::mem::replace(&mut s.since, now));
            queue.push(event(change(old, target, elapsed)));
        };
        let want = |has: bool, s: &Subscription, auto: bool| has && s.wanted.unwrap_or(auto);
        let wants = [
            want(tracks.0 == AudioTrack::Mic, &remote.mic, auto[0]),
            want(has_camera, &remote.camera, auto[1]),
            want(has_screen, &remote.screen, auto[2]),
        ];
        step(&queue, &mut remote.mic, wants[0], Event::AudioSubscribeStateChanged);
        step(&queue, &mut remote.camera, wants[1], Event::VideoSubscribeStateChanged);
        step(&queue, &mut remote.screen, wants[2], Event::ScreenShareSubscribeStateChanged);
        remote.choose_type(&queue, uid, channel, now, small, default_type);
        if !seen && remote.online {
            queue.push(Event::RemoteUserOffLineNotify { uid: uid.to_owned() });
        }
        remote.online = seen;
        if tracks != (AudioTrack::No, VideoTrack::No) {
            member.saw_streamer = true;
        }
    }

    /// The moderation rule: a viewer whose broadcasters have all stopped gets an error.
    fn no_streamer(&mut self, observer: usize) {
        let member = &mut self.members[observer];
        let nobody = member.remotes.values().all(|remote| remote.tracks == (AudioTrack::No, VideoTrack::No));
        let had = member.saw_streamer && std::mem::replace(&mut member.saw_streamer, !nobody);
        if had && nobody && member.leave_once_no_streamer && member.effective_role() == ClientRole::Live {
            self.tell(observer, Event::Error { code: ErrorCode::NoPeople, detail: "all broadcasters have stopped".into() });
        }
    }

    /// Tells each publisher of the channel whether somebody watches.
    fn tell_needed(&mut self, channel: &str) {
        for id in 0..self.members.len() {
            if !self.members[id].in_channel(channel) {
                continue;
            }
            let Some(uid) = self.members[id].user_id() else { continue };
            let watched = self.members.iter().any(|member| {
                let remote = member.in_channel(channel).then(|| member.remotes.get(uid)).flatten();
                remote.is_some_and(|remote| remote.camera.active() || remote.screen.active())
            });
            let member = &mut self.members[id];
            if member.phase == Phase::Joined && member.needed != Some(watched) {
                member.needed = Some(watched);
                self.tell(id, Event::StreamNeeded(watched));
                if watched {
                    self.ask_for_key_frame(id);
                }
            }
        }
    }
}

impl Remote {
    fn choose_type(
        &mut self,
        queue: &EventQueue,
        uid: &str,
        channel: &str,
        now: Duration,
        small: bool,
        default_type: VideoStreamType,
    ) {
        let chosen = match (self.camera.active(), small, self.wanted_type.unwrap_or(default_type)) {
            (false, ..) => VideoStreamType::None,
            (true, true, VideoStreamType::Low) => VideoStreamType::Low,
            (true, ..) => VideoStreamType::High,
        };
        if chosen == self.stream_type {
            return;
        }
        let old_stream_type = std::mem::replace(&mut self.stream_type, chosen);
        let elapse_since_last_state = now.saturating_sub(std::mem::replace(&mut self.type_since, now));
        queue.push(Event::SubscribeStreamTypeChanged {
            uid: uid.to_owned(),
            old_stream_type,
            new_stream_type: chosen,
            elapse_since_last_state,
            channel: channel.to_owned(),
        });
    }
}
