//! The state machine as its clients see it.

mod client;
mod local;
mod media;
mod people;
mod world;
