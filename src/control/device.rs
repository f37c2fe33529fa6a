//! Family `device`: who and how it is, from the facts alone; the clock; restarting, and being found.

use wire::device::{IDENTIFY_SECONDS, Identify, SetTime, TIME_MS};
use wire::{Code, Refusal, Reply};

use super::effect::{BoardAct, PowerAct};
use super::{Decision, Effect, View};

/// How long the LED blinks when nothing else is said.
const IDENTIFY_DEFAULT: u32 = 10;

pub(super) fn info(view: &View) -> Decision {
    Reply::DeviceInfo(view.info.clone()).into()
}

pub(super) fn status(view: &View) -> Decision {
    Reply::DeviceStatus(view.status.clone()).into()
}

pub(super) fn identify(params: Identify, view: &View) -> Result<Decision, Refusal> {
    let seconds = params.for_s.unwrap_or(IDENTIFY_DEFAULT);
    if !IDENTIFY_SECONDS.contains(&seconds) {
        let (least, most) = (IDENTIFY_SECONDS.start(), IDENTIFY_SECONDS.end());
        return Err(Refusal::new(Code::OutOfRange, format!("{seconds} s is not between {least} and {most}")));
    }
    match view.board.leds.iter().find(|led| led.owner.as_deref() == Some("the status LED")) {
        None => Err(Refusal::new(Code::NotAvailable, "this board has no status LED")),
        Some(led) => match &led.missing {
            Some(why) => Err(Refusal::new(Code::NotAvailable, format!("the status LED cannot be used: {why}"))),
            None => Ok(Effect::Board(BoardAct::Identify(seconds)).into()),
        },
    }
}

pub(super) fn set_time(params: SetTime) -> Result<Decision, Refusal> {
    if TIME_MS.contains(&params.time_ms) {
        return Ok(Effect::SetClock(params.time_ms).into());
    }
    let (time, from, to) = (params.time_ms, TIME_MS.start(), TIME_MS.end());
    let why = format!("{time} ms since 1970 is no time of today: from {from} (2024) to {to} (2100)");
    Err(Refusal::new(Code::OutOfRange, why))
}

pub(super) fn leave_safe_mode(view: &View) -> Result<Decision, Refusal> {
    match view.status.safe_mode_s {
        Some(_) => Ok(Effect::LeaveSafeMode.into()),
        None => Err(Refusal::new(Code::NotAvailable, "the device is not in safe mode")),
    }
}

pub(super) fn power(act: PowerAct, view: &View) -> Result<Decision, Refusal> {
    match view.no_power {
        Some(why) => Err(Refusal::new(Code::NotAvailable, why)),
        None => Ok(Effect::Power(act).into()),
    }
}
