//! The list of all metrics: what Prometheus shows as help, and what a test compares with the sources.
//!
//! The parts count with `metrics::counter!` and know nothing of this list; it knows nothing of the parts but the names they
//! use. Units are in the name's last word, as Prometheus wants it: `_total`, `_seconds`, `_bytes`, `_ratio`.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::version::VERSION;

/// What a metric does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often a value fell where.
    Histogram,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
    /// What it says.
    pub help: &'static str,
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, help }
}

/// All metrics of all parts.
pub const METRICS: &[Metric] = &[gauge("artc_build_info", "Always 1; the labels say which build this is.")];

/// Bounds of histograms that count seconds: from a tenth of a frame to an outage.
const SECONDS: [f64; 16] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.004, 0.008, 0.016, 0.033, 0.066, 0.125, 0.25, 0.5, 1.0, 5.0, 30.0];

pub(super) fn install() -> Result<PrometheusHandle, BuildError> {
    let handle =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?.install_recorder()?;
    for metric in METRICS {
        match metric.kind {
            Kind::Counter => ::metrics::describe_counter!(metric.name, metric.help),
            Kind::Gauge => ::metrics::describe_gauge!(metric.name, metric.help),
            Kind::Histogram => ::metrics::describe_histogram!(metric.name, metric.help),
        }
    }
    let commit = VERSION.commit.unwrap_or("unknown");
    ::metrics::gauge!("artc_build_info", "version" => VERSION.version, "commit" => commit, "target" => VERSION.target).set(1.0);
    Ok(handle)
}
