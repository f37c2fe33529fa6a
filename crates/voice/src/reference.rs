//! What the speaker plays, as the microphone counts: exactly one block for each block that was heard, and always of the same time.
//!
//! A canceller looks for the echo as long after a sound as it found it before, so that way must stay as long as it is: however late a thread
//! wakes, whatever breaks off and begins anew, and though two sound cards run apart. What is written says when it will be heard, and what was
//! heard says when that was; which belong together is told by those times, and not by what happens to wait here. `drift` makes the sound as
//! much faster or slower as keeps them together.

use std::collections::VecDeque;
use std::time::Duration;

use drift::{Controller, Stretcher};
use media::{PcmBlock, PcmFormat};

/// What of the speaker is listened to, whatever it is given.
const FORMAT: PcmFormat = PcmFormat { rate: 48_000, channels: 1 };
const BLOCK: usize = FORMAT.samples_per_10ms();
const BLOCK_MICROS: i64 = 10_000;
/// So much waits when the way is measured: enough for threads that wake late, and less than what the speaker lets wait in its card, so that
/// the echo never comes before what it is an echo of. Three blocks, and a little less because the filter keeps some of the first.
const FIRST_MICROS: i64 = 25_000;
/// What is apart by more than this is cut or filled up. Less is noise of what devices tell, and drift.
const APART_MICROS: i64 = 20_000;
/// What the controller is told when all is as it should be: it knows of no less than nothing.
const EVEN: i64 = 100_000;
/// More than this no speaker lets wait.
const MOST_MICROS: i64 = 600_000;
/// So many blocks in a row that came too late: the way has become shorter than it was measured, and is measured anew.
const LATE: u32 = 10;

/// See the module.
#[derive(Debug)]
pub struct Reference {
    stretcher: Option<Stretcher>,
    from: PcmFormat,
    controller: Controller,
    change: f64,
    /// One channel, as it goes into the stretcher.
    mono: Vec<i16>,
    waiting: VecDeque<i16>,
    /// When the last of that will have been heard.
    ends_at: i64,
    /// How much later a sound is heard than the microphone's block begins that it is given to.
    ahead: Option<i64>,
    /// What waits belongs to what was given before.
    follows: bool,
    /// Blocks in a row that had come too late.
    late: u32,
}

impl Default for Reference {
    fn default() -> Self {
        Self {
            stretcher: Stretcher::new(FORMAT.rate, FORMAT.rate).ok(),
            from: FORMAT,
            controller: Controller::new(Duration::from_micros(EVEN.unsigned_abs())),
            change: 1.0,
            mono: Vec::with_capacity(PcmBlock::MAX_SAMPLES),
            waiting: VecDeque::with_capacity(samples(MOST_MICROS) + 2 * BLOCK),
            ends_at: 0,
            ahead: None,
            follows: false,
            late: 0,
        }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 4)
}

fn samples(micros: i64) -> usize {
    usize::try_from(micros.max(0) * i64::from(FORMAT.rate) / 1_000_000).unwrap_or(0)
}

impl Reference {
    /// The speaker was given this, and it begins to be heard at `heard_at`, on the clock of captures.
    pub fn add(&mut self, block: &PcmBlock, heard_at: Duration) {
        if block.format.rate != self.from.rate {
            // Refused only for rates that no block has.
            self.stretcher = Stretcher::new(block.format.rate, FORMAT.rate).ok();
        }
        self.from = block.format;
        self.mono.clear();
        self.mono.extend_from_slice(block.samples());
        if block.format.channels == 2 {
            media::pcm::downmix(&mut self.mono);
        }
        let heard_at = micros(heard_at);
        // What was broken off is not heard any more, and between two that are apart there is silence.
        let apart = heard_at - self.ends_at;
        if apart < -APART_MICROS {
            self.waiting.truncate(self.waiting.len().saturating_sub(samples(-apart)));
        } else if apart > APART_MICROS && apart < MOST_MICROS {
            self.waiting.extend(std::iter::repeat_n(0, samples(apart)));
        } else if apart >= MOST_MICROS {
            self.waiting.clear();
        }
        self.ends_at = heard_at + BLOCK_MICROS;
        let Some(stretcher) = &mut self.stretcher else { return };
        let sound = stretcher.stretch(&self.mono, self.change);
        self.waiting.extend(sound.iter().map(|sample| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16));
        self.waiting.drain(..self.waiting.len().saturating_sub(samples(MOST_MICROS)));
    }

    /// What belongs to the microphone's block of `captured_at`, which is taken at `now`; silence where nothing is played.
    pub fn next(&mut self, captured_at: Duration, now: Duration) -> PcmBlock {
        let mut block = PcmBlock::silence(FORMAT, captured_at);
        if self.waiting.is_empty() {
            self.follows = false;
            return block;
        }
        let ahead = match self.ahead {
            Some(ahead) => ahead,
            None if self.waits() < FIRST_MICROS => return block,
            // By the newest block that the microphone can have: this one may be old.
            None => {
                let ahead = self.ends_at - FIRST_MICROS - micros(captured_at).max(micros(now) - 3 * BLOCK_MICROS / 2);
                *self.ahead.insert(ahead)
            }
        };
        let apart = self.ends_at - self.waits() - micros(captured_at) - ahead;
        if self.follows && apart.abs() <= APART_MICROS {
            let told = Duration::from_micros((EVEN - apart).unsigned_abs());
            self.change = self.controller.observe(told, captured_at);
        } else {
            self.follows = false;
            self.controller.interrupted();
            if apart >= BLOCK_MICROS {
                return block;
            }
            if apart < 0 {
                let before = self.waiting.len();
                self.waiting.drain(..samples(-apart).min(before));
            } else {
                (0..samples(apart)).for_each(|_| self.waiting.push_front(0));
            }
        }
        // Beyond the end is silence.
        let there = self.waiting.len().min(BLOCK);
        for (to, sample) in block.samples_mut().iter_mut().zip(self.waiting.drain(..there)) {
            *to = sample;
        }
        self.follows = there > 0;
        self.late = if there > 0 { 0 } else { self.late + 1 };
        if self.late >= LATE {
            (self.ahead, self.late) = (None, 0);
        }
        block
    }

    /// How long after it is given here a sound is heard.
    pub fn delay(&self) -> Duration {
        Duration::from_micros(self.ahead.unwrap_or(0).max(0).unsigned_abs())
    }

    /// How much waits here, in microseconds.
    fn waits(&self) -> i64 {
        self.waiting.len() as i64 * 1_000_000 / i64::from(FORMAT.rate)
    }

    /// What the microphone's clock is faster than the speaker's sound by, in ppm, as far as is known.
    pub fn drift_ppm(&self) -> f64 {
        self.controller.ppm()
    }

    /// Forgets what waits, and how long the way is.
    pub fn clear(&mut self) {
        self.waiting.clear();
        (self.ahead, self.follows, self.late) = (None, false, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const STEP: Duration = Duration::from_millis(10);
    /// What waits in the speaker's card before each block.
    const CARD: Duration = Duration::from_millis(30);

    /// The block that is heard as the `at`th: each sample says which it is, at 100 steps a block.
    fn block(at: u32) -> PcmBlock {
        let mut block = PcmBlock::silence(FORMAT, Duration::ZERO);
        let from = at * 100;
        block.samples_mut().iter_mut().enumerate().for_each(|(n, sample)| *sample = (from + 1 + n as u32 * 100 / 480) as i16);
        block
    }

    /// When what a block begins with was heard, in blocks; nothing for silence.
    fn begins(block: &PcmBlock) -> Option<f64> {
        let sample = block.samples()[240];
        (sample != 0).then(|| (f64::from(sample) - 51.0) / 100.0)
    }

    #[test]
    fn there_is_a_block_for_each_block_that_is_heard_and_silence_where_nothing_is_played() {
        let mut reference = Reference::default();
        assert_eq!(begins(&reference.next(Duration::ZERO, STEP)), None, "nobody has said anything");
        let mut sounding = 0;
        for at in 1..200 {
            reference.add(&block(at), STEP * at + CARD);
            sounding += u32::from(begins(&reference.next(STEP * at, STEP * (at + 1))).is_some());
        }
        assert!((195..199).contains(&sounding), "{sounding} of 199 blocks");
        let left = (200..220).filter(|at| begins(&reference.next(STEP * *at, STEP * (*at + 1))).is_some()).count();
        assert!((1..4).contains(&left), "what waited is played to its end: {left} blocks");
    }

    /// Threads that wake late, each at its own time, and what breaks off in the card: what belongs together stays together.
    #[test]
    fn the_way_stays_as_long_as_it_is_whoever_wakes_late_and_whatever_breaks_off() {
        let mut reference = Reference::default();
        let (mut added, mut seen) = (1_u32, Vec::new());
        // After a while the card runs dry for 70 ms, and more waits in it from then on.
        let heard_at = |at: u32| STEP * at + if at < 150 { CARD } else { 100 * MS };
        let lateness = |at: u32| [0, 40, 0, 0, 85, 20, 0, 110, 3, 0][at as usize * 7 / 3 % 10];
        for at in 1..300_u32 {
            let wakes = STEP * (at + 1) + MS * lateness(at);
            // All that was written by then: what wakes late writes several at once.
            while STEP * added + MS * lateness(added + 5) <= wakes && added < 320 {
                reference.add(&block(added), heard_at(added));
                added += 1;
            }
            let heard = reference.next(STEP * at, wakes);
            if let Some(first) = begins(&heard) {
                seen.push((at, first - f64::from(at)));
            }
        }
        let way = |from: u32, to: u32| -> Vec<f64> {
            seen.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, way)| *way).collect()
        };
        let (before, after) = (way(20, 145), way(170, 300));
        assert!(before.len() > 90 && after.len() > 110, "{} and {} blocks", before.len(), after.len());
        let spread = |ways: &[f64]| ways.iter().copied().fold(f64::MIN, f64::max) - ways.iter().copied().fold(f64::MAX, f64::min);
        assert!(spread(&before) < 0.5 && spread(&after) < 0.5, "in blocks: {before:.1?} {after:.1?}");
        // What is heard 70 ms later is given to what is captured 70 ms later.
        assert!((before[0] - after[0] - 7.0).abs() < 0.5, "{:.1} {:.1}", before[0], after[0]);
    }

    /// The card has less waiting than when the way was measured: it is measured anew, instead of giving silence for ever.
    #[test]
    fn a_way_that_has_become_shorter_is_measured_anew() {
        let mut reference = Reference::default();
        let mut sounding = 0;
        for at in 1..300_u32 {
            let card = if at < 100 { 200 * MS } else { 20 * MS };
            reference.add(&block(at), STEP * at + card);
            sounding += u32::from(begins(&reference.next(STEP * at, STEP * (at + 1))).is_some() && at >= 200);
        }
        assert!(sounding > 95, "{sounding} of 100 blocks");
    }

    /// Three minutes, in which 54 ms come too many or too few: more than waits.
    #[test]
    fn clocks_that_run_apart_neither_run_it_dry_nor_fill_it() {
        for ppm in [300.0, -300.0] {
            let (mut reference, mut added) = (Reference::default(), 0_u32);
            for at in 0..18_000_u32 {
                // The microphone's sound is 15 ms old when it comes.
                let (now, captured_at) = (STEP * at + 15 * MS, STEP * at);
                let written_at = |nth: u32| STEP.mul_f64(f64::from(nth) / (1.0 + ppm * 1e-6));
                while written_at(added) <= now {
                    let mut block = PcmBlock::silence(FORMAT, Duration::ZERO);
                    block.samples_mut().fill(1000);
                    reference.add(&block, written_at(added) + CARD);
                    added += 1;
                }
                let next = reference.next(captured_at, now);
                assert!(at < 10 || !next.samples().contains(&0), "{ppm} ppm, block {at}: it runs dry");
                let waits = reference.waits() / 1000;
                assert!((1..50).contains(&waits) || at < 10, "{ppm} ppm, block {at}: {waits} ms wait");
                let seen = -reference.drift_ppm();
                assert!(at < 12_000 || (seen - ppm).abs() < 30.0, "{ppm} ppm are seen as {seen} at block {at}");
            }
        }
    }
}
