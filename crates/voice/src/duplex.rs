//! What stands between the speaker's thread and the microphone's. Neither waits for the other: what was played is handed over in a short
//! queue, and cleaning is done on the microphone's thread alone.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use media::{PcmBlock, PcmFormat};

use crate::{Cleaner, Gate, Settings};

/// Blocks that were played and not heard of by the microphone's thread yet: 200 ms.
const DEPTH: usize = 20;
const BLOCK: Duration = Duration::from_millis(10);
/// After so many blocks without anything played, the speaker counts as resting, and plays silence as far as the echo is concerned.
const RESTS: u32 = 5;

/// How the two sides get on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// How much quieter the echo comes back than it was played, in dB; nothing before there was any.
    pub echo_return_loss_db: Option<f32>,
    /// How much of it is taken out, in dB; nothing before there was any, and while the echo is left in.
    pub echo_return_loss_enhancement_db: Option<f32>,
    /// The microphone is silent, because the speaker is heard.
    pub held: bool,
}

/// See the module.
pub struct Duplex {
    played: Mutex<Played>,
    ear: Mutex<Ear>,
}

#[derive(Debug)]
struct Played {
    blocks: VecDeque<PcmBlock>,
    /// How long the last block takes until it is heard, from when it was written.
    delay: Duration,
    gate: Gate,
}

struct Ear {
    cleaner: Option<Box<dyn Cleaner>>,
    settings: Settings,
    silent_for: u32,
    stats: Stats,
}

impl std::fmt::Debug for Duplex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Duplex").field("settings", &self.settings()).finish_non_exhaustive()
    }
}

impl Duplex {
    /// With what this build has for cleaning.
    pub fn new(settings: Settings) -> Self {
        #[cfg(feature = "sonora")]
        let cleaner: Option<Box<dyn Cleaner>> = Some(Box::new(crate::Apm::new(settings)));
        #[cfg(not(feature = "sonora"))]
        let cleaner = None;
        Self::with(cleaner, settings)
    }

    /// With this cleaner, or none.
    pub fn with(cleaner: Option<Box<dyn Cleaner>>, settings: Settings) -> Self {
        let played = Played { blocks: VecDeque::with_capacity(DEPTH), delay: Duration::ZERO, gate: Gate::default() };
        let ear = Ear { cleaner, settings, silent_for: RESTS, stats: Stats::default() };
        Self { played: Mutex::new(played), ear: Mutex::new(ear) }
    }

    /// Whether this build can take echo and noise out.
    pub fn can_clean(&self) -> bool {
        self.ear().cleaner.is_some()
    }

    /// What is done.
    pub fn settings(&self) -> Settings {
        self.ear().settings
    }

    /// What is to be done from the next block on.
    pub fn set(&self, settings: Settings) {
        let mut ear = self.ear();
        ear.settings = settings;
        if let Some(cleaner) = &mut ear.cleaner {
            cleaner.set(settings);
        }
    }

    /// How the two sides get on.
    pub fn stats(&self) -> Stats {
        self.ear().stats
    }

    /// The speaker was given `block` at `now`, on the clock of captures (`CLOCK_MONOTONIC`), and it is heard after `delay`.
    pub fn played(&self, block: &PcmBlock, delay: Duration, now: Duration) {
        let mut played = self.played_so_far();
        if played.blocks.len() == DEPTH {
            played.blocks.pop_front();
        }
        played.blocks.push_back(block.clone());
        played.delay = delay;
        played.gate.played(block, delay, now);
    }

    /// Cleans what the microphone heard from `block.captured_at` on, in place.
    pub fn captured(&self, block: &mut PcmBlock) {
        let heard_at = block.captured_at;
        let mut ear = self.ear();
        let Ear { cleaner, settings, silent_for, stats } = &mut *ear;
        // As few as there are: the speaker's thread is not to wait for what is done with them.
        let mut blocks = [const { None }; DEPTH];
        let delay = {
            let mut played = self.played_so_far();
            stats.held = settings.half && played.gate.is_closed(heard_at);
            for slot in &mut blocks {
                *slot = played.blocks.pop_front();
            }
            played.delay
        };
        if let Some(cleaner) = cleaner
            && settings.cleans()
        {
            *silent_for = if blocks[0].is_some() { 0 } else { silent_for.saturating_add(1) };
            if *silent_for >= RESTS {
                cleaner.render(&PcmBlock::silence(PcmFormat { rate: 48_000, channels: 1 }, heard_at));
            }
            for block in blocks.iter().flatten() {
                cleaner.render(block);
            }
            // Its first sample is as old as it is long, at least.
            cleaner.capture(block, delay + BLOCK);
            (stats.echo_return_loss_db, stats.echo_return_loss_enhancement_db) =
                if settings.echo { cleaner.echo() } else { (None, None) };
        }
        let held = stats.held;
        drop(ear);
        self.played_so_far().gate.captured(block, held);
    }

    fn played_so_far(&self) -> MutexGuard<'_, Played> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ear(&self) -> MutexGuard<'_, Ear> {
        self.ear.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
