//! Family `stream`: size, rate, mute and key frames of the published picture.

use wire::stream::{Set, Switch};
use wire::{Code, Refusal, Reply};

use super::{Decision, Effect, StreamChange, View};

pub(super) fn get(view: &View) -> Decision {
    Reply::StreamGet(view.stream.clone()).into()
}

pub(super) fn set(params: Set, view: &View) -> Result<Decision, Refusal> {
    let Set { width, height, fps, bitrate_kbps } = params;
    let size = match (width, height) {
        (Some(width), Some(height)) => Some(size(width, height, view)?),
        (None, None) => None,
        _ => return Err(Refusal::new(Code::InvalidParams, "stream.set: width and height go together")),
    };
    let limits = &view.stream.limits;
    if let Some(fps) = fps
        && !(limits.min_fps..=limits.max_fps).contains(&fps)
    {
        return Err(out_of_range(format!("{fps} frames a second is not between {} and {}", limits.min_fps, limits.max_fps)));
    }
    if let Some(kbps) = bitrate_kbps
        && !(limits.min_bitrate_kbps..=limits.max_bitrate_kbps).contains(&kbps)
    {
        let (min, max) = (limits.min_bitrate_kbps, limits.max_bitrate_kbps);
        return Err(out_of_range(format!("{kbps} kbit/s is not between {min} and {max}")));
    }
    let change = StreamChange { size, fps, bitrate_kbps };
    if change == StreamChange::default() {
        return Err(Refusal::new(Code::InvalidParams, "stream.set: nothing to set; name width and height, fps or bitrate_kbps"));
    }
    Ok(Effect::SetStream(change).into())
}

fn size(width: u32, height: u32, view: &View) -> Result<(u32, u32), Refusal> {
    let limits = &view.stream.limits;
    let (long, short) = (width.max(height), width.min(height));
    if long > limits.max_long_side || short > limits.max_short_side {
        let (max_long, max_short) = (limits.max_long_side, limits.max_short_side);
        return Err(out_of_range(format!(
            "{width}x{height} is larger than {max_long}x{max_short}, the engine's limit in either orientation"
        )));
    }
    if short < limits.min_side {
        return Err(out_of_range(format!("{width}x{height} has a side below {} pixels", limits.min_side)));
    }
    if !width.is_multiple_of(2) || !height.is_multiple_of(2) {
        return Err(out_of_range(format!("{width}x{height} has an odd side; both must be even")));
    }
    Ok((width, height))
}

/// The camera is the only picture that this device has.
pub(super) fn screen(params: Switch, view: &View) -> Result<Decision, Refusal> {
    if params.on {
        return Err(Refusal::new(Code::NotAvailable, "this device captures no screen; its camera is the only picture"));
    }
    Ok(Reply::StreamScreen(view.stream.clone()).into())
}

pub(super) fn key_frame(view: &View) -> Result<Decision, Refusal> {
    let why_not = if !view.stream.published {
        "no picture is published"
    } else if view.stream.muted {
        "the picture is muted"
    } else if !view.stream.watched {
        "nobody watches, so the encoder rests; it begins with a key frame as soon as somebody does"
    } else {
        return Ok(Effect::RequestKeyFrame.into());
    };
    Err(Refusal::new(Code::NotAvailable, why_not))
}

fn out_of_range(message: String) -> Refusal {
    Refusal::new(Code::OutOfRange, message)
}
