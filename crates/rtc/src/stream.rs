//! LiveKit byte streams: content longer than one data packet as header, chunks and trailer on the reliable channel.
//! Not for text streams with edits, and not for encryption.

use std::collections::HashMap;

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
    #[error("stream {id} refused: {limit} streams are under way already")]
    TooMany {
        /// The new stream.
        id: String,
        /// Streams held at once.
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

/// Puts streams together, bounded in number and length.
#[derive(Debug)]
pub struct StreamReader {
    max_streams: usize,
    max_bytes: usize,
    open: HashMap<(String, String), (ReceivedStream, u64)>,
}

impl StreamReader {
    /// A reader that holds at most `max_streams` unfinished streams of `max_bytes` each.
    pub fn new(max_streams: usize, max_bytes: usize) -> Self {
        StreamReader { max_streams, max_bytes, open: HashMap::new() }
    }

    /// Takes one packet value from `from`; answers a stream when this packet completed it. Values that belong to no stream are
    /// ignored.
    pub fn take(&mut self, from: &str, value: &Value) -> Result<Option<ReceivedStream>, StreamError> {
        match value {
            Value::StreamHeader(header) => self.begin(from, header),
            Value::StreamChunk(chunk) => self.chunk(from, chunk),
            Value::StreamTrailer(trailer) => self.end(from, trailer),
            _ => Ok(None),
        }
    }

    /// Forgets the unfinished streams of somebody who left.
    pub fn forget(&mut self, from: &str) {
        self.open.retain(|(who, _), _| who != from);
    }

    fn begin(&mut self, from: &str, header: &Header) -> Result<Option<ReceivedStream>, StreamError> {
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
        if self.open.len() >= self.max_streams {
            return Err(StreamError::TooMany { id, limit: self.max_streams });
        }
        self.open.insert((from.to_owned(), id), (stream, 0));
        Ok(None)
    }

    fn chunk(&mut self, from: &str, chunk: &Chunk) -> Result<Option<ReceivedStream>, StreamError> {
        let key = (from.to_owned(), chunk.stream_id.clone());
        let Some((stream, next)) = self.open.get_mut(&key) else { return Ok(None) };
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
        let Some((stream, _)) = self.open.remove(&(from.to_owned(), trailer.stream_id.clone())) else { return Ok(None) };
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
        let mut reader = StreamReader::new(4, 1 << 20);
        let results: Vec<_> = values.iter().map(|v| reader.take("cam", v)).collect();
        assert!(results.contains(&Err(StreamError::Gap { id: "s".into(), got: 2, expected: 1 })));
        assert!(results.iter().all(|r| !matches!(r, Ok(Some(_)))));
    }

    #[test]
    fn what_would_fill_the_memory_is_refused() {
        let mut reader = StreamReader::new(1, 1000);
        assert!(matches!(reader.take("cam", &write(&[1; 2000])[0]), Err(StreamError::TooLong { limit: 1000, .. })));
        assert_eq!(reader.take("cam", &write(&[1; 10])[0]), Ok(None));
        assert!(matches!(reader.take("eve", &write(&[1; 10])[0]), Err(StreamError::TooMany { limit: 1, .. })));
        reader.forget("cam");
        assert_eq!(reader.take("eve", &write(&[1; 10])[0]), Ok(None));
    }

    proptest! {
        #[test]
        fn content_arrives_as_it_was(content in proptest::collection::vec(any::<u8>(), 0..50_000)) {
            let mut reader = StreamReader::new(4, 1 << 20);
            let mut whole = None;
            for value in write(&content) {
                whole = reader.take("cam", &value).unwrap();
            }
            prop_assert_eq!(whole.unwrap().content, content);
        }
    }
}
