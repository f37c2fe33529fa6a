//! Images that stand where no video is: fetched once, decoded, and brought to the size of their place when it is known. Not for video.

use std::collections::HashMap;
use std::io::Cursor;

use image::{ImageFormat, ImageReader, Limits};
use media::{Converter, Fit, PixelFormat, Plane, RawFrame, Scaler, Size};

use crate::layout::Image;

/// Pixels in a row, and rows, of an image at most.
const MOST_SIDE: u32 = 4096;
/// Bytes of an image's file at most.
pub(crate) const MOST_BYTES: u64 = 16 << 20;

/// Why an image is not shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadImage {
    #[error("it is neither JPEG nor PNG, or broken: {0}")]
    Decode(#[from] image::ImageError),
    #[error("it cannot be converted: {0}")]
    Convert(#[from] media::BrokenFrame),
    #[error("it has no pixels")]
    Empty,
}

/// A picture of an image, I420.
#[derive(Debug)]
pub(crate) struct Still {
    pub size: Size,
    pub bytes: Vec<u8>,
}

/// Images by what they are called.
pub(crate) type Stills = HashMap<Image, Still>;

impl Still {
    /// Decodes the bytes of a file.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, BadImage> {
        let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(image::ImageError::IoError)?;
        if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png)) {
            reader.clear_format();
        }
        let mut limits = Limits::default();
        (limits.max_image_width, limits.max_image_height, limits.max_alloc) = (Some(MOST_SIDE), Some(MOST_SIDE), Some(128 << 20));
        reader.limits(limits);
        let rgb = reader.decode()?.into_rgb8();
        let size = Size::new(rgb.width(), rgb.height()).even();
        if size.area() == 0 {
            return Err(BadImage::Empty);
        }
        let plane = Plane { data: rgb.as_raw(), stride: rgb.width() as usize * 3 };
        let planes = [Some(plane), None, None];
        let raw = RawFrame { format: PixelFormat::Rgb24, size, planes, captured_at: std::time::Duration::ZERO, sequence: 0 };
        let mut bytes = vec![0; size.i420_len()];
        Converter::new(Fit::Stretch).convert(&raw, size, &mut bytes)?;
        Ok(Self { size, bytes })
    }

    /// Covers all of `out`, a picture of `size`.
    pub(crate) fn cover(&self, scaler: &mut Scaler, size: Size, out: &mut [u8]) {
        // Sizes are even and the buffers theirs, so there is nothing to refuse.
        let _ = scaler.scale((self.size, &self.bytes), (size, out), Fit::Crop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn png_and_jpeg_become_pictures_and_nothing_else_does() {
        let red = image::RgbImage::from_pixel(31, 21, image::Rgb([255, 0, 0]));
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let mut file = Cursor::new(Vec::new());
            red.write_to(&mut file, format).unwrap();
            let still = Still::decode(file.get_ref()).unwrap();
            assert_eq!(still.size, Size::new(30, 20));
            assert!(
                still.bytes[0].abs_diff(81) < 4 && still.bytes[30 * 20 * 3 / 2 - 1] > 220,
                "red by BT.601 or 709: {:?}",
                still.bytes[0]
            );
            assert!(Still::decode(&file.get_ref()[..40]).is_err());
        }
        for broken in [&b""[..], b"GIF89a", b"<svg/>"] {
            assert!(Still::decode(broken).is_err());
        }
    }
}
