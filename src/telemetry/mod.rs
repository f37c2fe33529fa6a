//! How the daemon says how it is: log lines, metrics, health.
//!
//! The parts log with `tracing` and count with `metrics`; this room only decides where that goes. It is no place for
//! decisions: nothing here changes what the daemon does.

mod config;
mod log;

pub use config::{Config, LogTo};
pub use log::{InitError, Levels, parse_levels};

/// Logging, metrics and health of this process.
#[derive(Clone)]
pub struct Telemetry {
    levels: Levels,
}

impl Telemetry {
    /// Changes what is logged while running.
    pub fn levels(&self) -> &Levels {
        &self.levels
    }
}

/// Starts logging and counting. Once a process.
pub fn init(config: &Config) -> Result<Telemetry, InitError> {
    let levels = log::init(config)?;
    Ok(Telemetry { levels })
}
