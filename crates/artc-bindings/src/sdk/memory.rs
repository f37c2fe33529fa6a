//! Memory that we and the child share: slots for pictures and sound, in both directions.
//!
//! Ours is the descriptor: we write and read at a place in it, which copies once, as the move into the SDK must, and needs no
//! mapping. The child maps it. A slot's flag is 1 from when it is filled until it is read; who fills looks for a 0.
//!
//! A packet says what a slot holds, so the kernel has always been in between when the other side looks. A flag that turns 0 is told by
//! nobody: seen late, the slot is free late.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{MemfdFlags, memfd_create};
use serde_json::{Value, json};

use crate::sample::{MAX_LONG_SIDE, MAX_SHORT_SIDE};

/// Flags of all slots, before the first one.
const HEAD: u64 = 4096;
/// A pushed picture: the largest, at four bytes a pixel.
pub(super) const PICTURE: usize = (MAX_LONG_SIDE * MAX_SHORT_SIDE * 4) as usize;
/// A received picture: the largest screen, I420.
const SEEN: usize = 3840 * 2160 * 3 / 2;
/// Pushed or received sound: a second of the highest rate.
pub(super) const SOUND: usize = 96_000 * 2 * 2;

/// Pushed pictures that wait for their time at most: as many as the documents have by default.
pub(super) const MOST_PICTURES: usize = 100;
/// The same of blocks of sound.
pub(super) const MOST_SOUNDS: usize = 300;

/// Slots of one kind. Fresh memory is untouched and costs nothing.
#[derive(Debug)]
pub(super) struct Region {
    flags: u64,
    offset: u64,
    slots: usize,
    size: usize,
    filling: Mutex<()>,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Memory {
    file: File,
    size: u64,
    /// Pushed pictures.
    pub pictures: Region,
    /// Pushed sound.
    pub sounds: Region,
    /// Received pictures.
    pub seen: Region,
    /// Received sound.
    pub heard: Region,
}

impl Memory {
    /// New memory, without anything in it.
    pub fn new() -> io::Result<Self> {
        let (mut flags, mut offset) = (0, HEAD);
        let mut region = |slots: usize, size: usize| {
            let region = Region { flags, offset, slots, size, filling: Mutex::new(()) };
            flags += slots as u64;
            offset += (slots * size) as u64;
            region
        };
        let (pictures, sounds) = (region(MOST_PICTURES, PICTURE), region(MOST_SOUNDS, SOUND));
        let (seen, heard) = (region(3, SEEN), region(64, SOUND));
        let file = File::from(memfd_create("artc-edge sdk", MemfdFlags::CLOEXEC)?);
        file.set_len(offset)?;
        Ok(Self { file, size: offset, pictures, sounds, seen, heard })
    }

    /// The same memory for the child.
    pub fn share(&self) -> io::Result<OwnedFd> {
        Ok(self.file.try_clone()?.into())
    }

    /// How long it is, and where the child finds what.
    pub fn layout(&self) -> (u64, Value) {
        let regions = [&self.pictures, &self.sounds, &self.seen, &self.heard];
        (self.size, json!(regions.map(|one| json!([one.flags, one.offset, one.slots, one.size]))))
    }

    /// Puts `bytes` into a free slot of the first `most`; `None` when there is none.
    pub fn fill(&self, region: &Region, bytes: &[u8], most: usize) -> io::Result<Option<usize>> {
        if bytes.len() > region.size {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{} bytes, at most {} fit", bytes.len(), region.size),
            ));
        }
        let mut flags = [0_u8; MOST_SOUNDS];
        let flags = &mut flags[..region.slots.min(most)];
        let slot = {
            let _filling = region.filling.lock().unwrap_or_else(PoisonError::into_inner);
            self.file.read_exact_at(flags, region.flags)?;
            let Some(slot) = flags.iter().position(|flag| *flag == 0) else { return Ok(None) };
            self.file.write_all_at(&[1], region.flags + slot as u64)?;
            slot
        };
        self.file.write_all_at(bytes, region.offset + (slot * region.size) as u64)?;
        Ok(Some(slot))
    }

    /// Takes `len` bytes out of a slot of the child's, and frees it.
    pub fn take(&self, region: &Region, slot: usize, len: usize) -> io::Result<Vec<u8>> {
        if slot >= region.slots || len > region.size {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("slot {slot} with {len} bytes does not exist")));
        }
        let mut bytes = vec![0; len];
        self.file.read_exact_at(&mut bytes, region.offset + (slot * region.size) as u64)?;
        self.free(region, slot)?;
        Ok(bytes)
    }

    /// Frees a slot.
    pub fn free(&self, region: &Region, slot: usize) -> io::Result<()> {
        self.file.write_all_at(&[0], region.flags + slot as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_taken_until_there_is_none_and_again_when_one_is_free() {
        let memory = Memory::new().expect("memory");
        let sounds = &memory.sounds;
        let slots: Vec<_> = (0..16).map(|n| memory.fill(sounds, &[n as u8; 100], 16).expect("written")).collect();
        assert_eq!(slots, (0..16).map(Some).collect::<Vec<_>>());
        assert_eq!(memory.fill(sounds, &[0; 100], 16).expect("looked at"), None, "all are taken");
        assert_eq!(memory.take(sounds, 5, 100).expect("read"), [5; 100], "each has what was put there");
        assert_eq!(memory.fill(sounds, &[7; 100], 16).expect("written"), Some(5));
        assert_eq!(memory.fill(&memory.pictures, &[1; 10], 3).expect("written"), Some(0), "other kinds have slots of their own");
    }

    #[test]
    fn what_does_not_fit_and_what_does_not_exist_is_refused() {
        let memory = Memory::new().expect("memory");
        assert!(memory.fill(&memory.sounds, &vec![0; SOUND + 1], 16).is_err());
        assert!(memory.take(&memory.heard, memory.heard.slots, 1).is_err(), "a slot that does not exist");
        assert!(memory.take(&memory.heard, 0, SOUND + 1).is_err(), "more than a slot has");
    }

    #[test]
    fn no_two_slots_share_a_byte_nor_a_flag() {
        let (size, regions) = Memory::new().expect("memory").layout();
        let regions: Vec<[u64; 4]> = serde_json::from_value(regions).expect("four numbers each");
        let (mut flags, mut bytes) = (0, HEAD);
        for [flag, offset, slots, len] in regions {
            assert_eq!((flag, offset), (flags, bytes));
            assert!(slots <= MOST_SOUNDS as u64, "as many as are looked at at once");
            (flags, bytes) = (flag + slots, offset + slots * len);
        }
        assert!(flags < HEAD && bytes == size);
    }
}
