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
        // One output at a time: so the compiler makes vectors of it.
        for (u, [first, _]) in u.iter_mut().zip(pairs) {
            *u = *first;
        }
        for (v, [_, second]) in v.iter_mut().zip(pairs) {
            *v = *second;
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
