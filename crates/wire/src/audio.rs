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
    /// How good it is.
    #[serde(default)]
    pub quality: Quality,
    /// What it is for.
    #[serde(default)]
    pub scene: Scene,
    /// The speaker that plays what others say; absent where the configuration switches none on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<Speaker>,
    /// What is done to the microphone's sound.
    #[serde(default)]
    pub voice: Voice,
}

/// What is done to the microphone's sound, and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AudioVoice")]
pub struct Voice {
    /// What the speaker plays is taken out of what the microphone hears.
    pub echo: bool,
    /// Steady noise is suppressed.
    pub noise: bool,
    /// Quiet voices are made louder, loud ones quieter.
    pub gain: bool,
    /// While the speaker is heard, the microphone is silent.
    pub half_duplex: bool,
    /// How much quieter the echo comes back than it was played, in dB; absent before there was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echo_return_loss_db: Option<f32>,
    /// How much of the echo is taken out, in dB; absent before there was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echo_return_loss_enhancement_db: Option<f32>,
}

/// What `audio.set_voice` takes: what is left out stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetVoice {
    /// Whether the echo is to be taken out; needs a speaker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echo: Option<bool>,
    /// Whether noise is to be suppressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<bool>,
    /// Whether the level is to be evened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<bool>,
    /// Whether one side is to talk at a time; needs a speaker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_duplex: Option<bool>,
}

/// How what others say is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AudioSpeaker")]
pub struct Speaker {
    /// Volume, 0 to 100.
    pub volume: u8,
    /// Nothing is heard because it was muted by a command.
    pub muted: bool,
    /// The volume is set in the sound card's own mixer, not in software.
    pub mixer: bool,
}

/// Rate, channels and highest bitrate of the published sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "AudioQuality")]
pub enum Quality {
    /// 8 kHz mono, at most 12 kbit/s.
    Low,
    /// 16 kHz mono, at most 24 kbit/s.
    #[default]
    Basic,
    /// 48 kHz mono, at most 64 kbit/s.
    High,
    /// 48 kHz stereo, at most 80 kbit/s.
    StereoHigh,
    /// 48 kHz mono, at most 96 kbit/s.
    SuperHigh,
    /// 48 kHz stereo, at most 128 kbit/s.
    StereoSuperHigh,
}

/// What the published sound is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "AudioScene")]
pub enum Scene {
    /// Nothing special.
    #[default]
    Default,
    /// Lessons: steady rather than rich.
    Education,
    /// Media and games.
    Media,
    /// Music.
    Music,
    /// Many people talking.
    Chatroom,
    /// Singing along.
    Ktv,
}

/// What `audio.set_profile` takes: what is left out stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetProfile {
    /// How good it shall be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// What it shall be for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene: Option<Scene>,
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
