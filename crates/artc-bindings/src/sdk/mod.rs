//! The vendor's SDK as an engine: everything that the vendor owns lives behind this module.
//!
//! The SDK runs in a child process, a Python program of ours (`host/`, part of the binary) that drives it through its documented
//! Python modules. Nothing of the SDK is linked, and no code of ours runs on a thread of its. Between the two:
//!
//! * a socket of packets (`link`): calls go in, callbacks come out;
//! * shared memory (`memory`): pictures and sound, in slots. A push finds a free slot or answers
//!   [`CallError::BufferFull`](crate::CallError::BufferFull); of what the SDK has not taken yet the newest wins.
//!
//! No call waits for the SDK. What can be judged without it (arguments, a call without a channel, a picture that lies) is refused at
//! once; what the SDK refuses is told as [`Event::Warning`](crate::Event::Warning), a refused join as its result. When the child dies,
//! [`Event::Error`](crate::Event::Error) with [`ErrorCode::NetworkDisconnect`](crate::ErrorCode::NetworkDisconnect) is told, as the
//! documents have it for the vendor's own service; it is started again, gets every setting again, and can be joined again.
//!
//! 1. [`look`] says whether a folder has an SDK for this machine; [`SdkEngine::look`] also loads it once.
//! 2. [`SdkEngine::create`] makes an engine; from there on it is one like any other ([`Engine`](crate::Engine)).
//!
//! Tokens go over the socket alone: no argument, no environment variable and no log line has one.

mod config;
mod engine;
mod events;
mod keeper;
mod link;
mod look;
mod memory;
mod mirror;
mod options;
mod process;
mod push;
mod said;
mod values;

pub use config::Config;
pub use engine::SdkEngine;
pub use look::look;
pub use options::Options;
