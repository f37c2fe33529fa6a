//! How a board is at this moment, in the words of its profile.

use super::{DayMode, Keeper};
use crate::{Declared, Direction, Kind, Pattern};

/// How a board is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Its lines.
    pub lines: Vec<LineState>,
    /// Its LEDs.
    pub leds: Vec<LedState>,
    /// Its buttons.
    pub buttons: Vec<ButtonState>,
    /// Its IR-cut filter.
    pub filter: Option<FilterState>,
    /// Its fan.
    pub fan: Option<FanState>,
}

/// How a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineState {
    /// The profile's name.
    pub name: String,
    /// The relay on it.
    pub relay: Option<String>,
    /// Which way it goes.
    pub direction: Direction,
    /// Whether it is on; `None` where it cannot be told.
    pub on: Option<bool>,
    /// For outputs: whether it is on when nobody is in charge.
    pub safe: Option<bool>,
    /// What the daemon itself drives it for.
    pub owner: Option<&'static str>,
    /// Why it cannot be used, when it cannot.
    pub missing: Option<String>,
}

/// How an LED is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedState {
    /// The profile's name.
    pub name: String,
    /// What it was told to show.
    pub shows: Pattern,
    /// What the daemon itself shows with it.
    pub owner: Option<&'static str>,
    /// Why it cannot be used, when it cannot.
    pub missing: Option<String>,
}

/// How a button is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ButtonState {
    /// The profile's name.
    pub name: String,
    /// Whether it is down; `None` until it has moved, for a key of an input device.
    pub pressed: Option<bool>,
    /// Why it cannot be used, when it cannot.
    pub missing: Option<String>,
}

/// How the IR-cut filter is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FilterState {
    /// Who decides.
    pub mode: DayMode,
    /// Whether it is night: the filter is out.
    pub night: bool,
    /// How light it was at last: the picture's mean brightness, or lux.
    pub light: Option<f32>,
}

/// How the fan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FanState {
    /// Whether it was told to run; `None` where the kernel decides.
    pub runs: Option<bool>,
    /// Turns a minute, where they are told.
    pub rpm: Option<u32>,
}

impl Keeper {
    /// How the board is now. Reads every line.
    pub fn state(&mut self) -> State {
        let declared = self.board.declared();
        let missing = |name: &str, kinds: &[Kind]| {
            let one = declared.iter().find(|one: &&Declared| one.name == name && kinds.contains(&one.kind));
            one.and_then(|one| one.missing.clone())
        };
        let profile = self.profile.clone();
        let lines = profile.lines.iter().map(|(name, line)| LineState {
            name: name.clone(),
            relay: profile.relays.iter().find(|(_, relay)| relay.line == *name).map(|(relay, _)| relay.clone()),
            direction: line.direction,
            on: self.board.get(name).ok(),
            safe: line.safe,
            owner: profile.owner(name),
            missing: missing(name, &[Kind::Input, Kind::Output]),
        });
        let lines: Vec<_> = lines.collect();
        let leds = profile.leds.keys().map(|name| LedState {
            name: name.clone(),
            shows: self.shown.get(name).copied().unwrap_or(Pattern::Off),
            owner: self.owner_of_led(name),
            missing: missing(name, &[Kind::Led]),
        });
        let leds = leds.collect();
        let buttons = profile.buttons.iter().map(|(name, button)| {
            let line = button.line.as_ref().and_then(|line| lines.iter().find(|state| state.name == *line));
            ButtonState {
                name: name.clone(),
                pressed: line.map_or_else(|| self.pressed.get(name).copied(), |line| line.on),
                missing: line.map_or_else(|| missing(name, &[Kind::Key]), |line| line.missing.clone()),
            }
        });
        let buttons = buttons.collect();
        State {
            lines,
            leds,
            buttons,
            filter: self.filter.as_ref().map(|filter| FilterState {
                mode: filter.mode,
                night: filter.night,
                light: filter.light,
            }),
            fan: profile.fan.as_ref().map(|_| FanState { runs: self.fan, rpm: self.board.fan_rpm() }),
        }
    }
}
