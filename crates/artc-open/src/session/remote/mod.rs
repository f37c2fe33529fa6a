//! The others: who is there and what they publish. What of it we subscribe and what becomes of what they send is in the files below.

mod arrive;
mod subscribe;
mod token_role;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use artc_bindings::{
    AudioTrack, ChannelProfile, ClientRole, ErrorCode, Event, Participant, SubscribeState, VideoStreamType, VideoTrack,
};
use rtc::Mid;
use rtc::proto::{self, TrackSource, participant_info};

pub use arrive::{Arrived, ReceivedFrame};

use self::token_role::TokenRoles;
use super::{Session, publish};

/// Participants that are followed; a channel with more is none for a camera.
const MOST_PEOPLE: usize = 2000;
/// How often byte streams get a chance when nothing else happens.
const FEED: Duration = Duration::from_millis(20);

/// What a received track shows, in the order in which tracks of one user are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RemoteMedia {
    /// Sound.
    Sound,
    /// A camera.
    Camera,
    /// A screen.
    Screen,
}

struct Track {
    sid: String,
    media: RemoteMedia,
    muted: bool,
    asked: bool,
    state: SubscribeState,
    since: Instant,
    /// Sent big and small.
    dual: bool,
    /// In what it can be had, in lower case.
    codecs: Vec<String>,
    /// Nothing of it is decoded here; that was told.
    warned: bool,
}

struct Person {
    sid: String,
    name: String,
    version: u32,
    broadcaster: bool,
    told: bool,
    tracks: Vec<Track>,
    available: (AudioTrack, VideoTrack),
    /// What the caller said about this user's sound, camera, screen.
    wishes: [Option<bool>; 3],
    /// Which stream of the camera the caller wants; where nothing was said, the default of the subscription's time.
    wanted_stream: Option<VideoStreamType>,
    /// The stream that is received; none while the camera is not subscribed.
    stream: VideoStreamType,
    stream_since: Instant,
}

/// Everybody else.
pub(super) struct Remotes {
    people: HashMap<String, Person>,
    token_roles: TokenRoles,
    mids: HashMap<Mid, String>,
    default_stream: VideoStreamType,
    pub(super) leave_once_no_streamer: bool,
    pub(super) check_people_after: Option<u64>,
    people_until: Option<Instant>,
    had_streamers: bool,
    feed: Option<Instant>,
}

impl Default for Remotes {
    fn default() -> Self {
        Self {
            people: HashMap::new(),
            token_roles: TokenRoles::default(),
            mids: HashMap::new(),
            default_stream: VideoStreamType::High,
            leave_once_no_streamer: false,
            check_people_after: None,
            people_until: None,
            had_streamers: false,
            feed: None,
        }
    }
}

impl Session {
    /// The whole list, as it is at a join: whoever is not in it has left.
    pub(super) fn see_everybody(&mut self, people: Vec<proto::ParticipantInfo>, now: Instant) {
        let gone: Vec<String> =
            self.remote.people.keys().filter(|id| !people.iter().any(|p| p.identity == **id)).cloned().collect();
        for identity in gone {
            self.gone(&identity, now);
        }
        let unnamed = self.remote.token_roles.identities().into_iter().filter(|id| !people.iter().any(|p| p.identity == **id));
        for identity in unnamed.collect::<Vec<_>>() {
            self.forget_role(&identity);
        }
        // A new join has new tracks and new subscriptions, even of people who stayed.
        self.remote.mids.clear();
        for person in self.remote.people.values_mut() {
            person.version = 0;
            for track in &mut person.tracks {
                track.asked = false;
            }
        }
        self.remote.people_until = self.remote.check_people_after.map(|s| now + Duration::from_secs(s));
        self.see(people, now);
    }

    /// What the server says about people.
    pub(super) fn see(&mut self, people: Vec<proto::ParticipantInfo>, now: Instant) {
        for person in people {
            if person.sid == self.sid {
                self.permission = person.permission;
                continue;
            }
            if let Some(role) = self.remote.token_roles.see(&person) {
                self.event(Event::CommandRole { uid: person.identity.clone(), role });
            }
            if person.state == participant_info::State::Disconnected as i32 {
                let known = self.remote.people.get(&person.identity);
                // The late farewell of an earlier connection of somebody who is back already says nothing.
                if known.is_some_and(|k| k.sid == person.sid) {
                    self.gone(&person.identity, now);
                }
            } else {
                self.seen(person, now);
            }
        }
        self.list_people();
        self.refresh_subscriptions(now);
        self.count_streamers();
    }

    fn seen(&mut self, info: proto::ParticipantInfo, now: Instant) {
        let active = info.state == participant_info::State::Active as i32;
        if !self.remote.people.contains_key(&info.identity) && (!active || self.remote.people.len() >= MOST_PEOPLE) {
            return;
        }
        let person = self.remote.people.entry(info.identity.clone()).or_insert_with(|| Person {
            sid: info.sid.clone(),
            name: String::new(),
            version: 0,
            broadcaster: false,
            told: false,
            tracks: Vec::new(),
            available: (AudioTrack::No, VideoTrack::No),
            wishes: [None; 3],
            wanted_stream: None,
            stream: VideoStreamType::None,
            stream_since: now,
        });
        if person.sid == info.sid && info.version != 0 && info.version < person.version {
            return;
        }
        person.sid.clone_from(&info.sid);
        person.version = info.version;
        person.name.clone_from(&info.name);
        person.broadcaster = match info.attributes.get("artc.role").map(String::as_str) {
            Some(role) => role == publish::role_name(ClientRole::Interactive),
            None => info.permission.as_ref().is_none_or(|p| p.can_publish),
        };
        let ended = person.tracks.iter().filter(|known| !info.tracks.iter().any(|t| t.sid == known.sid));
        let ended: Vec<String> = ended.map(|known| known.sid.clone()).collect();
        for track in &info.tracks {
            let Some(media) = media_of(track) else { continue };
            match person.tracks.iter_mut().find(|known| known.sid == track.sid) {
                Some(known) => known.update(track),
                None => {
                    let (sid, state) = (track.sid.clone(), SubscribeState::Idle);
                    let mut new = Track {
                        sid,
                        media,
                        muted: false,
                        asked: false,
                        state,
                        since: now,
                        dual: false,
                        codecs: Vec::new(),
                        warned: false,
                    };
                    new.update(track);
                    person.tracks.push(new);
                }
            }
        }
        person.tracks.sort_by_key(|track| track.media);
        for sid in ended {
            self.track_ended(&info.identity, &sid, now);
        }
        self.refresh_stream(&info.identity, now);
        self.tell_person(&info.identity);
    }

    /// A user publishes this no more.
    fn track_ended(&mut self, identity: &str, sid: &str, now: Instant) {
        self.set_subscribe_state(identity, sid, SubscribeState::NoSubscribe, now);
        if let Some(person) = self.remote.people.get_mut(identity) {
            person.tracks.retain(|track| track.sid != sid);
        }
    }

    /// Tells what changed about a person, as far as the role rules let us see them.
    fn tell_person(&mut self, identity: &str) {
        let interactive = self.profile() != ChannelProfile::Communication;
        let Some(person) = self.remote.people.get_mut(identity) else { return };
        let visible = person.broadcaster || !interactive;
        let has = |media| person.tracks.iter().any(|t| t.media == media && !t.muted);
        let video = match (has(RemoteMedia::Camera), has(RemoteMedia::Screen)) {
            (true, true) => VideoTrack::Both,
            (true, false) => VideoTrack::Camera,
            (false, true) => VideoTrack::Screen,
            (false, false) => VideoTrack::No,
        };
        let audio = if has(RemoteMedia::Sound) { AudioTrack::Mic } else { AudioTrack::No };
        let available = if visible { (audio, video) } else { (AudioTrack::No, VideoTrack::No) };
        let was_told = std::mem::replace(&mut person.told, visible);
        let was_available = std::mem::replace(&mut person.available, available);
        let uid = identity.to_owned();
        if visible && !was_told {
            self.remote.people_until = None;
            self.event(Event::RemoteUserOnLineNotify { uid: uid.clone() });
        }
        if available != was_available {
            let (audio_track, video_track) = available;
            self.event(Event::RemoteTrackAvailableNotify { uid: uid.clone(), audio_track, video_track });
        }
        if was_told && !visible {
            self.event(Event::RemoteUserOffLineNotify { uid });
        }
    }

    fn gone(&mut self, identity: &str, now: Instant) {
        let Some(person) = self.remote.people.get(identity) else { return };
        let told = person.told;
        let sids: Vec<String> = person.tracks.iter().map(|t| t.sid.clone()).collect();
        for sid in sids {
            self.track_ended(identity, &sid, now);
        }
        self.refresh_stream(identity, now);
        self.remote.people.remove(identity);
        self.data.commands.forget(identity);
        if told {
            self.event(Event::RemoteUserOffLineNotify { uid: identity.to_owned() });
        }
    }

    pub(super) fn forget_remotes(&mut self, now: Instant) {
        let everybody: Vec<String> = self.remote.people.keys().cloned().collect();
        for identity in everybody {
            self.gone(&identity, now);
        }
        for identity in self.remote.token_roles.identities() {
            self.forget_role(&identity);
        }
        self.remote.mids.clear();
        self.remote.people_until = None;
        self.list_people();
    }

    fn forget_role(&mut self, identity: &str) {
        if let Some(role) = self.remote.token_roles.forget(identity) {
            self.event(Event::CommandRole { uid: identity.to_owned(), role });
        }
    }

    fn list_people(&self) {
        let mut list: Vec<Participant> = self
            .remote
            .people
            .iter()
            .map(|(identity, p)| Participant {
                identity: identity.clone(),
                name: p.name.clone(),
                audio_track: p.available.0,
                video_track: p.available.1,
            })
            .collect();
        list.sort_by(|a, b| a.identity.cmp(&b.identity));
        *self.setup.shared.participants() = list;
    }

    fn count_streamers(&mut self) {
        let streams = self.remote.people.values().any(|p| p.available != (AudioTrack::No, VideoTrack::No));
        let had = std::mem::replace(&mut self.remote.had_streamers, streams);
        let viewer = self.publish.effective_role() == ClientRole::Live;
        if had && !streams && viewer && self.remote.leave_once_no_streamer {
            self.error(ErrorCode::NoPeople, "all broadcasters have stopped");
        }
    }

    fn profile(&self) -> ChannelProfile {
        self.join.as_ref().map_or(ChannelProfile::InteractiveLive, |j| j.config.channel_profile)
    }

    /// Who sent a packet: by the list where it is known, for a sender could write any identity.
    pub(super) fn identity_of(&self, sid: &str, said: String) -> String {
        self.remote.people.iter().find(|(_, p)| p.sid == sid).map_or(said, |(identity, _)| identity.clone())
    }

    pub(super) fn remote_wake(&self) -> Option<Instant> {
        self.remote.people_until.into_iter().chain(self.remote.feed).min()
    }

    pub(super) fn remote_timeout(&mut self, now: Instant) {
        if self.remote.people_until.is_some_and(|at| now >= at) {
            self.remote.people_until = None;
            self.nobody_came(now);
        }
        self.feed_streams();
        self.remote.feed = self.data.feeding().then_some(now + FEED);
    }
}

fn media_of(track: &proto::TrackInfo) -> Option<RemoteMedia> {
    match TrackSource::try_from(track.source).ok()? {
        TrackSource::Camera => Some(RemoteMedia::Camera),
        TrackSource::ScreenShare => Some(RemoteMedia::Screen),
        TrackSource::Microphone | TrackSource::ScreenShareAudio => Some(RemoteMedia::Sound),
        TrackSource::Unknown if track.r#type == proto::TrackType::Audio as i32 => Some(RemoteMedia::Sound),
        TrackSource::Unknown if track.r#type == proto::TrackType::Video as i32 => Some(RemoteMedia::Camera),
        TrackSource::Unknown => None,
    }
}
