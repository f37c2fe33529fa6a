//! What the camera offers: formats, sizes and frame rates, as its command line says them.

use std::fmt;
use std::path::PathBuf;

use crate::clip::Clip;

/// How a picture is packed on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JPEG a frame.
    Mjpeg,
    /// One H.264 access unit a frame (UVC's frame-based format).
    H264,
    /// 4:2:2 packed.
    Yuyv,
    /// 4:2:0, two planes in one buffer.
    Nv12,
}

impl Format {
    /// Bytes of a whole raw picture, and the ceiling that is announced for packed ones.
    pub fn frame_bytes(self, width: u16, height: u16) -> usize {
        let pixels = usize::from(width) * usize::from(height);
        match self {
            Self::Nv12 => pixels * 3 / 2,
            Self::Yuyv | Self::Mjpeg | Self::H264 => pixels * 2,
        }
    }

    /// Whether the picture is raw.
    pub fn is_raw(self) -> bool {
        matches!(self, Self::Yuyv | Self::Nv12)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mjpeg => "mjpeg",
            Self::H264 => "h264",
            Self::Yuyv => "yuyv",
            Self::Nv12 => "nv12",
        })
    }
}

/// One size in one format.
#[derive(Debug)]
pub struct Mode {
    /// How its pictures are packed.
    pub format: Format,
    /// Pixels in a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
    /// Frame intervals in units of 100 ns, as UVC counts them; the first is the default.
    pub intervals: Vec<u32>,
    /// Where its pictures come from.
    pub clip: Clip,
}

impl Mode {
    /// Reads `FORMAT:WIDTHxHEIGHT@FPS[,FPS...][=CLIP]`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("mode {text}: {what}");
        let (mode, clip) = match text.split_once('=') {
            Some((mode, clip)) => (mode, Some(PathBuf::from(clip))),
            None => (text, None),
        };
        let (format, rest) = mode.split_once(':').ok_or_else(|| wrong("no format"))?;
        let (size, rates) = rest.split_once('@').ok_or_else(|| wrong("no frame rate"))?;
        let (width, height) = size.split_once('x').ok_or_else(|| wrong("no size"))?;
        let format = match format {
            "mjpeg" => Format::Mjpeg,
            "h264" => Format::H264,
            "yuyv" => Format::Yuyv,
            "nv12" => Format::Nv12,
            _ => return Err(wrong("the format is none of mjpeg, h264, yuyv, nv12")),
        };
        let width = width.parse().map_err(|_| wrong("width"))?;
        let height = height.parse().map_err(|_| wrong("height"))?;
        let intervals = rates
            .split(',')
            .map(|rate| rate.parse::<u32>().ok().filter(|rate| (1..=240).contains(rate)).map(|rate| 10_000_000 / rate))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| wrong("frame rate"))?;
        let clip = match clip {
            Some(path) => Clip::read(format, format.frame_bytes(width, height), &path)
                .map_err(|error| format!("{}: {error}", path.display()))?,
            None if format.is_raw() => Clip::generated(format, width.into(), height.into()),
            None => return Err(wrong("a packed format needs a clip")),
        };
        Ok(Self { format, width, height, intervals, clip })
    }
}
