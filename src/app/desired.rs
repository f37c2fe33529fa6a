//! How the device is meant to be: kept in a file of the state directory, and made true when it is wished for, at the start, and when the
//! camera has come back. What is to be done is for [`Wish`] to say.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use wire::state::SetDesired;

use super::clock::now;
use super::deeds::{Finished, Purpose};
use super::effects::Done;
use super::shell::Shell;
use crate::control::state::Wish;
use crate::control::{BoardAct, Failure, Outcome, Ticket, View};
use crate::storage::{self, Disk};

/// Name of the file, in the state directory.
const FILE: &str = "desired.json";

/// The wish and its file.
pub struct Desired {
    kept: Mutex<Kept>,
}

struct Kept {
    disk: Box<dyn Disk>,
    path: Option<PathBuf>,
    wish: Wish,
}

impl Desired {
    /// Reads what was wished for; nothing, where the file is missing or cannot be read, which is logged.
    pub fn open(disk: Box<dyn Disk>, folder: Option<PathBuf>) -> Self {
        let path = folder.map(|folder| folder.join(FILE));
        let wish = path.as_ref().and_then(|path| {
            let read = disk.read(path).map_err(|why| why.to_string());
            let wish = read.and_then(|bytes| {
                bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose().map_err(|why: serde_json::Error| why.to_string())
            });
            wish.unwrap_or_else(|why| {
                tracing::warn!("{}: {why}; nothing is wished for until `state.set_desired` comes", path.display());
                None
            })
        });
        Self { kept: Mutex::new(Kept { disk, path, wish: wish.unwrap_or_default() }) }
    }

    /// The wish as it is.
    pub fn wish(&self) -> Wish {
        self.lock().wish.clone()
    }

    /// Keeps another wish; waits for the disk.
    pub fn keep(&self, params: SetDesired) -> Result<(), Failure> {
        let mut kept = self.lock();
        let wish = kept.wish.followed_by(params).map_err(|why| Failure::Refused(Box::new(why)))?;
        let Some(path) = kept.path.clone() else {
            return Err(Failure::NotAvailable("this daemon keeps no state: its configuration did not come from a file".into()));
        };
        let bytes = serde_json::to_vec(&wish).map_err(|why| Failure::Device(why.to_string()))?;
        storage::settle(&mut *kept.disk, &path, &bytes)
            .map_err(|why| Failure::Device(format!("{}: not kept: {why}", path.display())))?;
        kept.wish = wish;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // The wish changes in one assignment, after the disk has it.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shell {
    /// Has the board tell how its lines are, for what has to be known next; see [`Purpose`].
    pub(super) fn catch_up(&mut self, purpose: Purpose, finished: &mpsc::Sender<Finished>) {
        self.ask_board(purpose, BoardAct::ReadInfo, finished);
    }

    pub(super) fn ask_board(&mut self, purpose: Purpose, act: BoardAct, finished: &mpsc::Sender<Finished>) {
        // The purpose goes with the answer, or comes back when the board takes no more.
        let purpose = Arc::new(Mutex::new(Some(purpose)));
        let (taken, later) = (Arc::clone(&purpose), finished.clone());
        let take = |purpose: &Mutex<Option<Purpose>>| purpose.lock().unwrap_or_else(PoisonError::into_inner).take();
        let answer = move |outcome| {
            if let Some(purpose) = take(&taken) {
                // The loop has ended when nobody listens any more, and with it whoever waits for this.
                let _ = later.blocking_send((purpose, Done::Outcome(outcome)));
            }
        };
        if !self.board.act(act, Box::new(answer))
            && let Some(purpose) = take(&purpose)
        {
            let why = Failure::NotAvailable("the board is busy with other commands".into());
            self.finished(purpose, Done::Outcome(Outcome::Failed(why)), finished);
        }
    }

    /// Does what of the wish is not true yet; then answers the request that brought it, if one did.
    pub(super) fn caught_up(&mut self, ticket: Option<Ticket>, board: &Outcome, finished: &mpsc::Sender<Finished>) {
        let view = self.view_with(board);
        self.failed.clear();
        for (place, deed) in self.desired.wish().deeds(&view) {
            match deed {
                Ok(effect) => {
                    tracing::info!(target: "artc_edge::audit", place, ?effect, "wished for");
                    self.carry_out(Purpose::Wish(place), effect, None, finished);
                }
                Err(why) => drop(self.failed.insert(place, why.to_string())),
            }
        }
        if let Some(ticket) = ticket {
            // Lines may be moving still: how they are is the board's to say.
            self.catch_up(Purpose::Tell(ticket), finished);
        }
    }

    pub(super) fn came_of_wish(&mut self, place: String, outcome: &Outcome) {
        match outcome {
            Outcome::Failed(why) => {
                tracing::warn!(place, "wished for, and not done: {why}");
                self.failed.insert(place, why.to_string());
            }
            _ => drop(self.failed.remove(&place)),
        }
    }

    /// Answers a request with the document.
    pub(super) fn tell(&mut self, ticket: Ticket, board: &Outcome) {
        let view = self.view_with(board);
        let document = self.desired.wish().document(&view, self.failed.clone());
        self.reply(ticket, &Outcome::State(Box::new(document)));
    }

    /// The facts, with the lines as the board has just told them.
    fn view_with(&self, board: &Outcome) -> View {
        let mut view = self.books.view(&self.parts, &self.session, self.wishes, now());
        if let Outcome::BoardInfo(info) = board {
            view.board = Arc::new((**info).clone());
        }
        view
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use wire::state::{Audio, Parts};

    use super::*;
    use crate::storage::fake::FakeDisk;

    fn louder(volume: u32, if_version: Option<u64>) -> SetDesired {
        let audio = Audio { volume: Some(volume), muted: None };
        SetDesired { desired: Parts { audio, ..Parts::default() }, if_version }
    }

    /// The wish of a disk that holds the first wish, after a second one was tried on it.
    fn second(disk: FakeDisk) -> (bool, Wish) {
        let desired = Desired::open(Box::new(disk), Some("/state".into()));
        (desired.keep(louder(20, Some(1))).is_ok(), desired.wish())
    }

    fn first() -> FakeDisk {
        let wish = Wish::default().followed_by(louder(10, None)).unwrap();
        FakeDisk::holding(Path::new("/state/desired.json"), &serde_json::to_vec(&wish).unwrap())
    }

    #[test]
    fn a_wish_outlasts_the_daemon_and_one_that_was_not_kept_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Desired::open(Box::new(storage::SystemDisk), Some(folder.path().join("deep/state")));
        open().keep(louder(10, Some(0))).unwrap();
        open().keep(louder(30, None)).unwrap();
        assert_eq!(open().wish(), Wish { version: 2, desired: louder(30, None).desired });
        let stale = open().keep(louder(40, Some(1))).unwrap_err();
        assert_eq!(stale.to_string(), "version 1 is stale: the document has version 2");
        assert!(matches!(
            Desired::open(Box::new(FakeDisk::default()), None).keep(louder(1, None)),
            Err(Failure::NotAvailable(_))
        ));
    }

    #[test]
    fn a_step_that_fails_leaves_the_wish_that_the_next_start_has() {
        for step in 0..6 {
            let (kept, wish) = second(first().failing_at(step));
            assert_eq!(kept, wish.version == 2, "step {step}");
        }
        assert!(second(first()).0);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_no_wish() {
        for broken in [&b"{"[..], b"", b"\0\0\0", br#"{"version":1}"#] {
            let disk = FakeDisk::holding(Path::new("/state/desired.json"), broken);
            assert_eq!(Desired::open(Box::new(disk), Some("/state".into())).wish(), Wish::default());
        }
    }
}
