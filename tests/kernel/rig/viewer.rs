//! Somebody who takes every picture of a camera, and keeps books of what came.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use artc_edge::capture::video::{Camera, Captured, Counters, Phase, State};
use media::{Frame, Size};

use super::{now, wait_for, wait_while};

/// What came so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Pictures and access units.
    pub count: usize,
    /// Longest time without any.
    pub longest_gap: Duration,
    /// Size of the last.
    pub size: Option<Size>,
    /// The last picture.
    pub picture: Option<Frame>,
    /// Access units, one behind the other.
    pub units: Vec<Vec<u8>>,
    /// Timestamps that went back or stood still.
    pub backwards: usize,
    /// Largest distance of a timestamp from the moment it was seen.
    pub oldest: Duration,
    last_stamp: Duration,
}

/// A camera and the thread that watches it.
pub struct Viewer {
    /// The camera.
    pub camera: Camera,
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Viewer {
    /// Watches `camera`.
    pub fn of(camera: Camera) -> Self {
        let (slot, seen, stop) = (camera.slot(), Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)));
        let (books, end) = (Arc::clone(&seen), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut last = now();
            while !end.load(Ordering::Relaxed) {
                let Some(captured) = slot.take(Duration::from_millis(20)) else { continue };
                let mut seen = books.lock().unwrap_or_else(PoisonError::into_inner);
                seen.longest_gap = seen.longest_gap.max(last.elapsed());
                last = now();
                seen.note(captured);
            }
        });
        Self { camera, seen, stop, thread: Some(thread) }
    }

    fn books(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came so far.
    pub fn seen(&self) -> Seen {
        self.books().clone()
    }

    /// Closes the books and opens new ones.
    pub fn begin_anew(&self) {
        let last_stamp = self.books().last_stamp;
        *self.books() = Seen { last_stamp, ..Seen::default() };
    }

    /// The camera's state.
    pub fn state(&self) -> State {
        self.camera.state()
    }

    /// The camera's counters, which must always add up.
    pub fn counters(&self) -> Counters {
        let c = self.state().counters;
        assert_eq!(c.grabbed, c.broken + c.dropped + c.pushed + c.in_flight, "the books do not add up: {c:?}");
        c
    }

    /// Waits for a phase.
    pub fn wait_for(&self, phase: &Phase, limit: Duration) -> State {
        wait_while(limit, || {
            let state = self.state();
            let missing = format!("{phase:?}; it is {:?}: {}", state.phase, state.detail);
            if state.phase == *phase { Ok(state) } else { Err(missing) }
        })
    }

    /// Waits for `count` more pictures or units.
    pub fn wait_for_pictures(&self, count: usize, limit: Duration) {
        let until = self.books().count + count;
        wait_for(&format!("{count} pictures ({})", self.state().detail), limit, || (self.books().count >= until).then_some(()));
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Seen {
    fn note(&mut self, captured: Captured) {
        let stamp = match captured {
            Captured::Raw(frame) => {
                let stamp = frame.captured_at;
                self.size = Some(frame.size);
                self.picture = Some(frame);
                stamp
            }
            Captured::Encoded(unit) => {
                self.size = Some(unit.size);
                self.units.push(unit.data.to_vec());
                unit.captured_at
            }
        };
        let clock = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let clock = Duration::new(clock.tv_sec.unsigned_abs(), u32::try_from(clock.tv_nsec).unwrap_or_default());
        self.oldest = self.oldest.max(clock.abs_diff(stamp));
        self.backwards += usize::from(stamp <= self.last_stamp);
        self.last_stamp = stamp;
        self.count += 1;
    }
}

/// Luma and both chromas at a place of the picture.
pub fn colour_at(frame: &Frame, x: u32, y: u32) -> [u8; 3] {
    let [luma, u, v] = frame.planes();
    let width = frame.size.width as usize;
    let (x, y) = (x as usize, y as usize);
    let chroma = y / 2 * (width / 2) + x / 2;
    [luma[y * width + x], u[chroma], v[chroma]]
}
