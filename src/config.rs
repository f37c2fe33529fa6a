//! The whole configuration: the sum of the parts' own `Config`s, from its layers.
//!
//! Each part owns its section: a struct with `#[serde(deny_unknown_fields, default)]`, a `Default`, every field documented,
//! `Option` fields serialised as they are (no `skip_serializing_if`, so that the default value names every key), and a method
//! `problems()` that returns what is out of range as pairs of key and reason. This room adds the sections up, reads the layers
//! and says where each value came from. It decides nothing, and nobody below `app` and `cli` names it.
//!
//! Later layers win: built-in, board profile, file, `conf.d/*.toml` in the order of their names, credentials, what was set by command,
//! environment. What is set by command goes through [`Settings`], which tries it out, keeps it or rolls it back.

mod applies;
mod de;
mod error;
mod load;
pub mod provision;
mod remote;
mod rules;
mod schema;
mod secrets;
mod sections;
mod settings;
mod show;
#[cfg(test)]
mod tests;
mod tree;

use serde::{Deserialize, Serialize};

pub use applies::{Applies, applies, may_cut_off};
pub use error::{ConfigError, Problem};
pub use load::{DEFAULT_FILE, File, Loaded, Remote, Sources, load, load_as_run};
pub use remote::{Edit, EditError, state_directory};
pub use secrets::{SecretError, read_secret};
pub use sections::{Board, Device, EncoderChoice, Engine, EngineKind, Latency, NamedCamera, Stream, Talking, Voice};
pub use settings::{Changed, SetError, Settings, TRIAL, Trial, differences, slowest};
pub use show::Setting;
pub use tree::{Layer, Origin};

use crate::{capture, control, detector, playout, recorder, telemetry};

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// This device.
    pub device: Device,
    /// The board it runs on.
    pub board: Board,
    /// The camera that is published.
    pub camera: capture::video::Config,
    /// Names for cameras, to be used in `camera.source`.
    pub cameras: Vec<NamedCamera>,
    /// The microphone that is published.
    pub microphone: capture::audio::Config,
    /// The speaker that plays what others say.
    pub speaker: playout::Config,
    /// What is done to the microphone's sound.
    pub voice: Voice,
    /// How picture and sound are sent.
    pub stream: Stream,
    /// What the device notices by itself.
    pub detect: detector::Config,
    /// What is recorded on the device itself.
    pub record: recorder::Config,
    /// Which engine sends them.
    pub engine: Engine,
    /// The embedded room server.
    pub room: room::Config,
    /// Calls over a message broker.
    pub calls: call_control::Config,
    /// Commands.
    pub control: control::Config,
    /// Log, metrics, health.
    pub telemetry: telemetry::Config,
}
