//! The file that is being written: fragment by fragment, each on the medium before the next begins.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::fragment::{Axis, Fragment};
use crate::mp4::{self, Format, Sound};
use crate::name::{Id, Reason};
use crate::store::{Fault, Store};

/// See the module.
pub(crate) struct Writer {
    pub id: Id,
    pub axis: Axis,
    pub format: Arc<Format>,
    /// Bytes on the medium.
    pub len: u64,
    /// Until when there are pictures on the medium, since the beginning of the file.
    pub duration: Duration,
    store: Store,
    file: File,
    sequence: u32,
    /// Turns with each thing that the medium has done.
    pulse: Arc<AtomicU64>,
}

impl Writer {
    /// Begins the file of a recording whose first picture was captured at `began`, which is `began_ms` on the wall.
    pub(crate) fn create(
        (store, pulse): (&Store, &Arc<AtomicU64>),
        (began_ms, reason): (u64, Reason),
        format: Arc<Format>,
        channels: Option<u8>,
        began: Duration,
    ) -> Result<Self, Fault> {
        let bad = |why: String| Fault::new("begin a file in", store.folder(), io::Error::new(io::ErrorKind::InvalidData, why));
        let mut id = Id::new(began_ms, reason);
        let head = mp4::head(Some(&format), channels.map(Sound::Opus), Duration::from_millis(began_ms))
            .map_err(|why| bad(why.to_string()))?;
        let taken = store.list()?;
        let mut file = loop {
            // Two recordings of one moment: a clock that was set back.
            let path = store.folder().join(id.writing());
            let free = !taken.iter().any(|entry| entry.id == id);
            match free.then(|| OpenOptions::new().write(true).create_new(true).open(&path)) {
                Some(Ok(file)) => break file,
                Some(Err(why)) if why.kind() != io::ErrorKind::AlreadyExists => return Err(Fault::new("create", &path, why)),
                _ => id = Id::new(id.began_ms + 1, reason),
            }
        };
        let path = store.folder().join(id.writing());
        let began_well = file.write_all(&head).and_then(|()| file.sync_data());
        if let Err(why) = began_well.map_err(|why| Fault::new("write", &path, why)).and_then(|()| store.sync()) {
            // Nothing is in it; a file that cannot be removed either is seen to at the next start.
            let _ = std::fs::remove_file(&path);
            return Err(why);
        }
        Ok(Self {
            id,
            axis: Axis::new(began),
            format,
            len: head.len() as u64,
            duration: Duration::ZERO,
            store: store.clone(),
            file,
            sequence: 0,
            pulse: Arc::clone(pulse),
        })
    }

    /// Writes a fragment, and waits until the medium has it.
    pub(crate) fn append(&mut self, fragment: &mut Fragment) -> Result<(), Fault> {
        let path = self.store.folder().join(self.id.writing());
        let fault = |step, why| Fault::new(step, &path, why);
        self.sequence += 1;
        let video = (fragment.video_at, &fragment.pictures[..]);
        let head = mp4::fragment_head(self.sequence, video, (fragment.sound_at, &fragment.packets))
            .map_err(|why| fault("write", io::Error::new(io::ErrorKind::InvalidData, why.to_string())))?;
        self.file.write_all(&head).and_then(|()| self.file.write_all(&fragment.payload)).map_err(|why| fault("write", why))?;
        self.pulse.fetch_add(1, Ordering::Relaxed);
        self.file.sync_data().map_err(|why| fault("write", why))?;
        self.pulse.fetch_add(1, Ordering::Relaxed);
        // The kernel writes on into a file that has no name any more.
        if self.file.metadata().map_err(|why| fault("look at", why))?.nlink() == 0 {
            return Err(fault("write", io::Error::new(io::ErrorKind::NotFound, "somebody has deleted it")));
        }
        self.len += (head.len() + fragment.payload.len()) as u64;
        let lasts: u64 = fragment.pictures.iter().map(|picture| u64::from(picture.duration)).sum();
        self.duration = mp4::video_time(fragment.video_at + lasts);
        Ok(())
    }

    /// Ends the file: what a failed write left behind goes, and the name says how long it is. A file without pictures goes as a whole.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        self.store.end(self.id, &self.file, self.len, self.duration)
    }
}
