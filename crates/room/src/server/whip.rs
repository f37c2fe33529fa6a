//! WHIP (RFC 9725) and WHEP over HTTP: for publishers and players that speak nothing else. Not for the sessions themselves.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::Shared;
use super::routes::{bearer, open_to_all, preflight, stopping, text};
use crate::core::whip::{Session, SessionError};
use crate::media::{Command, SessionChange, SessionRequest};
use crate::stats::Refused;
use crate::token::{Claims, TokenError};

const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// `POST /whep/ROOM/IDENTITY`: watch what IDENTITY publishes.
pub(super) async fn watch(
    State(shared): State<Arc<Shared>>,
    Path((room, identity)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    make(&shared, room, Some(identity), &headers, &body).await.unwrap_or_else(|refusal| refusal)
}

/// `POST /whip/ROOM`: publish as the identity of the token.
pub(super) async fn publish(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    make(&shared, room, None, &headers, &body).await.unwrap_or_else(|refusal| refusal)
}

/// The session in a path, WHEP's or WHIP's.
#[derive(Deserialize)]
pub(super) struct Named {
    room: String,
    session: String,
}

/// `PATCH` of a session: more candidates.
pub(super) async fn trickle(
    State(shared): State<Arc<Shared>>,
    Path(named): Path<Named>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    change(&shared, named, &headers, Some(&body)).await.unwrap_or_else(|refusal| refusal)
}

/// `DELETE` of a session.
pub(super) async fn end(State(shared): State<Arc<Shared>>, Path(named): Path<Named>, headers: HeaderMap) -> Response {
    change(&shared, named, &headers, None).await.unwrap_or_else(|refusal| refusal)
}

/// Preflight, and what can be posted here.
pub(super) async fn options() -> Response {
    preflight("POST, PATCH, DELETE, OPTIONS", &[(header::HeaderName::from_static("accept-post"), SDP)])
}

async fn make(
    shared: &Shared,
    room: String,
    watch: Option<String>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Response> {
    let claims = authorize(shared, &room, headers)?;
    let offer = typed_text(headers, body, SDP)?;
    shared.admit(&claims).await?;
    let base = match &watch {
        Some(identity) => format!("/whep/{}/{}", segment(&room), segment(identity)),
        None => format!("/whip/{}", segment(&room)),
    };
    let made = shared.ask(|reply| Command::Session(SessionRequest { claims, room, watch, offer }, reply)).await;
    let Session { id, answer, etag } = made.map_err(|error| stopping(&error))?.map_err(|error| refusal(shared, error))?;
    let mut response = open_to_all((StatusCode::CREATED, answer));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(SDP));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("location, etag, accept-patch"));
    headers.insert(header::HeaderName::from_static("accept-patch"), HeaderValue::from_static(FRAGMENT));
    for (name, value) in [(header::LOCATION, format!("{base}/{id}")), (header::ETAG, etag)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

async fn change(shared: &Shared, named: Named, headers: &HeaderMap, fragment: Option<&[u8]>) -> Result<Response, Response> {
    let Named { room, session } = named;
    let claims = authorize(shared, &room, headers)?;
    let etag = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let trickle = match fragment {
        // Any entity tag may be matched only by a restart of ICE.
        Some(_) if etag.as_deref() == Some("*") => {
            return Err(text(StatusCode::UNPROCESSABLE_ENTITY, "ICE restart is not supported: make a new session"));
        }
        Some(body) => Some((etag, typed_text(headers, body, FRAGMENT)?)),
        None => None,
    };
    let ended = trickle.is_none();
    let change = SessionChange { session, identity: claims.sub, trickle };
    let done = shared.ask(|reply| Command::Change(change, reply)).await;
    done.map_err(|error| stopping(&error))?.map_err(|error| refusal(shared, error))?;
    Ok(open_to_all(if ended { StatusCode::OK } else { StatusCode::NO_CONTENT }))
}

#[expect(clippy::result_large_err, reason = "the refusal is the response itself, made once a request")]
fn authorize(shared: &Shared, room: &str, headers: &HeaderMap) -> Result<Claims, Response> {
    let unauthorized = |error: TokenError| {
        let mut response = text(StatusCode::UNAUTHORIZED, error);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        response
    };
    let claims = shared.verify(bearer(headers)).map_err(unauthorized)?;
    match claims.joins_room(room).inspect_err(|error| shared.refuse_token(error)) {
        Ok(_) => Ok(claims),
        Err(error @ TokenError::OtherRoom { .. }) => Err(text(StatusCode::FORBIDDEN, error)),
        Err(error) => Err(unauthorized(error)),
    }
}

/// The body as text, if it is of the type that this request takes.
#[expect(clippy::result_large_err, reason = "the refusal is the response itself, made once a request")]
fn typed_text(headers: &HeaderMap, body: &[u8], wanted: &'static str) -> Result<String, Response> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(wanted) {
        return Err(text(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("send {wanted}, not {kind:?}")));
    }
    std::str::from_utf8(body).map(str::to_owned).map_err(|error| text(StatusCode::BAD_REQUEST, error))
}

fn refusal(shared: &Shared, error: SessionError) -> Response {
    let (status, reason) = match &error {
        SessionError::NothingThere(..) => (StatusCode::NOT_FOUND, "nothing there"),
        SessionError::NoSession => (StatusCode::NOT_FOUND, "no session"),
        SessionError::NotAllowed(_) => (StatusCode::FORBIDDEN, "not allowed"),
        SessionError::Offer(_) | SessionError::NoSections => (StatusCode::BAD_REQUEST, "malformed"),
        SessionError::EntityTag(_) => (StatusCode::PRECONDITION_FAILED, "entity tag"),
    };
    shared.ledger.refused(Refused::Session, reason);
    let mut response = text(status, &error).into_response();
    if matches!(error, SessionError::NothingThere(..)) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

/// A path segment of an address.
fn segment(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}
