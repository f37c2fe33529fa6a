//! A fake board that a test can look into while a keeper or a thread has it. Not for anything but tests.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Board, Declared, Fake, LineError, Move, Press, Shown, Temperature, Throttling};
use crate::{Pattern, Profile};

/// One [`Fake`] in several hands. Goes to its safe state when any of them lets go, as a board of which there is only one does. It has no
/// descriptors to wait for.
#[derive(Clone)]
pub struct SharedFake(Arc<Mutex<Fake>>);

impl SharedFake {
    /// As [`Fake::with_held`].
    pub fn new(profile: &Profile, root: &Path, held: &[(&str, &str)]) -> Self {
        Self(Arc::new(Mutex::new(Fake::with_held(profile, root, held))))
    }

    /// The board itself, for as long as the guard lives.
    pub fn fake(&self) -> MutexGuard<'_, Fake> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a claimed line is at. Panics if no line has this name.
    pub fn is_on(&self, line: &str) -> bool {
        self.fake().values()[line]
    }
}

impl Board for SharedFake {
    fn declared(&self) -> Vec<Declared> {
        self.fake().declared()
    }

    fn get(&mut self, line: &str) -> Result<bool, LineError> {
        self.fake().get(line)
    }

    fn set(&mut self, line: &str, on: bool) -> Result<(), LineError> {
        self.fake().set(line, on)
    }

    fn show(&mut self, led: &str, pattern: Pattern) -> Result<Shown, LineError> {
        self.fake().show(led, pattern)
    }

    fn moves(&mut self) -> Vec<Move> {
        self.fake().moves()
    }

    fn presses(&mut self) -> Vec<Press> {
        self.fake().presses()
    }

    fn look_again(&mut self) {
        self.fake().look_again();
    }

    fn temperatures(&self) -> Vec<Temperature> {
        self.fake().temperatures()
    }

    fn throttling(&self) -> Throttling {
        self.fake().throttling()
    }

    fn fan_rpm(&self) -> Option<u32> {
        self.fake().fan_rpm()
    }

    fn lux(&self) -> Option<f32> {
        self.fake().lux()
    }

    fn rest(&mut self) {
        self.fake().rest();
    }
}

impl Drop for SharedFake {
    fn drop(&mut self) {
        self.rest();
    }
}
