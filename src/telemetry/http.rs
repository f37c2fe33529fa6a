//! `/metrics`, `/livez` and `/readyz` on a loopback address or a unix socket.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use tokio::{
    net::{TcpListener, UnixListener, UnixStream},
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::{Config, Telemetry, limited::Limited};

/// Connections that are served at once, by each listener.
const CONNECTIONS: usize = 16;

/// Metrics and health could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken or not of this machine.
    #[error("`telemetry.listen` = \"{address}\": {}; choose another, or set `telemetry.http` = false", plain(source))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The socket cannot be made.
    #[error("`telemetry.socket` = \"{}\": {}; choose another path", path.display(), plain(source))]
    Socket {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn plain(why: &io::Error) -> String {
    match why.kind() {
        io::ErrorKind::AddrInUse => "somebody else listens there".into(),
        io::ErrorKind::AddrNotAvailable => "no address of this machine".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::NotFound => "its directory is not there".into(),
        io::ErrorKind::AlreadyExists => "something that is no socket is there".into(),
        _ => why.to_string(),
    }
}

/// Metrics and health being served; dropping it ends that soon and removes the socket, [`Served::end`] ends it at once.
pub struct Served {
    /// Where, when over TCP: with the port that was really taken.
    pub address: Option<SocketAddr>,
    socket: Option<PathBuf>,
    tasks: JoinSet<()>,
}

impl Served {
    /// Ends it; the address is free when this returns, for who starts again with another configuration.
    pub async fn end(mut self) {
        self.tasks.shutdown().await;
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(path) = &self.socket {
            let _ = fs::remove_file(path);
        }
    }
}

pub(super) async fn serve(telemetry: Telemetry, config: &Config) -> Result<Served, ServeError> {
    let mut tasks = JoinSet::new();
    let mut address = None;
    let state = Shared { telemetry: telemetry.clone() };
    let routes = Router::new().route("/metrics", get(metrics)).route("/livez", get(livez)).route("/readyz", get(readyz));
    if config.http {
        let fail = |source| ServeError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(fail)?;
        address = Some(listener.local_addr().map_err(fail)?);
        let routes = routes.clone().layer(middleware::from_fn(web_listener::for_this_machine)).with_state(state.clone());
        tasks.spawn(async move {
            // Ends only with its task.
            let _ = axum::serve(Limited::new(listener, CONNECTIONS), routes).await;
        });
    }
    if let Some(path) = &config.socket {
        let listener = listen(path).await.map_err(|source| ServeError::Socket { path: path.clone(), source })?;
        let routes = routes.with_state(state.clone());
        tasks.spawn(async move {
            let _ = axum::serve(Limited::new(listener, CONNECTIONS), routes).await;
        });
    }
    tasks.spawn(async move {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            second.tick().await;
            state.telemetry.keep_up();
            state.telemetry.health().liveness(now());
        }
    });
    Ok(Served { address, socket: config.socket.clone(), tasks })
}

/// Binds the socket. One that a killed daemon left behind is taken away first; one that answers is not.
async fn listen(path: &Path) -> io::Result<UnixListener> {
    if let Ok(there) = fs::symlink_metadata(path) {
        if !there.file_type().is_socket() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if UnixStream::connect(path).await.is_ok() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

#[derive(Clone)]
struct Shared {
    telemetry: Telemetry,
}

/// `CLOCK_MONOTONIC`, by which the daemon's loops are watched.
fn now() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}

async fn metrics(State(shared): State<Shared>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], shared.telemetry.render_metrics())
}

async fn livez(State(shared): State<Shared>) -> Response {
    let answer = shared.telemetry.health().liveness(now());
    told(answer.live, &answer)
}

async fn readyz(State(shared): State<Shared>) -> Response {
    let answer = shared.telemetry.health().readiness();
    told(answer.ready, &answer)
}

fn told(well: bool, answer: &impl Serialize) -> Response {
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut text = serde_json::to_string_pretty(answer).unwrap_or_default();
    text.push('\n');
    (status, [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], text).into_response()
}
