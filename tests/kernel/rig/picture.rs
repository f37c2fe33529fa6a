//! What a decoded picture shows. Not for getting it: see [`super::Audience`].

use std::path::Path;
use std::process::Command;

use artc_bindings::VideoH264Frame;

/// A decoded picture: planes Y, U, V without padding.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The planes.
    pub bytes: Vec<u8>,
}

impl Picture {
    /// A copy of what the engine hands out.
    pub fn of(frame: &VideoH264Frame) -> Self {
        Self { width: frame.width as usize, height: frame.height as usize, bytes: frame.bytes().to_vec() }
    }

    /// The luma plane.
    pub fn luma(&self) -> &[u8] {
        &self.bytes[..self.width * self.height]
    }

    /// Mean luma.
    pub fn brightness(&self) -> f64 {
        self.luma().iter().map(|y| f64::from(*y)).sum::<f64>() / self.luma().len() as f64
    }

    /// Whether it is the "no signal" card: dark grey nearly everywhere, and no colour.
    pub fn is_card(&self) -> bool {
        let (luma, chroma) = self.bytes.split_at(self.width * self.height);
        let share = |plane: &[u8], value: u8, off: u8| {
            plane.iter().filter(|sample| sample.abs_diff(value) <= off).count() as f64 / plane.len() as f64
        };
        share(luma, 40, 8) > 0.75 && share(chroma, 128, 6) > 0.98
    }

    /// Whether it has this shape. Its size is up to what the network carries and the machine encodes in time.
    pub fn is_shaped(&self, width: usize, height: usize) -> bool {
        (self.width * height).abs_diff(self.height * width) <= 4 * height.max(width)
    }

    /// The luma in few pixels, each the mean of what it covers.
    pub fn small(&self) -> Vec<u8> {
        small(self.luma(), self.width)
    }
}

/// What pictures are compared in: columns and rows.
const SMALL: (usize, usize) = (80, 60);

/// A luma plane in few pixels, each the mean of what it covers.
fn small(luma: &[u8], width: usize) -> Vec<u8> {
    let (columns, rows) = SMALL;
    let height = luma.len() / width;
    let mean = |at: usize| {
        let (x, y) = (at % columns, at / columns);
        let (left, right) = (x * width / columns, (x + 1) * width / columns);
        let (top, bottom) = (y * height / rows, (y + 1) * height / rows);
        let sum: u32 =
            (top..bottom).flat_map(|row| &luma[row * width + left..row * width + right]).map(|luma| u32::from(*luma)).sum();
        (sum / ((right - left) * (bottom - top)).max(1) as u32) as u8
    };
    (0..columns * rows).map(mean).collect()
}

/// Peak signal-to-noise ratio of two planes of one size, in dB.
pub fn psnr(one: &[u8], other: &[u8]) -> f64 {
    assert_eq!(one.len(), other.len(), "pictures of one size");
    let squares: f64 = one.iter().zip(other).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    10.0 * (255.0 * 255.0 * one.len() as f64 / squares.max(1.0)).log10()
}

/// Footage to compare with: the luma of each picture in few pixels, as ffmpeg decodes the clip.
pub struct Footage(Vec<Vec<u8>>);

impl Footage {
    /// Decodes `clip`, a file of pictures of `width` x `height`; `format` is what ffmpeg has to be told of it, for raw ones.
    pub fn decode(clip: &Path, (width, height): (usize, usize), format: &[&str]) -> Self {
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-loglevel", "error"]).args(format).arg("-i").arg(clip);
        // Of the three planes only the luma is looked at: `gray` would stretch its range.
        let output = command.args(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-"]).output().expect("ffmpeg runs");
        assert!(output.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&output.stderr));
        let size = width * height;
        Self(output.stdout.chunks_exact(size * 3 / 2).map(|picture| small(&picture[..size], width)).collect())
    }

    /// The picture of it that is most like this one: which, and the ratio of signal to noise in dB.
    pub fn find(&self, picture: &Picture) -> (usize, f64) {
        let small = picture.small();
        let ratios = self.0.iter().map(|known| psnr(&small, known)).enumerate();
        ratios.max_by(|a, b| a.1.total_cmp(&b.1)).expect("footage has pictures")
    }
}
