//! The `[camera]` section.

use serde::{Deserialize, Serialize};

/// Which camera, and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `auto` (the first camera that fits, else the pattern), `pattern`, a device node, a stable id as `artc-edge devices`
    /// prints it, or a name from `[[cameras]]`.
    pub source: String,
    /// Width of the published picture in pixels, 16 to 1920.
    pub width: u32,
    /// Height of the published picture in pixels, 16 to 1920; the 2K limit holds for both together.
    pub height: u32,
    /// Frames a second, 1 to 120.
    pub fps: u32,
    /// Which format to ask the camera for.
    pub format: Format,
    /// Whether a picture of another size is scaled to `width` x `height`; `false` publishes the camera's own size where it fits.
    pub scale: bool,
    /// What happens to the device while nobody watches.
    pub idle: Idle,
}

impl Default for Config {
    fn default() -> Self {
        Self { source: "auto".into(), width: 1280, height: 720, fps: 30, format: Format::Auto, scale: true, idle: Idle::Keep }
    }
}

/// What the camera is asked to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The cheapest that gives the wanted mode.
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
    /// Motion JPEG.
    Mjpeg,
    /// H.264 from the camera, passed through without re-encoding.
    H264,
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
    /// What is out of range, as (key below `[camera]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let (long, short) = (self.width.max(self.height), self.width.min(self.height));
        for (key, value) in [("width", self.width), ("height", self.height)] {
            if !(16..=1920).contains(&value) {
                found.push((key, format!("{value} is out of range, 16 to 1920 pixels")));
            } else if value % 2 != 0 {
                found.push((key, format!("{value} is odd; a 4:2:0 picture has an even width and height")));
            }
        }
        if found.is_empty() && short > 1088 {
            let key = if self.height >= self.width { "width" } else { "height" };
            found.push((
                key,
                format!("{long} x {short} is above the 2K limit: at most 1920 on the longer side, 1088 on the shorter"),
            ));
        }
        if !(1..=120).contains(&self.fps) {
            found.push(("fps", format!("{} is out of range, 1 to 120 frames a second", self.fps)));
        }
        if self.source.is_empty() {
            found.push(("source", "is empty; use \"auto\", \"pattern\", a device node or a stable id".into()));
        }
        found
    }
}
