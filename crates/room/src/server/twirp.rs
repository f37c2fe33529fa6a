//! LiveKit's RoomService over Twirp, in protobuf and in JSON. Checks that the token may; what it does is the state machine's.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use prost::Message;
use rtc::proto;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Shared;
use super::routes::bearer;
use crate::core::api::{ApiError, Call, Reply};
use crate::media::Command;
use crate::stats::{Ledger, Refused};
use crate::token::{Claims, TokenError};

/// A Twirp error: its code decides the HTTP status.
struct Failure {
    code: &'static str,
    message: String,
}

fn fail(code: &'static str, message: impl std::fmt::Display) -> Failure {
    Failure { code, message: message.to_string() }
}

impl Failure {
    fn into_response(self, ledger: &Ledger) -> Response {
        let status = match self.code {
            "malformed" | "invalid_argument" => StatusCode::BAD_REQUEST,
            "unauthenticated" => StatusCode::UNAUTHORIZED,
            "permission_denied" => StatusCode::FORBIDDEN,
            "not_found" | "bad_route" => StatusCode::NOT_FOUND,
            "failed_precondition" => StatusCode::PRECONDITION_FAILED,
            "resource_exhausted" => StatusCode::TOO_MANY_REQUESTS,
            "unimplemented" => StatusCode::NOT_IMPLEMENTED,
            "unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        ledger.refused(Refused::Call, self.code);
        let body = serde_json::json!({ "code": self.code, "msg": self.message });
        (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
    }
}

/// Which of the two encodings a caller speaks; it is answered in the same.
#[derive(Clone, Copy, PartialEq)]
enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match kind.split(';').next().unwrap_or_default().trim() {
            "application/protobuf" => Ok(Encoding::Protobuf),
            "application/json" => Ok(Encoding::Json),
            other => Err(fail("bad_route", format!("content type {other:?}: use application/protobuf or application/json"))),
        }
    }

    fn read<T: Message + Default + DeserializeOwned>(self, body: &[u8]) -> Result<T, Failure> {
        match self {
            Encoding::Protobuf => T::decode(body).map_err(|e| fail("malformed", e)),
            Encoding::Json => serde_json::from_slice(body).map_err(|e| fail("malformed", e)),
        }
    }

    fn write<T: Message + Serialize>(self, message: &T) -> Response {
        match self {
            Encoding::Protobuf => ([(header::CONTENT_TYPE, "application/protobuf")], message.encode_to_vec()).into_response(),
            Encoding::Json => axum::Json(message).into_response(),
        }
    }
}

/// `POST /twirp/livekit.RoomService/Method`.
pub(super) async fn call(
    State(shared): State<Arc<Shared>>,
    Path((service, method)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match answer(&shared, &service, &method, &headers, &body).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(&shared.ledger),
    }
}

async fn answer(shared: &Shared, service: &str, method: &str, headers: &HeaderMap, body: &[u8]) -> Result<Response, Failure> {
    if service != "livekit.RoomService" {
        return Err(fail("bad_route", format!("this server has no service {service:?}")));
    }
    let encoding = Encoding::of(headers)?;
    let claims = shared.verify(bearer(headers)).map_err(|error| fail("unauthenticated", error))?;
    let call = read_call(method, encoding, body)?;
    authorize(&claims, &call).map_err(|error| fail("permission_denied", error))?;
    let done = shared.ask(|reply| Command::Call(Box::new(call), reply)).await;
    let reply = done.map_err(|error| fail("unavailable", error))?.map_err(|error| {
        let code = match &error {
            ApiError::NoRoom(_) | ApiError::NoParticipant { .. } | ApiError::NoTrack(_) => "not_found",
            ApiError::NoRemoteUnmute => "failed_precondition",
            ApiError::BadArgument(_) => "invalid_argument",
            ApiError::TooManyRooms(_) => "resource_exhausted",
        };
        fail(code, error)
    })?;
    tracing::info!(method, caller = claims.sub, "RoomService");
    metrics::counter!("artc_room_calls_total").increment(1);
    Ok(write_reply(method, encoding, reply))
}

fn read_call(method: &str, encoding: Encoding, body: &[u8]) -> Result<Call, Failure> {
    Ok(match method {
        "CreateRoom" => Call::CreateRoom(encoding.read(body)?),
        "ListRooms" => Call::ListRooms { names: encoding.read::<proto::ListRoomsRequest>(body)?.names },
        "DeleteRoom" => Call::DeleteRoom { room: encoding.read::<proto::DeleteRoomRequest>(body)?.room },
        "ListParticipants" => Call::ListParticipants { room: encoding.read::<proto::ListParticipantsRequest>(body)?.room },
        "GetParticipant" => {
            let proto::RoomParticipantIdentity { room, identity, .. } = encoding.read(body)?;
            Call::GetParticipant { room, identity }
        }
        "RemoveParticipant" => {
            let proto::RoomParticipantIdentity { room, identity, .. } = encoding.read(body)?;
            Call::RemoveParticipant { room, identity }
        }
        "MutePublishedTrack" => Call::MuteTrack(encoding.read(body)?),
        "UpdateParticipant" => Call::UpdateParticipant(encoding.read(body)?),
        "UpdateSubscriptions" => Call::UpdateSubscriptions(encoding.read(body)?),
        "SendData" => Call::SendData(encoding.read(body)?),
        "UpdateRoomMetadata" => {
            let proto::UpdateRoomMetadataRequest { room, metadata } = encoding.read(body)?;
            Call::UpdateRoomMetadata { room, metadata }
        }
        "ForwardParticipant" | "MoveParticipant" | "PerformRpc" => {
            return Err(fail("unimplemented", format!("this server has no {method}")));
        }
        other => return Err(fail("bad_route", format!("RoomService has no method {other:?}"))),
    })
}

/// Which right each call needs.
fn authorize(claims: &Claims, call: &Call) -> Result<(), TokenError> {
    let grant = claims.video.as_ref().ok_or(TokenError::NoGrant)?;
    let need = |has: bool, name| if has { Ok(()) } else { Err(TokenError::Lacks(name)) };
    match call {
        Call::CreateRoom(_) | Call::DeleteRoom { .. } => need(grant.room_create, "roomCreate"),
        Call::ListRooms { .. } => need(grant.room_list, "roomList"),
        Call::ListParticipants { room }
        | Call::GetParticipant { room, .. }
        | Call::RemoveParticipant { room, .. }
        | Call::UpdateRoomMetadata { room, .. } => claims.administers(room),
        Call::MuteTrack(request) => claims.administers(&request.room),
        Call::UpdateParticipant(request) => claims.administers(&request.room),
        Call::UpdateSubscriptions(request) => claims.administers(&request.room),
        Call::SendData(request) => claims.administers(&request.room),
    }
}

fn write_reply(method: &str, encoding: Encoding, reply: Reply) -> Response {
    match reply {
        Reply::Room(room) => encoding.write(&room),
        Reply::Rooms(rooms) => encoding.write(&proto::ListRoomsResponse { rooms }),
        Reply::Participant(info) => encoding.write(&info),
        Reply::Participants(participants) => encoding.write(&proto::ListParticipantsResponse { participants }),
        Reply::Track(track) => encoding.write(&proto::MuteRoomTrackResponse { track: Some(track) }),
        Reply::Nothing => match method {
            "DeleteRoom" => encoding.write(&proto::DeleteRoomResponse {}),
            "RemoveParticipant" => encoding.write(&proto::RemoveParticipantResponse {}),
            "UpdateSubscriptions" => encoding.write(&proto::UpdateSubscriptionsResponse {}),
            _ => encoding.write(&proto::SendDataResponse {}),
        },
    }
}
