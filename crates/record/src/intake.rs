//! Where encoded pictures and sound come in: the last seconds of them, in memory that is asked for once.
//!
//! Whoever brings them never waits for the medium: the lock is held for copying a fragment at most. What finds no room is dropped, and
//! nothing is taken after it before the next key frame.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use annexb::{NalKind, nals};

use crate::mp4::Format;
use crate::ring::Ring;

/// The part of the memory that is for sound: 1/16 of it holds more seconds of Opus than the rest does of pictures.
const SOUND_SHARE: usize = 16;
/// Real parameter sets are below 100 bytes; what is longer is none.
const MOST_SET: usize = 1024;
/// A decoder knows so many at most.
const MOST_SETS: usize = 31;

/// A picture in memory: its bytes are NAL units behind their lengths (4 bytes, big endian), without parameter sets.
pub(crate) struct Picture {
    pub captured_at: Duration,
    pub key: bool,
    pub format: Arc<Format>,
}

/// An Opus packet in memory.
pub(crate) struct Sound {
    pub captured_at: Duration,
    /// Samples of 48 kHz since some beginning, as RTP counts them.
    pub time: u32,
}

/// What is in memory.
pub(crate) struct Held {
    pub pictures: Ring<Picture>,
    pub sounds: Ring<Sound>,
    /// A file takes what comes: nothing that waits for it may go.
    pub kept: bool,
    /// Something wants what comes.
    armed: bool,
    pre_roll: Duration,
    format: Option<Arc<Format>>,
    /// A picture is missing: nothing is taken before the next key frame.
    lost: bool,
    dropped: u64,
    last: Duration,
    last_key: Option<Duration>,
}

/// See the module. Shared by whoever brings what was encoded and the [`Recorder`](crate::Recorder).
pub struct Intake {
    held: Mutex<Held>,
}

impl Intake {
    /// Takes `memory` bytes, and holds what came in the last `pre_roll` and what came since the key frame before that, as far as they fit.
    pub fn new(memory: usize, pre_roll: Duration) -> Self {
        let sound = memory / SOUND_SHARE;
        Self {
            held: Mutex::new(Held {
                pictures: Ring::new(memory - sound),
                sounds: Ring::new(sound),
                kept: false,
                armed: false,
                pre_roll,
                format: None,
                lost: true,
                dropped: 0,
                last: Duration::ZERO,
                last_key: None,
            }),
        }
    }

    /// An access unit, Annex B, captured at `captured_at` on `CLOCK_MONOTONIC`; a `key` frame brings its parameter sets. In decoding order,
    /// which is the order of showing: no B-frames.
    pub fn picture(&self, unit: &[u8], key: bool, captured_at: Duration) {
        let mut held = self.held();
        if held.armed {
            held.picture(unit, key, captured_at);
        }
    }

    /// An Opus packet of 20 ms; `time` counts samples of 48 kHz and may wrap, `captured_at` is on `CLOCK_MONOTONIC`.
    pub fn sound(&self, packet: &[u8], time: u32, captured_at: Duration) {
        let mut held = self.held();
        // Sound that no picture goes with would be let go of again.
        let goes_with = held.kept || held.pictures.front().is_some_and(|picture| picture.captured_at <= captured_at);
        if !held.armed || packet.is_empty() || !goes_with {
            return;
        }
        let copy =
            |held: &mut Held| held.sounds.push(packet.len(), Sound { captured_at, time }, |bytes| bytes.copy_from_slice(packet));
        while !copy(&mut held) {
            // The oldest sound goes before newer pictures do: a gap in it is heard and over, one in pictures lasts.
            if held.sounds.pop().is_none() {
                return;
            }
        }
    }

    /// Pictures that found no room since the beginning.
    pub fn dropped(&self) -> u64 {
        self.held().dropped
    }

    /// What came last and when its key frame was captured; `None` before anything came.
    pub(crate) fn newest(&self) -> Option<(Duration, Option<Duration>)> {
        let held = self.held();
        (held.last > Duration::ZERO).then_some((held.last, held.last_key))
    }

    /// Whether anything wants what comes. Without, nothing is held.
    pub(crate) fn arm(&self, armed: bool) {
        let mut held = self.held();
        if held.armed && !armed {
            held.clear();
        }
        held.armed = armed;
    }

    pub(crate) fn held(&self) -> MutexGuard<'_, Held> {
        // Every change is whole before the lock is given back.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn clear(&mut self) {
        self.pictures.clear();
        self.sounds.clear();
        (self.lost, self.last_key) = (true, None);
    }

    fn picture(&mut self, unit: &[u8], key: bool, captured_at: Duration) {
        if key {
            self.learn(unit);
        } else if self.lost {
            return;
        }
        let Some(format) = self.format.clone() else { return };
        let len: usize = carried(unit).map(|nal| nal.len() + 4).sum();
        if len == 0 {
            return;
        }
        // A driver's clock that stands still or goes back must not take a file along.
        let captured_at = captured_at.max(self.last + Duration::from_micros(100));
        let write = |mut into: &mut [u8]| {
            for nal in carried(unit) {
                let (head, rest) = std::mem::take(&mut into).split_at_mut(4);
                head.copy_from_slice(&(nal.len() as u32).to_be_bytes());
                let (body, rest) = rest.split_at_mut(nal.len());
                body.copy_from_slice(nal);
                into = rest;
            }
        };
        while !self.pictures.push(len, Picture { captured_at, key, format: Arc::clone(&format) }, write) {
            if !self.kept && self.let_go(key) {
                continue;
            }
            (self.lost, self.dropped) = (true, self.dropped + 1);
            return;
        }
        (self.lost, self.last) = (false, captured_at);
        if key {
            self.last_key = Some(captured_at);
        }
        if !self.kept {
            self.trim();
        }
    }

    /// Remembers the parameter sets of a key frame.
    fn learn(&mut self, unit: &[u8]) {
        let sets = |kind| nals(unit).filter(move |nal| NalKind::of(nal) == Some(kind) && nal.len() <= MOST_SET).take(MOST_SETS);
        let (sps, pps) = (|| sets(NalKind::Sps), || sets(NalKind::Pps));
        let same = |format: &Arc<Format>| format.sps.iter().eq(sps()) && format.pps.iter().eq(pps());
        if !self.format.as_ref().is_some_and(same) && sps().next().is_some() && pps().next().is_some() {
            let owned = |nal: &[u8]| nal.to_vec();
            self.format = Some(Arc::new(Format { sps: sps().map(owned).collect(), pps: pps().map(owned).collect() }));
        }
    }

    /// Lets go of the oldest pictures up to a key frame; of all, where there is none and the next picture is one. Whether there is room
    /// that was not there before.
    fn let_go(&mut self, next_is_key: bool) -> bool {
        let key = self.pictures.iter().skip(1).position(|picture| picture.key);
        match key {
            Some(before) => self.pictures.drop_first(before + 1),
            None => {
                let had = self.pictures.len() > 0;
                self.clear();
                return had && next_is_key;
            }
        }
        self.drop_old_sound();
        true
    }

    /// Lets go of what is older than the pre-roll, by whole groups of pictures.
    fn trim(&mut self) {
        let since = self.last.saturating_sub(self.pre_roll);
        loop {
            let next = self.pictures.iter().skip(1).position(|picture| picture.key);
            let Some(before) = next else { break };
            if self.pictures.get(before + 1).is_none_or(|(picture, _)| picture.captured_at > since) {
                break;
            }
            self.pictures.drop_first(before + 1);
        }
        self.drop_old_sound();
    }

    /// Lets go of what is before the first key frame. Whether there is one.
    pub(crate) fn skip_to_key(&mut self) -> bool {
        let key = self.pictures.iter().position(|picture| picture.key);
        self.pictures.drop_first(key.unwrap_or(self.pictures.len()));
        self.lost |= key.is_none();
        self.drop_old_sound();
        key.is_some()
    }

    fn drop_old_sound(&mut self) {
        let Some(first) = self.pictures.front().map(|picture| picture.captured_at) else { return self.sounds.clear() };
        while self.sounds.front().is_some_and(|sound| sound.captured_at < first) {
            self.sounds.pop();
        }
    }
}

/// What of an access unit goes into a file: parameter sets stand in its head, delimiters and filling nowhere.
fn carried(unit: &[u8]) -> impl Iterator<Item = &[u8]> {
    nals(unit).filter(|nal| matches!(NalKind::of(nal), Some(NalKind::Slice | NalKind::Idr | NalKind::Sei)))
}
