//! The 4:2:0 formats: planes to copy, and interleaved chroma to take apart.

use super::layout::{Layout, split};
use super::planes_mut;
use crate::format::Size;
use crate::frame::{BrokenFrame, Plane, RawFrame};

/// I420, or with `swapped` YV12.
pub(super) fn copy(raw: &RawFrame<'_>, size: Size, out: &mut [u8], swapped: bool) -> Result<(), BrokenFrame> {
    let (width, height) = (raw.size.width as usize, raw.size.height as usize);
    let chroma = Layout { row: width.div_ceil(2), rows: height.div_ceil(2), shift: 1 };
    let [y, mut u, mut v] = split(raw, [Layout { row: width, rows: height, shift: 0 }, chroma, chroma])?;
    if swapped {
        std::mem::swap(&mut u, &mut v);
    }
    let half = size.width as usize / 2;
    let [out_y, out_u, out_v] = planes_mut(size, out);
    copy_rows(y, size.width as usize, out_y);
    copy_rows(u, half, out_u);
    copy_rows(v, half, out_v);
    Ok(())
}

/// NV12, or with `swapped` NV21.
pub(super) fn deinterleave(raw: &RawFrame<'_>, size: Size, out: &mut [u8], swapped: bool) -> Result<(), BrokenFrame> {
    let (width, height) = (raw.size.width as usize, raw.size.height as usize);
    let layout = [
        Layout { row: width, rows: height, shift: 0 },
        Layout { row: width.next_multiple_of(2), rows: height.div_ceil(2), shift: 0 },
    ];
    let [y, uv] = split(raw, layout)?;
    let half = size.width as usize / 2;
    let [out_y, mut out_u, mut out_v] = planes_mut(size, out);
    copy_rows(y, size.width as usize, out_y);
    if swapped {
        std::mem::swap(&mut out_u, &mut out_v);
    }
    let rows = out_u.chunks_exact_mut(half).zip(out_v.chunks_exact_mut(half));
    for (source, (u, v)) in uv.data.chunks(uv.stride).zip(rows) {
        let (pairs, _) = source[..2 * half].as_chunks::<2>();
        // As numbers of 16 bits, which the compiler makes vectors of; not so as pairs of bytes.
        for (pair, (u, v)) in pairs.iter().zip(u.iter_mut().zip(v)) {
            let both = u16::from_le_bytes(*pair);
            (*u, *v) = (both as u8, (both >> 8) as u8);
        }
    }
    Ok(())
}

fn copy_rows(source: Plane<'_>, width: usize, out: &mut [u8]) {
    if source.stride == width {
        out.copy_from_slice(&source.data[..out.len()]);
        return;
    }
    for (from, to) in source.data.chunks(source.stride).zip(out.chunks_exact_mut(width)) {
        to.copy_from_slice(&from[..width]);
    }
}
