//! Clips: the pictures that are measured with. Not for pacing them.

use std::ops::Range;

use annexb::NalKind;
use media::Size;

use crate::Failure;

/// The frames of a clip.
pub struct Clip {
    pub bytes: Vec<u8>,
    pub frames: Vec<Range<usize>>,
    pub size: Size,
    pub jpeg: bool,
}

impl Clip {
    /// Reads a clip; `size` is that of a .mjpeg's pictures, which do not say it themselves.
    pub fn read(path: &std::path::Path, size: Size) -> Result<Self, Failure> {
        let bytes = std::fs::read(path)?;
        if path.extension().is_some_and(|e| e == "mjpeg") {
            let mut starts = vec![0];
            let seams = bytes.windows(5).enumerate().filter(|(_, five)| *five == [0xff, 0xd9, 0xff, 0xd8, 0xff]);
            starts.extend(seams.map(|(at, _)| at + 2));
            let ends = starts.iter().skip(1).copied().chain([bytes.len()]).collect::<Vec<_>>();
            let frames = starts.into_iter().zip(ends).map(|(start, end)| start..end).collect();
            return Ok(Self { bytes, frames, size, jpeg: true });
        }
        let line = |at: usize| bytes.iter().skip(at).position(|b| *b == b'\n').map(|n| at + n + 1).ok_or("no YUV4MPEG2");
        let mut at = line(0)?;
        let number = |tag: u8| {
            let header = &bytes[..at - 1];
            let word = header.split(|b| *b == b' ').find(|word| word.first() == Some(&tag)).unwrap_or_default();
            std::str::from_utf8(word.get(1..).unwrap_or_default()).ok().and_then(|text| text.parse::<u32>().ok())
        };
        let size = number(b'W').zip(number(b'H')).map(|(w, h)| Size::new(w, h)).ok_or("no size in the header")?;
        let mut frames = Vec::new();
        while at < bytes.len() {
            let begin = line(at)?;
            at = begin + size.i420_len();
            frames.push(begin..at);
        }
        if at != bytes.len() || frames.is_empty() {
            return Err("the clip ends inside a frame".into());
        }
        Ok(Self { bytes, frames, size, jpeg: false })
    }
}

/// The access units of a byte stream of H.264, each behind its delimiter.
pub fn units(stream: &[u8]) -> Vec<&[u8]> {
    let nals = annexb::nals(stream).with_offsets();
    let starts: Vec<usize> = nals.filter(|(_, nal)| NalKind::of(nal) == Some(NalKind::Delimiter)).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([stream.len()]);
    starts.iter().zip(ends).map(|(start, end)| &stream[*start..end]).collect()
}
