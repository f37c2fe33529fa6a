//! The app server from outside: the program as it ships, over HTTP and a real Mosquitto.

#[path = "../../../../tests/calls/broker.rs"]
#[allow(dead_code, reason = "the tests of calls use more of it")]
mod broker;
mod login;
#[path = "../../../mixing/tests/recording/person.rs"]
#[allow(dead_code, reason = "the tests of mixing use more of it")]
mod person;
#[path = "../../../mixing/tests/recording/probe.rs"]
mod probe;
mod program;
mod receiver;
mod record;
mod recorded;
mod restart;
mod tokens;
