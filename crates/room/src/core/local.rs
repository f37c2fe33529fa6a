//! Engines of this process: their messages, their media cut into packets once for all viewers, and what their encoders should do.
//! Not for the link itself, which is `rtc::local`.

use std::sync::Arc;

use rtc::local::{Frame, FrameData, FromRoom, ToRoom};
use rtc::proto::DisconnectReason;
use rtc::str0m::rtp::{AbsCaptureTime, ExtensionValues};
use rtc::{h264, signal};

use super::forwarder::Incoming;
use super::relay::Pass;
use super::room::Room;
use super::{ConnId, Cx, ParticipantId, TrackId};
use crate::stats::Refused;

impl Room {
    /// An engine said something.
    pub(crate) fn link(&mut self, cx: &mut Cx<'_>, id: ParticipantId, conn: ConnId, message: ToRoom) {
        match message {
            ToRoom::Frame(frame) => self.frame(cx, id, &frame),
            ToRoom::Signal(frame) => match signal::decode_request(&frame) {
                Ok(request) => self.signal(cx, id, conn, request),
                Err(error) => tracing::warn!(%error, "an engine of this process sent a bad frame"),
            },
            ToRoom::Data(channel, packet) => self.data(cx, id, channel, &packet),
            ToRoom::KeyFrame(sid) => {
                let track = self.track_by_sid(&sid);
                self.key_frame_wanted_of(cx, id, track);
            }
            ToRoom::Unpublish(sid) => {
                if let Some(track) = self.own_track(id, &sid) {
                    self.unpublish(cx, track);
                    self.announce(cx, id, None);
                }
            }
            ToRoom::Closed => self.remove(cx, id, DisconnectReason::ClientInitiated),
        }
    }

    fn own_track(&self, id: ParticipantId, sid: &str) -> Option<TrackId> {
        let p = self.participants.get(&id)?;
        p.published.iter().copied().find(|track| self.tracks.get(track).is_some_and(|track| &*track.sid == sid))
    }

    /// Media of an engine: one access unit becomes packets once, whoever watches.
    fn frame(&mut self, cx: &mut Cx<'_>, id: ParticipantId, frame: &Frame) {
        let Some(track) = self.own_track(id, &frame.track) else {
            cx.settings.ledger.refused(Refused::Frame, "no track");
            return;
        };
        if let FrameData::Picture(data) = &frame.data {
            self.learn_profile(track, (**data).as_ref());
        }
        let Some(track) = self.tracks.get_mut(&track) else { return };
        let Some(layer) = track.layer_of(frame.rid) else { return };
        let (now, video) = (cx.at.now, track.is_video());
        if let Some((level, _)) = frame.audio_level {
            track.level.add(level);
        }
        let first = !track.layers[layer].flows(now);
        let (held, participants, ledger) = (track.held, &mut self.participants, &cx.settings.ledger);
        let mut pass_on = |payload: Arc<[u8]>, marker: bool, extensions: ExtensionValues| {
            let key = video && h264::starts_key_frame(&payload);
            let state = &mut track.layers[layer];
            state.arrived(payload.len(), key, now);
            let incoming =
                Incoming { layer, seq: state.next_seq, timestamp: frame.timestamp, key, arrived: now, sender_time: None };
            state.next_seq += 1;
            if !held {
                let wallclock = frame.captured_at.min(now);
                let pass = Pass { incoming, marker, wallclock, payload: &payload, extensions: &extensions, vp8: None };
                pass.to_subscribers(cx, participants, track);
            }
        };
        match &frame.data {
            FrameData::Picture(data) if video => {
                let picture = h264::Picture { captured: frame.captured, playout_delay: frame.playout_delay };
                picture.packetize((**data).as_ref(), pass_on);
            }
            FrameData::Sound(data) if !video => {
                let (level, voice) = frame.audio_level.unzip();
                let abs_capture_time = frame.captured.map(|capture_time| AbsCaptureTime { capture_time, clock_offset: None });
                let extensions =
                    ExtensionValues { audio_level: level, voice_activity: voice, abs_capture_time, ..Default::default() };
                pass_on(Arc::clone(data), false, extensions);
            }
            // Not what was announced: nobody could decode it.
            _ => ledger.refused(Refused::Frame, "kind"),
        }
        if video {
            cx.out.first_picture.get_or_insert(now);
            if first {
                self.next_choice = now;
            }
        }
    }

    /// Tells publishers of single-layer pictures what the slowest of their viewers can take: engines of this process over their link, others
    /// by RTCP. Layered ones have a layer for each viewer.
    pub(super) fn feed_back_bandwidth(&mut self, cx: &mut Cx<'_>) {
        /// Nobody is worth less than this: a viewer below it gets what gets through.
        const LEAST: u64 = 150_000;
        for track in self.tracks.values_mut().filter(|track| track.is_video() && track.layers.len() == 1) {
            let watching = track.subscribers.iter().filter_map(|id| {
                let p = self.participants.get(id)?;
                let subscription = p.subscriptions.get(&track.id)?;
                if subscription.wish.disabled { None } else { p.bandwidth }
            });
            let slowest = watching.min().map(|rate| rate.max(LEAST));
            let changed = match (slowest, track.bandwidth_told) {
                (Some(now), Some(told)) => now.abs_diff(told) > told / 20,
                (now, told) => now != told,
            };
            let Some(owner) = self.participants.get(&track.owner).filter(|_| changed) else { continue };
            track.bandwidth_told = slowest;
            if owner.way == super::Way::Local {
                cx.out.links.extend(owner.conn.map(|conn| (conn, FromRoom::Bandwidth(slowest))));
            } else if let (Some(rate), Some(peer)) = (slowest, owner.publisher.and_then(|key| cx.peers.get(key))) {
                peer.ask_bandwidth(track.mid, None, rate);
            }
        }
    }
}
