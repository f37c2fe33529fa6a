//! What the capture thread and those who ask share: the slot, the facts, and the order of time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;
use tokio::sync::broadcast;

use super::control::Control;
use super::mode::Mode;
use super::slot::Slot;
use super::state::{CameraEvent, Identity, Phase};
use super::{Captured, SLOT_DEPTH};

/// Pictures are at least this far apart in time.
const STEP: Duration = Duration::from_millis(1);
/// Events that a slow listener may lag behind before the oldest are lost to it.
const EVENTS: usize = 64;

/// What the capture thread and those who ask share.
#[derive(Debug)]
pub(super) struct Shared {
    pub slot: Arc<Slot<Captured>>,
    facts: Mutex<Facts>,
    pub events: broadcast::Sender<CameraEvent>,
    pub wake: OwnedFd,
    /// Somebody watches, as far as is known.
    pub wanted: AtomicBool,
    /// No device may be open, whoever watches.
    pub private: AtomicBool,
    /// Timestamp of the newest picture, in nanoseconds.
    newest: AtomicU64,
    /// A device is open to capture from it.
    open: AtomicBool,
    /// See [`super::Camera::turns`].
    pub turns: Arc<AtomicU64>,
}

/// What is known about the camera at the moment.
#[derive(Debug)]
pub(super) struct Facts {
    pub phase: Phase,
    pub detail: String,
    pub camera: Option<Identity>,
    pub mode: Option<Mode>,
    pub modes: Vec<Mode>,
    pub controls: Vec<Control>,
    pub recoveries: u64,
    pub driver_timestamps: bool,
    /// The last picture that went out, for snapshots.
    pub latest: Option<Captured>,
}

impl Facts {
    fn new() -> Self {
        Self {
            phase: Phase::Starting,
            detail: "starting".into(),
            camera: None,
            mode: None,
            modes: Vec::new(),
            controls: Vec::new(),
            recoveries: 0,
            driver_timestamps: true,
            latest: None,
        }
    }
}

impl Shared {
    pub(super) fn new(private: bool) -> std::io::Result<Self> {
        let (events, _) = broadcast::channel(EVENTS);
        Ok(Self {
            slot: Arc::new(Slot::new(SLOT_DEPTH)),
            facts: Mutex::new(Facts::new()),
            events,
            wake: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            wanted: AtomicBool::new(true),
            private: AtomicBool::new(private),
            newest: AtomicU64::new(0),
            open: AtomicBool::new(false),
            turns: Arc::default(),
        })
    }

    /// Wakes the capture thread, which looks at everything then.
    pub(super) fn wake(&self) {
        // Fails only when the counter is at its maximum, and then the thread is woken anyway.
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }

    pub(super) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A device is open now, or none is; told when it changes.
    pub(super) fn opened(&self, open: bool) {
        if self.open.swap(open, Ordering::Relaxed) != open {
            // Nobody listening is no fault.
            let _ = self.events.send(CameraEvent::Opened(open));
        }
    }

    /// Whether a device is open now.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// The timestamp that a picture captured at `captured_at` goes out with: as it is, unless a picture with a later one went out
    /// before. That happens where a camera takes over from the card, or changes its mode: its first picture was captured
    /// before the last card was drawn. Players take a time that goes back for a new stream, or wait for it.
    pub(super) fn in_order(&self, captured_at: Duration) -> Duration {
        let after = Duration::from_nanos(self.newest.load(Ordering::Relaxed)) + STEP;
        let stamp = captured_at.max(after);
        self.newest.store(u64::try_from(stamp.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        stamp
    }
}
