//! Commands and replies as types; JSON-RPC 2.0 and an OpenRPC document from them.
//!
//! This room knows what can be said, not what happens then: no sockets, no clock, nothing else of ours. Bytes go in through
//! [`Incoming::parse`], a typed [`Command`] comes out; a typed [`Reply`] or [`Refusal`] goes in, bytes come out through
//! [`Response::to_bytes`]. The table of methods stands once, in [`method`]: names, parameters, results, texts, the parser and
//! the OpenRPC document all come from it.
//!
//! How strictly JSON-RPC 2.0 is read:
//! - parameters go by name; unknown or repeated members, of the request as well as of its parameters, are refused with a suggestion;
//! - ids are strings or whole numbers; without an id a request is a notification: it is carried out and never answered;
//! - a batch (an array) has 1 to 32 requests, each of which is judged by itself; their replies come as one array, in any order;
//! - `deadline_ms` is a member of ours: within how many milliseconds from its arrival the answer of a request is wanted;
//! - whatever looks like a response is ignored, so that two devices can never answer each other's errors for ever.
#![forbid(unsafe_code)]

pub mod audio;
pub mod audit;
pub mod auth;
pub mod board;
pub mod camera;
pub mod config;
pub mod detection;
pub mod device;
pub mod error;
pub mod event;
mod fields;
pub mod job;
pub mod jsonrpc;
pub mod log;
pub mod method;
pub mod net;
pub mod openrpc;
pub mod record;
pub mod role;
pub mod signed;
pub mod state;
pub mod stream;
pub mod update;
pub mod viewer;

pub use error::{Code, Refusal};
pub use fields::{nearest, shown};
pub use jsonrpc::{Bad, Id, Incoming, Request, Response};
pub use method::{Command, Method, Reply};
pub use role::Role;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The parameters of a method that takes none: `{}`, or no `params` at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// The reply of a method that has nothing to tell but that it was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {}

#[cfg(test)]
mod tests;
