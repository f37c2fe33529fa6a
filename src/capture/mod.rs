//! What comes in: pictures from a camera, sound from a microphone, as media types with the driver's timestamps. Not for
//! pushing them anywhere: the uplink takes them from here.
//!
//! Each side has the same three files: the interface, the device, the built-in source.

pub mod audio;
pub mod video;
