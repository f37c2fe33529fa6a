//! The receiving side: engines that talk, engines that listen, a decoder alone, and how well speech is understood.

mod decode;
mod ear;
mod listen;
pub mod speech;
mod talk;

use std::sync::Arc;

use artc_bindings::{Engine, JoinChannelConfig, PublishMode};
use artc_open::{OpenEngine, Options};
use clap::Args;

pub use decode::Decode;
pub use ear::Ear;
pub use listen::Listen;
pub use speech::Understood;
pub use talk::Talk;

use crate::Failure;
use crate::place::silent;

/// Samples a second of everything here, one channel.
const RATE: usize = 48_000;
/// Samples of 10 ms.
const BLOCK: usize = RATE / 100;

/// Where to join.
#[derive(Args)]
struct Room {
    /// The room's signalling address, ws://
    #[arg(long)]
    url: String,
    /// Channel
    #[arg(long)]
    room: String,
}

impl Room {
    /// An engine that joins with a token for `identity`; the outcome is an event.
    fn join(&self, token: &str, identity: &str, config: &JoinChannelConfig) -> Result<Arc<dyn Engine>, Failure> {
        let engine = OpenEngine::create(Options::new(self.url.as_str()))?;
        if config.publish_mode == PublishMode::Automatically {
            engine.set_external_audio_source(true, RATE as u32, 1)?;
        }
        engine.join_channel(token, &self.room, identity, identity, config)?;
        Ok(engine)
    }
}

/// A join that sends sound.
fn talking() -> JoinChannelConfig {
    JoinChannelConfig { publish_mode: PublishMode::Automatically, is_audio_only: true, ..silent() }
}

/// Samples as the API takes them.
fn bytes(pcm: &[i16]) -> Vec<u8> {
    pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}
