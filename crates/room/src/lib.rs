//! Embedded room server: a single-node SFU that official LiveKit clients join unmodified, with access tokens, RoomService,
//! WHEP and WHIP for players that speak nothing else, and the viewer page.
//!
//! It forwards what one participant sends to those who want it; it never encodes or decodes. Not for capturing or playing, and
//! not for clusters: where one machine is not enough, a LiveKit cluster takes its place.
//!
//! - [`server`](Server): starting and stopping, HTTP in `server/`;
//! - `core/`: rooms, participants and tracks as a state machine that takes messages, datagrams and the time;
//! - `media/`: the thread that owns the state machine and the media port;
//! - [`token`]: access tokens; `apps`: those of the vendor's rule.
#![forbid(unsafe_code)]

mod apps;
mod config;
mod core;
mod ids;
mod media;
mod server;
mod stats;
pub mod token;

pub use config::{App, Config};
pub use server::{Handle, Server, StartError};
pub use stats::{Stats, Traffic};
