//! The room server from outside: starting it, its addresses, its tokens, stopping it. What is said over HTTP is in the files of
//! this folder.

mod invitation;
mod join;
mod local;
mod rooms;
mod routes;
mod session;
mod twirp;
mod viewer;
mod whip;

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};

use rtc::local::{LinkId, LocalRoom, ToRoom};
use rtc::{Certificate, MediaMode, PeerConfig};
use tokio::sync::{mpsc, oneshot, watch};
use web_listener::TlsError;

use crate::apps::Apps;
use crate::config::Config;
use crate::core::{ConnId, Core, Settings};
use crate::media::{self, Addresses, Command, Sockets};
use crate::stats::{Ledger, Refused, Stats};
use crate::token::{Claims, Key, Secret, TokenError};

/// Commands that wait for the state machine.
const COMMANDS: usize = 1024;
/// Web connections at once, websockets included.
const CONNECTIONS: usize = 512;
/// Where a viewer's bandwidth estimate begins, bit/s.
const START_BITRATE: u64 = 2_500_000;
/// How long open requests may take after [`Handle::stop`].
const GRACE: Duration = Duration::from_millis(500);

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not this machine's, or the port needs privileges.
    #[error("room cannot listen on {what} {address}: change `[room] {key}` or stop what uses it")]
    Bind {
        /// `tcp` or `udp`.
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// The key of the configuration.
        key: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// A file of the configuration cannot be read.
    #[error("room cannot read {path} (`[room] {key}`)")]
    Read {
        /// The file.
        path: PathBuf,
        /// The key of the configuration.
        key: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// A secret's file is empty.
    #[error("room finds no secret in {path} (`[room] {key}`)")]
    NoSecret {
        /// The file.
        path: PathBuf,
        /// The key of the configuration.
        key: &'static str,
    },
    /// Certificate and key do not work.
    #[error("room cannot use certificate {cert} with key {key}: {reason}")]
    Tls {
        /// `[room] tls_cert`.
        cert: PathBuf,
        /// `[room] tls_key`.
        key: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// One of the two is missing.
    #[error("room needs both `[room] tls_cert` and `[room] tls_key`, or neither")]
    HalfTls,
    /// The crypto library failed.
    #[error("room cannot make a DTLS certificate")]
    Certificate,
    /// No thread.
    #[error("room cannot start its media thread")]
    Thread(#[source] io::Error),
}

/// The room server.
#[derive(Debug)]
pub struct Server;

/// What the web server's parts share.
pub(crate) struct Shared {
    pub(crate) key: Key,
    pub(crate) apps: Apps,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) conns: AtomicU64,
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) links: mpsc::Sender<(LinkId, ToRoom)>,
    pub(crate) ledger: Arc<Ledger>,
}

/// Nobody is there to ask any more.
#[derive(Debug, thiserror::Error)]
#[error("the room server is stopping")]
pub(crate) struct Stopping;

impl Shared {
    /// Asks the state machine, and waits for what it says.
    pub(crate) async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Stopping> {
        let (reply, said) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| Stopping)?;
        said.await.map_err(|_| Stopping)
    }

    pub(crate) fn next_conn(&self) -> ConnId {
        ConnId(self.conns.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }

    /// The wall clock, for tokens.
    #[expect(clippy::disallowed_methods, reason = "the web server is a shell; tokens are checked against the wall clock")]
    pub(crate) fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A running server. Dropping it stops it without good-byes; prefer [`Handle::stop`].
pub struct Handle {
    shared: Arc<Shared>,
    http: SocketAddr,
    media: SocketAddr,
    tcp: Option<SocketAddr>,
    tls: bool,
    stop: watch::Sender<bool>,
    web: tokio::task::JoinHandle<()>,
    thread: Option<std::thread::JoinHandle<()>>,
    turns: Arc<AtomicU64>,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("http", &self.http).field("media", &self.media).field("tcp", &self.tcp).finish()
    }
}

impl Server {
    /// Binds what the configuration asks for and starts. Must be called on a tokio runtime, which serves the web part; media has
    /// a thread of its own.
    pub fn start(config: Config) -> Result<Handle, StartError> {
        let secret = match &config.api_secret_file {
            Some(path) => Secret::new(read_text(path, "api_secret_file")?),
            None => Secret::random(),
        };
        Self::start_with(config, secret)
    }

    /// As [`Server::start`], with a secret from elsewhere than a file. Keys of apps come from their files.
    pub fn start_with(config: Config, secret: Secret) -> Result<Handle, StartError> {
        let mut apps = Apps::default();
        for (id, app) in &config.apps {
            apps.add(id, read_text(&app.key_file, "apps.ID.key_file")?);
        }
        let key = Key::new(config.api_key.clone(), secret);
        let tls = match (&config.tls_cert, &config.tls_key) {
            (Some(cert), Some(key)) => Some(web_listener::tls(cert, key).map_err(|why| tls_error(why, cert, key))?),
            (None, None) => None,
            _ => return Err(StartError::HalfTls),
        };
        let encrypted = tls.is_some();
        let web = bind_tcp(config.listen, "listen")?;
        let http = web.local_addr().unwrap_or(config.listen);
        let sockets = bind_media(&config)?;
        let media = SocketAddr::new(config.listen.ip(), sockets.addresses.udp_port);
        let tcp = sockets.addresses.tcp_port.map(|port| SocketAddr::new(config.listen.ip(), port));

        let peers = PeerConfig {
            media: MediaMode::Packets,
            ice_lite: true,
            vp8: true,
            start_bitrate: Some(START_BITRATE),
            statistics: Some(Duration::from_secs(2)),
            certificate: Some(Certificate::generate().ok_or(StartError::Certificate)?),
            ..Default::default()
        };
        let ledger = Arc::new(Ledger::default());
        let settings = Settings {
            key: key.clone(),
            max_rooms: config.max_rooms,
            max_participants: config.max_participants,
            max_joins_per_second: config.max_joins_per_second,
            remote_unmute: config.remote_unmute,
            ledger: Arc::clone(&ledger),
        };
        let (commands, queue) = mpsc::channel(COMMANDS);
        let (links, from_links) = rtc::local::to_room();
        let core = Core::new(settings, peers);
        let turns = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&turns);
        let thread = std::thread::Builder::new()
            .name("artc-room".to_owned())
            .spawn(move || {
                if let Err(error) = media::run(core, sockets, queue, from_links, counted) {
                    tracing::error!(%error, "media of the room has ended");
                }
            })
            .map_err(StartError::Thread)?;
        let (stop, stopping) = watch::channel(false);
        let shared = Arc::new(Shared { key, apps, commands, conns: AtomicU64::new(1), stopping, links, ledger });
        let site =
            web_listener::Site { listener: web, tls, router: routes::router(Arc::clone(&shared)), connections: CONNECTIONS };
        let counted = Arc::clone(&shared.ledger);
        let refused = move |why| counted.refused(Refused::Connection, why);
        let web = tokio::spawn(web_listener::serve(site, shared.stopping.clone(), refused));
        tracing::info!(%http, %media, tls = encrypted, "room listens");
        Ok(Handle { shared, http, media, tcp, tls: encrypted, stop, web, thread: Some(thread), turns })
    }
}

impl Handle {
    /// Address of the web server.
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// Address of media over UDP.
    pub fn media(&self) -> SocketAddr {
        self.media
    }

    /// Address of media over TCP.
    pub fn tcp(&self) -> Option<SocketAddr> {
        self.tcp
    }

    /// The web server's base address as a browser on this machine writes it.
    pub fn url(&self) -> String {
        let address = SocketAddr::new(media::reachable(self.http.ip()), self.http.port());
        format!("{}://{address}", if self.tls { "https" } else { "http" })
    }

    /// The same for LiveKit clients: `ws://` or `wss://`.
    pub fn signal_url(&self) -> String {
        self.url().replacen("http", "ws", 1)
    }

    /// An access token of this server's key, valid from now for `ttl`.
    pub fn mint(&self, claims: Claims, ttl: Duration) -> Result<String, TokenError> {
        self.shared.key.mint(claims, ttl, self.shared.wall())
    }

    /// What a join token says, of LiveKit's rule or of an app, if it is good now. Refusals are counted and logged as of any other way in.
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        self.shared.verify(Some(token))
    }

    /// What the server counts of itself. Cheap: asks nobody.
    pub fn stats(&self) -> Stats {
        self.shared.ledger.read()
    }

    /// The way in for an engine of this process.
    pub fn local(&self) -> Arc<dyn LocalRoom> {
        Arc::new(local::Way(Arc::clone(&self.shared)))
    }

    /// Changes whenever the thread of media turns, every second at least; odd while it waits. For whoever watches that it does not hang.
    pub fn turns(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.turns)
    }

    /// Says good-bye to everybody and ends. Takes at most a second.
    pub async fn stop(mut self) {
        let (done, ended) = oneshot::channel();
        if self.shared.commands.send(Command::Stop(done)).await.is_ok() {
            drop(tokio::time::timeout(GRACE, ended).await);
        }
        let _ = self.stop.send(true);
        if tokio::time::timeout(GRACE, &mut self.web).await.is_err() {
            tracing::warn!("requests to the room were cut off");
            self.web.abort();
        }
        if let Some(thread) = self.thread.take() {
            drop(tokio::task::spawn_blocking(move || thread.join()).await);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if self.thread.is_some() {
            drop(self.shared.commands.try_send(Command::Stop(oneshot::channel().0)));
            self.web.abort();
        }
    }
}

/// The text of a file that holds a secret and nothing else.
fn read_text(path: &Path, key: &'static str) -> Result<String, StartError> {
    let text = std::fs::read_to_string(path).map_err(|source| StartError::Read { path: path.to_owned(), key, source })?;
    let secret = text.trim();
    if secret.is_empty() { Err(StartError::NoSecret { path: path.to_owned(), key }) } else { Ok(secret.to_owned()) }
}

fn bind_tcp(address: SocketAddr, key: &'static str) -> Result<TcpListener, StartError> {
    web_listener::bind(address).map_err(|source| StartError::Bind { what: "tcp", address, key, source })
}

fn tls_error(why: TlsError, cert: &Path, key: &Path) -> StartError {
    match why {
        TlsError::ReadCert(source) => StartError::Read { path: cert.to_owned(), key: "tls_cert", source },
        TlsError::ReadKey(source) => StartError::Read { path: key.to_owned(), key: "tls_key", source },
        TlsError::Unusable(reason) => StartError::Tls { cert: cert.to_owned(), key: key.to_owned(), reason },
    }
}

fn bind_media(config: &Config) -> Result<Sockets, StartError> {
    let ip = config.listen.ip();
    let address = SocketAddr::new(ip, config.media_port);
    let bind = |source| StartError::Bind { what: "udp", address, key: "media_port", source };
    let udp = UdpSocket::bind(address).map_err(bind)?;
    let udp_port = udp.local_addr().map_err(bind)?.port();
    let tcp = config.tcp.then(|| bind_tcp(SocketAddr::new(ip, config.tcp_port), "tcp_port")).transpose()?;
    let tcp_port = tcp.as_ref().and_then(|tcp| tcp.local_addr().ok()).map(|address| address.port());
    let addresses = Addresses { listen: ip, udp_port, tcp_port, external: config.external_ips.clone() };
    Ok(Sockets { udp, tcp, addresses })
}
