//! The other end of the local unix socket: one question, one answer.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use wire::Response;
use wire::error::ErrorObject;

/// Why a question on the local socket got no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody listens there.
    #[error("{path}: no artc-edge daemon listens on this socket; is it running, with the same `[control] socket`?")]
    NotRunning {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The socket is not for this user.
    #[error("{path}: permission denied; run as the daemon's user, or join the group in `[control] socket_group`")]
    Denied {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The connection broke.
    #[error("{path}: the connection broke")]
    Broken {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No answer came in time.
    #[error("{path}: no answer within {seconds} s")]
    TimedOut {
        /// The socket.
        path: PathBuf,
        /// How long it was waited for.
        seconds: f32,
    },
    /// Whoever listens there does not speak our language.
    #[error("{path}: the answer is no JSON-RPC response: {why}")]
    Garbled {
        /// The socket.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The daemon refused, or failed at it.
    #[error("{}", refused(.0))]
    Refused(ErrorObject),
}

/// A refusal for people: what is wrong, its name, what to do.
pub fn refused(error: &ErrorObject) -> String {
    let remedy = error.data.as_ref().map(|data| format!(" ({}; {})", data.name, data.remedy)).unwrap_or_default();
    format!("{}{remedy}", error.message)
}

/// Calls `method` with `params` (by name; none is the same as `{}`) on the daemon that listens on `socket`, and waits for its answer
/// for at most `patience`.
///
/// # Errors
/// [`CallError`]; what the daemon itself refuses is [`CallError::Refused`].
pub fn call(socket: &Path, method: &str, params: Option<Value>, patience: Duration) -> Result<Value, CallError> {
    let path = || socket.to_owned();
    let mut stream = UnixStream::connect(socket).map_err(|source| match source.kind() {
        io::ErrorKind::PermissionDenied => CallError::Denied { path: path(), source },
        _ => CallError::NotRunning { path: path(), source },
    })?;
    let broken = |source: io::Error| match source.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            CallError::TimedOut { path: path(), seconds: patience.as_secs_f32() }
        }
        _ => CallError::Broken { path: path(), source },
    };
    stream.set_read_timeout(Some(patience)).and_then(|()| stream.set_write_timeout(Some(patience))).map_err(broken)?;
    let mut request = json!({ "jsonrpc": "2.0", "id": 1, "method": method });
    if let Some(params) = params {
        request["params"] = params;
    }
    stream.write_all(format!("{request}\n").as_bytes()).map_err(broken)?;
    let mut line = Vec::new();
    let read = BufReader::new(stream).read_until(b'\n', &mut line).map_err(broken)?;
    if read == 0 {
        return Err(CallError::Broken { path: path(), source: io::ErrorKind::UnexpectedEof.into() });
    }
    let response: Response =
        serde_json::from_slice(&line).map_err(|error| CallError::Garbled { path: path(), why: error.to_string() })?;
    response.outcome.map_err(CallError::Refused)
}
