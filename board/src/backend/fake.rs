//! Boards without hardware: one that has nothing, and one whose lines are only remembered.

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::path::Path;

use super::{
    Board, Declared, LineError, Move, Press, Shown, Temperature, Throttling,
    wired::{Driver, Wired},
};
use crate::{Line, Pattern, Profile};

/// A board that declares nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Board for Nothing {
    fn declared(&self) -> Vec<Declared> {
        Vec::new()
    }

    fn get(&mut self, line: &str) -> Result<bool, LineError> {
        Err(LineError::Unknown { what: "line", name: line.into(), known: Vec::new() })
    }

    fn set(&mut self, line: &str, _: bool) -> Result<(), LineError> {
        self.get(line).map(drop)
    }

    fn show(&mut self, led: &str, _: Pattern) -> Result<Shown, LineError> {
        Err(LineError::Unknown { what: "LED", name: led.into(), known: Vec::new() })
    }

    fn rest(&mut self) {}
}

/// A board of which only the profile is real: for tests, and for trying out a profile on a desk. LEDs, keys and sensors are those
/// below its `root`, which may be a folder of plain files.
pub struct Fake(Wired<Memory>);

#[derive(Default)]
struct Memory {
    values: BTreeMap<String, bool>,
    held: BTreeMap<String, String>,
    watched: Vec<String>,
    moved: Vec<(String, bool)>,
}

impl Fake {
    /// All lines that the profile declares are there.
    pub fn new(profile: &Profile, root: &Path) -> Self {
        Self::with_held(profile, root, &[])
    }

    /// The same, but the kernel lines named in `held` belong to others: pairs of line and holder.
    pub fn with_held(profile: &Profile, root: &Path, held: &[(&str, &str)]) -> Self {
        let held = held.iter().map(|(line, holder)| (line.to_string(), holder.to_string())).collect();
        Self(Wired::open(profile, Memory { held, ..Memory::default() }, root))
    }

    /// Moves an input, as the world would.
    pub fn press(&mut self, line: &str, on: bool) {
        let memory = &mut self.0.driver;
        let before = memory.values.insert(line.into(), on);
        if before != Some(on) && memory.watched.iter().any(|watched| watched == line) {
            memory.moved.push((line.into(), on));
        }
    }

    /// What every claimed line is at.
    pub fn values(&self) -> &BTreeMap<String, bool> {
        &self.0.driver.values
    }
}

impl Board for Fake {
    fn declared(&self) -> Vec<Declared> {
        self.0.declared()
    }

    fn get(&mut self, line: &str) -> Result<bool, LineError> {
        self.0.get(line)
    }

    fn set(&mut self, line: &str, on: bool) -> Result<(), LineError> {
        self.0.set(line, on)
    }

    fn show(&mut self, led: &str, pattern: Pattern) -> Result<Shown, LineError> {
        self.0.show(led, pattern)
    }

    fn moves(&mut self) -> Vec<Move> {
        self.0.moves()
    }

    fn presses(&mut self) -> Vec<Press> {
        self.0.presses()
    }

    fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        self.0.descriptors()
    }

    fn look_again(&mut self) {
        self.0.look_again();
    }

    fn temperatures(&self) -> Vec<Temperature> {
        self.0.temperatures()
    }

    fn throttling(&self) -> Throttling {
        self.0.throttling()
    }

    fn fan_rpm(&self) -> Option<u32> {
        self.0.fan_rpm()
    }

    fn lux(&self) -> Option<f32> {
        self.0.lux()
    }

    fn rest(&mut self) {
        self.0.rest();
    }
}

impl Driver for Memory {
    fn claim(&mut self, name: &str, line: &Line, watched: bool) -> Result<(), LineError> {
        if let Some(holder) = self.held.get(&line.line) {
            return Err(LineError::Held { name: name.into(), line: line.line.clone(), holder: holder.clone() });
        }
        self.values.insert(name.into(), line.safe.unwrap_or(false));
        if watched {
            self.watched.push(name.into());
        }
        Ok(())
    }

    fn read(&mut self, name: &str) -> Result<bool, LineError> {
        Ok(self.values.get(name).copied().unwrap_or(false))
    }

    fn write(&mut self, name: &str, on: bool) -> Result<(), LineError> {
        self.values.insert(name.into(), on);
        Ok(())
    }

    fn moved(&mut self) -> Vec<(String, bool)> {
        std::mem::take(&mut self.moved)
    }
}
