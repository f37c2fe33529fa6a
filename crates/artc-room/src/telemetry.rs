//! Numbers and health, on an address of this machine: `/metrics` for Prometheus, `/livez`, `/readyz`.
//!
//! What is counted is in [`METRICS`], besides the room's own. Not for strangers: the address must be a loopback one.

use std::sync::{Arc, Mutex, OnceLock};

use app_state::State;
use axum::Router;
use axum::extract::State as With;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Serialize;

use crate::service::{Counts, lock};

/// Every metric of this program, with what it says. Those of the room are explained in the daemon's list.
#[rustfmt::skip]
pub const METRICS: &[(&str, &str)] = &[
    ("artc_server_broker_up", "1 while the broker lets us in."),
    ("artc_server_calls", "Calls that have not ended."),
    ("artc_server_clients", "Clients of the broker that are there, as far as they said so."),
    ("artc_server_callbacks_total", "Callbacks about recordings, by what became of the attempt."),
    ("artc_server_commands_total", "Commands to devices, by what became of them."),
    ("artc_server_jobs", "Recording jobs that have not ended."),
    ("artc_server_invited_total", "Invitations with a token that were sent."),
    ("artc_server_requests_total", "Web requests that were answered, by path and status."),
    ("artc_server_rtmp_streams", "Streams over RTMP now, by their way: in or out."),
    ("artc_server_refused_total", "What was refused, by what it was and why."),
    ("artc_server_tokens_total", "Join tokens that were signed, by rule."),
];

/// Bounds of histograms that count seconds.
const SECONDS: [f64; 12] = [0.000_5, 0.001, 0.002, 0.004, 0.008, 0.016, 0.033, 0.125, 0.5, 1.0, 5.0, 30.0];

/// Counts a refusal; both are one of a few fixed words.
pub(crate) fn refused(what: &'static str, reason: &'static str) {
    metrics::counter!("artc_server_refused_total", "what" => what, "reason" => reason).increment(1);
}

/// The recorder of this process: there is one, whoever asks first.
fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS);
        let handle = builder.and_then(PrometheusBuilder::install_recorder);
        let handle = handle.inspect_err(|why| tracing::error!("no metrics: {why}")).ok()?;
        for (name, help) in METRICS {
            match name.ends_with("_total") {
                true => metrics::describe_counter!(*name, *help),
                false => metrics::describe_gauge!(*name, *help),
            }
        }
        metrics::gauge!("artc_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        Some(handle)
    };
    RECORDER.get_or_init(install).as_ref()
}

/// What health is judged by.
pub(crate) struct Health {
    pub state: State,
    /// Where calls are taken: what was counted.
    pub calls: Option<Arc<Mutex<Counts>>>,
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    because: Vec<&'static str>,
}

/// The three pages. Begins to count.
pub(crate) fn router(health: Health) -> Router {
    recorder();
    Router::new()
        .route("/metrics", get(numbers))
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(Arc::new(health))
}

async fn numbers() -> Response {
    let Some(handle) = recorder() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    handle.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
}

async fn ready(With(health): With<Arc<Health>>) -> Response {
    let mut because = Vec::new();
    if let Err(why) = health.state.check().await {
        tracing::warn!("not ready: {why}");
        because.push("the state cannot be read");
    }
    if health.calls.as_ref().is_some_and(|counts| !lock(counts).up) {
        because.push("no broker");
    }
    let ready = because.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(Readiness { ready, because })).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn sources(folder: &Path, all: &mut String) {
        for entry in std::fs::read_dir(folder).expect("sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                sources(&path, all);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                *all += &std::fs::read_to_string(path).expect("a source");
            }
        }
    }

    #[test]
    fn the_list_and_the_sources_say_the_same() {
        let mut all = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        let counted: BTreeSet<&str> = ["counter!(\"", "gauge!(\"", "histogram!(\""]
            .iter()
            .flat_map(|call| all.split(call).skip(1).filter_map(|rest| rest.split('"').next()))
            .filter(|name| name.starts_with("artc_server_"))
            .collect();
        let listed: BTreeSet<&str> = METRICS.iter().map(|(name, _)| *name).collect();
        assert_eq!(counted, listed);
    }
}
