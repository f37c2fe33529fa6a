//! Effects on their way: begun by the loop, done there or elsewhere, and what is to happen then.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use wire::event::Topic;

use super::clock::now;
use super::effects::{self, Begun, Deferred, Done};
use super::shell::Shell;
use super::wishes::Wishes;
use super::work::Worker;
use crate::control::jobs::{Ended, JobId, Stop};
use crate::control::{Effect, Failure, Outcome, StateAct, Ticket, job_result};

/// What an effect is carried out for.
#[derive(Debug)]
pub enum Purpose {
    /// To answer a request.
    Answer(Ticket),
    /// To make true what is wished for at this place of the document.
    Wish(String),
    /// To see what of the document is not true yet, and do it; then the request is answered, if there is one.
    CatchUp(Option<Ticket>),
    /// To answer a request with the document.
    Tell(Ticket),
    /// To do the work of a job, until it is told to stop.
    Job(JobId, Stop),
}

/// What came of an effect, on its way back.
pub type Finished = (Purpose, Done);

impl Shell {
    /// Begins `effect`; what comes of it goes to [`finished`](Self::finished), at once or later. What waits for a thread until it is `due`
    /// is not begun any more.
    pub(super) fn carry_out(
        &mut self,
        purpose: Purpose,
        effect: Effect,
        due: Option<Duration>,
        finished: &mpsc::Sender<Finished>,
    ) {
        // The loop has ended when nobody listens any more, and with it whoever waits for what is sent.
        let later = finished.clone();
        match effects::begin(effect, &self.parts, &self.tickets, self.wishes) {
            Begun::Now(outcome) => self.finished(purpose, Done::Outcome(outcome), finished),
            Begun::Picture(wishes) => self.wished(purpose, wishes, false),
            Begun::Sound(wishes) => self.wished(purpose, wishes, true),
            Begun::Log(act) => {
                let outcome = self.logs.act(act, now());
                self.finished(purpose, Done::Outcome(outcome), finished);
            }
            Begun::Wait(work) => drop(tokio::spawn(async move {
                let outcome = work.await;
                let _ = later.send((purpose, Done::Outcome(outcome))).await;
            })),
            Begun::Board(act) => self.ask_board(purpose, act, finished),
            Begun::State(StateAct::Get) => {
                if let Purpose::Answer(ticket) = purpose {
                    self.catch_up(Purpose::Tell(ticket), finished);
                }
            }
            Begun::State(StateAct::SetDesired(params)) => {
                let desired = Arc::clone(&self.desired);
                tokio::task::spawn_blocking(move || {
                    let _ = later.blocking_send((purpose, Done::Kept(desired.keep(params))));
                });
            }
            Begun::Config(act) => {
                let Purpose::Answer(ticket) = purpose else { return };
                let answer = move |outcome| {
                    let _ = later.blocking_send((Purpose::Answer(ticket), Done::Outcome(outcome)));
                };
                if !self.settings.act(act, Box::new(answer)) {
                    let why = "the configuration is busy with other commands".into();
                    self.reply(ticket, &Outcome::Failed(Failure::NotAvailable(why)));
                }
            }
            Begun::Later(deferred) => drop(tokio::task::spawn_blocking(move || {
                if let Some(done) = in_time(deferred, due, now) {
                    let _ = later.blocking_send((purpose, done));
                }
            })),
            Begun::Work(work) => match purpose {
                Purpose::Job(job, stop) => drop(tokio::task::spawn_blocking(move || Worker::new(job, stop, later).run(work))),
                purpose => tracing::error!(?purpose, "work that takes long, and is no job"),
            },
        }
    }

    fn wished(&mut self, purpose: Purpose, wishes: Wishes, sound: bool) {
        self.wish(wishes);
        if let Purpose::Answer(ticket) = purpose {
            self.reply_with_state(ticket, sound);
        }
    }

    pub(super) fn finished(&mut self, purpose: Purpose, done: Done, finished: &mpsc::Sender<Finished>) {
        match (purpose, done) {
            (Purpose::Answer(ticket), Done::Outcome(outcome)) => self.reply(ticket, &outcome),
            (Purpose::Answer(ticket), Done::Stream(change)) => {
                self.wish(self.wishes.with(&change));
                self.reply_with_state(ticket, false);
            }
            (Purpose::Answer(ticket), Done::Kept(Ok(()))) => {
                let version = self.desired.wish().version;
                let letters = self.desk.tell(Topic::StateChanged, || wire::event::StateChanged { version });
                self.send_all(letters);
                self.catch_up(Purpose::CatchUp(Some(ticket)), finished);
            }
            (Purpose::Answer(ticket), Done::Kept(Err(failure))) => self.reply(ticket, &Outcome::Failed(failure)),
            (Purpose::Wish(place), Done::Stream(change)) => {
                self.wish(self.wishes.with(&change));
                self.came_of_wish(place, &Outcome::Done);
            }
            (Purpose::Wish(place), Done::Outcome(outcome)) => self.came_of_wish(place, &outcome),
            (Purpose::CatchUp(ticket), Done::Outcome(board)) => self.caught_up(ticket, &board, finished),
            (Purpose::Tell(ticket), Done::Outcome(board)) => self.tell(ticket, &board),
            (Purpose::Job(job, _), done) => self.came_of_job(job, done),
            (purpose, Done::Stream(_) | Done::Kept(_) | Done::Begun | Done::Progress(_) | Done::Ended(_)) => {
                tracing::error!(?purpose, "an outcome that is not this purpose's");
            }
        }
    }

    fn came_of_job(&mut self, job: JobId, done: Done) {
        let letters = match done {
            Done::Begun => self.desk.begun(job, now()).into_iter().collect(),
            Done::Progress(progress) => self.desk.progress(job, progress, now()),
            Done::Ended(ended) => self.desk.ended(job, ended, now()),
            Done::Outcome(Outcome::Failed(failure)) => self.desk.ended(job, Ended::Failed(failure), now()),
            Done::Outcome(outcome) => self.desk.ended(job, Ended::Done(job_result(&outcome)), now()),
            Done::Stream(_) | Done::Kept(_) => {
                let why = Failure::Device("the work of a job ended as no job does".into());
                self.desk.ended(job, Ended::Failed(why), now())
            }
        };
        self.send_all(letters);
    }
}

/// What comes of `deferred`, unless it is late: whoever waited for it was told so already.
fn in_time(deferred: Deferred, due: Option<Duration>, clock: impl FnOnce() -> Duration) -> Option<Done> {
    due.is_none_or(|due| clock() < due).then(deferred)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn what_is_late_is_not_begun_any_more() {
        let done = Arc::new(AtomicUsize::new(0));
        let ask = |due: Option<u64>, clock: u64| {
            let done = Arc::clone(&done);
            let deferred: Deferred = Box::new(move || {
                done.fetch_add(1, Ordering::Relaxed);
                Done::Outcome(Outcome::Done)
            });
            in_time(deferred, due.map(Duration::from_secs), || Duration::from_secs(clock)).is_some()
        };
        assert!(ask(Some(10), 9) && ask(None, 99));
        assert!(!ask(Some(10), 10) && !ask(Some(10), 99));
        assert_eq!(done.load(Ordering::Relaxed), 2, "once each, and what is late has no effect");
    }
}
