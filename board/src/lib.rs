//! What a board has, as data: lines, LEDs, buttons, relays, camera and sound roles; and the backends that move them.
//!
//! A board is one TOML file (`profiles/*.toml`, or a file named in the configuration): adding one needs no Rust. This crate
//! reads those files, finds the one that fits the machine it runs on, and drives what they declare. It knows nothing of
//! engines, commands or the daemon.

mod profile;

pub use profile::{Badge, ChooseError, Profile, ProfileError, choose, embedded};
