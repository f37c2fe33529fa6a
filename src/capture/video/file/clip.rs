//! A clip: a file of pictures, read into memory whole and cut into frames. Nothing in it is believed: whatever is not a whole
//! frame of the format that the name promises is an error that says so. Not for playing it.
//!
//! | name ends in | what it is | size and rate |
//! |---|---|---|
//! | `.y4m` | raw 4:2:0 pictures with a header (YUV4MPEG2) | the header's |
//! | `.yuyv`, `.uyvy`, `.nv12`, `.yu12` | raw pictures, one after the other | `[camera] width`, `height` and `fps` |
//! | `.mjpeg` | JPEG pictures, one after the other | the first picture's; `[camera] fps` |
//! | `.h264` | an H.264 stream (Annex B) without B-frames | its parameter set's; `[camera] fps` where that names no rate |

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use media::h264::{NalKind, Sps, inspect, nals};
use media::{PixelFormat, Size};

use crate::capture::video::config::Config;
use crate::capture::video::mode::{FourCc, Mode, Rate};
use crate::capture::video::state::Loss;

/// Largest file that is played: two minutes of 720p at 30 a second as MJPEG, 12 s of it raw.
pub(super) const MAX_BYTES: u64 = 512 << 20;
/// Longest side of a picture that is read at all.
const MAX_SIDE: u32 = 8192;
/// A header or frame line of YUV4MPEG2 is not longer than this.
const MAX_LINE: usize = 256;

/// Why a file cannot be played.
#[derive(Debug, thiserror::Error)]
pub(in crate::capture::video) enum ClipError {
    /// The name does not end in something known.
    #[error("file {}: what it holds cannot be told by its name; it must end in {ENDINGS}", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("file {}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is longer than [`MAX_BYTES`].
    #[error("file {}: {} MiB are too much, at most {} are held in memory; cut it shorter", path.display(), bytes >> 20, MAX_BYTES >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// It is not what its name says.
    #[error("file {}: {why}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        why: String,
    },
}

impl ClipError {
    /// The same in one word.
    pub(in crate::capture::video) fn loss(&self) -> Loss {
        match self {
            Self::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Loss::Unplugged,
            Self::Read { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => Loss::NoPermission,
            Self::Read { .. } => Loss::Failed,
            Self::Kind { .. } | Self::TooLarge { .. } | Self::Broken { .. } => Loss::NotACamera,
        }
    }
}

/// Endings of names, for messages.
const ENDINGS: &str = ".y4m, .yuyv, .uyvy, .nv12, .yu12, .mjpeg or .h264";

/// What a file holds, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Y4m,
    Raw(FourCc),
    Mjpeg,
    H264,
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        Some(match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "y4m" => Self::Y4m,
            "yuyv" => Self::Raw(FourCc(*b"YUYV")),
            "uyvy" => Self::Raw(FourCc(*b"UYVY")),
            "nv12" => Self::Raw(FourCc(*b"NV12")),
            "yu12" => Self::Raw(FourCc(*b"YU12")),
            "mjpeg" | "mjpg" => Self::Mjpeg,
            "h264" | "264" => Self::H264,
            _ => return None,
        })
    }
}

/// Frames that are played round and round.
#[derive(Debug)]
pub(super) struct Clip {
    bytes: Vec<u8>,
    frames: Vec<Range<usize>>,
    /// Frames that a decoder can start at; empty for pictures, each of which is one.
    keys: Vec<usize>,
    /// What the frames are.
    pub mode: Mode,
    /// What the bytes mean.
    pub format: PixelFormat,
}

impl Clip {
    /// Reads and cuts the file at `path`.
    pub(super) fn read(path: &Path, config: &Config) -> Result<Self, ClipError> {
        let kind = Kind::of(path).ok_or_else(|| ClipError::Kind { path: path.into() })?;
        let bytes = read_whole(path)?;
        Self::cut(kind, bytes, config).map_err(|why| ClipError::Broken { path: path.into(), why })
    }

    fn cut(kind: Kind, bytes: Vec<u8>, config: &Config) -> Result<Self, String> {
        let (wanted, rate) = (config.size(), Rate::from_fps(config.fps));
        let mut keys = Vec::new();
        let (fourcc, size, fps, frames) = match kind {
            Kind::Y4m => {
                let (size, fps, frames) = y4m(&bytes, rate)?;
                (FourCc(*b"YU12"), size, fps, frames)
            }
            Kind::Raw(fourcc) => (fourcc, wanted, rate, raw(bytes.len(), fourcc, wanted)?),
            Kind::Mjpeg => {
                let frames = jpegs(&bytes);
                let first = frames.first().and_then(|first| bytes.get(first.clone())).unwrap_or_default();
                let size = jpeg_size(first).ok_or("it does not begin with a JPEG picture")?;
                (FourCc(*b"MJPG"), size, rate, frames)
            }
            Kind::H264 => {
                let (size, fps, frames);
                (size, fps, frames, keys) = h264(&bytes)?;
                (FourCc(*b"H264"), size, fps.map_or(rate, Rate::from_fps), frames)
            }
        };
        if frames.is_empty() {
            return Err("no whole frame is in it".into());
        }
        if size.width < 16 || size.height < 16 || size.width > MAX_SIDE || size.height > MAX_SIDE {
            return Err(format!("its pictures are {size}; sides must be from 16 to {MAX_SIDE}"));
        }
        let format = fourcc.pixel_format().ok_or("its format is not taken")?;
        Ok(Self { bytes, frames, keys, mode: Mode { fourcc, size, fps }, format })
    }

    /// How many frames there are; at least one.
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    /// Frame `n`, counted round.
    pub(super) fn frame(&self, n: usize) -> &[u8] {
        self.frames.get(n % self.frames.len()).and_then(|range| self.bytes.get(range.clone())).unwrap_or_default()
    }

    /// The first frame from `n` on that a decoder can start at.
    pub(super) fn key_from(&self, n: usize) -> usize {
        let n = n % self.frames.len();
        self.keys.iter().copied().find(|key| *key >= n).or(self.keys.first().copied()).unwrap_or(n)
    }
}

fn read_whole(path: &Path) -> Result<Vec<u8>, ClipError> {
    let failed = |source| ClipError::Read { path: path.into(), source };
    // Asked before it is opened: opening a pipe waits for whoever writes to it.
    let facts = std::fs::metadata(path).map_err(failed)?;
    if !facts.is_file() {
        return Err(ClipError::Broken { path: path.into(), why: "is no regular file".into() });
    }
    let mut bytes = Vec::new();
    if facts.len() <= MAX_BYTES {
        bytes.reserve_exact(usize::try_from(facts.len()).unwrap_or(0));
        // It may have grown since.
        File::open(path).map_err(failed)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    let length = facts.len().max(bytes.len() as u64);
    if length > MAX_BYTES { Err(ClipError::TooLarge { path: path.into(), bytes: length }) } else { Ok(bytes) }
}

/// The line that begins at `at`, without its end; and where the next thing begins.
fn line(bytes: &[u8], at: usize) -> Option<(&str, usize)> {
    let rest = bytes.get(at..)?;
    let end = rest.iter().take(MAX_LINE).position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(rest.get(..end)?).ok()?, at + end + 1))
}

type Cut = (Size, Rate, Vec<Range<usize>>);

/// <https://wiki.multimedia.cx/index.php/YUV4MPEG2>
fn y4m(bytes: &[u8], rate: Rate) -> Result<Cut, String> {
    let (header, mut at) = line(bytes, 0).ok_or("it has no YUV4MPEG2 header")?;
    let mut words = header.split(' ');
    if words.next() != Some("YUV4MPEG2") {
        return Err("it has no YUV4MPEG2 header".into());
    }
    let (mut size, mut fps) = (Size::new(0, 0), rate);
    for word in words.filter(|word| !word.is_empty()) {
        let (tag, value) = word.split_at_checked(1).unwrap_or((word, ""));
        let bad = || format!("its header says {word:?}");
        match tag {
            "W" => size.width = value.parse().map_err(|_| bad())?,
            "H" => size.height = value.parse().map_err(|_| bad())?,
            "F" => {
                let (frames, seconds) = value.split_once(':').ok_or_else(bad)?;
                let (frames, seconds): (u32, u32) = frames.parse().ok().zip(seconds.parse().ok()).ok_or_else(bad)?;
                // 0:0 means that nobody knows.
                if frames > 0 && seconds > 0 {
                    fps = Rate::new(frames, seconds);
                }
            }
            "C" if !["420", "420jpeg", "420mpeg2", "420paldv"].contains(&value) => {
                return Err(format!("its pictures are {value}; only 4:2:0 with 8 bits is played"));
            }
            "I" if !["p", "?"].contains(&value) => return Err("its pictures are interlaced".into()),
            _ => {}
        }
    }
    if !(0.5..=240.5).contains(&fps.fps()) {
        return Err(format!("its rate is {fps}; it must be from 1 to 240 frames a second"));
    }
    if size.width % 2 + size.height % 2 > 0 || size.width == 0 || size.width > MAX_SIDE || size.height > MAX_SIDE {
        return Err(format!("its pictures are {size}; sides must be even and at most {MAX_SIDE}"));
    }
    let mut frames = Vec::new();
    while at < bytes.len() {
        let (marker, begin) = line(bytes, at).ok_or_else(|| format!("no frame begins at byte {at}"))?;
        if !marker.starts_with("FRAME") {
            return Err(format!("no frame begins at byte {at}"));
        }
        at = begin + size.i420_len();
        if at > bytes.len() {
            return Err(format!("its last frame, number {}, is cut off", frames.len() + 1));
        }
        frames.push(begin..at);
    }
    Ok((size, fps, frames))
}

fn raw(length: usize, fourcc: FourCc, size: Size) -> Result<Vec<Range<usize>>, String> {
    let packed = matches!(&fourcc.0, b"YUYV" | b"UYVY");
    let frame = if packed { size.area() * 2 } else { size.i420_len() };
    if frame == 0 || !length.is_multiple_of(frame) {
        return Err(format!(
            "{length} bytes are no whole number of {fourcc} pictures of {size} ({frame} bytes each); set [camera] width and \
             height to the file's"
        ));
    }
    Ok((0..length / frame).map(|n| n * frame..(n + 1) * frame).collect())
}

/// A picture begins with a start-of-image marker behind an end-of-image marker: thumbnails inside a picture do not.
fn jpegs(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut starts: Vec<usize> = Vec::new();
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        starts.push(0);
    }
    starts.extend(bytes.windows(5).enumerate().filter(|(_, five)| *five == [0xff, 0xd9, 0xff, 0xd8, 0xff]).map(|(at, _)| at + 2));
    ranges(&starts, bytes.len())
}

fn ranges(starts: &[usize], length: usize) -> Vec<Range<usize>> {
    let ends = starts.iter().skip(1).copied().chain([length]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

/// The size in a JPEG's frame header.
fn jpeg_size(picture: &[u8]) -> Option<Size> {
    let mut at = 2;
    loop {
        let segment = picture.get(at..)?;
        let [0xff, marker, high, low, rest @ ..] = segment else { return None };
        match marker {
            // Padding.
            0xff => at += 1,
            // Frame headers are the markers C0 to CF but for the tables among them.
            0xc0..=0xcf if ![0xc4, 0xc8, 0xcc].contains(marker) => {
                let [_, h1, h0, w1, w0, ..] = rest else { return None };
                let side = |high: u8, low: u8| u32::from(u16::from_be_bytes([high, low]));
                return Some(Size::new(side(*w1, *w0), side(*h1, *h0)));
            }
            // The picture itself begins: too late for a header.
            0xda | 0xd9 => return None,
            _ => at += 2 + usize::from(u16::from_be_bytes([*high, *low])).max(2),
        }
    }
}

type Units = (Size, Option<f64>, Vec<Range<usize>>, Vec<usize>);

fn h264(bytes: &[u8]) -> Result<Units, String> {
    let sps = nals(bytes).find(|nal| NalKind::of(nal) == Some(NalKind::Sps)).ok_or("it has no sequence parameter set")?;
    let sps = Sps::parse(sps).map_err(|e| e.to_string())?;
    let fps = sps.fps.filter(|fps| (1.0..=240.0).contains(fps));
    let all = ranges(&unit_starts(bytes), bytes.len());
    let (mut frames, mut keys) = (Vec::new(), Vec::new());
    for (number, range) in all.into_iter().enumerate() {
        let info =
            inspect(&bytes[range.clone()]).map_err(|why| format!("access unit {} at byte {}: {why}", number + 1, range.start))?;
        if info.has_b_slice {
            return Err(format!(
                "access unit {} has B-slices, which real-time viewers do not take; encode it without them",
                number + 1
            ));
        }
        if info.key {
            keys.push(frames.len());
        }
        // A decoder cannot start before the first key frame, and would find it there again with each turn.
        if !keys.is_empty() {
            frames.push(range);
        }
    }
    if keys.is_empty() { Err("it has no key frame (IDR)".into()) } else { Ok((sps.size, fps, frames, keys)) }
}

/// Where access units begin: with the first delimiter, parameter set, message or first slice of a picture that follows a slice
/// (ITU-T H.264, 7.4.1.2.3).
fn unit_starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut slice_seen = true;
    for (at, nal) in nals(bytes).with_offsets() {
        let slice = matches!(NalKind::of(nal), Some(NalKind::Slice | NalKind::Idr));
        // first_mb_in_slice is 0 where the first bit behind the head is set.
        let first_of_picture = nal.get(1).is_some_and(|byte| byte & 0x80 != 0);
        let before = matches!(NalKind::of(nal), Some(NalKind::Delimiter | NalKind::Sps | NalKind::Pps | NalKind::Sei));
        if slice_seen && (before || slice && first_of_picture) {
            starts.push(at);
            slice_seen = false;
        }
        slice_seen |= slice;
    }
    starts
}

#[cfg(test)]
mod tests;
