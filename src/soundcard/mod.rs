//! Sound cards, whichever way the sound goes: their names, why they cannot be used, and their mixers' knobs. Microphones are
//! `capture::audio`'s and speakers `playout`'s; neither knows the other.

mod card;
mod fault;
mod knob;
mod name;
mod pulse;
#[cfg(test)]
mod tests;

pub use card::{Identity, Way, devices, node};
pub use fault::{Fault, Loss, OpenError};
pub use knob::{Knob, factor};
pub use name::problem;
pub use pulse::Pulse;
