//! How the daemon says how it is: log lines, metrics, health.
//!
//! The parts log with `tracing` and count with `metrics`; this room only decides where that goes, and answers who asks. It is no
//! place for decisions: nothing here changes what the daemon does.
//!
//! 1. [`init`] once, before anything logs or counts.
//! 2. [`Telemetry::health`] hands out named checks (readiness) and beats (liveness) to whoever has something to say.
//! 3. [`Telemetry::serve`] inside the runtime: upkeep of the histograms, and `/metrics`, `/livez`, `/readyz` where configured.

mod catalogue;
mod config;
mod fault;
mod health;
mod http;
mod limited;
mod log;
pub mod metrics;
mod process;
mod tail;

use metrics_exporter_prometheus::PrometheusHandle;

pub use catalogue::note;
pub use config::{Config, LogTo};
pub use fault::{Change, Fault};
pub use health::{Beat, Check, Health, Liveness};
pub use http::{ServeError, Served};
pub use log::{InitError, Levels, goes_to_journal, parse_levels};
pub use tail::{Logged, Tail};

/// Logging, metrics and health of this process.
#[derive(Clone)]
pub struct Telemetry {
    levels: Levels,
    tail: Tail,
    health: Health,
    metrics: PrometheusHandle,
}

impl Telemetry {
    /// Changes what is logged while running.
    pub fn levels(&self) -> &Levels {
        &self.levels
    }

    /// The last lines that were logged.
    pub fn tail(&self) -> &Tail {
        &self.tail
    }

    /// Where readiness and liveness are told.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// All metrics as Prometheus text, those of the process included.
    pub fn render_metrics(&self) -> String {
        let mut text = self.metrics.render();
        process::append(&mut text);
        text
    }

    /// Serves metrics and health as configured, and keeps histograms and beats up to date, until [`Served`] is dropped.
    pub async fn serve(&self, config: &Config) -> Result<Served, ServeError> {
        http::serve(self.clone(), config).await
    }

    fn keep_up(&self) {
        self.metrics.run_upkeep();
    }
}

/// Starts logging and counting. Once a process.
pub fn init(config: &Config) -> Result<Telemetry, InitError> {
    let tail = Tail::default();
    let levels = log::init(config, tail.clone())?;
    let metrics = metrics::install().map_err(|_| InitError::Twice)?;
    Ok(Telemetry { levels, tail, health: Health::default(), metrics })
}
