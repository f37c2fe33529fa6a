//! The recordings of a folder over HTTP, for programs on the same machine: `GET /recordings/ID.mp4`, and `ID.jpeg` for its picture, whole or a
//! range of bytes (RFC 9110), so that players seek and downloads go on where they were cut off.
//!
//! Which recordings there are is not told here, and nothing is changed: that is `record.list`'s and its kin. Not for the network: what is asked
//! by another name than the loopback's is refused ([`web_listener::for_this_machine`]).
#![forbid(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream::try_unfold;
use record::{Id, OpenError, Store};
use tokio::task::spawn_blocking;

/// Bytes that are read at once.
const CHUNK: u64 = 64 * 1024;
/// A page of elsewhere does not get them either.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What answers for the recordings in `store`.
pub fn router(store: Store) -> Router {
    let guard = axum::middleware::from_fn(web_listener::for_this_machine);
    Router::new().route("/recordings/{file}", get(file)).layer(guard).with_state(store)
}

/// What is sent of a recording.
#[derive(Clone, Copy)]
enum Part {
    Film,
    Picture,
}

/// A file that is open, so many bytes of which are whole; whether none will follow.
struct Opened {
    file: File,
    total: u64,
    ended: bool,
}

async fn file(State(store): State<Store>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let asked = name.rsplit_once('.').and_then(|(id, end)| {
        let part = match end {
            "mp4" => Part::Film,
            "jpeg" => Part::Picture,
            _ => return None,
        };
        Some((id.parse().ok()?, part))
    });
    let Some((id, part)) = asked else {
        return told(StatusCode::NOT_FOUND, "ask for ID.mp4 or ID.jpeg; record.list tells which there are\n");
    };
    match spawn_blocking(move || open(&store, id, part)).await {
        Ok(Ok(opened)) => answer(opened, &headers, id, part),
        Ok(Err(OpenError::Fault(why))) => told(StatusCode::SERVICE_UNAVAILABLE, &format!("{why}\n")),
        Ok(Err(why)) => told(StatusCode::NOT_FOUND, &format!("{why}\n")),
        Err(why) => told(StatusCode::INTERNAL_SERVER_ERROR, &format!("{why}\n")),
    }
}

fn open(store: &Store, id: Id, part: Part) -> Result<Opened, OpenError> {
    match part {
        Part::Film => {
            let (file, entry) = store.open(id)?;
            Ok(Opened { file, total: entry.bytes, ended: entry.duration.is_some() })
        }
        Part::Picture => store.open_thumbnail(id).map(|(file, total)| Opened { file, total, ended: true }),
    }
}

fn answer(opened: Opened, asked: &HeaderMap, id: Id, part: Part) -> Response {
    let Opened { file, total, ended } = opened;
    let (kind, end) = match part {
        Part::Film => ("video/mp4", "mp4"),
        Part::Picture => ("image/jpeg", "jpeg"),
    };
    // What is still being written is another file each time.
    let tag = ended.then(|| format!("\"{id}.{end}-{total}\""));
    let range = match range(asked, total, tag.as_deref()) {
        Ok(range) => range,
        Err(Unsatisfiable) => {
            let mut refusal = told(StatusCode::RANGE_NOT_SATISFIABLE, &format!("{id} has {total} bytes\n"));
            set(&mut refusal, CONTENT_RANGE, &format!("bytes */{total}"));
            return refusal;
        }
    };
    let (from, length) = range.unwrap_or((0, total));
    let mut response = body(file, from, length).into_response();
    if range.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        set(&mut response, CONTENT_RANGE, &format!("bytes {from}-{}/{total}", from + length - 1));
    }
    set(&mut response, CONTENT_TYPE, kind);
    set(&mut response, CONTENT_LENGTH, &length.to_string());
    set(&mut response, ACCEPT_RANGES, "bytes");
    set(&mut response, CACHE_CONTROL, "no-store");
    set(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(&mut response, RESOURCE_POLICY, "same-origin");
    if let Some(tag) = tag {
        set(&mut response, ETAG, &tag);
    }
    response
}

/// No byte of what is asked for is there.
struct Unsatisfiable;

/// The one range that is asked for, as first byte and length; `None` means all of it. So it is where several are asked for, where what is
/// asked for is no range of bytes, and where another version of the file is gone on with (RFC 9110, 13.1.5 and 14.2).
fn range(asked: &HeaderMap, total: u64, tag: Option<&str>) -> Result<Option<(u64, u64)>, Unsatisfiable> {
    let text = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if asked.contains_key(IF_RANGE) && (tag.is_none() || text(IF_RANGE) != tag) {
        return Ok(None);
    }
    let Some((first, last)) = text(RANGE).and_then(ends) else { return Ok(None) };
    let (from, until) = match (first, last) {
        (Some(first), Some(last)) => (first, last.saturating_add(1).min(total)),
        (Some(first), None) => (first, total),
        (None, Some(suffix)) => (total.saturating_sub(suffix), total),
        (None, None) => return Ok(None),
    };
    if from < until { Ok(Some((from, until - from))) } else { Err(Unsatisfiable) }
}

/// The ends of the range of bytes in a `Range` header, `None` for one that is left out; nothing where that is not what it says.
fn ends(text: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, range) = text.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    let number = |digits: &str| match digits {
        "" => Some(None),
        // What no file can have is more than there is.
        _ => digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| Some(digits.parse().unwrap_or(u64::MAX))),
    };
    let (first, last) = (number(first)?, number(last)?);
    let reversed = first.zip(last).is_some_and(|(first, last)| first > last);
    (unit.trim().eq_ignore_ascii_case("bytes") && !reversed).then_some((first, last))
}

/// So many bytes from there on, read as they are taken. One that cannot be read ends the connection: the length was promised.
fn body(file: File, from: u64, length: u64) -> Body {
    let file = Arc::new(file);
    Body::from_stream(try_unfold((from, length), move |(at, left)| {
        let file = Arc::clone(&file);
        async move {
            if left == 0 {
                return Ok(None);
            }
            let size = left.min(CHUNK);
            let read = move || {
                let mut bytes = vec![0; size as usize];
                file.read_exact_at(&mut bytes, at).map(|()| Bytes::from(bytes))
            };
            let bytes = spawn_blocking(read).await.map_err(io::Error::other)??;
            Ok::<_, io::Error>(Some((bytes, (at + size, left - size))))
        }
    }))
}

fn told(status: StatusCode, why: &str) -> Response {
    (status, why.to_owned()).into_response()
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    // All of these are made of what a header may say.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
