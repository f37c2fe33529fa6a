//! What a board has, as data: lines, LEDs, buttons, relays, filter, fan, roles; and the backends that move them.
//!
//! A board is one TOML file (`profiles/*.toml` here, or `*.toml` in `/usr/share/artc-edge/boards` and `/etc/artc-edge/boards`):
//! adding one needs no Rust. This crate reads those files, finds the one that fits the machine it runs on, and drives what they
//! declare. It knows nothing of engines, commands or the daemon, and has no threads of its own.
//!
//! 1. [`Machine::look`] reads device tree and DMI; [`choose`] finds the profile.
//! 2. [`open`] claims what the profile declares: outputs in their safe state.
//! 3. [`Keeper`] has everything that takes time: commands, pulses, blinking, filter, fan, safe states.
//! 4. Dropping keeper or board puts every output back into its safe state: at the end, and when a panic unwinds. A process that is
//!    killed has no time for that; the next start does it.
//!
//! Lines go through the GPIO character device, by name and not by number, on every board: the kernel keeps two processes off one
//! line, and gives it back when we die. The registers of a Raspberry Pi (crate rppal, feature `rppal`) are one backend beside it, and
//! never the only one.
#![forbid(unsafe_code)]

mod backend;
mod choose;
mod keeper;
mod machine;
mod pattern;
mod profile;
pub mod table;

pub use backend::{
    Backend, Board, Declared, Fake, Kind, LineError, Move, Nothing, Press, SharedFake, Shown, Temperature, Throttling, inspect,
    open,
};
pub use choose::{ChooseError, DIRECTORIES, Matched, choose, embedded, known};
pub use keeper::{ButtonState, DayMode, FanState, FilterState, Keeper, LedState, LineState, PULSE_MS, State};
pub use machine::Machine;
pub use pattern::{Pattern, Patterns, Signal, Steps};
pub use profile::{
    Active, Badge, Button, Direction, Dmi, Fan, IrCut, Led, Line, Match, Method, PRIVACY, Profile, ProfileError, Pull, Relay,
    Role, STATUS, Storage, StorageKind, Support, Update, Watchdog, nearest,
};
