//! JPEG pictures of frames, for snapshots. Not for a camera's MJPEG: see [`crate::convert`].

use crate::frame::Frame;

/// Why a frame did not become a JPEG.
#[derive(Debug, thiserror::Error)]
#[error("JPEG encoder: {0}")]
pub struct JpegError(#[from] turbojpeg::Error);

/// `frame` as JPEG of `quality` 1 to 100, 4:2:0 as it is.
pub fn encode(frame: &Frame, quality: i32) -> Result<Vec<u8>, JpegError> {
    let mut compressor = turbojpeg::Compressor::new()?;
    compressor.set_quality(quality.clamp(1, 100))?;
    let (width, height) = (frame.size.width as usize, frame.size.height as usize);
    let pixels = &frame.buffer.as_ref().as_ref()[..frame.size.area() * 3 / 2];
    let image = turbojpeg::YuvImage { pixels, width, align: 1, height, subsamp: turbojpeg::Subsamp::Sub2x2 };
    Ok(compressor.compress_yuv_to_vec(image)?)
}
