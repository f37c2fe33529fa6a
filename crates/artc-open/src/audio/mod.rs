//! Sound in both directions: pushed PCM to Opus packets, Opus packets of others to mixed PCM.
//!
//! Not for devices and not for RTP.

mod aac;
mod encode;
mod input;
mod jitter;
mod mixer;
mod playout;
mod ranking;
mod resample;
#[cfg(test)]
mod speech;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::thread::JoinHandle;

pub use aac::{AacEncoder, AacError, AacSettings};
pub use encode::Profile;
pub use input::{AudioInput, PushRefused};
pub use jitter::{Counts, JitterBuffer};
pub use mixer::{PlayoutSettings, SoundPacket};
pub use playout::{Playout, PlayoutHandle};
pub use resample::Resampler;

use crate::clock::Clock;
use crate::session::AudioPacket;

/// Rate of received sound inside the engine, and of the PCM that is handed out: mono, in Hz.
pub const RATE: u32 = 48_000;

/// The sound thread: takes what is pushed, gives Opus packets.
pub struct AudioThread {
    input: Arc<AudioInput>,
    thread: Option<JoinHandle<()>>,
}

impl AudioThread {
    /// Starts the thread; packets go to `sink`, which must not wait.
    pub fn start(input: Arc<AudioInput>, sink: Box<dyn FnMut(AudioPacket) + Send>, clock: Clock) -> std::io::Result<Self> {
        let worker = encode::Worker::new(Arc::clone(&input), sink, clock);
        input.turns.begin();
        let thread = std::thread::Builder::new().name("artc-audio".into()).spawn(move || worker.run())?;
        Ok(Self { input, thread: Some(thread) })
    }
}

impl Drop for AudioThread {
    fn drop(&mut self) {
        self.input.close();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so on stderr already.
            let _ = thread.join();
        }
        self.input.turns.end();
    }
}
