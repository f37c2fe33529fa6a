//! The H.264 bitstream as cameras, encoders and RTP handle it: NAL units, parameter sets, access units, SEI. Not a codec,
//! but for [`still`].
//!
//! Streams are Annex B throughout: NAL units behind start codes.

mod bits;
pub mod sei;
mod sps;
pub mod still;
#[cfg(test)]
mod tests;
mod unit;

pub use annexb::{NalKind, Nals, nals, write_nal};
pub use sps::{Sps, SpsError};
pub use unit::{ParameterSets, UnitInfo, inspect, is_key};
