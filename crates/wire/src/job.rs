//! Family `job`: work that takes longer than a reply may.
//!
//! A method that starts a job answers [`Started`] when its work has begun. How the job goes on is told by `job.status`, and by the
//! notification `job.progress` to who asked for it and to whoever subscribed. A job belongs to the device: it goes on when who asked leaves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ErrorObject;

/// The reply of a method that starts a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Started {
    /// The job, for `job.status` and `job.cancel`.
    pub job: String,
}

/// What `job.status` and `job.cancel` take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The job.
    pub job: String,
}

/// The jobs that are remembered, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct List {
    /// Those under way and the last ones that ended.
    pub jobs: Vec<Job>,
}

/// How a job is. Also the parameters of the notification `job.progress`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Job {
    /// Its name, never used again while the daemon runs.
    pub job: String,
    /// The method that started it.
    pub method: String,
    /// Where it stands; one of the last four is its end, and it never changes then.
    pub state: State,
    /// How much is done, 0 to 100; left out where that cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// What it is at, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub step: String,
    /// How long it has been running, or ran, in milliseconds.
    pub elapsed_ms: u64,
    /// What came of it, when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
    /// Why it failed, when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorObject>,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is being worked on.
    Running,
    /// It was asked to end and has not yet.
    Cancelling,
    /// It did what was asked.
    Done,
    /// It could not.
    Failed,
    /// It ended because it was asked to.
    Cancelled,
    /// It took longer than it may.
    TimedOut,
}

impl State {
    /// Whether it has ended.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Running | Self::Cancelling)
    }
}
