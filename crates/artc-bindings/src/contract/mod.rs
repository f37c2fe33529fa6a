//! The contract suite: what every engine owes its caller, as cases that run against a [`Driver`].
//!
//! 1. Write a [`Driver`]: it makes engines that can meet each other, hands out tokens, and lets time pass.
//! 2. [`run`] it. Every case makes its own engines and its own channel.
//! 3. Look at the [`Report`]: what passed, what failed and why, what was skipped because the engine answered
//!    [`CallError::Unsupported`], and which methods those were.
//!
//! It is a library and no test by itself, so that backends outside this crate run the very same cases. It waits for events, never for
//! a time; the time limits only end what would hang.

mod cases;
mod channels;
mod media;
mod messages;
mod methods;
mod refusals;
mod roles;
mod stage;
mod timing;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Engine;
use crate::error::{CallError, ErrorCode};

use stage::Stage;

/// What the suite needs from a backend.
pub trait Driver {
    /// A new engine in the same world as the ones before.
    fn engine(&mut self) -> Result<Arc<dyn Engine>, String>;

    /// A token that is good for this channel and user.
    fn token(&mut self, channel: &str, user: &str) -> String;

    /// A token whose signature is wrong.
    fn forged_token(&mut self, channel: &str, user: &str) -> String;

    /// A token that has expired.
    fn expired_token(&mut self, channel: &str, user: &str) -> String;

    /// Lets time pass for the engines: about `time`, virtual or real.
    fn pass(&mut self, time: Duration);

    /// The longest time in which an engine answers.
    fn patience(&self) -> Duration;

    /// Removes a user from its channel from outside; `false` when this backend has no way to.
    fn remove(&mut self, channel: &str, user: &str) -> bool;
}

/// Why a case did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The engine does not do what the case is about.
    Skipped { method: String },
    /// The case is about something that this backend or its driver need not have.
    Lacks(&'static str),
    /// The engine broke the contract.
    Broken(String),
}

impl From<CallError> for Fault {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unsupported { method } => Self::Skipped { method: method.to_owned() },
            other => Self::Broken(format!("refused: {other}")),
        }
    }
}

impl From<String> for Fault {
    fn from(why: String) -> Self {
        Self::Broken(why)
    }
}

pub(crate) type Outcome = Result<(), Fault>;

/// What came of the suite.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Cases that the engine passed.
    pub passed: Vec<&'static str>,
    /// Cases that were left out, with the method that the engine does not have, or what else is missing.
    pub skipped: Vec<(&'static str, String)>,
    /// Cases that the engine failed, with the reason.
    pub failed: Vec<(&'static str, String)>,
    /// Every method that answered `Unsupported`, by its Rust name.
    pub unsupported: BTreeSet<String>,
    /// Every documented number that came, in an event or as the code of a refused call that a case looked at.
    pub codes: HashSet<ErrorCode>,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} passed, {} skipped, {} failed", self.passed.len(), self.skipped.len(), self.failed.len())?;
        for (case, method) in &self.skipped {
            writeln!(f, "skipped {case}: {method} is not supported")?;
        }
        for (case, why) in &self.failed {
            writeln!(f, "FAILED {case}: {why}")?;
        }
        Ok(())
    }
}

type Case = (&'static str, fn(&mut Stage<'_>) -> Outcome);

const ALL: [&[Case]; 7] =
    [cases::CASES, roles::CASES, media::CASES, timing::CASES, channels::CASES, messages::CASES, refusals::CASES];

/// Runs every case.
pub fn run(driver: &mut dyn Driver) -> Report {
    run_some(driver, |_| true)
}

/// Runs the cases whose name `wanted` picks.
pub fn run_some(driver: &mut dyn Driver, wanted: impl Fn(&str) -> bool) -> Report {
    let mut report = Report::default();
    for (number, (name, case)) in ALL.into_iter().flatten().enumerate() {
        if !wanted(name) {
            continue;
        }
        let mut stage = Stage::new(driver, number);
        let outcome = case(&mut stage);
        let story = stage.story();
        report.codes.extend(stage.clear());
        match outcome {
            Ok(()) => report.passed.push(name),
            Err(Fault::Skipped { method }) => {
                report.unsupported.insert(method.clone());
                report.skipped.push((name, method));
            }
            Err(Fault::Lacks(what)) => report.skipped.push((name, what.to_owned())),
            Err(Fault::Broken(why)) => report.failed.push((name, format!("{why}\n{story}"))),
        }
    }
    report.unsupported.extend(methods::unsupported(driver));
    report
}
