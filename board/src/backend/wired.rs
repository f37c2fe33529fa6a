//! The rules of a board, over any driver of lines.

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

use super::{Board, Declared, Kind, LineError, Move, Press, Shown, Temperature, Throttling, input, led, sensors};
use crate::{Direction, Fan, Led, Line, Pattern, Profile};

/// What moves lines.
pub(super) trait Driver: Send {
    /// Takes a line for itself; an output starts in its safe state. One that is `watched` tells when it moves.
    fn claim(&mut self, name: &str, line: &Line, watched: bool) -> Result<(), LineError>;
    /// Whether a claimed line is on.
    fn read(&mut self, name: &str) -> Result<bool, LineError>;
    /// Switches a claimed output.
    fn write(&mut self, name: &str, on: bool) -> Result<(), LineError>;
    /// Drives a claimed output for a part of the time.
    fn dim(&mut self, name: &str, duty: f32) -> Result<(), LineError> {
        self.write(name, duty > 0.0)
    }
    /// Which watched lines moved since the last time, and whether they are on now.
    fn moved(&mut self) -> Vec<(String, bool)> {
        Vec::new()
    }
    /// Descriptors that tell when a watched line has moved.
    fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        Vec::new()
    }
    /// Whether nothing tells when a watched line has moved.
    fn is_polled(&self) -> bool {
        false
    }
}

/// A board with lines and LEDs.
pub(super) struct Wired<D: Driver> {
    pub(super) driver: D,
    names: Names,
    root: PathBuf,
    /// What watched lines did that nobody has asked for yet.
    moves: Vec<Move>,
}

/// What a profile declares, and what of it is there.
pub(super) struct Names {
    profile: Profile,
    /// Why a line cannot be used.
    missing: BTreeMap<String, LineError>,
    class: led::Class,
    keys: input::Keys,
}

impl<D: Driver> Wired<D> {
    pub(super) fn open(profile: &Profile, mut driver: D, root: &Path) -> Self {
        let mut names = Names::claim(profile, &mut driver, root);
        names.keys.look();
        Self { driver, names, root: root.into(), moves: Vec::new() }
    }
}

impl Names {
    pub(super) fn claim(profile: &Profile, driver: &mut impl Driver, root: &Path) -> Self {
        let button = |name: &String| profile.buttons.values().any(|button| button.line.as_ref() == Some(name));
        let watched = |name: &String| button(name) || profile.lines.get(name).is_some_and(|line| line.watch);
        let claim = |(name, line): (&String, &Line)| Some((name.clone(), driver.claim(name, line, watched(name)).err()?));
        let missing = profile.lines.iter().filter_map(claim).collect();
        Self { profile: profile.clone(), missing, class: led::Class::new(root), keys: input::Keys::new(profile, root) }
    }

    fn line(&self, name: &str) -> Result<&Line, LineError> {
        match (self.profile.lines.get(name), self.missing.get(name)) {
            (Some(_), Some(missing)) => Err(missing.clone()),
            (Some(line), None) => Ok(line),
            (None, _) => {
                let known = self.profile.lines.keys().cloned().collect();
                Err(LineError::Unknown { what: "line", name: name.into(), known })
            }
        }
    }

    pub(super) fn declared(&self, root: &Path) -> Vec<Declared> {
        let one = |name: &str, kind, stands_for: &str, missing: Option<String>| Declared {
            name: name.into(),
            kind,
            stands_for: stands_for.into(),
            missing,
        };
        let why = |line: &str| self.line(line).err().map(|why| why.to_string());
        let profile = &self.profile;
        let mut found = Vec::new();
        for (name, line) in &profile.lines {
            let kind = if line.direction == Direction::Input { Kind::Input } else { Kind::Output };
            found.push(one(name, kind, &line.line, why(name)));
        }
        for (name, led) in &profile.leds {
            found.push(match (&led.class, &led.line) {
                (Some(class), _) => one(name, Kind::Led, class, self.class.missing(name, class)),
                (None, line) => {
                    let line = line.as_deref().unwrap_or_default();
                    one(name, Kind::Led, line, why(line))
                }
            });
        }
        found.extend(self.keys.declared().map(|(name, stands_for, missing)| one(name, Kind::Key, &stands_for, missing)));
        if let Some(name) = profile.fan.as_ref().and_then(|fan| fan.hwmon.as_ref()) {
            let missing = || format!("fan: the kernel's hwmon has no \"{name}\"; /sys/class/hwmon/*/name lists what it has");
            found.push(one("fan", Kind::Sensor, name, sensors::hwmon(root, name).is_none().then(missing)));
        }
        if let Some(name) = profile.ir_cut.as_ref().and_then(|ir| ir.sensor.as_ref()) {
            let missing =
                || format!("light sensor: the kernel's IIO has no \"{name}\"; /sys/bus/iio/devices/*/name lists what it has");
            found.push(one("light sensor", Kind::Sensor, name, sensors::iio(root, name).is_none().then(missing)));
        }
        let nodes = [
            ("watchdog", profile.watchdog.as_ref().map(|watchdog| &watchdog.device)),
            ("storage", profile.storage.as_ref().and_then(|storage| storage.device.as_ref())),
        ];
        for (name, node) in nodes.into_iter().filter_map(|(name, node)| Some((name, node?))) {
            let there = root.join(node.trim_start_matches('/')).exists();
            found.push(one(name, Kind::Node, node, (!there).then(|| format!("{name}: there is no {node}"))));
        }
        found
    }
}

impl<D: Driver> Board for Wired<D> {
    fn declared(&self) -> Vec<Declared> {
        self.names.declared(&self.root)
    }

    fn get(&mut self, line: &str) -> Result<bool, LineError> {
        self.names.line(line)?;
        self.driver.read(line)
    }

    fn set(&mut self, line: &str, on: bool) -> Result<(), LineError> {
        match self.names.line(line)?.direction {
            Direction::Input => Err(LineError::Input(line.into())),
            Direction::Output => self.driver.write(line, on),
        }
    }

    fn dim(&mut self, line: &str, duty: f32) -> Result<(), LineError> {
        match self.names.line(line)?.direction {
            Direction::Input => Err(LineError::Input(line.into())),
            Direction::Output => self.driver.dim(line, duty),
        }
    }

    fn show(&mut self, led: &str, pattern: Pattern) -> Result<Shown, LineError> {
        match self.names.profile.leds.get(led).cloned() {
            None => {
                let known = self.names.profile.leds.keys().cloned().collect();
                Err(LineError::Unknown { what: "LED", name: led.into(), known })
            }
            Some(Led { class: Some(class), .. }) => self.names.class.show(led, &class, pattern),
            Some(Led { line, .. }) => {
                self.set(&line.unwrap_or_default(), pattern != Pattern::Off)?;
                Ok(if matches!(pattern, Pattern::Blink(_)) { Shown::ByHand } else { Shown::Whole })
            }
        }
    }

    fn presses(&mut self) -> Vec<Press> {
        let mut presses = self.names.keys.presses();
        for (line, on) in self.driver.moved() {
            let buttons = self.names.profile.buttons.iter().filter(|(_, button)| button.line.as_ref() == Some(&line));
            presses.extend(buttons.map(|(name, _)| Press { button: name.clone(), pressed: on }));
            if self.names.profile.lines.get(&line).is_some_and(|line| line.watch) {
                self.moves.push(Move { line, on });
            }
        }
        presses
    }

    fn moves(&mut self) -> Vec<Move> {
        std::mem::take(&mut self.moves)
    }

    fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        let mut found = self.driver.descriptors();
        found.extend(self.names.keys.descriptors());
        found
    }

    fn is_polled(&self) -> bool {
        self.driver.is_polled()
    }

    fn look_again(&mut self) {
        if self.names.keys.is_missing_some() {
            self.names.keys.look();
        }
    }

    fn temperatures(&self) -> Vec<Temperature> {
        sensors::temperatures(&self.root)
    }

    fn throttling(&self) -> Throttling {
        sensors::throttling(&self.root)
    }

    fn fan_rpm(&self) -> Option<u32> {
        match &self.names.profile.fan {
            Some(Fan { hwmon: Some(name), .. }) => sensors::fan_rpm(&self.root, name),
            _ => None,
        }
    }

    fn lux(&self) -> Option<f32> {
        sensors::lux(&self.root, self.names.profile.ir_cut.as_ref()?.sensor.as_ref()?)
    }

    fn rest(&mut self) {
        let usable = self.names.profile.lines.iter().filter(|(name, _)| !self.names.missing.contains_key(*name));
        let outputs: Vec<(String, bool)> = usable.filter_map(|(name, line)| Some((name.clone(), line.safe?))).collect();
        for (name, safe) in outputs {
            // A line that cannot be moved now is given back to the kernel with the process.
            let _ = self.driver.write(&name, safe);
        }
        for (name, led) in &self.names.profile.leds {
            if let Some(class) = &led.class {
                let _ = self.names.class.show(name, class, Pattern::Off);
            }
        }
    }
}

impl<D: Driver> Drop for Wired<D> {
    fn drop(&mut self) {
        self.rest();
    }
}
