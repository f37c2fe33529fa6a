//! From what a device delivers, whenever it does, to an unbroken row of 10 ms blocks with right timestamps. Pure: time is an argument.
//!
//! The row has one law: the next block begins where the last one ended. What the device failed to deliver is silence of the same
//! length, down to the sample; what it delivers of a time that silence stands for already is left out.
//!
//! Two clocks meet here. The card's counts samples, the system's stamps them; they drift apart by up to some hundred parts in a
//! million, and each single stamp is late by a little. So a stamp within [`JITTER`] of what the row says pulls the row by a small part
//! of the difference: the timestamps follow the system's clock over seconds and do not tremble. A stamp further off means that samples
//! are missing or were stood in for.

use std::time::Duration;

use media::{PcmBlock, PcmFormat};

/// How far a stamp may be off before it counts as a gap: above what a machine under load adds (tens of milliseconds), below what
/// breaks lip-sync for long (it is also pulled back at some 3 % a block).
pub(super) const JITTER: Duration = Duration::from_millis(40);

/// One block follows the other at this distance.
const BLOCK: Duration = Duration::from_millis(10);

/// The stamps pull by one part of this many.
const PULL: i64 = 32;

/// A block that is complete.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) block: PcmBlock,
    /// It holds nothing that came from the device.
    pub(super) silent: bool,
}

/// Repairs that were needed, in samples of one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Repairs {
    /// Samples of silence in place of what never came.
    pub filled: u64,
    /// Samples left out because silence had taken their place.
    pub skipped: u64,
}

/// The row of blocks.
#[derive(Debug)]
pub(super) struct Timeline {
    format: PcmFormat,
    /// The block being filled; its `captured_at` is that of its first sample.
    block: PcmBlock,
    /// Samples of all channels in it.
    filled: usize,
    /// Some of them came from the device.
    live: bool,
    /// Samples may be missing before the next ones: their stamp counts to the sample, not as jitter.
    interrupted: bool,
    repairs: Repairs,
}

impl Timeline {
    /// A row that begins at `start`.
    pub(super) fn new(format: PcmFormat, start: Duration) -> Self {
        let block = PcmBlock { format, samples: [0; PcmBlock::MAX_SAMPLES], captured_at: start };
        Self { format, block, filled: 0, live: false, interrupted: false, repairs: Repairs::default() }
    }

    /// Repairs so far.
    pub(super) fn repairs(&self) -> Repairs {
        self.repairs
    }

    /// When the next sample is due.
    pub(super) fn next(&self) -> Duration {
        self.block.captured_at + self.duration(self.filled / self.channels())
    }

    /// Takes in samples of all channels, interleaved, the first of which was captured at `first_at`.
    pub(super) fn samples(&mut self, first_at: Duration, samples: &[i16], mut done: impl FnMut(Done)) {
        let mut samples = samples;
        let next = self.next();
        let jitter = if std::mem::take(&mut self.interrupted) { Duration::ZERO } else { JITTER };
        if first_at > next + jitter {
            self.silence_until(first_at, &mut done);
        } else if first_at + jitter < next {
            let overlap = self.frames(next - first_at).min(samples.len() / self.channels());
            self.repairs.skipped += overlap as u64;
            samples = &samples[overlap * self.channels()..];
        } else {
            self.pull(first_at, next);
        }
        self.live |= !samples.is_empty();
        while !samples.is_empty() {
            let room = self.format.samples_per_10ms() - self.filled;
            let (now, later) = samples.split_at(room.min(samples.len()));
            self.block.samples[self.filled..self.filled + now.len()].copy_from_slice(now);
            self.filled += now.len();
            samples = later;
            self.settle(!later.is_empty(), &mut done);
        }
    }

    /// Fills with silence up to `until`, down to the sample.
    pub(super) fn silence_until(&mut self, until: Duration, mut done: impl FnMut(Done)) {
        let mut frames = self.frames(until.saturating_sub(self.next()));
        self.repairs.filled += frames as u64;
        while frames > 0 {
            let room = (self.format.samples_per_10ms() - self.filled) / self.channels();
            let now = room.min(frames);
            let end = self.filled + now * self.channels();
            self.block.samples[self.filled..end].fill(0);
            self.filled = end;
            frames -= now;
            self.settle(false, &mut done);
        }
    }

    /// The device was started again, or lost: the next samples do not follow the last ones.
    pub(super) fn interrupted(&mut self) {
        self.interrupted = true;
    }

    /// Begins anew at `start`, which is not before the end of the row; for when so much is missing that silence for it would only
    /// come in one useless rush.
    pub(super) fn skip_to(&mut self, start: Duration) {
        self.block.captured_at = start;
        self.filled = 0;
        self.live = false;
    }

    /// Hands out the block if it is full. `live` says whether more from the device follows in the next one.
    fn settle(&mut self, live: bool, done: &mut impl FnMut(Done)) {
        if self.filled == self.format.samples_per_10ms() {
            let block = self.block.clone();
            self.block.captured_at += BLOCK;
            self.filled = 0;
            done(Done { block, silent: !std::mem::replace(&mut self.live, live) });
        }
    }

    fn pull(&mut self, first_at: Duration, next: Duration) {
        let off = first_at.as_nanos() as i64 - next.as_nanos() as i64;
        let at = self.block.captured_at.as_nanos() as i64 + off / PULL;
        self.block.captured_at = Duration::from_nanos(at.max(0).unsigned_abs());
    }

    fn channels(&self) -> usize {
        usize::from(self.format.channels)
    }

    /// How long so many samples of one channel are.
    fn duration(&self, frames: usize) -> Duration {
        duration(frames, self.format.rate)
    }

    /// How many samples of one channel fit into a time, rounded.
    fn frames(&self, time: Duration) -> usize {
        let rate = u128::from(self.format.rate);
        ((time.as_nanos() * rate + 500_000_000) / 1_000_000_000) as usize
    }
}

/// How long `frames` samples of one channel are at `rate`.
pub(super) fn duration(frames: usize, rate: u32) -> Duration {
    Duration::from_nanos(frames as u64 * 1_000_000_000 / u64::from(rate))
}
