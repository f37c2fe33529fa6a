//! H.264 encoders behind one trait, and the choice among them.
//!
//! An encoder turns one I420 picture into one Annex B access unit, in the calling thread, with no frame held back: no B-frames, no
//! look-ahead. It is not for deciding rates (see [`crate::congestion`]) and not for RTP.

mod choice;
pub mod openh264;
mod pool;
#[cfg(test)]
pub(crate) mod tests;
pub mod v4l2;

use std::time::Duration;

use media::Size;

pub use choice::{Choice, Encoders, open};
pub use pool::{AccessUnit, UnitPool};

/// An I420 picture that somebody else owns; planes may have padding between rows.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// Visible size; both sides even.
    pub size: Size,
    /// Y, U and V.
    pub planes: [&'a [u8]; 3],
    /// Bytes from one row to the next, a plane.
    pub strides: [usize; 3],
    /// When it was captured, on `CLOCK_MONOTONIC`.
    pub captured_at: Duration,
}

impl<'a> Picture<'a> {
    /// A picture whose planes follow each other in `data`, rows `strides` bytes apart; `None` when `data` is too short for it or a side is odd.
    pub fn contiguous(data: &'a [u8], size: Size, strides: [usize; 3], captured_at: Duration) -> Option<Self> {
        let (w, h) = (size.width as usize, size.height as usize);
        if w == 0 || h == 0 || w % 2 != 0 || h % 2 != 0 || strides[0] < w || strides[1] < w / 2 || strides[2] < w / 2 {
            return None;
        }
        let (y, rest) = data.split_at_checked(strides[0].checked_mul(h)?)?;
        let (u, rest) = rest.split_at_checked(strides[1].checked_mul(h / 2)?)?;
        // The last row needs no padding behind it.
        let v = rest.get(..strides[2].checked_mul(h / 2 - 1)? + w / 2)?;
        Some(Self { size, planes: [y, u, v], strides, captured_at })
    }
}

/// What the picture shows; encoders tune themselves by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// A camera: noise, motion, few hard edges.
    Camera,
    /// A screen: text, still areas, sudden changes.
    Screen,
}

/// What an encoder is made with. Rate and frame rate can be changed later, the rest by making another encoder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Size of the pictures that will come.
    pub size: Size,
    /// Pictures a second that will come.
    pub fps: f32,
    /// Bits a second to keep to, over a second or so.
    pub bitrate_bps: u32,
    /// What the pictures show.
    pub usage: Usage,
    /// Longest time between key frames; `None` sends them on request only.
    pub key_interval: Option<Duration>,
}

/// What became of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// An access unit was written.
    Unit {
        /// Whether a decoder can start here; SPS and PPS are then in it.
        key: bool,
    },
    /// The encoder left the picture out to keep its rate.
    Skipped,
}

/// Why an encoder could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The size is not one that this encoder takes.
    #[error("{encoder} cannot encode {size}: {why}")]
    Size {
        /// The encoder.
        encoder: &'static str,
        /// The size asked for.
        size: Size,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The library refused.
    #[error("{encoder} could not {step} (code {code})")]
    Library {
        /// The encoder.
        encoder: &'static str,
        /// What was being done.
        step: &'static str,
        /// The library's return code.
        code: i32,
    },
    /// The device refused.
    #[error("{node} could not {step}: {why}")]
    Device {
        /// Its node.
        node: String,
        /// What was being done.
        step: &'static str,
        /// What the driver said.
        why: String,
    },
    /// No such device, or none that can do it.
    #[error("no V4L2 encoder for H.264: {0}")]
    NoDevice(String),
}

/// Why a picture was not encoded. The encoder should be made anew.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The picture has another size than the encoder was made for.
    #[error("picture of {got} for an encoder of {want}")]
    Size {
        /// Size that came.
        got: Size,
        /// Size that was promised.
        want: Size,
    },
    /// The library or the device failed.
    #[error("{encoder} failed to {step}: {why}")]
    Failed {
        /// The encoder.
        encoder: &'static str,
        /// What was being done.
        step: &'static str,
        /// What it said.
        why: String,
    },
}

/// An H.264 encoder: constrained baseline, one picture in, one access unit out.
pub trait VideoEncoder: Send {
    /// What to call it in logs and statistics.
    fn name(&self) -> &'static str;

    /// What it was made with, and the rate that it has now.
    fn settings(&self) -> &Settings;

    /// Encodes `picture` to the end of `out` (Annex B), as a key frame when `key` is set.
    fn encode(&mut self, picture: &Picture<'_>, key: bool, out: &mut Vec<u8>) -> Result<Encoded, EncodeError>;

    /// Changes bitrate and frame rate from the next picture on, without a key frame.
    fn set_rate(&mut self, bitrate_bps: u32, fps: f32) -> Result<(), EncodeError>;
}
