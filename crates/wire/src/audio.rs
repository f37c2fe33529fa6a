//! Family `audio`: the published sound.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The published sound.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Audio {
    /// Name of the microphone, or of the built-in source.
    pub source: String,
    /// Samples a second.
    pub rate: u32,
    /// 1 or 2.
    pub channels: u16,
    /// Volume of the microphone, 0 to 100; 100 is what the device delivers.
    pub volume: u8,
    /// Others hear nothing because it was muted by a command.
    pub muted: bool,
    /// The track is published.
    pub published: bool,
    /// The volume is set in the sound card's own mixer, not in software.
    pub mixer: bool,
}

/// What `audio.set_volume` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetVolume {
    /// 0 (silence) to 100 (what the device delivers).
    #[schemars(range(max = 100))]
    pub volume: u32,
}

pub use crate::stream::Mute;
