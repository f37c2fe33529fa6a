//! Cameras: a thread each, which delivers pictures for ever, whatever happens to the device.
//!
//! [`Camera::start`] never fails for a device's sake. A camera that is missing, busy or unplugged is shown as a "no signal" card at a low
//! steady rate on the same [`Slot`], and comes back by itself; [`Camera::state`] says what is shown and why.
//!
//! ```no_run
//! use artc_edge::capture::video::{Camera, Captured, Config};
//! let camera = Camera::start(Config::default())?;
//! let slot = camera.slot();
//! while !slot.is_closed() {
//!     match slot.take(std::time::Duration::from_millis(100)) {
//!         Some(Captured::Raw(frame)) => println!("{} at {:?}", frame.size, frame.captured_at),
//!         Some(Captured::Encoded(unit)) => println!("{} bytes", unit.data.len()),
//!         None => {}
//!     }
//! }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! This room knows media and nothing else of ours: not who takes the frames, not who sends the commands.

mod config;
mod control;
mod encoded;
mod file;
mod hotplug;
mod identity;
mod knobs;
mod live;
mod mode;
mod output;
mod pattern;
mod policy;
mod pump;
mod slot;
mod state;
#[cfg(test)]
mod tests;
mod v4l2;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use media::{EncodedFrame, Frame, Size};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;
use serde::Serialize;
use tokio::sync::broadcast;

pub use config::{Config, Format, Idle};
pub use control::{Control, ControlError, ControlKind, MenuEntry};
pub use mode::{FourCc, Mode, Rate};
pub use slot::{Counters, Slot, Ticket};
pub use state::{CameraEvent, Identity, Loss, Phase, State};
pub use v4l2::OpenError;

use pump::{Command, Pump};

/// Frames that wait for the consumer at most.
const SLOT_DEPTH: usize = 2;
/// Commands that wait for the capture thread at most; a driver can hold it for a second or two.
const COMMANDS: usize = 16;
/// How long a command may take: UVC devices are given five seconds to answer a control request.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(6);
/// Pictures are at least this far apart in time.
const STEP: Duration = Duration::from_millis(1);
/// Events that a slow listener may lag behind before the oldest are lost to it.
const EVENTS: usize = 64;

/// A picture on its way out.
#[derive(Clone, Debug)]
pub enum Captured {
    /// An I420 picture.
    Raw(Frame),
    /// An access unit of a camera that encodes by itself.
    Encoded(EncodedFrame),
}

/// A running camera. Dropping it ends its thread and closes the device.
#[derive(Debug)]
pub struct Camera {
    shared: Arc<Shared>,
    commands: SyncSender<Command>,
    thread: Option<JoinHandle<()>>,
}

/// What the capture thread and those who ask share.
#[derive(Debug)]
pub(crate) struct Shared {
    slot: Arc<Slot<Captured>>,
    facts: Mutex<Facts>,
    events: broadcast::Sender<CameraEvent>,
    wake: OwnedFd,
    /// Timestamp of the newest picture, in nanoseconds.
    newest: AtomicU64,
}

/// What is known about the camera at the moment.
#[derive(Debug)]
pub(crate) struct Facts {
    phase: Phase,
    detail: String,
    camera: Option<Identity>,
    mode: Option<Mode>,
    modes: Vec<Mode>,
    controls: Vec<Control>,
    recoveries: u64,
    driver_timestamps: bool,
    /// The last picture that went out, for snapshots.
    latest: Option<Captured>,
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
    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The timestamp that a picture captured at `captured_at` goes out with: as it is, unless a picture with a later one went out
    /// before. That happens where a camera takes over from the card, or changes its mode: its first picture was captured
    /// before the last card was drawn. Players take a time that goes back for a new stream, or wait for it.
    fn in_order(&self, captured_at: Duration) -> Duration {
        let after = Duration::from_nanos(self.newest.load(Ordering::Relaxed)) + STEP;
        let stamp = captured_at.max(after);
        self.newest.store(u64::try_from(stamp.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        stamp
    }
}

impl Camera {
    /// Starts the capture thread. What cannot be opened is told by [`Camera::state`], not here.
    pub fn start(config: Config) -> std::io::Result<Self> {
        let (events, _) = broadcast::channel(EVENTS);
        let shared = Arc::new(Shared {
            slot: Arc::new(Slot::new(SLOT_DEPTH)),
            facts: Mutex::new(Facts::new()),
            events,
            wake: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            newest: AtomicU64::new(0),
        });
        let (commands, inbox) = sync_channel(COMMANDS);
        let pump = Pump::new(config, Arc::clone(&shared), inbox);
        let thread = std::thread::Builder::new().name("camera".into()).spawn(move || pump.run())?;
        Ok(Self { shared, commands, thread: Some(thread) })
    }

    /// Where the pictures come out.
    pub fn slot(&self) -> Arc<Slot<Captured>> {
        Arc::clone(&self.shared.slot)
    }

    /// What the camera is doing.
    pub fn state(&self) -> State {
        let counters = self.shared.slot.counters();
        let facts = self.shared.facts();
        State {
            phase: facts.phase.clone(),
            detail: facts.detail.clone(),
            camera: facts.camera.clone(),
            mode: facts.mode,
            counters,
            recoveries: facts.recoveries,
            driver_timestamps: facts.driver_timestamps,
        }
    }

    /// What the camera can deliver, under the 2K limit or not; empty while none is there.
    pub fn modes(&self) -> Vec<Mode> {
        self.shared.facts().modes.clone()
    }

    /// The camera's controls with their present values, those that it changes by itself read anew; empty while none is
    /// there. Waits for the device, as [`Camera::set_control`] does.
    pub fn controls(&self) -> Vec<Control> {
        self.ask(|reply| Command::Controls { reply }).unwrap_or_else(|_| self.shared.facts().controls.clone())
    }

    /// Sets the control called `which` (its [`Control::name`], or its number in decimal) and returns it as it is then:
    /// drivers may round. Waits for the device, seconds in the worst case.
    pub fn set_control(&self, which: &str, value: i64) -> Result<Control, ControlError> {
        let gone = |why: &str| ControlError::NoCamera { why: why.into() };
        self.ask(|reply| Command::SetControl { which: which.into(), value, reply }).map_err(gone)?
    }

    /// Changes size and rate to what the camera has nearest to them, by the same policy as at the start, and returns
    /// what was chosen. On an error the mode stays as it was.
    pub fn set_mode(&self, size: Size, fps: f64) -> Result<Mode, ModeError> {
        if !size.fits_2k() || size.width < 16 || size.height < 16 || size.width % 2 + size.height % 2 > 0 {
            return Err(ModeError::Size { size });
        }
        if !(1.0..=240.0).contains(&fps) {
            return Err(ModeError::Rate);
        }
        self.ask(|reply| Command::SetMode { size, fps, reply }).map_err(|why| ModeError::NoCamera { why: why.into() })?
    }

    /// The latest picture as JPEG; of a camera that sends H.264, the latest key frame. Works on the caller's thread, 2 to
    /// 20 ms.
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        let (latest, detail) = {
            let facts = self.shared.facts();
            (facts.latest.clone(), facts.detail.clone())
        };
        match latest {
            Some(Captured::Raw(frame)) => media::jpeg::encode(&frame, 90).map_err(|e| SnapshotError::Jpeg { why: e.to_string() }),
            Some(Captured::Encoded(unit)) => {
                let (size, picture) =
                    media::h264::still::decode(&unit.data).map_err(|e| SnapshotError::Decode { why: e.to_string() })?;
                media::jpeg::encode_i420(size, &picture, 90).map_err(|e| SnapshotError::Jpeg { why: e.to_string() })
            }
            None => Err(SnapshotError::NoPicture { why: detail }),
        }
    }

    /// Changes as they happen. A listener that lags by more than 64 events is told how many it missed.
    pub fn events(&self) -> broadcast::Receiver<CameraEvent> {
        self.shared.events.subscribe()
    }

    /// Asks a camera that encodes by itself for a key frame; `false` when it cannot be asked.
    pub fn request_key_frame(&self) -> bool {
        self.ask(|reply| Command::KeyFrame { reply }).unwrap_or(false)
    }

    /// Asks a camera that encodes by itself for another bitrate; `false` when it cannot be asked.
    pub fn set_bitrate(&self, kbps: u32) -> bool {
        self.ask(|reply| Command::Bitrate { kbps, reply }).unwrap_or(false)
    }

    /// Nobody watches: closes the device where `[camera] idle = "close"`, else does nothing. Returns at once.
    pub fn close(&self) {
        self.tell(Command::Close);
    }

    /// Somebody watches: opens the device if it was closed. Returns at once.
    pub fn open(&self) {
        self.tell(Command::Open);
    }

    fn ask<T>(&self, command: impl FnOnce(SyncSender<T>) -> Command) -> Result<T, &'static str> {
        let (reply, answer): (_, Receiver<T>) = sync_channel(1);
        if !self.tell(command(reply)) {
            return Err("the capture thread is busy with other commands");
        }
        answer.recv_timeout(COMMAND_TIMEOUT).map_err(|_| "the device does not answer")
    }

    fn tell(&self, command: Command) -> bool {
        let sent = match self.commands.try_send(command) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        };
        // Fails only when the counter is at its maximum, and then the thread is woken anyway.
        let _ = rustix::io::write(&self.shared.wake, &1u64.to_ne_bytes());
        sent
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        // The thread ends when the last sender of commands is gone, so the queue being full does not matter.
        let (nobody, _) = sync_channel(0);
        drop(std::mem::replace(&mut self.commands, nobody));
        let _ = rustix::io::write(&self.shared.wake, &1u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A video node of this machine, for listings and advice.
#[derive(Debug, Serialize)]
pub struct DeviceInfo {
    /// The node.
    pub node: PathBuf,
    /// The camera; `None` when the node is none or cannot be opened.
    pub camera: Option<Identity>,
    /// What it can deliver.
    pub modes: Vec<Mode>,
    /// Its controls.
    pub controls: Vec<Control>,
    /// Why it cannot be used.
    pub problem: Option<String>,
    /// The same in one word.
    pub loss: Option<Loss>,
}

impl DeviceInfo {
    /// Whether `source` of the configuration means this device; `auto` means every camera, the first of them is taken.
    pub fn is_meant_by(&self, source: &str) -> bool {
        match identity::Target::parse(source) {
            identity::Target::Pattern | identity::Target::File(_) => false,
            identity::Target::First => self.camera.is_some(),
            identity::Target::Node(path) => self.node == std::fs::canonicalize(&path).unwrap_or(path),
            identity::Target::Id(id) => self.camera.as_ref().is_some_and(|camera| identity::is_meant(&id, camera)),
        }
    }

    /// The mode that it would be asked for, and the size that would go out.
    ///
    /// # Errors
    /// Why none of its modes will do, and what would.
    pub fn mode_for(&self, config: &Config) -> Result<(Mode, Size), String> {
        let formats: Vec<FourCc> = self.modes.iter().map(|mode| mode.fourcc).collect();
        policy::choose(&self.modes, &formats, config).map(|choice| (choice.mode, choice.size))
    }
}

/// Every video node of this machine. Opens each for a moment, which disturbs nobody who streams from it.
pub fn devices() -> Vec<DeviceInfo> {
    let wanted = Config::default();
    let describe = |candidate: identity::Candidate| match candidate.opened {
        Ok(found) => {
            let offers = found.device.offers(wanted.size(), Rate::from_fps(wanted.fps));
            let problem = offers.as_ref().err().map(ToString::to_string);
            let loss = offers.as_ref().err().map(OpenError::loss);
            let (modes, controls) = (offers.unwrap_or_default().modes, found.device.controls());
            DeviceInfo { node: candidate.node, camera: Some(found.identity), modes, controls, problem, loss }
        }
        Err(error) => {
            let (problem, loss) = (Some(error.to_string()), Some(error.loss()));
            DeviceInfo { node: candidate.node, camera: None, modes: Vec::new(), controls: Vec::new(), problem, loss }
        }
    };
    identity::scan().into_iter().map(describe).collect()
}

/// What `config` plays from a file, in one line, or why it cannot; `None` where its source is none. Reads the file.
pub fn file(config: &Config) -> Option<Result<String, String>> {
    match identity::Target::parse(&config.source) {
        identity::Target::File(path) => Some(file::look(&path, config)),
        _ => None,
    }
}

/// Why the mode was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModeError {
    /// Not a size that the engine takes.
    #[error("{size} is not a picture size: even sides from 16, the longer at most 1920, the shorter at most 1088")]
    Size {
        /// What was asked for.
        size: Size,
    },
    /// Not a frame rate.
    #[error("the frame rate must be from 1 to 240")]
    Rate,
    /// The camera has nothing that fits.
    #[error("{why}")]
    NoMode {
        /// The refusal, naming the camera.
        why: String,
    },
    /// The camera does not answer.
    #[error("mode not changed: {why}")]
    NoCamera {
        /// What is the matter with it.
        why: String,
    },
}

/// Why there is no snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Nothing was captured yet, or the camera is closed.
    #[error("no picture to take a snapshot of: {why}")]
    NoPicture {
        /// What the camera's state says.
        why: String,
    },
    /// The camera's latest key frame did not decode.
    #[error("snapshot: {why}")]
    Decode {
        /// The decoder's error.
        why: String,
    },
    /// The picture did not encode.
    #[error("snapshot: {why}")]
    Jpeg {
        /// The encoder's error.
        why: String,
    },
}
