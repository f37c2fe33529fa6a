//! What the API side and the network side tell the video thread: pictures, targets, wishes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use artc_bindings::{EncodedTap, VideoDataFormat, VideoDataSample};
use media::Size;

use super::cache::{Cache, CacheRefused};
use super::shape::Shape;
use crate::clock::Clock;
use crate::congestion::Target;
use crate::pts::{self, Axis};
use crate::shared::{LOOK_UP, Turns};

/// Encoded pictures that wait at most: a quarter of a second. One that does not fit breaks the chain of references, so that the
/// queue is emptied and the camera asked for a key frame.
const ENCODED_DEPTH: usize = 8;

/// An encoder that nobody needs is kept so long: people come back at once, and making one costs a few milliseconds and a key frame.
pub(super) const REST_AFTER: Duration = Duration::from_secs(3);

/// Counters of one track, kept up by its thread and its pushing side.
#[derive(Debug, Default)]
pub struct Counters {
    /// Pictures taken.
    pub pushed: AtomicU64,
    /// Pictures dropped, for whatever reason.
    pub dropped: AtomicU64,
    /// Pictures encoded.
    pub encoded: AtomicU64,
    /// Access units passed through.
    pub passed: AtomicU64,
    /// Key frames.
    pub keys: AtomicU64,
    /// Bytes of access units.
    pub bytes: AtomicU64,
    /// Encoded size, width in the upper half.
    pub size: AtomicU64,
    /// Mean time of encoding a picture, microseconds.
    pub encode_us: AtomicU32,
    /// Access units of the last whole second, times 100.
    pub fps_x100: AtomicU32,
    /// What encodes, or did last.
    encoder: Mutex<Option<&'static str>>,
}

/// The two sizes in which a camera's pictures can be published. A screen has the big one only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The picture as it was configured.
    Big,
    /// A tile of it, see [`small_size`](super::small_size).
    Small,
}

impl Stream {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Big, Self::Small];
}

/// What one stream should be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StreamControl {
    /// Somebody is there to receive it: joined, published, not muted, watched.
    pub active: bool,
    /// What congestion control allows; `None` = the pictures as they come.
    pub target: Option<Target>,
}

/// What the track should be: written by the engine, read by the thread.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Control {
    /// Big and small stream.
    pub streams: [StreamControl; 2],
    /// The big stream at its configured best, for a tap that takes what the network does not.
    pub best: Option<Target>,
    /// How the pictures are to be shown.
    pub shape: Shape,
    /// Longest time between key frames.
    pub key_interval: Option<Duration>,
    /// It is a screen, not a camera.
    pub screen: bool,
}

impl Control {
    /// Somebody is there to receive one of the streams.
    pub fn active(&self) -> bool {
        self.streams.iter().any(|stream| stream.active)
    }
}

#[derive(Default)]
struct Inner {
    raw: Option<VideoDataSample>,
    encoded: VecDeque<VideoDataSample>,
    /// In place of both, where pictures wait for their time stamp.
    cache: Option<Cache>,
    overflowed: bool,
    control: Control,
    keys_wanted: [bool; 2],
    /// One for each stream, since each takes it with its own pictures.
    messages: [Option<Message>; 2],
    tap: Option<Arc<dyn EncodedTap>>,
    closed: bool,
}

impl Inner {
    /// Somebody takes what would be made of a picture.
    fn wanted(&self) -> bool {
        self.control.active() || self.tap.is_some()
    }
}

/// A message that rides on the pictures of a stream.
#[derive(Clone)]
struct Message {
    bytes: Arc<[u8]>,
    /// Pictures that still take it; `None` = all.
    left: Option<u32>,
    not_before: Duration,
    key_only: bool,
}

/// The mailbox of a video thread.
#[derive(Default)]
pub struct VideoInput {
    inner: Mutex<Inner>,
    arrived: Condvar,
    /// What happened.
    pub counters: Counters,
    /// Size of the last picture that was pushed, width in the upper half; 0 before the first.
    source_size: AtomicU64,
    /// Called when a cache that was full has room again.
    on_room: Option<Box<dyn Fn() + Send + Sync>>,
    /// Of the thread that takes from here.
    pub turns: Turns,
}

/// What the thread is to do next.
#[expect(clippy::large_enum_variant, reason = "moved once a picture; a box would be an allocation for each")]
pub(super) enum Next {
    /// Make something of a picture.
    Work(Work),
    /// Nobody has watched for a while: memory that only encoding needs can go.
    Rest,
    /// End.
    End,
}

/// A picture to make something of.
pub(super) struct Work {
    pub sample: VideoDataSample,
    pub control: Control,
    /// Which streams must begin anew with it.
    pub keys: [bool; 2],
    /// Encoded pictures were lost before this one.
    pub gap: bool,
    /// Who takes the big stream besides, or instead.
    pub tap: Option<Arc<dyn EncodedTap>>,
}

impl VideoInput {
    /// A mailbox that calls `on_room` when its cache was full and has room again.
    pub fn new(on_room: impl Fn() + Send + Sync + 'static) -> Self {
        Self { on_room: Some(Box::new(on_room)), ..Self::default() }
    }

    /// Pictures wait for their time stamp on this axis, at most so many; `None`: they do not wait. What waited before is dropped.
    pub fn set_cache(&self, cache: Option<(Arc<Axis>, usize)>) {
        self.lock().cache = cache.map(|(axis, most)| Cache::new(axis, most));
        self.arrived.notify_one();
    }

    /// Hands a picture over that waits for its time stamp; `None` where pictures do not wait. Never waits itself.
    pub fn push_in_time(&self, sample: &VideoDataSample, now: Duration) -> Option<Result<(), CacheRefused>> {
        let mut inner = self.lock();
        let taken = inner.cache.as_mut()?.push(sample, now);
        drop(inner);
        if taken.is_ok() {
            self.counters.pushed.fetch_add(1, Ordering::Relaxed);
            self.source_size.store(pack(Size::new(sample.width, sample.height)), Ordering::Relaxed);
            self.arrived.notify_one();
        }
        Some(taken)
    }

    /// Hands a picture over. Never waits.
    pub fn push(&self, sample: &VideoDataSample) {
        self.counters.pushed.fetch_add(1, Ordering::Relaxed);
        self.source_size.store(pack(Size::new(sample.width, sample.height)), Ordering::Relaxed);
        let mut inner = self.lock();
        if !inner.wanted() || inner.closed {
            drop(inner);
            self.counters.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let lost = if sample.format == VideoDataFormat::H264 {
            if inner.encoded.len() >= ENCODED_DEPTH {
                inner.overflowed = true;
                let lost = inner.encoded.len() as u64;
                inner.encoded.clear();
                inner.encoded.push_back(sample.clone());
                lost
            } else {
                inner.encoded.push_back(sample.clone());
                0
            }
        } else {
            u64::from(inner.raw.replace(sample.clone()).is_some())
        };
        drop(inner);
        self.arrived.notify_one();
        if lost > 0 {
            self.counters.dropped.fetch_add(lost, Ordering::Relaxed);
            metrics::counter!("artc_video_replaced_total").increment(lost);
        }
    }

    /// Changes what the track should be.
    pub fn control(&self, change: impl FnOnce(&mut Control)) {
        let mut inner = self.lock();
        let before = inner.control;
        change(&mut inner.control);
        let after = inner.control;
        if !inner.wanted() {
            let lost = inner.encoded.len() as u64 + u64::from(inner.raw.take().is_some());
            inner.encoded.clear();
            self.counters.dropped.fetch_add(lost, Ordering::Relaxed);
        }
        for stream in Stream::ALL {
            // Whoever begins to watch needs a picture to begin with.
            inner.keys_wanted[stream as usize] |=
                after.streams[stream as usize].active && !before.streams[stream as usize].active;
        }
        if !after.streams[Stream::Small as usize].active {
            // Whoever takes the small stream up later has not asked for an old message.
            inner.messages[Stream::Small as usize] = None;
        }
        let changed = after.active() != before.active();
        drop(inner);
        if changed {
            self.arrived.notify_one();
        }
    }

    /// Hands the access units of the big stream to `tap`, too, from a key frame on.
    pub fn set_tap(&self, tap: Option<Arc<dyn EncodedTap>>) {
        let mut inner = self.lock();
        inner.keys_wanted[Stream::Big as usize] |= tap.is_some() && inner.tap.is_none();
        inner.tap = tap;
        drop(inner);
        self.arrived.notify_one();
    }

    /// Whether something takes the big stream besides the network.
    pub fn is_tapped(&self) -> bool {
        self.lock().tap.is_some()
    }

    /// Lets a message ride on the next pictures, of each stream; it replaces an earlier one. `times` pictures take it (`None` = all that come), none
    /// before `not_before` on `CLOCK_MONOTONIC`, key frames only with `key_only`.
    pub fn attach(&self, message: &[u8], times: Option<u32>, not_before: Duration, key_only: bool) {
        let message = Message { bytes: message.into(), left: times, not_before, key_only };
        let mut inner = self.lock();
        let small = inner.control.streams[Stream::Small as usize].active.then(|| message.clone());
        inner.messages = [Some(message), small];
    }

    /// The message for a picture of a stream that is about to leave.
    pub(super) fn message(&self, stream: Stream, now: Duration, key: bool) -> Option<Arc<[u8]>> {
        let mut inner = self.lock();
        let slot = &mut inner.messages[stream as usize];
        let message = slot.as_mut().filter(|m| now >= m.not_before && (key || !m.key_only))?;
        let bytes = Arc::clone(&message.bytes);
        message.left = message.left.map(|left| left.saturating_sub(1));
        if message.left == Some(0) {
            *slot = None;
        }
        Some(bytes)
    }

    /// Whether pictures are encoded now.
    pub fn is_active(&self) -> bool {
        self.lock().control.active()
    }

    /// Makes the next picture of every stream a key frame.
    pub fn want_keys(&self) {
        self.lock().keys_wanted = [true; 2];
    }

    /// Makes the next picture of a stream a key frame.
    pub fn want_key(&self, stream: Stream) {
        self.lock().keys_wanted[stream as usize] = true;
    }

    /// Size of the pictures that are pushed.
    pub fn source_size(&self) -> Option<Size> {
        unpack(self.source_size.load(Ordering::Relaxed))
    }

    /// Ends the thread.
    pub fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }

    /// Waits for what is to be done next. With `rest_after` the thread holds memory that it could give back, and is told when it
    /// should: nobody watches, and nobody has come for so long.
    pub(super) fn next(&self, rest_after: Option<Duration>, clock: Clock) -> Next {
        let mut inner = self.lock();
        loop {
            if inner.closed {
                return Next::End;
            }
            let now = clock.monotonic();
            let timed = inner.cache.as_mut().and_then(|cache| cache.pop(now));
            if let (Some((_, true)), Some(tell)) = (&timed, &self.on_room) {
                tell();
            }
            let timed = timed.map(|(sample, _)| sample);
            if timed.is_some() && !inner.wanted() {
                // Its time has come and gone.
                self.counters.dropped.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            if let Some(sample) = timed.or_else(|| inner.encoded.pop_front()).or_else(|| inner.raw.take()) {
                return Next::Work(Work {
                    sample,
                    control: inner.control,
                    keys: std::mem::take(&mut inner.keys_wanted),
                    gap: std::mem::take(&mut inner.overflowed),
                    tap: inner.tap.clone(),
                });
            }
            if let Some(due) = inner.cache.as_ref().and_then(Cache::due) {
                inner = self.wait(inner, pts::pause(due, now));
                continue;
            }
            let Some(patience) = rest_after.filter(|_| !inner.wanted()) else {
                inner = self.wait(inner, LOOK_UP);
                continue;
            };
            let until = now + patience;
            while !inner.closed && !inner.wanted() {
                let left = until.saturating_sub(clock.monotonic());
                if left.is_zero() {
                    return Next::Rest;
                }
                inner = self.wait(inner, left);
            }
        }
    }

    /// Waits for something to arrive, at most so long.
    fn wait<'a>(&self, inner: MutexGuard<'a, Inner>, longest: Duration) -> MutexGuard<'a, Inner> {
        self.turns.turn();
        let waited = self.arrived.wait_timeout(inner, longest.min(LOOK_UP)).unwrap_or_else(PoisonError::into_inner);
        self.turns.turn();
        waited.0
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is one assignment or one push: a panic elsewhere leaves nothing half done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters {
    /// Encoded size now.
    pub fn size(&self) -> Option<Size> {
        unpack(self.size.load(Ordering::Relaxed))
    }

    /// What encodes, or did last; `None` before the first encoder was made.
    pub fn encoder(&self) -> Option<&'static str> {
        *self.encoder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn encodes_with(&self, name: &'static str) {
        *self.encoder.lock().unwrap_or_else(PoisonError::into_inner) = Some(name);
    }

    pub(super) fn set_size(&self, size: Size) {
        self.size.store(pack(size), Ordering::Relaxed);
    }
}

fn pack(size: Size) -> u64 {
    u64::from(size.width) << 32 | u64::from(size.height)
}

fn unpack(packed: u64) -> Option<Size> {
    let size = Size::new((packed >> 32) as u32, packed as u32);
    (size.area() > 0).then_some(size)
}
