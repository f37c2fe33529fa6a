//! Join tokens: for a device that signs with its key (`POST /v1/token`), for whoever has a key of the API (`POST /v1/tokens`); and the
//! keys of devices (`/v1/device-keys/{device}`).

use std::sync::Arc;
use std::time::Duration;

use app_state::DeviceKey;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::config::{Role, lets_in};
use super::{Failure, Web, read};
use crate::config::TokenRule;
use crate::sign::{Pass, Signed, TTL};
use crate::{clock, telemetry};

/// How far a device's clock may be from ours, in seconds.
const SKEW: i64 = 120;
/// Most channels of one device.
const MAX_CHANNELS: usize = 64;
const WHAT: &str = "token";

/// What a device asks for. It signs [`DeviceAsks::signed`] with its key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeviceAsksForToken")]
pub(super) struct DeviceAsks {
    device: String,
    channel: String,
    /// Its clock, in seconds since 1970.
    timestamp: i64,
    /// 16 to 64 letters, digits, '-' and '_', never used before.
    nonce: String,
    /// Ed25519, base64 of either alphabet.
    signature: String,
}

impl DeviceAsks {
    /// What is signed: five lines, the last without an end.
    fn signed(&self) -> String {
        let Self { device, channel, timestamp, nonce, .. } = self;
        format!("artc-room token v1\n{device}\n{channel}\n{timestamp}\n{nonce}")
    }
}

/// What somebody with a key asks for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AskForToken")]
pub(super) struct KeyAsks {
    channel: String,
    user: String,
    rule: Option<TokenRule>,
    app: Option<String>,
    /// 1 to 86400.
    ttl_s: Option<u32>,
    publish: Option<bool>,
    subscribe: Option<bool>,
}

/// A device's key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeviceKey")]
pub(super) struct KeyOf {
    key: String,
    channels: Vec<String>,
}

/// A join token, and what clients are told beside it.
#[derive(Serialize, JsonSchema)]
pub(super) struct Token<'a> {
    token: &'a str,
    app: &'a str,
    channel: &'a str,
    user: &'a str,
    session: &'a str,
    nonce: &'a str,
    expires: i64,
    server: Option<&'a str>,
}

fn base64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).or_else(|_| STANDARD.decode(text)).ok()
}

fn told(web: &Web, signed: &Signed, channel: &str, user: &str) -> Response {
    let Signed { token, app_id, session, nonce, timestamp } = signed;
    let server = web.address.as_deref();
    Json(Token { token: token.expose(), app: app_id, channel, user, session, nonce, expires: *timestamp, server }).into_response()
}

pub(super) async fn for_device(State(web): State<Arc<Web>>, body: Bytes) -> Result<Response, Failure> {
    let asks: DeviceAsks = read(WHAT, &body)?;
    let names = [&asks.device, &asks.channel, &asks.nonce].into_iter().all(|name| join_token::is_name(name));
    if !names || asks.nonce.len() < 16 {
        let text = "device, channel and nonce are 1 to 64 of A-Z, a-z, 0-9, '_' and '-'; the nonce at least 16";
        return Err(Failure::malformed(WHAT, text));
    }
    // What is wrong is not told apart: it would say which devices there are.
    let refuse = |why: &'static str| {
        telemetry::refused(WHAT, why);
        let text = "key, signature, clock or channel are not those of a device that may; each nonce is good once";
        Failure::new(StatusCode::FORBIDDEN, "device", text)
    };
    let now = clock::seconds();
    if asks.timestamp.abs_diff(now) > SKEW.unsigned_abs() {
        return Err(refuse("clock"));
    }
    let known = web.state.key_of(asks.device.clone()).await?.ok_or_else(|| refuse("unknown"))?;
    let (key, signature) = (base64(&known.key).unwrap_or_default(), base64(&asks.signature).unwrap_or_default());
    if UnparsedPublicKey::new(&ED25519, key).verify(asks.signed().as_bytes(), &signature).is_err() {
        return Err(refuse("signature"));
    }
    let channels: Vec<String> = serde_json::from_str(&known.channels).unwrap_or_default();
    if !lets_in(&channels, &asks.channel) {
        return Err(refuse("channel"));
    }
    // Only what was signed by the device uses a nonce up, so that nobody fills the state.
    if !web.state.use_nonce(asks.device.clone(), asks.nonce.clone(), now, asks.timestamp + SKEW).await? {
        return Err(refuse("replayed"));
    }
    let signed = web.signer.sign(Pass::usual(&asks.channel, &asks.device), clock::now()).map_err(unsigned)?;
    tracing::info!(device = asks.device, channel = asks.channel, "a device got a token");
    Ok(told(&web, &signed, &asks.channel, &asks.device))
}

fn unsigned(why: String) -> Failure {
    telemetry::refused(WHAT, "rule");
    Failure::new(StatusCode::BAD_REQUEST, "rule", why)
}

pub(super) async fn for_key(State(web): State<Arc<Web>>, headers: HeaderMap, body: Bytes) -> Result<Response, Failure> {
    let who = web.keys.allow(&headers, Role::Operate)?;
    let asks: KeyAsks = read(WHAT, &body)?;
    let KeyAsks { channel, user, ttl_s, .. } = &asks;
    if !join_token::is_name(channel) || !join_token::is_name(user) {
        return Err(Failure::malformed(WHAT, "channel and user are 1 to 64 of A-Z, a-z, 0-9, '_' and '-'"));
    }
    let ttl = Duration::from_secs(ttl_s.map_or(TTL.as_secs(), u64::from));
    if ttl.is_zero() || ttl > TTL {
        return Err(Failure::malformed(WHAT, "ttl_s is out of range, 1 to 86400"));
    }
    let mut pass = Pass { ttl, ..Pass::usual(channel, user) };
    (pass.grant.can_publish, pass.grant.can_subscribe) = (asks.publish, asks.subscribe);
    let signed = match asks.rule {
        None => web.signer.sign(pass, clock::now()),
        Some(rule) => web.signer.sign_by(rule, asks.app.as_deref(), pass, clock::now()),
    };
    let signed = signed.map_err(unsigned)?;
    tracing::info!(who, channel, user, "a token was signed");
    Ok(told(&web, &signed, channel, user))
}

pub(super) async fn put_key(
    State(web): State<Arc<Web>>,
    Path(device): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Failure> {
    let who = web.keys.allow(&headers, Role::Own)?;
    let KeyOf { key, channels } = read(WHAT, &body)?;
    let rooms = channels.iter().all(|room| room == "*" || join_token::is_name(room.strip_suffix('*').unwrap_or(room)));
    if !join_token::is_name(&device) || !rooms || channels.len() > MAX_CHANNELS {
        let text =
            "a device's name, and at most 64 channels, each 1 to 64 of A-Z, a-z, 0-9, '_' and '-', perhaps with a '*' behind";
        return Err(Failure::malformed(WHAT, text));
    }
    if base64(&key).is_none_or(|bytes| bytes.len() != 32) {
        return Err(Failure::malformed(WHAT, "key is no public key of Ed25519: 32 bytes in base64"));
    }
    let channels = serde_json::to_string(&channels).unwrap_or_default();
    web.state.put_key(DeviceKey { device: device.clone(), key, channels }).await?;
    tracing::info!(who, device, "a device's key was set");
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn drop_key(
    State(web): State<Arc<Web>>,
    Path(device): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Failure> {
    let who = web.keys.allow(&headers, Role::Own)?;
    if !web.state.drop_key(device.clone()).await? {
        return Err(Failure::new(StatusCode::NOT_FOUND, "unknown", "no such device has a key"));
    }
    tracing::info!(who, device, "a device's key was taken away");
    Ok(StatusCode::NO_CONTENT)
}
