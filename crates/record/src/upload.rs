//! What is known of recordings that go into a bucket, beside their files: what was begun, and what is there.
//!
//! Not for sending them: that is the crate `record-upload`'s.

use std::io::{self, Read};

use crate::name::{Beside, Id};
use crate::store::{Fault, Store};

/// No note is longer.
const MOST_NOTED: u64 = 8 * 1024;

impl Store {
    /// Keeps what is to be known when the upload of a recording goes on, in place of what was known.
    pub fn note_upload(&self, id: Id, note: &str) -> Result<(), Fault> {
        self.put_beside(id, Beside::Uploading, note.as_bytes())?;
        self.sync()
    }

    /// What [`Store::note_upload`] kept last; nothing where that is nothing, or no text.
    pub fn upload_note(&self, id: Id) -> Result<Option<String>, Fault> {
        let name = Beside::Uploading.of(id);
        let path = self.folder().join(&name);
        let mut text = String::new();
        let read =
            self.open_file(&name, rustix::fs::OFlags::RDONLY).and_then(|file| file.take(MOST_NOTED).read_to_string(&mut text));
        match read {
            Ok(_) => Ok(Some(text)),
            Err(why) if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => Ok(None),
            Err(why) => Err(Fault::new("read", &path, why)),
        }
    }

    /// A bucket has this recording, with its picture. One that is gone meanwhile leaves nothing behind.
    pub fn set_uploaded(&self, id: Id) -> Result<(), Fault> {
        self.put_beside(id, Beside::Uploaded, b"")?;
        self.remove_name(&Beside::Uploading.of(id))?;
        self.sync()
    }

    /// Whether it is still there to be uploaded.
    pub fn has(&self, id: Id) -> Result<bool, Fault> {
        Ok(self.list()?.iter().any(|entry| entry.id == id))
    }
}
