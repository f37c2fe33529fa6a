//! The open engine: joining, publishing, subscribing, codecs, jitter buffer, mixer.
//!
//! [`OpenEngine`] is the documented API over WebRTC and LiveKit's room protocol. Inside, one thread owns the network
//! (`session` decides, sans-IO; its shell carries out), one a video track encodes, one encodes sound, one plays what others
//! say and one decodes what they show. Calls of the API answer at once; what comes of them is an event.
//!
//! It is not for capturing, for commands or for rooms of its own.

pub mod audio;
mod clock;
mod command;
mod config;
pub mod congestion;
pub mod encoder;
mod engine;
mod net;
mod options;
mod pts;
mod schedule;
mod session;
mod shared;
mod sync;
mod token;
pub mod video;

pub use config::Config;
pub use engine::{OpenEngine, OpenFactory};
pub use net::{Change as LinkChange, ConnectError, Links, mirror, reach};
pub use options::{Latency, Options, Receive};
pub use token::{Claims, peek};
