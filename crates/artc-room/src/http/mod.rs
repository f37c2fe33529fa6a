//! The web server beside the room's: logins, tokens, devices and commands to them, recordings. Deny by default: every path but the login, the device's token and
//! the fleet's page wants a key of the configuration, and what is refused is counted.

mod commands;
pub(crate) mod config;
mod devices;
mod failure;
mod keys;
mod limits;
mod login;
mod openapi;
mod page;
mod record;
mod tokens;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use app_state::State;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State as With};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use call_control::Secret;
use failure::Failure;
use keys::Keys;
use limits::Limits;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use web_listener::Peer;

use crate::config::{Config, read_secret};
use crate::fleet::Fleet;
use crate::record::Jobs;
use crate::sign::Signer;
use crate::telemetry;

/// Longest request body.
const MAX_BODY: usize = 64 * 1024;

/// What the requests share.
pub(crate) struct Web {
    config: config::Config,
    signer: Arc<Signer>,
    /// Where channels are, as clients are told.
    address: Option<String>,
    state: State,
    keys: Keys,
    /// Passwords and rooms of those who log in.
    users: BTreeMap<String, (Secret, Vec<String>)>,
    /// Of the broker's accounts, where logging in with them is allowed.
    broker_secret: Option<Secret>,
    requests: Limits,
    logins: Limits,
    jobs: Arc<Jobs>,
    /// Where devices can be reached.
    fleet: Option<Arc<Fleet>>,
    /// Requests for commands that may still come.
    commands: Semaphore,
}

impl Web {
    /// Reads the files that the configuration names.
    ///
    /// # Errors
    /// In words: a file that cannot be read, or is empty.
    pub fn new(
        config: &Config,
        signer: Arc<Signer>,
        address: Option<String>,
        state: State,
        jobs: Arc<Jobs>,
        fleet: Option<Arc<Fleet>>,
    ) -> Result<Self, String> {
        let mut users = BTreeMap::new();
        for (name, user) in &config.http.users {
            let password = read_secret("http.users.NAME.password_file", &user.password_file)?;
            users.insert(name.clone(), (Secret::new(password), user.rooms.clone()));
        }
        let by_broker = !config.http.broker_rooms.is_empty();
        let broker_secret = match config.calls.secret_file.as_ref().filter(|_| by_broker) {
            Some(path) => Some(Secret::new(read_secret("calls.secret_file", path)?)),
            None => None,
        };
        let keys = Keys::read(&config.http)?;
        let per_second = f64::from(config.http.requests_per_second);
        let (requests, logins) = (Limits::new(per_second), Limits::new(per_second / 4.0));
        let commands = Semaphore::new(commands::MAX_REQUESTS);
        let config = config.http.clone();
        Ok(Self { config, signer, address, state, keys, users, broker_secret, requests, logins, jobs, fleet, commands })
    }

    /// All paths.
    pub fn router(self) -> Router {
        let web = Arc::new(self);
        Router::new()
            .route("/app/v1/login", get(login::login).post(login::login).options(login::login))
            .route("/v1/token", post(tokens::for_device))
            .route("/v1/tokens", post(tokens::for_key))
            .route("/v1/device-keys/{device}", put(tokens::put_key).delete(tokens::drop_key))
            .route("/v1/devices", get(devices::list))
            .route("/v1/devices/{client}/picture", get(devices::picture))
            .route("/v1/commands", post(commands::send))
            .route("/v1/openapi.json", get(async || Json(openapi::document())))
            .merge(record::routes())
            .merge(page::routes())
            .fallback(async || Failure::new(StatusCode::NOT_FOUND, "path", "there is no such path"))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .layer(from_fn_with_state(Arc::clone(&web), gate))
            .with_state(web)
    }
}

/// What comes before every request and behind every answer.
async fn gate(With(web): With<Arc<Web>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let path = request.extensions().get::<MatchedPath>().map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let mut response = if web.requests.take(peer) {
        next.run(request).await
    } else {
        telemetry::refused("request", "rate");
        Failure::new(StatusCode::TOO_MANY_REQUESTS, "rate", "too many requests from this address; wait a second").into_response()
    };
    let status = response.status().as_u16().to_string();
    metrics::counter!("artc_server_requests_total", "path" => path, "status" => status).increment(1);
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Reads a body of JSON, strictly.
fn read<T: DeserializeOwned>(what: &'static str, body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|why| Failure::malformed(what, why.to_string()))
}
