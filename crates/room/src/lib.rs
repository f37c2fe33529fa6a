//! Embedded room server: LiveKit-compatible SFU, tokens, RoomService, WHEP/WHIP, viewer page.

mod config;

pub use config::Config;
