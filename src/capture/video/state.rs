//! What a camera is doing, as values for whoever asks. Not for doing it: see [`super::pump`].

use std::path::PathBuf;

use serde::Serialize;

use super::control::Control;
use super::mode::Mode;
use super::slot::Counters;

/// Which device a camera is, by marks that survive a reboot and another plug order where the device has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The stable id; what `[camera] source` takes. Never the node's number alone.
    pub id: String,
    /// The node it has now.
    pub node: PathBuf,
    /// The driver's name for the device.
    pub card: String,
    /// Where it is attached, as the driver says (`usb-0000:00:14.0-3`, `platform:vivid-000`).
    pub bus: String,
    /// Name of the driver.
    pub driver: String,
    /// The device's serial number, where it has one.
    pub serial: Option<String>,
}

/// Where the pictures come from now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "phase", content = "loss")]
pub enum Phase {
    /// The first frame is still to come.
    Starting,
    /// The camera delivers.
    Live,
    /// The camera is there and streams, but says that it has no signal at its input; the card is shown.
    NoSignal,
    /// The camera cannot be used; the card is shown and the camera is tried again.
    Lost(Loss),
    /// The built-in pattern is shown: it was asked for, or no camera was found.
    Pattern,
    /// Closed for privacy; a card that says so is shown.
    Private,
    /// Closed because nobody watches; nothing is shown.
    Closed,
}

/// Why a camera cannot be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Loss {
    /// It is not there (any more).
    Unplugged,
    /// It is there, but no frames came for longer than the timeout.
    Timeout,
    /// Another program uses it.
    Busy,
    /// We may not open it.
    NoPermission,
    /// The node is there, but is no camera.
    NotACamera,
    /// None of its modes can be used.
    NoMode,
    /// The driver failed.
    Failed,
}

/// What a camera is doing.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    /// Where the pictures come from.
    #[serde(flatten)]
    pub phase: Phase,
    /// The same for people, with device and reason, in one line.
    pub detail: String,
    /// The device, once one was found.
    pub camera: Option<Identity>,
    /// What is delivered; `None` until the first mode was chosen.
    pub mode: Option<Mode>,
    /// The books of the frames.
    pub counters: Counters,
    /// How often the device was opened again after a loss.
    pub recoveries: u64,
    /// Whether timestamps are the driver's (`false`: taken when the frame was fetched).
    pub driver_timestamps: bool,
}

/// Something changed.
#[derive(Clone, Debug)]
pub enum CameraEvent {
    /// Another phase, device or mode; [`super::Camera::state`] tells which.
    State(Phase),
    /// The device has been opened, or closed; [`super::Camera::is_open`] tells which.
    Opened(bool),
    /// A control has another value, range or flag, by us or by others.
    Control(Control),
}
