//! Accepting web connections, with and without TLS, for an axum router: so many at once, heads in time, an orderly end.
//!
//! For every web server of ours that strangers may reach. Not for what is asked over the connections.
#![forbid(unsafe_code)]

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// A client must finish its TLS handshake and each request's head by then.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;

/// Who asks, as requests carry it in their extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Why certificate and key are of no use.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The chain's file cannot be read.
    #[error("certificate cannot be read")]
    ReadCert(#[source] io::Error),
    /// The key's file cannot be read.
    #[error("key cannot be read")]
    ReadKey(#[source] io::Error),
    /// They do not work.
    #[error("{0}")]
    Unusable(String),
}

/// A listener that a restart does not keep waiting. Does not block.
///
/// # Errors
/// The address is taken, or not this machine's, or the port needs privileges.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
    // A restart must not wait for the connections of the last run.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(TcpListener::from(socket))
}

/// Reads certificate chain and key, both PEM.
///
/// # Errors
/// [`TlsError`].
pub fn tls(cert: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    tls_for(cert, key, &[b"http/1.1"])
}

/// The same for other protocols than HTTP, by the names that TLS negotiates; none where there is none.
///
/// # Errors
/// [`TlsError`].
pub fn tls_for(cert: &Path, key: &Path, protocols: &[&[u8]]) -> Result<TlsAcceptor, TlsError> {
    let bad = TlsError::Unusable;
    let cert_pem = std::fs::read(cert).map_err(TlsError::ReadCert)?;
    let key_pem = std::fs::read(key).map_err(TlsError::ReadKey)?;
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&cert_pem).collect::<Result<_, _>>().map_err(|e| bad(format!("certificate: {e}")))?;
    if chain.is_empty() {
        return Err(bad("the file holds no certificate".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_slice(&key_pem).map_err(|e| bad(format!("key: {e}")))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|e| bad(e.to_string()))?;
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// What is served, and how much of it.
pub struct Site {
    /// Where, from [`bind`].
    pub listener: TcpListener,
    /// Plain http without it.
    pub tls: Option<TlsAcceptor>,
    /// What answers. Requests carry a [`Peer`].
    pub router: Router,
    /// Connections at once, websockets included.
    pub connections: usize,
}

/// Serves until told to stop. `refused` is told why a connection got no answer: `too many`, `tls`.
pub async fn serve<F>(site: Site, mut stopping: watch::Receiver<bool>, refused: F)
where
    F: Fn(&'static str) + Clone + Send + Sync + 'static,
{
    let listener = match tokio::net::TcpListener::from_std(site.listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "web server cannot start"),
    };
    let places = Arc::new(Semaphore::new(site.connections));
    let mut open = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.changed() => break,
            Some(_) = open.join_next() => continue,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors: give it a moment instead of spinning.
                tracing::warn!(%error, "web connection not accepted");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            refused("too many");
            continue;
        };
        let router = site.router.clone().layer(Extension(Peer(peer)));
        let (tls, stopping, refused) = (site.tls.clone(), stopping.clone(), refused.clone());
        open.spawn(async move {
            if let Err(error) = connection(stream, tls, router, stopping, refused).await {
                tracing::debug!(%error, "web connection ended");
            }
            drop(place);
        });
    }
    while open.join_next().await.is_some() {}
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    stopping: watch::Receiver<bool>,
    refused: impl Fn(&'static str),
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        None => http(stream, router, stopping).await,
        Some(tls) => {
            let stream = tokio::time::timeout(HEAD_TIME, tls.accept(stream))
                .await
                .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
                .inspect_err(|_| refused("tls"))?;
            http(stream, router, stopping).await
        }
    }
}

async fn http<S>(stream: S, router: Router, mut stopping: watch::Receiver<bool>) -> io::Result<()>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_headers(64);
    let serving = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).with_upgrades();
    tokio::pin!(serving);
    tokio::select! {
        done = &mut serving => done.map_err(io::Error::other),
        _ = stopping.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await.map_err(io::Error::other)
        }
    }
}

/// For servers on loopback: refuses requests that came by a name of elsewhere. A web page whose name was made to point here shall not read on.
pub async fn for_this_machine(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
    let name = name.trim_start_matches('[').trim_end_matches(']');
    if name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
        return next.run(request).await;
    }
    (StatusCode::MISDIRECTED_REQUEST, "ask by the loopback address\n").into_response()
}
