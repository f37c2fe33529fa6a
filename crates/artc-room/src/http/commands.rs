//! Commands to one or many devices: `POST /v1/commands`. The device decides whether it carries one out; here is judged who may ask.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use call_control::ClientId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;
use wire::Method;

use super::config::Role;
use super::{Failure, Web, read};
use crate::fleet::{Command, Fleet, Told};
use crate::telemetry;

/// Devices of one request.
const MAX_DEVICES: usize = 200;
/// Requests that are under way at the same time, of all keys.
pub(super) const MAX_REQUESTS: usize = 8;
/// How long an answer is waited for, in milliseconds.
const WAIT_MS: std::ops::RangeInclusive<u32> = 100..=15_000;
const USUAL_WAIT_MS: u32 = 5_000;
const WHAT: &str = "command";

/// A command to one or many devices.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Command")]
pub(super) struct Asked {
    /// Whose: 1 to 200 client ids, each once.
    devices: Vec<String>,
    /// One of the device's methods.
    method: String,
    /// Its parameters, an object.
    #[serde(default)]
    params: Option<serde_json::Map<String, Value>>,
    /// The word that the device gave, for a method that it wants confirmed.
    #[serde(default)]
    confirm: Option<String>,
    /// How long each device is waited for, in milliseconds, 100 to 15000; left out: 5000.
    #[serde(default)]
    wait_ms: Option<u32>,
}

/// What became of a command, device by device, in the order of the request.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Results {
    results: Vec<One>,
}

/// What became of a command at one device.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CommandResult")]
struct One {
    client: String,
    outcome: Outcome,
    /// What the method answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    /// Why the device refuses: `code`, `message` and `data`, as JSON-RPC has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    /// How long its answer took, in milliseconds; 0 where it was not asked.
    ms: u64,
}

/// In a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CommandOutcome")]
enum Outcome {
    /// It was carried out.
    Answered,
    /// The device does not do it, and says why.
    Refused,
    /// The device is not at the broker; it was not asked, and is not later.
    Offline,
    /// It was asked and has not answered in time. Whether it does it nobody knows.
    TimedOut,
    /// No such client was ever heard.
    Unknown,
    /// It was not asked: the broker takes nothing at the moment.
    Unsent,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Offline => "offline",
            Self::TimedOut => "timed_out",
            Self::Unknown => "unknown",
            Self::Unsent => "unsent",
        }
    }
}

impl One {
    fn new(client: &ClientId, outcome: Outcome) -> Self {
        Self { client: client.to_string(), outcome, result: None, error: None, ms: 0 }
    }
}

/// The role that a key must have to ask for it: who may only work with devices does not get more by way of the server.
fn role_for(method: Method) -> Role {
    if method.role() <= wire::Role::Operate { Role::Operate } else { Role::Own }
}

fn malformed(why: impl Into<String>) -> Failure {
    Failure::malformed(WHAT, why)
}

/// Whom it is for, and what it is; who asks must be let in for it.
fn judged(web: &Web, headers: &HeaderMap, body: &Bytes) -> Result<(Vec<ClientId>, Command, String), Failure> {
    web.keys.allow(headers, Role::Operate)?;
    let asked: Asked = read(WHAT, body)?;
    let method = Method::from_name(&asked.method).map_err(|why| malformed(why.message))?;
    if method.is_local() {
        return Err(malformed(format!("{} is answered on the device's own socket only", method.name())));
    }
    let who = web.keys.allow(headers, role_for(method))?.to_owned();
    let wait = asked.wait_ms.unwrap_or(USUAL_WAIT_MS);
    if !WAIT_MS.contains(&wait) {
        return Err(malformed(format!("wait_ms is out of range, {} to {}", WAIT_MS.start(), WAIT_MS.end())));
    }
    let mut devices = Vec::with_capacity(asked.devices.len().min(MAX_DEVICES));
    if !(1..=MAX_DEVICES).contains(&asked.devices.len()) {
        return Err(malformed(format!("devices are 1 to {MAX_DEVICES}")));
    }
    for device in asked.devices {
        let device: ClientId = device.parse().map_err(|why: call_control::NameError| malformed(why.to_string()))?;
        if devices.contains(&device) {
            return Err(malformed(format!("{device} is named twice")));
        }
        devices.push(device);
    }
    let (params, within) = (asked.params.map(Value::Object), Duration::from_millis(wait.into()));
    Ok((devices, Command { method, params, confirm: asked.confirm, within }, who))
}

pub(super) async fn send(State(web): State<Arc<Web>>, headers: HeaderMap, body: Bytes) -> Result<Json<Results>, Failure> {
    let (devices, command, who) = judged(&web, &headers, &body)?;
    let Some(fleet) = &web.fleet else {
        telemetry::refused(WHAT, "broker");
        let text = "there is no broker to reach devices over; set `calls.enabled`";
        return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "broker", text));
    };
    let Ok(_turn) = web.commands.try_acquire() else {
        telemetry::refused(WHAT, "busy");
        let text = format!("{MAX_REQUESTS} requests for commands are under way already; try again");
        return Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, "busy", text));
    };
    let here = web.state.which_are_here(devices.iter().map(ClientId::to_string).collect()).await?;
    let mut results: Vec<Option<One>> = Vec::new();
    let mut asking = JoinSet::new();
    let command = Arc::new(command);
    for (place, (device, here)) in devices.into_iter().zip(here).enumerate() {
        let away = match here {
            Some(true) => None,
            Some(false) => Some(Outcome::Offline),
            None => Some(Outcome::Unknown),
        };
        results.push(away.map(|outcome| One::new(&device, outcome)));
        if away.is_none() {
            let (fleet, command) = (Arc::clone(fleet), Arc::clone(&command));
            asking.spawn(async move { (place, ask(&fleet, device, &command).await) });
        }
    }
    while let Some(done) = asking.join_next().await {
        if let Ok((place, one)) = done {
            results[place] = Some(one);
        }
    }
    let results: Vec<One> = results.into_iter().flatten().collect();
    audit(&who, command.method, &results);
    Ok(Json(Results { results }))
}

async fn ask(fleet: &Fleet, device: ClientId, command: &Command) -> One {
    let began = Instant::now();
    let told = fleet.command(&device, command).await;
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (outcome, result, error) = match told {
        Told::Answered(result) => (Outcome::Answered, Some(result), None),
        Told::Refused(error) => (Outcome::Refused, None, Some(error)),
        Told::TimedOut => (Outcome::TimedOut, None, None),
        Told::Unsent => (Outcome::Unsent, None, None),
    };
    One { result, error, ms, ..One::new(&device, outcome) }
}

/// Who asked for what of whom, and what became of it; the device keeps an audit of its own. Parameters may be secret.
fn audit(who: &str, method: Method, results: &[One]) {
    for one in results {
        let outcome = one.outcome.name();
        metrics::counter!("artc_server_commands_total", "outcome" => outcome).increment(1);
        tracing::info!(target: "artc_room::audit", who, method = method.name(), client = one.client, outcome, ms = one.ms, "command");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_work_with_devices_may_not_change_them() {
        for (method, role) in [
            (Method::DeviceInfo, Role::Operate),
            (Method::CameraSnapshot, Role::Operate),
            (Method::StreamMute, Role::Operate),
            (Method::DeviceReboot, Role::Own),
            (Method::ConfigSet, Role::Own),
            (Method::AuthRevokeKey, Role::Own),
        ] {
            assert_eq!(role_for(method), role, "{}", method.name());
        }
    }
}
