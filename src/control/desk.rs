//! The desk where messages are taken in and replies given out: sans-IO.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use metrics::{counter, gauge, histogram};
use wire::error::ErrorObject;
use wire::jsonrpc::ReplyTo;
use wire::{Bad, Code, Id, Incoming, Method, Refusal, Reply, Request, Response};

use super::audit::{self, End, Entry, Repeats, Trail};
use super::authority::{Authority, KeyChanges, Standing};
use super::limits::{Bucket, MAX_IN_FLIGHT, MAX_MESSAGE, MAX_REPLY, MAX_SENDERS, MESSAGES_PER_SECOND, PATIENCE, REFUSALS};
use super::reply::{JPEG, reply};
use super::watchers::Watchers;
use super::{AtDesk, Config, Decision, Effect, Outcome, View, dispatch};

/// Who a message came from, and whom its reply goes to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Sender {
    /// A participant of the channel, under the identity that the server vouches for.
    Participant(Arc<str>),
    /// A connection to the local unix socket.
    Local {
        /// Number of the connection, never used again.
        connection: u64,
        /// User at the other end.
        uid: u32,
        /// Process at the other end.
        pid: i32,
    },
}

impl Sender {
    /// The participant with this identity.
    pub fn participant(identity: &str) -> Self {
        Self::Participant(identity.into())
    }

    /// Whether it is at the local socket.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Local { .. })
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Participant(identity) => {
                let shown: String = identity.chars().take(64).collect();
                write!(f, "participant {shown:?}")
            }
            Self::Local { uid, pid, .. } => write!(f, "local user {uid} (process {pid})"),
        }
    }
}

/// Something to send.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// To whom, and to nobody else.
    pub to: Sender,
    /// The message: on LiveKit on topic `artc.rpc`.
    pub message: Vec<u8>,
    /// Bytes that follow the message; on LiveKit as a byte stream on topic `artc.snapshot`. Local senders never get one.
    pub attachment: Option<Attachment>,
}

/// Bytes that follow a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The name that the reply gave them.
    pub name: String,
    /// Their type.
    pub mime: &'static str,
    /// Themselves.
    pub bytes: Arc<[u8]>,
}

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
    },
}

/// Stands for a request while its effect is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// Takes in messages, gives out effects and replies. See the head of [`crate::control`] for how to call it.
///
/// `now` is any clock that only goes forward, the same one in every call.
#[derive(Debug)]
pub struct Desk {
    authority: Authority,
    trail: Trail,
    senders: HashMap<Sender, Account>,
    /// In the order of their deadlines, because tickets rise and patience is the same for all.
    pending: BTreeMap<Ticket, Pending>,
    next_ticket: u64,
    snapshots: u64,
    watchers: Watchers,
}

/// What is remembered of a sender.
#[derive(Debug)]
struct Account {
    messages: Bucket,
    refusals: Bucket,
    in_flight: usize,
    repeats: Repeats,
}

#[derive(Debug)]
struct Pending {
    sender: Sender,
    id: Option<Id>,
    method: Method,
    standing: Standing,
    since: Duration,
}

impl Desk {
    /// A desk with the rules of `config`.
    pub fn new(config: &Config) -> Self {
        Self {
            authority: Authority::new(config),
            trail: Trail::default(),
            senders: HashMap::new(),
            pending: BTreeMap::new(),
            next_ticket: 0,
            snapshots: 0,
            watchers: Watchers::default(),
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

    /// Takes in one message.
    pub fn receive(&mut self, from: &Sender, message: &[u8], view: &View, now: Duration) -> Step {
        self.trail.time(view.status.time_ms, now);
        let Some(account) = account(&mut self.senders, from, now) else {
            counter!("artc_control_silenced_total").increment(1);
            return Step::Nothing;
        };
        if let Err(wait) = account.messages.take(now) {
            if account.refusals.take(now).is_err() {
                counter!("artc_control_silenced_total").increment(1);
                return Step::Nothing;
            }
            let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) + 1;
            let refusal = Refusal::new(Code::RateLimited, format!("more than {MESSAGES_PER_SECOND} messages a second"));
            return self.refuse_unread(from, message, refusal.retry_after_ms(wait), now);
        }
        if message.len() > MAX_MESSAGE {
            let why = format!("message of {} bytes is longer than {MAX_MESSAGE}", message.len());
            return self.refuse(from, ReplyTo::Null, None, Refusal::new(Code::MessageTooLarge, why), now);
        }
        match Incoming::parse(message) {
            Ok(Incoming::Request(request)) => self.request(from, request, view, now),
            Ok(Incoming::Response) => {
                counter!("artc_control_ignored_total").increment(1);
                Step::Nothing
            }
            Err(Bad { to, refusal }) => self.refuse(from, to, None, refusal, now),
        }
    }

    fn request(&mut self, from: &Sender, request: Request, view: &View, now: Duration) -> Step {
        counter!("artc_control_requests_total", "method" => request.method.name()).increment(1);
        let (to, outer) = (ReplyTo::from(request.id.clone()), request.method);
        let (request, standing) = match self.authority.open(from, request, view, now) {
            Ok(opened) => opened,
            Err(refusal) => return self.refuse(from, to, Some(outer), refusal, now),
        };
        let method = request.method;
        let decided = self.decide(from, &request, &standing, view, now);
        let answer = match decided {
            Ok(Decision::Do(effect)) => {
                let ticket = self.open(Pending { sender: from.clone(), id: request.id, method, standing, since: now });
                return Step::Do { ticket, effect };
            }
            Ok(Decision::Answer(reply)) => Ok(*reply),
            Ok(Decision::Watch(on)) => self.watchers.set(from, on).map(|()| Reply::BoardWatch(wire::Done {})),
            Ok(Decision::AtDesk(AtDesk::Session)) => Ok(Reply::AuthSession(self.authority.session(&standing, view, now))),
            Ok(Decision::AtDesk(AtDesk::Keys)) => Ok(Reply::AuthKeys(self.authority.keys())),
            Ok(Decision::AtDesk(AtDesk::Tail(params))) => self.trail.tail(&params).map(Reply::AuditTail),
            Ok(Decision::AtDesk(AtDesk::Rotate(params))) => match self.authority.rotate(&params) {
                Ok(()) => return self.store_keys(from, request, standing, now),
                Err(refusal) => Err(refusal),
            },
            Ok(Decision::AtDesk(AtDesk::Revoke(params))) => match self.authority.revoke(&params) {
                Ok(()) => return self.store_keys(from, request, standing, now),
                Err(refusal) => Err(refusal),
            },
            Err(refusal) => Err(refusal),
        };
        match answer {
            Ok(reply) => {
                self.leave(from, &standing, Some(method), End::Done, now, now);
                request.id.map_or(Step::Nothing, |id| Step::Send(letter(from, Some(id), Ok(reply))))
            }
            Err(refusal) => self.refuse_as(from, to, &standing, Some(method), refusal, now),
        }
    }

    /// What was changed about keys holds from now on; that it also holds after a restart is what the reply waits for.
    fn store_keys(&mut self, from: &Sender, request: Request, standing: Standing, now: Duration) -> Step {
        let (id, method) = (request.id, request.method);
        let ticket = self.open(Pending { sender: from.clone(), id, method, standing, since: now });
        Step::Do { ticket, effect: Effect::StoreKeys(self.authority.changes()) }
    }

    /// What to send when a button went down or up: to everybody who wanted to be told.
    pub fn pressed(&self, press: &wire::board::Press) -> Vec<Letter> {
        let message = wire::board::press_notification(press);
        self.watchers.all().map(|to| Letter { to: to.clone(), message: message.clone(), attachment: None }).collect()
    }

    fn decide(
        &mut self,
        from: &Sender,
        request: &Request,
        standing: &Standing,
        view: &View,
        now: Duration,
    ) -> Result<Decision, Refusal> {
        if let Some(id) = &request.id
            && self.pending.values().any(|pending| pending.sender == *from && pending.id.as_ref() == Some(id))
        {
            return Err(Refusal::new(Code::DuplicateId, "another request with this id is still unanswered"));
        }
        if self.senders.get(from).is_some_and(|account| account.in_flight >= MAX_IN_FLIGHT) {
            return Err(Refusal::new(Code::TooManyInFlight, format!("{MAX_IN_FLIGHT} requests are unanswered already")));
        }
        let decision = dispatch(request, Authority::caller(from, standing), &self.authority.permissions, view)?;
        self.authority.confirm(from, standing, request, now)?;
        Ok(decision)
    }

    fn open(&mut self, pending: Pending) -> Ticket {
        if let Some(account) = self.senders.get_mut(&pending.sender) {
            account.in_flight += 1;
        }
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.pending.insert(ticket, pending);
        gauge!("artc_control_in_flight").set(self.pending.len() as f64);
        ticket
    }

    fn close(&mut self, ticket: Ticket) -> Option<Pending> {
        let pending = self.pending.remove(&ticket)?;
        if let Some(account) = self.senders.get_mut(&pending.sender) {
            account.in_flight -= 1;
        }
        gauge!("artc_control_in_flight").set(self.pending.len() as f64);
        Some(pending)
    }

    /// The effect of `ticket` ended so. Gives the reply, unless it was a notification, its sender left, or it came too late.
    pub fn finish(&mut self, ticket: Ticket, outcome: &Outcome, now: Duration) -> Option<Letter> {
        let Some(pending) = self.close(ticket) else {
            counter!("artc_control_late_total").increment(1);
            return None;
        };
        let Pending { sender, id, method, standing, since } = pending;
        histogram!("artc_control_effect_seconds", "method" => method.name()).record(now.saturating_sub(since).as_secs_f64());
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
            _ => reply(method, outcome, &name),
        };
        if let Err(refusal) = &result {
            counter!("artc_control_failed_total", "code" => refusal.code.name()).increment(1);
        }
        let end = result.as_ref().map_or_else(End::Failed, |_| End::Done);
        self.leave(&sender, &standing, Some(method), end, since, now);
        let mut letter = letter(&sender, Some(id?), result.map(|reply| in_full(reply, &sender, outcome)));
        if let (Sender::Participant(_), Outcome::Snapshot(jpeg)) = (&sender, outcome) {
            letter.attachment = Some(Attachment { name, mime: JPEG, bytes: Arc::clone(jpeg) });
        }
        Some(letter)
    }

    /// When [`expire`](Self::expire) has something to do next.
    pub fn deadline(&self) -> Option<Duration> {
        self.pending.values().next().map(|pending| pending.since + PATIENCE)
    }

    /// Answers one request whose effect took too long. To be called until it gives nothing.
    pub fn expire(&mut self, now: Duration) -> Option<Letter> {
        loop {
            if self.deadline()? > now {
                return None;
            }
            let ticket = *self.pending.first_key_value()?.0;
            let Pending { sender, id, method, standing, since } = self.close(ticket)?;
            counter!("artc_control_failed_total", "code" => Code::TimedOut.name()).increment(1);
            let why = format!("{} did not finish within {} s", method.name(), PATIENCE.as_secs());
            let refusal = Refusal::new(Code::TimedOut, why);
            self.leave(&sender, &standing, Some(method), End::Failed(&refusal), since, now);
            if let Some(id) = id {
                return Some(letter(&sender, Some(id), Err(refusal)));
            }
        }
    }

    /// `sender` is gone: what is under way for it is carried out, and not answered.
    pub fn forget(&mut self, sender: &Sender, now: Duration) {
        self.watchers.forget(sender);
        self.authority.forget(sender);
        let tickets: Vec<Ticket> =
            self.pending.iter().filter(|(_, pending)| pending.sender == *sender).map(|(ticket, _)| *ticket).collect();
        for ticket in tickets {
            if let Some(pending) = self.close(ticket) {
                self.leave(sender, &pending.standing, Some(pending.method), End::Unheard, pending.since, now);
            }
        }
    }

    /// Leaves the line of a command that came at `since` and ended so.
    fn leave(&mut self, who: &Sender, standing: &Standing, method: Option<Method>, end: End<'_>, since: Duration, now: Duration) {
        if let Some(account) = self.senders.get_mut(who) {
            self.trail.leave(&Entry { who, standing, method, end, since }, &mut account.repeats, now);
        }
    }

    /// A refusal of a message that is read only for its id.
    fn refuse_unread(&mut self, from: &Sender, message: &[u8], refusal: Refusal, now: Duration) -> Step {
        let to = if message.len() > MAX_MESSAGE {
            ReplyTo::Null
        } else {
            match Incoming::parse(message) {
                Ok(Incoming::Request(request)) => request.id.into(),
                Ok(Incoming::Response) => ReplyTo::Nobody,
                Err(bad) => bad.to,
            }
        };
        self.refuse(from, to, None, refusal, now)
    }

    fn refuse(&mut self, from: &Sender, to: ReplyTo, method: Option<Method>, refusal: Refusal, now: Duration) -> Step {
        let standing = self.authority.standing(from);
        self.refuse_as(from, to, &standing, method, refusal, now)
    }

    fn refuse_as(
        &mut self,
        from: &Sender,
        to: ReplyTo,
        standing: &Standing,
        method: Option<Method>,
        refusal: Refusal,
        now: Duration,
    ) -> Step {
        counter!("artc_control_refused_total", "code" => refusal.code.name()).increment(1);
        self.leave(from, standing, method, End::Refused(&refusal), now, now);
        match to {
            ReplyTo::Id(id) => Step::Send(letter(from, Some(id), Err(refusal))),
            ReplyTo::Null => Step::Send(letter(from, None, Err(refusal))),
            ReplyTo::Nobody => Step::Nothing,
        }
    }
}

/// The account of `sender`, made if there is none; nothing while too many others are busy.
fn account<'a>(senders: &'a mut HashMap<Sender, Account>, sender: &Sender, now: Duration) -> Option<&'a mut Account> {
    if !senders.contains_key(sender) {
        if senders.len() >= MAX_SENDERS {
            // Whoever has a full bucket and nothing under way is the same as a stranger.
            senders
                .retain(|_, account| account.in_flight > 0 || !account.messages.is_full(now) || !account.refusals.is_full(now));
        }
        if senders.len() >= MAX_SENDERS {
            return None;
        }
        senders.insert(
            sender.clone(),
            Account {
                messages: Bucket::new(MESSAGES_PER_SECOND, MESSAGES_PER_SECOND),
                refusals: Bucket::new(REFUSALS, MESSAGES_PER_SECOND),
                in_flight: 0,
                repeats: Repeats::default(),
            },
        );
    }
    senders.get_mut(sender)
}

/// The reply as this sender gets it: on the local socket a picture is part of it.
fn in_full(reply: Reply, to: &Sender, outcome: &Outcome) -> Reply {
    match (reply, to, outcome) {
        (Reply::CameraSnapshot(snapshot), Sender::Local { .. }, Outcome::Snapshot(jpeg)) => {
            let base64 = Some(base64::engine::general_purpose::STANDARD.encode(jpeg));
            Reply::CameraSnapshot(wire::camera::Snapshot { base64, ..snapshot })
        }
        (reply, ..) => reply,
    }
}

fn letter(to: &Sender, id: Option<Id>, result: Result<Reply, Refusal>) -> Letter {
    let outcome = result
        .and_then(|reply| {
            serde_json::to_value(reply).map_err(|error| Refusal::new(Code::InternalError, format!("reply: {error}")))
        })
        .map_err(ErrorObject::from);
    let message = Response { id: id.clone(), outcome }.to_bytes();
    if message.len() > MAX_REPLY && matches!(to, Sender::Participant(_)) {
        counter!("artc_control_failed_total", "code" => Code::ReplyTooLarge.name()).increment(1);
        let why = format!("the reply is {} bytes long, {MAX_REPLY} fit", message.len());
        let error = ErrorObject::from(Refusal::new(Code::ReplyTooLarge, why));
        return Letter { to: to.clone(), message: Response { id, outcome: Err(error) }.to_bytes(), attachment: None };
    }
    Letter { to: to.clone(), message, attachment: None }
}
