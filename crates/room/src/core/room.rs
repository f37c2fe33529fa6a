//! A room: who is in it, what each message and each event of a connection leads to, and what the time brings. What it leads to is in the
//! files beside this one.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rtc::proto::{self, DisconnectReason, participant_info::State, request_response::Reason};
use rtc::signal::{Request, Response};
use rtc::str0m::IceConnectionState;
use rtc::{Event, candidate};

use super::participant::{Participant, Way};
use super::peers::{Owner, PeerKey, Role};
use super::track::{Layer, Track};
use super::{ConnId, Cx, JoinRefused, Moment, ParticipantId, RoomId, TrackId};
use crate::ids;

/// The room looks after itself this often while somebody is in it.
const TICK: Duration = Duration::from_millis(100);
/// A participant without a websocket is kept this long for a resume.
const RESUME_TIME: Duration = Duration::from_secs(20);
/// Whoever joins must have media up by then.
const JOIN_TIME: Duration = Duration::from_secs(60);
/// Whose media path is gone for this long although the websocket lives is told to come again.
const PATH_TIME: Duration = Duration::from_secs(30);
/// A room closes this long after its last participant left.
const DEPARTURE: Duration = Duration::from_secs(20);
/// Candidates kept until the offer they belong to comes.
const MAX_EARLY: usize = 64;

/// A room.
pub(crate) struct Room {
    pub(super) id: RoomId,
    pub(super) info: proto::Room,
    pub(super) participants: BTreeMap<ParticipantId, Participant>,
    pub(super) tracks: BTreeMap<TrackId, Track>,
    pub(super) empty_since: Option<Instant>,
    next_tick: Instant,
    pub(super) next_speakers: Instant,
    pub(super) next_quality: Instant,
    pub(super) next_choice: Instant,
    pub(super) info_due: Option<Instant>,
    /// Somebody has been in.
    pub(super) used: bool,
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

    // === Time ===

    pub(crate) fn wake(&self) -> Instant {
        let sections = self.participants.values().filter_map(|p| p.sections_due);
        let layers = self.tracks.values().flat_map(|track| &track.layers);
        let key_frames = layers.filter_map(Layer::key_waits_until);
        sections.chain(key_frames).fold(self.next_tick, Instant::min)
    }

    pub(crate) fn tick(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        self.ask_for_sections(cx);
        self.ask_for_key_frames(cx);
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

    // === The end ===

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
}

/// The codecs of this room.
pub(super) fn codecs() -> Vec<proto::Codec> {
    ["video/H264", "video/rtx", "audio/opus"]
        .map(|mime| proto::Codec { mime: mime.to_owned(), fmtp_line: String::new() })
        .to_vec()
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
