//! The shell: threads, the one clock, wiring, effects carried out, orderly stop.
//!
//! 1. [`run`] makes the runtime and starts the parts: devices first (they need the longest), then the room, the engine, the command
//!    plane. Whatever is missing is said in its line and does not keep the rest from starting.
//! 2. `shell::Shell` is the loop in which everything meets.
//! 3. A signal ends it: the channel is left, the devices are closed, and what does not end within its time is left behind.
//!
//! It decides nothing; it is no place for rules.

mod announce;
mod board;
mod books;
mod calls;
mod camera;
mod choices;
mod clock;
mod deeds;
mod desired;
mod dialogue;
mod effects;
mod engine;
mod facts;
mod kept;
mod ladder;
mod light;
mod links;
mod logs;
mod mail;
mod memory;
mod network;
mod notices;
mod pieces;
mod power;
mod record;
mod recordings;
mod reread;
mod service;
mod settings;
mod shell;
mod start;
mod stop;
mod tickets;
pub mod trial;
mod update;
mod uploads;
mod usage;
mod wall;
mod watchdog;
mod wishes;
mod work;

use std::time::Duration;

pub use announce::page_address;
pub use stop::Early;

use crate::{config::Settings, exit::Exit, telemetry::Telemetry};

/// How long threads that hang in a driver are waited for at the end.
const STOP_WITHIN: Duration = Duration::from_millis(500);

/// Runs with what `settings` say until a signal asks to stop, which may have come `early`.
pub fn run(settings: Settings, telemetry: Telemetry, early: Early) -> Exit {
    memory::thrifty();
    // Two are enough: one for the room and the engine's network, one for the rest; encoder and devices have their own.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("artc").enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(why) => {
            eprintln!("artc-edge: no threads to start with: {why}");
            return Exit::TryAgain;
        }
    };
    let exit = runtime.block_on(start::process(settings, telemetry, early));
    runtime.shutdown_timeout(STOP_WITHIN);
    exit
}
