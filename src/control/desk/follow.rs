//! What was decided is brought about: effects and jobs begin, subscriptions and questions about jobs are answered here and now.

use std::time::Duration;

use serde::Serialize;
use wire::event::Topic;
use wire::{Code, Method, Refusal, Reply};

use super::super::jobs::{Ended, JobId, Progress, Stop};
use super::super::limits::PATIENCE;
use super::super::sender::{Letter, Route, Sender};
use super::super::tickets::{Pending, Ticket};
use super::super::{AtDesk, Decision, Effect, Outcome, View};
use super::answer::{many, part};
use super::{Asked, Desk, Step};

impl Desk {
    /// Brings about what was decided.
    pub(super) fn follow(
        &mut self,
        from: &Sender,
        route: &Route,
        asked: &Asked,
        decision: Decision,
        view: &View,
        now: Duration,
    ) -> Step {
        let method = asked.request.method;
        // What is answered at once may be run again: it only tells something, or does what it says however often it is said. Not what is
        // signed; of that only a subscription is not answered from memory, because it ends when its caller leaves.
        let once = asked.standing.key.is_some() && !matches!(decision, Decision::Subscribe { .. });
        let reply = match decision {
            Decision::Do(effect) => return self.begin(from, route, asked, effect, now),
            Decision::Job { effect, limit } => match self.jobs.start(method, limit, now) {
                Ok((job, stop)) => return self.start(from, route, asked, (job, stop), effect, now),
                Err(refusal) => Err(refusal),
            },
            Decision::Answer(reply) => Ok(*reply),
            Decision::Subscribe { topics, on } => self.topics.set(from, &topics, on).map(|()| match method {
                Method::EventSubscribe => Reply::EventSubscribe(self.subscribed(from)),
                Method::EventUnsubscribe => Reply::EventUnsubscribe(self.subscribed(from)),
                _ => Reply::BoardWatch(wire::Done {}),
            }),
            Decision::AtDesk(AtDesk::Session) => Ok(Reply::AuthSession(self.authority.session(&asked.standing, view, now))),
            Decision::AtDesk(AtDesk::Keys) => Ok(Reply::AuthKeys(self.authority.keys())),
            Decision::AtDesk(AtDesk::Tail(params)) => self.trail.tail(&params).map(Reply::AuditTail),
            Decision::AtDesk(AtDesk::Rotate(params)) => match self.authority.rotate(&params) {
                Ok(()) => return self.store_keys(from, route, asked, now),
                Err(refusal) => Err(refusal),
            },
            Decision::AtDesk(AtDesk::Revoke(params)) => match self.authority.revoke(&params) {
                Ok(()) => return self.store_keys(from, route, asked, now),
                Err(refusal) => Err(refusal),
            },
            Decision::AtDesk(AtDesk::Jobs) => Ok(Reply::JobList(wire::job::List { jobs: self.jobs.list(now) })),
            Decision::AtDesk(AtDesk::Job(name)) => self.jobs.find(&name).and_then(|job| self.job(job, now)).map(Reply::JobStatus),
            Decision::AtDesk(AtDesk::Cancel(name)) => {
                self.jobs.cancel(&name).and_then(|job| self.job(job, now)).map(Reply::JobCancel)
            }
        };
        match reply {
            Ok(reply) => {
                let part = part(from, asked.request.id.clone(), Ok(reply));
                if once {
                    self.window.note(from, asked.request.id.as_ref(), asked.content, &part, now);
                }
                self.answer_asked(from, route, asked, part, now)
            }
            Err(refusal) => self.refuse_asked(from, route, asked, refusal, now),
        }
    }

    /// What was changed about keys holds from now on; that it also holds after a restart is what the reply waits for.
    fn store_keys(&mut self, from: &Sender, route: &Route, asked: &Asked, now: Duration) -> Step {
        let effect = Effect::StoreKeys(self.authority.changes());
        self.begin(from, route, asked, effect, now)
    }

    fn begin(&mut self, from: &Sender, route: &Route, asked: &Asked, effect: Effect, now: Duration) -> Step {
        let (ticket, due) = self.open(from, route, asked, now);
        self.doing(from, route, asked, Step::Do { ticket, effect, due })
    }

    /// The request is answered when the work has begun, or could not; see [`ended`](Self::ended).
    fn start(&mut self, from: &Sender, route: &Route, asked: &Asked, job: (JobId, Stop), effect: Effect, now: Duration) -> Step {
        let (ticket, _) = self.open(from, route, asked, now);
        let (job, stop) = job;
        self.jobs.asked_by(job, from, ticket);
        self.doing(from, route, asked, Step::Work { job, stop, effect })
    }

    /// Opens a ticket for a request that is answered later; also when that is at the latest.
    fn open(&mut self, from: &Sender, route: &Route, asked: &Asked, now: Duration) -> (Ticket, Duration) {
        let Asked { request, standing, content } = asked;
        if let Some(account) = self.accounts.get_mut(from) {
            account.in_flight += 1;
        }
        let due = now + request.deadline.unwrap_or(PATIENCE);
        let ticket = self.tickets.open(Pending {
            sender: from.clone(),
            id: request.id.clone(),
            method: request.method,
            standing: standing.clone(),
            since: now,
            due,
            route: route.clone(),
            away: false,
        });
        if let Some(id) = &request.id {
            self.window.begin(from, id, *content, ticket);
            if let Route::Batch(batch) = route {
                self.batches.one_more(*batch);
            }
        }
        (ticket, due)
    }

    fn doing(&self, from: &Sender, route: &Route, asked: &Asked, doing: Step) -> Step {
        match asked.request.id {
            Some(_) => doing,
            None => many(vec![self.answer_nothing(from, route), doing]),
        }
    }

    fn job(&self, job: JobId, now: Duration) -> Result<wire::job::Job, Refusal> {
        self.jobs.status(job, now).ok_or_else(|| Refusal::new(Code::UnknownName, "this job is not remembered any more"))
    }

    fn subscribed(&self, from: &Sender) -> wire::event::Topics {
        wire::event::Topics { topics: self.topics.of(from) }
    }

    /// What to send when something happened: to everybody who subscribed to `topic`. `params` are those of its notification.
    pub fn tell<P: Serialize>(&self, topic: Topic, params: impl FnOnce() -> P) -> Vec<Letter> {
        self.topics.letters(topic, None, params)
    }

    /// The work of a job has begun: the answer to who asked for it.
    pub fn begun(&mut self, job: JobId, now: Duration) -> Option<Letter> {
        let ticket = self.jobs.begun(job)?;
        self.finish(ticket, &Outcome::Started(job), now)
    }

    /// A job has come on: what to send.
    pub fn progress(&mut self, job: JobId, progress: Progress, now: Duration) -> Vec<Letter> {
        if self.jobs.progress(job, progress, now) { self.tell_job(job, now) } else { Vec::new() }
    }

    /// The work of a job ended: what to send. Work that failed before it had begun is what its request is refused for.
    pub fn ended(&mut self, job: JobId, ended: Ended, now: Duration) -> Vec<Letter> {
        if let Ended::Failed(failure) = &ended
            && let Some(ticket) = self.jobs.withdraw(job)
        {
            return self.finish(ticket, &Outcome::Failed(failure.clone()), now).into_iter().collect();
        }
        let mut letters: Vec<Letter> = self.begun(job, now).into_iter().collect();
        if self.jobs.ended(job, ended, now) {
            letters.extend(self.tell_job(job, now));
        }
        letters
    }

    pub(super) fn tell_job(&self, job: JobId, now: Duration) -> Vec<Letter> {
        let told = |status| self.topics.letters(Topic::JobProgress, self.jobs.asker(job), || status);
        self.jobs.status(job, now).map(told).unwrap_or_default()
    }

    /// `sender` is here, perhaps again: its jobs are told to it.
    pub fn came(&mut self, sender: &Sender) {
        self.jobs.is_here(sender, true);
    }

    /// The daemon ends: so shall the work of all jobs.
    pub fn stop_jobs(&mut self) {
        self.jobs.stop();
    }
}
