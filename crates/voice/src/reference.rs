//! What the speaker played, as the microphone's clock counts: exactly one block for each block that was heard.
//!
//! The speaker's blocks come at the pace of who talks, the microphone's at the pace of a sound card, and the two run apart. A canceller that
//! is given one more block now and then than it is asked for loses the echo each time. So a little always waits here, and `drift` makes the
//! sound as much faster or slower as keeps it at that: the way from here to the microphone stays as long as it is.

use std::collections::VecDeque;
use std::time::Duration;

use drift::{Controller, Stretcher};
use media::{PcmBlock, PcmFormat};

/// What of the speaker is listened to, whatever it is given.
const FORMAT: PcmFormat = PcmFormat { rate: 48_000, channels: 1 };
const BLOCK: usize = FORMAT.samples_per_10ms();
/// So much waits before the first block is given: enough for threads that wake late, and less than what the speaker lets wait in its card, so
/// that the echo never comes before what it is an echo of. Three blocks, and a little less because the filter keeps some of the first.
const FIRST_SAMPLES: usize = 3 * BLOCK - BLOCK / 2;
/// More than this is not made up for by playing a little faster: all but [`FIRST_SAMPLES`] are left out.
const MOST_SAMPLES: usize = 10 * BLOCK;

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
    /// When the last of that came.
    added_at: Duration,
    /// Enough waited once; until it runs dry.
    plays: bool,
}

impl Default for Reference {
    fn default() -> Self {
        Self {
            stretcher: Stretcher::new(FORMAT.rate, FORMAT.rate).ok(),
            from: FORMAT,
            controller: Controller::new(Duration::ZERO),
            change: 1.0,
            mono: Vec::with_capacity(PcmBlock::MAX_SAMPLES),
            waiting: VecDeque::with_capacity(MOST_SAMPLES + 2 * BLOCK),
            added_at: Duration::ZERO,
            plays: false,
        }
    }
}

impl Reference {
    /// The speaker was given this at `now`.
    pub fn add(&mut self, block: &PcmBlock, now: Duration) {
        self.added_at = now;
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
        let Some(stretcher) = &mut self.stretcher else { return };
        let sound = stretcher.stretch(&self.mono, self.change);
        self.waiting.extend(sound.iter().map(|sample| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16));
        if self.waiting.len() > MOST_SAMPLES {
            self.waiting.drain(..self.waiting.len() - FIRST_SAMPLES);
            self.plays = false;
        }
    }

    /// What the speaker played in the 10 ms that belong to the microphone's block of `captured_at`, on the same clock; silence where it rests.
    pub fn next(&mut self, captured_at: Duration) -> PcmBlock {
        let mut block = PcmBlock::silence(FORMAT, captured_at);
        // What came by the microphone's time, to the sample and not to the block: what waits, and what the speaker's clock went on since.
        let behind = (self.waits() + captured_at).saturating_sub(self.added_at);
        if !self.plays && self.waiting.len() >= FIRST_SAMPLES {
            self.plays = true;
            // As long as it is now, it is to stay.
            self.controller.set_target(behind);
            self.controller.interrupted();
        }
        if self.plays {
            self.change = self.controller.observe(behind, captured_at);
            // Beyond the end is silence.
            self.plays = self.waiting.len() >= BLOCK;
            let there = self.waiting.len().min(BLOCK);
            for (to, sample) in block.samples_mut().iter_mut().zip(self.waiting.drain(..there)) {
                *to = sample;
            }
        }
        block
    }

    /// How much waits here.
    pub fn waits(&self) -> Duration {
        Duration::from_micros(self.waiting.len() as u64 * 1_000_000 / u64::from(FORMAT.rate))
    }

    /// What the microphone's clock is faster than the speaker's sound by, in ppm, as far as is known.
    pub fn drift_ppm(&self) -> f64 {
        self.controller.ppm()
    }

    /// Forgets what waits.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.plays = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const STEP: Duration = Duration::from_millis(10);

    fn block(value: i16) -> PcmBlock {
        let mut block = PcmBlock::silence(FORMAT, Duration::ZERO);
        block.samples_mut().fill(value);
        block
    }

    #[test]
    fn there_is_a_block_for_each_block_that_is_heard_and_silence_where_nothing_is_played() {
        let mut reference = Reference::default();
        let sounding = |reference: &mut Reference, at: u32| reference.next(STEP * at).samples()[200] != 0;
        assert!(!sounding(&mut reference, 0), "nobody has said anything");
        for at in 1..3 {
            reference.add(&block(1000), STEP * at);
            assert!(!sounding(&mut reference, at), "block {at}: too little waits yet");
        }
        for at in 3..200 {
            reference.add(&block(1000), STEP * at);
            assert!(sounding(&mut reference, at), "block {at}");
        }
        let left = (200..210).filter(|at| sounding(&mut reference, *at)).count();
        assert_eq!(left, 2, "what waited is played to its end");
    }

    /// Three minutes, in which 54 ms come too many or too few: more than waits.
    #[test]
    fn clocks_that_run_apart_neither_run_it_dry_nor_fill_it() {
        for ppm in [300.0, -300.0] {
            let (mut reference, mut added) = (Reference::default(), 0_u32);
            for at in 0..18_000_u32 {
                // The microphone's sound is 15 ms old when it comes.
                let (now, captured_at) = (STEP * at + 15 * MS, STEP * at);
                while STEP.mul_f64(f64::from(added) / (1.0 + ppm * 1e-6)) <= now {
                    reference.add(&block(1000), STEP.mul_f64(f64::from(added) / (1.0 + ppm * 1e-6)));
                    added += 1;
                }
                let next = reference.next(captured_at);
                assert!(at < 10 || !next.samples().contains(&0), "{ppm} ppm, block {at}: it runs dry");
                let waits = reference.waits();
                assert!((3 * MS..50 * MS).contains(&waits) || at < 10, "{ppm} ppm, block {at}: {waits:?} wait");
                let seen = -reference.drift_ppm();
                assert!(at < 12_000 || (seen - ppm).abs() < 30.0, "{ppm} ppm are seen as {seen} at block {at}");
            }
        }
    }

    #[test]
    fn a_microphone_that_stood_still_does_not_get_what_was_long_ago() {
        let mut reference = Reference::default();
        for at in 0..1000 {
            reference.add(&block(at), STEP * u32::from(at.unsigned_abs()));
        }
        assert!(reference.waits() <= Duration::from_millis(100), "{:?} wait", reference.waits());
        let heard = reference.next(Duration::ZERO).samples()[100];
        assert!(heard > 980, "block {heard} of 1000");
    }
}
