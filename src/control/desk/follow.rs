//! What was decided is brought about: effects and jobs begin, subscriptions and questions about jobs are answered here and now.

use std::time::Duration;

use serde::Serialize;
use wire::event::Topic;
use wire::{Code, Method, Refusal, Reply};

use super::super::jobs::{Ended, JobId, Progress};
use super::super::limits::PATIENCE;
use super::super::sender::{Letter, Route, Sender};
use super::super::tickets::Pending;
use super::super::{AskJobs, AtDesk, Decision, Effect, View};
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
            Decision::Job { effect, limit } => return self.start(from, route, asked, effect, limit, now),
            Decision::Answer(reply) => Ok(*reply),
            Decision::AskJobs(ask) => self.ask_jobs(ask, now),
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
        let doing = Step::Do { ticket, effect, due };
        let Some(id) = &request.id else { return many(vec![self.answer_nothing(from, route), doing]) };
        self.window.begin(from, id, *content, ticket);
        if let Route::Batch(batch) = route {
            self.batches.one_more(*batch);
        }
        doing
    }

    fn start(&mut self, from: &Sender, route: &Route, asked: &Asked, effect: Effect, limit: Duration, now: Duration) -> Step {
        let (job, stop) = match self.jobs.start(asked.request.method, limit, now) {
            Ok(started) => started,
            Err(refusal) => return self.refuse_asked(from, route, asked, refusal, now),
        };
        let id = asked.request.id.as_ref();
        let part = part(from, id.cloned(), Ok(wire::job::Started { job: job.to_string() }));
        self.window.note(from, id, asked.content, &part, now);
        let answer = self.answer_asked(from, route, asked, part, now);
        many(vec![answer, Step::Work { job, stop, effect }])
    }

    fn ask_jobs(&mut self, ask: AskJobs, now: Duration) -> Result<Reply, Refusal> {
        let gone = || Refusal::new(Code::UnknownName, "this job is not remembered any more");
        match ask {
            AskJobs::List => Ok(Reply::JobList(wire::job::List { jobs: self.jobs.list(now) })),
            AskJobs::Status(name) => {
                let status = self.jobs.status(self.jobs.find(&name)?, now);
                status.map(Reply::JobStatus).ok_or_else(gone)
            }
            AskJobs::Cancel(name) => {
                let job = self.jobs.cancel(&name)?;
                self.jobs.status(job, now).map(Reply::JobCancel).ok_or_else(gone)
            }
        }
    }

    fn subscribed(&self, from: &Sender) -> wire::event::Topics {
        wire::event::Topics { topics: self.topics.of(from) }
    }

    /// What to send when something happened: to everybody who subscribed to `topic`. `params` are those of its notification.
    pub fn tell<P: Serialize>(&self, topic: Topic, params: impl FnOnce() -> P) -> Vec<Letter> {
        self.topics.letters(topic, params)
    }

    /// A job has come on: what to send.
    pub fn progress(&mut self, job: JobId, progress: Progress, now: Duration) -> Vec<Letter> {
        if self.jobs.progress(job, progress, now) { self.tell_job(job, now) } else { Vec::new() }
    }

    /// The work of a job ended: what to send.
    pub fn ended(&mut self, job: JobId, ended: Ended, now: Duration) -> Vec<Letter> {
        if self.jobs.ended(job, ended, now) { self.tell_job(job, now) } else { Vec::new() }
    }

    pub(super) fn tell_job(&self, job: JobId, now: Duration) -> Vec<Letter> {
        self.jobs.status(job, now).map(|status| self.tell(Topic::JobProgress, || status)).unwrap_or_default()
    }

    /// The daemon ends: so shall the work of all jobs.
    pub fn stop_jobs(&mut self) {
        self.jobs.stop();
    }
}
