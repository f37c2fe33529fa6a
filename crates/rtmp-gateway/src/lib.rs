//! RTMP in and out of a room: who pushes a stream becomes a participant of its channel, and a participant's stream can be pulled, as the
//! mini program's gateway does. Not for more than that: the room, its tokens and its metrics are the [`Host`]'s.
//!
//! The address is `rtmp://HOST/CHANNEL/STREAM?token=TOKEN`, both ways; `rtmps://` where there is a certificate, and then nothing else. The token is the join token that everybody has; STREAM is the identity of
//! who sends the stream, which is what clients take for its id. One engine joins for each stream, as any user does: H.264 goes
//! through as it is, AAC is decoded on the way in (`sound`) and comes encoded from the engine on the way out.
//!
//! - `address`: what a player or pusher asks for;
//! - `wire`: messages over a connection; `bounds`, `amf`: what of them is too much;
//! - `connection`: the dialogue until somebody is let in, and its end;
//! - `seat`, `roster`: an engine in a channel; who is in by RTMP;
//! - `publish`, `sound`: in; `play`, `pace`: out; `flv`: how both look on the wire.
//!
//! The library is `rtmp-rs`, of which the parts without I/O are used: handshake, chunks, messages, and the payloads of H.264 and AAC. It was chosen
//! over `rml_rtmp` 0.8 (nothing new since 2023; chunks of two messages that take turns break it, and a length that shrinks makes it
//! panic) and `scuffle-rtmp` 0.2 (publishing alone, "may not be stable"). Its own server has no bounds that strangers cannot reach, which is why
//! the connection is ours.
#![forbid(unsafe_code)]

mod address;
mod amf;
mod bounds;
mod connection;
mod flv;
mod host;
mod pace;
mod play;
mod publish;
mod roster;
mod seat;
mod sound;
mod wire;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use artc_bindings::EngineFactory;
pub use host::{Bearer, Host, Kind};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::connection::House;
use crate::roster::Roster;

/// After an error of the listener, which then is the machine's (no descriptors, say).
const PAUSE: Duration = Duration::from_millis(100);

/// What a gateway is made of.
pub struct Gateway {
    /// Where it listens.
    pub listener: TcpListener,
    /// Makes the engine of each stream.
    pub engines: Arc<dyn EngineFactory>,
    /// Whose streams they are.
    pub host: Arc<dyn Host>,
    /// Connections at once; further ones are closed.
    pub connections: usize,
    /// RTMPS by this certificate and key; nothing for RTMP.
    pub tls: Option<TlsAcceptor>,
}

impl Gateway {
    /// Serves until `stopping` says so; then all streams end. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// The listener cannot be used.
    pub async fn serve(self, mut stopping: watch::Receiver<bool>) -> std::io::Result<()> {
        self.listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let seats = Arc::new(Semaphore::new(self.connections));
        let roster = Arc::new(Roster::new(Arc::clone(&self.host)));
        let house = Arc::new(House { engines: self.engines, host: self.host, roster, stopping: stopping.clone(), tls: self.tls });
        let mut guests = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stopping.wait_for(|stop| *stop) => break,
                Some(ended) = guests.join_next() => {
                    if let Err(why) = ended {
                        // Nobody's garbage ends more than their own connection.
                        tracing::error!("an RTMP connection broke: {why}");
                        house.host.refused("broke");
                    }
                    continue;
                }
            };
            let (stream, peer): (_, SocketAddr) = match accepted {
                Ok(accepted) => accepted,
                Err(why) => {
                    tracing::warn!("RTMP connections cannot be accepted: {why}");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&seats).try_acquire_owned() else {
                house.host.refused("connections");
                continue;
            };
            let house = Arc::clone(&house);
            guests.spawn(async move {
                house.serve(stream, peer).await;
                drop(permit);
            });
        }
        while guests.join_next().await.is_some() {}
        Ok(())
    }
}
