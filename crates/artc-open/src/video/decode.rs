//! Pictures of others: decoded to I420 or handed out as they came, in a thread of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use artc_bindings::{Event, EventQueue, SampleBytes, VideoFrame, VideoFrameType, VideoH264Frame, VideoTrackType};
use media::Size;
use openh264::decoder::Decoder;
use openh264::formats::YUVSource;

use crate::encoder::UnitPool;
use crate::session::{Arrived, RemoteMedia};

/// Access units on their way to the thread: half a second of one track.
const DEPTH: usize = 16;
/// Decoders at once; further tracks are not decoded.
const MOST_TRACKS: usize = 16;

/// In what form pictures are handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatchSettings {
    /// As I420.
    pub decoded: bool,
    /// As they came.
    pub encoded: bool,
}

enum Message {
    Unit(Box<Arrived>),
    Settings(WatchSettings),
    Stop,
}

/// Asks for a key frame of a track, by its id on the server. Called on the decoding thread.
pub type AskKeyFrame = Box<dyn FnMut(String) + Send>;

/// Brings access units to the thread; never waits.
#[derive(Clone)]
pub struct WatchHandle {
    messages: SyncSender<Message>,
}

impl WatchHandle {
    /// An access unit came.
    pub fn unit(&self, arrived: Arrived) {
        if let Err(TrySendError::Full(_)) = self.messages.try_send(Message::Unit(Box::new(arrived))) {
            // The decoder sees the gap by itself and asks for a key frame.
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
    pub fn start(events: Arc<EventQueue>, ask: AskKeyFrame) -> std::io::Result<Self> {
        let (messages, inbox) = sync_channel(DEPTH);
        let mut watcher =
            Watcher { events, ask, settings: WatchSettings::default(), tracks: HashMap::new(), pool: UnitPool::default() };
        let thread = std::thread::Builder::new().name("artc-watch".into()).spawn(move || watcher.run(&inbox))?;
        Ok(Self { handle: WatchHandle { messages }, thread: Some(thread) })
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

struct Track {
    decoder: Option<Decoder>,
    first: Option<u64>,
    frames: i64,
    size: Size,
    /// Pictures refer to one that is missing: nothing is handed out before the next key frame.
    lost: bool,
}

struct Watcher {
    events: Arc<EventQueue>,
    ask: AskKeyFrame,
    settings: WatchSettings,
    tracks: HashMap<String, Track>,
    pool: UnitPool,
}

impl Watcher {
    fn run(&mut self, inbox: &Receiver<Message>) {
        while let Ok(message) = inbox.recv() {
            match message {
                Message::Unit(arrived) => self.take(*arrived),
                Message::Settings(settings) => {
                    self.settings = settings;
                    self.tracks.clear();
                }
                Message::Stop => return,
            }
        }
    }

    fn take(&mut self, arrived: Arrived) {
        let WatchSettings { decoded, encoded } = self.settings;
        if !(decoded || encoded) {
            return;
        }
        let Arrived { uid, sid, media, frame } = arrived;
        if !self.tracks.contains_key(&sid) {
            if self.tracks.len() >= MOST_TRACKS {
                self.tracks.clear();
            }
            let decoder = decoded.then(Decoder::new).transpose().unwrap_or_else(|error| {
                tracing::warn!(%error, "no decoder for video");
                None
            });
            self.tracks.insert(sid.clone(), Track { decoder, first: None, frames: 0, size: Size::new(0, 0), lost: true });
        }
        let Some(track) = self.tracks.get_mut(&sid) else { return };
        let key = media::h264::is_key(&frame.data);
        if key {
            track.lost = false;
        } else if track.lost || !frame.contiguous {
            if !std::mem::replace(&mut track.lost, true) || track.frames % 30 == 0 {
                (self.ask)(sid);
            }
            track.frames += 1;
            return;
        }
        let time = frame.time;
        let first = *track.first.get_or_insert(time);
        let frame_ms = i64::try_from(time.saturating_sub(first) / 90).unwrap_or(0);
        let captured_at = frame.captured.and_then(|time| time.duration_since(std::time::SystemTime::UNIX_EPOCH).ok());
        let frame_num = track.frames;
        track.frames += 1;
        let kind_of =
            |media| if media == RemoteMedia::Screen { VideoTrackType::Screenshare } else { VideoTrackType::CameraLarge };
        let make = |buf: SampleBytes, kind, size: Size, captured_at: Option<Duration>| VideoFrame {
            track: kind_of(media),
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
        for message in super::sei::messages(&frame.data) {
            self.events.push(Event::MediaExtensionMsgReceived { user_id: uid.clone(), message });
        }
        if let Some(decoder) = &mut track.decoder {
            match decoder.decode(&frame.data) {
                Ok(Some(picture)) => {
                    let (width, height) = picture.dimensions();
                    track.size = Size::new(width as u32, height as u32);
                    let filled = self.pool.fill(|out| {
                        copy(&picture, out);
                        Ok::<_, std::convert::Infallible>(())
                    });
                    let Ok((buf, ())) = filled;
                    let frame = make(buf, VideoFrameType::H264, track.size, captured_at);
                    self.events.push(Event::RemoteVideoSample { uid: uid.clone(), frame });
                }
                Ok(None) => {}
                Err(error) => {
                    metrics::counter!("artc_watch_broken_units_total").increment(1);
                    tracing::debug!(%error, "picture not decoded");
                    track.lost = true;
                    (self.ask)(sid.clone());
                }
            }
        }
        if encoded {
            let buf: SampleBytes = Arc::new(Bytes(frame.data));
            let frame = make(buf, VideoFrameType::H264Nalu, track.size, captured_at);
            self.events.push(Event::RemoteVideoEncodedSample { uid, frame });
        }
    }
}

struct Bytes(Arc<[u8]>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The planes without padding.
fn copy(picture: &impl YUVSource, out: &mut Vec<u8>) {
    let (width, height) = picture.dimensions();
    let (sy, su, sv) = picture.strides();
    let mut plane = |data: &[u8], stride: usize, width: usize, rows: usize| {
        data.chunks(stride).take(rows).for_each(|row| out.extend_from_slice(&row[..width]));
    };
    plane(picture.y(), sy, width, height);
    plane(picture.u(), su, width / 2, height / 2);
    plane(picture.v(), sv, width / 2, height / 2);
}
