//! The recorder in the daemon: a thread of its own, because the medium may let it wait; what the engine encodes comes by its tap.
//!
//! What a recording is, is the crate `record`'s; what may be asked of it is decided in `control`. Here it is only driven.

mod config;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use artc_bindings::{EncodedTap, Engine, VideoSource};
use record::{Cause, Intake, Now, Reason, Recorder, Standing, Store, TakePicture};
use tokio::sync::watch;

pub use config::{Config, Upload, When};

/// The recorder is looked at so often: with a fragment of half a second, what a power cut costs stays below one.
const LOOK: Duration = Duration::from_millis(250);

/// A medium that ends nothing for so long hangs. Slow ones take some seconds for what they have saved up.
const HANGS_AFTER: Duration = Duration::from_secs(10);

/// News that wait at most while the medium lets the thread wait.
const MOST_NEWS: usize = 32;

/// What time it is: this room has no clock.
pub type Clock = fn() -> Now;

/// The recorder, for whoever commands it. Clones are the same.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    clock: Clock,
    store: Store,
    when: Arc<[When]>,
    most_bytes: u64,
}

struct Shared {
    recorder: Mutex<Recorder>,
    /// As it was after the last look, for who must not wait for the medium.
    standing: Mutex<Standing>,
    /// What goes on that may be a reason to record, or does no more: news that nobody has seen to yet.
    news: Mutex<VecDeque<(Reason, bool)>>,
    ended: Mutex<bool>,
    end: Condvar,
    /// Whether encoded pictures are needed, watched or not.
    needed: watch::Sender<bool>,
    /// Files that were ended.
    files: watch::Sender<u64>,
    /// Somebody is at the medium.
    busy: AtomicBool,
    /// Turns with whatever the medium has done.
    pulse: Arc<AtomicU64>,
    /// The pulse as it was seen last, and since when it is the same.
    seen: Mutex<(u64, Duration)>,
    /// The thread has come to its end.
    gone: AtomicBool,
}

/// The thread; ends when dropped, and the recording with it, in order.
pub struct RecordThread {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

/// What comes from the engine goes into memory, and from there at the recorder's own pace.
struct Tap(Arc<Intake>);

impl EncodedTap for Tap {
    fn picture(&self, unit: &[u8], key: bool, captured_at: Duration) {
        self.0.picture(unit, key, captured_at);
    }

    fn sound(&self, packet: &[u8], time: u32, captured_at: Duration) {
        self.0.sound(packet, time, captured_at);
    }
}

impl RecordThread {
    /// Starts recording as `config` says into its folder, or else into `folder`. `channels` of the sound, where there is any; `picture` takes
    /// the small one of each recording.
    ///
    /// # Errors
    /// Without threads left in the system there are no recordings.
    pub fn start(
        config: &Config,
        folder: PathBuf,
        channels: Option<u8>,
        engine: Arc<dyn Engine>,
        picture: TakePicture,
        clock: Clock,
    ) -> std::io::Result<Self> {
        let settings = config.settings(channels);
        let store = Store::new(config.folder.clone().unwrap_or(folder));
        let intake = Arc::new(Intake::new(config.memory(), Duration::from_secs(config.pre_roll_s.into())));
        let tap: Arc<dyn EncodedTap> = Arc::new(Tap(Arc::clone(&intake)));
        let recorder = Recorder::new(intake, store.clone(), settings).with_pictures(picture);
        let pulse = recorder.pulse();
        let shared = Arc::new(Shared {
            recorder: Mutex::new(recorder),
            standing: Mutex::default(),
            news: Mutex::default(),
            ended: Mutex::new(false),
            end: Condvar::new(),
            needed: watch::Sender::new(false),
            files: watch::Sender::new(0),
            busy: AtomicBool::new(false),
            pulse,
            seen: Mutex::default(),
            gone: AtomicBool::new(false),
        });
        let when = config.when.clone().into();
        let handle = Handle { shared, clock, store, when, most_bytes: settings.limits.most_bytes };
        let (own, always) = (handle.clone(), config.when.contains(&When::Always));
        let run = move || {
            own.run(&*engine, &tap, always);
            let ended = lock(&own.shared.ended);
            own.shared.gone.store(true, Ordering::Relaxed);
            drop(ended);
            own.shared.end.notify_all();
        };
        let thread = std::thread::Builder::new().name("artc-record".into()).spawn(run)?;
        Ok(Self { handle, thread: Some(thread) })
    }

    /// For whoever commands it.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for RecordThread {
    fn drop(&mut self) {
        *lock(&self.handle.shared.ended) = true;
        self.handle.shared.end.notify_all();
        let mut ended = lock(&self.handle.shared.ended);
        while !self.handle.shared.gone.load(Ordering::Relaxed) {
            if let Some(why) = self.handle.hang() {
                tracing::warn!("the recorder's thread is left behind: {why}");
                return;
            }
            ended = self.handle.shared.end.wait_timeout(ended, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(ended);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so on stderr already.
            let _ = thread.join();
        }
    }
}

impl Handle {
    /// Begins to record because somebody asked for it. May wait for the medium.
    pub fn start(&self) -> Standing {
        self.change(|recorder, now| recorder.start(Reason::Command, now))
    }

    /// Ends the recording. May wait for the medium.
    pub fn stop(&self) -> Standing {
        self.change(Recorder::stop)
    }

    /// `what` goes on now, or no more; where that is a reason to record, it is seen to soon. Never waits for the medium.
    pub fn goes_on(&self, what: When, on: bool) {
        let reason = match what {
            When::Motion => Reason::Motion,
            When::Sound => Reason::Sound,
            When::Line => Reason::Line,
            When::Always | When::Command => return,
        };
        if self.when.contains(&what) {
            let mut news = lock(&self.shared.news);
            if news.len() == MOST_NEWS {
                news.pop_front();
            }
            news.push_back((reason, on));
        }
    }

    fn next_news(&self) -> Option<(Reason, bool)> {
        lock(&self.shared.news).pop_front()
    }

    fn change(&self, change: impl FnOnce(&mut Recorder, Now)) -> Standing {
        self.at_medium(&mut lock(&self.shared.recorder), change);
        self.look()
    }

    /// Does something that may wait for the medium, where it is seen for how long.
    fn at_medium<T>(&self, recorder: &mut Recorder, what: impl FnOnce(&mut Recorder, Now) -> T) -> T {
        self.shared.pulse.fetch_add(1, Ordering::Relaxed);
        self.shared.busy.store(true, Ordering::Relaxed);
        let done = what(recorder, (self.clock)());
        self.shared.busy.store(false, Ordering::Relaxed);
        done
    }

    /// How it stood when it was looked at last; where the medium hangs since then, that. Never waits for the medium.
    pub fn standing(&self) -> Standing {
        let standing = lock(&self.shared.standing).clone();
        match self.hang() {
            Some(why) => Standing { fault: Some(why), cause: Some(Cause::Hangs), ..standing },
            None => standing,
        }
    }

    /// That the medium hangs, for people, where it does: whatever asks it for something would wait with it.
    pub fn hang(&self) -> Option<String> {
        let now = (self.clock)().monotonic;
        let pulse = self.shared.pulse.load(Ordering::Relaxed);
        let mut seen = lock(&self.shared.seen);
        if !self.shared.busy.load(Ordering::Relaxed) || seen.0 != pulse {
            *seen = (pulse, now);
        }
        (now.saturating_sub(seen.1) >= HANGS_AFTER).then(|| {
            let folder = self.store.folder().display();
            format!("recording stands still: what holds {folder} does not answer, and a write hangs in it; it goes on by itself")
        })
    }

    /// How many files have ended; tells when that changes.
    pub fn files(&self) -> watch::Receiver<u64> {
        self.shared.files.subscribe()
    }

    /// The folder.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Bytes that the folder may have.
    pub fn most_bytes(&self) -> u64 {
        self.most_bytes
    }

    /// Whether somebody must encode now, watched or not; tells when that changes.
    pub fn needed(&self) -> watch::Receiver<bool> {
        self.shared.needed.subscribe()
    }

    fn look(&self) -> Standing {
        // Held together, so that of two looks the later one stays.
        let recorder = lock(&self.shared.recorder);
        let (standing, needed) = (recorder.standing(), recorder.needs_stream());
        let before = std::mem::replace(&mut *lock(&self.shared.standing), standing.clone());
        drop(recorder);
        count(&before, &standing);
        self.shared.files.send_if_modified(|files| std::mem::replace(files, standing.files) != standing.files);
        self.shared.needed.send_if_modified(|before| std::mem::replace(before, needed) != needed);
        standing
    }

    fn run(&self, engine: &dyn Engine, tap: &Arc<dyn EncodedTap>, always: bool) {
        match self.store.prepare() {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "recordings that were cut off keep what is whole of them"),
            // It is tried again with the first file, and told with it.
            Err(why) => tracing::warn!("{why}"),
        }
        self.at_medium(&mut lock(&self.shared.recorder), Recorder::account);
        if always {
            self.change(|recorder, now| recorder.start(Reason::Always, now));
        }
        let mut tapped = false;
        while !self.has_ended() {
            let key = self.at_medium(&mut lock(&self.shared.recorder), |recorder, now| {
                while let Some((reason, on)) = self.next_news() {
                    recorder.trigger(reason, on, now);
                }
                recorder.step(now);
                recorder.wants_key(now)
            });
            self.look();
            let needed = *self.shared.needed.borrow();
            let Some(extensions) = engine.extensions() else { continue };
            if needed != tapped {
                match extensions.set_tap(needed.then(|| Arc::clone(tap))) {
                    Ok(()) => tapped = needed,
                    Err(why) => tracing::debug!("nothing to record: {why}"),
                }
            }
            if key && let Err(why) = extensions.request_key_frame(VideoSource::Camera) {
                tracing::debug!("no key frame for the recording: {why}");
            }
        }
        // An engine that was released has let go of the tap by itself.
        let _ = engine.extensions().map(|extensions| extensions.set_tap(None));
        self.stop();
    }

    /// Waits for the next look; true when there is none.
    fn has_ended(&self) -> bool {
        let ended = lock(&self.shared.ended);
        let waited = self.shared.end.wait_timeout_while(ended, LOOK, |ended| !*ended).unwrap_or_else(PoisonError::into_inner);
        *waited.0
    }
}

/// Tells the counters what has come since the look before.
fn count(before: &Standing, now: &Standing) {
    metrics::counter!("artc_record_written_bytes_total").increment(now.written - before.written);
    metrics::counter!("artc_record_media_bytes_total").increment(now.media - before.media);
    metrics::counter!("artc_record_dropped_total").increment(now.dropped - before.dropped);
    metrics::counter!("artc_record_files_total").increment(now.files - before.files);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is whole before the lock is given back.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
