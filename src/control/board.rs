//! Family `board`: what the board's profile does not name, and what the device itself drives, is refused here; the rest is for the
//! board to say.

use wire::board::{GetLine, Info, IrCutMode, Line, PULSE_MS, PulseLine, SetLed, SetLine, Watch};
use wire::event::Topic;
use wire::{Code, Refusal};

use super::effect::BoardAct;
use super::{Decision, Effect, View};

#[expect(clippy::unnecessary_wraps, reason = "one shape for the whole table of methods")]
pub(super) fn info(_: &View) -> Result<Decision, Refusal> {
    Ok(Effect::Board(BoardAct::ReadInfo).into())
}

pub(super) fn get_line(params: &GetLine, view: &View) -> Result<Decision, Refusal> {
    let line = line(&params.line, &view.board)?;
    Ok(Effect::Board(BoardAct::ReadLine(line.name.clone())).into())
}

pub(super) fn set_line(params: SetLine, view: &View) -> Result<Decision, Refusal> {
    let name = free_output(&params.line, &view.board)?.name.clone();
    Ok(Effect::Board(BoardAct::SetLine(SetLine { line: name, ..params })).into())
}

pub(super) fn pulse_line(params: PulseLine, view: &View) -> Result<Decision, Refusal> {
    let name = free_output(&params.line, &view.board)?.name.clone();
    if !PULSE_MS.contains(&params.ms) {
        let (least, most) = (PULSE_MS.start(), PULSE_MS.end());
        return Err(Refusal::new(Code::OutOfRange, format!("a pulse of {} ms is not between {least} and {most}", params.ms)));
    }
    Ok(Effect::Board(BoardAct::PulseLine(PulseLine { line: name, ..params })).into())
}

pub(super) fn set_led(params: SetLed, view: &View) -> Result<Decision, Refusal> {
    let leds = &view.board.leds;
    let Some(led) = leds.iter().find(|led| led.name == params.led) else {
        return Err(unknown("LED", &params.led, leds.iter().map(|led| led.name.as_str())));
    };
    match &led.owner {
        Some(owner) => Err(owned("LED", &led.name, owner)),
        None => Ok(Effect::Board(BoardAct::SetLed(params)).into()),
    }
}

pub(super) fn set_ir_cut(mode: IrCutMode, view: &View) -> Result<Decision, Refusal> {
    if view.board.ir_cut.is_none() {
        return Err(Refusal::new(Code::NotAvailable, "this board has no IR-cut filter"));
    }
    Ok(Effect::Board(BoardAct::SetIrCut(mode)).into())
}

pub(super) fn watch(params: Watch, view: &View) -> Result<Decision, Refusal> {
    if params.on && view.board.buttons.is_empty() {
        return Err(Refusal::new(Code::NotAvailable, "this board has no buttons"));
    }
    Ok(Decision::Subscribe { topics: vec![Topic::BoardPress], on: params.on })
}

/// The line of this name, or with the relay of this name.
fn line<'a>(name: &str, board: &'a Info) -> Result<&'a Line, Refusal> {
    let found = board.lines.iter().find(|line| line.name == name || line.relay.as_deref() == Some(name));
    found.ok_or_else(|| {
        let relays = board.lines.iter().filter_map(|line| line.relay.as_deref());
        unknown("line", name, board.lines.iter().map(|line| line.name.as_str()).chain(relays))
    })
}

fn free_output<'a>(name: &str, board: &'a Info) -> Result<&'a Line, Refusal> {
    let line = line(name, board)?;
    match &line.owner {
        _ if !line.output => {
            Err(Refusal::new(Code::NotAvailable, format!("line \"{}\" is an input; it cannot be set", line.name)))
        }
        Some(owner) => Err(owned("line", &line.name, owner)),
        None => Ok(line),
    }
}

fn owned(what: &str, name: &str, owner: &str) -> Refusal {
    Refusal::new(Code::NotAvailable, format!("{what} \"{name}\" is {owner}, which no command moves"))
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Refusal {
    Refusal::new(Code::UnknownName, format!("this board declares no {what} `{}`", wire::shown(name)))
        .suggest(wire::nearest(name, known))
}
