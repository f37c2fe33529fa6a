//! The app server from outside: the program as it ships, over HTTP and a real Mosquitto.

#[path = "../../../../tests/calls/broker.rs"]
#[allow(dead_code, reason = "the tests of calls use more of it")]
mod broker;
mod login;
mod program;
mod record;
mod restart;
mod tokens;
