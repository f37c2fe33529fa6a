//! What the running daemon notices and records, as its owner meets it.

mod clip;
mod commands;
mod daemon;
mod http;
mod masks;
mod noticing;
mod picture;
mod uploads;
mod viewer;
