//! The `[camera]` section.

use std::fmt;

use media::zone::{self, Point};
use media::{PixelFormat, Size};
use serde::{Deserialize, Serialize};

use super::file::PREFIX;
use super::mode::{FourCc, Mode};

/// Why a camera that encodes by itself and masks do not go together.
pub(super) const NO_MASKS: &str = "nothing can be covered in H.264 that comes encoded";

/// Which camera, and what is asked of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `auto` (the first camera found, else the pattern), `pattern`, a device node, a stable id as `artc-edge devices`
    /// prints it, a name from `[[cameras]]`, or `file:` and the path of a clip that is played as if it were a camera.
    pub source: String,
    /// Width of the published picture in pixels, 16 to 1920.
    pub width: u32,
    /// Height of the published picture in pixels, 16 to 1920; the 2K limit holds for both together.
    pub height: u32,
    /// Frames a second, 1 to 240; fractions such as 29.97 are meant.
    pub fps: f64,
    /// Which format to ask the camera for.
    pub format: Format,
    /// Whether a larger picture is scaled down into `width` x `height`; `false` publishes the camera's own size, and refuses
    /// a camera that has only sizes above the 2K limit.
    pub scale: bool,
    /// What happens to the device while nobody watches.
    pub idle: Idle,
    /// What nobody is to see: zones that are black in every picture that leaves the camera. Not for a camera that encodes by itself.
    pub masks: Vec<Vec<Point>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            source: "auto".into(),
            width: 1280,
            height: 720,
            fps: 30.0,
            format: Format::Auto,
            scale: false,
            idle: Idle::Keep,
            masks: Vec::new(),
        }
    }
}

/// What the camera is asked to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The cheapest that gives the wanted mode; H.264 only where it is named, since its bitrate is the camera's.
    #[default]
    Auto,
    /// Packed 4:2:2.
    Yuyv,
    /// Packed 4:2:2, chroma first.
    Uyvy,
    /// Semi-planar 4:2:0.
    Nv12,
    /// Semi-planar 4:2:0, chroma swapped.
    Nv21,
    /// Planar 4:2:0.
    Yu12,
    /// Planar 4:2:0, chroma planes swapped.
    Yv12,
    /// NV12 with a buffer a plane.
    Nm12,
    /// NV21 with a buffer a plane.
    Nm21,
    /// YU12 with a buffer a plane.
    Ym12,
    /// YV12 with a buffer a plane.
    Ym21,
    /// Motion JPEG.
    Mjpeg,
    /// H.264 from the camera, passed through without re-encoding.
    H264,
}

impl Format {
    /// Whether this names `mode`. Named without a word about buffers, a format may have one or one a plane.
    pub fn names(self, mode: &Mode) -> bool {
        let one = match self {
            Self::Auto => return mode.format().is_some_and(|format| format != PixelFormat::H264),
            Self::Nm12 => b"NM12",
            Self::Nm21 => b"NM21",
            Self::Ym12 => b"YM12",
            Self::Ym21 => b"YM21",
            Self::Yuyv => b"YUYV",
            Self::Uyvy => b"UYVY",
            Self::Nv12 => return mode.format() == Some(PixelFormat::Nv12),
            Self::Nv21 => return mode.format() == Some(PixelFormat::Nv21),
            Self::Yu12 => return mode.format() == Some(PixelFormat::I420),
            Self::Yv12 => return mode.format() == Some(PixelFormat::Yv12),
            Self::Mjpeg => return mode.format() == Some(PixelFormat::Mjpeg),
            Self::H264 => b"H264",
        };
        mode.fourcc == FourCc(*one)
    }
}

impl fmt::Display for Format {
    /// As the configuration spells it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{self:?}").to_ascii_lowercase())
    }
}

/// What happens to the device while nobody watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Idle {
    /// It stays open and streams, so the first picture comes at once.
    #[default]
    Keep,
    /// It is closed, and its light goes out; opening takes as long as the camera needs.
    Close,
}

impl Config {
    /// The size that is asked for.
    pub const fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }

    /// What is out of range, as (key below `[camera]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        for (key, value) in [("width", self.width), ("height", self.height)] {
            if !(16..=1920).contains(&value) {
                found.push((key, format!("{value} is out of range, 16 to 1920 pixels")));
            } else if value % 2 != 0 {
                found.push((key, format!("{value} is odd; a 4:2:0 picture has an even width and height")));
            }
        }
        if found.is_empty() && !self.size().fits_2k() {
            let key = if self.height >= self.width { "width" } else { "height" };
            let (long, short) = (self.width.max(self.height), self.width.min(self.height));
            found.push((
                key,
                format!("{long} x {short} is above the 2K limit: at most 1920 on the longer side, 1088 on the shorter"),
            ));
        }
        if !(1.0..=240.0).contains(&self.fps) {
            found.push(("fps", format!("{} is out of range, 1 to 240 frames a second", self.fps)));
        }
        if self.source.strip_prefix(PREFIX).is_some_and(|path| !path.starts_with('/')) {
            found.push((
                "source",
                format!("\"{}\" names no file; write {PREFIX} and its whole path, as in \"{PREFIX}/srv/clip.y4m\"", self.source),
            ));
        }
        found.extend(zone::problem_of(&self.masks).map(|why| ("masks", why)));
        if !self.masks.is_empty() && self.format == Format::H264 {
            found.push(("masks", format!("{NO_MASKS}; set `camera.format` to \"auto\"")));
        }
        if self.source.is_empty() {
            found.push(("source", "is empty; use \"auto\", \"pattern\", a device node or a stable id".into()));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_broken_rates_are_read() {
        let read = |text: &str| toml::from_str::<Config>(text).unwrap().fps;
        assert_eq!((read("fps = 30"), read("fps = 29.97")), (30.0, 29.97));
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        assert_eq!(Config::default().problems(), []);
        assert_eq!(Config { width: 1080, height: 1920, ..Config::default() }.problems(), []);
        let nowhere = Config { source: "file:clip.y4m".into(), ..Config::default() };
        let text = "\"file:clip.y4m\" names no file; write file: and its whole path, as in \"file:/srv/clip.y4m\"";
        assert_eq!(nowhere.problems(), [("source", text.to_owned())]);
        assert_eq!(Config { source: "file:/srv/clip.y4m".into(), ..Config::default() }.problems(), []);
        let wrong = Config { width: 1920, height: 1200, fps: f64::NAN, ..Config::default() };
        let keys: Vec<_> = wrong.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["height", "fps"]);
    }
}
