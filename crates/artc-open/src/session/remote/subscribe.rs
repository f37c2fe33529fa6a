//! What we ask for of what others publish: by mode and by wish, big or small, and how far each subscription has come.

use std::time::Instant;

use artc_bindings::{ErrorCode, Event, SubscribeChange, SubscribeMode, SubscribeState, VideoStreamType, VideoTrack, WarningCode};
use rtc::proto::{self, VideoQuality};
use rtc::signal::Request;

use super::super::Session;
use super::{RemoteMedia, Track};
use crate::video::PictureCodec;

/// What this engine decodes, as servers name it.
const DECODED: [&str; 4] = ["audio/opus", "audio/red", "video/h264", "video/vp8"];

impl Session {
    pub(in super::super) fn subscribe_audio(&mut self, uid: &str, on: bool, now: Instant) {
        self.wish(uid, RemoteMedia::Sound, on, now);
    }

    pub(in super::super) fn subscribe_video(&mut self, uid: &str, track: VideoTrack, on: bool, now: Instant) {
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

    /// Asks the server for what is wanted and not there, and the other way round: of each user sound first, then camera, then screen.
    pub(super) fn refresh_subscriptions(&mut self, now: Instant) {
        if !self.online() {
            return;
        }
        let Some(mode) = self.join.as_ref().map(|j| j.config.subscribe_mode) else { return };
        let (mut subscribe, mut unsubscribe) = (Vec::new(), Vec::new());
        let default = self.remote.default_stream;
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
                    if wanted && track.media == RemoteMedia::Camera {
                        // What the default is now stays, whatever it becomes.
                        person.wanted_stream.get_or_insert(default);
                    }
                    if wanted { &mut subscribe } else { &mut unsubscribe }.push((
                        identity.clone(),
                        track.media,
                        track.sid.clone(),
                    ));
                }
            }
        }
        for (mut list, on, state) in
            [(subscribe, true, SubscribeState::Subscribing), (unsubscribe, false, SubscribeState::NoSubscribe)]
        {
            if list.is_empty() {
                continue;
            }
            list.sort();
            let track_sids = list.iter().map(|(.., sid)| sid.clone()).collect();
            self.signal(Request::Subscription(proto::UpdateSubscription { track_sids, subscribe: on, ..Default::default() }));
            for (identity, media, sid) in list {
                self.set_subscribe_state(&identity, &sid, state, now);
                if on {
                    self.warn_of_codec(&identity, &sid);
                }
                if media == RemoteMedia::Camera {
                    self.refresh_stream(&identity, now);
                    if on {
                        self.say_stream(&identity, &sid);
                    }
                }
            }
        }
    }

    pub(super) fn set_subscribe_state(&mut self, identity: &str, sid: &str, new_state: SubscribeState, now: Instant) {
        let channel = self.channel();
        let Some(person) = self.remote.people.get_mut(identity) else { return };
        let Some(track) = person.tracks.iter_mut().find(|t| t.sid == sid) else { return };
        if track.state == new_state || (track.state == SubscribeState::Idle && new_state == SubscribeState::NoSubscribe) {
            return;
        }
        let old_state = std::mem::replace(&mut track.state, new_state);
        let elapse_since_last_state = now.saturating_duration_since(std::mem::replace(&mut track.since, now));
        let media = track.media;
        let change = SubscribeChange { uid: identity.to_owned(), old_state, new_state, elapse_since_last_state, channel };
        self.event(match media {
            RemoteMedia::Sound => Event::AudioSubscribeStateChanged(change),
            RemoteMedia::Camera => Event::VideoSubscribeStateChanged(change),
            RemoteMedia::Screen => Event::ScreenShareSubscribeStateChanged(change),
        });
    }

    /// A track that nobody here can decode is named once, so that its user is not just missing.
    fn warn_of_codec(&mut self, identity: &str, sid: &str) {
        let Some(person) = self.remote.people.get_mut(identity) else { return };
        let Some(track) = person.tracks.iter_mut().find(|t| t.sid == sid) else { return };
        if track.warned || track.codecs.is_empty() || track.codecs.iter().any(|codec| DECODED.contains(&codec.as_str())) {
            return;
        }
        track.warned = true;
        let detail = format!(
            "{identity} publishes {:?} as {}, which is not decoded here: video/H264, video/VP8 and audio/opus are",
            track.media,
            track.codecs.join(", ")
        );
        tracing::warn!("{detail}");
        self.event(Event::Warning { code: WarningCode::Default, detail });
    }

    /// The server cannot give what we asked for, and says so.
    pub(in super::super) fn subscription_failed(&mut self, response: &proto::SubscriptionResponse, now: Instant) {
        let sid = &response.track_sid;
        let mut tracks = self.remote.people.iter().flat_map(|(uid, p)| p.tracks.iter().map(move |t| (uid, t)));
        let Some((uid, media)) = tracks.find(|(_, t)| t.asked && t.sid == *sid).map(|(uid, t)| (uid.clone(), t.media)) else {
            return;
        };
        let code = match media {
            RemoteMedia::Sound => ErrorCode::SubscribeAudioStreamFailed,
            RemoteMedia::Camera => ErrorCode::SubscribeVideoStreamFailed,
            RemoteMedia::Screen => ErrorCode::SubscribeScreenShareFailed,
        };
        let why = proto::SubscriptionError::try_from(response.err).unwrap_or(proto::SubscriptionError::SeUnknown);
        self.error(code, format!("the server does not hand out a track of {uid}: {}", why.as_str_name()));
        self.set_subscribe_state(&uid, sid, SubscribeState::NoSubscribe, now);
    }

    /// The caller wants the big or the small stream of a user's camera.
    pub(in super::super) fn choose_stream(&mut self, uid: &str, stream: VideoStreamType, now: Instant) {
        let Some(person) = self.remote.people.get_mut(uid) else { return };
        if stream != VideoStreamType::None {
            person.wanted_stream = Some(stream);
            self.refresh_stream(uid, now);
        }
    }

    /// The stream of whoever is subscribed from now on.
    pub(in super::super) fn choose_default_stream(&mut self, stream: VideoStreamType) {
        if stream != VideoStreamType::None {
            self.remote.default_stream = stream;
        }
    }

    /// Brings the stream of a user's camera to what is wanted and there: without a small one it is always the big one.
    pub(super) fn refresh_stream(&mut self, uid: &str, now: Instant) {
        let (channel, default) = (self.channel(), self.remote.default_stream);
        let Some(person) = self.remote.people.get_mut(uid) else { return };
        let camera = person.tracks.iter().find(|t| t.media == RemoteMedia::Camera && t.asked);
        let new_stream_type = match (camera, person.wanted_stream.unwrap_or(default)) {
            (None, _) => VideoStreamType::None,
            (Some(camera), VideoStreamType::Low) if camera.dual => VideoStreamType::Low,
            (Some(_), _) => VideoStreamType::High,
        };
        let sid = camera.map(|camera| camera.sid.clone());
        if new_stream_type == person.stream {
            return;
        }
        let old_stream_type = std::mem::replace(&mut person.stream, new_stream_type);
        let elapse_since_last_state = now.saturating_duration_since(std::mem::replace(&mut person.stream_since, now));
        if let Some(sid) = sid.filter(|_| old_stream_type != VideoStreamType::None) {
            self.ask_quality(sid, new_stream_type);
        }
        let uid = uid.to_owned();
        let change =
            Event::SubscribeStreamTypeChanged { uid, old_stream_type, new_stream_type, elapse_since_last_state, channel };
        self.event(change);
    }

    /// A new subscription gets the best that the path carries, until the server is told otherwise.
    fn say_stream(&mut self, uid: &str, sid: &str) {
        if self.remote.people.get(uid).is_some_and(|person| person.stream == VideoStreamType::Low) {
            self.ask_quality(sid.to_owned(), VideoStreamType::Low);
        }
    }

    fn ask_quality(&mut self, sid: String, stream: VideoStreamType) {
        let quality = if stream == VideoStreamType::Low { VideoQuality::Low } else { VideoQuality::High } as i32;
        self.signal(Request::TrackSetting(proto::UpdateTrackSettings { track_sids: vec![sid], quality, ..Default::default() }));
    }

    /// How a user's pictures are encoded, by what the server says of the track.
    pub(in super::super) fn codec_of(&self, uid: &str, sid: &str) -> PictureCodec {
        let track = self.remote.people.get(uid).and_then(|person| person.tracks.iter().find(|track| track.sid == sid));
        let vp8 = track.is_some_and(|track| track.codecs.first().is_some_and(|codec| codec == "video/vp8"));
        if vp8 { PictureCodec::Vp8 } else { PictureCodec::H264 }
    }

    /// What we subscribe, for the server's book-keeping on a resume.
    pub(in super::super) fn subscription_state(&self) -> proto::UpdateSubscription {
        let track_sids = self.remote.people.values().flat_map(|p| &p.tracks).filter(|t| t.asked).map(|t| t.sid.clone()).collect();
        proto::UpdateSubscription { track_sids, subscribe: true, ..Default::default() }
    }
}

/// The codecs in which a track can be had, in lower case.
pub(super) fn codecs_of(track: &proto::TrackInfo) -> Vec<String> {
    let more = track.codecs.iter().map(|codec| &codec.mime_type);
    let all = std::iter::once(&track.mime_type).chain(more).filter(|mime| !mime.is_empty());
    let mut codecs: Vec<String> = Vec::new();
    for mime in all.take(8) {
        let mime = mime.to_ascii_lowercase();
        if !codecs.contains(&mime) {
            codecs.push(mime);
        }
    }
    codecs
}

/// Whether a camera is sent big and small.
#[expect(deprecated, reason = "servers of before say it this way")]
pub(super) fn is_dual(track: &proto::TrackInfo) -> bool {
    track.simulcast || track.layers.len() > 1 || track.codecs.iter().any(|codec| codec.layers.len() > 1)
}

impl Track {
    /// What the server says of a track that is known.
    pub(super) fn update(&mut self, info: &proto::TrackInfo) {
        (self.muted, self.dual, self.codecs) = (info.muted, is_dual(info), codecs_of(info));
    }
}
