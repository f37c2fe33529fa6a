//! One picture as JPEG: as large as it is, or small. Of a camera that encodes by itself, a key frame is decoded for it.

use media::scale::{Fit, Scaler, fit_inside};
use media::{Size, h264, jpeg};

use super::{Captured, SnapshotError};

/// How well it is kept, 1 to 100: large, and small.
const QUALITY: (i32, i32) = (90, 75);

/// The picture in its own size; or no larger than `bounds`.
pub(super) fn encode(picture: &Captured, bounds: Option<Size>) -> Result<Vec<u8>, SnapshotError> {
    let of = |size, bytes: &[u8]| {
        match bounds {
            None => jpeg::encode_i420(size, bytes, QUALITY.0).map_err(|why| why.to_string()),
            Some(bounds) => small(size, bytes, bounds),
        }
        .map_err(|why| SnapshotError::Jpeg { why })
    };
    match picture {
        Captured::Raw(frame) => of(frame.size, frame.buffer.as_ref().as_ref()),
        Captured::Encoded(unit) => {
            let decoded = h264::still::decode(&unit.data).map_err(|why| SnapshotError::Decode { why: why.to_string() })?;
            of(decoded.0, &decoded.1)
        }
    }
}

fn small(size: Size, bytes: &[u8], bounds: Size) -> Result<Vec<u8>, String> {
    let inside = fit_inside(size, bounds);
    let mut scaled = vec![0; inside.i420_len()];
    Scaler::default().scale((size, bytes), (inside, &mut scaled), Fit::Stretch).map_err(|why| why.to_string())?;
    jpeg::encode_i420(inside, &scaled, QUALITY.1).map_err(|why| why.to_string())
}
