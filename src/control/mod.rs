//! Commands: who may send them, how many, and what they shall do.

mod config;

pub use config::Config;
