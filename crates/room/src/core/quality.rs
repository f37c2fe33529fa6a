//! What flows and how well: choice of layers by wish, arrival and bandwidth, key frame requests, what publishers need to send at
//! all, speakers, and connection quality. Not for negotiating (see `subscribe`).

use std::time::Duration;

use rtc::local::FromRoom;
use rtc::proto::{
    ConnectionQuality, ConnectionQualityInfo, ConnectionQualityUpdate, SpeakerInfo, SpeakersChanged, StreamState,
    StreamStateInfo, StreamStateUpdate, SubscribedCodec, SubscribedQuality, SubscribedQualityUpdate, VideoQuality,
};
use rtc::signal::Response;
use rtc::str0m::stats::PeerStats;
use rtc::{MediaKind, Mid};

use super::participant::{Participant, Way};
use super::peers::Role;
use super::room::Room;
use super::track::Track;
use super::{Cx, ParticipantId, TrackId};

/// Layers are chosen anew this often, besides when something changed.
const CHOICE_PAUSE: Duration = Duration::from_millis(500);
const SPEAKERS_PAUSE: Duration = Duration::from_millis(400);
const QUALITY_PAUSE: Duration = Duration::from_secs(5);
/// A publisher is told to send less only once less has been enough for this long, as people scroll back.
const LESS_PATIENCE: Duration = Duration::from_secs(2);
/// A new track's publisher is told for the first time after this.
const FIRST_QUALITY: Duration = Duration::from_secs(1);
/// Sound and data on the path besides pictures, bit/s.
const SOUND_RATE: u64 = 64_000;
/// Bandwidth looked for on the way to a viewer at least, bit/s: layers that do not flow yet have no rate, and a picture
/// can only grow into what has been found to be there.
const ROOM_TO_GROW: u64 = 3_000_000;

impl Room {
    /// The regular part of the room's work.
    pub(super) fn look_after_media(&mut self, cx: &mut Cx<'_>) {
        let now = cx.at.now;
        if self.next_choice <= now {
            self.next_choice = now + CHOICE_PAUSE;
            let everybody: Vec<ParticipantId> = self.participants.keys().copied().collect();
            for id in everybody {
                self.choose_layers(cx, id);
            }
            self.quality_wanted(cx);
            self.feed_back_bandwidth(cx);
            self.forget_pending(cx);
        }
        if self.next_speakers <= now {
            self.next_speakers = now + SPEAKERS_PAUSE;
            self.speakers(cx);
        }
        if self.next_quality <= now {
            self.next_quality = now + QUALITY_PAUSE;
            self.connection_quality(cx);
        }
    }

    /// Announced tracks whose section never came.
    fn forget_pending(&mut self, cx: &Cx<'_>) {
        let now = cx.at.now;
        for p in self.participants.values_mut() {
            p.pending.retain(|pending| now.saturating_duration_since(pending.since) < super::publish::PENDING_TIME);
        }
    }

    // === Layers ===

    /// Decides what flows to one subscriber, and tells it what had to be held back.
    pub(super) fn choose_layers(&mut self, cx: &mut Cx<'_>, id: ParticipantId) {
        let now = cx.at.now;
        let Some(p) = self.participants.get_mut(&id) else { return };
        let mut left = p.bandwidth.map(|rate| rate.saturating_sub(SOUND_RATE));
        let (mut desired, mut least) = (SOUND_RATE, SOUND_RATE);
        let mut told = Vec::new();
        for (track_id, subscription) in &mut p.subscriptions {
            let Some(track) = self.tracks.get_mut(track_id) else { continue };
            if !subscription.bound || subscription.wish.disabled {
                subscription.flow.set_target(None);
                continue;
            }
            if subscription.kind == MediaKind::Audio {
                subscription.flow.set_target(Some(0));
                continue;
            }
            let wished = track.choose(subscription.wish.quality, subscription.wish.size, now);
            let rate = |index: usize| track.layers[index].rate.bits_per_second();
            // The best layer not above the wish that fits; one that flows already may be a little over.
            let fits = |index: &usize| {
                let slack = if subscription.flow.current() == Some(*index) { 12 } else { 10 };
                left.is_none_or(|left| rate(*index) <= left * slack / 10)
            };
            let affordable = (0..=wished).rev().filter(|index| track.layers[*index].flows(now)).find(fits);
            let lowest = (0..=wished).find(|index| track.layers[*index].flows(now)).unwrap_or(wished);
            let pause = affordable.is_none() && p.traits.allow_pause && track.layers[lowest].flows(now);
            let target = if pause { None } else { Some(affordable.unwrap_or(lowest)) };
            desired += rate(wished) * 3 / 2;
            least += rate(lowest);
            left = left.map(|left| left.saturating_sub(target.map_or(0, rate)));
            subscription.flow.set_target(target);
            if std::mem::replace(&mut subscription.paused, pause) != pause {
                told.push(StreamStateInfo {
                    participant_sid: track.stream.split('|').next().unwrap_or_default().to_owned(),
                    track_sid: track.info.sid.clone(),
                    state: if pause { StreamState::Paused } else { StreamState::Active } as i32,
                });
            }
            if let Some(layer) = subscription.flow.waits_for_key() {
                track.layers[layer].want_key();
            }
        }
        if !told.is_empty() {
            metrics::counter!("artc_room_streams_paused_total").increment(1);
            cx.out.send(p.conn, Response::StreamStateUpdate(StreamStateUpdate { stream_states: told }));
        }
        let paused = p.subscriptions.values().any(|s| s.paused);
        if let Some(peer) = p.receiving_peer().filter(|_| p.bandwidth.is_some()).and_then(|key| cx.peers.get(key)) {
            // Padding keeps the estimate alive only where a paused picture sends nothing that could be measured.
            peer.set_bandwidth(if paused { least } else { 0 }, desired.max(ROOM_TO_GROW));
        }
        self.ask_for_key_frames(cx);
    }

    /// A new estimate of what the path to a subscriber carries.
    pub(super) fn bandwidth(&mut self, cx: &mut Cx<'_>, id: ParticipantId, role: Role, rate: u64) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        if role == Role::Publisher {
            return;
        }
        let before = p.bandwidth.replace(rate).unwrap_or(u64::MAX);
        // Falling matters at once, rising can wait for the next regular choice.
        if rate < before {
            self.choose_layers(cx, id);
        }
    }

    // === Key frames ===

    pub(super) fn key_frame_wanted(&mut self, cx: &mut Cx<'_>, id: ParticipantId, mid: Mid) {
        let Some(p) = self.participants.get(&id) else { return };
        let track = p.subscriptions.iter().find(|(_, s)| s.mid == Some(mid)).map(|(track, _)| *track);
        self.key_frame_wanted_of(cx, id, track);
    }

    pub(super) fn key_frame_wanted_of(&mut self, cx: &mut Cx<'_>, id: ParticipantId, track: Option<TrackId>) {
        let Some(track) = track else { return };
        let Some(subscription) = self.participants.get(&id).and_then(|p| p.subscriptions.get(&track)) else { return };
        metrics::counter!("artc_room_key_frames_wanted_total").increment(1);
        if let (Some(track), Some(layer)) = (self.tracks.get_mut(&track), subscription.flow.key_layer()) {
            track.layers[layer].want_key();
        }
        self.ask_for_key_frames(cx);
    }

    /// Asks publishers for the key frames that somebody needs, each layer at most twice a second.
    pub(super) fn ask_for_key_frames(&mut self, cx: &mut Cx<'_>) {
        let now = cx.at.now;
        for track in self.tracks.values_mut().filter(|track| track.is_video()) {
            let Some(owner) = self.participants.get(&track.owner) else { continue };
            for layer in &mut track.layers {
                if !layer.key_due(now) {
                    continue;
                }
                metrics::counter!("artc_room_key_frames_asked_total").increment(1);
                if owner.way == Way::Local {
                    let wanted = FromRoom::KeyFrameWanted { track: track.sid.clone(), rid: layer.rid };
                    cx.out.links.extend(owner.conn.map(|conn| (conn, wanted)));
                } else if let Some(peer) = owner.publisher.and_then(|key| cx.peers.get(key)) {
                    peer.request_key_frame(track.mid, layer.rid);
                }
            }
        }
    }

    // === What must be published at all ===

    /// Tells publishers the best quality that anybody watches, so that they need not encode more; nothing, when nobody does.
    pub(super) fn quality_wanted(&mut self, cx: &mut Cx<'_>) {
        let now = cx.at.now;
        for track in self.tracks.values_mut().filter(|track| track.kind == MediaKind::Video) {
            let watched = track.subscribers.iter().filter_map(|id| watched_quality(self.participants.get(id)?, track.id)).max();
            // Without layers there is only all or nothing.
            let watched = if track.layers.len() > 1 { watched } else { watched.map(|_| VideoQuality::High) };
            let Some(told) = track.quality_told else {
                // A client that has only just been told the sid does not know yet whose quality this would be.
                if now.saturating_duration_since(*track.since.get_or_insert(now)) >= FIRST_QUALITY {
                    track.quality_told = Some(watched);
                    tell_quality(cx, self.participants.get(&track.owner), track, watched);
                }
                continue;
            };
            if watched >= told {
                track.quality_less_since = None;
            }
            let patient =
                watched < told && now.saturating_duration_since(*track.quality_less_since.get_or_insert(now)) < LESS_PATIENCE;
            if watched != told && !patient {
                track.quality_told = Some(watched);
                track.quality_less_since = None;
                tell_quality(cx, self.participants.get(&track.owner), track, watched);
            }
        }
    }

    // === Speakers and quality ===

    fn speakers(&mut self, cx: &mut Cx<'_>) {
        let mut changed = Vec::new();
        for track in self.tracks.values_mut().filter(|track| track.kind == MediaKind::Audio) {
            let before = track.level.shown();
            let level = if track.info.muted || track.held { 0.0 } else { track.level.take() };
            let Some(owner) = self.participants.get(&track.owner) else { continue };
            // Small changes of a speaker's level are not worth a message to everybody.
            if (level > 0.0) != (before > 0.0) || (level - before).abs() > 0.05 {
                changed.push(SpeakerInfo { sid: owner.sid.clone(), level, active: level > 0.0 });
            }
        }
        if !changed.is_empty() {
            self.tell_all(cx, None, &Response::SpeakersChanged(SpeakersChanged { speakers: changed }));
        }
    }

    /// Notes loss and round trip of a path.
    pub(super) fn path_stats(&mut self, id: ParticipantId, role: Role, stats: &PeerStats) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        let loss = match role {
            Role::Publisher => stats.ingress_loss_fraction,
            Role::Subscriber => stats.egress_loss_fraction,
            Role::Both => stats.egress_loss_fraction.into_iter().chain(stats.ingress_loss_fraction).reduce(f32::max),
        };
        p.worst_loss = p.worst_loss.max(loss.unwrap_or(0.0));
        if let Some(round_trip) = stats.rtt {
            p.round_trip = round_trip;
        }
    }

    fn connection_quality(&mut self, cx: &mut Cx<'_>) {
        let mut updates = Vec::new();
        for p in self.participants.values_mut() {
            let quality = rate_path(p);
            p.worst_loss = 0.0;
            if !p.is_hidden() {
                let (participant_sid, score) = (p.sid.clone(), score(quality));
                updates.push(ConnectionQualityInfo { participant_sid, quality: quality as i32, score });
            }
        }
        self.tell_all(cx, None, &Response::ConnectionQuality(ConnectionQualityUpdate { updates }));
    }
}

/// The quality of a track that this subscriber watches, if it does.
fn watched_quality(p: &Participant, track: TrackId) -> Option<VideoQuality> {
    let subscription = p.subscriptions.get(&track)?;
    (!subscription.wish.disabled).then_some(subscription.wish.quality)
}

fn tell_quality(cx: &mut Cx<'_>, owner: Option<&Participant>, track: &Track, best: Option<VideoQuality>) {
    let Some(owner) = owner else { return };
    let qualities: Vec<SubscribedQuality> = [VideoQuality::Low, VideoQuality::Medium, VideoQuality::High]
        .into_iter()
        .map(|quality| SubscribedQuality { quality: quality as i32, enabled: best.is_some_and(|best| quality <= best) })
        .collect();
    #[expect(deprecated, reason = "clients read one list or the other")]
    let update = SubscribedQualityUpdate {
        track_sid: track.info.sid.clone(),
        subscribed_qualities: qualities.clone(),
        subscribed_codecs: vec![SubscribedCodec { codec: track.codec.to_string().to_ascii_lowercase(), qualities }],
    };
    cx.out.send(owner.conn, Response::SubscribedQualityUpdate(update));
}

fn rate_path(p: &Participant) -> ConnectionQuality {
    // Never "lost": told of itself, an official client leaves and comes again.
    let far = p.round_trip > Duration::from_millis(400);
    if p.worst_loss > 0.10 || p.path_lost.is_some() || p.lost.is_some() {
        ConnectionQuality::Poor
    } else if p.worst_loss > 0.03 || far || p.subscriptions.values().any(|s| s.paused) {
        ConnectionQuality::Good
    } else {
        ConnectionQuality::Excellent
    }
}

fn score(quality: ConnectionQuality) -> f32 {
    match quality {
        ConnectionQuality::Excellent => 4.5,
        ConnectionQuality::Good => 3.5,
        ConnectionQuality::Poor => 2.0,
        ConnectionQuality::Lost => 1.0,
    }
}
