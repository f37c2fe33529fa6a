//! Callbacks on their way: kept until somebody took them or they are too old, tried again with growing pauses, signed as documented.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use app_state::{Delivery, State, StateError};
use record_api::callback::{Callback, Notice, RAND, SIGNATURE, TIMESTAMP, signature};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::egress::Egress;
use crate::clock;

/// Callbacks that may wait.
const MOST: u32 = 10_000;
/// How often one is tried: over some three hours.
const ATTEMPTS: u32 = 14;
/// Longest pause between two attempts, in seconds.
const LONGEST: u64 = 1800;
/// Apps that are told at the same time.
const AT_ONCE: usize = 16;
/// How often it is looked, when nobody says that there is something.
const LOOK: Duration = Duration::from_secs(1);

/// Where callbacks are put to be delivered.
#[derive(Clone)]
pub(crate) struct Outbox {
    state: State,
    egress: Egress,
    there: Arc<Notify>,
}

impl Outbox {
    pub fn new(state: State, egress: Egress) -> Self {
        Self { state, egress, there: Arc::default() }
    }

    /// Who may be told.
    pub fn egress(&self) -> &Egress {
        &self.egress
    }

    /// Keeps a notice, if its app wants to hear of such.
    pub async fn put(&self, notice: &Notice) {
        match self.keep(notice).await {
            Ok(true) => self.there.notify_one(),
            Ok(false) => {
                count("dropped");
                tracing::warn!(app = notice.app_id, job = notice.job_id, "a callback is lost: too many wait");
            }
            Err(why) => tracing::error!(job = notice.job_id, "a callback is lost: {why}"),
        }
    }

    /// Whether it is kept, or nobody wants to hear of it.
    async fn keep(&self, notice: &Notice) -> Result<bool, StateError> {
        let Some((kept, _)) = self.state.callback(notice.app_id.clone()).await? else { return Ok(true) };
        let wants = serde_json::from_str::<Callback>(&kept);
        if !wants.is_ok_and(|callback| callback.notify_event_subscription.contains(&notice.event_type)) {
            return Ok(true);
        }
        let body = serde_json::to_string(notice).unwrap_or_default();
        self.state.post(notice.app_id.clone(), body, clock::seconds(), MOST).await
    }

    /// Delivers until it is to stop.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stopping.changed() => return,
                () = self.round() => {}
            }
            tokio::select! {
                _ = stopping.changed() => return,
                () = self.there.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Tries what is due, of each app the next, until nothing is due.
    async fn round(&self) {
        loop {
            let waiting = match self.state.deliveries(MOST).await {
                Ok(waiting) => waiting,
                Err(why) => return tracing::error!("callbacks wait: {why}"),
            };
            let now = clock::seconds();
            let (mut apps, mut trying) = (BTreeSet::new(), JoinSet::new());
            for delivery in waiting.into_iter().filter(|one| one.due <= now) {
                if apps.len() < AT_ONCE && apps.insert(delivery.app_id.clone()) {
                    let outbox = self.clone();
                    trying.spawn(async move { outbox.attempt(delivery).await });
                }
            }
            if trying.is_empty() {
                return;
            }
            while trying.join_next().await.is_some() {}
        }
    }

    async fn attempt(&self, delivery: Delivery) {
        let Delivery { id, app_id, body, attempts, .. } = delivery;
        let callback = match self.state.callback(app_id.clone()).await {
            Ok(Some((kept, _))) => serde_json::from_str::<Callback>(&kept).ok(),
            Ok(None) | Err(_) => None,
        };
        let outcome = match callback {
            None => Err("there is no callback any more".to_owned()),
            Some(callback) => match self.egress.post(&callback.url, &headers(&callback.auth_key, &body), body).await {
                Ok(status) if (200..300).contains(&status) => Ok(()),
                Ok(status) => Err(format!("it answered {status}")),
                Err(why) => Err(why.to_string()),
            },
        };
        let again = match outcome {
            Ok(()) => {
                count("delivered");
                None
            }
            Err(why) if attempts + 1 >= ATTEMPTS => {
                count("dropped");
                tracing::warn!(app = app_id, "a callback is given up after {ATTEMPTS} attempts: {why}");
                None
            }
            Err(why) => {
                count("failed");
                tracing::info!(app = app_id, "a callback is tried again: {why}");
                let pause = 1_u64.checked_shl(attempts).unwrap_or(LONGEST).min(LONGEST);
                Some(clock::seconds() + i64::try_from(pause).unwrap_or(1))
            }
        };
        if let Err(why) = self.state.tried(id, again).await {
            tracing::error!("a callback may be told twice: {why}");
        }
    }
}

/// The signature's headers; none without a key.
fn headers(auth_key: &str, body: &str) -> Vec<(&'static str, String)> {
    if auth_key.is_empty() {
        return Vec::new();
    }
    let (rand, timestamp) = (rand::random::<u32>().to_string(), clock::seconds().to_string());
    let signed = signature(auth_key, &rand, &timestamp, body.as_bytes());
    vec![(RAND, rand), (TIMESTAMP, timestamp), (SIGNATURE, signed)]
}

fn count(outcome: &'static str) {
    metrics::counter!("artc_server_callbacks_total", "outcome" => outcome).increment(1);
}
