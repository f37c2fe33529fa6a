//! How answers are made and which way they go, and what is written down of them.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use metrics::counter;
use serde::Serialize;
use wire::error::ErrorObject;
use wire::jsonrpc::ReplyTo;
use wire::{Bad, Code, Id, Incoming, Method, Refusal, Reply, Response};

use super::super::Outcome;
use super::super::audit::{End, Entry, Repeats};
use super::super::authority::Standing;
use super::super::limits::{MAX_BROKER_REPLY, MAX_REPLY};
use super::super::reply::{JPEG, MP4, RECORD_TOPIC, SNAPSHOT_TOPIC};
use super::super::sender::{Attachment, Letter, Part, Route, Sender};
use super::{Asked, Desk, Step};

impl Desk {
    /// Whom the refusal of a message goes to that is read only for that.
    pub(super) fn read_id(&self, message: &[u8]) -> ReplyTo {
        if message.len() > self.limits.message { ReplyTo::Null } else { reply_to(Incoming::parse(message)) }
    }

    /// Leaves the line of a command that came at `since` and ended so.
    pub(super) fn leave(
        &mut self,
        who: &Sender,
        standing: &Standing,
        method: Option<Method>,
        end: End<'_>,
        since: Duration,
        now: Duration,
    ) {
        // Of who has left there may be no account any more when its request ends.
        let mut stranger = Repeats::default();
        let repeats = self.accounts.get_mut(who).map_or(&mut stranger, |account| &mut account.repeats);
        self.trail.leave(&Entry { who, standing, method, end, since }, repeats, now);
    }

    /// A message is refused before it is known in whose name it is.
    pub(super) fn refuse(
        &mut self,
        from: &Sender,
        route: &Route,
        to: ReplyTo,
        method: Option<Method>,
        refusal: Refusal,
        now: Duration,
    ) -> Step {
        let standing = self.authority.standing(from);
        self.leave(from, &standing, method, End::Refused(&refusal), now, now);
        self.answer_refusal(from, route, to, refusal)
    }

    /// A command is refused, which is known with its standing.
    pub(super) fn refuse_asked(&mut self, from: &Sender, route: &Route, asked: &Asked, refusal: Refusal, now: Duration) -> Step {
        let Asked { request, standing, .. } = asked;
        self.leave(from, standing, Some(request.method), End::Refused(&refusal), now, now);
        self.answer_refusal(from, route, request.id.clone().into(), refusal)
    }

    pub(super) fn answer_refusal(&mut self, from: &Sender, route: &Route, to: ReplyTo, refusal: Refusal) -> Step {
        counter!("artc_control_refused_total", "code" => refusal.code.name()).increment(1);
        let id = match to {
            ReplyTo::Id(id) => Some(id),
            ReplyTo::Null => None,
            ReplyTo::Nobody => return self.answer_nothing(from, route),
        };
        self.answer(from, route, part(from, id, Err::<Reply, _>(refusal)))
    }

    /// A command that was taken on and answered at once; nothing goes out for a notification.
    pub(super) fn answer_asked(&mut self, from: &Sender, route: &Route, asked: &Asked, part: Part, now: Duration) -> Step {
        self.leave(from, &asked.standing, Some(asked.request.method), End::Done, now, now);
        if asked.request.id.is_some() { self.answer(from, route, part) } else { self.answer_nothing(from, route) }
    }

    pub(super) fn answer(&mut self, from: &Sender, route: &Route, part: Part) -> Step {
        match route {
            Route::Alone(call) => Step::Send(part.into_letter(from, call.clone())),
            Route::Batch(batch) => {
                self.batches.add(*batch, part);
                Step::Nothing
            }
        }
    }

    /// A notification has no answer, but a call has.
    pub(super) fn answer_nothing(&self, from: &Sender, route: &Route) -> Step {
        match route {
            Route::Alone(Some(call)) => Step::Send(nothing(from, Some(Arc::clone(call)))),
            _ => Step::Nothing,
        }
    }
}

pub(super) fn reply_to(read: Result<Incoming, Bad>) -> ReplyTo {
    match read {
        Ok(Incoming::Request(request)) => request.id.into(),
        Ok(Incoming::Response) => ReplyTo::Nobody,
        Ok(Incoming::Batch(_)) => ReplyTo::Null,
        Err(bad) => bad.to,
    }
}

/// One step for several.
pub(super) fn many(steps: Vec<Step>) -> Step {
    let mut steps: Vec<Step> = steps.into_iter().filter(|step| !matches!(step, Step::Nothing)).collect();
    match steps.len() {
        0 => Step::Nothing,
        1 => steps.swap_remove(0),
        _ => Step::Many(steps),
    }
}

/// A request came once more: it is answered, and not run again. The chain of the audit has a line for what is run.
pub(super) fn repeated(who: &Sender, method: Method) {
    counter!("artc_control_repeated_total").increment(1);
    tracing::debug!(target: "artc_edge::audit", ?who, method = method.name(), "repeated");
}

/// The reply as this sender gets it: where no bytes can follow, they are part of it.
pub(super) fn in_full(reply: Reply, to: &Sender, outcome: &Outcome) -> Reply {
    match (reply, to, outcome) {
        (Reply::CameraSnapshot(snapshot), Sender::Local { .. } | Sender::Broker, Outcome::Snapshot(jpeg)) => {
            let base64 = Some(base64::engine::general_purpose::STANDARD.encode(jpeg));
            Reply::CameraSnapshot(wire::camera::Snapshot { base64, ..snapshot })
        }
        (Reply::RecordFetch(part), Sender::Local { .. } | Sender::Broker, Outcome::RecordPart(_, bytes)) => {
            let base64 = Some(base64::engine::general_purpose::STANDARD.encode(bytes));
            Reply::RecordFetch(wire::record::Part { base64, ..part })
        }
        (reply, ..) => reply,
    }
}

/// The bytes that follow the reply of this outcome. A picture is called `name`, as in its reply.
pub(super) fn attachment(name: String, outcome: &Outcome) -> Option<Attachment> {
    match outcome {
        Outcome::Snapshot(jpeg) => Some(Attachment { topic: SNAPSHOT_TOPIC, name, mime: JPEG, bytes: Arc::clone(jpeg) }),
        Outcome::RecordPart(part, bytes) => {
            let mime = if part.mime == JPEG { JPEG } else { MP4 };
            Some(Attachment { topic: RECORD_TOPIC, name: part.name.clone(), mime, bytes: Arc::clone(bytes) })
        }
        _ => None,
    }
}

pub(super) fn nothing(to: &Sender, call: Option<Arc<str>>) -> Letter {
    Letter { to: to.clone(), call, message: Vec::new(), attachments: Vec::new() }
}

pub(super) fn part<R: Serialize>(to: &Sender, id: Option<Id>, result: Result<R, Refusal>) -> Part {
    let outcome = result
        .and_then(|reply| {
            serde_json::to_value(reply).map_err(|error| Refusal::new(Code::InternalError, format!("reply: {error}")))
        })
        .map_err(ErrorObject::from);
    let message = Response { id: id.clone(), outcome }.to_bytes();
    let most = match to {
        Sender::Participant(_) => MAX_REPLY,
        Sender::Broker => MAX_BROKER_REPLY,
        Sender::Local { .. } => usize::MAX,
    };
    if message.len() > most {
        counter!("artc_control_failed_total", "code" => Code::ReplyTooLarge.name()).increment(1);
        let why = format!("the reply is {} bytes long, {most} fit", message.len());
        let error = ErrorObject::from(Refusal::new(Code::ReplyTooLarge, why));
        return Part { message: Response { id, outcome: Err(error) }.to_bytes(), attachment: None };
    }
    Part { message, attachment: None }
}
