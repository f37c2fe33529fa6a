//! Acts of commands carried out on the board, and its facts in the words of the command plane. Only translation.

use std::time::Duration;

use board::{DayMode, Direction, Keeper, LineError, Profile, State, Support};
use wire::board::{Button, Fan, Info, IrCut, IrCutMode, Led, Line, Pattern, Steady, Temperature, Temperatures, Throttling};

use crate::control::{BoardAct, Failure, Outcome};

/// Does what a command asks of the board, and says how that is then.
pub fn carry_out(act: BoardAct, keeper: &mut Keeper, profile: &Profile, now: Duration) -> Outcome {
    let done = match act {
        BoardAct::ReadInfo => return Outcome::BoardInfo(Box::new(info(profile, &keeper.state()))),
        BoardAct::ReadTemperatures => return Outcome::Temperatures(temperatures(keeper)),
        BoardAct::ReadThrottling => return Outcome::Throttling(throttling(keeper)),
        BoardAct::Identify(seconds) => keeper.identify(Duration::from_secs(seconds.into()), now).map(|()| Outcome::Done),
        BoardAct::ReadLine(line) => read(keeper, profile, &line),
        BoardAct::SetLine(params) => keeper.set(&params.line, params.on).and_then(|()| read(keeper, profile, &params.line)),
        BoardAct::PulseLine(params) => {
            let begun = keeper.pulse(&params.line, params.on, params.ms, now);
            begun.and_then(|()| read(keeper, profile, &params.line))
        }
        BoardAct::SetLed(params) => match pattern(&params.pattern) {
            Err(why) => return Outcome::Failed(Failure::OutOfRange(why)),
            Ok(shown) => keeper
                .led(&params.led, shown, now)
                .map(|()| Outcome::Led(Box::new(Led { name: params.led, shows: params.pattern, owner: None, missing: None }))),
        },
        BoardAct::SetIrCut(mode) => {
            keeper.day_mode(day_mode(mode), now);
            match ir_cut(&keeper.state()) {
                Some(filter) => Ok(Outcome::IrCut(filter)),
                None => return Outcome::Failed(Failure::NotAvailable("this board has no IR-cut filter".into())),
            }
        }
    };
    done.unwrap_or_else(|why| Outcome::Failed(failure(&why)))
}

fn failure(why: &LineError) -> Failure {
    match why {
        LineError::Failed { .. } => Failure::Device(why.to_string()),
        _ => Failure::NotAvailable(why.to_string()),
    }
}

/// A line as it is, for the reply: only this one is asked.
fn read(keeper: &mut Keeper, profile: &Profile, name: &str) -> Result<Outcome, LineError> {
    let on = keeper.get(name)?;
    let declared = profile.lines.get(name);
    Ok(Outcome::Line(Box::new(Line {
        name: name.to_owned(),
        relay: profile.relays.iter().find(|(_, relay)| relay.line == name).map(|(relay, _)| relay.clone()),
        output: declared.is_some_and(|line| line.direction == Direction::Output),
        on: Some(on),
        safe: declared.and_then(|line| line.safe),
        owner: profile.owner(name).map(str::to_owned),
        missing: None,
    })))
}

fn temperatures(keeper: &Keeper) -> Temperatures {
    let sensors = keeper.temperatures().into_iter().map(|one| Temperature { name: one.name, celsius: one.celsius });
    Temperatures { sensors: sensors.collect() }
}

fn throttling(keeper: &Keeper) -> Throttling {
    let board::Throttling { slowed, undervoltage } = keeper.throttling();
    Throttling { throttled: !slowed.is_empty() || undervoltage == Some(true), slowed, undervoltage }
}

/// The board as `board.info` shows it.
pub fn info(profile: &Profile, state: &State) -> Info {
    let lines = state.lines.iter().map(|line| Line {
        name: line.name.clone(),
        relay: line.relay.clone(),
        output: line.direction == Direction::Output,
        on: line.on,
        safe: line.safe,
        owner: line.owner.map(str::to_owned),
        missing: line.missing.clone(),
    });
    let leds = state.leds.iter().map(|led| Led {
        name: led.name.clone(),
        shows: shown(led.shows),
        owner: led.owner.map(str::to_owned),
        missing: led.missing.clone(),
    });
    let buttons = state.buttons.iter().map(|button| Button {
        name: button.name.clone(),
        pressed: button.pressed,
        missing: button.missing.clone(),
    });
    Info {
        profile: profile.badge.id.clone(),
        name: profile.badge.name.clone(),
        support: match profile.badge.support {
            Support::Tested => "tested",
            Support::Community => "community",
            Support::Untested => "untested",
        }
        .into(),
        lines: lines.collect(),
        leds: leds.collect(),
        buttons: buttons.collect(),
        ir_cut: ir_cut(state),
        fan: state.fan.map(|fan| Fan { runs: fan.runs, rpm: fan.rpm }),
    }
}

fn ir_cut(state: &State) -> Option<IrCut> {
    let filter = state.filter?;
    let mode = match filter.mode {
        DayMode::Auto => IrCutMode::Auto,
        DayMode::Day => IrCutMode::Day,
        DayMode::Night => IrCutMode::Night,
    };
    Some(IrCut { mode, night: filter.night, light: filter.light })
}

fn day_mode(mode: IrCutMode) -> DayMode {
    match mode {
        IrCutMode::Auto => DayMode::Auto,
        IrCutMode::Day => DayMode::Day,
        IrCutMode::Night => DayMode::Night,
    }
}

/// What an LED is to show; the rule of what a pattern is stands with the board alone.
fn pattern(pattern: &Pattern) -> Result<board::Pattern, String> {
    match pattern {
        Pattern::Steady(Steady::On) => Ok(board::Pattern::On),
        Pattern::Steady(Steady::Off) => Ok(board::Pattern::Off),
        Pattern::Blinking(times) => board::Pattern::round(times).ok_or_else(|| {
            format!("a pattern of {times:?} ms: it takes 2, 4, 6 or 8 times of light and dark in turns, each 20 to 60000")
        }),
    }
}

fn shown(pattern: board::Pattern) -> Pattern {
    match pattern {
        board::Pattern::On => Pattern::Steady(Steady::On),
        board::Pattern::Off => Pattern::Steady(Steady::Off),
        board::Pattern::Blink(steps) => Pattern::Blinking(steps.times().to_vec()),
    }
}
