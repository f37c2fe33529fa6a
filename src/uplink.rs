//! Frames and samples into the engine: the only room that knows both capture and engine.
//!
//! A picture goes from its slot into the engine as it is: its bytes are shared, not copied, and nothing is allocated for it. Sound
//! goes in blocks of 10 ms; a block that finds the engine's buffer full is offered again after its own duration, a picture is not,
//! because a newer one is on its way. Sound is cleaned here, in place, where a speaker plays beside the microphone. What is muted is taken and thrown away here, so that it never reaches the engine at all.
//!
//! The law of the books, at every moment, for pictures and for sound: taken = pushed + muted + too large + not joined + full +
//! refused + in flight; and what capture calls pushed is what is taken here.
//!
//! Not for conversion or scaling (that is capture's and media's) and not for deciding what is published (that is the session's).

mod feed;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use artc_bindings::{CallError, Engine, SampleError, VideoDataSample, VideoSource};
use media::PcmBlock;
use media::format::Size;
use rustix::time::{ClockId, clock_gettime};
use voice::Duplex;

use crate::capture::audio::Ring;
use crate::capture::video::{Captured, Slot};

pub use feed::Books;

use feed::{Fate, Feed};

/// How long a thread waits for media before it looks whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often a block of sound is offered to a full engine: a second. Then it is too old to be worth anything.
const OFFERS: u32 = 100;
/// Duration of a block of sound.
const BLOCK: Duration = Duration::from_millis(10);

/// Carries pictures and sound from capture to the engine on two threads. Dropping it stops and joins them.
#[derive(Debug)]
pub struct Uplink {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    video: Feed,
    audio: Feed,
}

impl Uplink {
    /// Starts carrying. The threads live until the uplink is dropped or the capture threads end.
    /// `voice` cleans the sound on the way.
    pub fn start(
        engine: Arc<dyn Engine>,
        video: Arc<Slot<Captured>>,
        audio: Option<Arc<Ring>>,
        voice: Option<Arc<Duplex>>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { stop: AtomicBool::new(false), video: Feed::new("video"), audio: Feed::new("audio") });
        let mut uplink = Self { shared, threads: Vec::new() };
        uplink.spawn("uplink-video", {
            let (shared, engine) = (Arc::clone(&uplink.shared), Arc::clone(&engine));
            move || shared.carry_video(&*engine, &video)
        })?;
        if let Some(ring) = audio {
            let shared = Arc::clone(&uplink.shared);
            uplink.spawn("uplink-audio", move || shared.carry_audio(&*engine, &ring, voice.as_deref()))?;
        }
        Ok(uplink)
    }

    /// Whether pictures are thrown away here.
    pub fn mute_video(&self, mute: bool) {
        self.shared.video.mute(mute);
    }

    /// Whether sound is thrown away here.
    pub fn mute_audio(&self, mute: bool) {
        self.shared.audio.mute(mute);
    }

    /// What became of the pictures.
    pub fn video(&self) -> Books {
        self.shared.video.books()
    }

    /// What became of the 10 ms blocks of sound.
    pub fn audio(&self) -> Books {
        self.shared.audio.books()
    }

    /// Changes whenever the thread of pictures turns, at least every 100 ms but for the engine's time; always even.
    pub fn video_turns(&self) -> Arc<AtomicU64> {
        self.shared.video.turns()
    }

    /// The same of the thread of sound, which may take a second; where there is sound.
    pub fn audio_turns(&self) -> Arc<AtomicU64> {
        self.shared.audio.turns()
    }

    fn spawn(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        self.threads.push(std::thread::Builder::new().name(name.into()).spawn(run)?);
        Ok(())
    }
}

impl Drop for Uplink {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.threads.iter().map(JoinHandle::thread).for_each(Thread::unpark);
        for thread in self.threads.drain(..) {
            // A panic there was told by the panic hook; there is nothing to add.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn carry_video(&self, engine: &dyn Engine, slot: &Slot<Captured>) {
        while !self.stopped() {
            self.video.turn();
            match slot.take(PATIENCE) {
                Some(captured) => self.video.offer(|| push_video(engine, &captured)),
                None if slot.is_closed() => return,
                None => {}
            }
        }
    }

    fn carry_audio(&self, engine: &dyn Engine, ring: &Ring, voice: Option<&Duplex>) {
        while !self.stopped() {
            self.audio.turn();
            match ring.take(PATIENCE) {
                Some(mut block) => {
                    // Also of what is thrown away, so that the echo is known when it is not any more.
                    voice.into_iter().for_each(|voice| voice.captured(&mut block, clock()));
                    self.audio.offer(|| self.push_audio(engine, &block));
                }
                None if ring.is_closed() => return,
                None => {}
            }
        }
    }

    /// Offers one block until the engine takes it, refuses it, or it is too old.
    fn push_audio(&self, engine: &dyn Engine, block: &PcmBlock) -> Fate {
        let mut bytes = [0_u8; 2 * PcmBlock::MAX_SAMPLES];
        let samples = block.samples();
        for (to, sample) in bytes.chunks_exact_mut(2).zip(samples) {
            to.copy_from_slice(&sample.to_le_bytes());
        }
        let bytes = &bytes[..2 * samples.len()];
        for _ in 0..OFFERS {
            let fate = fate(engine.push_external_audio_frame_raw_data(bytes, milliseconds(block.captured_at)));
            if !matches!(fate, Fate::Full) || self.stopped() || self.audio.is_muted() {
                return fate;
            }
            std::thread::park_timeout(BLOCK);
        }
        Fate::Full
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Offers one picture; a full engine gets the next one instead.
fn push_video(engine: &dyn Engine, captured: &Captured) -> Fate {
    fate(engine.push_external_video_frame(&sample(captured), VideoSource::Camera))
}

/// The picture as the engine takes it: the same bytes.
fn sample(captured: &Captured) -> VideoDataSample {
    match captured {
        Captured::Raw(frame) => {
            let Size { width, height } = frame.size;
            let at = frame.captured_at;
            VideoDataSample::i420(Arc::clone(&frame.buffer) as _, width, height, milliseconds(at), Some(at))
        }
        Captured::Encoded(unit) => {
            let Size { width, height } = unit.size;
            let at = unit.captured_at;
            VideoDataSample::h264(Arc::clone(&unit.data) as _, width, height, milliseconds(at), Some(at))
        }
    }
}

/// `CLOCK_MONOTONIC`, which captures are stamped by.
fn clock() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

fn milliseconds(at: Duration) -> i64 {
    i64::try_from(at.as_millis()).unwrap_or(i64::MAX)
}

fn fate(answer: Result<(), CallError>) -> Fate {
    match answer {
        Ok(()) => Fate::Pushed,
        Err(CallError::BufferFull { .. }) => Fate::Full,
        Err(CallError::NotJoined { .. } | CallError::SourceOff { .. } | CallError::Released { .. }) => Fate::NotJoined,
        Err(error @ CallError::Sample(SampleError::TooLarge { .. })) => Fate::TooLarge(error),
        Err(error) => Fate::Refused(error),
    }
}

#[cfg(test)]
mod tests;
