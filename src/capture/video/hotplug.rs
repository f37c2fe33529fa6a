//! Waking up when a video node comes, goes or changes its permissions: inotify on `/dev`, so that it works without udev.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};

/// A watch on `/dev`.
#[derive(Debug)]
pub(super) struct Hotplug {
    inotify: OwnedFd,
}

impl AsFd for Hotplug {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

impl Hotplug {
    /// Starts to watch; `None` where that is not possible (no inotify left), and then cameras are looked for by the clock.
    pub(super) fn new() -> Option<Self> {
        let inotify = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
        let what = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::ATTRIB | WatchFlags::MOVED_TO;
        add_watch(&inotify, c"/dev", what).ok()?;
        Some(Self { inotify })
    }

    /// Whether something happened to a video node since the last call.
    pub(super) fn changed(&self) -> bool {
        let mut room = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.inotify, &mut room);
        let mut changed = false;
        while let Ok(event) = reader.next() {
            // Without a name the queue has overflown: something happened.
            changed |= event.file_name().is_none_or(|name| name.to_bytes().starts_with(b"v"));
        }
        changed
    }
}
