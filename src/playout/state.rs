//! What a speaker is doing, as values for whoever asks.

use std::time::Duration;

use serde::Serialize;

use super::queue::Counters;
use crate::soundcard::{Identity, Loss};

/// What becomes of the sound now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "phase", content = "loss")]
pub enum Phase {
    /// It was not tried yet.
    Starting,
    /// The device is open, and there is nothing to play.
    Ready,
    /// The device plays.
    Playing,
    /// The device cannot be used; what comes is dropped, and it is tried again.
    Lost(Loss),
    /// Switched off by the configuration.
    Off,
}

/// What a speaker is doing.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    /// What becomes of the sound.
    #[serde(flatten)]
    pub phase: Phase,
    /// The same for people, with device and reason, in one line.
    pub detail: String,
    /// The device, once one was found.
    pub device: Option<Identity>,
    /// Rate in Hz and channels of the device, while it is open.
    pub format: Option<(u32, u32)>,
    /// The books of the blocks.
    pub counters: Counters,
    /// How often the device ran dry while it played.
    pub underruns: u64,
    /// How often it was started again after a suspend or an error.
    pub restarts: u64,
    /// How often it was opened again after a loss.
    pub recoveries: u64,
    /// How long what is written now takes until it is heard, as the device says; nothing while nothing plays.
    pub delay: Option<Duration>,
    /// What the device's clock is faster than ours by, in ppm, as far as is known.
    pub drift_ppm: f64,
    /// 0 to 100.
    pub volume: u8,
    /// Nothing is heard because that was asked for.
    pub muted: bool,
    /// The volume is set in the sound card's mixer, not in software.
    pub mixer: bool,
}
