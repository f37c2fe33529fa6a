//! The others: who is there, what they publish, what of it we subscribe, and to whom arriving media belongs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use artc_bindings::{
    AudioTrack, ChannelProfile, ClientRole, ErrorCode, Event, Participant, SubscribeChange, SubscribeMode, SubscribeState,
    VideoStreamType, VideoTrack,
};
use rtc::Mid;
use rtc::local::ToRoom;
use rtc::proto::{self, TrackSource, VideoQuality, participant_info};
use rtc::signal::Request;
use rtc::str0m::media::MediaData;

use super::{Output, PeerKind, Session, publish};

/// Participants that are followed; a channel with more is none for a camera.
const MOST_PEOPLE: usize = 2000;
/// How often byte streams get a chance when nothing else happens.
const FEED: Duration = Duration::from_millis(20);

/// What a received track shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RemoteMedia {
    /// Sound.
    Sound,
    /// A camera.
    Camera,
    /// A screen.
    Screen,
}

/// A frame of somebody else's track.
#[derive(Debug)]
pub struct Arrived {
    /// Whose.
    pub uid: String,
    /// The track's id on the server.
    pub sid: String,
    /// What it shows.
    pub media: RemoteMedia,
    /// The frame.
    pub frame: ReceivedFrame,
}

/// One access unit or one Opus frame of somebody else.
#[derive(Debug)]
pub struct ReceivedFrame {
    /// RTP time without roll-over: 90 kHz for pictures, 48 kHz for sound.
    pub time: u64,
    /// H.264 as Annex B, or Opus.
    pub data: Arc<[u8]>,
    /// Nothing is missing between the frame before and this one.
    pub contiguous: bool,
    /// Wall-clock time of capture, if the sender says.
    pub captured: Option<SystemTime>,
}

impl From<MediaData> for ReceivedFrame {
    fn from(data: MediaData) -> Self {
        Self {
            time: data.time.numer(),
            data: data.data,
            contiguous: data.contiguous,
            captured: data.ext_vals.abs_capture_time.map(|time| time.capture_time),
        }
    }
}

struct Track {
    sid: String,
    media: RemoteMedia,
    muted: bool,
    asked: bool,
    state: SubscribeState,
    since: Instant,
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
    stream: VideoStreamType,
    stream_since: Instant,
}

/// Everybody else.
pub(super) struct Remotes {
    people: HashMap<String, Person>,
    mids: HashMap<Mid, String>,
    pub(super) default_stream: VideoStreamType,
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
            } else if person.state == participant_info::State::Disconnected as i32 {
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
        let default_stream = self.remote.default_stream;
        let person = self.remote.people.entry(info.identity.clone()).or_insert_with(|| Person {
            sid: info.sid.clone(),
            name: String::new(),
            version: 0,
            broadcaster: false,
            told: false,
            tracks: Vec::new(),
            available: (AudioTrack::No, VideoTrack::No),
            wishes: [None; 3],
            stream: default_stream,
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
        person.tracks.retain(|known| info.tracks.iter().any(|t| t.sid == known.sid));
        for track in &info.tracks {
            let Some(media) = media_of(track) else { continue };
            match person.tracks.iter_mut().find(|known| known.sid == track.sid) {
                Some(known) => known.muted = track.muted,
                None => person.tracks.push(Track {
                    sid: track.sid.clone(),
                    media,
                    muted: track.muted,
                    asked: false,
                    state: SubscribeState::Idle,
                    since: now,
                }),
            }
        }
        self.tell_person(&info.identity);
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
            self.set_subscribe_state(identity, &sid, SubscribeState::NoSubscribe, now);
        }
        self.remote.people.remove(identity);
        if told {
            self.event(Event::RemoteUserOffLineNotify { uid: identity.to_owned() });
        }
    }

    pub(super) fn forget_remotes(&mut self, now: Instant) {
        let everybody: Vec<String> = self.remote.people.keys().cloned().collect();
        for identity in everybody {
            self.gone(&identity, now);
        }
        self.remote.mids.clear();
        self.remote.people_until = None;
        self.list_people();
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
        if had && !streams && self.remote.leave_once_no_streamer {
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

    pub(super) fn subscribe_audio(&mut self, uid: &str, on: bool, now: Instant) {
        self.wish(uid, RemoteMedia::Sound, on, now);
    }

    pub(super) fn subscribe_video(&mut self, uid: &str, track: VideoTrack, on: bool, now: Instant) {
        if matches!(track, VideoTrack::Camera | VideoTrack::Both) {
            self.wish(uid, RemoteMedia::Camera, on, now);
        }
        if matches!(track, VideoTrack::Screen | VideoTrack::Both) {
            self.wish(uid, RemoteMedia::Screen, on, now);
        }
    }

    fn wish(&mut self, uid: &str, media: RemoteMedia, on: bool, now: Instant) {
        if let Some(person) = self.remote.people.get_mut(uid) {
            person.wishes[media as usize] = Some(on);
            self.refresh_subscriptions(now);
        }
    }

    /// Asks the server for what is wanted and not there, and the other way round.
    fn refresh_subscriptions(&mut self, now: Instant) {
        if !self.online() {
            return;
        }
        let Some(mode) = self.join.as_ref().map(|j| j.config.subscribe_mode) else { return };
        let (mut subscribe, mut unsubscribe) = (Vec::new(), Vec::new());
        for (identity, person) in &mut self.remote.people {
            for track in &mut person.tracks {
                let by_itself = match track.media {
                    RemoteMedia::Sound => matches!(mode, SubscribeMode::Automatically | SubscribeMode::AudioAutoAndOnly),
                    RemoteMedia::Camera => matches!(mode, SubscribeMode::Automatically | SubscribeMode::CameraAutoAndOnly),
                    RemoteMedia::Screen => mode == SubscribeMode::Automatically,
                };
                let wanted = person.told && person.wishes[track.media as usize].unwrap_or(by_itself);
                if wanted != track.asked {
                    track.asked = wanted;
                    if wanted { &mut subscribe } else { &mut unsubscribe }.push((identity.clone(), track.sid.clone()));
                }
            }
        }
        for (list, on, state) in
            [(subscribe, true, SubscribeState::Subscribing), (unsubscribe, false, SubscribeState::NoSubscribe)]
        {
            if list.is_empty() {
                continue;
            }
            let track_sids = list.iter().map(|(_, sid)| sid.clone()).collect();
            self.signal(Request::Subscription(proto::UpdateSubscription { track_sids, subscribe: on, ..Default::default() }));
            for (identity, sid) in list {
                self.set_subscribe_state(&identity, &sid, state, now);
            }
        }
    }

    fn set_subscribe_state(&mut self, identity: &str, sid: &str, new_state: SubscribeState, now: Instant) {
        let channel = self.channel();
        let Some(person) = self.remote.people.get_mut(identity) else { return };
        let stream = person.stream;
        let Some(track) = person.tracks.iter_mut().find(|t| t.sid == sid) else { return };
        if track.state == new_state || (track.state == SubscribeState::Idle && new_state == SubscribeState::NoSubscribe) {
            return;
        }
        let old_state = std::mem::replace(&mut track.state, new_state);
        let elapse_since_last_state = now.saturating_duration_since(std::mem::replace(&mut track.since, now));
        let media = track.media;
        let uid = identity.to_owned();
        let change =
            SubscribeChange { uid: uid.clone(), old_state, new_state, elapse_since_last_state, channel: channel.clone() };
        self.event(match media {
            RemoteMedia::Sound => Event::AudioSubscribeStateChanged(change),
            RemoteMedia::Camera => Event::VideoSubscribeStateChanged(change),
            RemoteMedia::Screen => Event::ScreenShareSubscribeStateChanged(change),
        });
        if media == RemoteMedia::Camera && new_state == SubscribeState::Subscribing && stream == VideoStreamType::Low {
            self.ask_quality(sid.to_owned(), stream);
        }
    }

    pub(super) fn choose_stream(&mut self, uid: &str, stream: VideoStreamType, now: Instant) {
        let channel = self.channel();
        let Some(person) = self.remote.people.get_mut(uid) else { return };
        if stream == VideoStreamType::None || person.stream == stream {
            return;
        }
        let old_stream_type = std::mem::replace(&mut person.stream, stream);
        let elapse_since_last_state = now.saturating_duration_since(std::mem::replace(&mut person.stream_since, now));
        let camera = person.tracks.iter().find(|t| t.media == RemoteMedia::Camera && t.asked).map(|t| t.sid.clone());
        if let Some(sid) = camera {
            self.ask_quality(sid, stream);
            let uid = uid.to_owned();
            let change = Event::SubscribeStreamTypeChanged {
                uid,
                old_stream_type,
                new_stream_type: stream,
                elapse_since_last_state,
                channel,
            };
            self.event(change);
        }
    }

    fn ask_quality(&mut self, sid: String, stream: VideoStreamType) {
        let quality = if stream == VideoStreamType::Low { VideoQuality::Low } else { VideoQuality::High } as i32;
        self.signal(Request::TrackSetting(proto::UpdateTrackSettings { track_sids: vec![sid], quality, ..Default::default() }));
    }

    /// Which section carries which track, by the server's offer.
    pub(super) fn sections_changed(&mut self, offer: &proto::SessionDescription) {
        let Ok(sdp) = rtc::sdp::Sdp::parse(&offer.sdp) else { return };
        self.remote.mids.clear();
        for section in sdp.sections() {
            let Some(mid) = section.mid() else { continue };
            let said = offer.mid_to_track_id.get(mid).map(String::as_str);
            let named = section.msid().map(|(_, track)| track);
            if let Some(sid) = said.or(named).filter(|_| section.kind().is_some() && section.sends()) {
                self.remote.mids.insert(Mid::from(mid), sid.to_owned());
            }
        }
    }

    pub(super) fn arrived(&mut self, frame: MediaData, now: Instant) {
        let Some(sid) = self.remote.mids.get(&frame.mid).cloned() else { return };
        let Some((uid, media)) = self.sender_of(&sid) else { return };
        self.hand_out(uid, sid, media, frame.into(), now);
    }

    /// Whose track it is and what it shows, if we have asked for it.
    pub(super) fn sender_of(&self, sid: &str) -> Option<(String, RemoteMedia)> {
        self.remote.people.iter().find_map(|(identity, person)| {
            let track = person.tracks.iter().find(|t| t.sid == sid && t.asked)?;
            Some((identity.clone(), track.media))
        })
    }

    pub(super) fn hand_out(&mut self, uid: String, sid: String, media: RemoteMedia, frame: ReceivedFrame, now: Instant) {
        self.set_subscribe_state(&uid, &sid, SubscribeState::Subscribed, now);
        self.out.push_back(Output::Arrived(Arrived { uid, sid, media, frame }));
    }

    /// A decoder lost its way and needs a key frame of this track.
    pub fn remote_key_frame(&mut self, sid: &str) {
        if self.local.is_some() {
            return self.tell_room(ToRoom::KeyFrame(sid.into()));
        }
        let mid = self.remote.mids.iter().find(|(_, known)| *known == sid).map(|(mid, _)| *mid);
        if let (Some(mid), Some(link)) = (mid, &mut self.link) {
            link.peer(PeerKind::Subscriber).request_key_frame(mid, None);
        }
    }

    /// What we subscribe, for the server's book-keeping on a resume.
    pub(super) fn subscription_state(&self) -> proto::UpdateSubscription {
        let track_sids = self.remote.people.values().flat_map(|p| &p.tracks).filter(|t| t.asked).map(|t| t.sid.clone()).collect();
        proto::UpdateSubscription { track_sids, subscribe: true, ..Default::default() }
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
