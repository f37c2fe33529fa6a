//! What a scenario holds in its hands inside the guest: cameras, sound cards, networks, processes. Not for booting: see
//! [`crate::bench`].

mod audience;
pub mod daemon;
mod network;
pub mod picture;
mod process;
pub mod sound;
pub mod talker;
mod told;
mod usb_camera;
mod viewer;
mod vivid;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use audience::Audience;
pub use daemon::{Daemon, Setup};
pub use network::{Namespace, link, trouble};
pub use process::{Process, run};
pub use told::Told;
pub use usb_camera::UsbCamera;
pub use viewer::{Viewer, colour_at};
pub use vivid::Vivid;

/// A clip that clips.sh prepared.
pub fn clip(name: &str) -> PathBuf {
    crate::bench::here().join("../.cache/clips").join(name)
}

/// Time since some moment in the guest.
#[expect(clippy::disallowed_methods, reason = "a scenario owns its clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Lets time pass: for what must *not* happen meanwhile, and for counting what comes in it. To wait for something, use [`wait_for`].
#[expect(clippy::disallowed_methods, reason = "a scenario owns its clock")]
pub fn let_pass(time: Duration) {
    std::thread::sleep(time);
}

/// Waits until `look` finds what it looks for, and returns it; fails after `limit`.
pub fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    wait_while(limit, || look().ok_or_else(|| what.to_owned()))
}

/// The same where what is missing is known only while one looks. All waiting of scenarios comes down to this.
pub fn wait_while<T>(limit: Duration, mut look: impl FnMut() -> Result<T, String>) -> T {
    let start = now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(missing) => assert!(start.elapsed() < limit, "waited {limit:?} in vain for {missing}"),
        }
        let_pass(Duration::from_millis(10));
    }
}

/// What a file of sysfs or procfs says, without the line's end.
pub fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).trim().to_owned()
}

/// Writes to a file of sysfs, configfs or procfs.
pub fn write(path: impl AsRef<Path>, text: &str) {
    let path = path.as_ref();
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{} <- {text:?}: {error}", path.display()));
}

/// Capture nodes, with the names that their drivers give them; metadata nodes left out.
pub fn cameras() -> Vec<(PathBuf, String)> {
    let Ok(entries) = std::fs::read_dir("/sys/class/video4linux") else { return Vec::new() };
    let mut out: Vec<_> = entries
        .flatten()
        .filter(|entry| std::fs::read_to_string(entry.path().join("index")).is_ok_and(|index| index.trim() == "0"))
        .filter_map(|entry| {
            let name = std::fs::read_to_string(entry.path().join("name")).ok()?;
            Some((Path::new("/dev").join(entry.file_name()), name.trim().to_owned()))
        })
        .collect();
    out.sort();
    out
}

/// Open descriptors of this process.
pub fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("procfs is mounted").count()
}
