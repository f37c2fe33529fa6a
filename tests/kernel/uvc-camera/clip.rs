//! The pictures that the camera sends: cut out of a file, or generated for raw formats.

use std::io;
use std::path::Path;

use crate::modes::Format;

/// Frames that are sent round and round.
#[derive(Debug)]
pub struct Clip {
    frames: Vec<Vec<u8>>,
}

impl Clip {
    /// Cuts a file into frames. `raw_bytes` is the size of a raw picture.
    pub fn read(format: Format, raw_bytes: usize, path: &Path) -> io::Result<Self> {
        let bytes = std::fs::read(path)?;
        let frames: Vec<Vec<u8>> = match format {
            Format::Mjpeg => cut(&bytes, &jpeg_starts(&bytes)),
            Format::H264 => cut(&bytes, &access_unit_starts(&bytes)),
            Format::Yuyv | Format::Nv12 => bytes.chunks_exact(raw_bytes).map(<[u8]>::to_vec).collect(),
        };
        if frames.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no whole frame in it"));
        }
        Ok(Self { frames })
    }

    /// Eight raw pictures of a bright bar that wanders over a slope of grey.
    pub fn generated(format: Format, width: usize, height: usize) -> Self {
        let picture = |step: usize| {
            let luma = |x: usize, y: usize| {
                if (x * 8 / width) == step { 235 } else { 16 + ((x + y) * 160 / (width + height)) as u8 }
            };
            let mut out = Vec::new();
            for y in 0..height {
                for x in 0..width {
                    out.push(luma(x, y));
                    if format == Format::Yuyv {
                        out.push(if x % 2 == 0 { 110 } else { 150 });
                    }
                }
            }
            if format == Format::Nv12 {
                out.extend([110, 150].into_iter().cycle().take(width * height / 2));
            }
            out
        };
        Self { frames: (0..8).map(picture).collect() }
    }

    /// Frame `n`, counted round.
    pub fn frame(&self, n: usize) -> &[u8] {
        &self.frames[n % self.frames.len()]
    }
}

fn cut(bytes: &[u8], starts: &[usize]) -> Vec<Vec<u8>> {
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts.iter().zip(ends).map(|(start, end)| bytes[*start..end].to_vec()).collect()
}

/// Where a JPEG begins: a start-of-image marker right behind an end-of-image marker, or at the very beginning.
fn jpeg_starts(bytes: &[u8]) -> Vec<usize> {
    let begins =
        |at: &usize| bytes[*at..].starts_with(&[0xff, 0xd8, 0xff]) && (*at == 0 || bytes[..*at].ends_with(&[0xff, 0xd9]));
    (0..bytes.len()).filter(begins).collect()
}

/// Where an H.264 access unit begins (Annex B): with the first delimiter, parameter set, message or first slice of a picture that
/// follows a slice (ITU-T H.264, 7.4.1.2.3).
fn access_unit_starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut slice_seen = true;
    let mut at = 0;
    while at + 4 < bytes.len() {
        if bytes[at..at + 3] != [0, 0, 1] {
            at += 1;
            continue;
        }
        let first_of_picture = bytes[at + 4] & 0x80 != 0;
        let kind = bytes[at + 3] & 0x1f;
        let is_slice = kind == 1 || kind == 5;
        if slice_seen && (matches!(kind, 6..=9) || is_slice && first_of_picture) {
            starts.push(if at > 0 && bytes[at - 1] == 0 { at - 1 } else { at });
            slice_seen = false;
        }
        slice_seen |= is_slice;
        at += 3;
    }
    starts
}
