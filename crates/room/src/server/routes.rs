//! Which path goes where, and the headers that all answers share. Not for what happens there.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, patch, post};

use super::{Shared, Stopping, invitation, session, twirp, viewer, whip};
use crate::core::JoinRefused;
use crate::media::Command;
use crate::stats::Refused;
use crate::token::{Claims, TokenError};

/// Longest request body: an SDP, or data to send.
const MAX_BODY: usize = 256 * 1024;

/// All routes.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/rtc", any(session::two))
        .route("/rtc/validate", get(session::validate_two))
        .route("/rtc/v1", any(session::one))
        .route("/rtc/v1/validate", get(session::validate_one))
        .route("/viewer/session", post(invitation::accept))
        .route("/twirp/{service}/{method}", post(twirp::call))
        .route("/whep/{room}/{identity}", post(whip::watch).options(whip::options))
        .route("/whep/{room}/{identity}/{session}", patch(whip::trickle).delete(whip::end).options(whip::options))
        .route("/whip/{room}", post(whip::publish).options(whip::options))
        .route("/whip/{room}/{session}", patch(whip::trickle).delete(whip::end).options(whip::options))
        .fallback(viewer::file)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(shared)
}

/// Lets pages of other origins read the answer: official clients ask from wherever their page came.
pub(super) fn open_to_all(response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// The bearer token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Shared {
    /// Checks a token and counts refusals.
    pub(super) fn verify(&self, token: Option<&str>) -> Result<Claims, TokenError> {
        let token = token.unwrap_or_default();
        let verified = match self.apps.concerns(token) {
            true => self.apps.verify(token, self.wall()),
            false => self.key.verify(token, self.wall()),
        };
        verified.inspect_err(|error| {
            self.refuse_token(error);
        })
    }

    /// Whether somebody with these claims may come in now. Counts and logs refusals.
    pub(super) async fn admit(&self, claims: &Claims) -> Result<(), Response> {
        let admitted = self.ask(|reply| Command::Admit(Box::new(claims.clone()), reply)).await;
        let Err(refused) = admitted.map_err(|error| stopping(&error))? else { return Ok(()) };
        let (status, reason) = match refused {
            JoinRefused::Token(_) => (StatusCode::UNAUTHORIZED, "token"),
            JoinRefused::TooManyRooms(_) => (StatusCode::SERVICE_UNAVAILABLE, "rooms"),
            JoinRefused::RoomFull { .. } => (StatusCode::SERVICE_UNAVAILABLE, "room full"),
            JoinRefused::TooFast(_) => (StatusCode::TOO_MANY_REQUESTS, "rate"),
        };
        self.ledger.refused(Refused::Join, reason);
        tracing::info!(identity = claims.sub, error = %refused, "join refused");
        Err(text(status, refused))
    }

    /// Counts and logs a token that is good for nothing here.
    pub(super) fn refuse_token(&self, error: &TokenError) {
        self.ledger.refused(Refused::Token, reason(error));
        tracing::info!(%error, "token refused");
    }
}

fn reason(error: &TokenError) -> &'static str {
    match error {
        TokenError::Missing => "missing",
        TokenError::Malformed(_) => "malformed",
        TokenError::UnknownKey(_) => "unknown key",
        TokenError::UnknownApp(_) => "unknown app",
        TokenError::Forged(_) | TokenError::ForgedByApp => "forged",
        TokenError::Expired(_) => "expired",
        TokenError::NotYet(_) => "not yet",
        TokenError::OtherRoom { .. } => "other room",
        _ => "grants",
    }
}

/// An answer in words.
pub(super) fn text(status: StatusCode, text: impl std::fmt::Display) -> Response {
    open_to_all((status, text.to_string()))
}

/// The answer of a server that is going.
pub(super) fn stopping(error: &Stopping) -> Response {
    text(StatusCode::SERVICE_UNAVAILABLE, error)
}

/// The answer to a token that does not let in. Which app is unknown has a number of its own in the vendor's documents, so its
/// engines are told by name.
pub(super) fn unauthorized(error: &TokenError) -> Response {
    let mut response = text(StatusCode::UNAUTHORIZED, error);
    if matches!(error, TokenError::UnknownApp(_)) {
        response.headers_mut().insert("artc-error", HeaderValue::from_static("ERR_JOIN_BAD_APPID"));
    }
    response
}

/// Methods and headers of a preflight answer.
pub(super) fn preflight(methods: &'static str, extra: &[(HeaderName, &'static str)]) -> Response {
    let mut response = open_to_all(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type, if-match"));
    for (name, value) in extra {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
