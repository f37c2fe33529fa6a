//! Accepting web connections, with and without TLS. Not for what is asked over them.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use super::{Shared, StartError};
use crate::stats::Refused;

/// Web connections at once, websockets included.
const MAX_CONNECTIONS: usize = 512;
/// A client must finish its TLS handshake and each request's head by then.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// Reads certificate chain and key.
pub(super) fn tls(cert: &Path, key: &Path) -> Result<TlsAcceptor, StartError> {
    let bad = |reason: String| StartError::Tls { cert: cert.to_owned(), key: key.to_owned(), reason };
    let read = |path: &Path, name: &'static str| {
        std::fs::read(path).map_err(|source| StartError::Read { path: path.to_owned(), key: name, source })
    };
    let (cert_pem, key_pem) = (read(cert, "tls_cert")?, read(key, "tls_key")?);
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
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves until told to stop.
pub(super) async fn serve(listener: std::net::TcpListener, tls: Option<TlsAcceptor>, router: Router, shared: Arc<Shared>) {
    let mut stopping = shared.stopping.clone();
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "web server of the room cannot start"),
    };
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut open = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.changed() => break,
            Some(_) = open.join_next() => continue,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors: give it a moment instead of spinning.
                tracing::warn!(%error, "web connection not accepted");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            shared.ledger.refused(Refused::Connection, "too many");
            continue;
        };
        let (tls, router, shared) = (tls.clone(), router.clone(), Arc::clone(&shared));
        open.spawn(async move {
            if let Err(error) = connection(stream, tls, router, &shared).await {
                tracing::debug!(%error, "web connection ended");
            }
            drop(place);
        });
    }
    while open.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, router: Router, shared: &Shared) -> io::Result<()> {
    let stopping = shared.stopping.clone();
    stream.set_nodelay(true)?;
    match tls {
        None => http(stream, router, stopping).await,
        Some(tls) => {
            let stream = tokio::time::timeout(HEAD_TIME, tls.accept(stream))
                .await
                .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
                .inspect_err(|_| shared.ledger.refused(Refused::Connection, "tls"))?;
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
