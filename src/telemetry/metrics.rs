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

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, help }
}

const fn histogram(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, help }
}

/// All metrics of all parts, by part.
#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    gauge("artc_build_info", "Always 1; the labels say which build this is."),

    counter("artc_capture_video_grabbed_total", "Frames that the camera or the pattern delivered."),
    counter("artc_capture_video_broken_total", "Frames that could not be read: short, corrupt, or marked so by the driver."),
    counter("artc_capture_video_dropped_total", "Frames that a newer one replaced before they were taken."),
    counter("artc_capture_video_pushed_total", "Frames that were taken for sending."),

    counter("artc_control_requests_total", "Commands that were taken on, by method."),
    counter("artc_control_refused_total", "Commands that were refused, by the name of the error."),
    counter("artc_control_failed_total", "Commands that were taken on and then failed, by the name of the error."),
    counter("artc_control_late_total", "Outcomes that came after their command had timed out."),
    counter("artc_control_ignored_total", "Responses to requests that nobody sent."),
    counter("artc_control_silenced_total", "Messages of senders that go on flooding, which get no answer any more."),
    counter("artc_control_socket_refused_total", "Connections to the local socket beyond those that are served at once."),
    counter("artc_control_socket_unread_total", "Connections to the local socket closed because their replies were not read."),
    gauge("artc_control_in_flight", "Commands that are being carried out."),
    histogram("artc_control_effect_seconds", "From command to outcome, by method."),

    counter("artc_events_dropped_total", "Events of the engine that a newer one replaced before they were read, by class."),

    counter("artc_rtc_data_dropped_total", "Lossy data packets, the oldest first, for which their channel's queue had no room, by channel."),
    counter("artc_rtc_data_refused_total", "Reliable data packets that were refused because their channel's queue was full."),
    counter("artc_rtc_datagrams_refused_total", "Datagrams that were for a peer and made no sense to it."),
];

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
