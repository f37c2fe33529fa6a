//! What a command makes the daemon do, and what came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use wire::{Refusal, audio, camera, config, state, stream, update, viewer};

use super::authority::KeyChanges;
use super::jobs::JobId;

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
    /// Set these controls, one after the other; answered by [`Outcome::Controls`] with all controls as they are then.
    SetControls(Vec<ControlChange>),
    /// Take another camera into use: an id, `auto` or `pattern`; answered by [`Outcome::Selected`].
    SelectCamera(String),
    /// Close camera and microphone, or open them again; answered by [`Outcome::Privacy`].
    SetPrivacy(bool),
    /// Take a still picture; answered by [`Outcome::Snapshot`].
    TakeSnapshot {
        /// No side longer than that; none: in its own size.
        longest: Option<u16>,
    },
    /// Change the published picture; answered by [`Outcome::Stream`].
    SetStream(StreamChange),
    /// Mute or unmute the picture; answered by [`Outcome::Stream`].
    MuteVideo(bool),
    /// Send a small stream along, or no more; answered by [`Outcome::Stream`].
    SetDualStream(bool),
    /// Ask the encoder for a key frame; answered by [`Outcome::Done`].
    RequestKeyFrame,
    /// Set the microphone's volume, 0 to 100; answered by [`Outcome::Audio`].
    SetVolume(u8),
    /// Set quality and purpose of the sound; answered by [`Outcome::Audio`].
    SetAudioProfile(audio::Quality, audio::Scene),
    /// Set the speaker's volume, 0 to 100; answered by [`Outcome::Audio`].
    SetSpeakerVolume(u8),
    /// Say what is done to the microphone's sound; answered by [`Outcome::Audio`].
    SetVoice {
        /// Take the echo out.
        echo: bool,
        /// Suppress noise.
        noise: bool,
        /// Even the level.
        gain: bool,
        /// One side at a time.
        half_duplex: bool,
    },
    /// Mute or unmute the speaker; answered by [`Outcome::Audio`].
    MuteSpeaker(bool),
    /// Mute or unmute the sound; answered by [`Outcome::Audio`].
    MuteAudio(bool),
    /// Make an address of the viewer page; answered by [`Outcome::ViewerAddress`].
    MakeViewerAddress,
    /// Read the clock on the wall; answered by [`Outcome::Clock`].
    ReadClock,
    /// Set it to so many milliseconds since 1970; answered by [`Outcome::Clock`].
    SetClock(u64),
    /// Hold back no longer; answered by [`Outcome::Done`].
    LeaveSafeMode,
    /// Restart the machine or switch it off; answered by [`Outcome::Done`] when the request was taken.
    Power(PowerAct),
    /// Tell how the network is; answered by [`Outcome::Network`].
    ReadNetwork {
        /// The device is in the channel, so that there is a way to it.
        inside: bool,
    },
    /// Look whether the server that is joined can be reached, and the STUN server of this host and port; answered by
    /// [`Outcome::Probed`].
    ProbeNetwork(Option<(String, u16)>),
    /// Ask or move the board.
    Board(BoardAct),
    /// Ask or change the log.
    Log(LogAct),
    /// Ask for or change the configuration.
    Config(ConfigAct),
    /// Tell or change how the device is meant to be.
    State(StateAct),
    /// Ask the recorder, or have it do something.
    Record(RecordAct),
    /// Ask RAUC, or have it do something.
    Update(UpdateAct),
    /// Have RAUC install this bundle, as a job; its result is [`Outcome::UpdateProgress`].
    InstallUpdate(String),
    /// Keep what was changed about keys over a restart; answered by [`Outcome::Done`]. It holds already.
    StoreKeys(KeyChanges),
}

/// A control and its new value, within its range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlChange {
    /// V4L2's number of the control.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: i64,
}

/// What RAUC is asked or told. A bundle is a path or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateAct {
    /// Look into this bundle; answered by [`Outcome::UpdateChecked`].
    Check(String),
    /// Tell how it goes; answered by [`Outcome::UpdateProgress`].
    Progress,
    /// Mark the running system as good; answered by [`Outcome::UpdateMarked`].
    Confirm,
    /// Boot the other system next; answered by [`Outcome::UpdateMarked`].
    RollBack,
}

/// What is asked of the document of the device's state, or done to it; answered by [`Outcome::State`].
#[derive(Clone, Debug, PartialEq)]
pub enum StateAct {
    /// Tell it.
    Get,
    /// Keep another wish, and do what it leads to.
    SetDesired(state::SetDesired),
}

/// What is asked of the configuration, or done to it.
#[derive(Clone, PartialEq)]
pub enum ConfigAct {
    /// Tell what is in force, of all or of these keys and sections; answered by [`Outcome::Settings`].
    Get(Option<Vec<String>>),
    /// Set these keys; answered by [`Outcome::Changed`].
    Set {
        /// Keys with their values.
        values: BTreeMap<String, Value>,
        /// For how long the change is on trial; none: as the keys want it.
        trial: Option<Duration>,
    },
    /// Forget these keys and sections, or all; answered by [`Outcome::Changed`].
    Reset {
        /// What is forgotten.
        keys: Option<Vec<String>>,
        /// Of all, who may do what stays.
        keep_control: bool,
        /// As in `Set`.
        trial: Option<Duration>,
    },
    /// Keep what is on trial; answered by [`Outcome::Done`].
    Confirm,
    /// Roll back what is on trial; answered by [`Outcome::Done`].
    RollBack,
}

impl fmt::Debug for ConfigAct {
    /// Without values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get(keys) => f.debug_tuple("Get").field(keys).finish(),
            Self::Set { values, trial } => f.debug_struct("Set").field("keys", &values.keys()).field("trial", trial).finish(),
            Self::Reset { keys, trial, .. } => f.debug_struct("Reset").field("keys", keys).field("trial", trial).finish(),
            Self::Confirm => f.write_str("Confirm"),
            Self::RollBack => f.write_str("RollBack"),
        }
    }
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
    /// Blink the status LED for so many seconds; answered by [`Outcome::Done`] when it does.
    Identify(u32),
    /// Answered by [`Outcome::Temperatures`].
    ReadTemperatures,
    /// Answered by [`Outcome::Throttling`].
    ReadThrottling,
}

/// What the recorder is asked or told. Recordings by their ids, as somebody said them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordAct {
    /// Begin to record; answered by [`Outcome::Recorder`].
    Start,
    /// End it; answered by [`Outcome::Recorder`].
    Stop,
    /// Tell the newest recordings; answered by [`Outcome::Recordings`].
    List {
        /// Only older ones than this.
        before: Option<String>,
        /// So many at most.
        limit: u32,
    },
    /// Bring a part of one; answered by [`Outcome::RecordPart`].
    Fetch {
        /// Which.
        id: String,
        /// From this byte on.
        offset: u64,
        /// So many bytes at most.
        length: u64,
        /// Of its picture instead.
        thumbnail: bool,
    },
    /// Delete one; answered by [`Outcome::Done`].
    Delete(String),
}

/// How the machine is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerAct {
    /// It starts again.
    Reboot,
    /// It stays off.
    Shutdown,
}

/// What the log is asked or told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogAct {
    /// Tell the last lines; answered by [`Outcome::LogLines`].
    Tail(TailWish),
    /// Log more or less for a time; answered by [`Outcome::LogLevels`].
    SetLevel(LevelChange),
    /// Log what the configuration says; answered by [`Outcome::LogLevels`].
    ResetLevel,
}

/// What `log.tail` asks for, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailWish {
    /// So many lines at most.
    pub lines: u32,
    /// Of this level and weightier ones.
    pub level: Option<wire::log::Level>,
    /// Of this part and the parts of it.
    pub part: Option<String>,
    /// With numbers above this one.
    pub after: u64,
}

/// What `log.set_level` asks for, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelChange {
    /// The level.
    pub level: wire::log::Level,
    /// Of this part; of all of ours when `None`.
    pub part: Option<String>,
    /// For how many seconds.
    pub seconds: u32,
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
    /// The camera in use.
    Selected(camera::Selected),
    /// Whether camera and microphone are closed for privacy.
    Privacy(bool),
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
    /// The clock on the wall.
    Clock(wire::device::Clock),
    /// The network as it is.
    Network(Box<wire::net::Status>),
    /// What can be reached.
    Probed(wire::net::Probed),
    /// The last log lines.
    LogLines(wire::log::Lines),
    /// What is logged.
    LogLevels(wire::log::Levels),
    /// The configuration in force.
    Settings(Box<config::Settings>),
    /// How the device is meant to be, and how it is.
    State(Box<state::Document>),
    /// How the recorder stands.
    Recorder(Box<wire::record::Status>),
    /// Recordings on the device.
    Recordings(Box<wire::record::List>),
    /// A part of a recording, and its bytes.
    RecordPart(Box<wire::record::Part>, Arc<[u8]>),
    /// What a bundle holds.
    UpdateChecked(Box<update::Checked>),
    /// How the update stands.
    UpdateProgress(Box<update::Progress>),
    /// The slot that was marked.
    UpdateMarked(update::Marked),
    /// What a change of the configuration did.
    Changed(Box<config::Changed>),
    /// The work of this job has begun.
    Started(JobId),
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
    /// There is no such thing.
    #[error("{0}")]
    Unknown(String),
    /// The device takes no such value.
    #[error("{0}")]
    OutOfRange(String),
    /// What could be judged only with what is kept on the device at hand.
    #[error(transparent)]
    Refused(Box<Refusal>),
}

impl From<Failure> for wire::Refusal {
    fn from(failure: Failure) -> Self {
        let code = match &failure {
            Failure::NotAvailable(_) => wire::Code::NotAvailable,
            Failure::Device(_) => wire::Code::DeviceFailed,
            Failure::Unknown(_) => wire::Code::UnknownName,
            Failure::OutOfRange(_) => wire::Code::OutOfRange,
            Failure::Refused(refusal) => return (**refusal).clone(),
        };
        Self::new(code, failure.to_string())
    }
}
