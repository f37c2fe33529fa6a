//! The contract suite of the engine API (`artc_bindings::contract`) on every engine that this machine can run.

mod fake;
mod hostile;
mod numbers;
mod open;
mod server;
