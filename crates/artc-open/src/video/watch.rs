//! Pictures of others: held until the sound of their moment plays, decoded to I420 or handed out as they came, in a thread of its own.
//!
//! A decoder that has lost its way asks for a key frame, at most every half second, and shows nothing before it comes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use artc_bindings::{Event, EventQueue, SampleBytes, VideoFrame, VideoFrameType, VideoH264Frame, VideoTrackType, WarningCode};
use media::Size;

use super::decode::{Decoder, PictureCodec};
use crate::clock::Clock;
use crate::encoder::UnitPool;
use crate::schedule::compute_in_batches;
use crate::session::{Arrived, RemoteMedia};
use crate::sync::{CaptureClock, CaptureTimes, LipSync};

/// Access units on their way to the thread: half a second of one track.
const DEPTH: usize = 16;
/// Access units of a track that are held for their sound: half a second of a camera.
const HELD: usize = 16;
/// A track without pictures gives its decoder away after so long, if another wants it.
const IDLE: Duration = Duration::from_secs(5);
/// A key frame of a track is asked for at most this often.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// In what form pictures are handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatchSettings {
    /// As I420.
    pub decoded: bool,
    /// As they came, where that is H.264.
    pub encoded: bool,
}

enum Message {
    Unit(Box<Arrived>, Instant),
    Settings(WatchSettings),
    Stop,
}

/// Asks for a key frame of a track, by its id on the server. Called on the decoding thread.
pub type AskKeyFrame = Box<dyn FnMut(String) + Send>;

/// Brings access units to the thread; never waits.
#[derive(Clone)]
pub struct WatchHandle {
    messages: SyncSender<Message>,
    /// Units were dropped: what follows refers to what nobody has.
    dropped: Arc<AtomicBool>,
}

impl WatchHandle {
    /// An access unit came.
    pub fn unit(&self, arrived: Arrived, now: Instant) {
        if let Err(TrySendError::Full(_)) = self.messages.try_send(Message::Unit(Box::new(arrived), now)) {
            self.dropped.store(true, Ordering::Release);
            metrics::counter!("artc_watch_dropped_total").increment(1);
        }
    }

    /// Changes in what form pictures are handed out.
    pub fn settings(&self, settings: WatchSettings) {
        // Settings change a few times in a join, and the queue is empty then.
        let _ = self.messages.try_send(Message::Settings(settings));
    }
}

/// The thread; ends when dropped.
pub struct WatchThread {
    handle: WatchHandle,
    thread: Option<JoinHandle<()>>,
}

impl WatchThread {
    /// Starts the thread; it hands nothing out until [`WatchHandle::settings`] asks for it.
    /// At most `decoders` tracks are decoded at once, further ones not.
    pub fn start(
        events: Arc<EventQueue>,
        sync: Arc<LipSync>,
        ask: AskKeyFrame,
        decoders: usize,
        clock: Clock,
    ) -> std::io::Result<Self> {
        // Cameras that began together send together.
        let (messages, inbox) = sync_channel(DEPTH.max(2 * decoders));
        let dropped = Arc::new(AtomicBool::new(false));
        let mut watcher = Watcher::new(events, sync, ask, decoders);
        let lost = Arc::clone(&dropped);
        let run = move || run(&mut watcher, &inbox, &lost, clock);
        let thread = std::thread::Builder::new().name("artc-watch".into()).spawn(run)?;
        Ok(Self { handle: WatchHandle { messages, dropped }, thread: Some(thread) })
    }

    /// For whoever brings access units.
    pub fn handle(&self) -> WatchHandle {
        self.handle.clone()
    }
}

impl Drop for WatchThread {
    fn drop(&mut self) {
        let _ = self.handle.messages.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so on stderr already.
            let _ = thread.join();
        }
    }
}

fn run(watcher: &mut Watcher, inbox: &Receiver<Message>, dropped: &AtomicBool, clock: Clock) {
    compute_in_batches();
    loop {
        let message = match watcher.wake() {
            Some(due) => inbox.recv_timeout(due.saturating_duration_since(clock.now())),
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        if dropped.swap(false, Ordering::Acquire) {
            watcher.lost();
        }
        match message {
            Ok(Message::Unit(arrived, at)) => watcher.take(arrived, at),
            Ok(Message::Settings(settings)) => watcher.set(settings),
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
        watcher.show(clock.now());
    }
}

struct Track {
    decoder: Option<Decoder>,
    codec: PictureCodec,
    captures: CaptureTimes,
    /// When the last picture that was held is due: the next is not shown before it.
    due: Instant,
    seen: Instant,
    first: Option<u64>,
    frames: i64,
    size: Size,
    /// Pictures refer to one that is missing: nothing is handed out before the next key frame.
    lost: bool,
    asked: Option<Instant>,
    /// NAL units were wanted of a track that has none; that was told.
    warned: bool,
}

/// What the thread does, but for the waiting.
pub(super) struct Watcher {
    events: Arc<EventQueue>,
    sync: Arc<LipSync>,
    ask: AskKeyFrame,
    decoders: usize,
    settings: WatchSettings,
    tracks: HashMap<String, Track>,
    /// Units that wait for their sound, by when they are due and their number.
    held: BTreeMap<(Instant, u64), Box<Arrived>>,
    number: u64,
    pool: UnitPool,
}

impl Watcher {
    pub(super) fn new(events: Arc<EventQueue>, sync: Arc<LipSync>, ask: AskKeyFrame, decoders: usize) -> Self {
        Self {
            events,
            sync,
            ask,
            decoders,
            settings: WatchSettings::default(),
            tracks: HashMap::new(),
            held: BTreeMap::new(),
            number: 0,
            pool: UnitPool::default(),
        }
    }

    pub(super) fn set(&mut self, settings: WatchSettings) {
        self.settings = settings;
        self.tracks.clear();
        self.held.clear();
    }

    /// Units got lost on the way here.
    fn lost(&mut self) {
        for track in self.tracks.values_mut() {
            track.lost = true;
        }
    }

    /// When something that is held is due.
    pub(super) fn wake(&self) -> Option<Instant> {
        self.held.first_key_value().map(|((due, _), _)| *due)
    }

    /// A unit came at `now`. It is shown when it is due.
    pub(super) fn take(&mut self, arrived: Box<Arrived>, now: Instant) {
        if self.settings == WatchSettings::default() {
            return;
        }
        if !self.tracks.contains_key(&arrived.sid) && !self.begin(&arrived, now) {
            metrics::counter!("artc_watch_dropped_total").increment(1);
            return;
        }
        let Some(track) = self.tracks.get_mut(&arrived.sid) else { return };
        track.seen = now;
        let mut hold = Duration::ZERO;
        if arrived.media == RemoteMedia::Camera {
            if let Some(captured) = arrived.frame.captured {
                track.captures.note(arrived.frame.time, captured, now);
            }
            let age = self.sync.picture_age(&track.captures, arrived.frame.time, now);
            hold = age.map_or(hold, |age| self.sync.picture(&arrived.uid, age, now));
        }
        track.due = track.due.max(now + hold);
        let due = track.due;
        self.number += 1;
        self.held.insert((due, self.number), arrived);
        while self.held.len() > HELD * self.decoders {
            self.show_first();
        }
    }

    /// Makes room for a track. False where there is none.
    fn begin(&mut self, arrived: &Arrived, now: Instant) -> bool {
        if self.tracks.len() >= self.decoders {
            self.tracks.retain(|_, track| now.saturating_duration_since(track.seen) < IDLE);
        }
        if self.tracks.len() >= self.decoders {
            return false;
        }
        let track = Track {
            decoder: None,
            codec: arrived.frame.codec,
            captures: CaptureTimes::default(),
            due: now,
            seen: now,
            first: None,
            frames: 0,
            size: Size::new(0, 0),
            lost: true,
            asked: None,
            warned: false,
        };
        self.tracks.insert(arrived.sid.clone(), track);
        true
    }

    /// Hands out what is due.
    pub(super) fn show(&mut self, now: Instant) {
        while self.wake().is_some_and(|due| due <= now) {
            self.show_first();
        }
    }

    fn show_first(&mut self) {
        let Some(((due, _), arrived)) = self.held.pop_first() else { return };
        let Arrived { uid, sid, media, small, frame } = *arrived;
        let Some(track) = self.tracks.get_mut(&sid) else { return };
        if frame.codec != track.codec {
            // The publisher has begun anew with another codec.
            (track.codec, track.decoder, track.lost) = (frame.codec, None, true);
        }
        if track.codec.is_key(&frame.data) {
            track.lost = false;
        } else if track.lost || !frame.contiguous {
            track.lost = true;
            return ask(&mut self.ask, track, sid, due);
        }
        if self.settings.encoded && track.codec != PictureCodec::H264 && !std::mem::replace(&mut track.warned, true) {
            let detail = format!("{uid} sends {:?}: NAL units before decoding are handed out of H.264 alone", track.codec);
            tracing::warn!("{detail}");
            self.events.push(Event::Warning { code: WarningCode::Default, detail });
        }
        if self.settings.decoded && track.decoder.is_none() {
            match Decoder::new(track.codec) {
                Ok(decoder) => track.decoder = Some(decoder),
                Err(error) => tracing::warn!(%error, "no decoder for video"),
            }
        }
        let first = *track.first.get_or_insert(frame.time);
        let frame_ms = i64::try_from(frame.time.saturating_sub(first) / 90).unwrap_or(0);
        let captured = frame.captured.filter(|captured| captured.by == CaptureClock::Frame);
        let captured_at = captured.and_then(|c| c.at.duration_since(std::time::SystemTime::UNIX_EPOCH).ok());
        let frame_num = track.frames;
        track.frames += 1;
        let which = match (media, small) {
            (RemoteMedia::Screen, _) => VideoTrackType::Screenshare,
            (_, true) => VideoTrackType::CameraSmall,
            (_, false) => VideoTrackType::CameraLarge,
        };
        let make = |buf: SampleBytes, kind, size: Size| VideoFrame {
            track: which,
            kind,
            frame: VideoH264Frame {
                frame_ms,
                frame_num,
                buf_size: (*buf).as_ref().len(),
                buf,
                width: size.width,
                height: size.height,
                qp: 0,
                motion_vectors: Vec::new(),
                slice_type: 0,
                captured_at,
            },
        };
        if track.codec == PictureCodec::H264 {
            for message in super::sei::messages(&frame.data) {
                self.events.push(Event::MediaExtensionMsgReceived { user_id: uid.clone(), message });
            }
        }
        if let Some(decoder) = &mut track.decoder {
            match self.pool.fill(|out| decoder.decode(&frame.data, out)) {
                Ok((buf, Some(size))) => {
                    track.size = size;
                    let frame = make(buf, VideoFrameType::H264, size);
                    self.events.push(Event::RemoteVideoSample { uid: uid.clone(), frame });
                }
                Ok((_, None)) => {}
                Err(error) => {
                    metrics::counter!("artc_watch_broken_units_total").increment(1);
                    tracing::debug!(%error, "picture not decoded");
                    track.lost = true;
                    ask(&mut self.ask, track, sid, due);
                }
            }
        }
        if self.settings.encoded && frame.codec == PictureCodec::H264 {
            let buf: SampleBytes = Arc::new(Bytes(frame.data));
            let frame = make(buf, VideoFrameType::H264Nalu, track.size);
            self.events.push(Event::RemoteVideoEncodedSample { uid, frame });
        }
    }
}

/// Asks for a key frame, where it was not just done.
fn ask(ask: &mut AskKeyFrame, track: &mut Track, sid: String, now: Instant) {
    if track.asked.is_none_or(|at| now.saturating_duration_since(at) >= ASK_EVERY) {
        track.asked = Some(now);
        ask(sid);
    }
}

struct Bytes(Arc<[u8]>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests;
