//! The local unix socket: the same methods, one JSON-RPC object a line.
//!
//! Who can open the socket may call everything: its mode is 0600, or 0660 with a group. A line ends with a line feed; the last one
//! may end with the connection. Whoever shuts down his sending half still gets his answers.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::counter;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWriteExt, BufReader, Interest};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::limits::{LONGEST_MESSAGE, PATIENCE};
use super::{Config, Letter, Sender};

/// Connections at a time.
const MAX_CONNECTIONS: usize = 32;
/// Messages of all connections that wait for the desk; whoever sends more waits.
const ARRIVALS: usize = 64;
/// Replies that wait for one connection to read them; whoever reads no more is disconnected.
const REPLIES: usize = 64;

/// How long one reply may wait to be read.
const UNREAD: Duration = Duration::from_secs(2);

/// Why the socket cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another daemon answers there.
    #[error("{0}: another daemon listens on this socket; stop it, or set another `[control] socket`")]
    InUse(PathBuf),
    /// Something else is in its place.
    #[error("{0}: exists and is no socket; remove it, or set another `[control] socket`")]
    NotASocket(PathBuf),
    /// There is no such group.
    #[error("`[control] socket_group`: there is no group {0:?}")]
    NoSuchGroup(String),
    /// The system refuses.
    #[error("{path}: cannot {what}")]
    Io {
        /// The socket, or the folder around it.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// Something that happened on the socket.
#[derive(Debug, PartialEq)]
pub enum Arrival {
    /// A message, for [`Desk::receive`](super::Desk::receive).
    Message {
        /// The connection that it came by.
        from: Sender,
        /// The line without its end; of a line that is too long, enough for the desk to see that.
        message: Vec<u8>,
    },
    /// A connection ended, for [`Desk::forget`](super::Desk::forget).
    Gone(Sender),
}

/// Where the daemon makes its socket: as configured, else `control.sock` in the folder that systemd made for it, else in
/// `$XDG_RUNTIME_DIR/artc-edge`, else in `/run/artc-edge`. `variable` reads the environment.
pub fn path(config: &Config, variable: impl Fn(&str) -> Option<String>) -> PathBuf {
    candidates(config, variable).swap_remove(0)
}

/// Where a client finds the socket: the daemon may run under systemd, or another user's session, and so see another environment.
/// The first of the daemon's places that is there; the first of all when none is.
pub fn find(config: &Config, variable: impl Fn(&str) -> Option<String>) -> PathBuf {
    let mut candidates = candidates(config, variable);
    let there = candidates.iter().position(|path| path.exists()).unwrap_or(0);
    candidates.swap_remove(there)
}

/// The places in the order of preference; at least one.
fn candidates(config: &Config, variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    if let Some(path) = &config.socket {
        return vec![path.clone()];
    }
    let set = |name| variable(name).filter(|value| !value.is_empty());
    // systemd joins several folders with colons.
    let systemd = set("RUNTIME_DIRECTORY").map(|folders| PathBuf::from(folders.split(':').next().unwrap_or_default()));
    let session = set("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join("artc-edge"));
    let folders = systemd.into_iter().chain(session).chain([PathBuf::from("/run/artc-edge")]);
    folders.map(|folder| folder.join("control.sock")).collect()
}

/// The server's side. Dropping it ends every connection and removes the socket.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    arrivals: mpsc::Receiver<Arrival>,
    connections: Connections,
    accepting: JoinHandle<()>,
}

/// Where the replies of each open connection go.
type Connections = Arc<Mutex<HashMap<Sender, mpsc::Sender<Vec<u8>>>>>;

impl Server {
    /// Listens on `path`, for the daemon's own user or also for `group` (a name or a number). A socket that nobody answers on any
    /// more is replaced. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(path: &Path, group: Option<&str>) -> Result<Self, BindError> {
        let listener = listen(path, group)?;
        let (sender, arrivals) = mpsc::channel(ARRIVALS);
        let connections = Connections::default();
        let accepting = tokio::spawn(accept(listener, sender, Arc::clone(&connections)));
        Ok(Self { path: path.to_owned(), arrivals, connections, accepting })
    }

    /// The socket.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next arrival; nothing once the server can accept no more. May be dropped while it waits.
    pub async fn next(&mut self) -> Option<Arrival> {
        self.arrivals.recv().await
    }

    /// Sends a letter to a local sender. Never waits: a connection that is not read from is ended.
    pub fn send(&self, letter: Letter) {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(connection) = connections.get(&letter.to) else { return };
        if connection.try_send(letter.message).is_err() {
            counter!("artc_control_socket_unread_total").increment(1);
            connections.remove(&letter.to);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let _ = std::fs::remove_file(&self.path);
    }
}

fn listen(path: &Path, group: Option<&str>) -> Result<UnixListener, BindError> {
    let failed = |what| move |source| BindError::Io { path: path.to_owned(), what, source };
    let group = group.map(|name| group_id(name).ok_or_else(|| BindError::NoSuchGroup(name.to_owned()))).transpose()?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed("make its folder"))?;
    }
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(BindError::NotASocket(path.to_owned())),
        Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => return Err(BindError::InUse(path.to_owned())),
        _ => (),
    }
    // Under another name until its mode is right, so that nobody slips in; the last step replaces a dead socket in one go.
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    let _ = std::fs::remove_file(&fresh);
    let listener = UnixListener::bind(&fresh).map_err(failed("listen"))?;
    let mode = if group.is_some() { 0o660 } else { 0o600 };
    std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(mode))
        // Asked for only where it changes something: the service's sandbox has no system call for it.
        .and_then(|()| group.map_or(Ok(()), |group| chown(&fresh, None, Some(group))))
        .and_then(|()| std::fs::rename(&fresh, path))
        .inspect_err(|_| drop(std::fs::remove_file(&fresh)))
        .map_err(failed("set its mode and group"))?;
    Ok(listener)
}

/// The number of a group, from its name or from itself.
fn group_id(name: &str) -> Option<u32> {
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let of = |line: &str| {
        let mut parts = line.split(':');
        (parts.next() == Some(name)).then(|| parts.nth(1)?.parse().ok()).flatten()
    };
    groups.lines().find_map(of).or_else(|| name.parse().ok())
}

async fn accept(listener: UnixListener, arrivals: mpsc::Sender<Arrival>, connections: Connections) {
    let mut number = 0;
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, most likely; it passes, and the next attempt must not come at once.
                tracing::warn!(%error, "control socket: cannot accept");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let (uid, pid) = match stream.peer_cred() {
            Ok(peer) => (peer.uid(), peer.pid().unwrap_or(0)),
            Err(error) => {
                tracing::warn!(%error, "control socket: cannot tell who connected");
                continue;
            }
        };
        number += 1;
        let sender = Sender::Local { connection: number, uid, pid };
        let (replies, outgoing) = mpsc::channel(REPLIES);
        {
            let mut connections = connections.lock().unwrap_or_else(PoisonError::into_inner);
            if connections.len() >= MAX_CONNECTIONS {
                counter!("artc_control_socket_refused_total").increment(1);
                tracing::warn!(who = ?sender, "control socket: {MAX_CONNECTIONS} connections are open already");
                continue;
            }
            connections.insert(sender.clone(), replies);
        }
        tracing::debug!(target: "artc_edge::audit", who = ?sender, "connected");
        tokio::spawn(serve(stream, sender, arrivals.clone(), outgoing, Arc::clone(&connections)));
    }
}

async fn serve(
    stream: UnixStream,
    sender: Sender,
    arrivals: mpsc::Sender<Arrival>,
    mut outgoing: mpsc::Receiver<Vec<u8>>,
    connections: Connections,
) {
    let (reader, mut writer) = stream.into_split();
    let reading = tokio::spawn(read(reader, sender.clone(), arrivals.clone()));
    write(&mut writer, &mut outgoing, reading).await;
    connections.lock().unwrap_or_else(PoisonError::into_inner).remove(&sender);
    tracing::debug!(target: "artc_edge::audit", who = ?sender, "disconnected");
    let _ = arrivals.send(Arrival::Gone(sender)).await;
}

/// Hands over line after line until the other end stops sending.
async fn read(reader: OwnedReadHalf, from: Sender, arrivals: mpsc::Sender<Arrival>) {
    let mut reader = BufReader::new(reader);
    while let Ok(Some(message)) = line(&mut reader).await {
        if message.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if arrivals.send(Arrival::Message { from: from.clone(), message }).await.is_err() {
            return;
        }
    }
}

/// Writes replies until the connection ends, or until the other end has stopped sending and had time to get its last reply.
async fn write(writer: &mut OwnedWriteHalf, outgoing: &mut mpsc::Receiver<Vec<u8>>, mut reading: JoinHandle<()>) {
    loop {
        tokio::select! {
            message = outgoing.recv() => match message {
                Some(message) => if send(writer, message).await.is_err() { return reading.abort() },
                None => return reading.abort(),
            },
            _ = &mut reading => break,
        }
    }
    let closed = |ready: io::Result<tokio::io::Ready>| ready.is_ok_and(|ready| ready.is_write_closed());
    if closed(writer.ready(Interest::WRITABLE).await) {
        return;
    }
    let last = tokio::time::sleep(PATIENCE + Duration::from_secs(1));
    tokio::pin!(last);
    loop {
        tokio::select! {
            message = outgoing.recv() => match message {
                Some(message) => if send(writer, message).await.is_err() { return },
                None => return,
            },
            () = &mut last => return,
        }
    }
}

async fn send(writer: &mut OwnedWriteHalf, mut message: Vec<u8>) -> io::Result<()> {
    message.push(b'\n');
    tokio::time::timeout(UNREAD, writer.write_all(&message)).await.map_err(|_| io::ErrorKind::TimedOut)?
}

/// The next line without its end, cut off one byte after the longest that any desk takes; nothing at the end.
async fn line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        let chunk = reader.fill_buf().await?;
        if chunk.is_empty() {
            return Ok((!line.is_empty()).then_some(line));
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let room = (LONGEST_MESSAGE + 1).saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = end.map_or(chunk.len(), |end| end + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}
