//! The small picture of a recording: a JPEG of when it was set off, beside its file. It goes with the recording, and counts as part of it.
//!
//! Not for making it: whoever has the camera gives a [`TakePicture`].

use std::fs::File;
use std::io;

use crate::name::{Beside, Id};
use crate::store::{Fault, OpenError, Store};

/// The camera's picture of now as a small JPEG; `None` where there is none to be had.
pub type TakePicture = Box<dyn Fn() -> Option<Vec<u8>> + Send>;

/// Where pictures come from, and the one that waits for its recording to begin.
#[derive(Default)]
pub(crate) struct Thumbnails {
    take: Option<TakePicture>,
    taken: Option<Vec<u8>>,
}

impl Thumbnails {
    pub fn new(take: TakePicture) -> Self {
        Self { take: Some(take), taken: None }
    }

    /// Takes the picture of what sets a recording off.
    pub fn take(&mut self) {
        self.taken = self.picture();
    }

    /// The picture that was taken is not of what comes next.
    pub fn forget(&mut self) {
        self.taken = None;
    }

    /// Gives the recording that begins now its picture: the one that was taken, or else one of now. Without one it is a recording all the same.
    /// Tells its bytes.
    pub fn keep(&mut self, store: &Store, id: Id) -> u64 {
        let Some(jpeg) = self.taken.take().or_else(|| self.picture()) else { return 0 };
        match store.put_beside(id, Beside::Picture, &jpeg) {
            Ok(()) => jpeg.len() as u64,
            Err(why) => {
                tracing::warn!(%id, "a recording without a picture: {why}");
                0
            }
        }
    }

    fn picture(&self) -> Option<Vec<u8>> {
        self.take.as_ref().and_then(|take| take())
    }
}

impl Store {
    /// Opens the picture of a recording; with its bytes.
    pub fn open_thumbnail(&self, id: Id) -> Result<(File, u64), OpenError> {
        let entry = self.find(id)?;
        if entry.thumbnail.is_none() {
            return Err(OpenError::NoThumbnail(id));
        }
        let name = Beside::Picture.of(id);
        let path = self.folder().join(&name);
        let opened =
            self.open_file(&name, rustix::fs::OFlags::RDONLY).and_then(|file| file.metadata().map(|about| (file, about.len())));
        opened.map_err(|why| match why.kind() {
            io::ErrorKind::NotFound => OpenError::NoThumbnail(id),
            _ => Fault::new("open", &path, why).into(),
        })
    }
}
