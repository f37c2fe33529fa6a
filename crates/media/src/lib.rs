//! Frames, formats, conversion, scaling, PCM and the H.264 bitstream.
//!
//! This room holds values and pure functions. It is not for threads, clocks, devices or sockets: whoever
//! captures, encodes or sends uses it and keeps those to themselves.
#![forbid(unsafe_code)]

pub mod barcode;
pub mod convert;
pub mod draw;
pub mod encoded;
mod font;
pub mod format;
pub mod frame;
pub mod h264;
pub mod jpeg;
pub mod pattern;
pub mod pcm;
pub mod scale;
pub mod shrink;
pub mod turn;
pub mod zone;

pub use convert::Converter;
pub use encoded::EncodedFrame;
pub use format::{PixelFormat, Size};
pub use frame::{BrokenFrame, Frame, FrameBuffer, FramePool, Plane, RawFrame};
pub use pcm::{PcmBlock, PcmFormat};
pub use scale::{Fit, Scaler, fit_inside};
