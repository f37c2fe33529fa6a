//! Work that takes longer than a reply may: sans-IO.
//!
//! How a method becomes a job:
//! 1. its reply in the table of methods is [`wire::job::Started`];
//! 2. its decision is `Decision::Job { effect, limit }` ([`super::Decision`]), `limit` being how long it may take at most;
//! 3. the desk gives `Step::Work { job, stop, effect }`; the shell (`src/app/work.rs`) gives the work a thread. The work says when it has
//!    begun, which is when the caller gets the job's name, tells its [`Progress`] where it knows it, and in the end [`Ended`].
//!
//! The rest is here and in [`super::Desk`]: `job.list`, `job.status`, `job.cancel`, and `job.progress` to who asked for the job and to
//! whoever subscribed.
//!
//! Work that fails before it has begun is a refusal, and no job. A job is the device's: it goes on when who asked for it leaves. It ends
//! in exactly one of done, failed, cancelled and timed out. One that was asked to end and does not is cancelled when its work ends, or
//! times out. Bounded: [`AT_ONCE`] are worked on, [`KEPT`] that have ended are remembered.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use metrics::counter;
use serde_json::Value;
use wire::job::{Job, State};
use wire::{Code, Method, Refusal};

use super::{Failure, Sender, Ticket};

/// Jobs that are worked on at a time.
pub const AT_ONCE: usize = 8;
/// Jobs that have ended and can still be asked for.
pub const KEPT: usize = 64;
/// Progress of one job is told at most this often; its end always.
pub const TOLD_EVERY: Duration = Duration::from_millis(200);

/// Stands for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(u64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job-{}", self.0)
    }
}

/// Why work shall end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody has cancelled it, it takes too long, or who asked for it was told already that it does.
    Unwanted,
    /// The daemon ends. What goes on without it may go on.
    Ending,
}

/// Tells the work of a job that it shall end. It looks between its steps, or waits for it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<(Mutex<Option<Why>>, Condvar)>);

impl Stop {
    /// Whether the work shall end, with [`Ended::Stopped`].
    pub fn asked(&self) -> Option<Why> {
        self.asked_within(None, Duration::ZERO)
    }

    /// The same, but waits until it is another answer than the one that is `known`: for `long` at most.
    pub fn asked_within(&self, known: Option<Why>, long: Duration) -> Option<Why> {
        let (why, changed) = &*self.0;
        let why = why.lock().unwrap_or_else(PoisonError::into_inner);
        *changed.wait_timeout_while(why, long, |why| *why == known).unwrap_or_else(PoisonError::into_inner).0
    }

    fn ask(&self, why: Why) {
        let (asked, changed) = &*self.0;
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        if *asked != Some(Why::Ending) {
            *asked = Some(why);
        }
        changed.notify_all();
    }
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How much is done, 0 to 100, where that can be told.
    pub percent: Option<u8>,
    /// What it is at, for people.
    pub step: String,
}

/// How the work of a job ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// It did what was asked; what came of it.
    Done(Value),
    /// It could not.
    Failed(Failure),
    /// It was asked to stop, and did.
    Stopped,
}

/// All jobs.
#[derive(Debug, Default)]
pub struct Jobs {
    jobs: BTreeMap<JobId, Entry>,
    last: u64,
}

#[derive(Debug)]
struct Entry {
    method: Method,
    /// The request that is answered when the work has begun; nobody else knows of the job before.
    unanswered: Option<Ticket>,
    /// Who asked for it, while that is here.
    asker: Option<Asker>,
    state: State,
    /// Its work has not ended; after a time-out it still may be so.
    working: bool,
    stop: Stop,
    progress: Progress,
    since: Duration,
    due: Duration,
    ended: Option<Duration>,
    told: Option<Duration>,
    result: Option<Value>,
    error: Option<Refusal>,
}

#[derive(Debug)]
struct Asker {
    sender: Sender,
    here: bool,
}

impl Jobs {
    /// A job of `method` that may take `limit` begins.
    ///
    /// # Errors
    /// [`Code::NotAvailable`] while [`AT_ONCE`] others are worked on.
    pub fn start(&mut self, method: Method, limit: Duration, now: Duration) -> Result<(JobId, Stop), Refusal> {
        if self.jobs.values().filter(|job| job.working).count() >= AT_ONCE {
            return Err(Refusal::new(
                Code::NotAvailable,
                format!("{AT_ONCE} jobs are under way; cancel one or wait for its end"),
            ));
        }
        let ended: Vec<JobId> = self.jobs.iter().filter(|(_, job)| !job.working).map(|(id, _)| *id).collect();
        for old in ended.iter().take((ended.len() + 1).saturating_sub(KEPT)) {
            self.jobs.remove(old);
        }
        self.last += 1;
        let (id, stop) = (JobId(self.last), Stop::default());
        let entry = Entry {
            method,
            unanswered: None,
            asker: None,
            state: State::Running,
            working: true,
            stop: stop.clone(),
            progress: Progress::default(),
            since: now,
            due: now + limit,
            ended: None,
            told: None,
            result: None,
            error: None,
        };
        self.jobs.insert(id, entry);
        counter!("artc_control_jobs_total", "method" => method.name()).increment(1);
        Ok((id, stop))
    }

    /// `asker` gets the job's name in answer to `ticket` when its work has begun, and is told how it goes on.
    pub fn asked_by(&mut self, id: JobId, asker: &Sender, ticket: Ticket) {
        if let Some(job) = self.jobs.get_mut(&id) {
            job.unanswered = Some(ticket);
            job.asker = Some(Asker { sender: asker.clone(), here: true });
        }
    }

    /// Its work has begun, or ended before anybody was answered: the request that still waits for its answer.
    pub fn begun(&mut self, id: JobId) -> Option<Ticket> {
        self.jobs.get_mut(&id)?.unanswered.take()
    }

    /// Its work has not begun, and will not: there was no such job. Gives the request that is to be refused.
    pub fn withdraw(&mut self, id: JobId) -> Option<Ticket> {
        self.jobs.get(&id)?.unanswered?;
        self.jobs.remove(&id)?.unanswered
    }

    /// The request of `ticket` was told that it takes too long: what has not begun need not begin.
    pub fn give_up(&mut self, ticket: Ticket) {
        if let Some(job) = self.jobs.values_mut().find(|job| job.unanswered == Some(ticket)) {
            job.cancel();
        }
    }

    /// `sender` is here, or is gone. A connection to the local socket never comes back.
    pub fn is_here(&mut self, sender: &Sender, here: bool) {
        let askers = self.jobs.values_mut().filter_map(|job| job.asker.as_mut());
        askers.filter(|asker| asker.sender == *sender).for_each(|asker| asker.here = here);
    }

    /// Who asked for it, if that is here.
    pub fn asker(&self, id: JobId) -> Option<&Sender> {
        self.jobs.get(&id)?.asker.as_ref().filter(|asker| asker.here).map(|asker| &asker.sender)
    }

    /// A job has come on. Says whether that is to be told.
    pub fn progress(&mut self, id: JobId, progress: Progress, now: Duration) -> bool {
        let Some(job) = self.jobs.get_mut(&id).filter(|job| !job.state.is_final()) else { return false };
        job.progress = Progress { percent: progress.percent.map(|percent| percent.min(100)), ..progress };
        if job.told.is_some_and(|told| now.saturating_sub(told) < TOLD_EVERY) {
            return false;
        }
        job.told = Some(now);
        true
    }

    /// The work of a job ended. Says whether that is to be told: not when the job had timed out before.
    pub fn ended(&mut self, id: JobId, ended: Ended, now: Duration) -> bool {
        let Some(job) = self.jobs.get_mut(&id).filter(|job| job.working) else { return false };
        job.working = false;
        if job.state.is_final() {
            return false;
        }
        match ended {
            Ended::Done(result) => {
                job.progress.percent = job.progress.percent.map(|_| 100);
                job.result = Some(result);
                job.end(State::Done, now);
            }
            Ended::Failed(failure) => {
                job.error = Some(failure.into());
                job.end(State::Failed, now);
            }
            Ended::Stopped if job.state == State::Cancelling => job.end(State::Cancelled, now),
            Ended::Stopped => {
                job.error = Some(Refusal::new(Code::InternalError, "its work stopped and nobody had asked for it"));
                job.end(State::Failed, now);
            }
        }
        true
    }

    /// Somebody wants a job to end. One that has ended stays as it is.
    ///
    /// # Errors
    /// [`Code::UnknownName`].
    pub fn cancel(&mut self, name: &str) -> Result<JobId, Refusal> {
        let id = self.find(name)?;
        if let Some(job) = self.jobs.get_mut(&id) {
            job.cancel();
        }
        Ok(id)
    }

    /// The daemon ends: all work shall.
    pub fn stop(&mut self) {
        self.jobs.values().for_each(|job| job.stop.ask(Why::Ending));
    }

    /// When [`expire`](Self::expire) has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        self.jobs.values().filter(|job| job.is_under_way()).map(|job| job.due).min()
    }

    /// Ends one job that took too long; to be called until it gives nothing.
    pub fn expire(&mut self, now: Duration) -> Option<JobId> {
        let (id, job) = self.jobs.iter_mut().find(|(_, job)| job.is_under_way() && job.due <= now)?;
        job.stop.ask(Why::Unwanted);
        job.end(State::TimedOut, now);
        Some(*id)
    }

    /// The job of this name.
    ///
    /// # Errors
    /// [`Code::UnknownName`].
    pub fn find(&self, name: &str) -> Result<JobId, Refusal> {
        let mut known = self.jobs.iter().filter(|(_, job)| job.unanswered.is_none()).map(|(id, _)| *id);
        known.find(|id| id.to_string() == name).ok_or_else(|| {
            Refusal::new(Code::UnknownName, format!("there is no job `{}`; job.list tells them", wire::shown(name)))
        })
    }

    /// How a job is.
    pub fn status(&self, id: JobId, now: Duration) -> Option<Job> {
        let job = self.jobs.get(&id)?;
        let elapsed = job.ended.unwrap_or(now).saturating_sub(job.since);
        Some(Job {
            job: id.to_string(),
            method: job.method.name().to_owned(),
            state: job.state,
            percent: job.progress.percent,
            step: job.progress.step.clone(),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            result: job.result.clone(),
            error: job.error.clone().map(Into::into),
        })
    }

    /// All that are remembered, the oldest first.
    pub fn list(&self, now: Duration) -> Vec<Job> {
        let known = self.jobs.iter().filter(|(_, job)| job.unanswered.is_none());
        known.filter_map(|(id, _)| self.status(*id, now)).collect()
    }
}

impl Entry {
    /// Its work has begun and not ended, as far as others know.
    fn is_under_way(&self) -> bool {
        self.unanswered.is_none() && !self.state.is_final()
    }

    fn cancel(&mut self) {
        if self.state == State::Running {
            self.state = State::Cancelling;
            self.stop.ask(Why::Unwanted);
        }
    }

    fn end(&mut self, state: State, now: Duration) {
        self.state = state;
        self.ended = Some(now);
        tracing::info!(target: "artc_edge::audit", method = self.method.name(), ?state, "job ended");
    }
}
