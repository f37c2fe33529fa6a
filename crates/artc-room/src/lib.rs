//! The app server: a room that devices and browsers join, and the calls that bring them there, over an MQTT broker.
//!
//! - [`Config`]: the configuration file, which is `artc-room.toml` beside this crate's manifest;
//! - [`Server`]: starting and stopping;
//! - `sign`: tokens for those who are called;
//! - `service`: what the broker says, carried out.
//!
//! What a call is, is decided in `call-control`; who may join and what is forwarded, in `room`. Not for keeping anything: calls end with
//! the process, and the clients' next `create` makes new ones.
#![forbid(unsafe_code)]

mod config;
mod service;
mod sign;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use call_control::Rules;
pub use config::{Config, Service, TokenRule};
use mqtt_link::{Link, Presence};
use room::token::{Key, Secret};
pub use service::Counts;
use service::Desk;
use sign::Signer;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The group of servers in the documented sample.
const GROUP: &str = "GID_ALIRTC_CTRL_UP";
/// The device part of a server's client id, where the configuration names none.
const DEVICE: &str = "artc-room";
/// How long a call lasts at most: a channel is good for 48 hours by the documents.
const LIFE: Duration = Duration::from_secs(48 * 3600);
/// How long the good-bye to the broker may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error("{0}")]
    Configuration(String),
    /// The room does not start.
    #[error(transparent)]
    Room(#[from] room::StartError),
}

/// A running server.
pub struct Server {
    room: Option<Arc<room::Handle>>,
    counts: Arc<Mutex<Counts>>,
    stop: watch::Sender<bool>,
    desk: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts the parts that the configuration asks for. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`]. A broker that is away is no error: it is tried for ever.
    pub fn start(config: &Config) -> Result<Self, StartError> {
        if let Some((key, why)) = config.problems().into_iter().next() {
            return Err(StartError::Configuration(format!("`{key}`: {why}")));
        }
        let secret = match &config.room.api_secret_file {
            Some(path) => Secret::new(config::read_secret("room.api_secret_file", path).map_err(StartError::Configuration)?),
            None => Secret::random(),
        };
        let room = match config.room.enabled {
            true => Some(Arc::new(room::Server::start_with(config.room.clone(), secret.clone())?)),
            false => None,
        };
        let (stop, stopping) = watch::channel(false);
        let counts = Arc::new(Mutex::new(Counts::default()));
        let mut server = Self { room, counts, stop, desk: None };
        if config.calls.enabled {
            server.desk = Some(server.take_calls(config, secret, stopping)?);
        }
        Ok(server)
    }

    /// The room of this process, where there is one.
    pub fn room(&self) -> Option<&room::Handle> {
        self.room.as_deref()
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        service::lock(&self.counts).clone()
    }

    /// Says good-bye to broker and participants, and ends. Takes at most two seconds.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        if let Some(desk) = self.desk.take() {
            drop(tokio::time::timeout(2 * GOODBYE, desk).await);
        }
        if let Some(room) = self.room.take().and_then(Arc::into_inner) {
            room.stop().await;
        }
    }

    fn take_calls(&self, config: &Config, secret: Secret, stopping: watch::Receiver<bool>) -> Result<JoinHandle<()>, StartError> {
        let wrong = StartError::Configuration;
        let calls = &config.calls;
        let client = calls.client(GROUP, DEVICE).map_err(|why| wrong(why.to_string()))?;
        let topics = calls.topics().map_err(|why| wrong(why.to_string()))?;
        let path = calls.secret_file.as_ref().ok_or_else(|| wrong("`calls.secret_file` is not set".into()))?;
        let password = config::read_secret("calls.secret_file", path).map_err(StartError::Configuration)?;
        let account = calls.account(&client, &call_control::Secret::new(password));
        let place = calls.place().ok_or_else(|| wrong("`calls.broker` is not set".into()))?;
        let signer = Signer::new(config, Key::new(config.room.api_key.clone(), secret)).map_err(StartError::Configuration)?;
        let address = config.service.server.clone().or_else(|| self.room.as_ref().map(|room| room.signal_url()));
        let link = Link::start(mqtt_link::Options {
            host: place.host,
            port: place.port,
            tls: place.tls,
            ca_file: calls.ca_file.clone(),
            client_id: client.to_string(),
            user: account.user,
            password: account.password.expose().to_owned(),
            listen: topics.for_server(),
            presence: Some(Presence {
                topic: topics.presence(&client),
                here: call_control::message::presence(true).into(),
                gone: call_control::message::presence(false).into(),
            }),
            seed: rand::random(),
        });
        let rules = Rules { ring: Some(Duration::from_secs(config.service.ring_s.into())), life: LIFE };
        let desk =
            Desk::new(link, topics, config.service.usual(), rules, signer, address, self.room.clone(), Arc::clone(&self.counts));
        tracing::info!(%client, broker = calls.broker, "taking calls");
        Ok(tokio::spawn(desk.run(stopping)))
    }
}
