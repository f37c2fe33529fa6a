//! Family `camera`: which one is in use, its modes, controls and still pictures, and privacy. Where it looks is [`super::ptz`]'s.

use wire::camera::{Control, ControlKind, ControlValue, Controls, Privacy, Select, SetControl, TakeSnapshot};
use wire::device::SourceState;
use wire::{Code, Refusal, Reply};

use super::{Decision, Effect, View};

/// How long a still picture's longer side may be asked to be, in pixels.
const LONGEST: std::ops::RangeInclusive<u16> = 64..=1920;

pub(super) fn modes(view: &View) -> Result<Decision, Refusal> {
    if view.modes.modes.is_empty() {
        return Err(away(view));
    }
    Ok(Reply::CameraModes(view.modes.clone()).into())
}

pub(super) fn controls(view: &View) -> Result<Decision, Refusal> {
    match view.status.camera.state {
        // Not every built-in picture has controls, and that is an answer.
        SourceState::BuiltIn if view.controls.is_empty() => Ok(Reply::CameraControls(Controls::default()).into()),
        _ => answers(view).map(|()| Effect::ReadControls.into()),
    }
}

/// Whether there is a device to ask.
pub(super) fn answers(view: &View) -> Result<(), Refusal> {
    match view.status.camera.state {
        SourceState::Live | SourceState::NoSignal | SourceState::BuiltIn => Ok(()),
        SourceState::Off | SourceState::Resting | SourceState::Private | SourceState::Lost => Err(away(view)),
    }
}

pub(super) fn select(params: Select, view: &View) -> Result<Decision, Refusal> {
    let id = &params.camera;
    // A node's number may be another camera's tomorrow, and a path is not for others to choose.
    if id.is_empty() || id.len() > 256 || id.starts_with('/') || id.starts_with("file:") {
        let why = "camera.select takes an id as camera.list tells it, auto or pattern";
        return Err(Refusal::new(Code::InvalidParams, why));
    }
    match view.status.camera.state {
        SourceState::Off | SourceState::Private => Err(away(view)),
        _ => Ok(Effect::SelectCamera(params.camera).into()),
    }
}

pub(super) fn privacy(params: Privacy, view: &View) -> Result<Decision, Refusal> {
    match view.status.camera.state {
        SourceState::Off => Err(away(view)),
        _ => Ok(Effect::SetPrivacy(params.on).into()),
    }
}

pub(super) fn snapshot(params: &TakeSnapshot, view: &View) -> Result<Decision, Refusal> {
    let longest = params.longest;
    if let Some(longest) = longest.filter(|longest| !LONGEST.contains(longest)) {
        let why = format!("`longest` of {longest} is not between {} and {}", LONGEST.start(), LONGEST.end());
        return Err(Refusal::new(Code::OutOfRange, why));
    }
    match view.status.camera.state {
        // A resting camera is woken for it.
        SourceState::Live | SourceState::BuiltIn | SourceState::Resting => Ok(Effect::TakeSnapshot { longest }.into()),
        // The still picture that takes the camera's place is not what was asked for.
        SourceState::Off | SourceState::NoSignal | SourceState::Private | SourceState::Lost => Err(away(view)),
    }
}

pub(super) fn set_control(params: &SetControl, view: &View) -> Result<Decision, Refusal> {
    answers(view)?;
    let Some(control) = view.controls.iter().find(|control| control.name == params.name) else {
        let nearest = wire::nearest(&params.name, view.controls.iter().map(|control| control.name.as_str()));
        let why = format!("the camera has no control `{}`", wire::shown(&params.name));
        return Err(Refusal::new(Code::UnknownName, why).suggest(nearest));
    };
    settable(control)?;
    let value = lawful_value(control, params.value.as_ref())?;
    Ok(Effect::SetControl { id: control.id, name: control.name.clone(), value }.into())
}

/// Whether it can be set at this moment.
pub(super) fn settable(control: &Control) -> Result<(), Refusal> {
    let not_available = |why: &str| Err(Refusal::new(Code::NotAvailable, format!("control {} {why}", control.name)));
    match control {
        Control { read_only: true, .. } => not_available("can be read only"),
        Control { inactive: true, .. } => not_available("is overruled by another control at this moment"),
        _ => Ok(()),
    }
}

/// Whether the control is known to stand at this value.
pub(super) fn is_at(control: &Control, value: &ControlValue) -> bool {
    let is = control.value.as_ref().map(|is| lawful_value(control, Some(is)));
    matches!((is, lawful_value(control, Some(value))), (Some(Ok(is)), Ok(wanted)) if is == wanted)
}

/// The value in the form that [`Effect::SetControl`] promises.
pub(super) fn lawful_value(control: &Control, value: Option<&ControlValue>) -> Result<i64, Refusal> {
    let wrong_type = |wants: &str| Err(Refusal::new(Code::InvalidParams, format!("control {} takes {wants}", control.name)));
    let out_of_range = |why: String| Err(Refusal::new(Code::OutOfRange, format!("control {}: {why}", control.name)));
    let Control { min, max, step, .. } = *control;
    let on_step = |number: i64| (i128::from(number) - i128::from(min)) % i128::from(step.max(1)) == 0;
    match (control.kind, value) {
        (ControlKind::Button, None) => Ok(1),
        (ControlKind::Button, Some(_)) => wrong_type("no value"),
        (ControlKind::Boolean, Some(ControlValue::Flag(on))) => Ok(i64::from(*on)),
        (ControlKind::Boolean, Some(ControlValue::Number(number @ (0 | 1)))) => Ok(*number),
        (ControlKind::Boolean, _) => wrong_type("true or false"),
        (ControlKind::Integer, Some(ControlValue::Number(number))) if !(min..=max).contains(number) => {
            out_of_range(format!("{number} is not between {min} and {max}"))
        }
        (ControlKind::Integer, Some(ControlValue::Number(number))) if !on_step(*number) => {
            out_of_range(format!("{number} is not in steps of {step} from {min}"))
        }
        (ControlKind::Integer, Some(ControlValue::Number(number))) => Ok(*number),
        (ControlKind::Integer, _) => wrong_type("a whole number"),
        (ControlKind::Bitmask, Some(ControlValue::Number(bits))) if bits & !max == 0 => Ok(*bits),
        (ControlKind::Bitmask, Some(ControlValue::Number(bits))) => out_of_range(format!("{bits} has bits outside of {max}")),
        (ControlKind::Bitmask, _) => wrong_type("a whole number of bits"),
        (ControlKind::Menu, Some(ControlValue::Flag(_)) | None) => wrong_type("one of its choices"),
        (ControlKind::Menu, Some(choice)) => menu_choice(control, choice),
    }
}

/// A choice by its value or by its label.
fn menu_choice(control: &Control, choice: &ControlValue) -> Result<i64, Refusal> {
    let found = control.menu.iter().find(|item| match choice {
        ControlValue::Number(number) => item.value == *number,
        ControlValue::Label(label) => item.label.eq_ignore_ascii_case(label),
        ControlValue::Flag(_) => false,
    });
    found.map(|item| item.value).ok_or_else(|| {
        let choices: Vec<String> = control.menu.iter().take(16).map(|item| format!("{} ({})", item.value, item.label)).collect();
        Refusal::new(Code::OutOfRange, format!("control {} has no such choice; it has {}", control.name, choices.join(", ")))
    })
}

/// Why the camera cannot be asked.
fn away(view: &View) -> Refusal {
    let camera = &view.status.camera;
    let state = match camera.state {
        SourceState::Off => "the camera is switched off by the configuration",
        SourceState::Resting => "the camera rests because nobody watches",
        SourceState::Private => "the camera is closed for privacy",
        SourceState::NoSignal => "the camera has no signal",
        SourceState::Lost => "the camera is lost",
        SourceState::Live | SourceState::BuiltIn => "the camera offers nothing of the kind",
    };
    let why = camera.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    Refusal::new(Code::NotAvailable, format!("{state}{why}"))
}
