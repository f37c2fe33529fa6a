//! The signalling connection: name, TCP, TLS, websocket, each failure told apart; then frames both ways in a task of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use artc_bindings::{ErrorCode, Secret};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{self, Message, http};

use super::address::Address;
use super::error::ConnectError;
use super::tls;
use crate::options::Options;
use crate::session::Connect;
use crate::token;

/// How long one address may take to accept a connection.
const TCP_WITHIN: Duration = Duration::from_secs(4);
/// How long the name service, TLS and the websocket handshake may take, each.
const STEP_WITHIN: Duration = Duration::from_secs(5);
/// Frames that wait at most for the network.
const DEPTH: usize = 256;

/// What became of a connection, or what came over it.
#[derive(Debug)]
pub enum News {
    /// It is open.
    Opened,
    /// It could not be opened.
    Failed(ConnectError),
    /// A frame came.
    Frame(Bytes),
    /// It was closed, with these words.
    Closed(String),
}

/// The shell's end of a connection. Dropping it closes the connection.
pub struct Signal {
    frames: Sender<Bytes>,
    task: JoinHandle<()>,
}

impl Signal {
    /// Begins to connect; news come with the attempt's number.
    pub fn open(options: &Options, connect: Connect, news: Sender<(u64, News)>) -> Self {
        let (frames, outbox) = channel(DEPTH);
        let attempt = connect.attempt;
        let options = options.clone();
        let task = tokio::spawn(async move {
            let closed = match establish(&options, &connect).await {
                Ok(Stream::Plain(stream)) => carry(*stream, outbox, attempt, &news).await,
                Ok(Stream::Tls(stream)) => carry(*stream, outbox, attempt, &news).await,
                Err(error) => News::Failed(error),
            };
            // The shell is gone only when the engine is.
            let _ = news.send((attempt, closed)).await;
        });
        Self { frames, task }
    }

    /// Closes the connection once what waits has been sent, and gives what can be waited for.
    pub fn close(self) -> JoinHandle<()> {
        self.task
    }

    /// Sends a frame. A connection that takes none for so long is dead, which its time-out will tell.
    pub fn send(&self, frame: Bytes) {
        if self.frames.try_send(frame).is_err() {
            metrics::counter!("artc_open_signal_dropped_total").increment(1);
        }
    }
}

enum Stream {
    Plain(Box<WebSocketStream<TcpStream>>),
    Tls(Box<WebSocketStream<tokio_rustls::client::TlsStream<TcpStream>>>),
}

async fn establish(options: &Options, connect: &Connect) -> Result<Stream, ConnectError> {
    let address = super::address::join(&options.url, connect.resume.as_deref())?;
    let connector = if address.tls { Some(tls::connector(options.ca_file.clone()).await?) } else { None };
    let tcp = dial(&address).await?;
    // Small messages that somebody waits for.
    let _ = tcp.set_nodelay(true);
    match connector {
        None => Ok(Stream::Plain(Box::new(upgrade(&address, &connect.token, tcp).await?))),
        Some(config) => {
            let stream = encrypt(&address, config, tcp).await?;
            Ok(Stream::Tls(Box::new(upgrade(&address, &connect.token, stream).await?)))
        }
    }
}

/// Looks whether the server of `options` can be reached and trusted, by the first steps of a join: name, TCP, and TLS where the address
/// asks for it. Says nothing there. Gives the address that took the connection.
pub async fn reach(options: &Options) -> Result<SocketAddr, ConnectError> {
    let address = super::address::join(&options.url, None)?;
    let connector = if address.tls { Some(tls::connector(options.ca_file.clone()).await?) } else { None };
    let tcp = dial(&address).await?;
    let there =
        tcp.peer_addr().map_err(|error| ConnectError::Unreachable { host: address.name(), why: error.kind().to_string() })?;
    if let Some(config) = connector {
        encrypt(&address, config, tcp).await?;
    }
    Ok(there)
}

async fn dial(address: &Address) -> Result<TcpStream, ConnectError> {
    let late = |step, within: Duration| ConnectError::Timeout { host: address.name(), step, seconds: within.as_secs() };
    let looked_up = timeout(STEP_WITHIN, tokio::net::lookup_host((address.host.as_str(), address.port)))
        .await
        .map_err(|_| late("resolve its name", STEP_WITHIN))?;
    let found: Vec<SocketAddr> =
        looked_up.map_err(|e| ConnectError::Name { host: address.host.clone(), why: e.to_string() })?.take(8).collect();
    let mut last = ConnectError::Name { host: address.host.clone(), why: "it has no address".into() };
    for target in found {
        match timeout(TCP_WITHIN, TcpStream::connect(target)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => {
                last = ConnectError::Unreachable { host: address.name(), why: error.kind().to_string() };
            }
            Err(_) => last = late("accept a connection", TCP_WITHIN),
        }
    }
    Err(last)
}

async fn encrypt(
    address: &Address,
    config: Arc<rustls::ClientConfig>,
    tcp: TcpStream,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, ConnectError> {
    let host = address.name();
    let name = ServerName::try_from(address.host.clone())
        .map_err(|e| ConnectError::Address { url: host.clone(), why: e.to_string() })?;
    match timeout(STEP_WITHIN, TlsConnector::from(config).connect(name, tcp)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(tls::explain(&host, &error)),
        Err(_) => Err(ConnectError::Timeout { host, step: "agree on TLS", seconds: STEP_WITHIN.as_secs() }),
    }
}

async fn upgrade<S: AsyncRead + AsyncWrite + Unpin>(
    address: &Address,
    token: &Secret,
    stream: S,
) -> Result<WebSocketStream<S>, ConnectError> {
    let host = address.name();
    let bad = |why: String| ConnectError::Address { url: address.name(), why };
    let mut request = address.url.as_str().into_client_request().map_err(|e| bad(e.to_string()))?;
    let bearer = http::HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|_| ConnectError::TokenRefused { why: "it has characters that no token has".into() })?;
    request.headers_mut().insert(http::header::AUTHORIZATION, bearer);
    let limits = WebSocketConfig::default()
        .max_message_size(Some(rtc::signal::MAX_RESPONSE))
        .max_frame_size(Some(rtc::signal::MAX_RESPONSE));
    let handshake = tokio_tungstenite::client_async_with_config(request, stream, Some(limits));
    match timeout(STEP_WITHIN, handshake).await {
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(error)) => Err(refusal(host, error, token)),
        Err(_) => Err(ConnectError::Timeout { host, step: "answer over HTTP", seconds: STEP_WITHIN.as_secs() }),
    }
}

/// Why the server did not make it a websocket.
fn refusal(host: String, error: tungstenite::Error, token: &Secret) -> ConnectError {
    match error {
        tungstenite::Error::Http(response) => {
            let status = response.status().as_u16();
            let body = response.body().as_deref().unwrap_or_default();
            let body = without_token(&String::from_utf8_lossy(body), token);
            if let Some(code) = documented(&response) {
                return ConnectError::Documented { code, why: if body.is_empty() { code.to_string() } else { body } };
            }
            match status {
                401 | 403 if expired(token) => ConnectError::TokenExpired,
                401 | 403 => ConnectError::TokenRefused { why: if body.is_empty() { "not authorised".into() } else { body } },
                404 if body.contains("room does not exist") => ConnectError::NoRoom { why: body },
                429 | 502..=504 => ConnectError::Busy { host, status },
                _ => ConnectError::NotLiveKit { host, why: format!("it answers /rtc with status {status}") },
            }
        }
        tungstenite::Error::Io(error) => ConnectError::NotLiveKit { host, why: error.kind().to_string() },
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
            ConnectError::NotLiveKit { host, why: "it closes the connection".into() }
        }
        error => ConnectError::NotLiveKit { host, why: error.to_string() },
    }
}

/// The documented number that the server gives for its refusal by name: an unknown app or one that is switched off, a channel whose
/// time is over. Numbers that are not about joins are not believed.
fn documented(response: &http::Response<Option<Vec<u8>>>) -> Option<ErrorCode> {
    let name = response.headers().get("artc-error")?.to_str().ok()?;
    ErrorCode::from_name(name).filter(|code| code.name().starts_with("ERR_JOIN_"))
}

/// The beginning of what a server said, without the token: LiveKit's servers repeat it.
fn without_token(said: &str, token: &Secret) -> String {
    let said = if token.is_empty() { said.to_owned() } else { said.replace(token.expose(), "(token)") };
    // Other encodings of it, or tokens of others: no word of a message of people is that long.
    let words = said.split_whitespace().map(|word| if word.len() > 100 { "(...)" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

pub(super) fn expired(token: &Secret) -> bool {
    let now = u64::try_from(crate::clock::unix_millis() / 1000).unwrap_or(0);
    token::peek(token.expose()).and_then(|claims| claims.expires).is_some_and(|at| at < now)
}

/// Carries frames until one side ends it.
async fn carry<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: WebSocketStream<S>,
    mut outbox: Receiver<Bytes>,
    attempt: u64,
    news: &Sender<(u64, News)>,
) -> News {
    if news.send((attempt, News::Opened)).await.is_err() {
        return News::Closed(String::new());
    }
    loop {
        tokio::select! {
            frame = outbox.recv() => {
                let Some(frame) = frame else {
                    let close = CloseFrame { code: CloseCode::Normal, reason: "".into() };
                    // Whoever does not take our good-bye in a second sees the connection end without it.
                    let _ = timeout(Duration::from_secs(1), stream.close(Some(close))).await;
                    return News::Closed("by us".into());
                };
                if let Err(error) = stream.send(Message::Binary(frame)).await {
                    // A server that has gone may have said why: that is read before the end is told.
                    let said = async { while hear(stream.next().await, attempt, news).await.is_none() {} };
                    let _ = timeout(Duration::from_secs(1), said).await;
                    return News::Closed(error.to_string());
                }
            }
            message = stream.next() => {
                if let Some(end) = hear(message, attempt, news).await {
                    return end;
                }
            }
        }
    }
}

/// Passes on what the server said; the end, where it is one.
async fn hear(message: Option<Result<Message, tungstenite::Error>>, attempt: u64, news: &Sender<(u64, News)>) -> Option<News> {
    match message {
        Some(Ok(Message::Binary(frame))) => {
            news.send((attempt, News::Frame(frame))).await.is_err().then(|| News::Closed(String::new()))
        }
        Some(Ok(Message::Close(frame))) => {
            Some(News::Closed(frame.map_or_else(|| "closed by the server".into(), |f| f.reason.to_string())))
        }
        Some(Ok(_)) => None,
        Some(Err(error)) => Some(News::Closed(error.to_string())),
        None => Some(News::Closed("connection ended".into())),
    }
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    #[tokio::test]
    async fn the_last_words_of_a_server_that_has_gone_are_heard_before_the_end() {
        // Which of the two is looked at first, what is to be sent or what has come, is drawn by lot each time.
        for attempt in 0..64 {
            let (ours, theirs) = tokio::io::duplex(4096);
            let mut server = WebSocketStream::from_raw_socket(theirs, Role::Server, None).await;
            server.send(Message::Binary(Bytes::from_static(b"leave"))).await.unwrap();
            drop(server);
            let client = WebSocketStream::from_raw_socket(ours, Role::Client, None).await;
            let (outbox, waiting) = tokio::sync::mpsc::channel(1);
            outbox.send(Bytes::from_static(b"ping")).await.unwrap();
            let (news, mut told) = tokio::sync::mpsc::channel(4);
            let end = carry(client, waiting, attempt, &news).await;
            assert!(matches!(end, News::Closed(_)));
            drop(news);
            let mut heard = Vec::new();
            while let Some((_, one)) = told.recv().await {
                if let News::Frame(frame) = one {
                    heard.push(frame);
                }
            }
            assert_eq!(heard, [Bytes::from_static(b"leave")], "attempt {attempt}");
        }
    }

    #[test]
    fn what_a_server_says_is_shown_without_the_token_in_it() {
        let token = Secret::new("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW0ifQ.c2lnbmF0dXJl");
        let said = format!("invalid token: {}, error: signature is invalid {}", token.expose(), "x".repeat(500));
        assert_eq!(without_token(&said, &token), "invalid token: (token), error: signature is invalid (...)");
        assert_eq!(without_token(&"no ".repeat(500), &token).len(), 300);
    }
}
