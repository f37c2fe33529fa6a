//! The sections that belong to no single part: the app hands their values out.

pub use artc_open::{Latency, encoder::Choice as EncoderChoice};
use serde::{Deserialize, Serialize};

/// `[device]`: who this device is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Device {
    /// The name that people see. Unset: the host name.
    pub name: Option<String>,
    /// The id that signed commands name (`aud`). Unset: made from the machine's id (/etc/machine-id), which itself is not told.
    pub id: Option<String>,
}

/// `[board]`: what it runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Board {
    /// `auto` (by device tree or DMI), the id of a profile, or the path of a profile file.
    pub profile: String,
    /// What moves the lines that the profile declares.
    pub backend: board::Backend,
    /// For how many seconds the channel may be lost before outputs that commands have moved go to their safe states; 0: for ever.
    pub safe_after_s: u32,
}

impl Default for Board {
    fn default() -> Self {
        Self { profile: "auto".into(), backend: board::Backend::default(), safe_after_s: 30 }
    }
}

impl Board {
    /// What this build does not have, as (key below `[board]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        self.backend.missing().map(|why| ("backend", why.to_owned())).into_iter().collect()
    }
}

/// `[[cameras]]`: a name for a camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedCamera {
    /// The name, to be used in `camera.source`.
    pub name: String,
    /// A stable id as `artc-edge devices` prints it, or a device node.
    pub source: String,
}

/// `[stream]`: how picture and sound are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stream {
    /// Highest bitrate of the picture in kbit/s, 50 to 50000; congestion control goes below it.
    pub bitrate_kbps: u32,
    /// What the viewers' jitter buffers are told.
    pub latency: Latency,
    /// Which H.264 encoder.
    pub encoder: EncoderChoice,
}

impl Default for Stream {
    fn default() -> Self {
        Self { bitrate_kbps: 2_000, latency: Latency::Live, encoder: EncoderChoice::Auto }
    }
}

impl Stream {
    /// What is out of range, as (key below `[stream]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if !(50..=50_000).contains(&self.bitrate_kbps) {
            found.push(("bitrate_kbps", format!("{} is out of range, 50 to 50000 kbit/s", self.bitrate_kbps)));
        }
        found
    }
}

/// `[voice]`: what is done to the microphone's sound, because there is a speaker beside it or noise around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Voice {
    /// What the speaker plays is taken out of what the microphone hears.
    pub echo: bool,
    /// Steady noise is suppressed.
    pub noise: bool,
    /// Quiet voices are made louder, loud ones quieter.
    pub gain: bool,
    /// Whether both sides may be heard at once.
    pub duplex: Talking,
}

/// Whether both sides may be heard at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Talking {
    /// They may.
    #[default]
    Full,
    /// While the speaker is heard, the microphone is silent.
    Half,
}

impl Default for Voice {
    fn default() -> Self {
        Self { echo: true, noise: false, gain: false, duplex: Talking::Full }
    }
}

/// `[engine]`: which engine joins the room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Engine {
    /// Which engine.
    pub kind: EngineKind,
    /// The open engine's own settings.
    pub open: artc_open::Config,
    /// The sdk engine's own settings.
    pub sdk: artc_bindings::sdk::Config,
}

/// Which engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Ours: WebRTC, in the LiveKit room protocol.
    #[default]
    Open,
    /// The vendor's SDK, in a process of its own.
    Sdk,
    /// A scripted one without a network, for tests and for trying out a camera.
    Fake,
}
