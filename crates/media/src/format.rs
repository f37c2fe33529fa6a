//! Pixel formats and picture sizes, and the engine's 2K limit. Not for the bytes themselves: see [`crate::frame`].

use std::fmt;

/// Longest side of a picture that the engine accepts, in pixels.
pub const MAX_LONG_SIDE: u32 = 1920;
/// Longest short side of a picture that the engine accepts, in pixels (1080 rounded up to whole macroblocks).
pub const MAX_SHORT_SIDE: u32 = 1088;

/// Width and height of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Size {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Size {
    /// A size of `width` by `height` pixels.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Whether the engine's external video input accepts this size, in either orientation.
    pub const fn fits_2k(self) -> bool {
        let (long, short) = if self.width >= self.height { (self.width, self.height) } else { (self.height, self.width) };
        long <= MAX_LONG_SIDE && short <= MAX_SHORT_SIDE && short > 0
    }

    /// The size without an odd last column and row: 4:2:0 has none.
    pub const fn even(self) -> Self {
        Self { width: self.width & !1, height: self.height & !1 }
    }

    /// Bytes of an I420 picture of this size, both sides even.
    pub const fn i420_len(self) -> usize {
        self.area() * 3 / 2
    }

    /// Number of pixels.
    pub const fn area(self) -> usize {
        self.width as usize * self.height as usize
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// What the bytes of a captured picture mean. Names follow V4L2's four-character codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PixelFormat {
    /// 4:2:0, three planes Y U V (V4L2 `YU12`, `YM12`).
    I420,
    /// 4:2:0, three planes Y V U (V4L2 `YV12`, `YM21`).
    Yv12,
    /// 4:2:0, Y plane and interleaved UV (V4L2 `NV12`, `NM12`).
    Nv12,
    /// 4:2:0, Y plane and interleaved VU (V4L2 `NV21`, `NM21`).
    Nv21,
    /// 4:2:2 packed Y U Y V (V4L2 `YUYV`).
    Yuyv,
    /// 4:2:2 packed U Y V Y (V4L2 `UYVY`).
    Uyvy,
    /// Packed blue, green, red, unused, 8 bits each.
    Bgra,
    /// Packed red, green, blue, 8 bits each.
    Rgb24,
    /// Packed blue, green, red, 8 bits each.
    Bgr24,
    /// A JPEG picture a frame (V4L2 `MJPG`, `JPEG`).
    Mjpeg,
    /// An H.264 access unit a frame, Annex B (V4L2 `H264`).
    H264,
}
