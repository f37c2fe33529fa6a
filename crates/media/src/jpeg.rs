//! JPEG pictures of frames, for snapshots. Not for a camera's MJPEG: see [`crate::convert`].

use crate::format::Size;
use crate::frame::Frame;

/// Why a frame did not become a JPEG.
#[derive(Debug, thiserror::Error)]
pub enum JpegError {
    /// The size is odd or larger than its bytes.
    #[error("JPEG encoder: the picture is shorter than {0} asks")]
    Short(Size),
    /// The encoder failed.
    #[error("JPEG encoder: {0}")]
    Encoder(#[from] turbojpeg::Error),
}

/// `frame` as JPEG of `quality` 1 to 100, 4:2:0 as it is, its range made full as JPEG asks.
pub fn encode(frame: &Frame, quality: i32) -> Result<Vec<u8>, JpegError> {
    encode_i420(frame.size, frame.buffer.as_ref().as_ref(), quality)
}

/// The same for the limited-range I420 picture at the start of `bytes`.
pub fn encode_i420(size: Size, bytes: &[u8], quality: i32) -> Result<Vec<u8>, JpegError> {
    let picture =
        bytes.get(..size.i420_len()).filter(|_| size == size.even() && size.area() > 0).ok_or(JpegError::Short(size))?;
    let (luma, chroma) = picture.split_at(size.area());
    let mut pixels = Vec::with_capacity(picture.len());
    pixels.extend(luma.iter().map(|y| ((i32::from(*y) - 16) * 255 + 109).div_euclid(219).clamp(0, 255) as u8));
    pixels.extend(chroma.iter().map(|c| (((i32::from(*c) - 128) * 255 + 112).div_euclid(224) + 128).clamp(0, 255) as u8));
    let mut compressor = turbojpeg::Compressor::new()?;
    compressor.set_quality(quality.clamp(1, 100))?;
    let (width, height) = (size.width as usize, size.height as usize);
    let image = turbojpeg::YuvImage { pixels: &pixels[..], width, align: 1, height, subsamp: turbojpeg::Subsamp::Sub2x2 };
    Ok(compressor.compress_yuv_to_vec(image)?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::draw::Canvas;
    use crate::frame::{Plane, RawFrame};
    use crate::{Converter, PixelFormat, pattern};

    #[test]
    fn a_snapshot_decodes_to_the_picture_it_was_made_of() {
        let size = Size::new(320, 180);
        let mut picture = vec![0; size.i420_len()];
        pattern::draw_background(&mut Canvas::new(size, &mut picture).unwrap());
        let jpeg = encode_i420(size, &picture, 95).unwrap();
        let plane = Some(Plane { data: &jpeg, stride: 0 });
        let raw =
            RawFrame { format: PixelFormat::Mjpeg, size, planes: [plane, None, None], captured_at: Duration::ZERO, sequence: 0 };
        let mut back = vec![0; size.i420_len()];
        Converter::default().convert(&raw, size, &mut back).unwrap();
        let worse = picture.iter().zip(&back).filter(|(a, b)| a.abs_diff(**b) > 6).count();
        assert!(worse < picture.len() / 50, "{worse} of {} bytes are far off", picture.len());
        assert!(matches!(encode_i420(size, &picture[1..], 95), Err(JpegError::Short(_))));
        assert!(matches!(encode_i420(Size::new(0, 0), &picture, 95), Err(JpegError::Short(_))));
    }
}
