//! Commands on their way to the desk, what it says to them, and replies on their way out. Not for what is done: see [`super::deeds`].

use std::sync::Arc;

use tokio::sync::mpsc;

use super::clock::now;
use super::deeds::{Finished, Purpose};
use super::mail;
use super::shell::Shell;
use crate::control::{Effect, Failure, Letter, Outcome, Sender, Step, Ticket};

impl Shell {
    pub(super) fn message(&mut self, from: &Sender, message: &[u8], finished: &mpsc::Sender<Finished>) {
        let view = self.books.view(&self.parts, &self.session, self.wishes, now());
        let step = self.desk.receive(from, message, &view, now());
        self.step(from, step, finished);
    }

    pub(super) fn call(&mut self, from: &str, call: &str, message: &[u8], finished: &mpsc::Sender<Finished>) {
        let from = Sender::participant(from);
        let view = self.books.view(&self.parts, &self.session, self.wishes, now());
        let step = self.desk.call(&from, call, message, &view, now());
        self.step(&from, step, finished);
    }

    fn step(&mut self, from: &Sender, step: Step, finished: &mpsc::Sender<Finished>) {
        match step {
            Step::Nothing => {}
            Step::Many(steps) => steps.into_iter().for_each(|step| self.step(from, step, finished)),
            Step::Send(letter) => self.send(letter),
            Step::Work { job, stop, effect } => self.carry_out(Purpose::Job(job, stop), effect, None, finished),
            Step::Do { ticket, effect: Effect::TakeSnapshot { .. }, .. }
                if matches!(from, Sender::Participant(_)) && !mail::carries_files(&*self.parts.engine) =>
            {
                let why = "this engine carries no files; `artc-edge call camera.snapshot` on the device gives the picture";
                self.reply(ticket, &Outcome::Failed(Failure::NotAvailable(why.into())));
            }
            Step::Do { ticket, effect, due } => self.carry_out(Purpose::Answer(ticket), effect, Some(due), finished),
        }
    }

    pub(super) fn reply_with_state(&mut self, ticket: Ticket, sound: bool) {
        self.drain_session();
        let view = self.books.view(&self.parts, &self.session, self.wishes, now());
        let outcome = if sound { Outcome::Audio(Box::new(view.audio)) } else { Outcome::Stream(Box::new(view.stream)) };
        self.reply(ticket, &outcome);
    }

    pub(super) fn reply(&mut self, ticket: Ticket, outcome: &Outcome) {
        if let Some(letter) = self.desk.finish(ticket, outcome, now()) {
            self.send(letter);
        }
    }

    pub(super) fn send_all(&mut self, letters: Vec<Letter>) {
        letters.into_iter().for_each(|letter| self.send(letter));
    }

    pub(super) fn send(&mut self, letter: Letter) {
        let to = match &letter.to {
            Sender::Participant(to) => Arc::clone(to),
            Sender::Broker => {
                if let Some(calls) = &self.calls {
                    calls.answer(letter.message);
                }
                return;
            }
            Sender::Local { .. } => {
                if let Some(socket) = &self.socket {
                    socket.send(letter);
                }
                return;
            }
        };
        if let Err(why) = self.mail.send(&*self.parts.engine, &to, &letter) {
            metrics::counter!("artc_control_unsent_total").increment(1);
            tracing::warn!(to = &*to, "reply not sent: {why}");
        }
    }
}
