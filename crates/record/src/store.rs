//! The folder with the recordings. What is in it is said by the names of its files alone; files that are not ours are left alone.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};

use crate::name::{self, Beside, Id, Kind};
use crate::torn;

/// A recording in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub id: Id,
    /// Size in bytes.
    pub bytes: u64,
    /// How long it is; `None` while it is written.
    pub duration: Option<Duration>,
    /// Bytes of its picture, where it has one.
    pub thumbnail: Option<u64>,
    /// A bucket has it, with its picture.
    pub uploaded: bool,
    file: String,
    /// What lies beside it.
    beside: Vec<Beside>,
}

impl Entry {
    /// Bytes of all its files.
    pub fn all_bytes(&self) -> u64 {
        self.bytes + self.thumbnail.unwrap_or(0)
    }

    /// An upload of it was begun, and has not come to its end.
    pub fn upload_begun(&self) -> bool {
        self.beside.contains(&Beside::Uploading)
    }

    /// Its file's name.
    pub fn file_name(&self) -> &str {
        &self.file
    }
}

/// What the folder may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all recordings together.
    pub most_bytes: u64,
    /// Older recordings go; `None`: they stay.
    pub most_age: Option<Duration>,
}

/// What the medium refused.
#[derive(Debug, thiserror::Error)]
#[error("could not {step} {path}: {source}")]
pub struct Fault {
    step: &'static str,
    path: String,
    source: io::Error,
}

impl Fault {
    pub(crate) fn new(step: &'static str, path: &Path, source: io::Error) -> Self {
        Self { step, path: path.display().to_string(), source }
    }

    /// Whether the folder or the file is not there: not made yet, or gone.
    pub fn is_missing(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }

    /// Whether room would help. A file too large is a quota by another name.
    pub(crate) fn is_full(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        matches!(self.source.kind(), StorageFull | QuotaExceeded | FileTooLarge)
    }
}

/// Why a recording cannot be read, or deleted.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none of this name.
    #[error("there is no recording {0}")]
    Unknown(Id),
    /// It would be written to all the same.
    #[error("{0} is still being written; it can be deleted when it has ended")]
    Writing(Id),
    /// It was made without one.
    #[error("{0} has no picture")]
    NoThumbnail(Id),
    /// The medium refuses.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why a recording was not deleted.
pub type RemoveError = OpenError;

/// See the module.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Recordings in `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder where its parent is there, and ends what a power cut left open: each such file keeps its whole fragments. Not while
    /// something is recorded. Tells how many files it ended.
    pub fn prepare(&self) -> Result<usize, Fault> {
        match fs::DirBuilder::new().mode(0o750).create(&self.folder) {
            Err(why) if why.kind() != io::ErrorKind::AlreadyExists => return Err(Fault::new("make", &self.folder, why)),
            _ => {}
        }
        let open: Vec<_> = self.list()?.into_iter().filter(|entry| entry.duration.is_none()).collect();
        for entry in &open {
            let path = self.folder.join(&entry.file);
            let mut file = self.open_file(&entry.file, OFlags::RDWR).map_err(|why| Fault::new("open", &path, why))?;
            let whole = torn::look(&mut file).map_err(|why| Fault::new("read", &path, why))?;
            self.end(entry.id, &file, whole.len, whole.duration)?;
        }
        Ok(open.len())
    }

    /// The recordings, oldest first.
    pub fn list(&self) -> Result<Vec<Entry>, Fault> {
        Ok(self.look()?.0)
    }

    /// The same, and the files that lie beside none of them, or never became whole.
    fn look(&self) -> Result<(Vec<Entry>, Vec<String>), Fault> {
        let fault = |why| Fault::new("read", &self.folder, why);
        let (mut entries, mut unfinished) = (Vec::new(), Vec::new());
        let mut beside = BTreeMap::<Id, Vec<(Beside, u64)>>::new();
        for item in fs::read_dir(&self.folder).map_err(fault)? {
            let item = item.map_err(fault)?;
            let name = item.file_name();
            let Some(name) = name.to_str() else { continue };
            let (recording, other) = (name::read(name), Beside::read(name));
            if other.is_none() && recording.is_none() {
                continue;
            }
            // Gone between the two looks, or a link or a folder under one of our names: not a recording.
            let Ok(about) = item.metadata() else { continue };
            if !about.is_file() {
                continue;
            }
            match (recording, other) {
                (Some((id, kind)), _) => {
                    let duration = match kind {
                        Kind::Whole(duration) => Some(duration),
                        Kind::Writing => None,
                    };
                    let (bytes, file) = (about.len(), name.to_owned());
                    entries.push(Entry { id, bytes, duration, thumbnail: None, uploaded: false, file, beside: Vec::new() });
                }
                (None, Some((id, kind, true))) => beside.entry(id).or_default().push((kind, about.len())),
                (None, Some((id, kind, false))) => unfinished.push((id, kind)),
                (None, None) => {}
            }
        }
        for entry in &mut entries {
            let beside = beside.remove(&entry.id).unwrap_or_default();
            entry.thumbnail = beside.iter().find_map(|(kind, bytes)| (*kind == Beside::Picture).then_some(*bytes));
            entry.beside = beside.into_iter().map(|(kind, _)| kind).collect();
            entry.uploaded = entry.beside.contains(&Beside::Uploaded);
        }
        // A note on an upload may be written at this moment, and one that was not is overwritten by the next.
        let written = |id: &Id, kind| kind == Beside::Uploading && entries.iter().any(|entry: &Entry| entry.id == *id);
        unfinished.retain(|(id, kind)| !written(id, *kind));
        let mut left: Vec<_> = unfinished.into_iter().map(|(id, kind)| kind.unfinished(id)).collect();
        left.extend(beside.into_iter().flat_map(|(id, kinds)| kinds.into_iter().map(move |(kind, _)| kind.of(id))));
        entries.sort_by_key(|entry| entry.id);
        Ok((entries, left))
    }

    /// Opens a recording for reading. Of one that is being written, the entry tells how many bytes are whole by now: more follow, and of these
    /// none changes.
    pub fn open(&self, id: Id) -> Result<(File, Entry), OpenError> {
        // Between the two looks it may have ended, and got its name.
        self.open_once(id).or_else(|why| if matches!(why, OpenError::Unknown(_)) { self.open_once(id) } else { Err(why) })
    }

    fn open_once(&self, id: Id) -> Result<(File, Entry), OpenError> {
        let mut entry = self.find(id)?;
        let path = self.folder.join(&entry.file);
        let mut file = self.open_file(&entry.file, OFlags::RDONLY).map_err(|why| match why.kind() {
            io::ErrorKind::NotFound => OpenError::Unknown(id),
            _ => Fault::new("open", &path, why).into(),
        })?;
        if entry.duration.is_none() {
            let whole = torn::look(&mut file).and_then(|whole| file.rewind().map(|()| whole));
            entry.bytes = whole.map_err(|why| Fault::new("read", &path, why))?.len;
        }
        Ok((file, entry))
    }

    /// Deletes a recording that has ended.
    pub fn remove(&self, id: Id) -> Result<(), RemoveError> {
        let entry = self.find(id)?;
        if entry.duration.is_none() {
            return Err(OpenError::Writing(id));
        }
        self.remove_file(&entry).map_err(OpenError::from)
    }

    /// Deletes what is too old, and the oldest recordings until the folder keeps to `limits`, those that a bucket has before all others; and what
    /// lies beside recordings that are gone. Not while a recording begins or ends. `wall_ms` is the time since 1970, where the clock is known to
    /// be right: a wrong one makes nothing old. Returns what was deleted, and the bytes that are left.
    pub fn tidy(&self, limits: Limits, wall_ms: Option<u64>) -> Result<(Vec<Id>, u64), Fault> {
        let (entries, left) = self.look()?;
        for name in left {
            self.remove_name(&name)?;
        }
        let mut bytes: u64 = entries.iter().map(Entry::all_bytes).sum();
        let mut gone = Vec::new();
        for entry in &in_order(entries) {
            let age = wall_ms.map(|now| Duration::from_millis(now.saturating_sub(entry.id.began_ms)));
            let old = limits.most_age.zip(age).is_some_and(|(most, age)| age > most);
            if !old && bytes <= limits.most_bytes {
                continue;
            }
            self.remove_file(entry)?;
            bytes -= entry.all_bytes();
            gone.push(entry.id);
        }
        Ok((gone, bytes))
    }

    /// Deletes a recording that has ended, but for `last`, to make room, in the same order; `None` where there is none.
    pub(crate) fn remove_oldest(&self, last: Option<Id>) -> Result<Option<Id>, Fault> {
        let Some(entry) = in_order(self.list()?).into_iter().find(|entry| Some(entry.id) != last) else { return Ok(None) };
        self.remove_file(&entry)?;
        Ok(Some(entry.id))
    }

    /// Gives a file that was written its last name, after cutting off what is behind `len`. One without pictures goes.
    pub(crate) fn end(&self, id: Id, file: &File, len: u64, duration: Duration) -> Result<(), Fault> {
        let from = self.folder.join(id.writing());
        if duration.is_zero() {
            return match fs::remove_file(&from) {
                Err(why) if why.kind() != io::ErrorKind::NotFound => Err(Fault::new("delete", &from, why)),
                _ => self.sync(),
            };
        }
        let cut = file
            .metadata()
            .and_then(|about| if about.len() > len { file.set_len(len).and_then(|()| file.sync_data()) } else { Ok(()) });
        cut.map_err(|why| Fault::new("shorten", &from, why))?;
        fs::rename(&from, self.folder.join(id.whole(duration))).map_err(|why| Fault::new("rename", &from, why))?;
        self.sync()
    }

    /// Waits until the medium knows the names in the folder.
    pub(crate) fn sync(&self) -> Result<(), Fault> {
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(|why| Fault::new("write", &self.folder, why))
    }

    pub(crate) fn find(&self, id: Id) -> Result<Entry, OpenError> {
        self.list()?.into_iter().find(|entry| entry.id == id).ok_or(OpenError::Unknown(id))
    }

    /// Never through a link: what is opened lies in the folder.
    pub(crate) fn open_file(&self, name: &str, mode: OFlags) -> io::Result<File> {
        let flags = mode | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::open(self.folder.join(name), flags, Mode::empty())?.into())
    }

    /// What lies beside it first: without that it is a recording all the same.
    fn remove_file(&self, entry: &Entry) -> Result<(), Fault> {
        for kind in &entry.beside {
            self.remove_name(&kind.of(entry.id))?;
        }
        self.remove_name(&entry.file)
    }

    /// Puts a small file beside a recording: under its name there is the whole of it or nothing.
    pub(crate) fn put_beside(&self, id: Id, kind: Beside, bytes: &[u8]) -> Result<(), Fault> {
        let (from, to) = (self.folder.join(kind.unfinished(id)), self.folder.join(kind.of(id)));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let written = || {
            let mut file = File::from(rustix::fs::open(&from, flags, Mode::from_raw_mode(0o640))?);
            file.write_all(bytes)?;
            file.sync_data()?;
            fs::rename(&from, &to)
        };
        let done = written();
        if done.is_err() {
            // What cannot be removed either is nobody's, and goes when the folder is tidied.
            let _ = fs::remove_file(&from);
        }
        done.map_err(|why| Fault::new("write", &from, why))
    }

    pub(crate) fn remove_name(&self, name: &str) -> Result<(), Fault> {
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(Fault::new("delete", &path, why)),
            _ => Ok(()),
        }
    }
}

/// Recordings that have ended, as they go when there is no room: those first that a bucket has, and of each the oldest.
fn in_order(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.retain(|entry| entry.duration.is_some());
    entries.sort_by_key(|entry| (!entry.uploaded, entry.id));
    entries
}
