//! The desk where messages are taken in and replies given out: sans-IO.

mod answer;
mod follow;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, histogram};
use wire::jsonrpc::ReplyTo;
use wire::method::Kind;
use wire::{Bad, Code, Incoming, Method, Refusal, Reply, Request, Role};

use self::answer::{attachment, in_full, many, part, repeated, reply_to};
use super::account::Accounts;
use super::audit::{self, End, Trail};
use super::authority::{Authority, KeyChanges, Standing};
use super::batches::Batches;
use super::jobs::{JobId, Jobs, Stop};
use super::limits::Limits;
use super::reply::reply;
use super::sender::{Letter, Part, Route, Sender};
use super::tickets::{Pending, Ticket, Tickets};
use super::topics::Topics;
use super::window::{Content, Known, Window};
use super::{Config, Decision, Effect, Outcome, View, dispatch};

/// What follows from a message.
#[derive(Debug)]
pub enum Step {
    /// Nothing.
    Nothing,
    /// Send this.
    Send(Letter),
    /// Carry this out, then call [`Desk::finish`].
    Do {
        /// To be given back with the outcome.
        ticket: Ticket,
        /// What to do.
        effect: Effect,
        /// What has not begun then need not begin: the answer is sent already.
        due: Duration,
    },
    /// Carry this out on the side: [`Desk::begun`], [`Desk::progress`], and [`Desk::ended`] in the end.
    Work {
        /// To be given back.
        job: JobId,
        /// Says when it shall end.
        stop: Stop,
        /// What to do.
        effect: Effect,
    },
    /// All of these, in order.
    Many(Vec<Step>),
}

/// Takes in messages, gives out effects and replies. See the head of [`crate::control`] for how to call it.
///
/// `now` is any clock that only goes forward, the same one in every call.
#[derive(Debug)]
pub struct Desk {
    authority: Authority,
    trail: Trail,
    limits: Limits,
    accounts: Accounts,
    tickets: Tickets,
    window: Window,
    batches: Batches,
    topics: Topics,
    jobs: Jobs,
    snapshots: u64,
    /// What [`expire`](Self::expire) still has to give out.
    outbox: VecDeque<Letter>,
}

/// A request as it is to be carried out.
#[derive(Debug)]
struct Asked {
    /// Out of its envelope, where it came in one.
    request: Request,
    /// In whose name it is made.
    standing: Standing,
    /// What came, envelope and all: what it is known by when it comes again.
    content: Content,
}

impl Desk {
    /// A desk with the rules of `config`.
    pub fn new(config: &Config) -> Self {
        Self {
            authority: Authority::new(config),
            trail: Trail::default(),
            limits: config.limits(),
            accounts: Accounts::default(),
            tickets: Tickets::default(),
            window: Window::default(),
            batches: Batches::default(),
            topics: Topics::default(),
            jobs: Jobs::default(),
            snapshots: 0,
            outbox: VecDeque::new(),
        }
    }

    /// The rules are those of `config` from now on. What is under way goes on.
    pub fn reconfigure(&mut self, config: &Config) {
        self.authority.reconfigure(config);
    }

    /// Takes over what the run before has kept: what was changed about keys, and the end of the audit's chain. Changes that cannot be
    /// read are not taken for none: no key is good then.
    pub fn keep(&mut self, changes: Option<KeyChanges>, audit: Option<audit::Hash>) {
        self.authority.keep(changes);
        self.trail.go_on(audit.unwrap_or_default());
    }

    /// The end of the audit's chain, for the next run.
    pub fn audit_hash(&self) -> audit::Hash {
        self.trail.hash()
    }

    /// The device has joined anew: commands that were signed for the join before hold no more.
    pub fn joined(&mut self) {
        self.authority.joined();
    }

    /// The token of a participant names this role for commands, or none. Whether that gives anything is for the configuration to say.
    pub fn named_by_token(&mut self, identity: &str, role: Option<Role>) {
        self.authority.permissions.named_by_token(identity, role);
    }

    /// Takes in one message.
    pub fn receive(&mut self, from: &Sender, message: &[u8], view: &View, now: Duration) -> Step {
        self.take_in(from, None, message, view, now)
    }

    /// Takes in one message that came as the call `call` of LiveKit's RPC; each call gets its answer, if only an empty one.
    pub fn call(&mut self, from: &Sender, call: &str, message: &[u8], view: &View, now: Duration) -> Step {
        self.take_in(from, Some(call.into()), message, view, now)
    }

    fn take_in(&mut self, from: &Sender, call: Option<Arc<str>>, message: &[u8], view: &View, now: Duration) -> Step {
        self.trail.time(view.status.time_ms, now);
        let route = Route::Alone(call.clone());
        let Some(account) = self.accounts.open(from, &self.limits, now) else {
            counter!("artc_control_silenced_total").increment(1);
            return Step::Nothing;
        };
        if let Err(wait) = account.messages.take(now) {
            if account.refusals.take(now).is_err() {
                counter!("artc_control_silenced_total").increment(1);
                return Step::Nothing;
            }
            let to = self.read_id(message);
            return self.refuse(from, &route, to, None, self.too_fast(wait), now);
        }
        if message.len() > self.limits.message {
            let why = format!("message of {} bytes is longer than {}", message.len(), self.limits.message);
            return self.refuse(from, &route, ReplyTo::Null, None, Refusal::new(Code::MessageTooLarge, why), now);
        }
        match Incoming::parse(message) {
            Ok(Incoming::Batch(parts)) => self.batch(from, call, parts, view, now),
            one => self.one(from, &route, one, view, now),
        }
    }

    fn batch(
        &mut self,
        from: &Sender,
        call: Option<Arc<str>>,
        parts: Vec<Result<Incoming, Bad>>,
        view: &View,
        now: Duration,
    ) -> Step {
        let batch = self.batches.begin(from, call);
        let route = Route::Batch(batch);
        let mut steps = Vec::with_capacity(parts.len() + 1);
        for (number, part) in parts.into_iter().enumerate() {
            // The first one's token is the message's.
            let wait = match self.accounts.get_mut(from) {
                Some(account) if number > 0 => account.messages.take(now).err(),
                _ => None,
            };
            let step = match (wait, part) {
                (Some(wait), part) => self.refuse(from, &route, reply_to(part), None, self.too_fast(wait), now),
                (None, part) => self.one(from, &route, part, view, now),
            };
            steps.push(step);
        }
        steps.extend(self.batches.seal(batch).map(Step::Send));
        many(steps)
    }

    fn one(&mut self, from: &Sender, route: &Route, one: Result<Incoming, Bad>, view: &View, now: Duration) -> Step {
        match one {
            Ok(Incoming::Request(request)) => self.request(from, route, request, view, now),
            Ok(Incoming::Response | Incoming::Batch(_)) => {
                counter!("artc_control_ignored_total").increment(1);
                Step::Nothing
            }
            Err(Bad { to, refusal }) => self.refuse(from, route, to, None, refusal, now),
        }
    }

    fn request(&mut self, from: &Sender, route: &Route, request: Request, view: &View, now: Duration) -> Step {
        let (to, outer) = (ReplyTo::from(request.id.clone()), request.method);
        let content = Content::of(&request);
        counter!("artc_control_requests_total", "method" => outer.name()).increment(1);
        // Before an envelope is opened: that is believed once, and what comes again is not to be run, but answered.
        if let Some(id) = &request.id {
            match self.window.look(from, id, content, now) {
                Known::New => {}
                Known::Running(ticket) => return self.wait_for(from, route, ticket, now),
                Known::Answered(part) => {
                    repeated(from, outer);
                    return self.answer(from, route, part);
                }
                known => {
                    let refusal = match known {
                        Known::Gone => Refusal::new(Code::ReplyGone, "this request was run; its reply is not kept any more"),
                        _ => {
                            Refusal::new(Code::DuplicateId, "another request has this id, and is unanswered or still remembered")
                        }
                    };
                    return self.refuse(from, route, to, Some(outer), refusal, now);
                }
            }
        }
        let asked = match self.authority.open(from, request, view, now) {
            Ok((request, standing)) => Asked { request, standing, content },
            Err(refusal) => return self.refuse(from, route, to, Some(outer), refusal, now),
        };
        match self.decide(from, &asked, view, now) {
            Ok(decision) => self.follow(from, route, &asked, decision, view, now),
            Err(refusal) => self.refuse_asked(from, route, &asked, refusal, now),
        }
    }

    fn decide(&mut self, from: &Sender, asked: &Asked, view: &View, now: Duration) -> Result<Decision, Refusal> {
        let Asked { request, standing, .. } = asked;
        if self.accounts.in_flight(from) >= self.limits.in_flight {
            return Err(self.too_many());
        }
        let decision = dispatch(request, Authority::caller(from, standing), &self.authority.permissions, view)?;
        self.authority.confirm(from, standing, request, now)?;
        Ok(decision)
    }

    fn too_many(&self) -> Refusal {
        Refusal::new(Code::TooManyInFlight, format!("{} requests are unanswered already", self.limits.in_flight))
    }

    fn too_fast(&self, wait: Duration) -> Refusal {
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) + 1;
        let why = format!("more than {} messages a second", self.limits.messages_per_second);
        Refusal::new(Code::RateLimited, why).retry_after_ms(wait)
    }

    /// A request that is under way was repeated: its reply goes where it was asked for last.
    fn wait_for(&mut self, from: &Sender, route: &Route, ticket: Ticket, now: Duration) -> Step {
        let Some(pending) = self.tickets.get_mut(ticket) else { return Step::Nothing };
        if pending.away {
            if self.accounts.in_flight(from) >= self.limits.in_flight {
                let (to, method, standing) = (pending.id.clone().into(), pending.method, pending.standing.clone());
                let refusal = self.too_many();
                self.leave(from, &standing, Some(method), End::Refused(&refusal), now, now);
                return self.answer_refusal(from, route, to, refusal);
            }
            if let Some(account) = self.accounts.get_mut(from) {
                account.in_flight += 1;
            }
            pending.away = false;
        }
        repeated(from, pending.method);
        let before = std::mem::replace(&mut pending.route, route.clone());
        if let Route::Batch(batch) = route {
            self.batches.one_more(*batch);
        }
        match before {
            // A call that was asked for again is given up by who asked.
            Route::Alone(_) => Step::Nothing,
            Route::Batch(batch) => self.batches.settle(batch, None).map_or(Step::Nothing, Step::Send),
        }
    }

    /// Takes a request that has ended, or its time, off the books, and leaves its line.
    fn release(&mut self, pending: &Pending, refusal: Option<&Refusal>, now: Duration) {
        let Pending { sender, method, standing, since, away, .. } = pending;
        let end = match refusal {
            Some(refusal) => {
                counter!("artc_control_failed_total", "code" => refusal.code.name()).increment(1);
                End::Failed(refusal)
            }
            None if *away => End::Unheard,
            None => End::Done,
        };
        self.leave(sender, standing, Some(*method), end, *since, now);
        if let Some(account) = self.accounts.get_mut(&pending.sender).filter(|_| !pending.away) {
            account.in_flight = account.in_flight.saturating_sub(1);
        }
    }

    /// The reply to a request that has ended.
    fn settle(&mut self, pending: Pending, part: Part, now: Duration) -> Option<Letter> {
        let Pending { sender, id, method, standing, route, away, .. } = pending;
        let id = id?;
        // What is signed cannot be asked once more, so it is answered once more.
        match method.kind() {
            Kind::Read if standing.key.is_none() => self.window.end(&sender, &id),
            Kind::Read | Kind::Change => self.window.answered(&sender, &id, &part, now),
        }
        match route {
            _ if away => None,
            Route::Alone(call) => Some(part.into_letter(&sender, call)),
            Route::Batch(batch) => self.batches.settle(batch, Some(part)),
        }
    }

    /// The effect of `ticket` ended so. Gives the reply, unless it was a notification, its sender left, or it came too late.
    pub fn finish(&mut self, ticket: Ticket, outcome: &Outcome, now: Duration) -> Option<Letter> {
        let Some(pending) = self.tickets.close(ticket) else {
            counter!("artc_control_late_total").increment(1);
            return None;
        };
        let Pending { sender, id, method, since, .. } = &pending;
        histogram!("artc_control_effect_seconds", "method" => method.name()).record(now.saturating_sub(*since).as_secs_f64());
        let name = match outcome {
            Outcome::Snapshot(_) => {
                self.snapshots += 1;
                format!("snapshot-{}.jpg", self.snapshots)
            }
            _ => String::new(),
        };
        let result = match (method, outcome) {
            (Method::AuthRotateKey, Outcome::Done) => Ok(Reply::AuthRotateKey(self.authority.keys())),
            (Method::AuthRevokeKey, Outcome::Done) => Ok(Reply::AuthRevokeKey(self.authority.keys())),
            _ => reply(*method, outcome, &name),
        };
        self.release(&pending, result.as_ref().err(), now);
        let mut part = part(sender, id.clone(), result.map(|reply| in_full(reply, sender, outcome)));
        if let Sender::Participant(_) = sender {
            part.attachment = attachment(name, outcome);
        }
        self.settle(pending, part, now)
    }

    /// When [`expire`](Self::expire) has something to do next.
    pub fn deadline(&self) -> Option<Duration> {
        [self.tickets.deadline(), self.jobs.deadline()].into_iter().flatten().min()
    }

    /// Answers requests whose effects took too long, and ends jobs that did. To be called until it gives nothing.
    pub fn expire(&mut self, now: Duration) -> Option<Letter> {
        while let Some((ticket, pending)) = self.tickets.expire(now) {
            let ms = pending.due.saturating_sub(pending.since).as_millis();
            let why = format!("{} did not finish within {ms} ms", pending.method.name());
            let refusal = Refusal::new(Code::TimedOut, why);
            self.jobs.give_up(ticket);
            self.release(&pending, Some(&refusal), now);
            let part = part(&pending.sender, pending.id.clone(), Err::<Reply, _>(refusal));
            let letter = self.settle(pending, part, now);
            self.outbox.extend(letter);
        }
        while let Some(job) = self.jobs.expire(now) {
            let letters = self.tell_job(job, now);
            self.outbox.extend(letters);
        }
        self.outbox.pop_front()
    }

    /// `sender` is gone: what is under way for it is carried out. A participant that comes back and repeats a request gets its answer.
    pub fn forget(&mut self, sender: &Sender, now: Duration) {
        self.topics.forget(sender);
        self.jobs.is_here(sender, false);
        self.authority.forget(sender);
        self.batches.forget(sender);
        for ticket in self.tickets.of(sender) {
            let Some(pending) = self.tickets.get_mut(ticket).filter(|pending| !pending.away) else { continue };
            pending.away = true;
            pending.route = Route::Alone(None);
            if let Some(account) = self.accounts.get_mut(sender) {
                account.in_flight = account.in_flight.saturating_sub(1);
            }
        }
        if sender.is_local() {
            self.window.forget(sender);
        } else {
            self.window.expire(sender, now);
        }
    }

    /// Answered requests and bytes of replies that are remembered, for tests.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> (usize, usize) {
        self.window.size()
    }
}
