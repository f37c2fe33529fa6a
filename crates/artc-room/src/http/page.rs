//! The fleet's page: three files of `fleet/`, part of the program. What they show, they ask for with the key that is typed in.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Router, routing::get};

/// Only what came from this server may run, and it may talk to this server only.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src blob:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// The paths.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/fleet", get(async || page(include_str!("fleet/index.html"), "text/html; charset=utf-8")))
        .route("/fleet/fleet.js", get(async || page(include_str!("fleet/fleet.js"), "text/javascript; charset=utf-8")))
        .route("/fleet/fleet.css", get(async || page(include_str!("fleet/fleet.css"), "text/css; charset=utf-8")))
}

fn page(text: &'static str, kind: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
