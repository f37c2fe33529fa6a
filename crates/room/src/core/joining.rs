//! Joining, resuming and leaving, and the token that lets a client come back. Not for negotiating what flows (see `publish` and
//! `subscribe`), nor for who may come in at all: the token said so.

use std::time::Duration;

use rtc::proto::{self, DisconnectReason, ParticipantUpdate, leave_request::Action, participant_info::State};
use rtc::signal::Response;

use super::participant::{ClientTraits, Participant, Way};
use super::peers::{Owner, Role};
use super::room::{Room, codecs};
use super::{ConnId, Cx, Join, ParticipantId, TrackId, leave, server_info};
use crate::token::Claims;

/// A refreshed token is good for this long ...
const TOKEN_TTL: Duration = Duration::from_secs(600);
/// ... and sent this often.
const TOKEN_PAUSE: Duration = Duration::from_secs(300);

impl Room {
    // === Coming in ===

    pub(crate) fn join(&mut self, cx: &mut Cx<'_>, join: Join) -> ParticipantId {
        let id = self.enter(cx, &join.claims, join.way, join.traits, Some(join.conn));
        let conn = Some(join.conn);
        cx.out.send(conn, Response::Join(self.join_response(id)));
        self.refresh_token(cx, id);
        self.announce(cx, id, Some(id));
        for request in join.add_tracks {
            self.add_track(cx, id, request);
        }
        match join.way {
            Way::Two => {
                let owner = Owner { room: self.id, participant: id, role: Role::Subscriber };
                let full_ice = self.participants[&id].traits.full_ice;
                let key = cx.peers.create(owner, full_ice, cx.now());
                if let Some(p) = self.participants.get_mut(&id) {
                    p.subscriber = Some(key);
                    p.offer_due = true;
                }
                self.resubscribe(cx, id);
            }
            Way::One => {
                self.resubscribe(cx, id);
                if let Some(offer) = join.offer {
                    self.offer(cx, id, &offer);
                }
            }
            Way::Local => {
                if let Some(p) = self.participants.get_mut(&id) {
                    p.state = State::Active;
                }
                self.announce(cx, id, None);
                self.resubscribe(cx, id);
            }
            Way::Whip | Way::Whep => {}
        }
        id
    }

    /// Makes a participant, in place of an earlier one of the same identity.
    pub(super) fn enter(
        &mut self,
        cx: &mut Cx<'_>,
        claims: &Claims,
        way: Way,
        traits: ClientTraits,
        conn: Option<ConnId>,
    ) -> ParticipantId {
        if let Some(earlier) = self.by_identity(&claims.sub).map(|p| p.id) {
            self.remove(cx, earlier, DisconnectReason::DuplicateIdentity);
        }
        let id = ParticipantId(cx.id());
        let participant = Participant::new(id, claims, way, traits, conn, cx.at);
        tracing::info!(room = self.info.name, identity = participant.identity(), sid = participant.sid, ?way, "joined");
        metrics::counter!("artc_room_joins_total").increment(1);
        self.participants.insert(id, participant);
        (self.empty_since, self.used) = (None, true);
        self.count(cx);
        id
    }

    fn join_response(&self, id: ParticipantId) -> proto::JoinResponse {
        let way = self.participants[&id].way;
        proto::JoinResponse {
            room: Some(self.info.clone()),
            participant: self.info_of(id),
            other_participants: self.others_of(id),
            server_version: server_info().version,
            subscriber_primary: way == Way::Two,
            ping_interval: 5,
            ping_timeout: 15,
            server_info: Some(server_info()),
            enabled_publish_codecs: codecs(),
            fast_publish: self.participants[&id].permission.can_publish,
            ..Default::default()
        }
    }

    // === Coming back ===

    /// Ties a resumed session to its new websocket.
    pub(crate) fn resume(&mut self, cx: &mut Cx<'_>, join: Join) -> Option<ParticipantId> {
        let sid = join.resume.as_deref()?;
        let id = self.participants.values().find(|p| p.sid == sid)?.id;
        let p = self.participants.get_mut(&id)?;
        let earlier = p.conn.replace(join.conn);
        let lost = p.lost.take();
        cx.out.close(earlier);
        tracing::info!(room = self.info.name, identity = p.identity(), "resumed");
        metrics::counter!("artc_room_resumes_total").increment(1);
        let conn = p.conn;
        cx.out.send(conn, super::reconnect_response(p.last_sequence));
        let mut everybody = self.others_of(id);
        everybody.extend(self.info_of(id));
        cx.out.send(conn, Response::Update(ParticipantUpdate { participants: everybody }));
        cx.out.send(conn, Response::RoomUpdate(proto::RoomUpdate { room: Some(self.info.clone()) }));
        self.refresh_token(cx, id);
        if let Some(lost) = lost {
            self.replay_since(cx, id, lost);
        }
        if let Some(sync) = &join.sync {
            self.sync_state(cx, id, sync);
        }
        self.restart_subscriber(cx, id);
        if let Some(offer) = &join.offer {
            self.offer(cx, id, offer);
        }
        Some(id)
    }

    pub(super) fn sync_state(&mut self, cx: &mut Cx<'_>, id: ParticipantId, state: &proto::SyncState) {
        if let Some(subscription) = &state.subscription {
            self.update_subscription(cx, id, subscription);
        }
        for sid in &state.track_sids_disabled {
            if let Some(track) = self.track_by_sid(sid)
                && let Some(s) = self.participants.get_mut(&id).and_then(|p| p.subscriptions.get_mut(&track))
            {
                s.wish.disabled = true;
            }
        }
        self.replay_missed(cx, id, &state.datachannel_receive_states);
        self.choose_layers(cx, id);
    }

    // === Going ===

    pub(crate) fn signal_lost(&mut self, cx: &mut Cx<'_>, id: ParticipantId, conn: ConnId) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        if p.conn != Some(conn) {
            return;
        }
        p.conn = None;
        if p.state == State::Active {
            p.lost = Some(cx.now());
            tracing::info!(room = self.info.name, identity = p.identity(), "signalling lost; kept for a resume");
        } else {
            self.remove(cx, id, DisconnectReason::SignalClose);
        }
    }

    /// Ends a participant: tells it, closes its connections, tells the others.
    pub(crate) fn remove(&mut self, cx: &mut Cx<'_>, id: ParticipantId, reason: DisconnectReason) {
        // Who only lost its path shall come again, everybody else shall not.
        let again = matches!(reason, DisconnectReason::ConnectionTimeout);
        let Some(p) = self.participants.get_mut(&id) else { return };
        let conn = p.conn.take();
        p.state = State::Disconnected;
        p.changed();
        let (tracks, peers) = (p.published.clone(), [p.publisher.take(), p.subscriber.take()]);
        tracing::info!(room = self.info.name, identity = p.identity(), reason = reason.as_str_name(), "left");
        let mut info = p.info(Vec::new());
        info.disconnect_reason = reason as i32;
        let hidden = p.is_hidden();
        if reason != DisconnectReason::ClientInitiated {
            cx.out.send(conn, leave(reason, if again { Action::Reconnect } else { Action::Disconnect }));
        }
        cx.out.close(conn);
        for track in tracks {
            self.unpublish(cx, track);
        }
        let received: Vec<TrackId> = self.participants[&id].subscriptions.keys().copied().collect();
        for track in received {
            self.unsubscribe(id, track);
        }
        for key in peers.into_iter().flatten() {
            cx.peers.remove(key, cx.at.now, &mut cx.out.transmits);
        }
        self.participants.remove(&id);
        if !hidden {
            self.tell_all(cx, None, &Response::Update(ParticipantUpdate { participants: vec![info] }));
        }
        if self.participants.is_empty() {
            self.empty_since = Some(cx.now());
        }
        self.count(cx);
        self.quality_wanted(cx);
    }

    // === Lasting longer than the token ===

    /// Sends a token that outlives the one the client came with, for its next reconnect.
    pub(super) fn refresh_token(&mut self, cx: &mut Cx<'_>, id: ParticipantId) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        p.token_due = cx.now() + TOKEN_PAUSE;
        if !p.way.has_signalling() || p.conn.is_none() {
            return;
        }
        // What has changed since is written into it: a client that reconnects must not get its old rights back.
        let mut claims = p.claims.clone();
        claims.name.clone_from(&p.name);
        claims.metadata.clone_from(&p.metadata);
        claims.attributes = p.attributes.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        match cx.settings.key.mint(claims, TOKEN_TTL, cx.at.wall) {
            Ok(token) => cx.out.send(p.conn, Response::RefreshToken(token)),
            Err(error) => tracing::warn!(%error, "no refreshed token"),
        }
    }
}
