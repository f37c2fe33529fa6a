//! What we publish: asking for tracks, putting them into offers, sending, and letting congestion control decide how much.

use std::sync::Arc;
use std::time::{Duration, Instant};

use artc_bindings::{
    ChannelProfile, ClientRole, ErrorCode, Event, PublishChange, PublishMode, PublishState, ScreenShareEncoderConfiguration,
    VideoEncoderConfiguration, VideoSource,
};
use media::Size;
use rtc::proto::{self, AudioTrackFeature, TrackSource, TrackType, VideoQuality};
use rtc::signal::Request;
use rtc::str0m::change::SdpApi;
use rtc::str0m::format::Codec;
use rtc::str0m::rtp::{AbsCaptureTime, ExtensionValues};
use rtc::str0m::stats::MediaEgressStats;
use rtc::{Direction, MediaKind, Mid, OutgoingPacket, PlayoutDelay, Pt};

use super::{Output, PeerKind, Session, Setup};
use crate::command::Local;
use crate::congestion::{Budget, Ladder, Limits, Target};
use crate::encoder::AccessUnit;
use crate::options::Latency;

/// How often limits and budgets are looked at without anything else happening.
const LOOK: Duration = Duration::from_millis(250);
/// A track that the server does not confirm in this time is asked for again: the answer was lost.
const CONFIRM_WITHIN: Duration = Duration::from_secs(10);
/// The probing for bandwidth aims at so many times the configured bitrate, so that key frames find room.
const HEADROOM: u64 = 2;

/// How a video track is to be encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackSettings {
    /// Largest size; 0x0 = the source's.
    pub size: Size,
    /// Frames a second.
    pub fps: f32,
    /// Highest bit/s.
    pub max_bps: u64,
    /// Lowest bit/s.
    pub min_bps: u64,
    /// Longest time between key frames.
    pub key_interval: Option<Duration>,
}

impl TrackSettings {
    /// From the documented configuration of the camera.
    pub fn camera(config: &VideoEncoderConfiguration) -> Self {
        let config = config.clamped();
        Self {
            size: Size::new(config.dimensions.width, config.dimensions.height),
            fps: config.frame_rate as f32,
            max_bps: u64::from(config.bitrate) * 1000,
            min_bps: u64::from(config.min_bitrate) * 1000,
            key_interval: (config.key_frame_interval > 0).then(|| Duration::from_millis(u64::from(config.key_frame_interval))),
        }
    }

    /// From the documented configuration of the screen.
    pub fn screen(config: &ScreenShareEncoderConfiguration) -> Self {
        let config = config.clamped();
        Self {
            size: Size::new(config.dimensions.width, config.dimensions.height),
            fps: config.frame_rate as f32,
            max_bps: if config.bitrate == 0 { 512_000 } else { u64::from(config.bitrate) * 1000 },
            min_bps: 0,
            key_interval: None,
        }
    }
}

/// 20 ms of encoded sound.
#[derive(Clone, Debug)]
pub struct AudioPacket {
    /// One Opus packet.
    pub data: Arc<[u8]>,
    /// RTP time at 48 kHz, without offset.
    pub time: u32,
    /// When its first sample was captured, on `CLOCK_MONOTONIC`.
    pub captured_at: Duration,
    /// Loudness, -127 to 0 dBov.
    pub level: i8,
}

struct Track {
    local: Local,
    source_on: bool,
    explicit: Option<bool>,
    muted: bool,
    /// Somebody receives it, as far as the server says.
    watched: bool,
    settings: TrackSettings,
    ladder: Ladder,
    target: Option<Target>,
    /// Our id of the track, made anew each time it is published.
    cid: String,
    /// The server's id of it.
    sid: String,
    asked_at: Option<Instant>,
    mid: Option<Mid>,
    /// The section that must be ended with the next offer.
    ending: Option<Mid>,
    negotiated: bool,
    pt: Option<Pt>,
    profile: Option<u32>,
    state: PublishState,
    since: Instant,
    seq: u64,
    offset: u32,
    sent: bool,
}

/// All tracks of ours.
pub(super) struct Publishing {
    tracks: [Track; 3],
    budget: Budget,
    look: Option<Instant>,
    role: ClientRole,
    needed: bool,
    playout: Option<PlayoutDelay>,
    lost_packets: u64,
}

impl Publishing {
    pub(super) fn new(setup: &Setup, now: Instant) -> Self {
        let track = |local, settings: TrackSettings| Track {
            local,
            source_on: false,
            explicit: None,
            muted: false,
            watched: true,
            ladder: Ladder::new(limits(&settings, None)),
            settings,
            target: None,
            cid: String::new(),
            sid: String::new(),
            asked_at: None,
            mid: None,
            ending: None,
            negotiated: false,
            pt: None,
            profile: None,
            state: PublishState::Idle,
            since: now,
            seq: 0,
            offset: 0,
            sent: false,
        };
        let camera = TrackSettings::camera(&VideoEncoderConfiguration::default());
        let screen = TrackSettings::screen(&ScreenShareEncoderConfiguration::default());
        Self {
            tracks: [track(Local::Camera, camera), track(Local::Screen, screen), track(Local::Microphone, camera)],
            budget: Budget::default(),
            look: None,
            role: ClientRole::Live,
            needed: true,
            playout: (setup.latency == Latency::Live).then_some(PlayoutDelay::LIVE),
            lost_packets: 0,
        }
    }

    fn track(&mut self, local: Local) -> &mut Track {
        &mut self.tracks[local as usize]
    }

    /// Adds new sections to an offer and ends old ones.
    pub(super) fn put_into(&mut self, api: &mut SdpApi<'_>) {
        for track in &mut self.tracks {
            if let Some(mid) = track.ending.take() {
                api.set_direction(mid, Direction::Inactive);
            }
            if track.asked_at.is_some() && track.mid.is_none() {
                let kind = if track.local == Local::Microphone { MediaKind::Audio } else { MediaKind::Video };
                track.mid = Some(api.add_media(kind, Direction::SendOnly, Some("artc".into()), Some(track.cid.clone()), None));
                track.negotiated = false;
                track.pt = None;
            }
        }
    }
}

/// What the ladder works with: the source's size where it is smaller than the configured one.
fn limits(settings: &TrackSettings, source: Option<Size>) -> Limits {
    let size = match source {
        Some(source) if settings.size.area() == 0 || source.area() < settings.size.area() => source,
        _ if settings.size.area() == 0 => Size::new(1280, 720),
        _ => settings.size,
    };
    Limits { size, fps: settings.fps, max_bps: settings.max_bps, min_bps: settings.min_bps }
}

fn video_source(local: Local) -> Option<VideoSource> {
    match local {
        Local::Camera => Some(VideoSource::Camera),
        Local::Screen => Some(VideoSource::ScreenShare),
        Local::Microphone => None,
    }
}

impl Session {
    pub(super) fn set_publish(&mut self, local: Local, on: bool, now: Instant) {
        self.publish.track(local).explicit = Some(on);
        self.refresh_tracks(now);
    }

    pub(super) fn set_source(&mut self, local: Local, on: bool, now: Instant) {
        self.publish.track(local).source_on = on;
        self.refresh_tracks(now);
    }

    pub(super) fn set_role(&mut self, role: ClientRole, now: Instant) {
        self.publish.role = role;
        self.say_role();
        self.refresh_tracks(now);
    }

    pub(super) fn set_muted(&mut self, local: Local, muted: bool) {
        let track = self.publish.track(local);
        track.muted = muted;
        let sid = track.sid.clone();
        if !sid.is_empty() && self.online() {
            self.signal(Request::Mute(proto::MuteTrackRequest { sid, muted }));
        }
        self.refresh_activity();
    }

    /// The server muted us on somebody's request. Unmuting is ours alone.
    pub(super) fn muted_by_server(&mut self, sid: &str, muted: bool) {
        if let Some(track) = self.publish.tracks.iter_mut().find(|t| t.sid == sid && !sid.is_empty()) {
            track.muted = muted;
            self.refresh_activity();
        }
    }

    pub(super) fn set_encoding(&mut self, local: Local, settings: TrackSettings, now: Instant) {
        self.publish.track(local).settings = settings;
        self.refresh_limits(now);
        self.want_bandwidth();
    }

    /// Whether a track is to be published now.
    fn wanted(&self, track: &Track) -> bool {
        let Some(join) = self.join.as_ref().filter(|_| self.joined) else { return false };
        let config = &join.config;
        let may = config.channel_profile == ChannelProfile::Communication || self.publish.role == ClientRole::Interactive;
        let by_itself = config.publish_mode == PublishMode::Automatically && track.local != Local::Screen;
        let video = track.local != Local::Microphone;
        may && track.source_on && !(video && config.is_audio_only) && track.explicit.unwrap_or(by_itself)
    }

    /// Asks for what is wanted, ends what is not.
    fn refresh_tracks(&mut self, now: Instant) {
        for local in [Local::Camera, Local::Screen, Local::Microphone] {
            let track = &self.publish.tracks[local as usize];
            let (wanted, asked) = (self.wanted(track), track.asked_at.is_some());
            if wanted && !asked && self.online() {
                self.ask(local, now);
            } else if !wanted && asked {
                self.unask(local, now);
            }
        }
        self.negotiate();
        self.refresh_activity();
    }

    fn ask(&mut self, local: Local, now: Instant) {
        let cid = format!("{:016x}{:016x}", self.random(), self.random());
        let offset = self.random() as u32;
        let source_size = self.video_input(local).and_then(|input| input.source_size());
        let track = self.publish.track(local);
        track.cid.clone_from(&cid);
        track.sid.clear();
        track.asked_at = Some(now);
        track.watched = true;
        // Sequence numbers begin low: a receiver cannot know of earlier roll-overs.
        (track.seq, track.offset, track.sent) = (u64::from(offset & 0x0fff), offset, false);
        let size = limits(&track.settings, source_size).size;
        let (muted, bitrate) = (track.muted, u32::try_from(track.settings.max_bps).unwrap_or(u32::MAX));
        let (kind, source, name) = match local {
            Local::Camera => (TrackType::Video, TrackSource::Camera, "camera"),
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
            request.layers = vec![layer.clone()];
            request.simulcast_codecs =
                vec![proto::SimulcastCodec { codec: "h264".into(), cid, layers: vec![layer], ..Default::default() }];
        } else {
            request.audio_features = vec![AudioTrackFeature::TfNoDtx as i32];
        }
        self.signal(Request::AddTrack(request));
        self.set_state(local, PublishState::Publishing, now);
        if let Some(link) = &mut self.link {
            link.dirty = true;
        }
    }

    fn unask(&mut self, local: Local, now: Instant) {
        let track = self.publish.track(local);
        track.ending = track.mid.take();
        track.asked_at = None;
        track.sid.clear();
        track.sent = false;
        self.set_state(local, PublishState::NoPublish, now);
        if let Some(link) = &mut self.link {
            link.dirty = true;
        }
    }

    fn set_state(&mut self, local: Local, new_state: PublishState, now: Instant) {
        let channel = self.channel();
        let track = self.publish.track(local);
        if track.state == new_state {
            return;
        }
        let old_state = std::mem::replace(&mut track.state, new_state);
        let elapse_since_last_state = now.saturating_duration_since(std::mem::replace(&mut track.since, now));
        let change = PublishChange { old_state, new_state, elapse_since_last_state, channel };
        let active = matches!(new_state, PublishState::Publishing | PublishState::Published);
        self.setup.shared.calls().publishing[local as usize] = active;
        self.event(match local {
            Local::Camera => Event::VideoPublishStateChanged(change),
            Local::Screen => Event::ScreenSharePublishStateChanged(change),
            Local::Microphone => Event::AudioPublishStateChanged(change),
        });
    }

    pub(super) fn track_published(&mut self, published: &proto::TrackPublishedResponse, now: Instant) {
        let Some(info) = &published.track else { return };
        let Some(track) = self.publish.tracks.iter_mut().find(|t| t.asked_at.is_some() && t.cid == published.cid) else { return };
        track.sid.clone_from(&info.sid);
        let (sid, muted, differs) = (track.sid.clone(), track.muted, track.muted != info.muted);
        if differs {
            self.signal(Request::Mute(proto::MuteTrackRequest { sid, muted }));
        }
        self.check_published(now);
    }

    pub(super) fn track_unpublished(&mut self, sid: &str, now: Instant) {
        let Some(track) = self.publish.tracks.iter().find(|t| !sid.is_empty() && t.sid == sid) else { return };
        let local = track.local;
        tracing::info!(?local, "the server ended our track");
        self.unask(local, now);
        self.publish.track(local).explicit = Some(false);
        self.refresh_tracks(now);
    }

    pub(super) fn publish_failed(&mut self, cid: &str, why: &str, now: Instant) {
        let Some(track) = self.publish.tracks.iter().find(|t| t.asked_at.is_some() && t.cid == cid) else { return };
        let local = track.local;
        let code = match local {
            Local::Camera => ErrorCode::PublishVideoStreamFailed,
            Local::Screen => ErrorCode::PublishScreenShareFailed,
            Local::Microphone => ErrorCode::PublishAudioStreamFailed,
        };
        self.error(code, format!("the server does not take the track: {why}"));
        self.unask(local, now);
        // Until the caller asks again.
        self.publish.track(local).explicit = Some(false);
        self.refresh_tracks(now);
    }

    /// Published means: confirmed, negotiated, and media flows or is held back on purpose.
    fn check_published(&mut self, now: Instant) {
        let up = self.link.as_ref().is_some_and(super::link::Link::up);
        for local in [Local::Camera, Local::Screen, Local::Microphone] {
            let track = &self.publish.tracks[local as usize];
            let flows = track.sent || track.muted || !track.watched;
            if track.state == PublishState::Publishing && up && track.negotiated && !track.sid.is_empty() && flows {
                self.set_state(local, PublishState::Published, now);
            }
        }
    }

    pub(super) fn publish_answered(&mut self, now: Instant) {
        let Some(link) = &mut self.link else { return };
        let peer = link.peer(PeerKind::Publisher);
        for track in self.publish.tracks.iter_mut().filter(|t| t.mid.is_some()) {
            let sends = track.mid.and_then(|mid| peer.media(mid)).is_some_and(|(_, direction)| direction.is_sending());
            track.negotiated = sends;
            track.pt = None;
        }
        self.check_published(now);
        self.refresh_activity();
    }

    /// The media path to the server is up.
    pub(super) fn media_up(&mut self, now: Instant) {
        self.publish.look = Some(now);
        self.want_bandwidth();
        self.refresh_limits(now);
        self.refresh_activity();
        for input in &self.setup.video {
            input.want_key();
        }
        self.check_published(now);
    }

    /// After a join: nothing of an earlier one is left on the server.
    pub(super) fn publish_anew(&mut self, now: Instant) {
        for track in &mut self.publish.tracks {
            track.asked_at = None;
            track.sid.clear();
        }
        self.refresh_tracks(now);
    }

    /// Asks anew for what was asked and never confirmed, under another id: whether the server heard the first question nobody knows.
    pub(super) fn ask_again(&mut self, now: Instant) {
        for track in self.publish.tracks.iter_mut().filter(|t| t.asked_at.is_some() && t.sid.is_empty()) {
            track.ending = track.mid.take().or(track.ending);
            track.asked_at = None;
        }
        self.refresh_tracks(now);
    }

    pub(super) fn publish_link_lost(&mut self) {
        self.publish.budget.forget();
        for track in &mut self.publish.tracks {
            (track.mid, track.ending, track.pt, track.negotiated, track.sent) = (None, None, None, false, false);
            track.ladder.reset();
        }
        self.publish.look = None;
        self.refresh_activity();
    }

    pub(super) fn unpublish_all(&mut self, now: Instant) {
        for local in [Local::Camera, Local::Screen, Local::Microphone] {
            if self.publish.track(local).asked_at.is_some() {
                self.unask(local, now);
            }
            let track = self.publish.track(local);
            (track.state, track.since) = (PublishState::Idle, now);
        }
        self.refresh_activity();
    }

    pub(super) fn watched(&mut self, sid: &str, watched: bool) {
        if let Some(track) = self.publish.tracks.iter_mut().find(|t| !sid.is_empty() && t.sid == sid) {
            track.watched = watched;
            self.refresh_activity();
        }
    }

    /// Tells the encoders whether to work, and the daemon whether to capture.
    fn refresh_activity(&mut self) {
        let up = self.link.as_ref().is_some_and(super::link::Link::up);
        let mut published = 0;
        let mut watched = 0;
        for track in &self.publish.tracks {
            if track.asked_at.is_some() && track.local != Local::Microphone {
                published += 1;
                watched += usize::from(track.watched);
            }
            let active = up && track.asked_at.is_some() && track.negotiated && track.watched && !track.muted;
            let target = track.target;
            let (screen, key_interval) = (track.local == Local::Screen, track.settings.key_interval);
            match self.video_input(track.local) {
                Some(input) => input.control(|control| {
                    (control.active, control.target) = (active, target);
                    (control.screen, control.key_interval) = (screen, key_interval);
                }),
                None => self.setup.audio.set_active(active),
            }
        }
        let needed = published == 0 || watched > 0;
        if std::mem::replace(&mut self.publish.needed, needed) != needed {
            tracing::info!(needed, "somebody watches");
            self.event(Event::StreamNeeded(needed));
        }
        if published > 0 || up {
            self.check_published_later();
        }
    }

    fn check_published_later(&mut self) {
        // The state event needs `now`; the next look has it.
        if self.publish.tracks.iter().any(|t| t.state == PublishState::Publishing) {
            self.publish.look = self.publish.look.or(Some(self.publish.tracks[0].since));
        }
    }

    fn refresh_limits(&mut self, now: Instant) {
        for local in [Local::Camera, Local::Screen] {
            let source = self.video_input(local).and_then(|input| input.source_size());
            let track = self.publish.track(local);
            track.ladder.set_limits(limits(&track.settings, source));
            let target = track.ladder.advance(now);
            self.aim(local, target);
        }
    }

    fn aim(&mut self, local: Local, target: Target) {
        let track = self.publish.track(local);
        if track.target == Some(target) {
            return;
        }
        let before = track.target.replace(target);
        if before.is_some_and(|b| (b.size, b.fps, b.paused) != (target.size, target.fps, target.paused)) {
            tracing::info!(
                ?local, size = %target.size, fps = target.fps, kbps = target.bitrate_bps / 1000, paused = target.paused,
                "congestion control changed the picture"
            );
        }
        if local == Local::Camera {
            self.setup.shared.network.set_target(target.bitrate_bps);
        }
        let Some(input) = self.video_input(local) else { return };
        input.control(|control| control.target = Some(target));
        let passes = input.counters.passed.load(std::sync::atomic::Ordering::Relaxed) > 0;
        if let (true, Some(source)) = (passes, video_source(local)) {
            self.event(Event::TargetBitrate { source, kbps: target.bitrate_bps / 1000 });
        }
    }

    /// What the tracks that are to be published need at their configured best, with headers and sound.
    pub(super) fn configured_bitrate(&self) -> u64 {
        let video = self.publish.tracks.iter().filter(|t| t.local != Local::Microphone && self.wanted(t));
        video.map(|t| t.settings.max_bps).sum::<u64>() * 6 / 5 + 100_000
    }

    fn want_bandwidth(&mut self) {
        let total: u64 = self
            .publish
            .tracks
            .iter()
            .filter(|t| t.asked_at.is_some() && t.local != Local::Microphone)
            .map(|t| t.settings.max_bps)
            .sum();
        if let (Some(link), true) = (&mut self.link, total > 0) {
            link.peer(PeerKind::Publisher).set_bandwidth(0, total * HEADROOM + 100_000);
        }
    }

    pub(super) fn bandwidth(&mut self, bps: u64, now: Instant) {
        self.setup.shared.network.set_available(bps);
        self.publish.budget.estimate(bps);
        self.spend(now);
    }

    pub(super) fn bandwidth_asked(&mut self, bps: u64, now: Instant) {
        self.publish.budget.asked(bps);
        self.spend(now);
    }

    /// Shares the budget among the video tracks by what they were configured for.
    fn spend(&mut self, now: Instant) {
        let Some(budget) = self.publish.budget.changed(now) else { return };
        let total: u64 = self
            .publish
            .tracks
            .iter()
            .filter(|t| t.asked_at.is_some() && t.local != Local::Microphone)
            .map(|t| t.settings.max_bps)
            .sum();
        for local in [Local::Camera, Local::Screen] {
            let track = self.publish.track(local);
            if track.asked_at.is_some() && total > 0 {
                let share = u128::from(budget) * u128::from(track.settings.max_bps) / u128::from(total);
                track.ladder.set_budget(u64::try_from(share).unwrap_or(u64::MAX));
                let target = track.ladder.advance(now);
                self.aim(local, target);
            }
        }
    }

    pub(super) fn publish_wake(&self) -> Option<Instant> {
        self.publish.look
    }

    pub(super) fn publish_timeout(&mut self, now: Instant) {
        if self.publish.look.is_none_or(|at| now < at) {
            return;
        }
        self.publish.look = self.link.is_some().then_some(now + LOOK);
        self.refresh_limits(now);
        self.spend(now);
        self.check_published(now);
        let late = |t: &Track| t.sid.is_empty() && t.asked_at.is_some_and(|at| now >= at + CONFIRM_WITHIN);
        if self.online() && self.publish.tracks.iter().any(late) {
            metrics::counter!("artc_open_tracks_unconfirmed_total").increment(1);
            self.ask_again(now);
        }
    }

    pub(super) fn key_wanted(&mut self, mid: Mid) {
        self.setup.shared.network.key_frame_requested();
        metrics::counter!("artc_open_key_frame_requests_total").increment(1);
        let Some(track) = self.publish.tracks.iter().find(|t| t.mid == Some(mid)) else { return };
        if let Some(input) = self.video_input(track.local) {
            input.want_key();
        }
    }

    pub(super) fn sending(&mut self, stats: &MediaEgressStats) {
        if let Some(loss) = stats.loss {
            self.setup.shared.network.set_loss(loss);
            self.out.push_back(Output::Loss(loss));
        }
        if let Some(rtt) = stats.rtt {
            self.setup.shared.network.set_rtt(rtt);
        }
        self.publish.lost_packets = self.publish.lost_packets.max(stats.nacks);
        self.setup.shared.network.set_retransmissions(self.publish.lost_packets);
    }

    /// Sends a picture. False when it cannot be sent now; then the next one must be a key frame.
    pub fn video(&mut self, source: VideoSource, unit: &AccessUnit, now: Instant) -> bool {
        let sent = self.send_picture(source, unit, now);
        if !sent {
            self.setup.video[source as usize].want_key();
        }
        sent
    }

    fn send_picture(&mut self, source: VideoSource, unit: &AccessUnit, now: Instant) -> bool {
        let local = Local::from(source);
        let wallclock = self.setup.clock.instant_of(unit.captured_at);
        let captured = self.setup.clock.wall_of(unit.captured_at);
        let playout = self.publish.playout;
        let Some(link) = self.link.as_mut().filter(|l| l.up()) else { return false };
        let peer = link.peer(PeerKind::Publisher);
        let track = &mut self.publish.tracks[local as usize];
        let (Some(mid), true) = (track.mid, track.negotiated) else { return false };
        let profile = if unit.key { crate::video::profile_level_id(unit.bytes()) } else { track.profile };
        if track.pt.is_none() || profile != track.profile {
            track.profile = profile;
            track.pt = peer.payload_type(mid, Codec::H264, profile);
        }
        let Some(pt) = track.pt else { return false };
        let timestamp = ticks(unit.captured_at, 90_000).wrapping_add(track.offset);
        let mut first = true;
        rtc::h264::packetize(unit.bytes(), |payload, marker| {
            let mut extensions = ExtensionValues::default();
            if first {
                extensions.abs_capture_time = Some(AbsCaptureTime { capture_time: captured, clock_offset: None });
            }
            if let (true, Some(delay)) = (first || marker, playout) {
                (extensions.play_delay_min, extensions.play_delay_max) = (Some(delay.min), Some(delay.max));
            }
            first = false;
            let packet = OutgoingPacket {
                pt,
                seq_no: track.seq.into(),
                timestamp,
                wallclock,
                marker,
                extensions,
                resendable: true,
                payload,
            };
            if peer.send_packet(mid, None, packet) {
                track.seq += 1;
            }
        });
        peer.handle_timeout(now);
        let begins = !std::mem::replace(&mut track.sent, true);
        if begins {
            self.check_published(now);
        }
        true
    }

    /// Sends 20 ms of sound.
    pub fn audio(&mut self, packet: &AudioPacket, now: Instant) -> bool {
        let wallclock = self.setup.clock.instant_of(packet.captured_at);
        let Some(link) = self.link.as_mut().filter(|l| l.up()) else { return false };
        let peer = link.peer(PeerKind::Publisher);
        let track = &mut self.publish.tracks[Local::Microphone as usize];
        let (Some(mid), true) = (track.mid, track.negotiated) else { return false };
        if track.pt.is_none() {
            track.pt = peer.payload_type(mid, Codec::Opus, None);
        }
        let Some(pt) = track.pt else { return false };
        let extensions =
            ExtensionValues { audio_level: Some(packet.level), voice_activity: Some(packet.level > -50), ..Default::default() };
        let outgoing = OutgoingPacket {
            pt,
            seq_no: track.seq.into(),
            timestamp: packet.time.wrapping_add(track.offset),
            wallclock,
            marker: !track.sent,
            extensions,
            resendable: false,
            payload: Arc::clone(&packet.data),
        };
        if !peer.send_packet(mid, None, outgoing) {
            return false;
        }
        track.seq += 1;
        peer.handle_timeout(now);
        let begins = !std::mem::replace(&mut track.sent, true);
        if begins {
            self.check_published(now);
        }
        true
    }

    /// What we publish, for the server's book-keeping on a resume.
    pub(super) fn published_state(&self) -> Vec<proto::TrackPublishedResponse> {
        let known = self.publish.tracks.iter().filter(|t| t.asked_at.is_some() && !t.sid.is_empty());
        known
            .map(|t| proto::TrackPublishedResponse {
                cid: t.cid.clone(),
                track: Some(proto::TrackInfo { sid: t.sid.clone(), muted: t.muted, ..Default::default() }),
            })
            .collect()
    }

    /// Says our name, profile and role to the others, where the token allows it.
    pub(super) fn say_who_we_are(&mut self, me: &proto::ParticipantInfo) {
        if !me.permission.as_ref().is_some_and(|p| p.can_update_metadata) {
            return;
        }
        let Some(join) = &self.join else { return };
        let name = if join.user_name.is_empty() { me.name.clone() } else { join.user_name.clone() };
        let profile = match join.config.channel_profile {
            ChannelProfile::Communication => "communication",
            ChannelProfile::InteractiveLive => "interactive",
            ChannelProfile::InteractiveWithLowLatencyLive => "low-latency",
        };
        let attributes = [("artc.profile", profile), ("artc.role", role_name(self.publish.role))]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into();
        self.signal(Request::UpdateMetadata(proto::UpdateParticipantMetadata {
            name,
            metadata: me.metadata.clone(),
            attributes,
            ..Default::default()
        }));
    }

    fn say_role(&mut self) {
        let may = self.permission.as_ref().is_some_and(|p| p.can_update_metadata);
        let Some(join) = self.join.as_ref().filter(|_| may) else { return };
        if !self.online() {
            return;
        }
        let attributes = [("artc.role".to_owned(), role_name(self.publish.role).to_owned())].into();
        let name = join.user_name.clone();
        self.signal(Request::UpdateMetadata(proto::UpdateParticipantMetadata { name, attributes, ..Default::default() }));
    }
}

/// The value of the attribute `artc.role`.
pub(super) fn role_name(role: ClientRole) -> &'static str {
    match role {
        ClientRole::Interactive => "interactive",
        ClientRole::Live => "live",
    }
}

/// A time in ticks of an RTP clock.
fn ticks(at: Duration, rate: u64) -> u32 {
    let seconds = at.as_secs().wrapping_mul(rate);
    let rest = u64::from(at.subsec_nanos()) * rate / 1_000_000_000;
    seconds.wrapping_add(rest) as u32
}
