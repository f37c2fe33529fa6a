//! What stands between the speaker's thread and the microphone's. Neither waits for the other: what was played is handed over in a short
//! queue, and cleaning is done on the microphone's thread alone. Switched off, both come and go without a lock or a copy.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use media::PcmBlock;

use crate::reference::Reference;
use crate::{Cleaner, Gate, Settings};

/// Blocks that were played and not heard of by the microphone's thread yet: 200 ms.
const DEPTH: usize = 20;

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

/// Makes a [`Cleaner`] that does what the settings say, where the build has one.
type Make = Box<dyn Fn(Settings) -> Option<Box<dyn Cleaner>> + Send + Sync>;

/// See the module.
pub struct Duplex {
    make: Make,
    /// Somebody wants to know what is played.
    listens: AtomicBool,
    /// Something is done to what is heard.
    works: AtomicBool,
    played: Mutex<Played>,
    ear: Mutex<Ear>,
}

#[derive(Debug)]
struct Played {
    /// With the time at which each begins to be heard.
    blocks: VecDeque<(PcmBlock, Duration)>,
    gate: Gate,
}

struct Ear {
    /// Made when there is something to clean, and let go when there is not: it has megabytes of its own.
    cleaner: Option<Box<dyn Cleaner>>,
    reference: Reference,
    settings: Settings,
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
        let make = |settings| -> Option<Box<dyn Cleaner>> { Some(Box::new(crate::Apm::new(settings))) };
        #[cfg(not(feature = "sonora"))]
        let make = |_| None;
        Self::with(make, settings)
    }

    /// With what `make` makes for cleaning, if it makes anything.
    pub fn with(make: impl Fn(Settings) -> Option<Box<dyn Cleaner>> + Send + Sync + 'static, settings: Settings) -> Self {
        let played = Played { blocks: VecDeque::with_capacity(DEPTH), gate: Gate::default() };
        let ear = Ear { cleaner: None, reference: Reference::default(), settings: Settings::OFF, stats: Stats::default() };
        let made = Self {
            make: Box::new(make),
            listens: AtomicBool::new(false),
            works: AtomicBool::new(false),
            played: Mutex::new(played),
            ear: Mutex::new(ear),
        };
        made.set(settings);
        made
    }

    /// Whether this build can take echo and noise out.
    pub const fn can_clean() -> bool {
        cfg!(feature = "sonora")
    }

    /// What is done.
    pub fn settings(&self) -> Settings {
        self.ear().settings
    }

    /// What is to be done from the next block on.
    pub fn set(&self, settings: Settings) {
        // Made and let go while nobody waits for it.
        let lacks = settings.cleans() && self.ear().cleaner.is_none();
        let made = if lacks { (self.make)(settings) } else { None };
        let mut ear = self.ear();
        let gone = if settings.cleans() {
            match (&mut ear.cleaner, made) {
                (Some(cleaner), _) => cleaner.set(settings),
                (none, made) => *none = made,
            }
            None
        } else {
            ear.cleaner.take()
        };
        if !settings.echo {
            ear.reference.clear();
            (ear.stats.echo_return_loss_db, ear.stats.echo_return_loss_enhancement_db) = (None, None);
        }
        ear.settings = settings;
        drop(ear);
        drop(gone);
        self.listens.store(settings.echo || settings.half, Ordering::Relaxed);
        // Ends only with the next block: a microphone that was silent comes back without a click.
        self.works.fetch_or(settings != Settings::OFF, Ordering::Relaxed);
    }

    /// How the two sides get on.
    pub fn stats(&self) -> Stats {
        self.ear().stats
    }

    /// The speaker was given `block` at `now`, on the clock of captures (`CLOCK_MONOTONIC`), and it is heard after `delay`.
    pub fn played(&self, block: &PcmBlock, delay: Duration, now: Duration) {
        if !self.listens.load(Ordering::Relaxed) {
            return;
        }
        let mut played = self.played_so_far();
        if played.blocks.len() == DEPTH {
            played.blocks.pop_front();
        }
        played.blocks.push_back((block.clone(), now + delay));
        played.gate.played(block, delay, now);
    }

    /// Cleans what the microphone heard from `block.captured_at` on, in place; `now` is on the same clock.
    pub fn captured(&self, block: &mut PcmBlock, now: Duration) {
        if !self.works.load(Ordering::Relaxed) {
            return;
        }
        let mut ear = self.ear();
        let Ear { cleaner, reference, settings, stats } = &mut *ear;
        // As few as there are: the speaker's thread is not to wait for what is done with them.
        let mut blocks = [const { None }; DEPTH];
        {
            let mut played = self.played_so_far();
            stats.held = settings.half && played.gate.is_closed(block.captured_at);
            for slot in &mut blocks {
                *slot = played.blocks.pop_front();
            }
        }
        if let Some(cleaner) = cleaner {
            if settings.echo {
                blocks.iter().flatten().for_each(|(block, heard_at)| reference.add(block, *heard_at));
                cleaner.render(&reference.next(block.captured_at, now));
                cleaner.capture(block, reference.delay());
                (stats.echo_return_loss_db, stats.echo_return_loss_enhancement_db) = cleaner.echo();
            } else {
                cleaner.capture(block, Duration::ZERO);
            }
        }
        let (held, settings) = (stats.held, *settings);
        drop(ear);
        self.played_so_far().gate.captured(block, held);
        if settings == Settings::OFF {
            self.works.store(false, Ordering::Relaxed);
        }
    }

    fn played_so_far(&self) -> MutexGuard<'_, Played> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ear(&self) -> MutexGuard<'_, Ear> {
        self.ear.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
