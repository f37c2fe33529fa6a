//! The app server: a room that devices and browsers join, the calls that bring them there over an MQTT broker, and what apps and people
//! ask for over HTTP.
//!
//! - [`Config`]: the configuration file, which is `artc-room.toml` beside this crate's manifest;
//! - [`Server`]: starting and stopping;
//! - `sign`: join tokens;
//! - `service`: what the broker says, carried out;
//! - `fleet`: commands to devices, over the broker;
//! - `http/`: logins, tokens, devices;
//! - `record/`: recordings, and the callbacks about them;
//! - `rtmp`: streams in and out over RTMP;
//! - `telemetry`: numbers and health.
//!
//! What a call is, is decided in `call-control`; who may join and what is forwarded, in `room`; what outlives the process is kept in
//! `app-state`.
#![forbid(unsafe_code)]

mod clock;
mod config;
mod fleet;
mod http;
mod record;
#[cfg(feature = "rtmp")]
mod rtmp;
mod service;
mod sign;
mod telemetry;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app_state::State;
use call_control::Rules;
pub use config::{Config, Rtmp, Service, State as StateConfig, Telemetry, TokenRule};
use fleet::Fleet;
pub use http::config::{Config as HttpConfig, KeyConfig, Role, UserConfig};
use mixing::Recorders;
use mqtt_link::{Link, Presence};
pub use record::config::Config as RecordConfig;
use record::egress::Egress;
pub use record::egress::Net;
use record::outbox::Outbox;
use record::{Jobs, Parts};
use room::token::{Key, Secret};
pub use service::Counts;
use service::{Commands, Desk, Post, Venue};
use sign::Signer;
pub use telemetry::METRICS;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use web_listener::Site;

/// The group of servers in the documented sample.
const GROUP: &str = "GID_ALIRTC_CTRL_UP";
/// The device part of a server's client id, where the configuration names none.
const DEVICE: &str = "artc-room";
/// How long a call lasts at most: a channel is good for 48 hours by the documents.
const LIFE: Duration = Duration::from_secs(48 * 3600);
/// How long the good-bye to the broker may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// How long it may take to end the files of recordings.
const FILES: Duration = Duration::from_secs(3);

/// Web connections at once: those who use the API, and those who watch it.
const CONNECTIONS: usize = 4096;
const WATCHERS: usize = 16;

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error("{0}")]
    Configuration(String),
    /// The room does not start.
    #[error(transparent)]
    Room(#[from] room::StartError),
    /// What is kept cannot be opened.
    #[error(transparent)]
    State(#[from] app_state::OpenError),
    /// Recordings have no place to go to.
    #[error(transparent)]
    Store(#[from] mixing::OpenError),
    /// The folder where recordings are written cannot be made.
    #[error("`record.work` {folder}: {source}")]
    Work {
        /// Which.
        folder: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A web address is taken, or not this machine's.
    #[error("`{key}` {address}: {source}; choose another, or stop what uses it")]
    Listen {
        /// The key of the configuration.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// A running server.
pub struct Server {
    room: Option<Arc<room::Handle>>,
    counts: Arc<Mutex<Counts>>,
    stop: watch::Sender<bool>,
    stopping: watch::Receiver<bool>,
    http: Option<SocketAddr>,
    telemetry: Option<SocketAddr>,
    rtmp: Option<SocketAddr>,
    tasks: Vec<JoinHandle<()>>,
    jobs: Option<Arc<Jobs>>,
}

/// TLS of a section of the configuration that has both files; nothing where it has neither.
fn acceptor(
    section: &str,
    cert: &Option<PathBuf>,
    key: &Option<PathBuf>,
    protocols: &[&[u8]],
) -> Result<Option<TlsAcceptor>, StartError> {
    let (Some(cert), Some(key)) = (cert, key) else { return Ok(None) };
    web_listener::tls_for(cert, key, protocols).map(Some).map_err(|why| {
        let (cert, key) = (cert.display(), key.display());
        StartError::Configuration(format!("`{section}.tls_cert` {cert}, `{section}.tls_key` {key}: {why}"))
    })
}

impl Server {
    /// Starts the parts that the configuration asks for. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`]. A broker that is away is no error: it is tried for ever.
    pub fn start(config: &Config) -> Result<Self, StartError> {
        Self::start_with(config, None)
    }

    /// As [`Server::start`], with somebody else who records than the configuration says.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start_with(config: &Config, recorders: Option<Arc<dyn Recorders>>) -> Result<Self, StartError> {
        if let Some((key, why)) = config.problems().into_iter().next() {
            return Err(StartError::Configuration(format!("`{key}`: {why}")));
        }
        let path = config.state.path();
        if path.is_none() {
            tracing::info!("no `state.file`: nothing outlives this process");
        }
        let state = State::open(path.as_deref())?;
        let secret = match &config.room.api_secret_file {
            Some(path) => Secret::new(config::read_secret("room.api_secret_file", path).map_err(StartError::Configuration)?),
            None => Secret::random(),
        };
        let key = Key::new(config.room.api_key.clone(), secret.clone());
        let signer = Arc::new(Signer::new(config, key.clone()).map_err(StartError::Configuration)?);
        let room = match config.room.enabled {
            true => Some(Arc::new(room::Server::start_with(config.room.clone(), secret)?)),
            false => None,
        };
        let (stop, stopping) = watch::channel(false);
        let counts = Arc::new(Mutex::new(Counts::default()));
        let mut server =
            Self { room, counts, stop, stopping, http: None, telemetry: None, rtmp: None, tasks: Vec::new(), jobs: None };
        let address = config.service.server.clone().or_else(|| server.room.as_ref().map(|room| room.signal_url()));
        if let Some(listen) = config.telemetry.listen {
            let calls = config.calls.enabled.then(|| Arc::clone(&server.counts));
            let router = telemetry::router(telemetry::Health { state: state.clone(), calls });
            server.telemetry =
                Some(server.serve("telemetry.listen", listen, |listener| {
                    Ok(Site { listener, tls: None, router, connections: WATCHERS })
                })?);
        }
        if let Some(listen) = config.rtmp.listen {
            server.rtmp = Some(server.take_streams(listen, &config.rtmp, (key, address.clone()))?);
        }
        let mut fleet = None;
        if config.calls.enabled {
            let venue = Venue { signer: Arc::clone(&signer), server: address.clone(), room: server.room.clone() };
            fleet = Some(server.take_calls(config, venue, state.clone())?);
        }
        if config.http.enabled {
            let wrong = StartError::Configuration;
            let outbox = Outbox::new(state.clone(), Egress::new(config.record.callbacks_may_reach.clone()));
            let recorders = match recorders {
                Some(recorders) => Some(recorders),
                None => record::recorders::recorders(&config.record, server.room.as_deref(), address.as_deref())?,
            };
            let (jobs_state, jobs_signer) = (state.clone(), Arc::clone(&signer));
            let jobs = Jobs::new(Parts {
                state: jobs_state,
                signer: jobs_signer,
                outbox: outbox.clone(),
                recorders,
                most: config.record.most_jobs,
                bucket: config.record.bucket.clone(),
            });
            server.jobs = Some(Arc::clone(&jobs));
            let router = http::Web::new(config, signer, address, state, Arc::clone(&jobs), fleet).map_err(wrong)?.router();
            server.tasks.push(tokio::spawn(outbox.run(server.stopping.clone())));
            tokio::spawn(async move { jobs.go_on().await });
            let tls = acceptor("http", &config.http.tls_cert, &config.http.tls_key, &[b"http/1.1"])?;
            let site = |listener| Ok(Site { listener, tls, router, connections: CONNECTIONS });
            server.http = Some(server.serve("http.listen", config.http.listen, site)?);
        }
        Ok(server)
    }

    /// The room of this process, where there is one.
    pub fn room(&self) -> Option<&room::Handle> {
        self.room.as_deref()
    }

    /// Where logins, tokens and devices are served.
    pub fn http(&self) -> Option<SocketAddr> {
        self.http
    }

    /// Where numbers and health are served.
    pub fn telemetry(&self) -> Option<SocketAddr> {
        self.telemetry
    }

    /// Where streams are pushed in and pulled out.
    pub fn rtmp(&self) -> Option<SocketAddr> {
        self.rtmp
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        service::lock(&self.counts).clone()
    }

    /// Ends the files of recordings, which go on at the next start, says good-bye to broker and participants, and ends. Takes at most
    /// five seconds.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        if let Some(jobs) = self.jobs.take() {
            // What is not in its place by then goes there at the next start.
            drop(tokio::time::timeout(FILES, jobs.suspend()).await);
        }
        let ended = async {
            for task in self.tasks.drain(..) {
                drop(task.await);
            }
        };
        drop(tokio::time::timeout(2 * GOODBYE, ended).await);
        if let Some(room) = self.room.take().and_then(Arc::into_inner) {
            room.stop().await;
        }
    }

    fn serve(
        &mut self,
        key: &'static str,
        address: SocketAddr,
        site: impl FnOnce(std::net::TcpListener) -> Result<Site, StartError>,
    ) -> Result<SocketAddr, StartError> {
        let listen = |source| StartError::Listen { key, address, source };
        let listener = web_listener::bind(address).map_err(listen)?;
        let bound = listener.local_addr().map_err(listen)?;
        let refused = |why| telemetry::refused("connection", why);
        self.tasks.push(tokio::spawn(web_listener::serve(site(listener)?, self.stopping.clone(), refused)));
        Ok(bound)
    }

    /// RTMP on `address`, at the room of this process or, with the key, at `server`.
    #[cfg(feature = "rtmp")]
    fn take_streams(
        &mut self,
        address: SocketAddr,
        config: &config::Rtmp,
        server: (Key, Option<String>),
    ) -> Result<SocketAddr, StartError> {
        let tls = acceptor("rtmp", &config.tls_cert, &config.tls_key, &[])?;
        let listen = |source| StartError::Listen { key: "rtmp.listen", address, source };
        let listener = web_listener::bind(address).map_err(listen)?;
        let bound = listener.local_addr().map_err(listen)?;
        let gateway = rtmp::gateway(listener, (config.connections as usize, tls), self.room.as_ref(), server);
        let stopping = self.stopping.clone();
        self.tasks.push(tokio::spawn(async move {
            if let Err(why) = gateway.serve(stopping).await {
                tracing::error!("RTMP has ended: {why}");
            }
        }));
        Ok(bound)
    }

    #[cfg(not(feature = "rtmp"))]
    fn take_streams(&mut self, _: SocketAddr, _: &config::Rtmp, _: (Key, Option<String>)) -> Result<SocketAddr, StartError> {
        Err(StartError::Configuration("`rtmp.listen`: this program was built without RTMP".into()))
    }

    fn take_calls(&mut self, config: &Config, venue: Venue, state: State) -> Result<Arc<Fleet>, StartError> {
        let wrong = StartError::Configuration;
        let calls = &config.calls;
        let client = calls.client(GROUP, DEVICE).map_err(|why| wrong(why.to_string()))?;
        let topics = calls.topics().map_err(|why| wrong(why.to_string()))?;
        let path = calls.secret_file.as_ref().ok_or_else(|| wrong("`calls.secret_file` is not set".into()))?;
        let password = config::read_secret("calls.secret_file", path).map_err(StartError::Configuration)?;
        let account = calls.account(&client, &call_control::Secret::new(password));
        let place = calls.place().ok_or_else(|| wrong("`calls.broker` is not set".into()))?;
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
        let post = Post { link, topics };
        let (fleet, orders) = Fleet::new(state.clone());
        let commands = Commands { fleet: Arc::clone(&fleet), orders };
        let desk = Desk::new(post, (config.service.usual(), rules), venue, state, Arc::clone(&self.counts), commands);
        tracing::info!(%client, broker = calls.broker, "taking calls");
        self.tasks.push(tokio::spawn(desk.run(self.stopping.clone())));
        Ok(fleet)
    }
}
