//! The daemon's modules, as a library so that tests and benches reach them.

pub mod app;
pub mod capture;
pub mod cli;
pub mod config;
pub mod control;
pub mod detector;
pub mod exit;
pub mod playout;
pub mod recorder;
pub mod session;
pub mod soundcard;
pub mod storage;
pub mod telemetry;
pub mod uplink;
pub mod version;
