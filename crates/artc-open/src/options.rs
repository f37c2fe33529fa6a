//! What an engine is made with. Not for what a join is made with: that comes with the call.

use std::path::PathBuf;
use std::sync::Arc;

use rtc::local::LocalRoom;
use serde::{Deserialize, Serialize};

use crate::encoder::Choice;

/// What viewers' jitter buffers are told about pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Latency {
    /// Show each picture at once (the playout-delay header extension, 0 to 0 ms).
    #[default]
    Live,
    /// Let the receiver choose.
    Smooth,
}

/// What an [`OpenEngine`](crate::OpenEngine) is made with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The server: `ws://`, `wss://`, `http://` or `https://`, with a path prefix if it has one.
    pub url: String,
    /// A room of this process, joined over [`rtc::local`] instead of the network; the address is not used then.
    pub local: Option<Arc<dyn LocalRoom>>,
    /// A PEM file of certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Which H.264 encoder.
    pub encoder: Choice,
    /// What viewers are told about delay.
    pub latency: Latency,
    /// Takes the camera's bitrate as it is configured. Otherwise the documented table of bitrates by size and frame rate moves it, up
    /// or down, as the vendor's engine does.
    pub exact_bitrate: bool,
    /// How much of what others send is handed out.
    pub receive: Receive,
}

/// How many of many are seen and heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receive {
    /// The loudest so many are heard; the documents have no number.
    pub loudest: usize,
    /// So many videos are decoded at once, further ones not.
    pub decoders: usize,
}

impl Default for Receive {
    fn default() -> Self {
        Self { loudest: 5, decoders: 16 }
    }
}

impl Options {
    /// The defaults, for this server.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// The defaults, for a room of this process.
    pub fn local(room: Arc<dyn LocalRoom>) -> Self {
        Self { local: Some(room), ..Self::default() }
    }
}
