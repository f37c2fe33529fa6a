//! Family `log`: how many lines, of which part, for how long. What is logged is none of its business.

use wire::log::{LEVEL_SECONDS, LEVEL_SECONDS_DEFAULT, PARTS, SetLevel, TAIL_LINES, Tail};
use wire::{Code, Refusal};

use super::effect::{LevelChange, LogAct, TailWish};
use super::{Decision, Effect};

/// Lines of a tail when nothing else is said.
const TAIL_DEFAULT: u32 = 100;

pub(super) fn tail(params: Tail) -> Result<Decision, Refusal> {
    let lines = params.lines.unwrap_or(TAIL_DEFAULT);
    if !TAIL_LINES.contains(&lines) {
        let (least, most) = (TAIL_LINES.start(), TAIL_LINES.end());
        return Err(Refusal::new(Code::OutOfRange, format!("{lines} lines is not between {least} and {most}")));
    }
    let part = params.part.map(part).transpose()?;
    Ok(Effect::Log(LogAct::Tail(TailWish { lines, level: params.level, part, after: params.after.unwrap_or(0) })).into())
}

pub(super) fn set_level(params: SetLevel) -> Result<Decision, Refusal> {
    let Some(level) = params.level else {
        return match (params.part, params.for_s) {
            (None, None) => Ok(Effect::Log(LogAct::ResetLevel).into()),
            _ => Err(Refusal::new(Code::InvalidParams, "log.set_level: part and for_s go with a level")),
        };
    };
    let seconds = params.for_s.unwrap_or(LEVEL_SECONDS_DEFAULT);
    if !LEVEL_SECONDS.contains(&seconds) {
        let (least, most) = (LEVEL_SECONDS.start(), LEVEL_SECONDS.end());
        return Err(Refusal::new(Code::OutOfRange, format!("{seconds} s is not between {least} and {most}")));
    }
    let part = params.part.map(part).transpose()?;
    Ok(Effect::Log(LogAct::SetLevel(LevelChange { level, part, seconds })).into())
}

/// A part of ours: the name of a crate, alone or with a path behind it.
fn part(text: String) -> Result<String, Refusal> {
    let root = text.split("::").next().unwrap_or_default();
    let spelt = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if PARTS.contains(&root) && text.len() <= 128 && text.split("::").all(spelt) {
        return Ok(text);
    }
    let nearest = wire::nearest(root, PARTS);
    Err(Refusal::new(Code::UnknownName, format!("the daemon has no part `{}`", wire::shown(&text))).suggest(nearest))
}
