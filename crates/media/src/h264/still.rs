//! One picture out of a key frame, for snapshots of cameras that encode by themselves. Not for watching: that is the viewer's.

use openh264::decoder::Decoder;
use openh264::formats::YUVSource;

use crate::format::Size;

/// A key frame that gives no picture.
#[derive(Debug, thiserror::Error)]
pub enum StillError {
    /// The decoder failed.
    #[error("key frame does not decode: {0}")]
    Decoder(#[from] openh264::Error),
    /// It decoded to nothing.
    #[error("key frame holds no picture")]
    Nothing,
}

/// Decodes the access unit `unit`, which must bring its parameter sets, to an I420 picture (an odd last column or row is
/// cut off).
pub fn decode(unit: &[u8]) -> Result<(Size, Vec<u8>), StillError> {
    let mut decoder = Decoder::new()?;
    if let Some(picture) = decoder.decode(unit)? {
        return copy(&picture);
    }
    let rest = decoder.flush_remaining()?;
    copy(rest.first().ok_or(StillError::Nothing)?)
}

fn copy(picture: &impl YUVSource) -> Result<(Size, Vec<u8>), StillError> {
    let (width, height) = picture.dimensions();
    let size = Size::new(width as u32, height as u32).even();
    let (strides, mut out) = (picture.strides(), Vec::with_capacity(size.i420_len()));
    for (plane, stride, shift) in [(picture.y(), strides.0, 0), (picture.u(), strides.1, 1), (picture.v(), strides.2, 1)] {
        let (width, height) = ((size.width >> shift) as usize, (size.height >> shift) as usize);
        for row in 0..height {
            out.extend_from_slice(plane.get(row * stride..row * stride + width).ok_or(StillError::Nothing)?);
        }
    }
    if size.area() == 0 { Err(StillError::Nothing) } else { Ok((size, out)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_frame_becomes_its_picture_and_anything_else_an_error() {
        // x264's grey, 1280 by 720.
        let stream = include_bytes!("../../tests/data/highb.h264");
        let end = crate::h264::nals(stream).with_offsets().filter(|(_, nal)| matches!(nal[0] & 31, 1 | 5)).nth(1).unwrap().0;
        let (size, picture) = decode(&stream[..end]).unwrap();
        assert_eq!((size, picture.len()), (Size::new(1280, 720), size.i420_len()));
        assert!(picture.iter().all(|b| b.abs_diff(128) <= 4), "{:?}", &picture[..8]);
        for unit in [&[][..], &[0, 0, 1, 0x65, 0xb8], &stream[end..], &[0xff; 100]] {
            assert!(decode(unit).is_err());
        }
    }
}
