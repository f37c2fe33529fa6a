//! A room: who is in it, what they are told of each other, and what each message of a client does. Publishing, subscribing,
//! data and quality have files of their own beside this one.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rtc::proto::{
    self, ConnectionQuality, DisconnectReason, ParticipantInfo, ParticipantUpdate, RequestResponse, leave_request::Action,
    participant_info::State, request_response::Reason,
};
use rtc::signal::{Request, Response};
use rtc::str0m::IceConnectionState;
use rtc::{Event, candidate};

use super::participant::{History, Participant, Way};
use super::peers::{Owner, PeerKey, Role};
use super::track::Track;
use super::{ConnId, Cx, Join, JoinRefused, Moment, ParticipantId, RESUME_TIME, RoomId, TrackId, leave, server_info};
use crate::ids;
use crate::stats::Refused;
use crate::token::Claims;

/// The room looks after itself this often while somebody is in it.
const TICK: Duration = Duration::from_millis(100);
/// Whoever joins must have media up by then.
const JOIN_TIME: Duration = Duration::from_secs(60);
/// Whose media path is gone for this long although the websocket lives is told to come again.
const PATH_TIME: Duration = Duration::from_secs(30);
/// A room closes this long after its last participant left.
const DEPARTURE: Duration = Duration::from_secs(20);
/// A refreshed token is good for this long ...
const TOKEN_TTL: Duration = Duration::from_secs(600);
/// ... and sent this often.
const TOKEN_PAUSE: Duration = Duration::from_secs(300);
/// Candidates kept until the offer they belong to comes.
const MAX_EARLY: usize = 64;
/// Longest metadata of a participant with its attributes.
const MAX_METADATA: usize = crate::token::MAX_METADATA;

/// A room.
pub(crate) struct Room {
    pub(super) id: RoomId,
    pub(super) info: proto::Room,
    pub(super) participants: BTreeMap<ParticipantId, Participant>,
    pub(super) tracks: BTreeMap<TrackId, Track>,
    empty_since: Option<Instant>,
    next_tick: Instant,
    pub(super) next_speakers: Instant,
    pub(super) next_quality: Instant,
    pub(super) next_choice: Instant,
    pub(super) info_due: Option<Instant>,
    /// Somebody has been in.
    used: bool,
    closed: bool,
}

impl Room {
    pub(crate) fn new(id: RoomId, name: &str, at: Moment) -> Self {
        let info = proto::Room {
            sid: ids::room(),
            name: name.to_owned(),
            empty_timeout: 300,
            departure_timeout: DEPARTURE.as_secs() as u32,
            creation_time: at.unix_ms() / 1000,
            creation_time_ms: at.unix_ms(),
            enabled_codecs: codecs(),
            ..Default::default()
        };
        Room {
            id,
            info,
            participants: BTreeMap::new(),
            tracks: BTreeMap::new(),
            empty_since: None,
            next_tick: at.now + TICK,
            next_speakers: at.now,
            next_quality: at.now,
            next_choice: at.now,
            info_due: None,
            used: false,
            closed: false,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.info.name
    }

    pub(crate) fn has(&self, id: ParticipantId) -> bool {
        self.participants.contains_key(&id)
    }

    pub(crate) fn by_identity(&self, identity: &str) -> Option<&Participant> {
        self.participants.values().find(|p| p.identity() == identity)
    }

    /// Whether one more fits; somebody who comes back takes the place of the earlier self.
    pub(crate) fn admit(&self, identity: &str, limit: usize) -> Result<(), JoinRefused> {
        let limit = if self.info.max_participants > 0 { limit.min(self.info.max_participants as usize) } else { limit };
        if self.participants.len() >= limit && self.by_identity(identity).is_none() {
            return Err(JoinRefused::RoomFull { room: self.info.name.clone(), limit });
        }
        Ok(())
    }

    pub(crate) fn can_resume(&self, sid: &str, identity: &str, way: Way) -> bool {
        self.participants.values().any(|p| p.sid == sid && p.identity() == identity && p.way == way)
    }

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
        traits: super::ClientTraits,
        conn: Option<ConnId>,
    ) -> ParticipantId {
        if let Some(earlier) = self.by_identity(&claims.sub).map(|p| p.id) {
            self.remove(cx, earlier, DisconnectReason::DuplicateIdentity);
        }
        let id = ParticipantId(cx.id());
        let mut attributes: std::collections::HashMap<String, String> =
            claims.attributes.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        let own_words = claims.video.as_ref().is_some_and(|grant| grant.can_update_own_metadata == Some(true));
        let mut metadata = claims.metadata.clone();
        if own_words {
            attributes.extend(traits.attributes.iter().map(|(k, v)| (k.clone(), v.clone())));
            if !traits.metadata.is_empty() {
                metadata.clone_from(&traits.metadata);
            }
        }
        let participant = Participant {
            id,
            sid: ids::participant(),
            way,
            name: claims.name.clone(),
            metadata,
            attributes,
            permission: claims.video.as_ref().map(crate::token::VideoGrant::permission).unwrap_or_default(),
            kind: kind(&claims.kind, claims.video.as_ref().is_some_and(|g| g.agent)),
            claims: claims.clone(),
            state: State::Joined,
            joined: cx.now(),
            joined_unix_ms: cx.at.unix_ms(),
            version: 1,
            traits,
            conn,
            lost: None,
            path_lost: None,
            publisher: None,
            subscriber: None,
            early: Vec::new(),
            pending: Vec::new(),
            published: Vec::new(),
            last_sequence: 0,
            history: History::default(),
            subscriptions: BTreeMap::new(),
            subscribed: 0,
            exceptions: std::collections::HashSet::new(),
            audience: None,
            only: None,
            offer_due: false,
            offers: 0,
            offered: false,
            restart_due: false,
            ended: Vec::new(),
            spares: Vec::new(),
            sections_due: None,
            sections_asked: (0, 0),
            bandwidth: None,
            quality: ConnectionQuality::Excellent,
            worst_loss: 0.0,
            round_trip: Duration::ZERO,
            token_due: cx.now() + TOKEN_PAUSE,
            etag: String::new(),
        };
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

    fn sync_state(&mut self, cx: &mut Cx<'_>, id: ParticipantId, state: &proto::SyncState) {
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

    // === Messages ===

    pub(crate) fn signal(&mut self, cx: &mut Cx<'_>, id: ParticipantId, conn: ConnId, message: Request) {
        if self.participants.get(&id).is_none_or(|p| p.conn != Some(conn)) {
            // A websocket that another one has replaced.
            return;
        }
        match message {
            Request::Offer(offer) => self.offer(cx, id, &offer),
            Request::Answer(answer) => self.answer(cx, id, &answer),
            Request::Trickle(trickle) => self.trickle(cx, id, &trickle),
            Request::AddTrack(request) => self.add_track(cx, id, request),
            Request::Mute(mute) => self.mute(cx, id, &mute),
            Request::Subscription(subscription) => self.update_subscription(cx, id, &subscription),
            Request::TrackSetting(settings) => self.track_settings(cx, id, &settings),
            Request::Leave(_) => self.remove(cx, id, DisconnectReason::ClientInitiated),
            Request::SubscriptionPermission(permission) => self.subscription_permission(cx, id, permission),
            Request::SyncState(state) => self.sync_state(cx, id, &state),
            Request::Ping(_) => cx.out.send(Some(conn), Response::Pong(cx.at.unix_ms())),
            Request::PingReq(ping) => cx.out.send(
                Some(conn),
                Response::PongResp(proto::Pong { last_ping_timestamp: ping.timestamp, timestamp: cx.at.unix_ms() }),
            ),
            Request::UpdateMetadata(update) => self.own_metadata(cx, id, update),
            Request::UpdateAudioTrack(update) => self.audio_features(cx, id, update),
            Request::PublishDataTrackRequest(request) => {
                let request = proto::request_response::Request::PublishDataTrack(request);
                self.respond(cx, id, 0, Reason::UnsupportedType, "this room carries no data tracks", Some(request));
            }
            other => tracing::debug!(kind = kind_of(&other), "signalling message without effect here"),
        }
    }

    fn trickle(&mut self, cx: &mut Cx<'_>, id: ParticipantId, trickle: &proto::TrickleRequest) {
        let candidate = match candidate::parse(&trickle.candidate_init) {
            Ok(Some(candidate)) => candidate,
            Ok(None) => return,
            Err(error) => {
                tracing::debug!(%error, "candidate ignored");
                return;
            }
        };
        let Some(p) = self.participants.get_mut(&id) else { return };
        let subscriber = trickle.target == proto::SignalTarget::Subscriber as i32;
        let key = if subscriber { p.subscriber } else { p.publisher };
        match key {
            Some(key) => {
                if let Some(peer) = cx.peers.get(key) {
                    peer.add_remote_candidate(candidate);
                }
            }
            None if p.early.len() < MAX_EARLY => p.early.push(candidate),
            None => {}
        }
    }

    fn own_metadata(&mut self, cx: &mut Cx<'_>, id: ParticipantId, update: proto::UpdateParticipantMetadata) {
        let request_id = update.request_id;
        let Some(p) = self.participants.get(&id) else { return };
        let refusal = if !p.permission.can_update_metadata {
            Some((Reason::NotAllowed, "the token lacks `canUpdateOwnMetadata`"))
        } else {
            let attributes: usize = update.attributes.iter().map(|(k, v)| k.len() + v.len()).sum();
            (update.metadata.len() + attributes > MAX_METADATA || update.name.len() > crate::token::MAX_NAME)
                .then_some((Reason::LimitExceeded, "name, metadata or attributes are too long"))
        };
        if let Some((reason, message)) = refusal {
            let request = proto::request_response::Request::UpdateMetadata(update);
            self.respond(cx, id, request_id, reason, message, Some(request));
            return;
        }
        self.set_metadata(cx, id, &update.name, &update.metadata, &update.attributes);
        self.respond(cx, id, request_id, Reason::Ok, "", None);
    }

    /// Changes what is not empty; an attribute with an empty value is deleted.
    pub(super) fn set_metadata(
        &mut self,
        cx: &mut Cx<'_>,
        id: ParticipantId,
        name: &str,
        metadata: &str,
        attributes: &std::collections::HashMap<String, String>,
    ) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        if !name.is_empty() {
            name.clone_into(&mut p.name);
        }
        if !metadata.is_empty() {
            metadata.clone_into(&mut p.metadata);
        }
        for (key, value) in attributes {
            if value.is_empty() {
                p.attributes.remove(key);
            } else {
                p.attributes.insert(key.clone(), value.clone());
            }
        }
        self.announce(cx, id, None);
    }

    pub(super) fn respond(
        &self,
        cx: &mut Cx<'_>,
        id: ParticipantId,
        request_id: u32,
        reason: Reason,
        message: &str,
        request: Option<proto::request_response::Request>,
    ) {
        let conn = self.participants.get(&id).and_then(|p| p.conn);
        if reason != Reason::Ok {
            cx.settings.ledger.refused(Refused::Request, reason.as_str_name());
        }
        let response = RequestResponse { request_id, reason: reason as i32, message: message.to_owned(), request };
        cx.out.send(conn, Response::RequestResponse(response));
    }

    // === What connections say ===

    pub(crate) fn event(&mut self, cx: &mut Cx<'_>, owner: Owner, key: PeerKey, event: Event) {
        let id = owner.participant;
        match event {
            Event::Packet(packet) => self.packet(cx, id, key, packet),
            Event::Data { channel, data } => self.data(cx, id, channel, &data),
            Event::KeyFrameWanted { mid, .. } => self.key_frame_wanted(cx, id, mid),
            Event::Connected => self.connected(cx, id, owner.role),
            Event::Bandwidth(rate) => self.bandwidth(cx, id, owner.role, rate),
            Event::Transport(stats) => self.path_stats(id, owner.role, &stats),
            Event::Ice(state) => self.ice(id, state, cx.now()),
            Event::Closed => self.path_closed(cx, id, key),
            _ => {}
        }
    }

    fn connected(&mut self, cx: &mut Cx<'_>, id: ParticipantId, role: Role) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        p.path_lost = None;
        let primary = p.way != Way::Two || role == Role::Subscriber;
        if primary && p.state != State::Active {
            p.state = State::Active;
            tracing::info!(room = self.info.name, identity = p.identity(), "media is up");
            self.announce(cx, id, None);
        }
        self.choose_layers(cx, id);
    }

    fn ice(&mut self, id: ParticipantId, state: IceConnectionState, now: Instant) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        match state {
            // Comes also shortly before a connection, so it only starts a clock.
            IceConnectionState::Disconnected => p.path_lost = p.path_lost.or(Some(now)),
            _ => p.path_lost = None,
        }
    }

    fn path_closed(&mut self, cx: &mut Cx<'_>, id: ParticipantId, key: PeerKey) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        if p.publisher != Some(key) && p.subscriber != Some(key) {
            return;
        }
        if p.way.has_signalling() {
            p.path_lost = p.path_lost.or(Some(cx.now()));
        } else {
            self.remove(cx, id, DisconnectReason::ClientInitiated);
        }
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
            self.unsubscribe(cx, id, track);
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

    /// Ends the room.
    pub(crate) fn close(&mut self, cx: &mut Cx<'_>, reason: DisconnectReason) {
        let everybody: Vec<ParticipantId> = self.participants.keys().copied().collect();
        for id in everybody {
            self.remove(cx, id, reason);
        }
        self.closed = true;
        self.next_tick = cx.now();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.closed
    }

    // === Time ===

    pub(crate) fn wake(&self) -> Instant {
        let sections = self.participants.values().filter_map(|p| p.sections_due).min();
        sections.map_or(self.next_tick, |at| at.min(self.next_tick))
    }

    pub(crate) fn tick(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        self.ask_for_sections(cx);
        if now < self.next_tick {
            return;
        }
        if self.participants.is_empty() {
            let since = *self.empty_since.get_or_insert(now);
            let patience = if self.used { self.info.departure_timeout } else { self.info.empty_timeout };
            self.closed |= now.saturating_duration_since(since) >= Duration::from_secs(u64::from(patience));
            self.next_tick = now + Duration::from_secs(1);
            return;
        }
        self.next_tick = now + TICK;
        self.look_after_participants(cx);
        self.look_after_media(cx);
    }

    fn look_after_participants(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        let past = |since: Option<Instant>, limit| since.is_some_and(|at| now.saturating_duration_since(at) > limit);
        let mut gone = Vec::new();
        let mut tokens = Vec::new();
        for p in self.participants.values_mut() {
            if past(p.lost, RESUME_TIME) {
                gone.push((p.id, DisconnectReason::SignalClose));
            } else if p.state != State::Active && past(Some(p.joined), JOIN_TIME) {
                gone.push((p.id, DisconnectReason::JoinFailure));
            } else if past(p.path_lost, PATH_TIME) {
                gone.push((p.id, DisconnectReason::ConnectionTimeout));
            } else if p.token_due <= now {
                tokens.push(p.id);
            }
        }
        for (id, reason) in gone {
            metrics::counter!("artc_room_timeouts_total", "reason" => reason.as_str_name()).increment(1);
            self.remove(cx, id, reason);
        }
        for id in tokens {
            self.refresh_token(cx, id);
        }
        if self.info_due.is_some_and(|at| at <= now) {
            self.info_due = None;
            let update = Response::RoomUpdate(proto::RoomUpdate { room: Some(self.info.clone()) });
            self.tell_all(cx, None, &update);
        }
    }

    /// Sends a token that outlives the one the client came with, for its next reconnect.
    fn refresh_token(&mut self, cx: &mut Cx<'_>, id: ParticipantId) {
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

    // === Telling ===

    pub(super) fn info_of(&self, id: ParticipantId) -> Option<ParticipantInfo> {
        let p = self.participants.get(&id)?;
        let tracks = p.published.iter().filter_map(|t| self.tracks.get(t)).map(|t| t.info.clone()).collect();
        Some(p.info(tracks))
    }

    fn others_of(&self, id: ParticipantId) -> Vec<ParticipantInfo> {
        let others = self.participants.values().filter(|p| p.id != id && !p.is_hidden() && p.way != Way::Whep);
        others.filter_map(|p| self.info_of(p.id)).collect()
    }

    /// Tells everybody what is new about a participant, itself included unless it is `except`.
    pub(super) fn announce(&mut self, cx: &mut Cx<'_>, id: ParticipantId, except: Option<ParticipantId>) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        p.changed();
        let (alone, conn) = (p.is_hidden() || p.way == Way::Whep, p.conn);
        let Some(info) = self.info_of(id) else { return };
        let update = Response::Update(ParticipantUpdate { participants: vec![info] });
        if !alone {
            self.tell_all(cx, except, &update);
        } else if except != Some(id) {
            cx.out.send(conn, update);
        }
    }

    pub(super) fn tell_all(&self, cx: &mut Cx<'_>, except: Option<ParticipantId>, message: &Response) {
        // Encoded once for all.
        let frame = rtc::signal::encode_response(message.clone());
        for p in self.participants.values().filter(|p| Some(p.id) != except) {
            if let Some(conn) = p.conn {
                cx.out.signals.push((conn, super::Signal::Frame(frame.clone())));
            }
        }
    }

    /// Keeps the numbers in the room's description; clients hear of them at most every five seconds.
    pub(super) fn count(&mut self, cx: &Cx<'_>) {
        let visible = self.participants.values().filter(|p| !p.is_hidden() && p.way != Way::Whep);
        self.info.num_participants = visible.clone().count() as u32;
        self.info.num_publishers = visible.filter(|p| !p.published.is_empty()).count() as u32;
        self.info_due = self.info_due.or(Some(cx.at.now + Duration::from_secs(5)));
        metrics::gauge!("artc_room_participants", "room" => self.info.name.clone()).set(self.participants.len() as f64);
    }
}

/// The codecs of this room.
fn codecs() -> Vec<proto::Codec> {
    ["video/H264", "video/rtx", "audio/opus"]
        .map(|mime| proto::Codec { mime: mime.to_owned(), fmtp_line: String::new() })
        .to_vec()
}

fn kind(name: &str, agent: bool) -> i32 {
    use proto::participant_info::Kind;
    let kind = match name {
        "ingress" => Kind::Ingress,
        "egress" => Kind::Egress,
        "sip" => Kind::Sip,
        "agent" => Kind::Agent,
        _ if agent => Kind::Agent,
        _ => Kind::Standard,
    };
    kind as i32
}

fn kind_of(message: &Request) -> &'static str {
    match message {
        Request::UpdateVideoTrack(_) => "update_video_track",
        Request::Simulate(_) => "simulate",
        Request::UnpublishDataTrackRequest(_) => "unpublish_data_track",
        Request::UpdateDataSubscription(_) => "update_data_subscription",
        Request::StoreDataBlobRequest(_) => "store_data_blob",
        Request::GetDataBlobRequest(_) => "get_data_blob",
        _ => "other",
    }
}
