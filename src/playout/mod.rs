//! The speaker: a thread that plays what others in the channel say, whatever happens to the device.
//!
//! [`Speaker::start`] never fails for a device's sake. One that is missing, busy or unplugged drops what comes, says so in
//! [`Speaker::state`], and comes back by itself. What `[speaker] device` means:
//! - `"none"`: nothing is played at all, and nobody in the channel is listened to.
//! - `"auto"`: the first card that plays and is no loopback, dummy or test card; such a one only where there is nothing else. A card that
//!   is lost is waited for by its own name for 10 s; then any other will do.
//! - a name as [`devices`] tells it, ALSA's card id (`PCH`, `PCH,1`), or any ALSA name (`plughw:1,0`, `default`): this one or none.
//!
//! Any rate and channel count of the card will do. How long sound takes through the card is measured and held at 30 ms, or what the machine
//! can do; the card's clock and the sound's run apart, which `drift` makes up for.
//!
//! This room knows media and sound cards, and nothing else of ours: not whose sound it is, not who sends the commands.

mod alsa;
mod config;
mod flow;
mod pump;
mod queue;
mod state;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use media::PcmBlock;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;
use voice::Duplex;

pub use config::Config;
pub use queue::Counters;
pub use state::{Phase, State};

use crate::soundcard::{Identity, Way};
use queue::Queue;

/// All sound devices that play, in the order in which "auto" tries them.
pub fn devices() -> Vec<Identity> {
    crate::soundcard::devices(Way::Out)
}

/// A running speaker. Dropping it ends its thread and closes the device.
#[derive(Debug)]
pub struct Speaker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the speaker's thread and those who ask share.
#[derive(Debug)]
struct Shared {
    queue: Queue,
    facts: Mutex<Facts>,
    /// 0 to 100.
    volume: AtomicU8,
    muted: AtomicBool,
    stop: AtomicBool,
    wake: OwnedFd,
    /// See [`Speaker::turns`].
    turns: Arc<AtomicU64>,
}

/// What is known about the speaker at the moment.
#[derive(Debug)]
struct Facts {
    phase: Phase,
    detail: String,
    device: Option<Identity>,
    format: Option<(u32, u32)>,
    underruns: u64,
    restarts: u64,
    recoveries: u64,
    delay: Option<Duration>,
    drift_ppm: f64,
    mixer: bool,
}

impl Shared {
    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // Fails only when the counter is at its maximum, and then the thread is woken anyway.
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }
}

impl Speaker {
    /// Starts the speaker's thread; none for `device = "none"`. What cannot be opened is told by [`Speaker::state`], not here.
    ///
    /// # Errors
    /// When the system gives no thread or no descriptor.
    pub fn start(config: Config) -> io::Result<Self> {
        Self::start_beside(config, None)
    }

    /// The same beside a microphone: `voice` is told of everything that is really written, and of how long it takes until it is heard.
    ///
    /// # Errors
    /// As [`Speaker::start`].
    pub fn start_beside(config: Config, voice: Option<Arc<Duplex>>) -> io::Result<Self> {
        let on = config.is_on();
        let facts = Facts {
            phase: if on { Phase::Starting } else { Phase::Off },
            detail: if on { "starting" } else { "switched off by the configuration" }.into(),
            device: None,
            format: None,
            underruns: 0,
            restarts: 0,
            recoveries: 0,
            delay: None,
            drift_ppm: 0.0,
            mixer: false,
        };
        let shared = Arc::new(Shared {
            queue: Queue::new(),
            facts: Mutex::new(facts),
            volume: AtomicU8::new(config.volume.min(100)),
            muted: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            wake: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            turns: Arc::default(),
        });
        let thread = if on {
            let pump = pump::Pump::new(config, Arc::clone(&shared), voice);
            Some(std::thread::Builder::new().name("speaker".into()).spawn(move || pump.run())?)
        } else {
            None
        };
        Ok(Self { shared, thread })
    }

    /// Whether there is one at all.
    pub fn is_on(&self) -> bool {
        self.thread.is_some()
    }

    /// Plays 10 ms. Never waits; what there is no time or no device for is dropped and counted.
    pub fn play(&self, block: PcmBlock) {
        if self.is_on() {
            self.shared.queue.push(block);
            self.shared.wake();
        }
    }

    /// Changes whenever the speaker's thread turns, every two seconds at least unless a driver keeps it; odd while it waits for the
    /// device or the time.
    pub fn turns(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.shared.turns)
    }

    /// What the speaker is doing.
    pub fn state(&self) -> State {
        let counters = self.shared.queue.counters();
        let facts = self.shared.facts();
        State {
            phase: facts.phase,
            detail: facts.detail.clone(),
            device: facts.device.clone(),
            format: facts.format,
            counters,
            underruns: facts.underruns,
            restarts: facts.restarts,
            recoveries: facts.recoveries,
            delay: facts.delay,
            drift_ppm: facts.drift_ppm,
            volume: self.shared.volume.load(Ordering::Relaxed),
            muted: self.shared.muted.load(Ordering::Relaxed),
            mixer: facts.mixer,
        }
    }

    /// Sets the volume, 0 to 100 (more is 100): in the card's mixer where it has a knob for it, else in software. It holds for whatever
    /// card comes later.
    pub fn set_volume(&self, volume: u8) {
        self.shared.volume.store(volume.min(100), Ordering::Relaxed);
        self.shared.wake();
    }

    /// Plays nothing but silence, or what comes again; from the next block on.
    pub fn set_muted(&self, muted: bool) {
        self.shared.muted.store(muted, Ordering::Relaxed);
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
