//! A disk whose power can be cut: it knows what is safe and what is only on its way, and gives every disk that a cut could leave.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::Disk;

/// What a step that was not synced did to the names.
#[derive(Clone, Debug)]
enum Unsynced {
    Made(PathBuf, usize),
    Renamed(PathBuf, PathBuf),
    Removed(PathBuf),
}

/// A disk in memory.
#[derive(Clone, Debug, Default)]
pub struct FakeDisk {
    /// Bytes of each file that ever was, and whether they are safe.
    files: Vec<(Vec<u8>, bool)>,
    /// Names as programs see them.
    names: BTreeMap<PathBuf, usize>,
    /// Names as the medium has them.
    safe: BTreeMap<PathBuf, usize>,
    /// What was done to the names since the folder was synced, in order.
    under_way: Vec<Unsynced>,
    /// Steps that were done.
    steps: usize,
    /// The step that fails, and those after it too when the power is out.
    fails: Option<(usize, bool)>,
}

impl FakeDisk {
    /// A disk that holds this file, safely.
    pub fn holding(path: &Path, bytes: &[u8]) -> Self {
        let names = BTreeMap::from([(path.to_owned(), 0)]);
        Self { files: vec![(bytes.to_owned(), true)], safe: names.clone(), names, ..Self::default() }
    }

    /// The same, on which step `step` (from 0, counted from now) fails once.
    pub fn failing_at(mut self, step: usize) -> Self {
        self.fails = Some((self.steps + step, false));
        self
    }

    /// The same, on which the power goes out at step `step` (from 0, counted from now): half of that step may have been done.
    pub fn cut_at(mut self, step: usize) -> Self {
        self.fails = Some((self.steps + step, true));
        self
    }

    /// How many steps were done or tried.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Names of all files, as programs see them.
    pub fn names(&self) -> Vec<&Path> {
        self.names.keys().map(PathBuf::as_path).collect()
    }

    /// Every disk that may be found when the power comes back: of the names that were not synced any may have been kept, and of the
    /// bytes that were not synced none, some, or zeros in their place.
    pub fn after_power_cut(&self) -> Vec<Self> {
        let mut found = Vec::new();
        for kept in 0..1u32 << self.under_way.len().min(8) {
            let mut names = self.safe.clone();
            for (number, step) in self.under_way.iter().enumerate() {
                if kept & (1 << number) != 0 {
                    apply(&mut names, step);
                }
            }
            for torn in 0..4 {
                let files: Vec<_> = self.files.iter().map(|(bytes, safe)| (tear(bytes, *safe, torn), true)).collect();
                found.push(Self { files, safe: names.clone(), names: names.clone(), ..Self::default() });
            }
        }
        found
    }

    fn step(&mut self) -> io::Result<()> {
        let step = self.steps;
        self.steps += 1;
        match self.fails {
            Some((at, power)) if step == at || power && step > at => Err(io::Error::other("the disk failed, as the test wanted")),
            _ => Ok(()),
        }
    }

    fn missing(path: &Path) -> io::Error {
        io::Error::new(io::ErrorKind::NotFound, format!("{}: no such file", path.display()))
    }
}

fn apply(names: &mut BTreeMap<PathBuf, usize>, step: &Unsynced) {
    match step {
        Unsynced::Made(path, file) => drop(names.insert(path.clone(), *file)),
        Unsynced::Renamed(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Unsynced::Removed(path) => drop(names.remove(path)),
    }
}

fn tear(bytes: &[u8], safe: bool, how: u8) -> Vec<u8> {
    match how {
        _ if safe => bytes.to_vec(),
        0 => Vec::new(),
        1 => bytes[..bytes.len() / 2].to_vec(),
        2 => vec![0; bytes.len()],
        _ => bytes.to_vec(),
    }
}

impl Disk for FakeDisk {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(self.names.get(path).map(|file| self.files[*file].0.clone()))
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let done = self.step();
        // A disk that is full, or loses its power, has taken some of it.
        let taken = if done.is_ok() { bytes } else { &bytes[..bytes.len() / 3] };
        if done.is_ok() || self.fails.is_some_and(|(at, _)| at + 1 == self.steps) {
            self.files.push((taken.to_vec(), false));
            let file = self.files.len() - 1;
            self.names.insert(path.to_owned(), file);
            self.under_way.push(Unsynced::Made(path.to_owned(), file));
        }
        done
    }

    fn sync(&mut self, path: &Path) -> io::Result<()> {
        self.step()?;
        let file = *self.names.get(path).ok_or_else(|| Self::missing(path))?;
        self.files[file].1 = true;
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        let step = Unsynced::Renamed(from.to_owned(), to.to_owned());
        if !self.names.contains_key(from) {
            return Err(Self::missing(from));
        }
        apply(&mut self.names, &step);
        self.under_way.push(step);
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.step()?;
        let step = Unsynced::Removed(path.to_owned());
        if self.names.contains_key(path) {
            apply(&mut self.names, &step);
            self.under_way.push(step);
        }
        Ok(())
    }

    fn make_folder(&mut self, _: &Path) -> io::Result<()> {
        self.step()
    }

    fn sync_folder(&mut self, _: &Path) -> io::Result<()> {
        self.step()?;
        self.safe = self.names.clone();
        self.under_way.clear();
        Ok(())
    }
}
