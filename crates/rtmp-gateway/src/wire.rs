//! Messages over a connection: the handshake, chunks, and what the protocol says to itself. Knows nothing of streams.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rtmp_rs::protocol::chunk::{ChunkDecoder, ChunkEncoder, RtmpChunk};
use rtmp_rs::protocol::constants::{
    CSID_AUDIO, CSID_COMMAND, CSID_PROTOCOL_CONTROL, CSID_VIDEO, HANDSHAKE_SIZE, MSG_ABORT, MSG_ACKNOWLEDGEMENT, MSG_AUDIO,
    MSG_COMMAND_AMF0, MSG_COMMAND_AMF3, MSG_SET_CHUNK_SIZE, MSG_USER_CONTROL, MSG_VIDEO, MSG_WINDOW_ACK_SIZE,
};
use rtmp_rs::protocol::message::{Command, RtmpMessage, UserControlEvent};
use rtmp_rs::protocol::{Handshake, HandshakeRole};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::amf;
use crate::bounds::{Bounds, TooMuch};

/// Longest message of somebody who is not let in yet.
const OUTSIDE: usize = 16 * 1024;
/// Longest picture of somebody who is: a key frame of 1920x1080 has a tenth of it.
const INSIDE: usize = 2 * 1024 * 1024;
/// Chunks that we send: what the standard advises at most.
const CHUNK: u32 = 65_536;
/// Bytes after which either side says how many came.
const WINDOW: u32 = 2_500_000;
/// A peer that takes nothing for so long is gone.
const SLOW: Duration = Duration::from_secs(10);
/// After the last word the peer gets so long to read it.
const GOODBYE: Duration = Duration::from_secs(2);

/// Why a connection cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("the peer has closed the connection")]
    Closed,
    #[error("the connection is lost: {0}")]
    Lost(#[from] io::Error),
    #[error("the peer takes nothing any more")]
    Slow,
    #[error("no RTMP: {0}")]
    Garbage(String),
    #[error("{0}")]
    TooMuch(#[from] TooMuch),
}

impl Broken {
    /// The word that it is counted by; none where nobody did anything wrong.
    pub(crate) fn word(&self) -> Option<&'static str> {
        match self {
            Self::Closed | Self::Lost(_) => None,
            Self::Slow => Some("slow"),
            Self::Garbage(_) => Some("garbage"),
            Self::TooMuch(_) => Some("too much"),
        }
    }
}

impl From<rtmp_rs::error::Error> for Broken {
    fn from(error: rtmp_rs::error::Error) -> Self {
        Self::Garbage(error.to_string())
    }
}

/// What a peer says.
#[derive(Debug)]
pub(crate) enum Said {
    Command(Command),
    /// A tag of sound: its time in milliseconds, modulo 2^32, and its bytes.
    Sound(u32, Bytes),
    /// A tag of video, likewise.
    Video(u32, Bytes),
}

/// What carries bytes both ways: a connection, or TLS over one.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// See the module.
pub(crate) struct Wire {
    stream: Box<dyn Stream>,
    input: BytesMut,
    output: BytesMut,
    decoder: ChunkDecoder,
    encoder: ChunkEncoder,
    bounds: Bounds,
    /// Bytes that came, modulo 2^32, and those of them that we told of.
    came: u32,
    told: u32,
    /// After so many the peer wants to be told.
    window: u32,
}

impl Wire {
    /// Shakes hands. Whoever calls it bounds its time.
    pub(crate) async fn accept(mut stream: Box<dyn Stream>) -> Result<Self, Broken> {
        let mut handshake = Handshake::new(HandshakeRole::Server);
        handshake.generate_initial();
        for len in [1 + HANDSHAKE_SIZE, HANDSHAKE_SIZE] {
            let mut bytes = vec![0; len];
            // The version comes first, and what has another is told from RTMP by it.
            stream.read_exact(&mut bytes[..1]).await.map_err(ended)?;
            if len > HANDSHAKE_SIZE && bytes[0] != 3 {
                return Err(Broken::Garbage(format!("version {} of the handshake", bytes[0])));
            }
            stream.read_exact(&mut bytes[1..]).await.map_err(ended)?;
            if let Some(answer) = handshake.process(&mut Bytes::from(bytes))? {
                stream.write_all(&answer).await?;
            }
        }
        Ok(Self {
            stream,
            input: BytesMut::new(),
            output: BytesMut::new(),
            decoder: ChunkDecoder::new(),
            encoder: ChunkEncoder::new(),
            bounds: Bounds::new(OUTSIDE),
            came: 0,
            told: 0,
            window: WINDOW,
        })
    }

    /// The peer was let in: pictures may come.
    pub(crate) fn let_in(&mut self) {
        self.bounds.message = INSIDE;
    }

    /// The next thing that is said to more than the protocol itself. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Result<Said, Broken> {
        loop {
            if let Some(said) = self.take()? {
                return Ok(said);
            }
            self.acknowledge();
            self.flush().await?;
            match self.stream.read_buf(&mut self.input).await? {
                0 => return Err(Broken::Closed),
                bytes => self.came = self.came.wrapping_add(bytes as u32),
            }
        }
    }

    /// What of the bytes that are there is said.
    fn take(&mut self) -> Result<Option<Said>, Broken> {
        loop {
            let before = self.input.len();
            if !self.bounds.allow(&self.input)? {
                return Ok(None);
            }
            let chunk = self.decoder.decode(&mut self.input)?;
            match chunk {
                Some(chunk) => {
                    if let Some(said) = self.hear(chunk)? {
                        return Ok(Some(said));
                    }
                }
                // A chunk was taken that is not its message's last one.
                None if self.input.len() < before => {}
                None => return Ok(None),
            }
        }
    }

    fn hear(&mut self, chunk: RtmpChunk) -> Result<Option<Said>, Broken> {
        match chunk.message_type {
            MSG_AUDIO => return Ok(Some(Said::Sound(chunk.timestamp, chunk.payload))),
            MSG_VIDEO => return Ok(Some(Said::Video(chunk.timestamp, chunk.payload))),
            MSG_COMMAND_AMF0 | MSG_COMMAND_AMF3 => {
                // An AMF3 command has a byte before what is the same values.
                let skipped = usize::from(chunk.message_type == MSG_COMMAND_AMF3 && chunk.payload.first() == Some(&0));
                if chunk.payload.len() > OUTSIDE {
                    return Err(TooMuch::Message(chunk.payload.len(), OUTSIDE).into());
                }
                if !amf::is_plain(&chunk.payload[skipped..]) {
                    return Err(Broken::Garbage("a command with references".into()));
                }
                if let RtmpMessage::Command(command) | RtmpMessage::CommandAmf3(command) = RtmpMessage::from_chunk(&chunk)? {
                    return Ok(Some(Said::Command(command)));
                }
            }
            MSG_SET_CHUNK_SIZE | MSG_ABORT | MSG_WINDOW_ACK_SIZE | MSG_ACKNOWLEDGEMENT | MSG_USER_CONTROL => {
                match RtmpMessage::from_chunk(&chunk)? {
                    RtmpMessage::SetChunkSize(0) => return Err(Broken::Garbage("chunks of no bytes".into())),
                    // No message is longer, so that longer chunks are the same.
                    RtmpMessage::SetChunkSize(size) => self.decoder.set_chunk_size(size.min(INSIDE as u32)),
                    RtmpMessage::Abort { csid } => self.decoder.abort(csid),
                    RtmpMessage::WindowAckSize(size) => self.window = size.clamp(1024, WINDOW),
                    RtmpMessage::UserControl(UserControlEvent::PingRequest(time)) => {
                        self.control(&RtmpMessage::UserControl(UserControlEvent::PingResponse(time)));
                    }
                    _ => {}
                }
            }
            // Metadata: what counts stands in the pictures and the sound. And what nobody uses.
            _ => {}
        }
        Ok(None)
    }

    fn acknowledge(&mut self) {
        if self.came.wrapping_sub(self.told) >= self.window {
            self.told = self.came;
            self.control(&RtmpMessage::Acknowledgement { sequence: self.came });
        }
    }

    /// What the protocol says to itself goes out with what goes next.
    pub(crate) fn control(&mut self, message: &RtmpMessage) {
        self.encode(message, CSID_PROTOCOL_CONTROL, 0, 0);
    }

    /// Says to the peer how we speak.
    pub(crate) fn introduce(&mut self) {
        self.control(&RtmpMessage::WindowAckSize(WINDOW));
        self.control(&RtmpMessage::SetPeerBandwidth { size: WINDOW, limit_type: 2 });
        self.control(&RtmpMessage::SetChunkSize(CHUNK));
        self.encoder.set_chunk_size(CHUNK);
    }

    /// Sends a command to what its `stream_id` names.
    pub(crate) async fn command(&mut self, command: Command) -> Result<(), Broken> {
        let stream = command.stream_id;
        self.encode(&RtmpMessage::Command(command), CSID_COMMAND, stream, 0);
        self.flush().await
    }

    /// Sends a tag of the stream, at its time in milliseconds.
    pub(crate) async fn tag(&mut self, message: &RtmpMessage, stream: u32, time: u32) -> Result<(), Broken> {
        let chunks = if matches!(message, RtmpMessage::Video { .. }) { CSID_VIDEO } else { CSID_AUDIO };
        self.encode(message, chunks, stream, time);
        self.flush().await
    }

    fn encode(&mut self, message: &RtmpMessage, csid: u32, stream_id: u32, timestamp: u32) {
        let (message_type, payload) = message.encode();
        let chunk = RtmpChunk { csid, timestamp, message_type, stream_id, payload };
        encode(&mut self.encoder, &chunk, &mut self.output);
    }

    /// Everything out. Safe to cancel: what is not out yet stays.
    async fn flush(&mut self) -> Result<(), Broken> {
        if self.output.is_empty() {
            return Ok(());
        }
        let written = tokio::time::timeout(SLOW, self.stream.write_all_buf(&mut self.output)).await;
        written.map_err(|_| Broken::Slow)?.map_err(Broken::Lost)
    }

    /// Ends the connection so that the peer reads what was said last: what it still sends is read away, or it would be reset.
    pub(crate) async fn close(mut self) {
        let farewell = async {
            self.flush().await?;
            self.stream.shutdown().await?;
            loop {
                self.input.clear();
                if self.stream.read_buf(&mut self.input).await? == 0 {
                    return Ok::<(), Broken>(());
                }
            }
        };
        // Whether it was read is the peer's business.
        let _ = tokio::time::timeout(GOODBYE, farewell).await;
    }
}

/// Appends a message with a whole head. The library's shorter heads say a wrong time from 2^24 ms (4.7 hours) on; it uses none where the chunk stream
/// carried another stream before, which the nothing that is encoded first makes it believe.
fn encode(encoder: &mut ChunkEncoder, chunk: &RtmpChunk, out: &mut BytesMut) {
    let other = RtmpChunk { stream_id: !chunk.stream_id, payload: Bytes::new(), ..chunk.clone() };
    encoder.encode(&other, &mut BytesMut::new());
    encoder.encode(chunk, out);
}

/// An end in the middle of the handshake is an end.
fn ended(error: io::Error) -> Broken {
    if error.kind() == io::ErrorKind::UnexpectedEof { Broken::Closed } else { Broken::Lost(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keep_their_time_over_days() {
        let (mut encoder, mut decoder) = (ChunkEncoder::new(), ChunkDecoder::new());
        encoder.set_chunk_size(CHUNK);
        decoder.set_chunk_size(CHUNK);
        let mut bytes = BytesMut::new();
        // Four steps around each border, and twice the same step, which shorter heads leave out.
        let borders = [0u32, 0x00ff_ffff, 0x0100_0000, 0x8000_0000, u32::MAX - 200];
        let times: Vec<u32> = borders.iter().flat_map(|border| (0..4).map(move |n| border.saturating_sub(40) + n * 40)).collect();
        for time in &times {
            for len in [10, 70_000, 200_000] {
                let payload = Bytes::from(vec![*time as u8; len]);
                let chunk = RtmpChunk { csid: CSID_VIDEO, timestamp: *time, message_type: MSG_VIDEO, stream_id: 1, payload };
                encode(&mut encoder, &chunk, &mut bytes);
                assert_eq!(bytes[0] >> 6, 0, "a whole head");
                let extended = *time >= 0x00ff_ffff;
                assert_eq!(
                    bytes.len(),
                    len + 12 + (len - 1) / CHUNK as usize + usize::from(extended) * 4 * len.div_ceil(CHUNK as usize)
                );
                let read = loop {
                    if let Some(read) = decoder.decode(&mut bytes).unwrap() {
                        break read;
                    }
                };
                assert_eq!((read.timestamp, read.payload.len(), read.stream_id), (*time, len, 1));
                assert!(bytes.is_empty());
            }
        }
    }
}
