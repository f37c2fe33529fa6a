//! Pushed PCM on its way to the encoder: bounded, and refused when full, as the API promises. In the mode `WithPts` it waits for its time
//! stamp here.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use artc_bindings::EncodedTap;
use media::PcmFormat;

use super::Profile;
use crate::clock::Clock;
use crate::pts::{self, Axis};
use crate::shared::{LOOK_UP, Turns};

/// Sound that waits at most for the encoder, in milliseconds.
const DEPTH_MS: usize = 200;
/// What the encoder takes at once, in milliseconds.
pub const PACKET_MS: usize = 20;
/// Time stamps that are this far from where the sound before ends mean a gap; less is rounding.
const GAP: Duration = Duration::from_millis(30);

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
    /// Its time stamp is before that of what was pushed last, in milliseconds.
    Backwards {
        /// The last one.
        last: i64,
    },
    /// The encoder has enough for now; push the same again later.
    Full {
        /// It was not so at the last push.
        first: bool,
    },
}

/// Sound without a gap, of the mode `WithPts`.
struct Segment {
    /// When its first sample has its turn.
    due: Duration,
    /// How much of `samples` it is.
    len: usize,
}

/// What the mode `WithPts` needs besides.
struct Timed {
    axis: Arc<Axis>,
    /// Milliseconds that wait at most.
    most_ms: usize,
    segments: VecDeque<Segment>,
    last: Option<i64>,
}

#[derive(Default)]
struct Inner {
    format: Option<PcmFormat>,
    samples: VecDeque<i16>,
    /// Capture time of the first sample in `samples`.
    begins: Duration,
    timed: Option<Timed>,
    active: bool,
    tap: Option<Arc<dyn EncodedTap>>,
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
    /// Called when it was full and has room again.
    on_room: Option<Box<dyn Fn() + Send + Sync>>,
    /// Of the thread that takes from here.
    pub turns: Turns,
}

/// What is to be done with the sound that waits.
enum Turn {
    /// Take so many samples, captured then.
    Take(usize, Duration),
    /// Nothing before then, if there is a then.
    Wait(Option<Duration>),
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
    /// The network takes it.
    pub live: bool,
    /// Who takes it besides, or instead.
    pub tap: Option<Arc<dyn EncodedTap>>,
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
            on_room: None,
            turns: Turns::default(),
        }
    }
}

impl Inner {
    /// The first `count` samples have had their turn.
    fn pass(&mut self, count: usize) {
        let packet = Duration::from_millis(PACKET_MS as u64);
        self.begins += packet;
        let Some(timed) = &mut self.timed else { return };
        if let Some(first) = timed.segments.front_mut() {
            first.len -= count.min(first.len);
            first.due += packet;
        }
        timed.segments.pop_front_if(|first| first.len == 0);
    }

    /// Samples of all channels that wait at most.
    fn room(&self, format: PcmFormat) -> usize {
        format.samples_per_10ms() * self.timed.as_ref().map_or(DEPTH_MS, |timed| timed.most_ms) / 10
    }

    fn clear(&mut self) {
        self.samples.clear();
        if let Some(timed) = &mut self.timed {
            timed.segments.clear();
        }
    }

    fn turn(&self, now: Duration) -> Turn {
        let Some(format) = self.format else { return Turn::Wait(None) };
        let packet = format.samples_per_10ms() * PACKET_MS / 10;
        let Some(timed) = &self.timed else {
            return if self.samples.len() >= packet { Turn::Take(packet, self.begins) } else { Turn::Wait(None) };
        };
        match timed.segments.front() {
            Some(first) if first.due > now => Turn::Wait(Some(first.due)),
            Some(first) if first.len >= packet => Turn::Take(packet, first.due),
            // What is left before a gap is filled up with silence.
            Some(first) if timed.segments.len() > 1 => Turn::Take(first.len, first.due),
            _ => Turn::Wait(None),
        }
    }
}

impl AudioInput {
    /// A mailbox that calls `on_room` when it was full and has room again.
    pub fn new(on_room: impl Fn() + Send + Sync + 'static) -> Self {
        Self { on_room: Some(Box::new(on_room)), ..Self::default() }
    }

    /// Sound waits for its time stamp on this axis, at most so many blocks of 10 ms; `None`: it does not wait. What waited before is
    /// dropped.
    pub fn set_cache(&self, cache: Option<(Arc<Axis>, usize)>) {
        let mut inner = self.lock();
        inner.clear();
        inner.timed =
            cache.map(|(axis, blocks)| Timed { axis, most_ms: 10 * blocks.max(2), segments: VecDeque::new(), last: None });
        self.arrived.notify_one();
    }

    /// Switches the source on with this format, or off.
    pub fn set_format(&self, format: Option<PcmFormat>) {
        let mut inner = self.lock();
        if inner.format != format {
            inner.format = format;
            inner.clear();
            inner.generation += 1;
        }
    }

    /// Whether anybody receives the sound. While nobody does it is dropped.
    pub fn set_active(&self, active: bool) {
        let mut inner = self.lock();
        // What waits for its time stamp goes when its time comes, heard or not.
        if inner.active && !active && inner.timed.is_none() && inner.tap.is_none() {
            inner.clear();
        }
        inner.active = active;
        self.tell_room(&mut inner);
    }

    /// Hands the packets to `tap`, too.
    pub fn set_tap(&self, tap: Option<Arc<dyn EncodedTap>>) {
        self.lock().tap = tap;
    }

    /// Whether something takes the packets besides the network.
    pub fn is_tapped(&self) -> bool {
        self.lock().tap.is_some()
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

    /// Takes PCM: 16-bit, little endian, interleaved. `captured_at` is the time of its first sample.
    pub fn push(&self, bytes: &[u8], captured_at: Duration) -> Result<(), PushRefused> {
        let mut inner = self.lock();
        let (format, ms) = check(&inner, bytes)?;
        if !(inner.active || inner.tap.is_some()) || inner.closed {
            drop(inner);
            self.pushed_ms.fetch_add(ms, Ordering::Relaxed);
            self.dropped_ms.fetch_add(ms, Ordering::Relaxed);
            return Ok(());
        }
        make_room(&mut inner, format, bytes)?;
        if inner.samples.is_empty() {
            inner.begins = captured_at;
        }
        self.take(inner, format, bytes, ms);
        Ok(())
    }

    /// The same for PCM that waits for its time stamp, in milliseconds; `None` where sound does not wait.
    pub fn push_in_time(&self, bytes: &[u8], pts: i64, now: Duration) -> Option<Result<(), PushRefused>> {
        let inner = self.lock();
        inner.timed.is_some().then(|| self.push_timed(inner, bytes, pts, now))
    }

    fn push_timed(&self, mut inner: MutexGuard<'_, Inner>, bytes: &[u8], pts: i64, now: Duration) -> Result<(), PushRefused> {
        let (format, ms) = check(&inner, bytes)?;
        if let Some(last) = inner.timed.as_ref().and_then(|timed| timed.last).filter(|last| pts < *last) {
            return Err(PushRefused::Backwards { last });
        }
        make_room(&mut inner, format, bytes)?;
        if let Some(timed) = &mut inner.timed {
            timed.last = Some(pts);
            let (due, len) = (timed.axis.due(pts, now), bytes.len() / 2);
            match timed.segments.back_mut() {
                // Stamps that overlap are rounding, or the caller's own rows of zeros: sound is as long as it is.
                Some(before) if due <= before.due + format.time_of(before.len) + GAP => before.len += len,
                _ => timed.segments.push_back(Segment { due, len }),
            }
        }
        self.take(inner, format, bytes, ms);
        Ok(())
    }

    fn take(&self, mut inner: MutexGuard<'_, Inner>, format: PcmFormat, bytes: &[u8], ms: u64) {
        inner.samples.extend(bytes.as_chunks::<2>().0.iter().map(|b| i16::from_le_bytes(*b)));
        let enough = inner.samples.len() >= format.samples_per_10ms() * PACKET_MS / 10;
        drop(inner);
        self.pushed_ms.fetch_add(ms, Ordering::Relaxed);
        if enough {
            self.arrived.notify_one();
        }
    }

    /// Says that there is room again, once half of it is free.
    fn tell_room(&self, inner: &mut Inner) {
        let half = inner.format.map_or(0, |format| inner.room(format) / 2);
        if inner.samples.len() <= half
            && std::mem::take(&mut inner.full_told)
            && let Some(tell) = &self.on_room
        {
            tell();
        }
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
    pub(super) fn next(&self, into: &mut Vec<i16>, clock: Clock) -> Option<Chunk> {
        let mut inner = self.lock();
        let (format, captured_at) = loop {
            if inner.closed {
                return None;
            }
            let now = clock.monotonic();
            match (inner.format, inner.turn(now)) {
                (Some(format), Turn::Take(count, captured_at)) => {
                    into.clear();
                    into.extend(inner.samples.drain(..count));
                    into.resize(format.samples_per_10ms() * PACKET_MS / 10, 0);
                    inner.pass(count);
                    self.tell_room(&mut inner);
                    if inner.active || inner.tap.is_some() {
                        break (format, captured_at);
                    }
                    // Its time has come and gone.
                    self.dropped_ms.fetch_add(PACKET_MS as u64, Ordering::Relaxed);
                }
                (_, Turn::Wait(Some(due))) => inner = self.wait(inner, pts::pause(due, now)),
                _ => inner = self.wait(inner, LOOK_UP),
            }
        };
        Some(Chunk {
            format,
            captured_at,
            volume: inner.volume,
            profile: inner.profile,
            loss_percent: inner.loss_percent,
            generation: inner.generation,
            live: inner.active,
            tap: inner.tap.clone(),
        })
    }

    /// Waits for something to arrive, at most so long.
    fn wait<'a>(&self, inner: MutexGuard<'a, Inner>, longest: Duration) -> MutexGuard<'a, Inner> {
        self.turns.turn();
        let waited = self.arrived.wait_timeout(inner, longest.min(LOOK_UP)).unwrap_or_else(PoisonError::into_inner);
        self.turns.turn();
        waited.0
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is whole before the lock is given back.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The format, and how many milliseconds `bytes` last.
fn check(inner: &Inner, bytes: &[u8]) -> Result<(PcmFormat, u64), PushRefused> {
    let Some(format) = inner.format else { return Err(PushRefused::SourceOff) };
    let sample = 2 * usize::from(format.channels);
    if bytes.is_empty() || !bytes.len().is_multiple_of(sample) {
        return Err(PushRefused::Ragged { len: bytes.len(), sample });
    }
    Ok((format, (bytes.len() / sample) as u64 * 1000 / u64::from(format.rate)))
}

/// Refuses what does not fit beside what waits already.
fn make_room(inner: &mut Inner, format: PcmFormat, bytes: &[u8]) -> Result<(), PushRefused> {
    if inner.samples.len() + bytes.len() / 2 > inner.room(format) && !inner.samples.is_empty() {
        metrics::counter!("artc_audio_refused_total").increment(1);
        return Err(PushRefused::Full { first: !std::mem::replace(&mut inner.full_told, true) });
    }
    Ok(())
}
