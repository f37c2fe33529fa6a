//! Subscribing: who receives which track, on which section of its connection, and how new sections are negotiated in both of
//! LiveKit's topologies. Not for which layer flows (see `quality`).

use std::time::Duration;

use rtc::proto::{self, MediaSectionsRequirement, SessionDescription, SubscriptionPermissionUpdate, TrackSubscribed};
use rtc::sdp::Sdp;
use rtc::signal::Response;
use rtc::{Direction, MediaKind, Mid, Peer};

use super::forwarder::{Forwarder, OutStream};
use super::participant::{Spare, Subscription, Way, Wish};
use super::room::Room;
use super::vp8::Numbers;
use super::{Cx, ParticipantId, TrackId};
use crate::stats::Refused;

/// Tracks published close together are asked for together.
const SECTIONS_PAUSE: Duration = Duration::from_millis(20);
/// Whoever does not answer the request for sections is asked again.
const SECTIONS_PATIENCE: Duration = Duration::from_secs(3);

impl Room {
    /// Brings everybody's subscriptions in line with what is published and allowed.
    pub(super) fn resubscribe_all(&mut self, cx: &mut Cx<'_>) {
        let everybody: Vec<ParticipantId> = self.participants.keys().copied().collect();
        for id in everybody {
            self.resubscribe(cx, id);
        }
    }

    /// Brings one participant's subscriptions in line with what is published and allowed, and negotiates.
    pub(super) fn resubscribe(&mut self, cx: &mut Cx<'_>, id: ParticipantId) {
        let Some(p) = self.participants.get(&id) else { return };
        let wanted: Vec<(TrackId, bool)> = self
            .tracks
            .values()
            .filter(|track| track.owner != id && p.wants(track.id))
            .filter_map(|track| {
                let owner = self.participants.get(&track.owner)?;
                let seen = !owner.is_hidden() && p.only.as_deref().is_none_or(|only| only == owner.identity());
                seen.then(|| (track.id, owner.lets(p, &track.info.sid)))
            })
            .collect();
        let unwanted: Vec<TrackId> =
            p.subscriptions.keys().copied().filter(|track| !wanted.iter().any(|(w, lets)| w == track && *lets)).collect();
        for track in unwanted {
            self.unsubscribe(id, track);
        }
        for (track, lets) in wanted {
            if lets {
                self.subscribe(id, track);
            }
        }
        self.negotiate(cx, id);
    }

    fn subscribe(&mut self, id: ParticipantId, track: TrackId) {
        let (Some(p), Some(track)) = (self.participants.get_mut(&id), self.tracks.get_mut(&track)) else { return };
        if p.subscriptions.contains_key(&track.id) {
            return;
        }
        p.subscribed += 1;
        let subscription = Subscription {
            number: p.subscribed,
            kind: track.kind,
            mid: None,
            bound: p.way == Way::Local,
            pt: None,
            flow: Forwarder::new(track.is_video(), OutStream::default()),
            vp8: Numbers::default(),
            wish: Wish::default(),
            paused: false,
        };
        p.subscriptions.insert(track.id, subscription);
        p.offer_due = true;
        track.subscribers.push(id);
    }

    /// Ends a subscription; [`Room::negotiate`] tells the client.
    pub(super) fn unsubscribe(&mut self, id: ParticipantId, track: TrackId) {
        if let Some(track) = self.tracks.get_mut(&track) {
            track.subscribers.retain(|subscriber| *subscriber != id);
        }
        let Some(p) = self.participants.get_mut(&id) else { return };
        let Some(ended) = p.subscriptions.remove(&track) else { return };
        p.offer_due = true;
        let Some(mid) = ended.mid else { return };
        if p.way == Way::Two {
            p.ended.push(mid);
        } else {
            p.spares.push(Spare { mid, kind: ended.kind, stream: ended.flow.into_stream() });
        }
    }

    pub(super) fn negotiate_all(&mut self, cx: &mut Cx<'_>) {
        let everybody: Vec<ParticipantId> = self.participants.keys().copied().collect();
        for id in everybody {
            self.negotiate(cx, id);
        }
    }

    /// Starts what a client needs to receive what it is subscribed to, if anything changed.
    pub(super) fn negotiate(&mut self, cx: &mut Cx<'_>, id: ParticipantId) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        if !p.offer_due {
            return;
        }
        match p.way {
            Way::Two => self.offer_tracks(cx, id),
            // Nobody there to ask yet: the client's first offer brings sections.
            Way::One if p.publisher.is_none() => {}
            Way::One => {
                p.offer_due = false;
                p.sections_due = Some(p.sections_due.unwrap_or(cx.at.now + SECTIONS_PAUSE));
            }
            Way::Whip | Way::Whep => p.offer_due = false,
            Way::Local => {
                p.offer_due = false;
                self.told_subscribed(cx, id);
                self.choose_layers(cx, id);
            }
        }
    }

    // === Two connections: the server offers ===

    fn offer_tracks(&mut self, cx: &mut Cx<'_>, id: ParticipantId) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        let Some(key) = p.subscriber else { return };
        let Some(peer) = cx.peers.get(key) else { return };
        if p.conn.is_none() || peer.offer_outstanding() {
            return;
        }
        p.offer_due = false;
        let ended = std::mem::take(&mut p.ended);
        let first = !std::mem::replace(&mut p.offered, true);
        let (subscriptions, tracks, restart) = (&mut p.subscriptions, &self.tracks, std::mem::take(&mut p.restart_due));
        let offered = peer.offer(|api| {
            if first {
                Peer::add_data_channels(api);
            }
            if restart {
                api.ice_restart(true);
            }
            for mid in ended {
                api.stop_media(mid);
            }
            for (track, subscription) in subscriptions.iter_mut().filter(|(_, s)| s.mid.is_none()) {
                let Some(track) = tracks.get(track) else { continue };
                let (stream, sid) = (Some(track.stream.clone()), Some(track.info.sid.clone()));
                subscription.mid = Some(api.add_media(track.kind, Direction::SendOnly, stream, sid, None));
                subscription.bound = false;
            }
        });
        match offered {
            Ok(((), Some(sdp))) => {
                p.offers += 1;
                let mid_to_track_id = subscriptions
                    .iter()
                    .filter_map(|(track, s)| Some((s.mid?.to_string(), tracks.get(track)?.info.sid.clone())))
                    .collect();
                let offer = SessionDescription { r#type: "offer".to_owned(), sdp, id: p.offers, mid_to_track_id };
                cx.out.send(p.conn, Response::Offer(offer));
            }
            Ok(((), None)) => {}
            Err(error) => tracing::warn!(identity = p.identity(), %error, "no offer"),
        }
    }

    /// The client's answer to our offer.
    pub(super) fn answer(&mut self, cx: &mut Cx<'_>, id: ParticipantId, description: &SessionDescription) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        let Some(key) = p.subscriber else { return };
        let Some(peer) = cx.peers.get(key) else { return };
        if let Err(error) = peer.accept_answer(&description.sdp) {
            cx.settings.ledger.refused(Refused::Description, "answer");
            tracing::warn!(identity = p.identity(), %error, "answer refused");
            return;
        }
        cx.peers.negotiated(key);
        for subscription in p.subscriptions.values_mut().filter(|s| s.mid.is_some()) {
            subscription.bound = true;
            subscription.pt = None;
        }
        self.told_subscribed(cx, id);
        self.choose_layers(cx, id);
        self.negotiate(cx, id);
    }

    /// After a resume the client expects a fresh offer with restarted ICE; an answer under way to the old one is lost.
    pub(super) fn restart_subscriber(&mut self, cx: &mut Cx<'_>, id: ParticipantId) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        if let Some(peer) = p.subscriber.and_then(|key| cx.peers.get(key)) {
            if peer.offer_outstanding() {
                peer.abandon_offer();
                for subscription in p.subscriptions.values_mut().filter(|s| !s.bound) {
                    subscription.mid = None;
                }
            }
            p.restart_due = true;
        }
        p.offer_due = true;
        self.negotiate(cx, id);
    }

    // === One connection: the client offers ===

    /// Notes the receive sections of the client's offer and gives them to the tracks that wait for one.
    pub(super) fn take_sections(&mut self, id: ParticipantId, offer: &Sdp) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        for section in offer.sections().iter().filter(|section| section.receives() && !section.sends()) {
            let (Some(kind), Some(mid)) = (section.kind(), section.mid()) else { continue };
            let mid = Mid::from(mid);
            let known = p.spares.iter().any(|spare| spare.mid == mid) || p.subscriptions.values().any(|s| s.mid == Some(mid));
            if !known {
                p.spares.push(Spare { mid, kind, stream: OutStream::default() });
            }
        }
        for (track, subscription) in &mut p.subscriptions {
            if subscription.mid.is_none()
                && self.tracks.contains_key(track)
                && let Some(index) = p.spares.iter().position(|spare| spare.kind == subscription.kind)
            {
                let spare = p.spares.remove(index);
                subscription.mid = Some(spare.mid);
                subscription.flow = Forwarder::new(subscription.kind == MediaKind::Video, spare.stream);
            }
            subscription.pt = None;
            subscription.bound = subscription.mid.is_some();
        }
        p.sections_asked = (0, 0);
        p.offer_due = p.subscriptions.values().any(|s| s.mid.is_none());
    }

    /// Section, stream id and track sid of everything a one-connection client receives.
    pub(super) fn bound_sections(&self, id: ParticipantId) -> Vec<(String, String, String)> {
        let Some(p) = self.participants.get(&id) else { return Vec::new() };
        p.subscriptions
            .iter()
            .filter_map(|(track, s)| {
                let track = self.tracks.get(track)?;
                Some((s.mid?.to_string(), track.stream.clone(), track.info.sid.clone()))
            })
            .collect()
    }

    /// Asks one-connection clients for the sections that are missing, once their pause is over.
    pub(super) fn ask_for_sections(&mut self, cx: &mut Cx<'_>) {
        let now = cx.at.now;
        for p in self.participants.values_mut().filter(|p| p.sections_due.is_some_and(|at| at <= now)) {
            p.sections_due = None;
            let Some(conn) = p.conn else { continue };
            let missing = |kind: MediaKind, asked: u32| {
                let waiting = p.subscriptions.values().filter(|s| s.mid.is_none() && s.kind == kind).count();
                let spare = p.spares.iter().filter(|spare| spare.kind == kind).count();
                (waiting.saturating_sub(spare) as u32).saturating_sub(asked)
            };
            // Also 0/0: it makes the client offer again, which gives a spare section to a track or takes one from it.
            let requirement = MediaSectionsRequirement {
                num_audios: missing(MediaKind::Audio, p.sections_asked.0),
                num_videos: missing(MediaKind::Video, p.sections_asked.1),
            };
            p.sections_asked.0 += requirement.num_audios;
            p.sections_asked.1 += requirement.num_videos;
            if p.subscriptions.values().any(|s| s.mid.is_none()) {
                p.sections_due = Some(now + SECTIONS_PATIENCE);
            }
            cx.out.send(Some(conn), Response::MediaSectionsRequirement(requirement));
        }
    }

    // === What clients say about it ===

    pub(super) fn update_subscription(&mut self, cx: &mut Cx<'_>, id: ParticipantId, update: &proto::UpdateSubscription) {
        let sids = update.track_sids.iter().chain(update.participant_tracks.iter().flat_map(|tracks| &tracks.track_sids));
        let tracks: Vec<TrackId> = sids.filter_map(|sid| self.track_by_sid(sid)).collect();
        let Some(p) = self.participants.get_mut(&id) else { return };
        for track in tracks {
            if update.subscribe == p.traits.auto_subscribe {
                p.exceptions.remove(&track);
            } else {
                p.exceptions.insert(track);
            }
        }
        self.resubscribe(cx, id);
        self.choose_layers(cx, id);
        self.quality_wanted(cx);
    }

    pub(super) fn track_settings(&mut self, cx: &mut Cx<'_>, id: ParticipantId, settings: &proto::UpdateTrackSettings) {
        let tracks: Vec<TrackId> = settings.track_sids.iter().filter_map(|sid| self.track_by_sid(sid)).collect();
        let Some(p) = self.participants.get_mut(&id) else { return };
        for track in tracks {
            let Some(subscription) = p.subscriptions.get_mut(&track) else { continue };
            let sized = settings.width > 0 && settings.height > 0;
            subscription.wish = Wish {
                disabled: settings.disabled,
                // A size says more than a quality; clients send one of them.
                quality: if sized { proto::VideoQuality::High } else { settings.quality() },
                size: sized.then_some((settings.width, settings.height)),
            };
        }
        self.choose_layers(cx, id);
        self.quality_wanted(cx);
    }

    /// A publisher says who may receive its tracks.
    pub(super) fn subscription_permission(
        &mut self,
        cx: &mut Cx<'_>,
        id: ParticipantId,
        permission: proto::SubscriptionPermission,
    ) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        let before = p.audience.clone();
        p.audience = (!permission.all_participants).then_some(permission.track_permissions);
        if p.audience == before {
            return;
        }
        self.resubscribe_all(cx);
        let Some(owner) = self.participants.get(&id) else { return };
        for track in owner.published.iter().filter_map(|track| self.tracks.get(track)) {
            for other in self.participants.values().filter(|other| other.id != id) {
                let update = SubscriptionPermissionUpdate {
                    participant_sid: owner.sid.clone(),
                    track_sid: track.info.sid.clone(),
                    allowed: owner.lets(other, &track.info.sid),
                };
                cx.out.send(other.conn, Response::SubscriptionPermissionUpdate(update));
            }
        }
        self.quality_wanted(cx);
    }

    /// Tells publishers once that somebody receives their track.
    pub(super) fn told_subscribed(&mut self, cx: &mut Cx<'_>, id: ParticipantId) {
        let Some(p) = self.participants.get(&id) else { return };
        for track in p.subscriptions.iter().filter(|(_, s)| s.bound).map(|(track, _)| *track) {
            if let Some(track) = self.tracks.get_mut(&track)
                && !std::mem::replace(&mut track.subscribed_told, true)
            {
                let conn = self.participants.get(&track.owner).and_then(|owner| owner.conn);
                cx.out.send(conn, Response::TrackSubscribed(TrackSubscribed { track_sid: track.info.sid.clone() }));
            }
        }
    }
}
