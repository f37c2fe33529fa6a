//! ICE over TCP: a connection to an address where the server waits, framed as RFC 4571 says.

use std::net::SocketAddr;

use rtc::framing::{self, Decoder};
use rtc::str0m::net::TcpType;
use rtc::{Candidate, Protocol};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::Sender;

use super::{Outbox, WayNews, carrier};

/// Bytes that are written at once at most, if so many wait.
const BATCH: usize = 16 * 1024;

/// Lives as long as the connection, or until nobody wants it any more.
pub async fn run(id: u64, to: SocketAddr, outbox: Outbox, news: Sender<WayNews>) {
    let why = match exchange(id, to, outbox, &news).await {
        Ok(()) => "done".into(),
        Err(why) => why,
    };
    tracing::debug!(%to, why, "media connection ended");
    // The shell is gone only when the engine is.
    let _ = news.send(WayNews::Closed { id, why }).await;
}

async fn exchange(id: u64, to: SocketAddr, outbox: Outbox, news: &Sender<WayNews>) -> Result<(), String> {
    let stream = carrier::connect(to).await?;
    let local = stream.local_addr().map_err(|e| e.to_string())?;
    let candidate = Candidate::builder().tcp().host(local).tcptype(TcpType::Active).build().map_err(|e| e.to_string())?;
    tracing::debug!(%to, %local, protocol = ?Protocol::Tcp, "media connection open");
    let _ = news.send(WayNews::Open { id, candidate: Box::new(candidate), via: local.ip() }).await;
    let (reader, writer) = stream.into_split();
    tokio::select! {
        done = write(writer, outbox) => done,
        done = read(id, to, reader, news) => done,
    }
}

async fn write(mut writer: OwnedWriteHalf, mut outbox: Outbox) -> Result<(), String> {
    let mut batch = Vec::with_capacity(BATCH);
    while let Some((_, packet)) = outbox.recv().await {
        batch.clear();
        // A packet that is too long for its frame cannot be one of WebRTC's.
        let _ = framing::encode(&packet, &mut batch);
        while batch.len() < BATCH
            && let Ok((_, packet)) = outbox.try_recv()
        {
            let _ = framing::encode(&packet, &mut batch);
        }
        writer.write_all(&batch).await.map_err(|e| e.to_string())?;
    }
    Ok(())
}

async fn read(id: u64, source: SocketAddr, mut reader: OwnedReadHalf, news: &Sender<WayNews>) -> Result<(), String> {
    let mut decoder = Decoder::default();
    let mut buffer = vec![0; BATCH];
    loop {
        let count = reader.read(&mut buffer).await.map_err(|e| e.to_string())?;
        if count == 0 {
            return Err("closed by the server".into());
        }
        decoder.push(&buffer[..count]);
        while let Some(bytes) = decoder.next_packet().map_err(|e| e.to_string())? {
            if news.send(WayNews::Packet { id, source, bytes }).await.is_err() {
                return Ok(());
            }
        }
    }
}
