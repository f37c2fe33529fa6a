//! The open engine: joining, publishing, subscribing, codecs, jitter buffer, mixer.

mod config;

pub use config::Config;
