//! Error codes, their texts, and what to do about each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $name:literal, $todo:literal;)+) => {
        /// Every error code that a reply can carry: JSON-RPC's own and, from 2000 on, ours.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The number on the wire.
            pub const fn number(self) -> i64 {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The short name that rides along in `error.data.name`, for programs and metrics.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What the caller can do about it.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $todo,)+ }
            }

            /// What it means.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    /// The message is not JSON.
    ParseError = -32700, "parse_error", "send one JSON object in UTF-8 per message";
    /// The message is JSON, but no JSON-RPC 2.0 request.
    InvalidRequest = -32600, "invalid_request", "send {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"device.info\"}, or an array of at most 32 of them";
    /// There is no such method.
    MethodNotFound = -32601, "method_not_found", "rpc.discover lists the methods";
    /// The parameters do not fit the method.
    InvalidParams = -32602, "invalid_params", "rpc.discover describes the parameters of each method";
    /// The device made a mistake of its own.
    InternalError = -32603, "internal_error", "report it with the device's log";
    /// The caller may not do this.
    NotAllowed = 2001, "not_allowed", "give the identity a role under [control.roles] of the device's configuration, or name identity and method under [control.allow]";
    /// The caller sends more messages a second than it may.
    RateLimited = 2002, "rate_limited", "wait retry_after_ms and send more slowly";
    /// The caller has too many unanswered requests.
    TooManyInFlight = 2003, "too_many_in_flight", "wait for a reply before the next request";
    /// The message is longer than it may be.
    MessageTooLarge = 2004, "message_too_large", "send less in one message";
    /// What the command is about is not there, or not in a state for it.
    NotAvailable = 2005, "not_available", "look at device.status and try again when it has changed";
    /// The device was asked and answered with an error.
    DeviceFailed = 2006, "device_failed", "try again; if it stays, look at device.status and the device's log";
    /// A value is outside of what is possible.
    OutOfRange = 2007, "out_of_range", "camera.controls, camera.modes, stream.get and rpc.discover tell the ranges";
    /// The id is that of another request of the same caller: one that is still unanswered, or one that was run not long ago.
    DuplicateId = 2008, "duplicate_id", "give each request an id of its own; only a repetition of the same request has the same id";
    /// The command did not finish in time; it may still take effect.
    TimedOut = 2009, "timed_out", "look whether it took effect before sending it again";
    /// The reply is longer than a message may be.
    ReplyTooLarge = 2010, "reply_too_large", "ask on the device's own unix socket, which has no such limit";
    /// There is no thing of that name.
    UnknownName = 2011, "unknown_name", "camera.list, camera.controls, board.info and rpc.discover tell the names";
    /// The method is answered on the device's own unix socket only.
    LocalOnly = 2012, "local_only", "ask on the device itself, by its unix socket: artc-edge call";
    /// The command was run already, and what was answered then is not kept any more.
    ReplyGone = 2013, "reply_gone", "look whether it took effect; to run it once more, send it with another id";
    /// The document has another version than the caller knows.
    StaleVersion = 2020, "stale_version", "ask for the document again, and decide anew";
    /// The device takes this only as a signed command.
    SignatureRequired = 2030, "signature_required", "send it in rpc.signed; auth.session tells what to sign";
    /// The envelope, its key or its signature is not right.
    BadSignature = 2031, "bad_signature", "sign a JWS with EdDSA and a key under [control.keys] of the device's configuration";
    /// The signed command is for another device, another join, or has no fresh nonce.
    NotForHere = 2032, "not_for_here", "sign it anew with what auth.session tells";
    /// The signed command has ended, or begins later.
    Expired = 2033, "expired", "sign it anew; compare the clocks with auth.session";
    /// The signed command came before, or another of the same key that was signed after it.
    Replayed = 2034, "replayed", "sign it anew with a higher seq and another jti";
    /// Nothing brings back what this ends: it has to be asked for a second time.
    ConfirmationNeeded = 2035, "confirmation_needed", "send the same once more with data.confirm as the member confirm, within 30 s";
}

impl Code {
    /// The code with this number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number() == number)
    }
}

/// Why a request is not carried out, or failed: the error of a reply, before it is put on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Which error it is.
    pub code: Code,
    /// What is wrong, naming the thing; one line.
    pub message: String,
    /// The name that was probably meant, when one was misspelt; the version that is current, when the caller's is stale.
    pub suggestion: Option<String>,
    /// When it is worth trying again, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// What confirms the command when it is sent once more.
    pub confirm: Option<String>,
}

impl Refusal {
    /// A refusal with neither suggestion nor time.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), suggestion: None, retry_after_ms: None, confirm: None }
    }

    /// The same with the name that was probably meant, said in the text too.
    pub fn suggest(mut self, suggestion: Option<&str>) -> Self {
        if let Some(name) = suggestion {
            self.message = format!("{}; did you mean `{name}`?", self.message);
            self.suggestion = Some(name.to_owned());
        }
        self
    }

    /// The same with the time after which trying again makes sense.
    pub fn retry_after_ms(mut self, ms: u64) -> Self {
        self.retry_after_ms = Some(ms);
        self
    }
}

/// The `error` member of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorObject {
    /// The number of the [`Code`].
    pub code: i64,
    /// What is wrong, naming the thing; one line.
    pub message: String,
    /// The same for programs, and what to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<ErrorData>>,
}

/// What an error says beyond its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorData {
    /// Short name of the code.
    pub name: String,
    /// What the caller can do about it.
    pub remedy: String,
    /// The name that was probably meant; the version that is current, when the caller's is stale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// When it is worth trying again, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// What confirms the command when it is sent once more, as the member `confirm` of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

impl From<Refusal> for ErrorObject {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, message, suggestion, retry_after_ms, confirm } = refusal;
        let data =
            ErrorData { name: code.name().to_owned(), remedy: code.remedy().to_owned(), suggestion, retry_after_ms, confirm };
        Self { code: code.number(), message, data: Some(Box::new(data)) }
    }
}
