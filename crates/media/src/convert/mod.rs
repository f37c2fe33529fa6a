//! From what a camera delivers to I420: every format of [`PixelFormat`] but H.264, any stride, one buffer or one a plane.
//!
//! The pictures that come out are BT.601, limited range, planes without padding, both sides even (an odd last column or
//! row is cut off); larger pictures than wanted are scaled down. Not for choosing what a camera delivers.
//!
//! A [`Converter`] keeps its scratch, so that a frame costs no allocation once the first one went through. (Scaling is
//! the exception: `fast_image_resize` makes its tables, some kilobytes, for every picture.)

mod layout;
mod mjpeg;
mod packed;
mod planar;
#[cfg(test)]
mod tests;

use crate::format::{PixelFormat, Size};
use crate::frame::{BrokenFrame, RawFrame};
use crate::scale::{Fit, Scaler};

/// Converts the frames of one camera, one after the other.
#[derive(Debug, Default)]
pub struct Converter {
    fit: Fit,
    decoder: mjpeg::Decoder,
    rows: packed::Rows,
    scaler: Scaler,
    unscaled: Vec<u8>,
}

impl Converter {
    /// A converter that brings other sizes to the wanted one by `fit`.
    pub fn new(fit: Fit) -> Self {
        Self { fit, ..Self::default() }
    }

    /// Brings other sizes to the wanted one by `fit` from now on.
    pub fn set_fit(&mut self, fit: Fit) {
        self.fit = fit;
    }

    /// Writes the I420 picture of `raw`, brought to `size` (both sides even), into `out`.
    ///
    /// `out` may be longer than the picture; decoding 4:2:2 MJPEG is faster when it has room for 2 bytes a pixel
    /// (see [`FramePool::with_slack`](crate::FramePool::with_slack)).
    pub fn convert(&mut self, raw: &RawFrame<'_>, size: Size, out: &mut [u8]) -> Result<(), BrokenFrame> {
        let unsupported = |why| BrokenFrame::Unsupported { format: raw.format, size: raw.size, why };
        if raw.size.width < 2 || raw.size.height < 2 || raw.size.width > MAX_SIDE || raw.size.height > MAX_SIDE {
            return Err(unsupported("the sides must be 2 to 16384 pixels"));
        }
        if size != size.even() || size.area() == 0 || out.len() < size.i420_len() {
            return Err(unsupported("the wanted size is odd or larger than the buffer"));
        }
        let native = match raw.format {
            PixelFormat::Mjpeg => self.decoder.choose_size(raw, size)?,
            _ => raw.size.even(),
        };
        if native == size {
            return self.native(raw, native, out);
        }
        let mut unscaled = std::mem::take(&mut self.unscaled);
        unscaled.resize(native.area() * 2, 0);
        let done = self.native(raw, native, &mut unscaled);
        let scaled = done.and_then(|()| {
            self.scaler
                .scale((native, &unscaled), (size, out), self.fit)
                .map_err(|_| unsupported("it does not scale to the wanted size"))
        });
        self.unscaled = unscaled;
        scaled
    }

    /// Converts without scaling; `size` is even and at most one pixel smaller than the source, but for MJPEG, which the
    /// decoder can bring to some smaller sizes itself.
    fn native(&mut self, raw: &RawFrame<'_>, size: Size, out: &mut [u8]) -> Result<(), BrokenFrame> {
        match raw.format {
            PixelFormat::I420 => planar::copy(raw, size, out, false),
            PixelFormat::Yv12 => planar::copy(raw, size, out, true),
            PixelFormat::Nv12 => planar::deinterleave(raw, size, out, false),
            PixelFormat::Nv21 => planar::deinterleave(raw, size, out, true),
            PixelFormat::Yuyv | PixelFormat::Uyvy => self.rows.yuv422(raw, size, out),
            PixelFormat::Bgra | PixelFormat::Rgb24 | PixelFormat::Bgr24 => self.rows.rgb(raw, size, out),
            PixelFormat::Mjpeg => self.decoder.decode(raw, size, out),
            PixelFormat::H264 => {
                Err(BrokenFrame::Unsupported { format: raw.format, size: raw.size, why: "access units are passed through" })
            }
        }
    }
}

/// Longest side that is taken, in pixels: keeps sums of bytes far from overflow, and is above every camera's.
const MAX_SIDE: u32 = 16_384;

/// The Y, U and V planes of an I420 picture of `size` at the start of `out`.
fn planes_mut(size: Size, out: &mut [u8]) -> [&mut [u8]; 3] {
    let (y, rest) = out.split_at_mut(size.area());
    let (u, v) = rest.split_at_mut(size.area() / 4);
    [y, u, &mut v[..size.area() / 4]]
}
