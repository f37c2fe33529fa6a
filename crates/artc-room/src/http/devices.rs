//! The devices that were ever heard at the broker, and how they are: `GET /v1/devices`, `GET /v1/devices/{client}/picture`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use call_control::message::About;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::config::Role;
use super::{Failure, Web};

/// Devices of one answer.
const PAGE: u32 = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Those behind this one, by client id.
    #[serde(default)]
    after: String,
}

/// Devices by client id, at most 500.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Devices")]
pub(super) struct List {
    devices: Vec<Device>,
    /// Ask for those behind this one next.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// A device, as the page shows it.
#[derive(Serialize, JsonSchema)]
struct Device {
    /// Its client id at the broker.
    client: String,
    /// `online` or `offline`, by its last word or last will.
    state: &'static str,
    /// Since when, in seconds since 1970.
    since: i64,
    /// When it was last heard.
    seen: i64,
    /// What people call it, where it told that.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The version of its program.
    #[serde(skip_serializing_if = "Option::is_none")]
    firmware: Option<String>,
    /// The board that it runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    board: Option<String>,
    /// When its last picture came; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<i64>,
}

impl Device {
    fn of(one: app_state::Device) -> Self {
        let about: Option<About> = one.about.and_then(|about| serde_json::from_str(&about).ok());
        let (name, firmware, board) =
            about.map_or((None, None, None), |about| (Some(about.name), Some(about.firmware), Some(about.board)));
        let state = if one.here { "online" } else { "offline" };
        Self { client: one.client, state, since: one.since, seen: one.seen, name, firmware, board, picture: one.pictured }
    }
}

pub(super) async fn list(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    which: Result<Query<Which>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<List>, Failure> {
    web.keys.allow(&headers, Role::Observe)?;
    let Query(which) = which.map_err(|why| Failure::malformed("request", why.to_string()))?;
    let found = web.state.devices(which.after, PAGE).await?;
    let after = (found.len() == PAGE as usize).then(|| found.last().map(|last| last.client.clone())).flatten();
    Ok(Json(List { devices: found.into_iter().map(Device::of).collect(), after }))
}

/// The last picture that somebody had the device take.
pub(super) async fn picture(
    State(web): State<Arc<Web>>,
    Path(client): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    web.keys.allow(&headers, Role::Observe)?;
    match web.state.picture(client).await? {
        Some(picture) => Ok(([(header::CONTENT_TYPE, "image/jpeg")], picture.jpeg).into_response()),
        None => Err(Failure::new(StatusCode::NOT_FOUND, "unknown", "there is no picture of such a device")),
    }
}
