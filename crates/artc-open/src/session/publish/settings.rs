//! How a video track is to be encoded, from the documented configurations.

use std::time::Duration;

use artc_bindings::{ScreenShareEncoderConfiguration, VideoEncoderConfiguration};
use media::Size;

use crate::congestion::Limits;

/// How a video track is to be encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackSettings {
    /// Largest size; 0x0 = the source's.
    pub size: Size,
    /// Frames a second.
    pub fps: f32,
    /// Highest bit/s.
    pub max_bps: u64,
    /// Lowest bit/s.
    pub min_bps: u64,
    /// Longest time between key frames.
    pub key_interval: Option<Duration>,
}

impl TrackSettings {
    /// From the documented configuration of the camera. With `exact` a configured bitrate is kept, whatever the documented table
    /// says about it.
    pub fn camera(config: &VideoEncoderConfiguration, exact: bool) -> Self {
        let wish = Some(config.bitrate).filter(|kbps| exact && *kbps > 0);
        let config = config.clamped();
        let bitrate = wish.unwrap_or(config.bitrate);
        Self {
            size: Size::new(config.dimensions.width, config.dimensions.height),
            fps: config.frame_rate as f32,
            max_bps: u64::from(bitrate) * 1000,
            min_bps: u64::from(config.min_bitrate.min(bitrate)) * 1000,
            key_interval: (config.key_frame_interval > 0).then(|| Duration::from_millis(u64::from(config.key_frame_interval))),
        }
    }

    /// From the documented configuration of the screen.
    pub fn screen(config: &ScreenShareEncoderConfiguration) -> Self {
        let config = config.clamped();
        Self {
            size: Size::new(config.dimensions.width, config.dimensions.height),
            fps: config.frame_rate as f32,
            max_bps: if config.bitrate == 0 { 512_000 } else { u64::from(config.bitrate) * 1000 },
            min_bps: 0,
            key_interval: None,
        }
    }
}

/// What the ladder works with: the source's size where it is smaller than the configured one.
pub(super) fn limits(settings: &TrackSettings, source: Option<Size>) -> Limits {
    let size = match source {
        Some(source) if settings.size.area() == 0 || source.area() < settings.size.area() => source,
        _ if settings.size.area() == 0 => Size::new(1280, 720),
        _ => settings.size,
    };
    Limits { size, fps: settings.fps, max_bps: settings.max_bps, min_bps: settings.min_bps }
}
