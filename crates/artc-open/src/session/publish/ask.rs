//! Which tracks are to be published, asking the server for them, and what it answers.

use std::time::Instant;

use artc_bindings::{ChannelProfile, ClientRole, ErrorCode, PublishMode, PublishState, RenderMode};
use rtc::proto::{self, AudioTrackFeature, TrackSource, TrackType, VideoQuality};
use rtc::signal::Request;

use super::settings::limits;
use super::{Track, Watched, small};
use crate::command::Local;
use crate::session::Session;

impl Session {
    pub(in crate::session) fn set_publish(&mut self, local: Local, on: bool, now: Instant) {
        self.publish.track(local).explicit = Some(on);
        self.refresh_tracks(now);
    }

    pub(in crate::session) fn set_source(&mut self, local: Local, on: bool, now: Instant) {
        self.publish.track(local).source_on = on;
        self.refresh_tracks(now);
    }

    pub(in crate::session) fn set_render(&mut self, local: Local, render: RenderMode, now: Instant) {
        self.publish.track(local).settings.shape.render = render;
        self.refresh_limits(now);
        self.refresh_activity();
    }

    pub(in crate::session) fn set_role(&mut self, role: ClientRole, now: Instant) {
        self.publish.role = Some(role);
        self.say_role();
        self.refresh_tracks(now);
    }

    /// Whether a track is to be published now.
    pub(super) fn wanted(&self, track: &Track) -> bool {
        let Some(join) = self.join.as_ref().filter(|_| self.joined) else { return false };
        let config = &join.config;
        let may = config.channel_profile == ChannelProfile::Communication || self.publish.role != Some(ClientRole::Live);
        let by_itself =
            config.publish_mode == PublishMode::Automatically && matches!(track.local, Local::Camera | Local::Microphone);
        let video = track.local != Local::Microphone;
        if track.local == Local::Small {
            return track.explicit == Some(true) && self.wanted(&self.publish.tracks[Local::Camera as usize]);
        }
        may && track.source_on && !(video && config.is_audio_only) && track.explicit.unwrap_or(by_itself)
    }

    /// Asks for what is wanted, ends what is not.
    pub(super) fn refresh_tracks(&mut self, now: Instant) {
        let before = self.publish.effective_role();
        for local in [Local::Microphone, Local::Camera, Local::Screen] {
            let track = &self.publish.tracks[local as usize];
            let (wanted, asked) = (self.wanted(track), track.asked_at.is_some());
            if wanted && !asked && self.online() {
                self.ask(local, now);
                self.set_state(local, PublishState::Publishing, now);
            } else if !wanted && asked {
                self.unask(local, now);
            }
        }
        self.refresh_small(now);
        if self.publish.effective_role() != before {
            self.say_role();
        }
        self.negotiate();
        self.refresh_activity();
    }

    pub(super) fn ask(&mut self, local: Local, now: Instant) {
        let cid = format!("{:016x}{:016x}", self.random(), self.random());
        let offset = self.random() as u32;
        let source_size = self.video_input(local).and_then(|input| input.source_size());
        let layered = local == Local::Camera && self.wanted(&self.publish.tracks[Local::Small as usize]);
        let track = self.publish.track(local);
        track.rid = layered.then(|| small::BIG.into());
        track.cid.clone_from(&cid);
        track.sid.clear();
        track.asked_at = Some(now);
        track.watched = Watched::ALL;
        // Sequence numbers begin low: a receiver cannot know of earlier roll-overs.
        (track.seq, track.offset, track.sent) = (u64::from(offset & 0x0fff), offset, false);
        if layered {
            self.publish.track(Local::Small).seq = u64::from((offset >> 16) & 0x0fff);
        }
        let track = self.publish.track(local);
        let size = limits(&track.settings, source_size).size;
        let (muted, bitrate) = (track.muted, u32::try_from(track.settings.max_bps).unwrap_or(u32::MAX));
        let (kind, source, name) = match local {
            Local::Camera | Local::Small => (TrackType::Video, TrackSource::Camera, "camera"),
            Local::Screen => (TrackType::Video, TrackSource::ScreenShare, "screen"),
            Local::Microphone => (TrackType::Audio, TrackSource::Microphone, "microphone"),
        };
        let mut request = proto::AddTrackRequest {
            cid: cid.clone(),
            name: name.into(),
            r#type: kind as i32,
            source: source as i32,
            muted,
            disable_red: true,
            stream: "artc".into(),
            ..Default::default()
        };
        if kind == TrackType::Video {
            let layer = proto::VideoLayer {
                quality: VideoQuality::High as i32,
                width: size.width,
                height: size.height,
                bitrate,
                ..Default::default()
            };
            (request.width, request.height) = (size.width, size.height);
            let layers = if layered { self.publish.announce_layers(layer) } else { vec![layer] };
            request.layers.clone_from(&layers);
            request.simulcast_codecs = vec![proto::SimulcastCodec { codec: "h264".into(), cid, layers, ..Default::default() }];
        } else {
            request.audio_features = vec![AudioTrackFeature::TfNoDtx as i32];
        }
        self.signal(Request::AddTrack(request));
        if let Some(link) = &mut self.link {
            link.dirty = true;
        }
    }

    fn unask(&mut self, local: Local, now: Instant) {
        let track = self.publish.track(local);
        track.asked_at = None;
        self.end_section(local);
        self.set_state(local, PublishState::NoPublish, now);
        if local == Local::Camera {
            self.end_small(now);
        }
    }

    /// The track's place on the way to the server ends.
    pub(super) fn end_section(&mut self, local: Local) {
        let track = self.publish.track(local);
        track.ending = track.mid.take();
        let sid = std::mem::take(&mut track.sid);
        (track.negotiated, track.sent) = (track.negotiated && track.room_sid.take().is_none(), false);
        self.end_in_room(&sid);
        if let Some(link) = &mut self.link {
            link.dirty = true;
        }
    }

    pub(in crate::session) fn track_published(&mut self, published: &proto::TrackPublishedResponse, now: Instant) {
        let Some(info) = &published.track else { return };
        let Some(track) = self.publish.tracks.iter_mut().find(|t| t.asked_at.is_some() && t.cid == published.cid) else {
            return self.track_unwanted(published);
        };
        let local = track.local;
        track.sid.clone_from(&info.sid);
        let (sid, muted, differs) = (track.sid.clone(), track.muted, track.muted != info.muted);
        if differs {
            self.signal(Request::Mute(proto::MuteTrackRequest { sid, muted }));
        }
        self.known_to_room(local, now);
        self.check_published(now);
    }

    pub(in crate::session) fn track_unpublished(&mut self, sid: &str, now: Instant) {
        let Some(track) = self.publish.tracks.iter().find(|t| !sid.is_empty() && t.sid == sid) else { return };
        let local = track.local;
        tracing::info!(?local, "the server ended our track");
        self.unask(local, now);
        self.publish.track(local).explicit = Some(false);
        self.refresh_tracks(now);
    }

    pub(in crate::session) fn publish_failed(&mut self, cid: &str, why: &str, now: Instant) {
        let Some(track) = self.publish.tracks.iter().find(|t| t.asked_at.is_some() && t.cid == cid) else { return };
        let local = track.local;
        let code = match local {
            Local::Camera | Local::Small => ErrorCode::PublishVideoStreamFailed,
            Local::Screen => ErrorCode::PublishScreenShareFailed,
            Local::Microphone => ErrorCode::PublishAudioStreamFailed,
        };
        self.error(code, format!("the server does not take the track: {why}"));
        self.unask(local, now);
        // Until the caller asks again.
        self.publish.track(local).explicit = Some(false);
        self.refresh_tracks(now);
    }

    /// After a join: nothing of an earlier one is left on the server.
    pub(in crate::session) fn publish_anew(&mut self, now: Instant) {
        for track in &mut self.publish.tracks {
            track.asked_at = None;
            track.sid.clear();
        }
        self.refresh_tracks(now);
    }

    /// Asks anew for what was asked and never confirmed, under another id: whether the server heard the first question nobody knows.
    pub(in crate::session) fn ask_again(&mut self, now: Instant) {
        let unconfirmed = |t: &&mut Track| t.local != Local::Small && t.asked_at.is_some() && t.sid.is_empty();
        for track in self.publish.tracks.iter_mut().filter(unconfirmed) {
            track.ending = track.mid.take().or(track.ending);
            track.asked_at = None;
        }
        self.refresh_tracks(now);
    }

    pub(in crate::session) fn unpublish_all(&mut self, now: Instant) {
        for local in [Local::Camera, Local::Screen, Local::Microphone, Local::Small] {
            if local != Local::Small && self.publish.track(local).asked_at.is_some() {
                self.unask(local, now);
            }
            let track = self.publish.track(local);
            (track.state, track.since) = (PublishState::Idle, now);
        }
        self.refresh_activity();
    }

    /// What we publish, for the server's book-keeping on a resume.
    pub(in crate::session) fn published_state(&self) -> Vec<proto::TrackPublishedResponse> {
        let known = self.publish.tracks.iter().filter(|t| t.asked_at.is_some() && !t.sid.is_empty());
        known
            .map(|t| proto::TrackPublishedResponse {
                cid: t.cid.clone(),
                track: Some(proto::TrackInfo { sid: t.sid.clone(), muted: t.muted, ..Default::default() }),
            })
            .collect()
    }
}
