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
mod error;
mod file;
mod hotplug;
mod identity;
mod knobs;
mod listing;
mod live;
mod mode;
mod output;
mod pattern;
mod policy;
mod pump;
mod shared;
mod slot;
mod state;
mod still;
#[cfg(test)]
mod tests;
mod v4l2;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use media::{EncodedFrame, Frame, Size};
use tokio::sync::broadcast;

pub use config::{Config, Format, Idle};
pub use control::{Control, ControlError, ControlKind, MenuEntry};
pub use error::{ModeError, SelectError, SnapshotError};
pub use listing::{DeviceInfo, devices, file};
pub use mode::{FourCc, Mode, Rate};
pub use slot::{Counters, Slot, Ticket};
pub use state::{CameraEvent, Identity, Loss, Phase, State};
pub use v4l2::OpenError;

use pump::{Command, Pump};
use shared::Shared;

/// Frames that wait for the consumer at most.
const SLOT_DEPTH: usize = 2;
/// Small pictures are no larger than this.
const THUMBNAIL: Size = Size::new(320, 320);
/// Commands that wait for the capture thread at most; a driver can hold it for a second or two.
const COMMANDS: usize = 16;
/// How long a command may take: UVC devices are given five seconds to answer a control request.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(6);

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

impl Camera {
    /// Starts the capture thread. What cannot be opened is told by [`Camera::state`], not here.
    pub fn start(config: Config) -> std::io::Result<Self> {
        Self::start_private(config, false)
    }

    /// The same; `private`, no device is opened before [`set_private`](Self::set_private) lets it.
    pub fn start_private(config: Config, private: bool) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::new(private)?);
        let (commands, inbox) = sync_channel(COMMANDS);
        let pump = Pump::new(config, Arc::clone(&shared), inbox);
        let thread = std::thread::Builder::new().name("camera".into()).spawn(move || pump.run())?;
        Ok(Self { shared, commands, thread: Some(thread) })
    }

    /// Where the pictures come out.
    pub fn slot(&self) -> Arc<Slot<Captured>> {
        Arc::clone(&self.shared.slot)
    }

    /// Changes whenever the capture thread turns, every second at least unless a driver keeps it; odd while it waits for the device, a
    /// command or the time, even while it is at work.
    pub fn turns(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.shared.turns)
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

    /// Whether a device is held open to capture from it, whatever is wished or shown: what a privacy light follows. Not so for the
    /// built-in pattern and for clips.
    pub fn is_open(&self) -> bool {
        self.shared.is_open()
    }

    /// The latest picture of a camera that delivers, or of the pattern; the latest key frame of one that encodes by itself. Its buffer is one
    /// of a few: whoever keeps it costs the next picture.
    pub fn latest(&self) -> Option<Captured> {
        let facts = self.shared.facts();
        match facts.phase {
            Phase::Live | Phase::Pattern => facts.latest.clone(),
            _ => None,
        }
    }

    /// Mean brightness of the latest picture of a camera that delivers, 0 to 255, from some thousand of its pixels; `None` for a camera
    /// that encodes by itself. Takes microseconds.
    pub fn brightness(&self) -> Option<u8> {
        let Some(Captured::Raw(frame)) = self.latest() else { return None };
        let width = frame.size.width as usize;
        let luma = (*frame.buffer).as_ref().get(..width * frame.size.height as usize)?;
        let pixels = || luma.chunks_exact(width.max(1)).step_by(16).flat_map(|row| row.iter().step_by(16));
        let sum: u64 = pixels().map(|pixel| u64::from(*pixel)).sum();
        u8::try_from(sum / (pixels().count() as u64).max(1)).ok()
    }

    /// What the camera can deliver, under the 2K limit or not; empty while none is there.
    pub fn modes(&self) -> Vec<Mode> {
        self.shared.facts().modes.clone()
    }

    /// The camera's controls with their present values, those that it changes by itself read anew; empty while none is
    /// there. Waits for the device, as [`Camera::set_control`] does.
    pub fn controls(&self) -> Vec<Control> {
        self.ask(|reply| Command::Controls { reply }).unwrap_or_else(|_| self.known_controls())
    }

    /// The same as they were when they last changed, without asking the device.
    pub fn known_controls(&self) -> Vec<Control> {
        self.shared.facts().controls.clone()
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

    /// Takes another camera into use, on the same slot: an id as [`devices`] tells it, `auto`, or `pattern`. On an error the one
    /// before goes on. Waits for both devices, seconds in the worst case.
    pub fn select(&self, source: &str) -> Result<(), SelectError> {
        let gone = |why: &str| SelectError::Failed { why: why.into() };
        self.ask(|reply| Command::Select { source: source.into(), reply }).map_err(gone)?
    }

    /// Closes the device whoever watches, and shows a card that says so; or opens it again. However busy the device is, this is what
    /// counts in the end; true when it has been done already.
    pub fn set_private(&self, private: bool) -> bool {
        self.shared.private.store(private, Ordering::Relaxed);
        self.ask(|reply| Command::Privacy { reply }).is_ok()
    }

    /// The latest picture as JPEG, no side longer than `longest` where that is said; of a camera that sends H.264, the latest key frame. Works on the caller's thread, 2 to
    /// 20 ms.
    pub fn snapshot(&self, longest: Option<u16>) -> Result<Vec<u8>, SnapshotError> {
        let (latest, detail) = {
            let facts = self.shared.facts();
            (facts.latest.clone(), facts.detail.clone())
        };
        still::encode(
            &latest.ok_or(SnapshotError::NoPicture { why: detail })?,
            longest.map(|side| Size::new(side.into(), side.into())),
        )
    }

    /// The same, no side longer than 320; none while the camera delivers none. Takes some milliseconds.
    pub fn thumbnail(&self) -> Option<Vec<u8>> {
        let small = still::encode(&self.latest()?, Some(THUMBNAIL));
        small.inspect_err(|why| tracing::debug!("no small picture: {why}")).ok()
    }

    /// Changes as they happen. A listener that lags by more than 64 events is told how many it missed.
    pub fn events(&self) -> broadcast::Receiver<CameraEvent> {
        self.shared.events.subscribe()
    }

    /// Asks a camera that encodes by itself for a key frame; `false` when it cannot be asked. Waits for the device.
    pub fn request_key_frame(&self) -> bool {
        self.ask(|reply| Command::KeyFrame { reply }).unwrap_or(false)
    }

    /// Asks a camera that encodes by itself for another bitrate; `false` when it cannot be asked. Waits for the device.
    pub fn set_bitrate(&self, kbps: u32) -> bool {
        self.ask(|reply| Command::Bitrate { kbps, reply }).unwrap_or(false)
    }

    /// [`Camera::request_key_frame`] without waiting for what comes of it.
    pub fn want_key_frame(&self) {
        self.tell(Command::KeyFrame { reply: sync_channel(1).0 });
    }

    /// [`Camera::set_bitrate`] without waiting for what comes of it. The last one asked for stays.
    pub fn want_bitrate(&self, kbps: u32) {
        self.tell(Command::Bitrate { kbps, reply: sync_channel(1).0 });
    }

    /// Nobody watches: closes the device where `[camera] idle = "close"`, else does nothing. Returns at once.
    pub fn close(&self) {
        self.want(false);
    }

    /// Somebody watches: opens the device if it was closed. Returns at once.
    pub fn open(&self) {
        self.want(true);
    }

    /// Not a command: however many of those wait for a slow driver, the last word counts.
    fn want(&self, wanted: bool) {
        self.shared.wanted.store(wanted, Ordering::Relaxed);
        self.shared.wake();
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
        self.shared.wake();
        sent
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        // The thread ends when the last sender of commands is gone, so the queue being full does not matter.
        let (nobody, _) = sync_channel(0);
        drop(std::mem::replace(&mut self.commands, nobody));
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
