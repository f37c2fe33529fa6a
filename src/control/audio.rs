//! Family `audio`: volume, mute and profile of the microphone's sound, volume and mute of the speaker.

use wire::audio::{Mute, SetProfile, SetVoice, SetVolume};
use wire::device::SourceState;
use wire::{Code, Refusal, Reply};

use super::{Decision, Effect, View};

pub(super) fn get(view: &View) -> Decision {
    Reply::AudioGet(view.audio.clone()).into()
}

pub(super) fn set_volume(params: SetVolume, view: &View) -> Result<Decision, Refusal> {
    microphone(view)?;
    Ok(Effect::SetVolume(percent(params)?).into())
}

pub(super) fn set_speaker_volume(params: SetVolume, view: &View) -> Result<Decision, Refusal> {
    let volume = percent(params)?;
    speaker(view)?;
    Ok(Effect::SetSpeakerVolume(volume).into())
}

pub(super) fn mute_speaker(params: Mute, view: &View) -> Result<Decision, Refusal> {
    speaker(view)?;
    Ok(Effect::MuteSpeaker(params.muted).into())
}

fn percent(params: SetVolume) -> Result<u8, Refusal> {
    match u8::try_from(params.volume) {
        Ok(volume @ 0..=100) => Ok(volume),
        _ => Err(Refusal::new(Code::OutOfRange, format!("volume {} is not between 0 and 100", params.volume))),
    }
}

pub(super) fn set_profile(params: SetProfile, view: &View) -> Result<Decision, Refusal> {
    microphone(view)?;
    let SetProfile { quality, scene } = params;
    if (quality, scene) == (None, None) {
        return Err(Refusal::new(Code::InvalidParams, "audio.set_profile: nothing to set; name quality or scene"));
    }
    Ok(Effect::SetAudioProfile(quality.unwrap_or(view.audio.quality), scene.unwrap_or(view.audio.scene)).into())
}

pub(super) fn mute(params: Mute, view: &View) -> Result<Decision, Refusal> {
    microphone(view)?;
    Ok(Effect::MuteAudio(params.muted).into())
}

pub(super) fn set_voice(params: SetVoice, view: &View) -> Result<Decision, Refusal> {
    let SetVoice { echo, noise, gain, half_duplex } = params;
    if params == SetVoice::default() {
        let why = "audio.set_voice: nothing to set; name echo, noise, gain or half_duplex";
        return Err(Refusal::new(Code::InvalidParams, why));
    }
    microphone(view)?;
    if echo == Some(true) || half_duplex == Some(true) {
        speaker(view)?;
    }
    if let Some(why) = view.no_cleaner
        && [echo, noise, gain].contains(&Some(true))
    {
        return Err(Refusal::new(Code::NotAvailable, why));
    }
    let now = view.audio.voice;
    Ok(Effect::SetVoice {
        echo: echo.unwrap_or(now.echo),
        noise: noise.unwrap_or(now.noise),
        gain: gain.unwrap_or(now.gain),
        half_duplex: half_duplex.unwrap_or(now.half_duplex),
    }
    .into())
}

/// A lost speaker keeps its volume and mute for when it comes back; where none is configured, nobody is listened to.
fn speaker(view: &View) -> Result<(), Refusal> {
    match view.audio.speaker {
        Some(_) => Ok(()),
        None => Err(Refusal::new(Code::NotAvailable, "this device plays no sound: `[speaker] device` is \"none\"")),
    }
}

/// A lost microphone keeps its volume and mute for when it comes back; one that is switched off has neither.
fn microphone(view: &View) -> Result<(), Refusal> {
    match view.status.microphone.state {
        SourceState::Off => Err(Refusal::new(Code::NotAvailable, "the microphone is switched off by the configuration")),
        _ => Ok(()),
    }
}
