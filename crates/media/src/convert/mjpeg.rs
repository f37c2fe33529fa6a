//! MJPEG: a JPEG a frame, decoded straight to planes by libjpeg-turbo, then brought to 4:2:0 and limited range.
//!
//! A frame without Huffman tables, as many USB cameras send them, decodes with the standard ones: libjpeg-turbo does so by
//! itself. Any damage makes the frame a broken one, but for stray bytes before the end marker, which some cameras send in
//! every frame and which cost no pixel.

use turbojpeg::{Colorspace, DecompressHeader, Decompressor, ScalingFactor, Subsamp, YuvImage, yuv_pixels_len};

use super::planes_mut;
use crate::format::{PixelFormat, Size};
use crate::frame::{BrokenFrame, RawFrame};

/// Scans of a progressive picture that are decoded before it is called an attack.
const MAX_SCANS: u32 = 100;

/// A decoder and its scratch.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    inner: Option<Decompressor>,
    planes: Vec<u8>,
}

impl Decoder {
    /// The size to decode to, so that the rest of the way to `wanted` is a scaling down: the decoder itself halves, quarters
    /// and so on for less than a full decode costs.
    pub(super) fn choose_size(&self, raw: &RawFrame<'_>, wanted: Size) -> Result<Size, BrokenFrame> {
        Ok(scaled(raw.size, factor(raw.size, wanted)).even())
    }

    /// Decodes `raw` to `size`, which [`Decoder::choose_size`] chose.
    pub(super) fn decode(&mut self, raw: &RawFrame<'_>, size: Size, out: &mut [u8]) -> Result<(), BrokenFrame> {
        let done = self.try_decode(raw, size, out);
        if done.is_err() {
            // A damaged frame may have left its tables behind, which a frame without tables would then be decoded with.
            self.inner = None;
        }
        done
    }

    fn try_decode(&mut self, raw: &RawFrame<'_>, size: Size, out: &mut [u8]) -> Result<(), BrokenFrame> {
        let data = raw.planes[0].map_or(&[][..], |plane| plane.data);
        let inner = match &mut self.inner {
            Some(inner) => inner,
            none => none.insert(new_decompressor()?),
        };
        let header = inner.read_header(data).map_err(broken)?;
        check(raw, &header)?;
        let factor = factor(raw.size, size);
        inner.set_scaling_factor(factor).map_err(broken)?;
        let Size { width, height } = scaled(raw.size, factor);
        let (width, height) = (width as usize, height as usize);
        let len = yuv_pixels_len(width, 1, height, header.subsamp).map_err(broken)?;

        // The decoder writes the planes at their full size. Where they are as they shall be, or shrink in place, that is `out`.
        let planes = Planes::new(width, height, header.subsamp);
        let in_place = len <= out.len() && (planes.luma == size) && planes.vertical_only();
        let target = if in_place {
            &mut *out
        } else {
            self.planes.resize(len, 0);
            &mut self.planes
        };
        let image = YuvImage { pixels: &mut target[..len], width, align: 1, height, subsamp: header.subsamp };
        match inner.decompress_to_yuv(data, image) {
            Err(turbojpeg::Error::TurboJpegError(text)) if text.contains("extraneous bytes before marker") => {}
            other => other.map_err(broken)?,
        }
        if in_place {
            planes.shrink_in_place(out);
        } else {
            planes.copy(&self.planes, size, out);
        }
        Ok(())
    }
}

/// The factor that brings `from` nearest to `to` without going below it.
fn factor(from: Size, to: Size) -> ScalingFactor {
    let enough = |eighths: &u32| {
        let size = scaled(from, ScalingFactor::new(*eighths as usize, 8)).even();
        size.width >= to.width && size.height >= to.height
    };
    ScalingFactor::new((1..8).find(enough).unwrap_or(8) as usize, 8)
}

fn scaled(size: Size, factor: ScalingFactor) -> Size {
    Size::new(factor.scale(size.width as usize) as u32, factor.scale(size.height as usize) as u32)
}

fn new_decompressor() -> Result<Decompressor, BrokenFrame> {
    let mut inner = Decompressor::new().map_err(broken)?;
    inner.set_scan_limit(MAX_SCANS).map_err(broken)?;
    Ok(inner)
}

fn check(raw: &RawFrame<'_>, header: &DecompressHeader) -> Result<(), BrokenFrame> {
    let announced = (raw.size.width as usize, raw.size.height as usize);
    if (header.width, header.height) != announced {
        return Err(BrokenFrame::Jpeg(format!("it is {}x{}, {} was announced", header.width, header.height, raw.size)));
    }
    match header.colorspace {
        Colorspace::YCbCr | Colorspace::Gray => Ok(()),
        _ => {
            let why = "its colours are neither YCbCr nor grey";
            Err(BrokenFrame::Unsupported { format: PixelFormat::Mjpeg, size: raw.size, why })
        }
    }
}

fn broken(error: turbojpeg::Error) -> BrokenFrame {
    BrokenFrame::Jpeg(error.to_string())
}

/// The planes as the decoder writes them: full range, any subsampling, sides rounded up to whole chroma samples.
struct Planes {
    luma: Size,
    chroma: Size,
    /// Luma samples for a chroma sample, across and down.
    step: [usize; 2],
    gray: bool,
}

impl Planes {
    fn new(width: usize, height: usize, subsamp: Subsamp) -> Self {
        let step = [subsamp.mcu_width() / 8, subsamp.mcu_height() / 8];
        let (width, height) = (width.next_multiple_of(step[0]), height.next_multiple_of(step[1]));
        Self {
            luma: Size::new(width as u32, height as u32),
            chroma: Size::new((width / step[0]) as u32, (height / step[1]) as u32),
            step,
            gray: subsamp == Subsamp::Gray,
        }
    }

    /// 4:2:0, or 4:2:2, whose chroma shrinks towards the start of the buffer.
    fn vertical_only(&self) -> bool {
        !self.gray && self.step[0] == 2 && self.step[1] <= 2
    }

    /// Brings 4:2:0 or 4:2:2 planes to limited range and 4:2:0 where they are. The luma is as large as it shall be.
    fn shrink_in_place(&self, bytes: &mut [u8]) {
        let (luma, chroma) = (self.luma.area(), self.chroma.area());
        limit_luma(&mut bytes[..luma]);
        if self.step[1] == 2 {
            limit_chroma(&mut bytes[luma..luma + 2 * chroma]);
            return;
        }
        let width = self.chroma.width as usize;
        for row in 0..2 * (self.chroma.height as usize / 2) {
            // Rows 2 n and 2 n + 1 are read before row n is written, and U is done before V is moved behind it.
            let (from, to) = (luma + 2 * row * width, luma + row * width);
            let (before, after) = bytes.split_at_mut(from + width);
            if from == to {
                limit_mean(&mut before[to..], &after[..width]);
            } else {
                let (out, upper) = before.split_at_mut(from);
                limit_mean_of(upper, &after[..width], &mut out[to..to + width]);
            }
        }
    }

    /// Brings the planes in `source` to limited range and 4:2:0 of `size` in `out`.
    fn copy(&self, source: &[u8], size: Size, out: &mut [u8]) {
        let (luma, chroma) = source.split_at(self.luma.area());
        let [y, u, v] = planes_mut(size, out);
        let width = size.width as usize;
        for (from, to) in luma.chunks_exact(self.luma.width as usize).zip(y.chunks_exact_mut(width)) {
            to.copy_from_slice(&from[..width]);
        }
        limit_luma(y);
        if self.gray {
            u.fill(128);
            v.fill(128);
            return;
        }
        let (from_u, from_v) = chroma.split_at(self.chroma.area());
        self.shrink_chroma(from_u, size, u);
        self.shrink_chroma(from_v, size, v);
    }

    /// Each sample of `out` is the mean of the chroma of its two by two pixels.
    fn shrink_chroma(&self, source: &[u8], size: Size, out: &mut [u8]) {
        let stride = self.chroma.width as usize;
        let [across, down] = self.step;
        for (row, out) in out.chunks_exact_mut(size.width as usize / 2).enumerate() {
            let upper = &source[2 * row / down * stride..][..stride];
            let lower = &source[(2 * row + 1) / down * stride..][..stride];
            for (column, out) in out.iter_mut().enumerate() {
                let (left, right) = (2 * column / across, (2 * column + 1) / across);
                let sum = [upper[left], upper[right], lower[left], lower[right]].into_iter().map(u16::from).sum::<u16>();
                *out = limited_chroma((sum + 2) / 4);
            }
        }
    }
}

/// Full-range luma to 16..=235, rounded.
fn limit_luma(luma: &mut [u8]) {
    for y in luma {
        *y = ((u16::from(*y) * 220 + 128) / 256 + 16) as u8;
    }
}

/// Full-range chroma to 16..=240, rounded, 128 staying 128.
const fn limited_chroma(full: u16) -> u8 {
    ((full * 225 + (256 - 225) * 128 + 128) / 256) as u8
}

fn limit_chroma(chroma: &mut [u8]) {
    for c in chroma {
        *c = limited_chroma(u16::from(*c));
    }
}

fn limit_mean(upper: &mut [u8], lower: &[u8]) {
    for (a, b) in upper.iter_mut().zip(lower) {
        *a = limited_chroma((u16::from(*a) + u16::from(*b)).div_ceil(2));
    }
}

fn limit_mean_of(upper: &[u8], lower: &[u8], out: &mut [u8]) {
    for (out, (a, b)) in out.iter_mut().zip(upper.iter().zip(lower)) {
        *out = limited_chroma((u16::from(*a) + u16::from(*b)).div_ceil(2));
    }
}
