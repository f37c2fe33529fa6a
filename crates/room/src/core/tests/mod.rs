//! The state machine as its clients see it.

mod media;
mod people;
mod world;
