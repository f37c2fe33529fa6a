//! The devices that were ever heard at the broker, and how they are: `GET /v1/devices`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
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

#[derive(Serialize)]
pub(super) struct List {
    devices: Vec<Device>,
    /// Ask for those behind this one next.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// A device, as the page shows it.
#[derive(Serialize)]
struct Device {
    client: String,
    state: &'static str,
    /// Since when, in seconds since 1970.
    since: i64,
    seen: i64,
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
    let devices = found.into_iter().map(|one| Device {
        state: if one.here { "online" } else { "offline" },
        client: one.client,
        since: one.since,
        seen: one.seen,
    });
    Ok(Json(List { devices: devices.collect(), after }))
}
