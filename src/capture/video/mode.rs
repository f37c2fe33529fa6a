//! What a camera can deliver: format, size and frame rate. Not for choosing among them: see [`super::policy`].

use std::fmt;
use std::time::Duration;

use media::{PixelFormat, Size};
use serde::{Serialize, Serializer};

/// Frames a second as a fraction, as drivers say it (29.97 is 30000/1001).
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Frames ...
    pub frames: u32,
    /// ... in so many seconds; never 0.
    pub seconds: u32,
}

impl Rate {
    /// `frames` in `seconds`; a zero counts as one.
    pub const fn new(frames: u32, seconds: u32) -> Self {
        Self { frames: if frames == 0 { 1 } else { frames }, seconds: if seconds == 0 { 1 } else { seconds } }
    }

    /// The fraction nearest to `fps`: whole numbers as such, television's rates over 1001, others over 1000.
    pub fn from_fps(fps: f64) -> Self {
        let near = |seconds: u32| {
            let frames = (fps * f64::from(seconds)).round();
            ((frames / f64::from(seconds) - fps).abs() < 0.005).then_some((frames, seconds))
        };
        let television = near(1001).filter(|(frames, _)| frames % 1000.0 == 0.0);
        let whole = near(1).filter(|(frames, _)| (frames - fps).abs() < 1e-6);
        let (frames, seconds) = whole.or(television).unwrap_or(((fps * 1000.0).round(), 1000));
        Self::new(frames.clamp(1.0, f64::from(u32::MAX)) as u32, seconds)
    }

    /// Frames a second.
    pub fn fps(self) -> f64 {
        f64::from(self.frames) / f64::from(self.seconds)
    }

    /// Time from the first frame to frame `count`, rounded down to whole nanoseconds and not summed up from rounded steps.
    pub fn time_of(self, count: u64) -> Duration {
        let nanos = u128::from(count) * u128::from(self.seconds) * 1_000_000_000 / u128::from(self.frames);
        Duration::from_nanos(nanos as u64)
    }
}

impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        u64::from(self.frames) * u64::from(other.seconds) == u64::from(other.frames) * u64::from(self.seconds)
    }
}

impl Eq for Rate {}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (u64::from(self.frames) * u64::from(other.seconds)).cmp(&(u64::from(other.frames) * u64::from(self.seconds)))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Two decimals where they say something: 30, 29.97, 7.5.
        let text = format!("{:.2}", self.fps());
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((self.fps() * 1000.0).round() / 1000.0)
    }
}

/// A V4L2 four-character code.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FourCc(pub [u8; 4]);

impl FourCc {
    /// The code as V4L2's structures carry it.
    pub const fn from_u32(code: u32) -> Self {
        Self(code.to_le_bytes())
    }

    /// The code for V4L2's structures.
    pub const fn to_u32(self) -> u32 {
        u32::from_le_bytes(self.0)
    }

    /// What the bytes mean, if we can take them.
    pub const fn pixel_format(self) -> Option<PixelFormat> {
        Some(match &self.0 {
            b"YU12" | b"YM12" => PixelFormat::I420,
            b"YV12" | b"YM21" => PixelFormat::Yv12,
            b"NV12" | b"NM12" => PixelFormat::Nv12,
            b"NV21" | b"NM21" => PixelFormat::Nv21,
            b"YUYV" => PixelFormat::Yuyv,
            b"UYVY" => PixelFormat::Uyvy,
            b"BGR4" | b"AR24" | b"XR24" => PixelFormat::Bgra,
            b"RGB3" => PixelFormat::Rgb24,
            b"BGR3" => PixelFormat::Bgr24,
            b"MJPG" | b"JPEG" => PixelFormat::Mjpeg,
            b"H264" => PixelFormat::H264,
            _ => return None,
        })
    }
}

impl fmt::Display for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{}", b.escape_ascii()))
    }
}

impl fmt::Debug for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for FourCc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing a camera can deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Mode {
    /// The driver's code of the format; the pattern calls itself `YU12`.
    pub fourcc: FourCc,
    /// Picture size.
    #[serde(serialize_with = "serialize_size")]
    pub size: Size,
    /// Frame rate.
    pub fps: Rate,
}

impl Mode {
    /// What the bytes mean, if we can take them.
    pub const fn format(&self) -> Option<PixelFormat> {
        self.fourcc.pixel_format()
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{} {}", self.size, self.fps, self.fourcc)
    }
}

fn serialize_size<S: Serializer>(size: &Size, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_say_what_was_asked() {
        for (fps, frames, seconds, text) in [
            (30.0, 30, 1, "30"),
            (29.97, 30000, 1001, "29.97"),
            (59.94, 60000, 1001, "59.94"),
            (7.5, 7500, 1000, "7.5"),
            (23.976, 24000, 1001, "23.98"),
        ] {
            let rate = Rate::from_fps(fps);
            assert_eq!((rate.frames, rate.seconds, rate.to_string().as_str()), (frames, seconds, text));
        }
        assert_eq!(Rate::new(30, 1), Rate::new(60, 2));
        assert!(Rate::new(30000, 1001) < Rate::new(30, 1));
    }

    #[test]
    fn a_day_of_frames_ends_on_the_nanosecond() {
        assert_eq!(Rate::from_fps(30.0).time_of(30 * 86_400), Duration::from_secs(86_400));
        assert_eq!(Rate::from_fps(29.97).time_of(30_000 * 86_400), Duration::from_secs(1001 * 86_400));
    }
}
