//! Small files that must survive a power cut: after one, a file is the old one or the new one, whole, and never neither.
//!
//! A file is replaced in four steps, each of which may be the last before the lights go out: the new text is written beside it, then
//! synced; it takes the old one's name; the folder is synced. Only then is it promised. The steps go through [`Disk`], so that tests
//! can cut the power at each of them ([`fake`]). It is no place for media: whoever records writes its own files.

pub mod fake;
mod system;

use std::io;
use std::path::{Path, PathBuf};

pub use system::SystemDisk;

/// The steps of which replacing a file is made.
pub trait Disk: Send {
    /// The bytes of a file; nothing where there is none.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// Makes a file anew, for this user alone, and writes these bytes into it. They may be lost or torn until [`sync`](Self::sync).
    fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Returns when the file's bytes are safe.
    fn sync(&mut self, path: &Path) -> io::Result<()>;
    /// Gives a file another name, in place of what had it. May be undone by a power cut until [`sync_folder`](Self::sync_folder).
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file; one that is not there is removed already. As lasting as a [`rename`](Self::rename).
    fn remove(&mut self, path: &Path) -> io::Result<()>;
    /// Makes a folder with those above it.
    fn make_folder(&mut self, path: &Path) -> io::Result<()>;
    /// Returns when the names in a folder are safe.
    fn sync_folder(&mut self, path: &Path) -> io::Result<()>;
}

/// Puts `bytes` in the place of the file at `path`, and returns when that survives a power cut. After an error the file is the old
/// one or the new one: read it to know.
///
/// # Errors
/// The first step that failed.
pub fn replace(disk: &mut dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = beside(path);
    disk.make_folder(folder(path))?;
    let written = disk.write(&fresh, bytes).and_then(|()| disk.sync(&fresh)).and_then(|()| disk.rename(&fresh, path));
    if let Err(why) = written {
        // A full disk is not helped by what could not be finished; a leftover is harmless, and overwritten the next time.
        let _ = disk.remove(&fresh);
        return Err(why);
    }
    disk.sync_folder(folder(path))
}

/// The same; but what the next start reads is what counts, and the step that failed may have been the last.
///
/// # Errors
/// The file holds something else.
pub fn settle(disk: &mut dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(disk, path, bytes).or_else(|why| match disk.read(path) {
        Ok(Some(found)) if found == bytes => Ok(()),
        _ => Err(why),
    })
}

/// Lets the file at `from`, which is safe already, take the place of that at `to`; returns when that survives a power cut.
///
/// # Errors
/// The first step that failed; the file at `to` is the old one or the new one then.
pub fn promote(disk: &mut dyn Disk, from: &Path, to: &Path) -> io::Result<()> {
    disk.rename(from, to)?;
    disk.sync_folder(folder(to))
}

/// Removes the file at `path`, and returns when that survives a power cut.
///
/// # Errors
/// The first step that failed.
pub fn discard(disk: &mut dyn Disk, path: &Path) -> io::Result<()> {
    disk.remove(path)?;
    disk.sync_folder(folder(path))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Where the new text is written before it takes the name.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}
