//! ICE over TCP for viewers whose network lets no UDP through: passive, framed as RFC 4571 says. Not for the web server.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rtc::framing;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::stats::{Ledger, Refused};

/// Connections at once.
const MAX_CONNECTIONS: usize = 128;
/// Packets that wait for a slow connection; what is more is lost, as on UDP.
const QUEUE: usize = 256;
/// A connection that says nothing for this long is dead: ICE checks come every few seconds.
const SILENCE: Duration = Duration::from_secs(30);

/// What connections bring.
pub(super) enum FromTcp {
    Opened { source: SocketAddr, writer: mpsc::Sender<Bytes> },
    Packet { source: SocketAddr, local: SocketAddr, packet: Bytes },
    Closed { source: SocketAddr },
}

/// The connections.
pub(super) struct TcpPort {
    writers: HashMap<SocketAddr, mpsc::Sender<Bytes>>,
    ledger: Arc<Ledger>,
}

impl TcpPort {
    /// Accepts from now on, on the runtime of the caller.
    pub(super) fn start(listener: std::net::TcpListener, events: mpsc::Sender<FromTcp>, ledger: Arc<Ledger>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        tokio::spawn(accept(listener, events));
        Ok(TcpPort { writers: HashMap::new(), ledger })
    }

    pub(super) fn opened(&mut self, source: SocketAddr, writer: mpsc::Sender<Bytes>) {
        if self.writers.len() < MAX_CONNECTIONS {
            self.writers.insert(source, writer);
            metrics::gauge!("artc_room_tcp_connections").set(self.writers.len() as f64);
        } else {
            // Dropping the writer closes the connection.
            self.ledger.refused(Refused::Connection, "too many for media");
        }
    }

    pub(super) fn closed(&mut self, source: SocketAddr) {
        self.writers.remove(&source);
        metrics::gauge!("artc_room_tcp_connections").set(self.writers.len() as f64);
    }

    pub(super) fn drop_stranger(&mut self, source: SocketAddr) {
        if self.writers.remove(&source).is_some() {
            self.ledger.refused(Refused::Connection, "stranger to media");
        }
    }

    pub(super) fn send(&mut self, destination: SocketAddr, packet: &[u8]) {
        let Some(writer) = self.writers.get(&destination) else { return };
        let mut framed = Vec::with_capacity(packet.len() + 2);
        if framing::encode(packet, &mut framed) && writer.try_send(framed.into()).is_ok() {
            self.ledger.sent(1, packet.len() as u64);
        } else {
            self.ledger.dropped(1);
        }
    }
}

async fn accept(listener: TcpListener, events: mpsc::Sender<FromTcp>) {
    loop {
        match listener.accept().await {
            Ok((stream, source)) => {
                let (writer, queue) = mpsc::channel(QUEUE);
                if events.send(FromTcp::Opened { source, writer }).await.is_err() {
                    return;
                }
                tokio::spawn(serve(stream, source, queue, events.clone()));
            }
            Err(error) => {
                // Out of descriptors: give it a moment instead of spinning.
                tracing::warn!(%error, "media connection not accepted");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, source: SocketAddr, queue: mpsc::Receiver<Bytes>, events: mpsc::Sender<FromTcp>) {
    if let Err(error) = exchange(stream, source, queue, &events, SILENCE).await {
        tracing::debug!(%error, %source, "media connection ended");
    }
    drop(events.send(FromTcp::Closed { source }).await);
}

/// Carries packets until one side is done, or the other one has said nothing, or taken nothing, for as long as `silence`.
async fn exchange(
    mut stream: TcpStream,
    source: SocketAddr,
    mut queue: mpsc::Receiver<Bytes>,
    events: &mpsc::Sender<FromTcp>,
    silence: Duration,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?;
    let (mut reader, mut writer) = stream.split();
    let mut decoder = framing::Decoder::default();
    let mut buffer = vec![0; 4096];
    // Kept from turn to turn: what is sent is no sign of life of the other side.
    let mut heard = Instant::now();
    loop {
        tokio::select! {
            read = tokio::time::timeout_at(heard + silence, reader.read(&mut buffer)) => {
                let count = read??;
                heard = Instant::now();
                if count == 0 {
                    return Ok(());
                }
                decoder.push(&buffer[..count]);
                while let Some(packet) = decoder.next_packet().map_err(io::Error::other)? {
                    if events.send(FromTcp::Packet { source, local, packet }).await.is_err() {
                        return Ok(());
                    }
                }
            }
            packet = queue.recv() => match packet {
                Some(packet) => tokio::time::timeout(silence, writer.write_all(&packet)).await??,
                None => return Ok(()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_that_says_nothing_is_closed_whether_or_not_it_takes_what_it_is_sent() {
        for takes in [true, false] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (stream, source) = listener.accept().await.unwrap();
            let (writer, queue) = mpsc::channel(QUEUE);
            let (events, _events) = mpsc::channel(1);
            let taking = tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while takes && matches!(client.read(&mut buffer).await, Ok(1..)) {}
                client
            });
            let sending = tokio::spawn(async move { while writer.send(Bytes::from(vec![0; 1200])).await.is_ok() {} });
            let ended = exchange(stream, source, queue, &events, Duration::from_millis(200));
            let ended = tokio::time::timeout(Duration::from_secs(20), ended).await.expect("it ends by itself");
            assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut, "takes: {takes}");
            sending.await.unwrap();
            drop(taking.await);
        }
    }
}
