//! What a board has, as data: lines, LEDs, buttons, relays; and the backends that move them.
//!
//! A board is one TOML file (`profiles/*.toml` here, or `*.toml` in `/usr/share/artc-edge/boards` and `/etc/artc-edge/boards`):
//! adding one needs no Rust. This crate reads those files, finds the one that fits the machine it runs on, and drives what they
//! declare. It knows nothing of engines, commands or the daemon, and has no threads of its own.
//!
//! 1. [`Machine::look`] reads device tree and DMI; [`choose`] finds the profile.
//! 2. [`open`] claims what the profile declares: outputs in their safe state.
//! 3. [`Board::set`], [`Board::get`], [`Board::show`] by the profile's names.
//! 4. Dropping the board, or [`Board::rest`], puts every output back into its safe state.
//!
//! Lines go through the GPIO character device, by name and not by number, on every board: the kernel keeps two processes off one
//! line, and gives it back when we die. There is no backend on `rppal`: it knows the Raspberry Pi alone, writes to the chip's registers
//! behind the kernel's back unless told otherwise, and its repository was archived in July 2025, while the character device
//! serves every Raspberry Pi including the 5 just as well.
#![forbid(unsafe_code)]

mod backend;
mod choose;
mod machine;
mod profile;

pub use backend::{Board, Declared, Fake, Kind, LineError, Nothing, Pattern, inspect, open};
pub use choose::{ChooseError, DIRECTORIES, choose, embedded, known};
pub use machine::Machine;
pub use profile::{
    Active, Badge, Button, Direction, Dmi, Led, Line, Match, Patterns, Profile, ProfileError, Pull, Relay, STATUS, Support,
};
