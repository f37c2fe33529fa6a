//! How a mixed recording is encoded: the documented templates, and nothing between them.

use std::fmt;
use std::str::FromStr;

use media::Size;

/// The name of the template without pictures.
pub const AUDIO_ONLY: &str = "audio_only";

/// Size, frame rate and bitrate of the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VideoTemplate {
    /// Pixels.
    pub size: Size,
    /// Pictures a second: 15 or 30.
    pub fps: u32,
    /// kbit/s.
    pub kbps: u32,
}

/// How a mixed recording is encoded. `Display` and `FromStr` are the documented names.
///
/// Source: SparkRTC's `encode_template`, `WxH_fps_kbps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// Pictures and sound.
    Video(VideoTemplate),
    /// Sound alone.
    AudioOnly,
}

/// A name that is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no encode template; there are WIDTHxHEIGHT_FPS_KBPS, such as 1280x720_30_1710, and {AUDIO_ONLY}")]
pub struct UnknownTemplate(pub String);

const fn video(width: u32, height: u32, fps: u32, kbps: u32) -> VideoTemplate {
    VideoTemplate { size: Size { width, height }, fps, kbps }
}

impl Template {
    /// The documented templates with pictures.
    pub const VIDEO: [VideoTemplate; 13] = [
        video(1920, 1080, 30, 4620),
        video(1920, 1080, 30, 3150),
        video(1920, 1080, 15, 3460),
        video(1920, 1080, 15, 2080),
        video(1280, 720, 30, 3420),
        video(1280, 720, 30, 1710),
        video(1280, 720, 15, 2260),
        video(1280, 720, 15, 1130),
        video(640, 480, 30, 1500),
        video(640, 480, 30, 1000),
        video(640, 480, 15, 500),
        video(480, 360, 30, 490),
        video(480, 360, 15, 320),
    ];

    /// The pictures, where there are some.
    pub fn video(self) -> Option<VideoTemplate> {
        match self {
            Self::Video(video) => Some(video),
            Self::AudioOnly => None,
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Video(VideoTemplate { size, fps, kbps }) => write!(f, "{}x{}_{fps}_{kbps}", size.width, size.height),
            Self::AudioOnly => f.write_str(AUDIO_ONLY),
        }
    }
}

impl FromStr for Template {
    type Err = UnknownTemplate;

    /// Takes `*` for `x`, as newer documents print it.
    fn from_str(name: &str) -> Result<Self, UnknownTemplate> {
        let plain = name.replacen('*', "x", 1);
        let all = Self::VIDEO.into_iter().map(Self::Video).chain([Self::AudioOnly]);
        all.into_iter()
            .find(|template| template.to_string() == plain)
            .ok_or_else(|| UnknownTemplate(name.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_the_documented_ones_and_no_others() {
        for template in Template::VIDEO.into_iter().map(Template::Video).chain([Template::AudioOnly]) {
            assert_eq!(template.to_string().parse(), Ok(template));
        }
        assert_eq!("1280*720_30_1710".parse(), Ok(Template::Video(video(1280, 720, 30, 1710))));
        for bad in ["", "1280x720_30_1711", "1280X720_30_1710", "01280x720_30_1710", "1280x720", "audio", "**"] {
            let error = bad.parse::<Template>().unwrap_err();
            assert!(error.to_string().contains("1280x720_30_1710"), "{error}");
        }
    }
}
