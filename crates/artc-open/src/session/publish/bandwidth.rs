//! How much may be sent: what the path carries, shared among the tracks, becomes targets of the encoders.

use std::time::Instant;

use artc_bindings::{Event, VideoSource};
use rtc::str0m::stats::MediaEgressStats;

use super::settings::limits;
use crate::command::Local;
use crate::congestion::Target;
use crate::session::link::START_BITRATE;
use crate::session::{Output, PeerKind, Session, TrackSettings};

/// The probing for bandwidth aims at so many times the configured bitrate, so that key frames find room.
const HEADROOM: u64 = 2;
/// The small stream gets one part in so many at most.
const SMALL_SHARE: u64 = 4;

impl Session {
    pub(in crate::session) fn set_encoding(&mut self, local: Local, settings: TrackSettings, now: Instant) {
        let track = self.publish.track(local);
        // What is done with other shapes is said with the source.
        let render = track.settings.shape.render;
        track.settings = settings;
        track.settings.shape.render = render;
        self.refresh_limits(now);
        self.want_bandwidth();
        self.refresh_activity();
    }

    pub(super) fn refresh_limits(&mut self, now: Instant) {
        for local in [Local::Camera, Local::Screen, Local::Small] {
            let source = self.video_input(local).and_then(|input| input.source_size());
            let camera = self.publish.track(Local::Camera).settings;
            let track = self.publish.track(local);
            if local == Local::Small {
                track.settings = TrackSettings::small(&camera, source);
            }
            let limits = limits(&track.settings, source);
            track.ladder.set_limits(limits);
            let target = track.ladder.advance(now);
            self.aim(local, target);
            if let (Local::Camera, Some(input)) = (local, self.video_input(local)) {
                let bitrate_bps = u32::try_from(limits.max_bps).unwrap_or(u32::MAX);
                let best = Target { bitrate_bps, fps: limits.fps, size: limits.size.even(), paused: false };
                input.control(|control| control.best = Some(best));
            }
        }
    }

    pub(super) fn aim(&mut self, local: Local, target: Target) {
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
        input.control(|control| control.streams[local.stream() as usize].target = Some(target));
        let passes = input.counters.passed.load(std::sync::atomic::Ordering::Relaxed) > 0;
        if let (true, Some(source)) = (passes, video_source(local)) {
            self.event(Event::TargetBitrate { source, kbps: target.bitrate_bps / 1000 });
        }
    }

    /// What the tracks that are to be published need at their configured best, with headers and sound.
    pub(in crate::session) fn configured_bitrate(&self) -> u64 {
        let video = self.publish.tracks.iter().filter(|t| t.local != Local::Microphone && self.wanted(t));
        video.map(|t| t.settings.max_bps).sum::<u64>() * 6 / 5 + 100_000
    }

    pub(super) fn want_bandwidth(&mut self) {
        let total = self.publish.asked_bitrate();
        if let (Some(link), true) = (&mut self.link, total > 0) {
            link.peer(PeerKind::Publisher).set_bandwidth(0, total * HEADROOM + 100_000);
        }
    }

    /// Pictures begin to flow, or pause. While they pause, the estimator makes of a path that carries next to nothing a path that
    /// cannot carry more; when they flow again it begins anew, from what was known when they last did.
    pub(super) fn pictures_flow(&mut self, flow: bool) {
        let before = self.publish.flows;
        if flow || before.is_some() {
            self.publish.flows = Some(flow);
        }
        if !flow || before != Some(false) {
            return;
        }
        let known = self.publish.budget.last_estimate().unwrap_or_else(|| self.configured_bitrate());
        if let Some(link) = &mut self.link {
            link.peer(PeerKind::Publisher).restart_bandwidth(known.clamp(*START_BITRATE.start(), *START_BITRATE.end()));
        }
    }

    pub(in crate::session) fn bandwidth(&mut self, bps: u64, now: Instant) {
        if self.publish.flows == Some(false) {
            return;
        }
        self.setup.shared.network.set_available(bps);
        self.publish.budget.estimate(bps);
        self.spend(now);
    }

    pub(in crate::session) fn bandwidth_asked(&mut self, bps: u64, now: Instant) {
        self.publish.budget.asked(bps);
        self.spend(now);
    }

    /// Nobody says any more what the path carries: the pictures may be what they were configured to be.
    pub(in crate::session) fn bandwidth_unknown(&mut self, now: Instant) {
        self.publish.budget.forget();
        for track in &mut self.publish.tracks {
            track.ladder.reset();
        }
        self.refresh_limits(now);
    }

    /// Shares the budget among the pictures: the small stream first, which is for those whom the big one is too much, then the others by
    /// what they were configured for.
    pub(super) fn spend(&mut self, now: Instant) {
        let Some(mut budget) = self.publish.budget.changed(now) else { return };
        let mut total = self.publish.asked_bitrate();
        let small = self.publish.track(Local::Small);
        if small.asked_at.is_some() {
            let share = small.settings.max_bps.min(budget / SMALL_SHARE);
            small.ladder.set_budget(share);
            let target = small.ladder.advance(now);
            (budget, total) = (budget - share, total - small.settings.max_bps);
            self.aim(Local::Small, target);
        }
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

    pub(in crate::session) fn sending(&mut self, stats: &MediaEgressStats) {
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
}

impl super::Publishing {
    /// What the pictures that are published need at their configured best, bit/s.
    fn asked_bitrate(&self) -> u64 {
        let pictures = self.tracks.iter().filter(|track| track.asked_at.is_some() && track.local != Local::Microphone);
        pictures.map(|track| track.settings.max_bps).sum()
    }
}

fn video_source(local: Local) -> Option<VideoSource> {
    match local {
        Local::Camera => Some(VideoSource::Camera),
        Local::Screen => Some(VideoSource::ScreenShare),
        Local::Microphone | Local::Small => None,
    }
}
