//! Scaling I420 pictures, and what to do when source and target have different shapes. Not for formats: see
//! [`crate::convert`].

#[cfg(test)]
mod tests;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use crate::draw::{Canvas, Color, Rect};
use crate::format::Size;

/// What to do when source and target have different shapes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// The whole picture, with black bars.
    #[default]
    Letterbox,
    /// The whole target, with the picture's edges cut off.
    Crop,
    /// The whole picture on the whole target, out of shape.
    Stretch,
}

/// The largest even size of the shape of `source` inside `bounds`, never larger than `source`.
pub fn fit_inside(source: Size, bounds: Size) -> Size {
    let (sw, sh) = (u64::from(source.width.max(1)), u64::from(source.height.max(1)));
    let (bw, bh) = (u64::from(bounds.width.min(source.width)), u64::from(bounds.height.min(source.height)));
    let (width, height) = if bw * sh <= bh * sw { (bw, bw * sh / sw) } else { (bh * sw / sh, bh) };
    Size::new((width as u32).max(2), (height as u32).max(2)).even()
}

/// A picture that does not scale: sizes are odd, zero, or larger than their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot scale {from} to {to}: sides must be even and the buffers large enough")]
pub struct ScaleError {
    from: Size,
    to: Size,
}

/// Scales pictures, keeping its scratch.
#[derive(Debug, Default)]
pub struct Scaler {
    resizer: Resizer,
    inside: Vec<u8>,
}

impl Scaler {
    /// Scales the I420 picture `from` to `to`. Each output pixel is a weighted mean of all the source pixels under it.
    pub fn scale(&mut self, from: (Size, &[u8]), to: (Size, &mut [u8]), fit: Fit) -> Result<(), ScaleError> {
        let ((source, bytes), (target, out)) = (from, to);
        let error = ScaleError { from: source, to: target };
        let fine = |size: Size, len: usize| size == size.even() && size.area() > 0 && len >= size.i420_len();
        if !fine(source, bytes.len()) || !fine(target, out.len()) {
            return Err(error);
        }
        let all = Rect { x: 0, y: 0, width: source.width, height: source.height };
        match fit {
            Fit::Stretch => self.planes((source, bytes), all, (target, out)),
            Fit::Crop => self.planes((source, bytes), shaped(source, target), (target, out)),
            Fit::Letterbox => {
                let place = shaped(target, source);
                let inside = Size::new(place.width, place.height);
                if inside == target {
                    return self.planes((source, bytes), all, (target, out)).map_err(|_| error);
                }
                let mut scaled = std::mem::take(&mut self.inside);
                scaled.resize(inside.i420_len(), 0);
                let done = self.planes((source, bytes), all, (inside, &mut scaled));
                paste((inside, &scaled), place, (target, out));
                self.inside = scaled;
                done
            }
        }
        .map_err(|_| error)
    }

    fn planes(&mut self, from: (Size, &[u8]), part: Rect, to: (Size, &mut [u8])) -> Result<(), ()> {
        let ((source, mut bytes), (target, mut out)) = (from, to);
        for shift in [0, 1, 1] {
            let (sw, sh) = (source.width >> shift, source.height >> shift);
            let (tw, th) = (target.width >> shift, target.height >> shift);
            let (plane, rest) = bytes.split_at((sw * sh) as usize);
            let (out_plane, out_rest) = out.split_at_mut((tw * th) as usize);
            let whole = Rect { x: 0, y: 0, width: source.width, height: source.height };
            if part == whole && (sw, sh) == (2 * tw, 2 * th) {
                halve(plane, sw as usize, out_plane);
                (bytes, out) = (rest, out_rest);
                continue;
            }
            let view = TypedImageRef::<U8>::from_buffer(sw, sh, plane).map_err(|_| ())?;
            let mut out_view = TypedImage::<U8>::from_buffer(tw, th, out_plane).map_err(|_| ())?;
            let edge = |pixels: u32| f64::from(pixels >> shift);
            let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).crop(
                edge(part.x),
                edge(part.y),
                edge(part.width),
                edge(part.height),
            );
            self.resizer.resize_typed(&view, &mut out_view, &options).map_err(|_| ())?;
            (bytes, out) = (rest, out_rest);
        }
        Ok(())
    }
}

/// Each pixel of `out` is the rounded mean of two by two of `plane`: what layers of half the size need, in a fifth of the
/// general way's time and without its tables.
fn halve(plane: &[u8], width: usize, out: &mut [u8]) {
    for (rows, out) in plane.chunks_exact(2 * width).zip(out.chunks_exact_mut(width / 2)) {
        let (upper, lower) = rows.split_at(width);
        let (upper, _) = upper.as_chunks::<2>();
        let (lower, _) = lower.as_chunks::<2>();
        // As numbers of 16 bits, which the compiler makes vectors of; not so as pairs of bytes.
        for (out, (upper, lower)) in out.iter_mut().zip(upper.iter().zip(lower)) {
            let (upper, lower) = (u16::from_le_bytes(*upper), u16::from_le_bytes(*lower));
            *out = (((upper & 0xff) + (upper >> 8) + (lower & 0xff) + (lower >> 8) + 2) / 4) as u8;
        }
    }
}

/// The largest centred rectangle of the shape of `shape` in `room`, on even edges.
fn shaped(room: Size, shape: Size) -> Rect {
    let (rw, rh) = (u64::from(room.width), u64::from(room.height));
    let (sw, sh) = (u64::from(shape.width), u64::from(shape.height));
    // Nearest even number, so that a shape that fits but for a rounded pixel gets no bar of one.
    let even = |a: u64, b: u64| ((a + b) / (2 * b) * 2).max(2);
    let (width, height) = if rw * sh <= rh * sw { (rw, even(rw * sh, sw).min(rh)) } else { (even(rh * sw, sh).min(rw), rh) };
    let (x, y) = ((rw - width) / 4 * 2, (rh - height) / 4 * 2);
    Rect { x: x as u32, y: y as u32, width: width as u32, height: height as u32 }
}

/// Copies the picture `from` to `place` of `to` and paints the rest black.
fn paste(from: (Size, &[u8]), place: Rect, to: (Size, &mut [u8])) {
    let ((size, bytes), (target, out)) = (from, to);
    let Some(mut canvas) = Canvas::new(target, out) else { return };
    let (right, bottom) = (place.x + place.width, place.y + place.height);
    for bar in [
        Rect { x: 0, y: 0, width: target.width, height: place.y },
        Rect { x: 0, y: bottom, width: target.width, height: target.height - bottom },
        Rect { x: 0, y: place.y, width: place.x, height: place.height },
        Rect { x: right, y: place.y, width: target.width - right, height: place.height },
    ] {
        canvas.fill(bar, Color::BLACK);
    }
    canvas.paste(size, bytes, place.x, place.y);
}
