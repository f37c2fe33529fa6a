//! The thread on which a job is worked on, and what it says to the loop.

use tokio::sync::mpsc;

use super::deeds::{Finished, Purpose};
use super::effects::{Done, Work};
use crate::control::jobs::{Ended, JobId, Progress, Stop};

/// What the work of a job sees of the daemon.
pub struct Worker {
    job: JobId,
    stop: Stop,
    tell: mpsc::Sender<Finished>,
}

impl Worker {
    /// For the work of `job`, which is to end when `stop` says so.
    pub fn new(job: JobId, stop: Stop, tell: mpsc::Sender<Finished>) -> Self {
        Self { job, stop, tell }
    }

    /// Does the work. What was cancelled before it came to a thread is not begun.
    pub fn run(self, work: Work) {
        let ended = if self.stop.asked().is_some() { Ended::Stopped } else { work(&self) };
        self.tell(Done::Ended(ended));
    }

    /// Says when the work shall end.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// The work has begun: who asked for it gets the job's name. To be called once nothing is left that is a plain refusal.
    pub fn begun(&self) {
        self.tell(Done::Begun);
    }

    /// It has come on.
    pub fn progress(&self, progress: Progress) {
        self.tell(Done::Progress(progress));
    }

    fn tell(&self, done: Done) {
        // The loop has ended when nobody listens any more, and with it whoever waits for this.
        let _ = self.tell.blocking_send((Purpose::Job(self.job, self.stop.clone()), done));
    }
}
