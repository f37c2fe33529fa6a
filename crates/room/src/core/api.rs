//! What LiveKit's RoomService asks of the rooms. The caller has checked the token; here it is only done. Not for HTTP.

use rtc::DataChannel;
use rtc::packet;
use rtc::proto::{
    self, CreateRoomRequest, DisconnectReason, MuteRoomTrackRequest, MuteTrackRequest, ParticipantInfo, ParticipantPermission,
    SendDataRequest, TrackInfo, UpdateParticipantRequest, UpdateSubscriptionsRequest, data_packet, data_packet::Value,
};
use rtc::signal::Response;

use super::participant::Way;
use super::room::Room;
use super::{Core, Cx, Moment, ParticipantId};
use crate::token::{MAX_METADATA, MAX_NAME, described};

/// Why a call fails.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("room {0:?} does not exist")]
    NoRoom(String),
    #[error("room {room:?} has no participant {identity:?}")]
    NoParticipant { room: String, identity: String },
    #[error("participant has no track {0:?}")]
    NoTrack(String),
    #[error("unmuting from outside is not allowed on this server: `[room] remote_unmute`")]
    NoRemoteUnmute,
    #[error("{0} is empty or too long")]
    BadArgument(&'static str),
    #[error("the server holds its limit of {0} rooms")]
    TooManyRooms(usize),
}

/// A call.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "travels in a box")]
pub(crate) enum Call {
    CreateRoom(CreateRoomRequest),
    ListRooms { names: Vec<String> },
    DeleteRoom { room: String },
    ListParticipants { room: String },
    GetParticipant { room: String, identity: String },
    RemoveParticipant { room: String, identity: String },
    MuteTrack(MuteRoomTrackRequest),
    UpdateParticipant(UpdateParticipantRequest),
    UpdateSubscriptions(UpdateSubscriptionsRequest),
    SendData(SendDataRequest),
    UpdateRoomMetadata { room: String, metadata: String },
}

/// What a call gives.
#[derive(Debug)]
pub(crate) enum Reply {
    Nothing,
    Room(proto::Room),
    Rooms(Vec<proto::Room>),
    Participant(ParticipantInfo),
    Participants(Vec<ParticipantInfo>),
    Track(TrackInfo),
}

impl Core {
    /// Does what the call says.
    pub(crate) fn call(&mut self, call: Call, at: Moment) -> Result<Reply, ApiError> {
        match call {
            Call::CreateRoom(request) => self.create_room(&request, at),
            Call::ListRooms { names } => {
                let asked = |room: &&Room| names.is_empty() || names.iter().any(|name| name == room.name());
                Ok(Reply::Rooms(self.rooms.values().filter(asked).map(|room| room.info.clone()).collect()))
            }
            Call::DeleteRoom { room } => self.in_room(&room, at, |room, cx| {
                room.close(cx, DisconnectReason::RoomDeleted);
                Ok(Reply::Nothing)
            }),
            Call::ListParticipants { room } => self.in_room(&room, at, |room, _| {
                let listed = room.participants.values().filter(|p| p.way != Way::Whep);
                Ok(Reply::Participants(listed.filter_map(|p| room.info_of(p.id)).collect()))
            }),
            Call::GetParticipant { room, identity } => self.with_participant(&room, &identity, at, |room, _, id| {
                room.info_of(id).map(Reply::Participant).ok_or_else(|| ApiError::NoRoom(room.name().to_owned()))
            }),
            Call::RemoveParticipant { room, identity } => self.with_participant(&room, &identity, at, |room, cx, id| {
                room.remove(cx, id, DisconnectReason::ParticipantRemoved);
                Ok(Reply::Nothing)
            }),
            Call::MuteTrack(request) => {
                self.with_participant(&request.room.clone(), &request.identity.clone(), at, |room, cx, id| {
                    room.hold(cx, id, &request).map(Reply::Track)
                })
            }
            Call::UpdateParticipant(request) => self.update_participant(&request, at),
            Call::UpdateSubscriptions(request) => {
                let (room, identity) = (request.room.clone(), request.identity.clone());
                self.with_participant(&room, &identity, at, |room, cx, id| {
                    let update = proto::UpdateSubscription {
                        track_sids: request.track_sids,
                        subscribe: request.subscribe,
                        participant_tracks: request.participant_tracks,
                    };
                    room.update_subscription(cx, id, &update);
                    Ok(Reply::Nothing)
                })
            }
            Call::SendData(request) => {
                let room = request.room.clone();
                self.in_room(&room, at, |room, cx| room.send_data(cx, &request))
            }
            Call::UpdateRoomMetadata { room, metadata } => {
                if metadata.len() > MAX_METADATA {
                    return Err(ApiError::BadArgument("metadata"));
                }
                self.in_room(&room, at, |room, cx| {
                    room.info.metadata = metadata;
                    let update = Response::RoomUpdate(proto::RoomUpdate { room: Some(room.info.clone()) });
                    room.tell_all(cx, None, &update);
                    Ok(Reply::Room(room.info.clone()))
                })
            }
        }
    }

    fn create_room(&mut self, request: &CreateRoomRequest, at: Moment) -> Result<Reply, ApiError> {
        if request.name.is_empty() || request.name.len() > MAX_NAME {
            return Err(ApiError::BadArgument("name"));
        }
        if request.metadata.len() > MAX_METADATA {
            return Err(ApiError::BadArgument("metadata"));
        }
        if !self.names.contains_key(&request.name) && self.rooms.len() >= self.settings.max_rooms {
            return Err(ApiError::TooManyRooms(self.settings.max_rooms));
        }
        self.room_named(&request.name, at);
        self.in_room(&request.name, at, |room, _| {
            let info = &mut room.info;
            if !request.metadata.is_empty() {
                info.metadata.clone_from(&request.metadata);
            }
            let set = |to: &mut u32, value: u32| {
                if value > 0 {
                    *to = value;
                }
            };
            set(&mut info.empty_timeout, request.empty_timeout);
            set(&mut info.departure_timeout, request.departure_timeout);
            set(&mut info.max_participants, request.max_participants);
            Ok(Reply::Room(info.clone()))
        })
    }

    fn update_participant(&mut self, request: &UpdateParticipantRequest, at: Moment) -> Result<Reply, ApiError> {
        if described(&request.metadata, &request.attributes) > MAX_METADATA {
            return Err(ApiError::BadArgument("metadata"));
        }
        if request.name.len() > MAX_NAME {
            return Err(ApiError::BadArgument("name"));
        }
        self.with_participant(&request.room, &request.identity, at, |room, cx, id| {
            if let Some(permission) = &request.permission {
                room.set_permission(cx, id, permission);
            }
            room.set_metadata(cx, id, &request.name, &request.metadata, &request.attributes);
            room.info_of(id).map(Reply::Participant).ok_or_else(|| ApiError::NoRoom(room.name().to_owned()))
        })
    }

    fn in_room(
        &mut self,
        name: &str,
        at: Moment,
        work: impl FnOnce(&mut Room, &mut Cx<'_>) -> Result<Reply, ApiError>,
    ) -> Result<Reply, ApiError> {
        let missing = || ApiError::NoRoom(name.to_owned());
        let id = *self.names.get(name).ok_or_else(missing)?;
        self.with_room(id, at, work).ok_or_else(missing)?
    }

    fn with_participant(
        &mut self,
        room: &str,
        identity: &str,
        at: Moment,
        work: impl FnOnce(&mut Room, &mut Cx<'_>, ParticipantId) -> Result<Reply, ApiError>,
    ) -> Result<Reply, ApiError> {
        self.in_room(room, at, |inner, cx| match inner.by_identity(identity).map(|p| p.id) {
            Some(id) => work(inner, cx, id),
            None => Err(ApiError::NoParticipant { room: room.to_owned(), identity: identity.to_owned() }),
        })
    }
}

impl Room {
    /// An admin mutes a track: its publisher is asked to, and the room holds its packets back whether it does or not.
    fn hold(&mut self, cx: &mut Cx<'_>, id: ParticipantId, request: &MuteRoomTrackRequest) -> Result<TrackInfo, ApiError> {
        if !request.muted && !cx.settings.remote_unmute {
            return Err(ApiError::NoRemoteUnmute);
        }
        let missing = || ApiError::NoTrack(request.track_sid.clone());
        let track = self.track_by_sid(&request.track_sid).ok_or_else(missing)?;
        let track = self.tracks.get_mut(&track).filter(|track| track.owner == id).ok_or_else(missing)?;
        track.info.muted = request.muted;
        track.held = request.muted;
        let info = track.info.clone();
        let conn = self.participants.get(&id).and_then(|p| p.conn);
        cx.out.send(conn, Response::Mute(MuteTrackRequest { sid: request.track_sid.clone(), muted: request.muted }));
        self.announce(cx, id, None);
        Ok(info)
    }

    /// New rights at run time: what is no longer allowed ends.
    fn set_permission(&mut self, cx: &mut Cx<'_>, id: ParticipantId, permission: &ParticipantPermission) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        p.permission = permission.clone();
        if let Some(grant) = &mut p.claims.video {
            // The refreshed token must say the same.
            grant.set_permission(permission);
        }
        let ended: Vec<_> = p
            .published
            .iter()
            .copied()
            .filter(|track| self.tracks.get(track).is_some_and(|track| !p.may_publish(track.info.source)))
            .collect();
        let conn = p.conn;
        for track in ended {
            let sid = self.tracks.get(&track).map(|track| track.info.sid.clone()).unwrap_or_default();
            self.unpublish(cx, track);
            cx.out.send(conn, Response::TrackUnpublished(proto::TrackUnpublishedResponse { track_sid: sid }));
        }
        self.resubscribe_all(cx);
        self.choose_layers(cx, id);
    }

    fn send_data(&mut self, cx: &mut Cx<'_>, request: &SendDataRequest) -> Result<Reply, ApiError> {
        if request.data.len() > packet::MAX_PACKET - 1024 {
            return Err(ApiError::BadArgument("data"));
        }
        let lossy = request.kind == data_packet::Kind::Lossy as i32;
        let channel = if lossy { DataChannel::Lossy } else { DataChannel::Reliable };
        #[expect(deprecated, reason = "older server SDKs name sids")]
        let to: Vec<String> = request.destination_identities.iter().chain(&request.destination_sids).cloned().collect();
        let user = proto::UserPacket {
            payload: request.data.clone(),
            topic: request.topic.clone(),
            nonce: request.nonce.clone(),
            ..Default::default()
        };
        let bytes = packet::encode(Value::User(user), &to, channel, 0);
        self.deliver(cx, None, &to, channel, &bytes);
        Ok(Reply::Nothing)
    }
}
