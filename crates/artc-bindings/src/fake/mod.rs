//! The fake backend: engines of a scripted world with a virtual clock.
//!
//! **The law:** nothing happens by itself. Calls and [`World::advance`] are the only inputs, so the same inputs give the same
//! events, in the same order, at the same virtual times.
//!
//! 1. Make a [`World`]; engines made from it meet each other in its channels.
//! 2. Call the engines' methods; what comes of them waits on the world's agenda.
//! 3. [`World::advance`] moves the clock and carries out what has become due.
//! 4. [`World::inject`] and [`World::schedule`] add faults: refused joins, lost links, full buffers, removals.
//!
//! It is a backend like any other: the daemon runs on it with `[engine] kind = "fake"`, then [`World::run_in_real_time`]
//! moves the clock. It is no codec: pictures and sound reach the other engines of the world as they were pushed.

mod engine;
mod extensions;
mod joining;
mod media;
mod member;
mod rules;
mod state;
mod timing;
mod world;

pub use engine::FakeEngine;
pub use media::ReceivedBytes;
pub use world::{Fault, JoinOutcome, World, WorldConfig};
