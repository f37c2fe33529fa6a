//! The camera's small stream: a simulcast layer of the camera's track, on while it is wished and the camera is published. Not for making
//! its pictures.

use std::time::Instant;

use artc_bindings::PublishState;
use rtc::proto::{VideoLayer, VideoQuality};
use rtc::str0m::media::{Simulcast, SimulcastLayer};

use super::{Local, Publishing, Track};
use crate::session::Session;
use crate::video::Stream;

/// The layers' names. Servers take the two lowest of q, h and f for two layers, whatever their qualities.
pub(super) const BIG: &str = "h";
const SMALL: &str = "q";

/// Both layers, for the camera's section.
pub(super) fn layers() -> Simulcast {
    Simulcast { send: vec![SimulcastLayer::new(BIG), SimulcastLayer::new(SMALL)], recv: Vec::new() }
}

impl Local {
    /// Which stream of its source it is.
    pub(super) fn stream(self) -> Stream {
        if self == Self::Small { Stream::Small } else { Stream::Big }
    }
}

impl Publishing {
    /// The track in whose section a track is.
    pub(super) fn section(&self, local: Local) -> &Track {
        let holder = if local == Local::Small { Local::Camera } else { local };
        &self.tracks[holder as usize]
    }

    /// The small stream goes where the camera's track goes.
    pub(super) fn follow_camera(&mut self) {
        let camera = &self.tracks[Local::Camera as usize];
        let (mid, negotiated, room_sid, offset) = (camera.mid, camera.negotiated, camera.room_sid.clone(), camera.offset);
        let small = &mut self.tracks[Local::Small as usize];
        if small.asked_at.is_some() {
            // Both layers tell time alike, so that whoever changes between them sees no jump.
            (small.mid, small.negotiated, small.room_sid, small.offset) = (mid, negotiated, room_sid, offset);
        }
    }

    /// Whether somebody receives this size. The big one serves those of the small one while there is none.
    pub(super) fn is_watched(&self, local: Local) -> bool {
        let watched = self.section(local).watched;
        match local {
            Local::Small => watched.low,
            Local::Camera if self.tracks[Local::Small as usize].asked_at.is_some() => watched.above,
            _ => watched.any(),
        }
    }

    /// What the server is told of both layers, `big` first among them.
    pub(super) fn announce_layers(&self, big: VideoLayer) -> Vec<VideoLayer> {
        let settings = &self.tracks[Local::Small as usize].settings;
        let small = VideoLayer {
            quality: VideoQuality::Low as i32,
            width: settings.size.width,
            height: settings.size.height,
            bitrate: u32::try_from(settings.max_bps).unwrap_or(u32::MAX),
            rid: SMALL.into(),
            ..VideoLayer::default()
        };
        vec![VideoLayer { rid: BIG.into(), ..big }, small]
    }

    /// Which of our tracks a packet of a section and layer belongs to.
    pub(super) fn track_of(&self, mid: rtc::Mid, rid: Option<rtc::Rid>) -> Option<Local> {
        let here = self.tracks.iter().filter(|track| track.mid == Some(mid));
        let exact = here.clone().find(|track| track.rid == rid);
        exact.or_else(|| here.into_iter().next()).map(|track| track.local)
    }
}

impl Session {
    /// Begins or ends the small stream. A section is made with its layers or without: a camera without them gets another section, and
    /// those who watch it another track.
    pub(super) fn refresh_small(&mut self, now: Instant) {
        let (camera, small) = (&self.publish.tracks[Local::Camera as usize], &self.publish.tracks[Local::Small as usize]);
        let wanted = camera.asked_at.is_some() && self.wanted(small);
        match (wanted, small.asked_at.is_some()) {
            (true, false) if self.online() => {
                if camera.rid.is_none() {
                    self.end_section(Local::Camera);
                    self.ask(Local::Camera, now);
                    // The room spoke for the slowest viewer, who gets the small stream from now on.
                    self.publish.budget.asked(u64::MAX);
                }
                self.begin_small(now);
            }
            (false, true) => self.end_small(now),
            _ => {}
        }
    }

    fn begin_small(&mut self, now: Instant) {
        let small = self.publish.track(Local::Small);
        small.rid = Some(SMALL.into());
        (small.asked_at, small.sent) = (Some(now), false);
        self.publish.follow_camera();
        self.set_state(Local::Small, PublishState::Publishing, now);
        self.refresh_limits(now);
        self.want_bandwidth();
    }

    pub(super) fn end_small(&mut self, now: Instant) {
        let small = self.publish.track(Local::Small);
        if small.asked_at.take().is_none() {
            return;
        }
        (small.mid, small.negotiated, small.room_sid, small.sent) = (None, false, None, false);
        self.set_state(Local::Small, PublishState::NoPublish, now);
    }
}
