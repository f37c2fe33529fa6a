//! What a request of ours is answered that is not carried out.

use app_state::StateError;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::telemetry;

/// An answer that says no.
#[derive(Debug)]
pub(super) struct Failure {
    pub status: StatusCode,
    /// One of a few words, for programs.
    pub error: &'static str,
    /// For people.
    pub message: String,
}

/// Why something was not done.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Refusal")]
pub(super) struct Body {
    /// The status.
    code: u16,
    /// One of a few words, for programs.
    error: &'static str,
    /// For people.
    message: String,
}

impl Failure {
    pub fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self { status, error, message: message.into() }
    }

    /// What was asked for is not what is understood. Counted.
    pub fn malformed(what: &'static str, message: impl Into<String>) -> Self {
        telemetry::refused(what, "malformed");
        Self::new(StatusCode::BAD_REQUEST, "malformed", message)
    }
}

impl From<StateError> for Failure {
    fn from(why: StateError) -> Self {
        tracing::error!("{why}");
        telemetry::refused("request", "state");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "state", "the server cannot keep or find it at the moment; try again")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self { status, error, message } = self;
        (status, Json(Body { code: status.as_u16(), error, message })).into_response()
    }
}
