//! Congestion control: from the estimate of the peer connection to what the encoder is asked for.
//!
//! Order, documented and fixed: the bitrate gives way first, then the frame rate, then the size, then the picture as a whole;
//! sound is never touched. The way back goes in the reverse order, later and only with room to spare. Pure, `now` is an
//! argument; not for encoding and not for estimating (the peer connection does that).

mod budget;
mod dropper;
mod ladder;
#[cfg(test)]
mod tests;

pub use budget::Budget;
pub use dropper::Dropper;
pub use ladder::{Ladder, Limits, Target};
