//! The rules of a board, over any driver of lines.

use std::{collections::BTreeMap, path::Path};

use super::{Board, Declared, Kind, LineError, Pattern, led};
use crate::{Direction, Led, Line, Profile};

/// What moves lines.
pub(super) trait Driver: Send {
    /// Takes a line for itself; an output starts in its safe state.
    fn claim(&mut self, name: &str, line: &Line) -> Result<(), LineError>;
    /// Whether a claimed line is on.
    fn read(&mut self, name: &str) -> Result<bool, LineError>;
    /// Switches a claimed output.
    fn write(&mut self, name: &str, on: bool) -> Result<(), LineError>;
}

/// A board with lines and LEDs.
pub(super) struct Wired<D: Driver> {
    pub(super) driver: D,
    names: Names,
}

/// What a profile declares, and what of it is there.
pub(super) struct Names {
    lines: BTreeMap<String, (Line, Option<LineError>)>,
    leds: BTreeMap<String, Led>,
    class: led::Class,
}

impl<D: Driver> Wired<D> {
    pub(super) fn open(profile: &Profile, mut driver: D, root: &Path) -> Self {
        let names = Names::claim(profile, &mut driver, root);
        Self { driver, names }
    }
}

impl Names {
    pub(super) fn claim(profile: &Profile, driver: &mut impl Driver, root: &Path) -> Self {
        let lines = profile
            .lines
            .iter()
            .map(|(name, line)| {
                let missing = driver.claim(name, line).err();
                (name.clone(), (line.clone(), missing))
            })
            .collect();
        Self { lines, leds: profile.leds.clone(), class: led::Class::new(root) }
    }

    fn line(&self, name: &str) -> Result<&Line, LineError> {
        match self.lines.get(name) {
            Some((line, None)) => Ok(line),
            Some((_, Some(missing))) => Err(missing.clone()),
            None => Err(LineError::Unknown { what: "line", name: name.into(), known: self.lines.keys().cloned().collect() }),
        }
    }

    pub(super) fn declared(&self) -> Vec<Declared> {
        let lines = self.lines.iter().map(|(name, (line, missing))| Declared {
            name: name.clone(),
            kind: if line.direction == Direction::Input { Kind::Input } else { Kind::Output },
            stands_for: line.line.clone(),
            missing: missing.as_ref().map(LineError::to_string),
        });
        let leds = self.leds.iter().map(|(name, led)| {
            let (stands_for, missing) = match (&led.class, &led.line) {
                (Some(class), _) => (class.clone(), self.class.missing(class)),
                (None, line) => {
                    let line = line.clone().unwrap_or_default();
                    let missing = self.line(&line).err().map(|why| why.to_string());
                    (line, missing)
                }
            };
            Declared { name: name.clone(), kind: Kind::Led, stands_for, missing }
        });
        lines.chain(leds).collect()
    }
}

impl<D: Driver> Board for Wired<D> {
    fn declared(&self) -> Vec<Declared> {
        self.names.declared()
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

    fn show(&mut self, led: &str, pattern: Pattern) -> Result<(), LineError> {
        match self.names.leds.get(led).cloned() {
            None => Err(LineError::Unknown { what: "LED", name: led.into(), known: self.names.leds.keys().cloned().collect() }),
            Some(Led { class: Some(class), .. }) => self.names.class.show(led, &class, pattern),
            Some(Led { line, .. }) => self.set(&line.unwrap_or_default(), pattern != Pattern::Off),
        }
    }

    fn rest(&mut self) {
        let outputs: Vec<(String, bool)> = self
            .names
            .lines
            .iter()
            .filter(|(_, (_, missing))| missing.is_none())
            .filter_map(|(name, (line, _))| Some((name.clone(), line.safe?)))
            .collect();
        for (name, safe) in outputs {
            // A line that cannot be moved now is given back to the kernel with the process.
            let _ = self.driver.write(&name, safe);
        }
        for (name, led) in &self.names.leds {
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
