//! Pushed PCM on its way to the encoder: bounded, and refused when full, as the API promises.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use media::PcmFormat;

use super::Profile;

/// Sound that waits at most for the encoder, in milliseconds.
const DEPTH_MS: usize = 200;
/// What the encoder takes at once, in milliseconds.
pub const PACKET_MS: usize = 20;

/// Why pushed sound was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushRefused {
    /// Nobody said rate and channels yet.
    SourceOff,
    /// Not a whole number of samples.
    Ragged {
        /// Bytes that came.
        len: usize,
        /// Bytes of one sample of all channels.
        sample: usize,
    },
    /// The encoder has enough for now; push the same again later.
    Full {
        /// It was not so at the last push.
        first: bool,
    },
}

#[derive(Default)]
struct Inner {
    format: Option<PcmFormat>,
    samples: VecDeque<i16>,
    /// Capture time of the first sample in `samples`.
    begins: Duration,
    active: bool,
    full_told: bool,
    volume: i32,
    profile: Profile,
    loss_percent: u8,
    generation: u64,
    closed: bool,
}

/// The mailbox of the sound thread.
pub struct AudioInput {
    inner: Mutex<Inner>,
    arrived: Condvar,
    /// Milliseconds of sound taken.
    pushed_ms: AtomicU64,
    /// Milliseconds of sound dropped: nobody there to receive it.
    dropped_ms: AtomicU64,
    pub(super) packets: AtomicU64,
    pub(super) bytes: AtomicU64,
    volume: AtomicU32,
}

/// 20 ms for the encoder.
pub(super) struct Chunk {
    pub format: PcmFormat,
    pub captured_at: Duration,
    pub volume: i32,
    pub profile: Profile,
    pub loss_percent: u8,
    /// Changes when format or profile did: another encoder is due.
    pub generation: u64,
}

impl Default for AudioInput {
    fn default() -> Self {
        Self {
            inner: Mutex::new(Inner { volume: 100, ..Inner::default() }),
            arrived: Condvar::new(),
            pushed_ms: AtomicU64::new(0),
            dropped_ms: AtomicU64::new(0),
            packets: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            volume: AtomicU32::new(100),
        }
    }
}

impl AudioInput {
    /// Switches the source on with this format, or off.
    pub fn set_format(&self, format: Option<PcmFormat>) {
        let mut inner = self.lock();
        if inner.format != format {
            inner.format = format;
            inner.samples.clear();
            inner.generation += 1;
        }
    }

    /// Whether anybody receives the sound. While nobody does it is dropped.
    pub fn set_active(&self, active: bool) {
        let mut inner = self.lock();
        if inner.active && !active {
            inner.samples.clear();
        }
        inner.active = active;
    }

    /// Loudness, 0 to 100.
    pub fn set_volume(&self, volume: i32) {
        self.lock().volume = volume;
        self.volume.store(volume.unsigned_abs(), Ordering::Relaxed);
    }

    /// See [`AudioInput::set_volume`].
    pub fn volume(&self) -> i32 {
        i32::try_from(self.volume.load(Ordering::Relaxed)).unwrap_or(100)
    }

    /// Bitrate, bandwidth and channels of what is sent.
    pub fn set_profile(&self, profile: Profile) {
        let mut inner = self.lock();
        if inner.profile != profile {
            inner.profile = profile;
            inner.generation += 1;
        }
    }

    /// Share of packets that the other side misses, in percent; error correction follows it.
    pub fn set_loss(&self, percent: u8) {
        self.lock().loss_percent = percent.min(100);
    }

    /// Takes PCM: 16-bit, little endian, interleaved. `captured_at` is the time of its first sample. Answers whether the fullness
    /// has changed and is to be told.
    pub fn push(&self, bytes: &[u8], captured_at: Duration) -> Result<Option<bool>, PushRefused> {
        let mut inner = self.lock();
        let Some(format) = inner.format else { return Err(PushRefused::SourceOff) };
        let sample = 2 * usize::from(format.channels);
        if bytes.is_empty() || !bytes.len().is_multiple_of(sample) {
            return Err(PushRefused::Ragged { len: bytes.len(), sample });
        }
        let ms = (bytes.len() / sample) as u64 * 1000 / u64::from(format.rate);
        if !inner.active || inner.closed {
            drop(inner);
            self.pushed_ms.fetch_add(ms, Ordering::Relaxed);
            self.dropped_ms.fetch_add(ms, Ordering::Relaxed);
            return Ok(None);
        }
        let room = format.samples_per_10ms() * DEPTH_MS / 10;
        if inner.samples.len() + bytes.len() / 2 > room && !inner.samples.is_empty() {
            metrics::counter!("artc_audio_refused_total").increment(1);
            return Err(PushRefused::Full { first: !std::mem::replace(&mut inner.full_told, true) });
        }
        if inner.samples.is_empty() {
            inner.begins = captured_at;
        }
        inner.samples.extend(bytes.as_chunks::<2>().0.iter().map(|b| i16::from_le_bytes(*b)));
        let empties = std::mem::take(&mut inner.full_told);
        let enough = inner.samples.len() >= format.samples_per_10ms() * PACKET_MS / 10;
        drop(inner);
        self.pushed_ms.fetch_add(ms, Ordering::Relaxed);
        if enough {
            self.arrived.notify_one();
        }
        Ok(empties.then_some(false))
    }

    /// Ends the thread.
    pub fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }

    /// Milliseconds taken and dropped, packets and bytes sent.
    pub fn counts(&self) -> (u64, u64, u64, u64) {
        let get = |c: &AtomicU64| c.load(Ordering::Relaxed);
        (get(&self.pushed_ms), get(&self.dropped_ms), get(&self.packets), get(&self.bytes))
    }

    /// Waits for 20 ms of sound and moves it into `into`; `None` when the thread is to end.
    pub(super) fn next(&self, into: &mut Vec<i16>) -> Option<Chunk> {
        let inner = self.lock();
        let enough = |i: &Inner| i.format.is_some_and(|f| i.samples.len() >= f.samples_per_10ms() * PACKET_MS / 10);
        let mut inner = self.arrived.wait_while(inner, |i| !i.closed && !enough(i)).unwrap_or_else(PoisonError::into_inner);
        let format = inner.format.filter(|_| !inner.closed)?;
        let count = format.samples_per_10ms() * PACKET_MS / 10;
        into.clear();
        into.extend(inner.samples.drain(..count));
        let captured_at = inner.begins;
        inner.begins += Duration::from_millis(PACKET_MS as u64);
        Some(Chunk {
            format,
            captured_at,
            volume: inner.volume,
            profile: inner.profile,
            loss_percent: inner.loss_percent,
            generation: inner.generation,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is whole before the lock is given back.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
