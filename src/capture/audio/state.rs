//! What a microphone is doing, as values for whoever asks.

use media::PcmFormat;
use serde::{Serialize, Serializer};

use super::ring::Counters;
use super::timeline::Repairs;
use crate::soundcard::{Identity, Loss};

/// Where the sound comes from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "phase", content = "loss")]
pub enum Phase {
    /// The first sample is still to come.
    Starting,
    /// The microphone delivers.
    Live,
    /// The microphone cannot be used; silence takes its place and it is tried again.
    Lost(Loss),
    /// The built-in tone: it was asked for, or there is no microphone.
    Tone,
    /// Closed for privacy; silence takes its place.
    Private,
    /// Switched off by the configuration: nothing comes.
    Off,
}

/// What a microphone is doing.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    /// Where the sound comes from.
    #[serde(flatten)]
    pub phase: Phase,
    /// The same for people, with device and reason, in one line.
    pub detail: String,
    /// The device, once one was found.
    pub device: Option<Identity>,
    /// What is delivered.
    #[serde(serialize_with = "format")]
    pub format: PcmFormat,
    /// The books of the blocks.
    pub counters: Counters,
    /// How often the device ran over because we were too slow, and was started again.
    pub overruns: u64,
    /// How often it was started again after a suspend, an error or a standstill.
    pub restarts: u64,
    /// How often it was opened again after a loss.
    pub recoveries: u64,
    /// What had to be repaired.
    pub repairs: Repairs,
    /// Whether timestamps are the driver's (`false`: taken when the samples were fetched).
    pub driver_timestamps: bool,
    /// 0 to 100; 100 is what the device delivers.
    pub volume: u8,
    /// Nothing but silence goes out because that was asked for.
    pub muted: bool,
    /// The volume is set in the sound card's mixer, not in software.
    pub mixer: bool,
}

fn format<S: Serializer>(format: &PcmFormat, serializer: S) -> Result<S::Ok, S::Error> {
    (format.rate, format.channels).serialize(serializer)
}
