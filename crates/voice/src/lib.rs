//! What is done to a microphone's sound beside a speaker, so that who talks through the box does not hear himself: the echo is taken out,
//! noise is suppressed, the level is evened; or, where none of that is to be, one side talks at a time.
//!
//! [`Duplex`] stands between the speaker and the microphone: [`Duplex::played`] on the speaker's thread takes what was really written and
//! how long it takes until it is heard, [`Duplex::captured`] on the microphone's changes a block in place. Their clocks run apart, which
//! [`Reference`] makes up for. What cleans is a [`Cleaner`], of
//! which there is one: [`Apm`], WebRTC's audio processing in Rust (the crates of `sonora`).
//!
//! Not for devices and not for threads.

#[cfg(feature = "sonora")]
mod apm;
mod duplex;
#[cfg(feature = "sonora")]
mod echo;
#[cfg(feature = "sonora")]
mod format;
mod gate;
mod reference;
pub mod trial;

#[cfg(feature = "sonora")]
pub use apm::Apm;
pub use duplex::{Duplex, Stats};
pub use gate::Gate;
pub use reference::Reference;

use std::time::Duration;

use media::PcmBlock;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the speaker plays is taken out of what the microphone hears.
    pub echo: bool,
    /// Steady noise is suppressed.
    pub noise: bool,
    /// Quiet voices are made louder, loud ones quieter.
    pub gain: bool,
    /// While the speaker is heard, the microphone is silent.
    pub half: bool,
}

impl Settings {
    /// Nothing at all.
    pub const OFF: Self = Self { echo: false, noise: false, gain: false, half: false };

    /// Whether there is anything for a [`Cleaner`] to do.
    pub const fn cleans(self) -> bool {
        self.echo || self.noise || self.gain
    }
}

/// Takes echo and noise out of a microphone's sound. Blocks are 10 ms; the speaker's and the microphone's may be of different formats.
pub trait Cleaner: Send {
    /// What is to be done from now on.
    fn set(&mut self, settings: Settings);

    /// The speaker was given this.
    fn render(&mut self, block: &PcmBlock);

    /// Cleans what the microphone heard, in place. `delay` is how long sound takes from [`render`](Self::render) through speaker and
    /// microphone to here, as far as is known.
    fn capture(&mut self, block: &mut PcmBlock, delay: Duration);

    /// What became of the echo: how much quieter it comes back than it was played, and how much of it was taken out, both in dB, where
    /// that is known.
    fn echo(&self) -> (Option<f32>, Option<f32>);
}
