//! Family `audio`: volume and mute of the microphone.

use wire::audio::{Mute, SetVolume};
use wire::device::SourceState;
use wire::{Code, Refusal, Reply};

use super::{Decision, Effect, View};

pub(super) fn get(view: &View) -> Decision {
    Reply::AudioGet(view.audio.clone()).into()
}

pub(super) fn set_volume(params: SetVolume, view: &View) -> Result<Decision, Refusal> {
    microphone(view)?;
    match u8::try_from(params.volume) {
        Ok(volume @ 0..=100) => Ok(Effect::SetVolume(volume).into()),
        _ => Err(Refusal::new(Code::OutOfRange, format!("volume {} is not between 0 and 100", params.volume))),
    }
}

pub(super) fn mute(params: Mute, view: &View) -> Result<Decision, Refusal> {
    microphone(view)?;
    Ok(Effect::MuteAudio(params.muted).into())
}

/// A lost microphone keeps its volume and mute for when it comes back; one that is switched off has neither.
fn microphone(view: &View) -> Result<(), Refusal> {
    match view.status.microphone.state {
        SourceState::Off => Err(Refusal::new(Code::NotAvailable, "the microphone is switched off by the configuration")),
        _ => Ok(()),
    }
}
