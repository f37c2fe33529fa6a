//! Family `stream`: the published picture.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The published picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stream {
    /// Pixels a row that are asked for.
    pub width: u32,
    /// Rows that are asked for.
    pub height: u32,
    /// Frames a second that are asked for.
    pub fps: f32,
    /// Highest bitrate in kbit/s; congestion may lower it.
    pub bitrate_kbps: u32,
    /// Others see no picture because it was muted by a command.
    pub muted: bool,
    /// The track is published.
    pub published: bool,
    /// A small stream goes along with the big one, for viewers who show it small.
    #[serde(default)]
    pub dual: bool,
    /// Somebody watches; while nobody does, the encoder rests.
    pub watched: bool,
    /// What encodes: `openh264`, `v4l2`, or `camera` for pass-through.
    pub encoder: String,
    /// What is really sent at this moment.
    pub sent: Sent,
    /// What `stream.set` takes.
    pub limits: Limits,
}

/// What is really sent at this moment, over the last second or so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StreamSent")]
pub struct Sent {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Frames a second.
    pub fps: f32,
    /// kbit/s of encoded picture.
    pub bitrate_kbps: u32,
}

/// What `stream.set` takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StreamLimits")]
pub struct Limits {
    /// Most pixels on the longer side.
    pub max_long_side: u32,
    /// Most pixels on the shorter side.
    pub max_short_side: u32,
    /// Fewest pixels on any side.
    pub min_side: u32,
    /// Fewest frames a second.
    pub min_fps: f32,
    /// Most frames a second.
    pub max_fps: f32,
    /// Lowest bitrate in kbit/s.
    pub min_bitrate_kbps: u32,
    /// Highest bitrate in kbit/s.
    pub max_bitrate_kbps: u32,
}

impl Default for Limits {
    /// The engine's 2K limit, and rates between a slide show and what one camera can need.
    fn default() -> Self {
        Self {
            max_long_side: 1920,
            max_short_side: 1088,
            min_side: 64,
            min_fps: 1.0,
            max_fps: 120.0,
            min_bitrate_kbps: 50,
            max_bitrate_kbps: 50_000,
        }
    }
}

/// What `stream.set` takes: what is left out stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Set {
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
}

/// What `stream.dual` and `stream.screen` take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Whether it shall go out.
    pub on: bool,
}

/// What the two `mute` methods take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mute {
    /// True to mute, false to unmute.
    pub muted: bool,
}
