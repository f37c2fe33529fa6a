//! Pan, tilt and zoom, by the controls of V4L2's camera class: whether there are any, where they stand, where they may go.

use wire::camera::{Axis, Control, ControlValue, Ptz, SetPtz};
use wire::{Code, Refusal};

use super::camera::{answers, lawful_value, settable};
use super::effect::ControlChange;
use super::{Decision, Effect, View};

/// Name, `V4L2_CID_*_ABSOLUTE`, `V4L2_CID_*_RELATIVE`.
const AXES: [(&str, u32, u32); 3] =
    [("pan", 0x009a_0908, 0x009a_0904), ("tilt", 0x009a_0909, 0x009a_0905), ("zoom", 0x009a_090d, 0x009a_090e)];

pub(super) fn get(view: &View) -> Result<Decision, Refusal> {
    answers(view)?;
    let any = AXES.iter().any(|(_, absolute, relative)| [absolute, relative].iter().any(|id| find(view, **id).is_some()));
    if !any {
        return Err(Refusal::new(Code::NotAvailable, "this camera has neither pan nor tilt nor zoom"));
    }
    Ok(Effect::ReadControls.into())
}

pub(super) fn set(params: SetPtz, view: &View) -> Result<Decision, Refusal> {
    answers(view)?;
    let SetPtz { pan, tilt, zoom, relative } = params;
    let mut changes = Vec::new();
    for ((name, absolute, by), asked) in AXES.into_iter().zip([pan, tilt, zoom]) {
        let Some(asked) = asked else { continue };
        changes.push(match (find(view, absolute), find(view, by)) {
            (Some(control), _) if relative => change(control, nearest(control, position(control).saturating_add(asked)))?,
            (_, Some(control)) if relative => change(control, asked)?,
            (Some(control), _) => change(control, asked)?,
            (None, Some(_)) => {
                let why = format!("this camera only turns its {name} by steps; ask for it with relative = true");
                return Err(Refusal::new(Code::NotAvailable, why));
            }
            (None, None) => return Err(Refusal::new(Code::NotAvailable, format!("this camera has no {name}"))),
        });
    }
    if changes.is_empty() {
        return Err(Refusal::new(Code::InvalidParams, "camera.set_ptz: nothing to set; name pan, tilt or zoom"));
    }
    Ok(Effect::SetControls(changes).into())
}

/// Where the axes stand, by the controls as they are.
pub(super) fn axes(controls: &[Control]) -> Ptz {
    let axis = |(_, absolute, by): (&str, u32, u32)| {
        let of = |id: u32| controls.iter().find(|control| control.id == id);
        let moves = of(by).is_some();
        match of(absolute) {
            Some(control) => {
                let Control { min, max, step, .. } = *control;
                Some(Axis { position: Some(position(control)), min, max, step, inactive: control.inactive })
            }
            None if moves => {
                let Control { min, max, step, inactive, .. } = *of(by)?;
                Some(Axis { position: None, min, max, step, inactive })
            }
            None => None,
        }
    };
    let [pan, tilt, zoom] = AXES.map(axis);
    Ptz { pan, tilt, zoom }
}

fn find(view: &View, id: u32) -> Option<&Control> {
    view.controls.iter().find(|control| control.id == id)
}

fn position(control: &Control) -> i64 {
    match control.value {
        Some(ControlValue::Number(value)) => value,
        _ => 0,
    }
}

/// The lawful value nearest to `value`, towards the lowest: who asks to go on beyond the end arrives at the end.
fn nearest(control: &Control, value: i64) -> i64 {
    let step = i64::try_from(control.step.max(1)).unwrap_or(i64::MAX);
    let value = value.clamp(control.min, control.max);
    value - (value.saturating_sub(control.min)) % step
}

fn change(control: &Control, value: i64) -> Result<ControlChange, Refusal> {
    settable(control)?;
    let value = lawful_value(control, Some(&ControlValue::Number(value)))?;
    Ok(ControlChange { id: control.id, name: control.name.clone(), value })
}
