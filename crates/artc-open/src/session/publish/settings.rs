//! How a video track is to be encoded, from the documented configurations.

use std::time::Duration;

use artc_bindings::{Dimensions, ScreenShareEncoderConfiguration, VideoEncoderConfiguration, bitrate};
use media::Size;

use crate::congestion::Limits;
use crate::video::{Shape, small_size};

/// Frames a second of a small stream at most.
const SMALL_FPS: f32 = 15.0;

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
    /// Which way up, turned, mirrored, and what to do with pictures of another shape.
    pub shape: Shape,
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
            shape: Shape {
                orientation: config.orientation_mode,
                mirror: config.mirror_mode,
                rotation: config.rotation_mode,
                ..Shape::default()
            },
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
            shape: Shape { rotation: config.rotation_mode, ..Shape::default() },
        }
    }

    /// Of the camera's small stream: what goes with how the camera is encoded. A bitrate of its own, recommended by the documented table.
    pub(super) fn small(camera: &Self, source: Option<Size>) -> Self {
        let big = limits(camera, source).size;
        let size = small_size(big).unwrap_or(big);
        let fps = camera.fps.min(SMALL_FPS);
        let dimensions = Dimensions { width: size.width, height: size.height };
        let kbps = bitrate::clamp(dimensions, fps.round() as u32, 0);
        Self { size, fps, max_bps: u64::from(kbps) * 1000, min_bps: 0, ..*camera }
    }
}

/// What the ladder works with: the source's size where it is smaller than the configured one, unless the configured shape is to be kept.
pub(super) fn limits(settings: &TrackSettings, source: Option<Size>) -> Limits {
    let size = match source {
        _ if settings.shape.is_fixed() && settings.size.area() > 0 => settings.size,
        Some(source) if settings.size.area() == 0 || source.area() < settings.size.area() => source,
        _ if settings.size.area() == 0 => Size::new(1280, 720),
        _ => settings.size,
    };
    Limits { size, fps: settings.fps, max_bps: settings.max_bps, min_bps: settings.min_bps }
}
