//! What the app server must know after a restart: devices and their keys, calls, apps with their recording rules, callbacks and jobs.
//!
//! One SQLite file in WAL mode, each change on the disk before it is answered, so that a power cut costs nothing that was said to be
//! done. A thread of its own has the file open; whoever asks waits without blocking. Not for deciding anything: texts are kept as their
//! owners wrote them.
//!
//! - `device.rs`: who was seen, what they are, how they look; keys; nonces that were used;
//! - `call.rs`: calls that have not ended;
//! - `record.rs`: apps, rules, callbacks, jobs, deliveries.
#![forbid(unsafe_code)]

mod call;
mod device;
mod record;

use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;

pub use call::KeptCall;
pub use device::{Device, DeviceKey, Picture, Sighting};
pub use record::{App, Delivery, Job, Rule};
use rusqlite::Connection;
use tokio::sync::oneshot;

/// What leads from each version to the next, the first from nothing.
const STEPS: [&str; 2] = [include_str!("schema.sql"), include_str!("schema-2.sql")];
/// What this program writes and understands.
pub const VERSION: i64 = STEPS.len() as i64;
/// Questions that may wait.
const WAITING: usize = 1024;
/// How long another process (a backup) may hold the file.
const BUSY: Duration = Duration::from_secs(5);

/// Why it does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be made or read.
    #[error("state {path}: {source}; let the program's user write there, or set `state.file`")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It is no database, or a broken one.
    #[error("state {path}: {source}; put a backup in its place, or move it away to begin anew")]
    Database {
        /// The file.
        path: PathBuf,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
    /// A later version of the program wrote it.
    #[error(
        "state {path} is of version {found}, this program knows {VERSION}: run the later program, or set another `state.file`"
    )]
    Later {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// No thread.
    #[error("state: no thread: {0}")]
    Thread(io::Error),
}

/// Why something is not known or not kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// SQLite's reason: the disk is full, or broken.
    #[error("state: {0}")]
    Database(#[from] rusqlite::Error),
    /// More questions wait than may.
    #[error("state: the disk does not keep up")]
    Busy,
    /// The thread has ended.
    #[error("state: closed")]
    Closed,
}

type Question = Box<dyn FnOnce(&mut Connection) + Send>;

/// The open file. Clones are the same one; the last to go closes it.
#[derive(Clone, Debug)]
pub struct State {
    questions: SyncSender<Question>,
}

impl State {
    /// Opens or makes the file; `None` keeps everything in memory, until the process ends.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: Option<&Path>) -> Result<Self, OpenError> {
        let shown = path.unwrap_or(Path::new(":memory:")).to_owned();
        if let Some(path) = path {
            // Keys of callbacks are in it; SQLite's other files take over who may read.
            let made = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
            made.map_err(|source| OpenError::File { path: shown.clone(), source })?;
        }
        let mut connection = match path {
            Some(path) => Connection::open(path),
            None => Connection::open_in_memory(),
        }
        .map_err(|source| OpenError::Database { path: shown.clone(), source })?;
        let found = prepare(&mut connection).map_err(|source| OpenError::Database { path: shown.clone(), source })?;
        if found > VERSION {
            return Err(OpenError::Later { path: shown, found });
        }
        let (questions, asked) = sync_channel::<Question>(WAITING);
        let thread = std::thread::Builder::new().name("artc-state".into()).spawn(move || {
            for question in asked {
                question(&mut connection);
            }
        });
        thread.map_err(OpenError::Thread)?;
        Ok(Self { questions })
    }

    /// Asks the thread, and waits for what it says.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StateError> {
        let (answer, said) = oneshot::channel();
        let question: Question = Box::new(move |connection| {
            // Who asked may have gone away; what was asked is done all the same.
            let _ = answer.send(question(connection));
        });
        self.questions.try_send(question).map_err(|why| match why {
            TrySendError::Full(_) => StateError::Busy,
            TrySendError::Disconnected(_) => StateError::Closed,
        })?;
        said.await.map_err(|_| StateError::Closed)?.map_err(StateError::Database)
    }

    /// Whether the file can still be read.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn check(&self) -> Result<(), StateError> {
        self.ask(|db| db.query_row("SELECT count(*) FROM app", [], |_| Ok(()))).await
    }
}

/// Sets the file up, makes what is not there yet, and says which version it is of.
fn prepare(db: &mut Connection) -> rusqlite::Result<i64> {
    db.busy_timeout(BUSY)?;
    // A file in memory answers "memory" and has no log.
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    db.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(found).unwrap_or(0);
    if done >= STEPS.len() {
        return Ok(found);
    }
    let change = db.transaction()?;
    for step in &STEPS[done..] {
        change.execute_batch(step)?;
    }
    change.pragma_update(None, "user_version", VERSION)?;
    change.commit()?;
    Ok(VERSION)
}

#[cfg(test)]
mod tests;
