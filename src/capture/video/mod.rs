//! Pictures: a V4L2 camera or the built-in pattern.

mod config;

pub use config::{Config, Format, Idle};
