//! Whatever is pushed, as I420 of the published shape and size. What fits already is lent as it is, without a copy.

use std::time::Duration;

use artc_bindings::{VideoDataFormat, VideoDataSample};
use media::convert::Converter as MediaConverter;
use media::{PixelFormat, Plane, RawFrame, Size};

use super::shape::Plan;
use crate::encoder::Picture;

/// Holds the scratch memory of conversion, scaling and turning.
#[derive(Default)]
pub(super) struct Converter {
    inner: MediaConverter,
    scratch: Vec<u8>,
    turned: Vec<u8>,
}

impl Converter {
    /// The picture in `sample`, as `plan` says.
    pub(super) fn picture<'a>(
        &'a mut self,
        sample: &'a VideoDataSample,
        plan: &Plan,
        captured_at: Duration,
    ) -> Result<Picture<'a>, String> {
        let source = Size::new(sample.width, sample.height);
        if sample.format == VideoDataFormat::I420
            && plan.scaled == source
            && plan.turn.is_none()
            && let Some(picture) = Picture::contiguous(sample.bytes(), source, strides(sample), captured_at)
        {
            return Ok(picture);
        }
        let raw = raw(sample, captured_at).ok_or_else(|| format!("{:?} pictures cannot be encoded", sample.format))?;
        self.scratch.resize(plan.scaled.area() * 3 / 2, 0);
        self.inner.set_fit(plan.fit);
        self.inner.convert(&raw, plan.scaled, &mut self.scratch).map_err(|e| e.to_string())?;
        let mut bytes = &self.scratch;
        if !plan.turn.is_none() {
            self.turned.resize(plan.size.area() * 3 / 2, 0);
            if !plan.turn.apply((plan.scaled, &self.scratch), &mut self.turned) {
                return Err(format!("{} cannot be turned", plan.scaled));
            }
            bytes = &self.turned;
        }
        let width = plan.size.width as usize;
        Picture::contiguous(bytes, plan.size, [width, width / 2, width / 2], captured_at)
            .ok_or_else(|| format!("{} is no size for I420", plan.size))
    }
}
fn strides(sample: &VideoDataSample) -> [usize; 3] {
    [sample.stride_y, sample.stride_u, sample.stride_v].map(|s| s as usize)
}

/// The sample as conversion wants it.
fn raw(sample: &VideoDataSample, captured_at: Duration) -> Option<RawFrame<'_>> {
    let format = match sample.format {
        VideoDataFormat::I420 => PixelFormat::I420,
        VideoDataFormat::Nv12 => PixelFormat::Nv12,
        VideoDataFormat::Nv21 => PixelFormat::Nv21,
        VideoDataFormat::Bgra => PixelFormat::Bgra,
        VideoDataFormat::Rgb24 => PixelFormat::Rgb24,
        VideoDataFormat::Bgr24 => PixelFormat::Bgr24,
        VideoDataFormat::H264 | VideoDataFormat::H265 | VideoDataFormat::Unknown => return None,
    };
    let bytes = sample.bytes();
    let [y, u, v] = strides(sample);
    let (rows, half) = (sample.height as usize, (sample.height as usize).div_ceil(2));
    let plane = |from: usize, stride: usize| Some(Plane { data: bytes.get(from..)?, stride });
    let planes = match format {
        PixelFormat::I420 => [plane(0, y), plane(y * rows, u), plane(y * rows + u * half, v)],
        PixelFormat::Nv12 | PixelFormat::Nv21 => [plane(0, y), plane(y * rows, u), None],
        _ => [plane(0, sample.packed_stride() as usize), None, None],
    };
    let size = Size::new(sample.width, sample.height);
    Some(RawFrame { format, size, planes, captured_at, sequence: 0 })
}
