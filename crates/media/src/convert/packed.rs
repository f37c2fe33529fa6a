//! The packed formats, by the SIMD of the crate `yuv`, a few rows at a time so that what is in between stays in the cache.
//!
//! 4:2:2 becomes 4:2:0 by the mean of two rows' chroma. (`yuv` has a direct 4:2:0 conversion, but it takes the chroma of
//! the lower row in the wide part of a row and of the upper row in its tail.)

use yuv::{BufferStoreMut, YuvConversionMode, YuvError, YuvPackedImage, YuvPlanarImageMut, YuvRange, YuvStandardMatrix};

use super::layout::{Layout, split};
use super::planes_mut;
use crate::format::{PixelFormat, Size};
use crate::frame::{BrokenFrame, Plane, RawFrame};

/// Rows converted at a time; even. 16 rows of 1920 pixels and their chroma are 90 kB.
const BLOCK: usize = 16;

/// The scratch of the packed formats.
#[derive(Debug, Default)]
pub(super) struct Rows {
    u: Vec<u8>,
    v: Vec<u8>,
    tail: Vec<u8>,
}

impl Rows {
    /// YUYV and UYVY.
    pub(super) fn yuv422(&mut self, raw: &RawFrame<'_>, size: Size, out: &mut [u8]) -> Result<(), BrokenFrame> {
        let (width, half) = (size.width as usize, size.width as usize / 2);
        let row = raw.size.width.next_multiple_of(2) as usize * 2;
        let [plane] = split(raw, [Layout { row, rows: raw.size.height as usize, shift: 0 }])?;
        let to_422 = match raw.format {
            PixelFormat::Uyvy => yuv::uyvy422_to_yuv422,
            _ => yuv::yuyv422_to_yuv422,
        };
        self.u.resize(half * BLOCK, 0);
        self.v.resize(half * BLOCK, 0);
        let [y, u, v] = planes_mut(size, out);
        let blocks = Blocks { plane, row, height: size.height as usize, tail: &mut self.tail };
        blocks
            .each(|first, rows, yuy, stride| {
                let mut planar = YuvPlanarImageMut {
                    y_plane: BufferStoreMut::Borrowed(&mut y[first * width..][..rows * width]),
                    y_stride: size.width,
                    u_plane: BufferStoreMut::Borrowed(&mut self.u[..rows * half]),
                    u_stride: half as u32,
                    v_plane: BufferStoreMut::Borrowed(&mut self.v[..rows * half]),
                    v_stride: half as u32,
                    width: size.width,
                    height: rows as u32,
                };
                to_422(&mut planar, &YuvPackedImage { yuy, yuy_stride: stride as u32, width: size.width, height: rows as u32 })?;
                let chroma = first / 2 * half..(first + rows) / 2 * half;
                mean_of_rows(&self.u[..rows * half], half, &mut u[chroma.clone()]);
                mean_of_rows(&self.v[..rows * half], half, &mut v[chroma]);
                Ok(())
            })
            .map_err(|_| refused(raw))
    }

    /// BGRA, RGB and BGR.
    pub(super) fn rgb(&mut self, raw: &RawFrame<'_>, size: Size, out: &mut [u8]) -> Result<(), BrokenFrame> {
        let (width, half) = (size.width as usize, size.width as usize / 2);
        let (bytes, to_420): (usize, RgbToYuv420) = match raw.format {
            PixelFormat::Bgra => (4, yuv::bgra_to_yuv420),
            PixelFormat::Rgb24 => (3, yuv::rgb_to_yuv420),
            _ => (3, yuv::bgr_to_yuv420),
        };
        let row = raw.size.width as usize * bytes;
        let [plane] = split(raw, [Layout { row, rows: raw.size.height as usize, shift: 0 }])?;
        let [y, u, v] = planes_mut(size, out);
        let blocks = Blocks { plane, row, height: size.height as usize, tail: &mut self.tail };
        blocks
            .each(|first, rows, rgb, stride| {
                let chroma = first / 2 * half..(first + rows) / 2 * half;
                let mut planar = YuvPlanarImageMut {
                    y_plane: BufferStoreMut::Borrowed(&mut y[first * width..][..rows * width]),
                    y_stride: size.width,
                    u_plane: BufferStoreMut::Borrowed(&mut u[chroma.clone()]),
                    u_stride: half as u32,
                    v_plane: BufferStoreMut::Borrowed(&mut v[chroma]),
                    v_stride: half as u32,
                    width: size.width,
                    height: rows as u32,
                };
                let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt601);
                to_420(&mut planar, rgb, stride as u32, range, matrix, YuvConversionMode::Balanced)
            })
            .map_err(|_| refused(raw))
    }
}

type RgbToYuv420 =
    fn(&mut YuvPlanarImageMut<u8>, &[u8], u32, YuvRange, YuvStandardMatrix, YuvConversionMode) -> Result<(), YuvError>;

/// A packed picture cut into blocks of rows that all have their full stride: the crate `yuv` passes over a last row
/// without its padding, which drivers may leave out.
struct Blocks<'a> {
    plane: Plane<'a>,
    row: usize,
    height: usize,
    tail: &'a mut Vec<u8>,
}

impl Blocks<'_> {
    /// Calls `convert` with the first row, the number of rows, their bytes and stride.
    fn each(self, mut convert: impl FnMut(usize, usize, &[u8], usize) -> Result<(), YuvError>) -> Result<(), YuvError> {
        let stride = self.plane.stride;
        for first in (0..self.height).step_by(BLOCK) {
            let rows = BLOCK.min(self.height - first);
            if let Some(bytes) = self.plane.data.get(first * stride..(first + rows) * stride) {
                convert(first, rows, bytes, stride)?;
                continue;
            }
            self.tail.clear();
            for row in first..first + rows {
                self.tail.extend_from_slice(&self.plane.data[row * stride..][..self.row]);
            }
            convert(first, rows, self.tail, self.row)?;
        }
        Ok(())
    }
}

/// Each row of `out` is the rounded mean of two rows of `rows`, all `width` long.
fn mean_of_rows(rows: &[u8], width: usize, out: &mut [u8]) {
    for (pair, out) in rows.chunks_exact(2 * width).zip(out.chunks_exact_mut(width)) {
        let (upper, lower) = pair.split_at(width);
        for (out, (a, b)) in out.iter_mut().zip(upper.iter().zip(lower)) {
            *out = (u16::from(*a) + u16::from(*b)).div_ceil(2) as u8;
        }
    }
}

fn refused(raw: &RawFrame<'_>) -> BrokenFrame {
    BrokenFrame::Unsupported { format: raw.format, size: raw.size, why: "the conversion refused it" }
}
