//! Sound of one clock on a device of another. Two clocks that both say 48 kHz run apart by up to some 300 ppm, a second in an hour:
//! what waits between them grows or runs dry, however large it is.
//!
//! [`Controller`] sees how much waits and says how much faster or slower the sound is to be; [`Stretcher`] makes it so, and brings it to
//! the device's own rate on the way. Both are sans-IO: time is an argument, devices are the caller's.
//!
//! Not for what comes late or not at all (a jitter buffer's work) and not for devices.

mod controller;
mod stretcher;
pub mod trial;

pub use controller::{Controller, MOST};
pub use stretcher::{Stretcher, UnknownRate};
