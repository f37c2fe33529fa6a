//! What we publish: the tracks, their sections in offers, and what becomes of them.

mod activity;
mod ask;
mod bandwidth;
mod local;
mod presence;
mod send;
mod settings;
mod small;

use std::sync::Arc;
use std::time::{Duration, Instant};

use artc_bindings::{ClientRole, Event, PublishChange, PublishState, ScreenShareEncoderConfiguration, VideoEncoderConfiguration};
use rtc::str0m::change::SdpApi;
use rtc::{Direction, MediaKind, Mid, PlayoutDelay, Pt, Rid};

use super::{PeerKind, Session, Setup};
use crate::command::Local;
use crate::congestion::{Budget, Ladder, Target};
use crate::options::Latency;

pub(super) use presence::role_name;
pub use send::AudioPacket;
pub use settings::TrackSettings;
use settings::limits;

/// How often limits and budgets are looked at without anything else happening.
const LOOK: Duration = Duration::from_millis(250);
/// A track that the server does not confirm in this time is asked for again: the answer was lost.
const CONFIRM_WITHIN: Duration = Duration::from_secs(10);

struct Track {
    local: Local,
    source_on: bool,
    explicit: Option<bool>,
    muted: bool,
    /// Who receives it, as far as the server says.
    watched: Watched,
    settings: TrackSettings,
    ladder: Ladder,
    target: Option<Target>,
    /// Our id of the track, made anew each time it is published.
    cid: String,
    /// The server's id of it.
    sid: String,
    /// The same for frames, once a room of this process knows the track.
    room_sid: Option<Arc<str>>,
    asked_at: Option<Instant>,
    mid: Option<Mid>,
    /// The simulcast layer, where the section has several.
    rid: Option<Rid>,
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

/// Which sizes of a track somebody receives, as servers tell it: low, and medium or high. What has no layers is received in any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Watched {
    pub(super) low: bool,
    pub(super) above: bool,
}

impl Watched {
    /// Until the server says otherwise.
    const ALL: Self = Self { low: true, above: true };

    fn any(self) -> bool {
        self.low || self.above
    }
}

/// All tracks of ours. The small stream is one beside the others, but for its section: it lives in the camera's.
pub(super) struct Publishing {
    tracks: [Track; 4],
    budget: Budget,
    look: Option<Instant>,
    role: Option<ClientRole>,
    /// What was told last about whether our pictures are needed.
    needed: Option<bool>,
    /// The server has said who watches.
    heard: bool,
    /// Whether pictures flow; nothing before they did for the first time.
    flows: Option<bool>,
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
            watched: Watched::ALL,
            ladder: Ladder::new(limits(&settings, None)),
            settings,
            target: None,
            cid: String::new(),
            sid: String::new(),
            room_sid: None,
            asked_at: None,
            mid: None,
            rid: None,
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
        let camera = TrackSettings::camera(&VideoEncoderConfiguration::default(), false);
        let screen = TrackSettings::screen(&ScreenShareEncoderConfiguration::default());
        Self {
            tracks: [
                track(Local::Camera, camera),
                track(Local::Screen, screen),
                track(Local::Microphone, camera),
                track(Local::Small, TrackSettings::small(&camera, None)),
            ],
            budget: Budget::default(),
            look: None,
            role: None,
            needed: None,
            heard: false,
            flows: None,
            playout: (setup.latency == Latency::Live).then_some(PlayoutDelay::LIVE),
            lost_packets: 0,
        }
    }

    /// As the documents count it; see `Calls::effective_role`.
    pub(super) fn effective_role(&self) -> ClientRole {
        let publishes = self.tracks.iter().any(|track| track.asked_at.is_some());
        self.role.unwrap_or(if publishes { ClientRole::Interactive } else { ClientRole::Live })
    }

    fn track(&mut self, local: Local) -> &mut Track {
        &mut self.tracks[local as usize]
    }

    /// Adds new sections to an offer and ends old ones.
    pub(super) fn put_into(&mut self, api: &mut SdpApi<'_>) {
        for track in self.tracks.iter_mut().filter(|track| track.local != Local::Small) {
            if let Some(mid) = track.ending.take() {
                api.set_direction(mid, Direction::Inactive);
            }
            if track.asked_at.is_some() && track.mid.is_none() {
                let kind = if track.local == Local::Microphone { MediaKind::Audio } else { MediaKind::Video };
                let layers = track.rid.map(|_| small::layers());
                let cid = Some(track.cid.clone());
                track.mid = Some(api.add_media(kind, Direction::SendOnly, Some("artc".into()), cid, layers));
                track.negotiated = false;
                track.pt = None;
            }
        }
        self.follow_camera();
    }
}

impl Session {
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
            Local::Small => Event::DualStreamPublishStateChanged(change),
        });
    }

    /// Published means: confirmed, negotiated, and media flows or is held back on purpose.
    fn check_published(&mut self, now: Instant) {
        let up = self.up();
        for local in [Local::Microphone, Local::Camera, Local::Screen, Local::Small] {
            let (track, section) = (&self.publish.tracks[local as usize], self.publish.section(local));
            let flows = track.sent || section.muted || !self.publish.is_watched(local);
            if track.state == PublishState::Publishing && up && track.negotiated && !section.sid.is_empty() && flows {
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
        self.publish.follow_camera();
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
            input.want_keys();
        }
        self.check_published(now);
    }

    pub(super) fn publish_link_lost(&mut self) {
        self.publish.budget.forget();
        for track in &mut self.publish.tracks {
            (track.mid, track.ending, track.pt, track.negotiated, track.sent) = (None, None, None, false, false);
            track.room_sid = None;
            track.ladder.reset();
        }
        self.publish.look = None;
        self.refresh_activity();
    }

    pub(super) fn publish_wake(&self) -> Option<Instant> {
        self.publish.look
    }

    pub(super) fn publish_timeout(&mut self, now: Instant) {
        if self.publish.look.is_none_or(|at| now < at) {
            return;
        }
        self.publish.look = (self.link.is_some() || self.local.is_some()).then_some(now + LOOK);
        self.refresh_limits(now);
        self.spend(now);
        self.check_published(now);
        let late =
            |t: &Track| t.local != Local::Small && t.sid.is_empty() && t.asked_at.is_some_and(|at| now >= at + CONFIRM_WITHIN);
        if self.online() && self.publish.tracks.iter().any(late) {
            metrics::counter!("artc_open_tracks_unconfirmed_total").increment(1);
            self.ask_again(now);
        }
    }
}
