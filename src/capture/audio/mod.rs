//! Microphones: a thread each, which delivers 10 ms blocks for ever, whatever happens to the device.
//!
//! [`Microphone::start`] never fails for a device's sake. A microphone that is missing, busy or unplugged is silence with right
//! timestamps at the same pace on the same [`Ring`], and comes back by itself; [`Microphone::state`] says what is heard and why.
//!
//! What `[microphone] source` means:
//! - `"auto"`: the first card that captures and is no loopback, dummy or test card; such a one only where there is nothing else. A
//!   machine without any gets the built-in tone until a card is plugged in. A card that is lost is waited for by its own name for
//!   10 s; then any other will do.
//! - `"tone"`: the built-in tone. `"none"`: nothing at all.
//! - a name as [`devices`] tells it, ALSA's card id (`PCH`, `PCH,1`), or any ALSA name (`plughw:1,0`, `default`): this one or silence.
//!
//! This room knows media and sound cards, and nothing else of ours: not who takes the blocks, not who sends the commands.

mod alsa;
mod config;
mod level;
mod pump;
mod ring;
mod state;
mod timeline;
mod tone;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use media::PcmFormat;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;
use tokio::sync::broadcast;

pub use config::Config;
pub use ring::{Counters, Ring};
pub use state::{Phase, State};
pub use timeline::Repairs;
pub use tone::{BEEP, BEEP_HZ, TONE_HZ};

use crate::soundcard::Way;
pub use crate::soundcard::{Identity, Loss};
use level::Level;

/// Changes of phase that a slow listener may lag behind before the oldest are lost to it.
const EVENTS: usize = 16;

/// All sound devices that capture, in the order in which "auto" tries them.
pub fn devices() -> Vec<Identity> {
    crate::soundcard::devices(Way::In)
}

/// A running microphone. Dropping it ends its thread and closes the device.
#[derive(Debug)]
pub struct Microphone {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the microphone's thread and those who ask share.
#[derive(Debug)]
struct Shared {
    format: PcmFormat,
    ring: Arc<Ring>,
    facts: Mutex<Facts>,
    events: broadcast::Sender<Phase>,
    /// 0 to 100.
    volume: AtomicU8,
    /// Somebody set the volume, so that it holds for the next card too.
    volume_set: AtomicBool,
    muted: AtomicBool,
    /// No device may be open.
    private: AtomicBool,
    stop: AtomicBool,
    wake: OwnedFd,
    level: Level,
    /// See [`Microphone::turns`].
    turns: Arc<AtomicU64>,
}

/// What is known about the microphone at the moment.
#[derive(Debug)]
struct Facts {
    phase: Phase,
    detail: String,
    device: Option<Identity>,
    overruns: u64,
    restarts: u64,
    recoveries: u64,
    repairs: Repairs,
    driver_timestamps: bool,
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

impl Microphone {
    /// Starts the microphone's thread; none for `source = "none"`. What cannot be opened is told by [`Microphone::state`], not here.
    ///
    /// # Errors
    /// When the system gives no thread or no descriptor.
    pub fn start(config: Config) -> io::Result<Self> {
        Self::start_private(config, false)
    }

    /// The same; `private`, no device is opened before [`set_private`](Self::set_private) lets it.
    pub fn start_private(config: Config, private: bool) -> io::Result<Self> {
        let format = PcmFormat { rate: config.rate, channels: config.channels };
        let off = config.source == "none";
        let facts = Facts {
            phase: if off { Phase::Off } else { Phase::Starting },
            detail: if off { "switched off by the configuration" } else { "starting" }.into(),
            device: None,
            overruns: 0,
            restarts: 0,
            recoveries: 0,
            repairs: Repairs::default(),
            driver_timestamps: true,
            mixer: false,
        };
        let shared = Arc::new(Shared {
            format,
            ring: Arc::new(Ring::new()),
            facts: Mutex::new(facts),
            events: broadcast::channel(EVENTS).0,
            volume: AtomicU8::new(100),
            volume_set: AtomicBool::new(false),
            muted: AtomicBool::new(false),
            private: AtomicBool::new(private),
            stop: AtomicBool::new(false),
            wake: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            level: Level::default(),
            turns: Arc::default(),
        });
        let thread = if off {
            shared.ring.close();
            None
        } else {
            let pump = pump::Pump::new(config, Arc::clone(&shared));
            Some(std::thread::Builder::new().name("microphone".into()).spawn(move || pump.run())?)
        };
        Ok(Self { shared, thread })
    }

    /// Where the blocks come out.
    pub fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.shared.ring)
    }

    /// Changes whenever the microphone's thread turns, every two seconds at least unless a driver keeps it; odd while it waits for the
    /// device or the time, even while it is at work.
    pub fn turns(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.shared.turns)
    }

    /// What the microphone is doing.
    pub fn state(&self) -> State {
        let counters = self.shared.ring.counters();
        let facts = self.shared.facts();
        State {
            phase: facts.phase,
            detail: facts.detail.clone(),
            device: facts.device.clone(),
            format: self.shared.format,
            counters,
            overruns: facts.overruns,
            restarts: facts.restarts,
            recoveries: facts.recoveries,
            repairs: facts.repairs,
            driver_timestamps: facts.driver_timestamps,
            volume: self.shared.volume.load(Ordering::Relaxed),
            muted: self.shared.muted.load(Ordering::Relaxed),
            mixer: facts.mixer,
        }
    }

    /// How loud it was since this was asked last, in dB of full scale, -96 to 0; `None` where no device and no tone was heard. For one who
    /// asks: what was told is forgotten.
    pub fn take_level(&self) -> Option<f32> {
        self.shared.level.take()
    }

    /// Sets the volume, 0 to 100 (more is 100): in the card's mixer where it has a knob for it, else in software. It holds for
    /// whatever card comes later. Returns at once; a mixer follows within a few milliseconds.
    pub fn set_volume(&self, volume: u8) {
        self.shared.volume.store(volume.min(100), Ordering::Relaxed);
        self.shared.volume_set.store(true, Ordering::Release);
        self.shared.wake();
    }

    /// Lets nothing but silence out, or the microphone again; from the next block on.
    pub fn set_muted(&self, muted: bool) {
        self.shared.muted.store(muted, Ordering::Relaxed);
    }

    /// Closes the device and lets nothing but silence out, or opens it again. Silent from the next block on; the device is let go
    /// within a few milliseconds.
    pub fn set_private(&self, private: bool) {
        self.shared.private.store(private, Ordering::Release);
        self.shared.wake();
    }

    /// Changes of [`State::phase`] as they happen. A listener that lags by more than 16 is told how many it missed.
    pub fn events(&self) -> broadcast::Receiver<Phase> {
        self.shared.events.subscribe()
    }
}

impl Drop for Microphone {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
