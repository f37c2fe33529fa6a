//! Where the planes of a raw picture lie in the driver's memory, and whether they are all there.

use crate::frame::{BrokenFrame, Plane, RawFrame};

/// What a plane of a format is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Bytes of a row that mean something.
    pub row: usize,
    /// Rows.
    pub rows: usize,
    /// In a single buffer, the plane's stride is the first plane's shifted right by this.
    pub shift: u32,
}

/// Finds the planes of `raw`. Each has at least `stride * (rows - 1) + row` bytes and a stride of at least `row`.
pub(super) fn split<'a, const N: usize>(raw: &RawFrame<'a>, layout: [Layout; N]) -> Result<[Plane<'a>; N], BrokenFrame> {
    let empty = Plane { data: &[], stride: 0 };
    let mut found = [empty; N];
    let first = raw.planes[0].unwrap_or(empty);
    if N > 1 && raw.planes[1].is_some() {
        for (index, (plane, layout)) in found.iter_mut().zip(layout).enumerate() {
            let given = raw.planes.get(index).copied().flatten().unwrap_or(empty);
            *plane = check(raw, given, layout)?;
        }
        return Ok(found);
    }
    let (mut offset, mut need) = (0, 0);
    for (plane, layout) in found.iter_mut().zip(layout) {
        let stride = if first.stride == 0 { layout.row } else { first.stride >> layout.shift };
        need = offset + span(stride, layout);
        *plane = Plane { data: first.data.get(offset..).unwrap_or_default(), stride };
        offset += stride * layout.rows;
    }
    if first.data.len() < need {
        return Err(short(raw, first.data.len(), need));
    }
    for (plane, layout) in found.iter_mut().zip(layout) {
        *plane = check(raw, *plane, layout)?;
    }
    Ok(found)
}

fn check<'a>(raw: &RawFrame<'a>, plane: Plane<'a>, layout: Layout) -> Result<Plane<'a>, BrokenFrame> {
    let stride = if plane.stride == 0 { layout.row } else { plane.stride };
    if stride < layout.row {
        let why = "the driver's stride is shorter than a row";
        return Err(BrokenFrame::Unsupported { format: raw.format, size: raw.size, why });
    }
    let need = span(stride, layout);
    if plane.data.len() < need {
        return Err(short(raw, plane.data.len(), need));
    }
    Ok(Plane { data: plane.data, stride })
}

/// Bytes from the first to the last that means something; the padding after the last row need not be there.
fn span(stride: usize, layout: Layout) -> usize {
    stride * (layout.rows - 1) + layout.row
}

fn short(raw: &RawFrame<'_>, got: usize, need: usize) -> BrokenFrame {
    BrokenFrame::Short { format: raw.format, size: raw.size, got, need }
}
