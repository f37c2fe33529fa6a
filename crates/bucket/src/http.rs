//! One request over a connection of its own, and its answer. Nothing is followed, nothing is tried again, and every wait has an end.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::body::Body;
use crate::refusal::Kind;

/// Making a connection may take so long.
const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// No answer that we ask for is longer; a list of parts has some hundred bytes for each of a thousand.
const MOST_ANSWERED: usize = 2 << 20;

/// How a service is reached.
pub(crate) struct Ways {
    pub ca_file: Option<PathBuf>,
    /// It may take no byte and say none for so long.
    pub patience: Duration,
    /// Counts while bodies are sent.
    pub sent: Arc<AtomicU64>,
}

/// What a service answered.
pub(crate) struct Answer {
    pub status: u16,
    pub etag: Option<String>,
    /// Of the object, which a HEAD tells without bringing it.
    pub length: Option<u64>,
    pub body: Bytes,
}

impl Ways {
    fn connect_within(&self) -> Duration {
        self.patience.min(CONNECT_WITHIN)
    }

    /// Sends a request to where `url` says, and there alone. The address is in no error: it holds the signature.
    pub async fn ask(&self, url: &Url, method: Method, body: Body) -> Result<Answer, Kind> {
        let host = url.host().ok_or_else(|| Kind::Unreachable("its address has no host".into()))?;
        let port = url.port_or_known_default().unwrap_or(443);
        let stream = timeout(self.connect_within(), connect(&host, port)).await;
        let stream = stream.map_err(|_| plain(&host, "it does not answer"))?.map_err(|why| plain(&host, &why.to_string()))?;
        let _ = stream.set_nodelay(true);
        if url.scheme() == "http" {
            return self.exchange(TokioIo::new(stream), url, method, body).await;
        }
        let file = self.ca_file.clone();
        let trusted = tokio::task::spawn_blocking(move || tls_trust::client_config(file.as_deref())).await;
        let trusted = trusted.map_err(io::Error::other).and_then(|read| read);
        let trusted = trusted.map_err(|why| match &self.ca_file {
            Some(file) => Kind::Unreachable(format!("`ca_file` {}: {why}", file.display())),
            None => Kind::Unreachable(format!("the system's certificates: {why}")),
        })?;
        let name = ServerName::try_from(bare(&host)).map_err(|_| plain(&host, "that is no name for TLS"))?;
        let secured = timeout(self.connect_within(), TlsConnector::from(Arc::new(trusted)).connect(name, stream)).await;
        let secured = secured.map_err(|_| plain(&host, "no TLS with it: it does not answer"))?;
        let secured = secured.map_err(|why| plain(&host, &format!("no TLS with it: {why}; see `ca_file`")))?;
        self.exchange(TokioIo::new(secured), url, method, body).await
    }

    async fn exchange<S>(&self, io: TokioIo<S>, url: &Url, method: Method, body: Body) -> Result<Answer, Kind>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (mut sender, connection) = http1::handshake(io).await.map_err(|why| told(&why))?;
        // Ends with us, whatever becomes of it.
        let mut connections = JoinSet::new();
        connections.spawn(async move { drop(connection.await) });
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let authority = url
            .port()
            .map_or_else(|| url.host_str().map(str::to_owned), |port| url.host_str().map(|host| format!("{host}:{port}")));
        let request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::HOST, authority.unwrap_or_default())
            .header(header::CONTENT_LENGTH, body.len())
            .body(body.into_http())
            .map_err(|why| Kind::Unreachable(format!("the request cannot be written: {why}")))?;
        let asked = sender.send_request(request);
        tokio::pin!(asked);
        let mut sent = self.sent.load(Ordering::Relaxed);
        let response = loop {
            if let Ok(response) = timeout(self.patience, &mut asked).await {
                break response.map_err(|why| told(&why))?;
            }
            let now = self.sent.load(Ordering::Relaxed);
            if std::mem::replace(&mut sent, now) == now {
                return Err(Kind::Unreachable(format!("it took and said nothing for {} s", self.patience.as_secs_f32())));
            }
        };
        let status = response.status().as_u16();
        let text =
            |name: header::HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (etag, length) = (text(header::ETAG), text(header::CONTENT_LENGTH).and_then(|text| text.parse().ok()));
        let body = timeout(self.patience, Limited::new(response.into_body(), MOST_ANSWERED).collect()).await;
        let body = body.map_err(|_| Kind::Unreachable("its answer did not come to an end".into()))?;
        let body = body.map_err(|why| Kind::Unreachable(format!("its answer broke off: {why}")))?.to_bytes();
        Ok(Answer { status, etag, length, body })
    }
}

async fn connect(host: &Host<&str>, port: u16) -> io::Result<TcpStream> {
    match host {
        Host::Domain(name) => TcpStream::connect((*name, port)).await,
        Host::Ipv4(address) => TcpStream::connect((*address, port)).await,
        Host::Ipv6(address) => TcpStream::connect((*address, port)).await,
    }
}

/// Without the brackets of an address.
fn bare(host: &Host<&str>) -> String {
    match host {
        Host::Domain(name) => (*name).to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

fn plain(host: &Host<&str>, why: &str) -> Kind {
    Kind::Unreachable(format!("{host}: {why}"))
}

/// An error of a connection: what cannot be read here ends the connection, and is nobody else's fault.
fn told(why: &hyper::Error) -> Kind {
    let mut words = why.to_string();
    let mut cause = std::error::Error::source(why);
    while let Some(next) = cause {
        if let Some(io) = next.downcast_ref::<io::Error>().filter(|_| why.is_user()) {
            return Kind::Unreadable(io.to_string());
        }
        let more = next.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = next.source();
    }
    Kind::Unreachable(words)
}
