//! Encoder settings of the published video. Values out of range are clamped, not refused.

use crate::documented::documented_enum;

/// Largest camera picture that is encoded, in pixels.
pub const MAX_CAMERA: Dimensions = Dimensions { width: 1920, height: 1080 };
/// Largest screen picture that is encoded, in pixels.
pub const MAX_SCREEN: Dimensions = Dimensions { width: 3840, height: 2160 };
/// Highest frame rate that is encoded, a second.
pub const MAX_FPS: u32 = 30;

/// Width and height of an encoded picture in pixels.
#[doc(alias = "AliEngineVideoDimensions")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dimensions {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

documented_enum! {
    /// Frame rates with a name. A configuration may hold any rate up to [`MAX_FPS`].
    pub enum FrameRate => "AliEngineFrameRate" {
        /// 5 a second.
        Fps5 = 5 => "AliEngineFrameRateFps5",
        /// 10 a second.
        Fps10 = 10 => "AliEngineFrameRateFps10",
        /// 15 a second; the camera's default.
        Fps15 = 15 => "AliEngineFrameRateFps15",
        /// 20 a second.
        Fps20 = 20 => "AliEngineFrameRateFps20",
        /// 25 a second.
        Fps25 = 25 => "AliEngineFrameRateFps25",
        /// 30 a second.
        Fps30 = 30 => "AliEngineFrameRateFps30",
        /// 60 a second; clamped to 30.
        Fps60 = 60 => "AliEngineFrameRateFps60",
    }
}

documented_enum! {
    /// Which way up the published picture is.
    pub enum OrientationMode => "AliEngineVideoEncoderOrientationMode" {
        /// As the input.
        Adaptive = 0 => "AliEngineVideoEncoderOrientationModeAdaptive",
        /// Always wider than high.
        FixedLandscape = 1 => "AliEngineVideoEncoderOrientationModeFixedLandscape",
        /// Always higher than wide.
        FixedPortrait = 2 => "AliEngineVideoEncoderOrientationModeFixedPortrait",
    }
}

documented_enum! {
    /// Whether the published picture is mirrored left to right.
    pub enum MirrorMode => "AliEngineVideoMirrorMode" {
        /// No.
        Disabled = 0 => "AliEngineVideoMirrorModeDisabled",
        /// Yes.
        Enabled = 1 => "AliEngineVideoMirrorModeEnable" | "AliEngineVideoMirrorModeEnabled",
    }
}

documented_enum! {
    /// How far the published picture is turned clockwise.
    pub enum RotationMode => "AliEngineRotationMode" {
        /// Not at all; the same as `Rotate0`.
        NoChange = -1 => "AliEngineRotationMode_NoChange" | "AliEngineRotationModeNoChange",
        /// 0 degrees.
        Rotate0 = 0 => "AliEngineRotationMode_0",
        /// 90 degrees.
        Rotate90 = 90 => "AliEngineRotationMode_90",
        /// 180 degrees.
        Rotate180 = 180 => "AliEngineRotationMode_180",
        /// 270 degrees.
        Rotate270 = 270 => "AliEngineRotationMode_270",
    }
}

/// How the camera is encoded.
///
/// Source: seed 001 (`SetVideoEncoderConfiguration`), reference section 7.
#[doc(alias = "AliEngineVideoEncoderConfiguration")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VideoEncoderConfiguration {
    /// Picture size; default 640x480, at most 1920x1080 in either orientation.
    pub dimensions: Dimensions,
    /// Frames a second; default 15, at most 30.
    #[doc(alias = "frameRate")]
    pub frame_rate: u32,
    /// Milliseconds between key frames; 0 = the engine decides (only on request).
    #[doc(alias = "keyFrameInterval")]
    pub key_frame_interval: u32,
    /// kbit/s; default 512; 0 = the engine decides.
    pub bitrate: u32,
    /// kbit/s below which congestion control does not go while the channel carries it; 0 = the engine decides.
    #[doc(alias = "minBitrate")]
    pub min_bitrate: u32,
    /// Which way up.
    #[doc(alias = "orientationMode")]
    pub orientation_mode: OrientationMode,
    /// Mirrored or not.
    #[doc(alias = "mirrorMode")]
    pub mirror_mode: MirrorMode,
    /// Turned or not.
    #[doc(alias = "rotationMode")]
    pub rotation_mode: RotationMode,
}

impl Default for VideoEncoderConfiguration {
    fn default() -> Self {
        Self {
            dimensions: Dimensions { width: 640, height: 480 },
            frame_rate: 15,
            key_frame_interval: 0,
            bitrate: 512,
            min_bitrate: 0,
            orientation_mode: OrientationMode::Adaptive,
            mirror_mode: MirrorMode::Disabled,
            rotation_mode: RotationMode::NoChange,
        }
    }
}

impl VideoEncoderConfiguration {
    /// The same with every value moved into its range: sides even, within 1920x1080, rate 1..=30, bitrate by the documented
    /// table. What every engine works with.
    pub fn clamped(self) -> Self {
        let dimensions = self.dimensions.clamped(MAX_CAMERA);
        let frame_rate = self.frame_rate.clamp(1, MAX_FPS);
        let bitrate = crate::bitrate::clamp(dimensions, frame_rate, self.bitrate);
        let min_bitrate = self.min_bitrate.min(bitrate);
        Self { dimensions, frame_rate, bitrate, min_bitrate, ..self }
    }
}

/// How the screen is encoded.
///
/// Source: seed 001 (`SetScreenShareEncoderConfiguration`), reference section 7.
#[doc(alias = "AliEngineScreenShareEncoderConfiguration")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScreenShareEncoderConfiguration {
    /// Picture size; 0x0 (default) = as the input; at most 3840x2160.
    pub dimensions: Dimensions,
    /// Frames a second; default 5, at most 30.
    #[doc(alias = "frameRate")]
    pub frame_rate: u32,
    /// kbit/s; default 512; 0 = the engine decides.
    #[doc(alias = "bitRate")]
    pub bitrate: u32,
    /// Turned or not.
    #[doc(alias = "rotationMode")]
    pub rotation_mode: RotationMode,
}

impl Default for ScreenShareEncoderConfiguration {
    fn default() -> Self {
        Self {
            dimensions: Dimensions { width: 0, height: 0 },
            frame_rate: 5,
            bitrate: 512,
            rotation_mode: RotationMode::NoChange,
        }
    }
}

impl ScreenShareEncoderConfiguration {
    /// The same with every value moved into its range. Without a size of its own the bitrate is left as it is: only the input's
    /// size decides its range.
    pub fn clamped(self) -> Self {
        let frame_rate = self.frame_rate.clamp(1, MAX_FPS);
        if self.dimensions.width == 0 || self.dimensions.height == 0 {
            return Self { dimensions: Dimensions { width: 0, height: 0 }, frame_rate, ..self };
        }
        let dimensions = self.dimensions.clamped(MAX_SCREEN);
        Self { dimensions, frame_rate, bitrate: crate::bitrate::clamp(dimensions, frame_rate, self.bitrate), ..self }
    }
}

impl Dimensions {
    /// Number of pixels.
    pub const fn area(self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// Sides even and at least 16; scaled down as a whole when larger than `max` in either orientation, so that the shape stays.
    fn clamped(self, max: Self) -> Self {
        let long = u64::from(self.width.max(self.height).max(1));
        let short = u64::from(self.width.min(self.height).max(1));
        // The factor that brings the worse of both sides into its limit, as a fraction.
        let (numerator, denominator) = [(u64::from(max.width), long), (u64::from(max.height), short)]
            .into_iter()
            .filter(|(limit, side)| side > limit)
            .min_by(|(a, b), (c, d)| (a * d).cmp(&(c * b)))
            .unwrap_or((1, 1));
        let scale = |side: u32| {
            let scaled = u64::from(side) * numerator / denominator;
            u32::try_from(scaled).unwrap_or(u32::MAX).max(16) & !1
        };
        Self { width: scale(self.width), height: scale(self.height) }
    }
}
