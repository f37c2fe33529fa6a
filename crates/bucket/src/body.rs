//! What a request carries: nothing, a text, or a part of a file, read as it is sent and not faster than it may be.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use tokio::time::Instant;

/// So much is read and sent at a time.
const CHUNK: u64 = 16 * 1024;

/// See the module.
pub(crate) enum Body {
    Empty,
    Text(Bytes),
    File { from: Arc<File>, at: u64, bytes: u64, pace: Option<Arc<Pace>>, sent: Arc<AtomicU64> },
}

impl Body {
    pub fn len(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Text(text) => text.len() as u64,
            Self::File { bytes, .. } => *bytes,
        }
    }

    pub fn into_http(self) -> UnsyncBoxBody<Bytes, io::Error> {
        match self {
            Self::Empty => Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync(),
            Self::Text(text) => Full::new(text).map_err(|never| match never {}).boxed_unsync(),
            Self::File { from, at, bytes, pace, sent } => {
                let chunks = stream::try_unfold((at, at + bytes), move |(at, end)| {
                    let (from, pace, sent) = (Arc::clone(&from), pace.clone(), Arc::clone(&sent));
                    async move {
                        let len = (end - at).min(CHUNK);
                        if len == 0 {
                            return Ok(None);
                        }
                        if let Some(pace) = pace {
                            pace.wait(len).await;
                        }
                        let chunk = read(from, at, len).await?;
                        sent.fetch_add(len, Ordering::Relaxed);
                        Ok::<_, io::Error>(Some((Frame::data(chunk), (at + len, end))))
                    }
                });
                StreamBody::new(chunks).boxed_unsync()
            }
        }
    }
}

/// Read where waiting for a disk holds nobody up.
async fn read(from: Arc<File>, at: u64, len: u64) -> io::Result<Bytes> {
    let read = move || {
        let mut bytes = vec![0; len as usize];
        from.read_exact_at(&mut bytes, at).map(|()| Bytes::from(bytes))
    };
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
}

/// So many bytes a second and no more, for all bodies together; what was not used is not made up for.
pub(crate) struct Pace {
    bytes_s: u64,
    free_at: Mutex<Option<Instant>>,
}

impl Pace {
    pub fn new(bytes_s: u64) -> Self {
        Self { bytes_s: bytes_s.max(1), free_at: Mutex::new(None) }
    }

    async fn wait(&self, bytes: u64) {
        let turn = {
            let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let turn = free_at.map_or(now, |at| at.max(now));
            *free_at = Some(turn + Duration::from_secs_f64(bytes as f64 / self.bytes_s as f64));
            turn
        };
        tokio::time::sleep_until(turn).await;
    }
}
