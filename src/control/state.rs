//! Family `state`: how the device is meant to be, how far it is so, and what is to be done about the difference. What may be wished for
//! is what the single commands would take.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wire::camera::{ControlValue, SetControl};
use wire::state::{Audio, Document, MOST_ENTRIES, Parts, SetDesired, Stream};
use wire::{Code, Refusal};

use super::effect::StateAct;
use super::{Decision, Effect, View, audio, camera, stream};

#[expect(clippy::unnecessary_wraps, reason = "one shape for the whole table of methods")]
pub(super) fn get() -> Result<Decision, Refusal> {
    Ok(Effect::State(StateAct::Get).into())
}

pub(super) fn set_desired(params: SetDesired, view: &View) -> Result<Decision, Refusal> {
    for (what, count) in [("camera", params.desired.camera.len()), ("lines", params.desired.lines.len())] {
        if count > MOST_ENTRIES {
            let why = format!("state.set_desired: {count} entries of `{what}`; at most {MOST_ENTRIES} are kept");
            return Err(Refusal::new(Code::InvalidParams, why));
        }
    }
    for (place, deed) in deeds(&params.desired, view) {
        match deed {
            // What is not there at this moment is caught up with when it is.
            Ok(_) => {}
            Err(refusal) if refusal.code == Code::NotAvailable => {}
            Err(refusal) => return Err(Refusal { message: format!("{place}: {}", refusal.message), ..refusal }),
        }
    }
    Ok(Effect::State(StateAct::SetDesired(params)).into())
}

/// The wish as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// Of the document.
    pub version: u64,
    /// How the device is meant to be.
    pub desired: Parts,
}

impl Wish {
    /// The wish that follows on this one.
    ///
    /// # Errors
    /// [`Code::StaleVersion`], with the current one, when `if_version` is another.
    pub fn followed_by(&self, params: SetDesired) -> Result<Self, Refusal> {
        match params.if_version {
            Some(version) if version != self.version => {
                let why = format!("version {version} is stale: the document has version {}", self.version);
                Err(Refusal { suggestion: Some(self.version.to_string()), ..Refusal::new(Code::StaleVersion, why) })
            }
            _ => Ok(Self { version: self.version + 1, desired: params.desired }),
        }
    }

    /// The document, with the device as `view` shows it.
    pub fn document(&self, view: &View, failed: BTreeMap<String, String>) -> Document {
        let reported = reported(&self.desired, view);
        let delta = delta(&self.desired, &reported, view);
        // What has come true in the meantime did not fail.
        let open: Vec<String> = places(&delta);
        let failed = failed.into_iter().filter(|(place, _)| open.contains(place)).collect();
        Document { version: self.version, desired: self.desired.clone(), reported, delta, failed }
    }

    /// What is to be done so that the device becomes as it is meant to be, by its place in the document; or why that cannot be now.
    pub fn deeds(&self, view: &View) -> Vec<(String, Result<Effect, Refusal>)> {
        deeds(&delta(&self.desired, &reported(&self.desired, view), view), view)
    }
}

fn reported(desired: &Parts, view: &View) -> Parts {
    let known = desired.camera.keys().filter_map(|name| view.controls.iter().find(|control| control.name == *name));
    let free = view.board.lines.iter().filter(|line| line.output && line.owner.is_none());
    Parts {
        stream: Stream {
            width: Some(view.stream.width),
            height: Some(view.stream.height),
            fps: Some(view.stream.fps),
            bitrate_kbps: Some(view.stream.bitrate_kbps),
            muted: Some(view.stream.muted),
        },
        audio: Audio { volume: Some(view.audio.volume.into()), muted: Some(view.audio.muted) },
        camera: known.filter_map(|control| Some((control.name.clone(), control.value.clone()?))).collect(),
        lines: free.filter_map(|line| Some((line.name.clone(), line.on?))).collect(),
    }
}

fn delta(desired: &Parts, reported: &Parts, view: &View) -> Parts {
    fn open<T: PartialEq>(desired: Option<T>, reported: Option<T>) -> Option<T> {
        desired.filter(|wanted| Some(wanted) != reported.as_ref())
    }
    let (stream, is) = (desired.stream, reported.stream);
    let size = (stream.width, stream.height) != (is.width, is.height);
    let at = |name: &str, value: &ControlValue| {
        let control = view.controls.iter().find(|control| control.name == name);
        control.is_some_and(|control| camera::is_at(control, value))
    };
    // A relay's name means its line.
    let on = |name: &str| {
        let line = view.board.lines.iter().find(|line| line.name == name || line.relay.as_deref() == Some(name));
        line.and_then(|line| line.on)
    };
    Parts {
        stream: Stream {
            width: stream.width.filter(|_| size),
            height: stream.height.filter(|_| size),
            fps: open(stream.fps, is.fps),
            bitrate_kbps: open(stream.bitrate_kbps, is.bitrate_kbps),
            muted: open(stream.muted, is.muted),
        },
        audio: Audio {
            volume: open(desired.audio.volume, reported.audio.volume),
            muted: open(desired.audio.muted, reported.audio.muted),
        },
        camera: desired.camera.iter().filter(|(name, value)| !at(name, value)).map(|(n, v)| (n.clone(), v.clone())).collect(),
        lines: desired.lines.iter().filter(|(name, wanted)| on(name) != Some(**wanted)).map(|(n, v)| (n.clone(), *v)).collect(),
    }
}

/// What each part of `parts` leads to, as if it were commanded by itself.
fn deeds(parts: &Parts, view: &View) -> Vec<(String, Result<Effect, Refusal>)> {
    let mut found = Vec::new();
    let mut add = |place: String, decision: Result<Decision, Refusal>| {
        let effect = decision.map(|decision| match decision {
            Decision::Do(effect) => Some(effect),
            // None of these commands is answered from the facts.
            _ => None,
        });
        if let Some(effect) = effect.transpose() {
            found.push((place, effect));
        }
    };
    let Stream { width, height, fps, bitrate_kbps, muted } = parts.stream;
    if width.is_some() || height.is_some() || fps.is_some() || bitrate_kbps.is_some() {
        add("stream".into(), stream::set(wire::stream::Set { width, height, fps, bitrate_kbps }, view));
    }
    if let Some(muted) = muted {
        add("stream.muted".into(), Ok(Effect::MuteVideo(muted).into()));
    }
    if let Some(volume) = parts.audio.volume {
        add("audio.volume".into(), audio::set_volume(wire::audio::SetVolume { volume }, view));
    }
    if let Some(muted) = parts.audio.muted {
        add("audio.muted".into(), audio::mute(wire::audio::Mute { muted }, view));
    }
    for (name, value) in &parts.camera {
        let params = SetControl { name: name.clone(), value: Some(value.clone()) };
        add(format!("camera.{name}"), camera::set_control(&params, view));
    }
    for (name, on) in &parts.lines {
        add(format!("lines.{name}"), super::board::set_line(wire::board::SetLine { line: name.clone(), on: *on }, view));
    }
    found
}

/// The places of `parts`, as [`deeds`] names them.
fn places(parts: &Parts) -> Vec<String> {
    let Stream { width, height, fps, bitrate_kbps, muted } = parts.stream;
    let mode = width.is_some() || height.is_some() || fps.is_some() || bitrate_kbps.is_some();
    let single = [
        (mode, "stream"),
        (muted.is_some(), "stream.muted"),
        (parts.audio.volume.is_some(), "audio.volume"),
        (parts.audio.muted.is_some(), "audio.muted"),
    ];
    let single = single.into_iter().filter(|(open, _)| *open).map(|(_, place)| place.to_owned());
    let controls = parts.camera.keys().map(|name| format!("camera.{name}"));
    single.chain(controls).chain(parts.lines.keys().map(|name| format!("lines.{name}"))).collect()
}
