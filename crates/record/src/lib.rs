//! Recordings on the device: what an encoder made anyway goes into files that any player plays, and that a power cut costs at most the last
//! second.
//!
//! Pictures and sound come in encoded and are not encoded again. [`Intake`] holds the last seconds of them in memory (the pre-roll) and never
//! waits; [`Recorder`] takes them from there and writes fragmented MP4, one fragment of at most a second at a time, each on the medium before
//! the next begins. [`Store`] is the folder: which recordings there are is said by its files and by nothing else.
//!
//! [`mp4`] and [`torn`] are the bytes alone, for whoever writes such files elsewhere.
//!
//! Not for capturing, not for encoding, and not for noticing what is worth recording. Time is an argument throughout.
#![forbid(unsafe_code)]

mod allowance;
mod file;
mod fragment;
mod intake;
pub mod mp4;
mod name;
mod recorder;
mod ring;
mod store;
mod thumbnail;
pub mod torn;
mod trigger;
mod upload;

pub use intake::Intake;
pub use name::{Id, Reason, date};
pub use recorder::{Cause, Now, Recorder, Settings, Standing};
pub use store::{Entry, Fault, Limits, OpenError, RemoveError, Store};
pub use thumbnail::TakePicture;
