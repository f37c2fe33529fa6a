//! What is asked of the published picture and sound. Commands change it; joins, reconnections and other cameras do not.

use artc_bindings::{AudioQualityMode, AudioSceneMode, Dimensions, VideoEncoderConfiguration};
use media::Size;

use crate::config::{Config, Talking};
use crate::control::StreamChange;

/// What is asked for now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wishes {
    /// Picture size.
    pub size: Size,
    /// Frames a second.
    pub fps: f32,
    /// Highest bitrate in kbit/s.
    pub bitrate_kbps: u32,
    /// A small stream goes along.
    pub dual: bool,
    /// Quality and purpose of the sound.
    pub profile: (AudioQualityMode, AudioSceneMode),
    /// Others see no picture.
    pub video_muted: bool,
    /// Others hear nothing.
    pub audio_muted: bool,
    /// Of the microphone, 0 to 100.
    pub volume: u8,
    /// Of the speaker, 0 to 100.
    pub speaker_volume: u8,
    /// Others are not heard.
    pub speaker_muted: bool,
    /// What is done to the microphone's sound.
    pub voice: voice::Settings,
}

impl Wishes {
    /// What the configuration asks for.
    pub fn of(config: &Config) -> Self {
        Self {
            size: config.camera.size(),
            fps: config.camera.fps as f32,
            bitrate_kbps: config.stream.bitrate_kbps,
            dual: false,
            profile: (AudioQualityMode::BasicQuality, AudioSceneMode::Default),
            video_muted: false,
            audio_muted: false,
            volume: 100,
            speaker_volume: config.speaker.volume,
            speaker_muted: false,
            voice: voice::Settings {
                // Nothing is played that could come back.
                echo: config.voice.echo && config.speaker.is_on() && voice::Duplex::can_clean(),
                noise: config.voice.noise && voice::Duplex::can_clean(),
                gain: config.voice.gain && voice::Duplex::can_clean(),
                half: config.voice.duplex == Talking::Half && config.speaker.is_on(),
            },
        }
    }

    /// These, with `change` made.
    pub fn with(self, change: &StreamChange) -> Self {
        Self {
            size: change.size.map_or(self.size, |(width, height)| Size::new(width, height)),
            fps: change.fps.unwrap_or(self.fps),
            bitrate_kbps: change.bitrate_kbps.unwrap_or(self.bitrate_kbps),
            ..self
        }
    }

    /// How the engine is to encode.
    pub fn encoder(&self) -> VideoEncoderConfiguration {
        VideoEncoderConfiguration {
            dimensions: Dimensions { width: self.size.width, height: self.size.height },
            frame_rate: self.fps.round().max(1.0) as u32,
            bitrate: self.bitrate_kbps,
            ..VideoEncoderConfiguration::default()
        }
    }
}
