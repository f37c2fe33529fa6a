//! LiveKit byte streams: content longer than one data packet as header, chunks and trailer on the reliable channel.
//! Not for text streams with edits, and not for encryption.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use livekit_protocol as proto;
use proto::data_packet::Value;
use proto::data_stream::{ByteHeader, Chunk, Header, Trailer, header::ContentHeader};

/// Content bytes in one chunk, as official clients cut it.
pub const CHUNK: usize = 15_000;

/// The packets of one byte stream, in order; each is the value of one reliable data packet.
#[derive(Debug)]
pub struct ByteStreamWriter {
    id: String,
    header: Option<Box<Header>>,
    content: Bytes,
    next_chunk: u64,
    trailer: bool,
}

impl ByteStreamWriter {
    /// A stream of `content`. `id` must be unique in the room; `timestamp_ms` is the unix time shown to the receiver.
    pub fn new(id: &str, topic: &str, name: &str, mime: &str, timestamp_ms: i64, content: Bytes) -> Self {
        let header = Header {
            stream_id: id.to_owned(),
            timestamp: timestamp_ms,
            topic: topic.to_owned(),
            mime_type: mime.to_owned(),
            total_length: Some(content.len() as u64),
            content_header: Some(ContentHeader::ByteHeader(ByteHeader { name: name.to_owned() })),
            ..Default::default()
        };
        ByteStreamWriter { id: id.to_owned(), header: Some(Box::new(header)), content, next_chunk: 0, trailer: true }
    }
}

impl ByteStreamWriter {
    /// Bytes of content that are still to be written.
    pub fn left(&self) -> usize {
        self.content.len()
    }
}

impl Iterator for ByteStreamWriter {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        if let Some(header) = self.header.take() {
            return Some(Value::StreamHeader(*header));
        }
        if !self.content.is_empty() {
            let part = self.content.split_to(CHUNK.min(self.content.len()));
            let chunk =
                Chunk { stream_id: self.id.clone(), chunk_index: self.next_chunk, content: part.to_vec(), ..Default::default() };
            self.next_chunk += 1;
            return Some(Value::StreamChunk(chunk));
        }
        std::mem::take(&mut self.trailer)
            .then(|| Value::StreamTrailer(Trailer { stream_id: self.id.clone(), ..Default::default() }))
    }
}

/// A byte or text stream that arrived whole.
#[derive(Clone, Debug, PartialEq)]
pub struct ReceivedStream {
    /// Identity of the sender.
    pub from: String,
    /// Topic.
    pub topic: String,
    /// File name, when the sender gave one.
    pub name: String,
    /// MIME type.
    pub mime: String,
    /// Content.
    pub content: Vec<u8>,
}

/// Why a stream is dropped.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// More streams at once than are held.
    #[error("stream {id} refused: {limit} streams are under way already, of all or of this sender")]
    TooMany {
        /// The new stream.
        id: String,
        /// Streams held at once, of all or of one sender.
        limit: usize,
    },
    /// Longer than is held.
    #[error("stream {id} dropped: longer than {limit} bytes")]
    TooLong {
        /// The stream.
        id: String,
        /// Bytes held for one stream.
        limit: usize,
    },
    /// A chunk is missing or comes twice.
    #[error("stream {id} dropped: chunk {got} came where {expected} was due")]
    Gap {
        /// The stream.
        id: String,
        /// Index that came.
        got: u64,
        /// Index that was due.
        expected: u64,
    },
    /// The sender gave up.
    #[error("stream {id} ended early: {reason}")]
    Ended {
        /// The stream.
        id: String,
        /// The sender's words.
        reason: String,
    },
}

/// How long the next packet of a stream is waited for, before its place is another's.
pub const IDLE: Duration = Duration::from_secs(10);

/// Puts streams together, bounded in number, number of one sender, length, and time without a packet ([`IDLE`]).
#[derive(Debug)]
pub struct StreamReader {
    max_streams: usize,
    max_of_one: usize,
    max_bytes: usize,
    open: HashMap<(String, String), Open>,
}

#[derive(Debug)]
struct Open {
    stream: ReceivedStream,
    next: u64,
    heard: Instant,
}

impl StreamReader {
    /// A reader that holds at most `max_streams` unfinished streams of `max_bytes` each, `max_of_one` of them of one sender.
    pub fn new(max_streams: usize, max_of_one: usize, max_bytes: usize) -> Self {
        StreamReader { max_streams, max_of_one, max_bytes, open: HashMap::new() }
    }

    /// Takes one packet value from `from`; answers a stream when this packet completed it. Values that belong to no stream are
    /// ignored.
    pub fn take(&mut self, from: &str, value: &Value, now: Instant) -> Result<Option<ReceivedStream>, StreamError> {
        match value {
            Value::StreamHeader(header) => self.begin(from, header, now),
            Value::StreamChunk(chunk) => self.chunk(from, chunk, now),
            Value::StreamTrailer(trailer) => self.end(from, trailer),
            _ => Ok(None),
        }
    }

    /// Forgets the unfinished streams of somebody who left.
    pub fn forget(&mut self, from: &str) {
        self.open.retain(|(who, _), _| who != from);
    }

    fn begin(&mut self, from: &str, header: &Header, now: Instant) -> Result<Option<ReceivedStream>, StreamError> {
        let id = header.stream_id.clone();
        let name = match &header.content_header {
            Some(ContentHeader::ByteHeader(bytes)) => bytes.name.clone(),
            _ => String::new(),
        };
        let mut stream = ReceivedStream {
            from: from.to_owned(),
            topic: header.topic.clone(),
            name,
            mime: header.mime_type.clone(),
            content: Vec::new(),
        };
        if header.total_length.is_some_and(|n| n > self.max_bytes as u64) {
            return Err(StreamError::TooLong { id, limit: self.max_bytes });
        }
        if let Some(inline) = &header.inline_content {
            if inline.len() > self.max_bytes {
                return Err(StreamError::TooLong { id, limit: self.max_bytes });
            }
            stream.content.clone_from(inline);
            return Ok(Some(stream));
        }
        self.open.retain(|_, open| now.saturating_duration_since(open.heard) < IDLE);
        let of_one = self.open.keys().filter(|(who, _)| who == from).count();
        for (held, limit) in [(self.open.len(), self.max_streams), (of_one, self.max_of_one)] {
            if held >= limit {
                return Err(StreamError::TooMany { id, limit });
            }
        }
        self.open.insert((from.to_owned(), id), Open { stream, next: 0, heard: now });
        Ok(None)
    }

    fn chunk(&mut self, from: &str, chunk: &Chunk, now: Instant) -> Result<Option<ReceivedStream>, StreamError> {
        let key = (from.to_owned(), chunk.stream_id.clone());
        let Some(Open { stream, next, heard }) = self.open.get_mut(&key) else { return Ok(None) };
        *heard = now;
        let failure = if chunk.chunk_index != *next {
            StreamError::Gap { id: key.1.clone(), got: chunk.chunk_index, expected: *next }
        } else if stream.content.len() + chunk.content.len() > self.max_bytes {
            StreamError::TooLong { id: key.1.clone(), limit: self.max_bytes }
        } else {
            stream.content.extend_from_slice(&chunk.content);
            *next += 1;
            return Ok(None);
        };
        self.open.remove(&key);
        Err(failure)
    }

    fn end(&mut self, from: &str, trailer: &Trailer) -> Result<Option<ReceivedStream>, StreamError> {
        let Some(Open { stream, .. }) = self.open.remove(&(from.to_owned(), trailer.stream_id.clone())) else { return Ok(None) };
        if trailer.reason.is_empty() {
            Ok(Some(stream))
        } else {
            Err(StreamError::Ended { id: trailer.stream_id.clone(), reason: trailer.reason.clone() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[expect(clippy::disallowed_methods, reason = "an instant to count from; no time passes here")]
    fn then() -> Instant {
        Instant::now()
    }

    fn write(content: &[u8]) -> Vec<Value> {
        ByteStreamWriter::new("s", "artc.snapshot", "a.jpg", "image/jpeg", 0, Bytes::copy_from_slice(content)).collect()
    }

    #[test]
    fn an_empty_stream_is_header_and_trailer() {
        assert_eq!(write(b"").len(), 2);
    }

    #[test]
    fn a_lost_chunk_drops_the_stream_instead_of_showing_half_a_picture() {
        let mut values = write(&[1; 40_000]);
        values.remove(2);
        let now = then();
        let mut reader = StreamReader::new(4, 4, 1 << 20);
        let results: Vec<_> = values.iter().map(|v| reader.take("cam", v, now)).collect();
        assert!(results.contains(&Err(StreamError::Gap { id: "s".into(), got: 2, expected: 1 })));
        assert!(results.iter().all(|r| !matches!(r, Ok(Some(_)))));
    }

    #[test]
    fn what_would_fill_the_memory_is_refused() {
        let now = then();
        let mut reader = StreamReader::new(2, 1, 1000);
        let begin = |id: &str, length: usize| {
            let content = Bytes::from(vec![1; length]);
            ByteStreamWriter::new(id, "artc.rpc", "", "application/json", 0, content).next().expect("a header")
        };
        assert!(matches!(reader.take("cam", &begin("a", 2000), now), Err(StreamError::TooLong { limit: 1000, .. })));
        assert_eq!(reader.take("cam", &begin("a", 10), now), Ok(None));
        assert!(matches!(reader.take("cam", &begin("b", 10), now), Err(StreamError::TooMany { limit: 1, .. })), "of one");
        assert_eq!(reader.take("bob", &begin("a", 10), now), Ok(None), "another's are none of its concern");
        assert!(matches!(reader.take("eve", &begin("a", 10), now), Err(StreamError::TooMany { limit: 2, .. })), "of all");
        reader.forget("cam");
        assert_eq!(reader.take("eve", &begin("a", 10), now), Ok(None));
        // Who begins and sends no more holds its place for a while only.
        assert!(reader.take("cam", &begin("c", 10), now + IDLE - Duration::from_nanos(1)).is_err());
        assert_eq!(reader.take("cam", &begin("c", 10), now + IDLE), Ok(None));
    }

    proptest! {
        #[test]
        fn content_arrives_as_it_was(content in proptest::collection::vec(any::<u8>(), 0..50_000)) {
            let mut reader = StreamReader::new(4, 4, 1 << 20);
            let now = then();
            let mut whole = None;
            for value in write(&content) {
                whole = reader.take("cam", &value, now).unwrap();
            }
            prop_assert_eq!(whole.unwrap().content, content);
        }
    }
}
