//! JSON-RPC 2.0: what comes in, told apart; what goes out.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::ErrorObject;
use crate::method::without_position;
use crate::{Code, Command, Method, Refusal, fields};

/// Longest id in bytes: ids are remembered, so they have to be bounded. A UUID has 36.
pub const MAX_ID: usize = 128;
/// Most requests in one batch.
pub const MAX_BATCH: usize = 32;
/// What `deadline_ms` may say, in milliseconds.
pub const DEADLINE_MS: std::ops::RangeInclusive<u32> = 1..=10_000;

/// The id of a request, chosen by its sender and given back in the reply.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Id {
    /// A whole number.
    Number(i64),
    /// Text.
    Text(String),
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;
        impl Visitor<'_> for IdVisitor {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id that is a string or a whole number")
            }
            fn visit_i64<E>(self, number: i64) -> Result<Id, E> {
                Ok(Id::Number(number))
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Id, E> {
                i64::try_from(number).map(Id::Number).map_err(|_| E::custom("id is above 9223372036854775807"))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
                if text.len() > MAX_ID {
                    return Err(E::custom(format!("id of {} bytes is longer than {MAX_ID}", text.len())));
                }
                Ok(Id::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(IdVisitor)
    }
}

/// One message, read.
#[derive(Debug)]
pub enum Incoming {
    /// A request or, without an id, a notification.
    Request(Request),
    /// Something that looks like a response. We ask nothing, so it is not for us and gets no answer.
    Response,
    /// Several requests in one message, each read by itself; at least one, at most [`MAX_BATCH`].
    Batch(Vec<Result<Incoming, Bad>>),
}

/// A request whose method is known and whose parameters are not looked at yet.
#[derive(Debug)]
pub struct Request {
    /// Its id; none makes it a notification, which is never answered.
    pub id: Option<Id>,
    /// What it asks for.
    pub method: Method,
    /// The confirmation that a first attempt was answered with.
    pub confirm: Option<String>,
    /// Within which time from its arrival the answer is wanted; none leaves it to the device.
    pub deadline: Option<Duration>,
    params: Option<Box<RawValue>>,
}

/// A message that cannot be read, and the id to answer to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{refusal}")]
pub struct Bad {
    /// Whom the answer goes to.
    pub to: ReplyTo,
    /// What is wrong.
    pub refusal: Refusal,
}

/// Whether and under which id a message is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyTo {
    /// Under this id.
    Id(Id),
    /// Under the id `null`, because none could be read.
    Null,
    /// Not at all: it is a notification.
    Nobody,
}

impl From<Option<Id>> for ReplyTo {
    fn from(id: Option<Id>) -> Self {
        id.map_or(Self::Nobody, Self::Id)
    }
}

/// The members of a request. Unknown and repeated members are errors.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    #[serde(rename = "jsonrpc")]
    _version: Version,
    #[serde(default, deserialize_with = "present")]
    id: Option<Id>,
    method: String,
    #[serde(default)]
    params: Option<Box<RawValue>>,
    #[serde(default)]
    confirm: Option<String>,
    #[serde(default, deserialize_with = "deadline")]
    deadline_ms: Option<u32>,
}

fn deadline<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let ms = u32::deserialize(deserializer)?;
    if !DEADLINE_MS.contains(&ms) {
        let (least, most) = (DEADLINE_MS.start(), DEADLINE_MS.end());
        return Err(D::Error::custom(format!("`deadline_ms` of {ms} is not between {least} and {most}")));
    }
    Ok(Some(ms))
}

/// `null` is no id, and no member at all is something else than `null`: so an id that is there must be a good one.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Id>, D::Error> {
    Id::deserialize(deserializer).map(Some)
}

struct Version;

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "2.0" => Ok(Self),
            _ => Err(D::Error::custom("`jsonrpc` is not \"2.0\"")),
        }
    }
}

impl Incoming {
    /// Reads one message.
    ///
    /// # Errors
    /// [`Bad`] for what is no request of a known method, with the id that the answer carries as JSON-RPC 2.0 asks.
    pub fn parse(message: &[u8]) -> Result<Self, Bad> {
        let unreadable = |code, why: String| Bad { to: ReplyTo::Null, refusal: Refusal::new(code, why) };
        let text = std::str::from_utf8(message)
            .map_err(|error| unreadable(Code::ParseError, format!("message is not UTF-8 from byte {}", error.valid_up_to())))?;
        if text.trim_ascii_start().starts_with('[') {
            return Self::batch(text);
        }
        Self::one(text)
    }

    /// One request, or a response.
    fn one(text: &str) -> Result<Self, Bad> {
        // serde takes an array for the members in order, so what the text begins with is looked at, too.
        let envelope = match serde_json::from_str::<Envelope>(text) {
            Ok(envelope) if text.trim_ascii_start().starts_with('{') => envelope,
            Ok(_) => return Err(*no_object()),
            Err(error) => return Self::explain(text, &error).map_err(|bad| *bad),
        };
        let Envelope { id, method, params, confirm, deadline_ms, .. } = envelope;
        let deadline = deadline_ms.map(|ms| Duration::from_millis(ms.into()));
        match Method::from_name(&method) {
            Ok(method) => Ok(Self::Request(Request { id, method, confirm, deadline, params })),
            Err(refusal) => Err(Bad { to: id.into(), refusal }),
        }
    }

    fn batch(text: &str) -> Result<Self, Bad> {
        let bad = |code, why: String| Err(Bad { to: ReplyTo::Null, refusal: Refusal::new(code, why) });
        match serde_json::from_str::<Parts<'_>>(text) {
            Ok(Parts(parts)) if parts.is_empty() => bad(Code::InvalidRequest, "batch is empty".to_owned()),
            Ok(Parts(parts)) if parts.len() > MAX_BATCH => {
                bad(Code::InvalidRequest, format!("batch has more than {MAX_BATCH} requests"))
            }
            Ok(Parts(parts)) => Ok(Self::Batch(parts.into_iter().map(|part| Self::one(part.get())).collect())),
            Err(error) => bad(Code::ParseError, format!("message is not JSON: {error}")),
        }
    }

    /// What is wrong with a message that is no request.
    fn explain(text: &str, error: &serde_json::Error) -> Result<Self, Box<Bad>> {
        let bad = |to, code, why: String| Err(Box::new(Bad { to, refusal: Refusal::new(code, why) }));
        let value = match serde_json::from_str::<serde_json::Value>(text) {
            Ok(value) => value,
            Err(error) => return bad(ReplyTo::Null, Code::ParseError, format!("message is not JSON: {error}")),
        };
        let object = match &value {
            serde_json::Value::Object(object) => object,
            _ => return Err(no_object()),
        };
        if !object.contains_key("method") && (object.contains_key("result") || object.contains_key("error")) {
            return Ok(Self::Response);
        }
        let to = object.get("id").and_then(|id| Id::deserialize(id).ok()).map_or(ReplyTo::Null, ReplyTo::Id);
        let known = fields::of::<Envelope>();
        let refusal = match object.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Refusal::new(Code::InvalidRequest, format!("a request has no member `{}`", fields::shown(name)))
                .suggest(fields::nearest(name, known.iter().copied())),
            None => Refusal::new(Code::InvalidRequest, without_position(error)),
        };
        Err(Box::new(Bad { to, refusal }))
    }
}

fn no_object() -> Box<Bad> {
    let refusal = Refusal::new(Code::InvalidRequest, "message is JSON, but no object");
    Box::new(Bad { to: ReplyTo::Null, refusal })
}

/// The parts of a batch, and one more where there are more than may be.
struct Parts<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Parts<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Parts<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of requests")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Parts<'de>, A::Error> {
                let mut found = Vec::new();
                while let Some(part) = parts.next_element()? {
                    if found.len() <= MAX_BATCH {
                        found.push(part);
                    }
                }
                Ok(Parts(found))
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}

impl Request {
    /// Another command in place of this one's, under the same id.
    pub(crate) fn carrying(self, method: Method, params: Option<Box<RawValue>>, confirm: Option<String>) -> Self {
        Self { method, params, confirm, ..self }
    }

    /// Its parameters as they were sent; nothing where there were none.
    pub fn params(&self) -> &str {
        self.params.as_deref().map_or("", RawValue::get)
    }

    /// The request of a client: serialised, it is what [`Incoming::parse`] reads.
    pub fn to_text(id: &Id, command: &Command) -> String {
        let params = serde_json::to_value(command).unwrap_or_default();
        serde_json::json!({ "jsonrpc": "2.0", "id": id, "method": command.method().name(), "params": params }).to_string()
    }

    /// The command with its parameters.
    ///
    /// # Errors
    /// [`Code::InvalidParams`], with a suggestion for an unknown member.
    pub fn command(&self) -> Result<Command, Refusal> {
        self.method.command(self.params.as_deref())
    }
}

/// The answer to one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Id of the request; none where it could not be read.
    pub id: Option<Id>,
    /// What it answers: the method's reply as JSON, or what went wrong.
    pub outcome: Result<serde_json::Value, ErrorObject>,
}

impl Serialize for Response {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut object = serializer.serialize_struct("Response", 3)?;
        object.serialize_field("jsonrpc", "2.0")?;
        match &self.outcome {
            Ok(result) => object.serialize_field("result", result)?,
            Err(error) => object.serialize_field("error", error)?,
        }
        object.serialize_field("id", &self.id)?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for Response {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Members {
            #[serde(rename = "jsonrpc")]
            _version: Version,
            id: Option<Id>,
            #[serde(default, deserialize_with = "even_null")]
            result: Option<serde_json::Value>,
            error: Option<ErrorObject>,
        }
        fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<serde_json::Value>, D::Error> {
            serde_json::Value::deserialize(deserializer).map(Some)
        }
        let members = Members::deserialize(deserializer)?;
        let outcome = match (members.result, members.error) {
            (Some(result), None) => Ok(result),
            (None, Some(error)) => Err(error),
            (Some(_), Some(_)) => return Err(D::Error::custom("response has both `result` and `error`")),
            (None, None) => return Err(D::Error::custom("response has neither `result` nor `error`")),
        };
        Ok(Self { id: members.id, outcome })
    }
}

impl Response {
    /// The bytes of the message.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing plain values with string keys into memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
