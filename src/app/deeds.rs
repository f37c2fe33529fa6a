//! Effects on their way: begun by the loop, done there or elsewhere, and what is to happen then.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::clock::now;
use super::effects::{self, Begun, Done};
use super::shell::Shell;
use super::wishes::Wishes;
use crate::control::jobs::{Ended, JobId};
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
    /// To do the work of a job.
    Job(JobId),
}

/// A job's outcome on its way back.
pub type Finished = (Purpose, Done);

impl Shell {
    /// Begins `effect`; what comes of it goes to [`finished`](Self::finished), at once or later.
    pub(super) fn carry_out(&mut self, purpose: Purpose, effect: Effect, finished: &mpsc::Sender<Finished>) {
        let later = finished.clone();
        let not_begun = match effects::begin(effect, &self.parts, &self.tickets, self.wishes) {
            Begun::Now(outcome) => return self.finished(purpose, Done::Outcome(outcome), finished),
            Begun::Picture(wishes) => return self.wished(purpose, wishes, false),
            Begun::Sound(wishes) => return self.wished(purpose, wishes, true),
            Begun::Log(act) => {
                let outcome = self.logs.act(act, now());
                return self.finished(purpose, Done::Outcome(outcome), finished);
            }
            Begun::Wait(work) => {
                tokio::spawn(async move {
                    let outcome = work.await;
                    // The loop has ended when nobody listens any more, and with it whoever waits for this.
                    let _ = later.send((purpose, Done::Outcome(outcome))).await;
                });
                return;
            }
            Begun::Board(act) => return self.ask_board(purpose, act, finished),
            Begun::State(StateAct::Get) => match purpose {
                Purpose::Answer(ticket) => return self.catch_up(Purpose::Tell(ticket), finished),
                _ => return,
            },
            Begun::State(StateAct::SetDesired(params)) => {
                let desired = Arc::clone(&self.desired);
                tokio::task::spawn_blocking(move || {
                    // The loop has ended when nobody listens any more, and with it whoever waits for this.
                    let _ = later.blocking_send((purpose, Done::Kept(desired.keep(params))));
                });
                return;
            }
            Begun::Config(act) => {
                let Purpose::Answer(ticket) = purpose else { return };
                let answer = move |outcome| {
                    let _ = later.blocking_send((Purpose::Answer(ticket), Done::Outcome(outcome)));
                };
                (!self.settings.act(act, Box::new(answer))).then_some((ticket, "the configuration is busy with other commands"))
            }
            Begun::Later(job) => {
                tokio::task::spawn_blocking(move || {
                    let _ = later.blocking_send((purpose, job()));
                });
                return;
            }
        };
        if let Some((ticket, why)) = not_begun {
            self.reply(ticket, &Outcome::Failed(Failure::NotAvailable(why.into())));
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
            (Purpose::Answer(ticket), Done::Kept(Ok(()))) => self.catch_up(Purpose::CatchUp(Some(ticket)), finished),
            (Purpose::Answer(ticket), Done::Kept(Err(failure))) => self.reply(ticket, &Outcome::Failed(failure)),
            (Purpose::Wish(place), Done::Stream(change)) => {
                self.wish(self.wishes.with(&change));
                self.came_of_wish(place, &Outcome::Done);
            }
            (Purpose::Wish(place), Done::Outcome(outcome)) => self.came_of_wish(place, &outcome),
            (Purpose::CatchUp(ticket), Done::Outcome(board)) => self.caught_up(ticket, &board, finished),
            (Purpose::Tell(ticket), Done::Outcome(board)) => self.tell(ticket, &board),
            (Purpose::Job(job), Done::Outcome(outcome)) => {
                let ended = match outcome {
                    Outcome::Failed(failure) => Ended::Failed(failure),
                    outcome => Ended::Done(job_result(&outcome)),
                };
                let letters = self.desk.ended(job, ended, now());
                self.send_all(letters);
            }
            (purpose, Done::Stream(_) | Done::Kept(_)) => tracing::error!(?purpose, "an outcome that is not this purpose's"),
        }
    }
}
