//! Family `state`: how the device is meant to be, and how far it is so. The wish is kept on the device: one that was away, or has started
//! again, catches up by itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::camera::ControlValue;
use crate::fields::each_key_once;

/// Most camera controls, and most lines, that a wish may name.
pub const MOST_ENTRIES: usize = 64;

/// The parts that can be wished for; what is left out is nobody's wish.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StateParts")]
pub struct Parts {
    /// The picture.
    #[serde(default, skip_serializing_if = "Stream::is_empty")]
    pub stream: Stream,
    /// The sound.
    #[serde(default, skip_serializing_if = "Audio::is_empty")]
    pub audio: Audio,
    /// Controls of the camera by their names, as `camera.set_control` takes them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "each_key_once")]
    pub camera: BTreeMap<String, ControlValue>,
    /// Output lines of the board by their names: whether they are on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "each_key_once")]
    pub lines: BTreeMap<String, bool>,
}

/// What can be wished of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StateStream")]
pub struct Stream {
    /// Pixels a row; only together with `height`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Rows; only together with `width`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Frames a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<f32>,
    /// Highest bitrate in kbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bitrate_kbps: Option<u32>,
    /// Others see no picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
}

/// What can be wished of the sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StateAudio")]
pub struct Audio {
    /// Of the microphone, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<u32>,
    /// Others hear nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
}

impl Stream {
    /// Whether nothing is wished of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Audio {
    /// Whether nothing is wished of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StateDocument")]
pub struct Document {
    /// Rises by one with each wish; 0 before the first.
    pub version: u64,
    /// How the device is meant to be.
    pub desired: Parts,
    /// How it is: picture, sound, output lines, and those controls of the camera that are wished for.
    pub reported: Parts,
    /// What is desired and not reported yet.
    pub delta: Parts,
    /// Why something of it was not done when it was last tried, by its place, such as `lines.door`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<String, String>,
}

/// What `state.set_desired` takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetDesired {
    /// The whole wish, in place of the one before.
    pub desired: Parts,
    /// Refused unless this is the version of the document; left out, whatever was wished before is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_version: Option<u64>,
}
