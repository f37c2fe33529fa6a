//! What comes in: pictures from a camera, sound from a microphone.
//!
//! Each side has the same three files: the interface, the device, the built-in source.

pub mod audio;
pub mod video;
