//! Who keeps a board: everything about it that takes time, sans-IO.
//!
//! Commands move lines and LEDs through it; by itself it ends pulses, blinks what the kernel does not blink, throws the IR-cut filter
//! over by the light, runs a fan by the temperature, and lets outputs go to their safe states when the channel has been lost for too
//! long. It owns the [`Board`] and decides over it; it has neither clock nor thread: whoever has calls [`Keeper::wake`] at
//! [`Keeper::deadline`] and whenever one of the board's descriptors can be read from. Dropping it leaves every output safe.

mod day;
mod lamp;
mod state;

use std::collections::BTreeMap;
use std::time::Duration;

pub use day::DayMode;
pub use state::{ButtonState, FanState, FilterState, LedState, LineState, State};

use day::DayNight;
use lamp::Lamp;

use crate::{Board, LineError, Move, PRIVACY, Pattern, Press, Profile, STATUS, Shown, Signal, Temperature, Throttling};

/// How often light, temperature and missing devices are looked at, where something depends on them.
const SAMPLE: Duration = Duration::from_secs(1);
/// How often buttons are looked at that tell nobody when they move.
const POLL: Duration = Duration::from_millis(20);
/// How long a pulse may be, in milliseconds.
pub const PULSE_MS: std::ops::RangeInclusive<u32> = 10..=60_000;

/// A board in good hands.
pub struct Keeper {
    board: Box<dyn Board>,
    profile: Profile,
    /// How long the channel may be lost before outputs are let go; `None` for ever.
    patience: Option<Duration>,
    lamps: BTreeMap<String, Lamp>,
    shown: BTreeMap<String, Pattern>,
    pulses: BTreeMap<String, Pulse>,
    pressed: BTreeMap<String, bool>,
    filter: Option<DayNight>,
    fan: Option<bool>,
    signal: Option<Signal>,
    /// Until when the status LED says "here" instead of how the device is.
    here: Option<Duration>,
    inside: bool,
    /// When it lets go, unless the channel is back before.
    lost: Option<Duration>,
    sample_at: Option<Duration>,
    poll_at: Option<Duration>,
    trouble: BTreeMap<&'static str, String>,
}

/// The end of a pulse.
#[derive(Clone, Copy, Debug)]
struct Pulse {
    until: Duration,
    then: bool,
}

impl Keeper {
    /// Takes over `board`, which was opened by `profile`. Outputs other than those that the daemon needs go to their safe states when
    /// the channel has been lost for `patience`.
    pub fn new(profile: &Profile, board: Box<dyn Board>, patience: Option<Duration>, now: Duration) -> Self {
        let mut keeper = Self {
            profile: profile.clone(),
            patience,
            lamps: BTreeMap::new(),
            shown: BTreeMap::new(),
            pulses: BTreeMap::new(),
            pressed: BTreeMap::new(),
            filter: profile.ir_cut.as_ref().map(DayNight::new),
            fan: None,
            signal: None,
            here: None,
            inside: false,
            lost: None,
            sample_at: None,
            poll_at: board.is_polled().then_some(now + POLL),
            trouble: BTreeMap::new(),
            board,
        };
        let fan = profile.fan.as_ref().is_some_and(|fan| fan.line.is_some());
        let keys = profile.buttons.values().any(|button| button.key.is_some());
        if keeper.senses_light() || fan || keys {
            keeper.sample_at = Some(now);
        }
        // A filter that is thrown over by pulses is wherever it was left.
        keeper.throw(now);
        keeper
    }

    /// The board itself, to wait for its descriptors.
    pub fn board(&self) -> &dyn Board {
        &*self.board
    }

    /// What it could not do by itself lately, in one line; `None` when all is well.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.values().next().map(String::as_str)
    }

    fn note(&mut self, what: &'static str, result: Result<(), LineError>) {
        match result {
            Ok(()) => self.trouble.remove(what),
            Err(why) => self.trouble.insert(what, why.to_string()),
        };
    }

    /// The line that a command means: by its own name, or by that of the relay on it.
    fn line<'a>(&'a self, name: &'a str) -> &'a str {
        self.profile.relays.get(name).map_or(name, |relay| &relay.line)
    }

    fn free_line(&self, name: &str) -> Result<String, LineError> {
        let line = self.line(name);
        match self.profile.owner(line) {
            Some(owner) => Err(LineError::Owned { what: "line", name: name.into(), owner }),
            None => Ok(line.to_owned()),
        }
    }

    /// Whether a line is on, as commands ask for it.
    pub fn get(&mut self, name: &str) -> Result<bool, LineError> {
        let line = self.line(name).to_owned();
        self.board.get(&line)
    }

    /// Switches a line, as commands ask for it. Ends a pulse of it.
    pub fn set(&mut self, name: &str, on: bool) -> Result<(), LineError> {
        let line = self.free_line(name)?;
        self.board.set(&line, on)?;
        self.pulses.remove(&line);
        Ok(())
    }

    /// Switches a line for so many milliseconds, within [`PULSE_MS`], and then the other way. One on top of another begins anew.
    pub fn pulse(&mut self, name: &str, on: bool, ms: u32, now: Duration) -> Result<(), LineError> {
        let line = self.free_line(name)?;
        self.begin_pulse(line, on, ms, now)
    }

    fn begin_pulse(&mut self, line: String, on: bool, ms: u32, now: Duration) -> Result<(), LineError> {
        self.board.set(&line, on)?;
        let ms = ms.clamp(*PULSE_MS.start(), *PULSE_MS.end());
        self.pulses.insert(line, Pulse { until: now + Duration::from_millis(ms.into()), then: !on });
        Ok(())
    }

    /// Lets an LED show a pattern, as commands ask for it.
    pub fn led(&mut self, name: &str, pattern: Pattern, now: Duration) -> Result<(), LineError> {
        match self.owner_of_led(name) {
            Some(owner) => Err(LineError::Owned { what: "LED", name: name.into(), owner }),
            None => self.show(name, pattern, now),
        }
    }

    fn owner_of_led(&self, name: &str) -> Option<&'static str> {
        match name {
            STATUS => Some("the status LED"),
            PRIVACY => Some("the privacy LED"),
            _ => None,
        }
        .filter(|_| self.profile.leds.contains_key(name))
    }

    fn show(&mut self, led: &str, pattern: Pattern, now: Duration) -> Result<(), LineError> {
        let shown = self.board.show(led, pattern)?;
        self.shown.insert(led.into(), pattern);
        match (shown, pattern) {
            (Shown::ByHand, Pattern::Blink(steps)) => self.lamps.insert(led.into(), Lamp::lit(steps, now)),
            _ => self.lamps.remove(led),
        };
        Ok(())
    }

    /// The status LED tells `signal` from now on, where there is one.
    pub fn signal(&mut self, signal: Signal, now: Duration) {
        let Some(led) = self.profile.leds.get(STATUS) else { return };
        if self.signal.replace(signal) == Some(signal) || self.here.is_some() {
            return;
        }
        let pattern = led.patterns.unwrap_or_default().of(signal);
        let shown = self.show(STATUS, pattern, now);
        self.note("status", shown);
    }

    /// The status LED blinks for `span`, for somebody who looks for this device among others; then it tells again how the device is.
    pub fn identify(&mut self, span: Duration, now: Duration) -> Result<(), LineError> {
        let Some(led) = self.profile.leds.get(STATUS) else {
            let known = self.profile.leds.keys().cloned().collect();
            return Err(LineError::Unknown { what: "LED", name: STATUS.into(), known });
        };
        self.show(STATUS, led.patterns.unwrap_or_default().here, now)?;
        self.here = Some(now + span);
        Ok(())
    }

    /// The status LED tells again how the device is.
    fn tell_again(&mut self, now: Duration) {
        self.here = None;
        let patterns = self.profile.leds.get(STATUS).and_then(|led| led.patterns).unwrap_or_default();
        let pattern = self.signal.map_or(Pattern::Off, |signal| patterns.of(signal));
        let shown = self.show(STATUS, pattern, now);
        self.note("status", shown);
    }

    /// The camera has been opened or closed: the privacy LED is lit or goes out, where there is one.
    pub fn camera(&mut self, open: bool, now: Duration) {
        if self.profile.leds.contains_key(PRIVACY) {
            let shown = self.show(PRIVACY, if open { Pattern::On } else { Pattern::Off }, now);
            self.note("privacy", shown);
        }
    }

    /// Whether it wants to be told by [`Keeper::brightness`] how light the picture is.
    pub fn wants_brightness(&self) -> bool {
        self.filter.as_ref().is_some_and(|filter| filter.mode == DayMode::Auto) && !self.senses_light()
    }

    fn senses_light(&self) -> bool {
        self.profile.ir_cut.as_ref().is_some_and(|ir| ir.sensor.is_some())
    }

    /// The picture's mean brightness, 0 to 255; about once a second. Not asked for where a sensor tells.
    pub fn brightness(&mut self, mean: u8, now: Duration) {
        if !self.senses_light() {
            self.light(mean.into(), now);
        }
    }

    fn light(&mut self, light: f32, now: Duration) {
        if self.filter.as_mut().is_some_and(|filter| filter.light(light, now)) {
            self.throw(now);
        }
    }

    /// Who decides about the IR-cut filter from now on; false where the board has none.
    pub fn day_mode(&mut self, mode: DayMode, now: Duration) -> bool {
        let Some(filter) = &mut self.filter else { return false };
        if filter.set(mode) {
            self.throw(now);
        }
        true
    }

    /// Puts filter and lamp where they belong.
    fn throw(&mut self, now: Duration) {
        let (Some(ir), Some(night)) = (self.profile.ir_cut.clone(), self.filter.as_ref().map(|filter| filter.night)) else {
            return;
        };
        let moved = match (ir.line, ir.day, ir.night) {
            (Some(line), ..) => self.board.set(&line, !night),
            (None, Some(day), Some(dark)) => {
                let (coil, other) = if night { (dark, day) } else { (day, dark) };
                // Both coils at once would burn.
                self.pulses.remove(&other);
                self.board.set(&other, false).and_then(|()| self.begin_pulse(coil, true, ir.pulse_ms, now))
            }
            _ => Ok(()),
        };
        let lit = ir.lamp.map_or(Ok(()), |lamp| self.board.set(&lamp, night));
        self.note("filter", moved.and(lit));
    }

    /// Whether the device is in the channel. Lost for longer than its patience, it lets go of what commands have moved.
    pub fn channel(&mut self, inside: bool, now: Duration) {
        let was_inside = std::mem::replace(&mut self.inside, inside);
        if inside {
            self.lost = None;
        } else if was_inside {
            self.lost = self.patience.map(|patience| now + patience);
        }
    }

    /// Lets go of everything that commands have moved; what the daemon itself drives goes on.
    fn let_go(&mut self, now: Duration) {
        let lines = self.profile.lines.iter().filter_map(|(name, line)| Some((name.clone(), line.safe?)));
        let lines: Vec<_> = lines.filter(|(name, _)| self.profile.owner(name).is_none()).collect();
        let mut result = Ok(());
        for (name, safe) in lines {
            self.pulses.remove(&name);
            // One that is not there has been told of at the start.
            match self.board.set(&name, safe) {
                Ok(()) | Err(LineError::Held { .. } | LineError::Missing { .. } | LineError::Permission { .. }) => {}
                Err(why) => result = Err(why),
            }
        }
        let lit: Vec<_> = self.shown.keys().filter(|name| self.owner_of_led(name).is_none()).cloned().collect();
        for led in lit {
            result = self.show(&led, Pattern::Off, now).and(result);
            self.shown.remove(&led);
        }
        self.note("safe", result);
    }

    /// When [`Keeper::wake`] has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        let lamps = self.lamps.values().map(|lamp| lamp.until);
        let pulses = self.pulses.values().map(|pulse| pulse.until);
        lamps.chain(pulses).chain(self.here).chain(self.lost).chain(self.sample_at).chain(self.poll_at).min()
    }

    /// Does what it is time for, and tells what the buttons did.
    pub fn wake(&mut self, now: Duration) -> Vec<Press> {
        let over: Vec<_> =
            self.pulses.iter().filter(|(_, pulse)| pulse.until <= now).map(|(line, pulse)| (line.clone(), *pulse)).collect();
        for (line, pulse) in over {
            self.pulses.remove(&line);
            let ended = self.board.set(&line, pulse.then);
            self.note("pulse", ended);
        }
        let due: Vec<_> = self.lamps.iter_mut().filter_map(|(led, lamp)| Some((led.clone(), lamp.step(now)?))).collect();
        for (led, lit) in due {
            let shown = self.board.show(&led, if lit { Pattern::On } else { Pattern::Off }).map(drop);
            self.note("blinking", shown);
        }
        if self.here.is_some_and(|here| here <= now) {
            self.tell_again(now);
        }
        if self.lost.is_some_and(|lost| lost <= now) {
            self.lost = None;
            self.let_go(now);
        }
        if self.sample_at.is_some_and(|at| at <= now) {
            self.sample_at = Some(now + SAMPLE);
            self.sample(now);
        }
        if self.poll_at.is_some_and(|at| at <= now) {
            self.poll_at = Some(now + POLL);
        }
        let presses = self.board.presses();
        for press in &presses {
            self.pressed.insert(press.button.clone(), press.pressed);
        }
        presses
    }

    /// What watched lines did until the last [`Keeper::wake`].
    pub fn moves(&mut self) -> Vec<Move> {
        self.board.moves()
    }

    /// The watched lines, and whether they are on; without those that cannot be read.
    pub fn watched(&mut self) -> Vec<Move> {
        let watched: Vec<_> = self.profile.lines.iter().filter(|(_, line)| line.watch).map(|(name, _)| name.clone()).collect();
        watched.into_iter().filter_map(|line| Some(Move { on: self.board.get(&line).ok()?, line })).collect()
    }

    fn sample(&mut self, now: Duration) {
        self.board.look_again();
        if self.senses_light()
            && let Some(lux) = self.board.lux()
        {
            self.light(lux, now);
        }
        let Some((fan, line)) = self.profile.fan.clone().and_then(|fan| Some((fan.clone(), fan.line?))) else { return };
        let hottest = self.board.temperatures().into_iter().map(|sensor| sensor.celsius).fold(f32::NEG_INFINITY, f32::max);
        let runs = match self.fan {
            // Without a thermometer it runs: better loud than hot.
            _ if hottest == f32::NEG_INFINITY => true,
            Some(true) => hottest > fan.off_below_c,
            _ => hottest >= fan.on_above_c,
        };
        // Faster the hotter it is, where the line can be dimmed: from a third on, below which fans stand still.
        let span = (fan.on_above_c - fan.off_below_c).max(1.0);
        let duty = if runs { (1.0 / 3.0 + (hottest - fan.off_below_c) / span / 1.5).clamp(1.0 / 3.0, 1.0) } else { 0.0 };
        self.fan = Some(runs);
        let set = self.board.dim(&line, duty);
        self.note("fan", set);
    }

    /// What the machine's sensors say.
    pub fn temperatures(&self) -> Vec<Temperature> {
        self.board.temperatures()
    }

    /// Whether heat or a weak supply slows the machine down.
    pub fn throttling(&self) -> Throttling {
        self.board.throttling()
    }
}
