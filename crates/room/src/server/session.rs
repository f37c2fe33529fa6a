//! The signalling websocket: who may open it, and carrying its frames to and from the state machine. Not for what they mean.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rtc::signal::{self, SignalError};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Shared;
use super::join::{self, Asked};
use super::routes::{bearer, text, unauthorized};
use crate::core::limits::Rate;
use crate::core::{ConnId, Join, Signal};
use crate::media::Command;
use crate::stats::Refused;
use crate::token::Claims;

/// Frames that wait for a slow client.
const QUEUE: usize = 512;
/// Frames that nobody can read before the websocket is closed.
const MAX_BAD_FRAMES: u32 = 10;
/// Frames a second, five seconds' worth of them in one burst: joining and trickling takes some fifty.
const FRAMES_PER_SECOND: u32 = 100;
/// Bytes read at once. The library fills them with zeros for every read and keeps them for the life of the websocket.
const READ: usize = 4 * 1024;
/// A client that takes nothing for this long while something is to be said is gone: nobody else would notice.
const WRITE_TIME: Duration = Duration::from_secs(10);
/// A client pings every few seconds; one that says nothing for this long is gone.
const SILENCE: Duration = Duration::from_secs(60);

type Parameters = Query<HashMap<String, String>>;

/// `/rtc`: two connections.
pub(super) async fn two(
    State(shared): State<Arc<Shared>>,
    Query(query): Parameters,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let asked = join::from_query(&query);
    open(shared, &query, &headers, Ok(asked), upgrade).await
}

/// `/rtc/v1`: one connection.
pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    Query(query): Parameters,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let asked = join::from_join_request(&query);
    open(shared, &query, &headers, asked, upgrade).await
}

/// `/rtc/validate`: says in words what a browser cannot see of a refused websocket.
pub(super) async fn validate_two(State(shared): State<Arc<Shared>>, Query(query): Parameters, headers: HeaderMap) -> Response {
    validate(&shared, &query, &headers, Ok(join::from_query(&query))).await
}

/// `/rtc/v1/validate`.
pub(super) async fn validate_one(State(shared): State<Arc<Shared>>, Query(query): Parameters, headers: HeaderMap) -> Response {
    validate(&shared, &query, &headers, join::from_join_request(&query)).await
}

async fn validate(
    shared: &Shared,
    query: &HashMap<String, String>,
    headers: &HeaderMap,
    asked: Result<Asked, join::JoinError>,
) -> Response {
    match check(shared, query, headers, asked).await {
        Ok(_) => text(StatusCode::OK, "success"),
        Err(refusal) => refusal,
    }
}

async fn open(
    shared: Arc<Shared>,
    query: &HashMap<String, String>,
    headers: &HeaderMap,
    asked: Result<Asked, join::JoinError>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return text(rejection.into_response().status(), "this address is for websockets"),
    };
    match check(&shared, query, headers, asked).await {
        Err(refusal) => refusal,
        Ok((claims, asked)) => upgrade
            .read_buffer_size(READ)
            .max_message_size(signal::MAX_REQUEST)
            .max_frame_size(signal::MAX_REQUEST)
            .on_upgrade(move |socket| run(shared, socket, claims, asked)),
    }
}

/// Whether the bearer may come in. The token of the header wins over that of the address.
async fn check(
    shared: &Shared,
    query: &HashMap<String, String>,
    headers: &HeaderMap,
    asked: Result<Asked, join::JoinError>,
) -> Result<(Claims, Asked), Response> {
    let token = bearer(headers).or_else(|| query.get("access_token").map(String::as_str));
    let claims = shared.verify(token).map_err(|error| unauthorized(&error))?;
    claims.joins().inspect_err(|error| shared.refuse_token(error)).map_err(|error| unauthorized(&error))?;
    let asked = asked.map_err(|error| {
        shared.ledger.refused(Refused::Join, "request");
        tracing::info!(%error, "join refused");
        text(StatusCode::BAD_REQUEST, error)
    })?;
    shared.admit(&claims).await?;
    Ok((claims, asked))
}

async fn run(shared: Arc<Shared>, mut socket: WebSocket, claims: Claims, asked: Asked) {
    let conn = shared.next_conn();
    let (sender, mut queue) = mpsc::channel(QUEUE);
    let Asked { way, traits, resume, offer, add_tracks, sync } = asked;
    let join = Join { conn, claims, way, traits, resume, offer, add_tracks, sync };
    if shared.commands.send(Command::Join(Box::new(join), sender)).await.is_err() {
        return;
    }
    let closing = exchange(&shared, &mut socket, conn, &mut queue, SILENCE).await;
    // A real close frame: browsers report anything else as an error.
    drop(tokio::time::timeout(Duration::from_secs(1), socket.send(Message::Close(closing))).await);
    drop(shared.commands.send(Command::SignalClosed(conn)).await);
}

/// Carries frames until one side is done, or the client has said nothing for as long as `silence`; says what to close with.
async fn exchange(
    shared: &Shared,
    socket: &mut WebSocket,
    conn: ConnId,
    queue: &mut mpsc::Receiver<Signal>,
    silence: Duration,
) -> Option<CloseFrame> {
    let mut bad = 0;
    let refused = |reason| shared.ledger.refused(Refused::Frame, reason);
    let mut rate = Rate::new(FRAMES_PER_SECOND);
    // Kept from turn to turn: what is said to the client is no sign of life of it.
    let mut heard = Instant::now();
    let close = |code, reason: &'static str| Some(CloseFrame { code, reason: reason.into() });
    loop {
        tokio::select! {
            signal = queue.recv() => match signal {
                Some(Signal::Frame(frame)) => {
                    let sent = tokio::time::timeout(WRITE_TIME, socket.send(Message::Binary(frame))).await;
                    if !matches!(sent, Ok(Ok(()))) {
                        return None;
                    }
                }
                Some(Signal::Close) => return close(close_code::NORMAL, ""),
                // The state machine gave the client up because its queue was full.
                None => return close(close_code::POLICY, "client reads too slowly"),
            },
            message = tokio::time::timeout_at(heard + silence, socket.recv()) => {
                heard = Instant::now();
                let frame = match message {
                    Err(_) => return close(close_code::AWAY, "nothing heard for a minute"),
                    Ok(None | Some(Err(_)) | Some(Ok(Message::Close(_)))) => return None,
                    Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => continue,
                    Ok(Some(Ok(Message::Text(_)))) => {
                        refused("text");
                        return close(close_code::UNSUPPORTED, "this server speaks binary protobuf");
                    }
                    Ok(Some(Ok(Message::Binary(frame)))) => frame,
                };
                if !rate.take(heard.into_std()) {
                    refused("rate");
                    return close(close_code::POLICY, "too many messages");
                }
                match signal::decode_request(&frame) {
                    Ok(request) => {
                        if shared.commands.send(Command::Signal(conn, Box::new(request))).await.is_err() {
                            return close(close_code::AWAY, "server is stopping");
                        }
                    }
                    // Newer than this server; official clients expect that to be ignored.
                    Err(SignalError::Unknown) => refused("unknown"),
                    Err(error) => {
                        refused("malformed");
                        tracing::info!(%error, "signalling frame refused");
                        bad += 1;
                        if bad >= MAX_BAD_FRAMES {
                            return close(close_code::PROTOCOL, "not LiveKit messages");
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use axum::routing::any;
    use futures_util::StreamExt as _;
    use tokio::net::TcpListener;
    use tokio::sync::watch;
    use tokio_tungstenite::tungstenite;

    use super::*;
    use crate::apps::Apps;
    use crate::stats::Ledger;
    use crate::token::{Key, Secret};

    fn shared() -> Shared {
        Shared {
            key: Key::new("key", Secret::random()),
            apps: Apps::default(),
            commands: mpsc::channel(1).0,
            conns: AtomicU64::new(1),
            stopping: watch::channel(false).1,
            links: rtc::local::to_room().0,
            ledger: Arc::new(Ledger::default()),
        }
    }

    #[tokio::test]
    async fn who_says_nothing_is_sent_away_however_much_it_is_told() {
        let speak = |upgrade: WebSocketUpgrade| async {
            upgrade.on_upgrade(|mut socket| async move {
                let (sender, mut queue) = mpsc::channel(QUEUE);
                let telling = tokio::spawn(async move {
                    let mut pause = tokio::time::interval(Duration::from_millis(10));
                    while sender.send(Signal::Frame(bytes::Bytes::from_static(b"news"))).await.is_ok() {
                        pause.tick().await;
                    }
                });
                let closing = exchange(&shared(), &mut socket, ConnId(1), &mut queue, Duration::from_millis(200)).await;
                drop(queue);
                let _ = socket.send(Message::Close(closing)).await;
                let _ = telling.await;
            })
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, axum::Router::new().route("/", any(speak))).await });
        let (mut client, _) = tokio_tungstenite::connect_async(format!("ws://{address}/")).await.unwrap();
        let closed = tokio::time::timeout(Duration::from_secs(20), async {
            let mut told = 0;
            loop {
                match client.next().await {
                    Some(Ok(tungstenite::Message::Close(frame))) => break (told, frame),
                    Some(Ok(_)) => told += 1,
                    other => panic!("{other:?} instead of a close frame"),
                }
            }
        });
        let (told, frame) = closed.await.expect("it is sent away");
        assert!(told > 1, "it was told {told} times");
        assert_eq!(frame.map(|frame| frame.reason.to_string()), Some("nothing heard for a minute".into()));
        serving.abort();
    }
}
