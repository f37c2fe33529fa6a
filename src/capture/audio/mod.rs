//! Sound: an ALSA microphone or the built-in tone.

mod config;

pub use config::Config;
