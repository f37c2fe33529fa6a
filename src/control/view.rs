//! The facts that commands are judged by.

use std::sync::Arc;

use wire::{audio, camera, device, stream};

/// A small copy of the facts, made by the shell before each message: cheap, because it holds nothing that a device must be asked for.
///
/// `device.info`, `device.status`, `camera.modes`, `stream.get` and `audio.get` are answered from it alone.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Who this device is.
    pub info: device::Info,
    /// How it is; `camera.state` and `microphone.state` decide whether commands to them are lawful.
    pub status: device::Status,
    /// What the camera in use can deliver; empty without a camera.
    pub modes: camera::Modes,
    /// The controls of the camera in use; their values may be old. Empty without a camera.
    pub controls: Vec<camera::Control>,
    /// The published picture.
    pub stream: stream::Stream,
    /// The published sound.
    pub audio: audio::Audio,
    /// What the board has. How its lines are at this moment is not in it: a device is asked for that.
    pub board: Arc<wire::board::Info>,
    /// The device joins a server over the network, and not the room of its own process.
    pub joins_elsewhere: bool,
    /// Why the machine can neither be restarted nor switched off from here; nothing where it can.
    pub no_power: Option<&'static str>,
    /// Why this device can take neither echo nor noise out of its sound; nothing where it can.
    pub no_cleaner: Option<&'static str>,
    /// Why nothing is recorded on this device; nothing where it can be.
    pub no_recorder: Option<&'static str>,
    /// Somebody has set the clock that `status.time_ms` shows.
    pub clock_trusted: bool,
    /// The daemon is about to end: nothing that changes anything is begun any more.
    pub stopping: bool,
}
