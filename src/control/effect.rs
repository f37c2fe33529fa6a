//! What a command makes the daemon do, and what came of it.

use std::sync::Arc;

use wire::{audio, camera, stream, viewer};

/// Something for the shell to carry out. It was checked against the [`View`](super::View) already; between the check and the deed
/// the world may still have changed, which is what [`Failure`] is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Look for cameras; answered by [`Outcome::Cameras`].
    ListCameras,
    /// Read the controls of the camera in use with their values at this moment; answered by [`Outcome::Controls`].
    ReadControls,
    /// Set one control; answered by [`Outcome::Control`] with the value that the driver took.
    SetControl {
        /// V4L2's number of the control.
        id: u32,
        /// Its name.
        name: String,
        /// Its value, within its range; a boolean's is 0 or 1, a button's 1.
        value: i64,
    },
    /// Take a still picture; answered by [`Outcome::Snapshot`].
    TakeSnapshot,
    /// Change the published picture; answered by [`Outcome::Stream`].
    SetStream(StreamChange),
    /// Mute or unmute the picture; answered by [`Outcome::Stream`].
    MuteVideo(bool),
    /// Ask the encoder for a key frame; answered by [`Outcome::Done`].
    RequestKeyFrame,
    /// Set the microphone's volume, 0 to 100; answered by [`Outcome::Audio`].
    SetVolume(u8),
    /// Mute or unmute the sound; answered by [`Outcome::Audio`].
    MuteAudio(bool),
    /// Make an address of the viewer page; answered by [`Outcome::ViewerAddress`].
    MakeViewerAddress,
    /// Ask or move the board.
    Board(BoardAct),
}

/// What the board is asked or told. Names are those of its profile.
#[derive(Clone, Debug, PartialEq)]
pub enum BoardAct {
    /// Tell how everything is; answered by [`Outcome::BoardInfo`].
    ReadInfo,
    /// Read a line; answered by [`Outcome::Line`].
    ReadLine(String),
    /// Switch a line; answered by [`Outcome::Line`].
    SetLine(wire::board::SetLine),
    /// Switch a line for a time; answered by [`Outcome::Line`] when the pulse has begun.
    PulseLine(wire::board::PulseLine),
    /// Let an LED show a pattern; answered by [`Outcome::Led`].
    SetLed(wire::board::SetLed),
    /// Say who decides about the IR-cut filter; answered by [`Outcome::IrCut`].
    SetIrCut(wire::board::IrCutMode),
    /// Answered by [`Outcome::Temperatures`].
    ReadTemperatures,
    /// Answered by [`Outcome::Throttling`].
    ReadThrottling,
}

/// What `stream.set` asks for, checked; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StreamChange {
    /// Width and height in pixels, within the 2K limit, both even.
    pub size: Option<(u32, u32)>,
    /// Frames a second.
    pub fps: Option<f32>,
    /// Highest bitrate in kbit/s.
    pub bitrate_kbps: Option<u32>,
}

/// What came of an [`Effect`].
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The cameras that were found.
    Cameras(Vec<camera::Camera>),
    /// The controls with their values.
    Controls(Vec<camera::Control>),
    /// The control as it is now.
    Control(Box<camera::Control>),
    /// A JPEG picture.
    Snapshot(Arc<[u8]>),
    /// The published picture as it is now.
    Stream(Box<stream::Stream>),
    /// The published sound as it is now.
    Audio(Box<audio::Audio>),
    /// An address of the viewer page.
    ViewerAddress(viewer::Address),
    /// The board as it is now.
    BoardInfo(Box<wire::board::Info>),
    /// The line as it is now.
    Line(Box<wire::board::Line>),
    /// The LED as it is now.
    Led(Box<wire::board::Led>),
    /// The IR-cut filter as it is now.
    IrCut(wire::board::IrCut),
    /// What the thermometers say.
    Temperatures(wire::board::Temperatures),
    /// Whether the machine is slowed down.
    Throttling(wire::board::Throttling),
    /// It was done; there is nothing to tell.
    Done,
    /// It was not done.
    Failed(Failure),
}

/// Why an effect was not carried out; the text is for people and names the thing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// What it is about went away, or is in no state for it.
    #[error("{0}")]
    NotAvailable(String),
    /// The device answered with an error.
    #[error("{0}")]
    Device(String),
    /// The device takes no such value.
    #[error("{0}")]
    OutOfRange(String),
}
