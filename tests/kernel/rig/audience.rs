//! Somebody in the room who watches and listens: the open engine as a participant, decoding what comes, with books of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use artc_bindings::{
    AudioFormat, AudioFrame, ChannelProfile, ConnectionStatus, Engine, Event, Extra, JoinChannelConfig, SubscribeMode,
    SubscribeState, VideoTranscodingCodec,
};
use artc_open::{OpenEngine, Options};
use media::Size;
use media::barcode::Stamp;
use room::token::VideoGrant;
use serde_json::Value;

use super::daemon::mint;
use super::picture::Picture;
use super::talker::Mouth;
use super::{now, wait_for};

/// A time without pictures that somebody who watches would call a freeze.
const FREEZE: Duration = Duration::from_millis(400);
/// Sound kept: ten seconds.
const SOUND: usize = 480_000;

/// What came so far.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Decoded pictures.
    pub pictures: usize,
    /// The last.
    pub picture: Option<Picture>,
    /// Longest time without any.
    pub longest_gap: Duration,
    /// Times without any of more than 400 ms.
    pub freezes: usize,
    /// All of them together.
    pub frozen: Duration,
    /// Ages of pictures when they were seen, where the barcode says when they were captured.
    pub ages: Vec<Duration>,
    /// Access units as they came, where they were asked for.
    pub units: Vec<Vec<u8>>,
    /// The last ten seconds of sound, 48 kHz, one channel.
    pub sound: Vec<i16>,
    /// Blocks of sound.
    pub blocks: usize,
    /// How often the subscription of the picture was lost.
    pub unsubscribed: usize,
    /// How often the connection was lost.
    pub lost: usize,
    /// The connection now.
    pub status: Option<ConnectionStatus>,
    /// Replies to commands.
    pub replies: Vec<Value>,
    last: Option<Instant>,
}

/// A participant who watches.
pub struct Audience {
    engine: Arc<dyn Engine>,
    books: Arc<Mutex<Heard>>,
    thread: Option<JoinHandle<()>>,
    device: String,
    mouth: Option<Mouth>,
}

impl Audience {
    /// Joins `channel` at `url` as `identity` and watches `device`, decoding what comes.
    pub fn join(url: &str, channel: &str, identity: &str, device: &str) -> Self {
        Self::join_for(url, channel, identity, device, VideoTranscodingCodec::Yuv)
    }

    /// The same, with the pictures also or only as access units.
    pub fn join_for(url: &str, channel: &str, identity: &str, device: &str, form: VideoTranscodingCodec) -> Self {
        Self::join_as(url, channel, identity, device, form, None)
    }

    /// Joins, listens to `device` and says `samples` (48 kHz, one channel) again and again.
    pub fn join_and_talk(url: &str, channel: &str, identity: &str, device: &str, samples: &[i16]) -> Self {
        Self::join_as(url, channel, identity, device, VideoTranscodingCodec::Yuv, Some(samples))
    }

    fn join_as(
        url: &str,
        channel: &str,
        identity: &str,
        device: &str,
        form: VideoTranscodingCodec,
        says: Option<&[i16]>,
    ) -> Self {
        let extra = Extra { video_observer_codec: Some(form), ..Extra::default() };
        let engine = OpenEngine::create_with(Options::new(url), &extra).expect("the engine can be made");
        let books = Arc::new(Mutex::new(Heard::default()));
        let (events, notes, whom) = (engine.event_handler(), Arc::clone(&books), device.to_owned());
        let thread = std::thread::spawn(move || {
            // A closed queue ends the thread; an empty one is asked again.
            loop {
                match events.next_timeout(Duration::from_millis(200)) {
                    Some(event) => notes.lock().unwrap_or_else(PoisonError::into_inner).note(&whom, event),
                    None if Arc::strong_count(&notes) == 1 => return,
                    None => {}
                }
            }
        });
        let grant = VideoGrant { can_publish: Some(says.is_some()), can_publish_data: Some(true), ..VideoGrant::join(channel) };
        let config = JoinChannelConfig {
            channel_profile: ChannelProfile::Communication,
            subscribe_mode: SubscribeMode::Automatically,
            subscribe_audio_format: AudioFormat::PcmBeforeMixing,
            ..JoinChannelConfig::default()
        };
        engine.publish_local_video_stream(false).and_then(|()| engine.publish_local_audio_stream(says.is_some())).expect("taken");
        let mouth = says.map(|samples| Mouth::open(&engine, samples));
        engine
            .set_parameter(r#"{"data":{"enablePubDataChannel":true,"enableSubDataChannel":true}}"#)
            .and_then(|()| engine.join_channel(&mint(identity, grant), channel, identity, identity, &config))
            .expect("a join is begun");
        let made = Self { engine, books, thread: Some(thread), device: device.to_owned(), mouth };
        wait_for("the join", Duration::from_secs(15), || {
            (made.heard().status == Some(ConnectionStatus::Connected)).then_some(())
        });
        made
    }

    fn books(&self) -> MutexGuard<'_, Heard> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came so far.
    pub fn heard(&self) -> Heard {
        self.books().clone()
    }

    /// Access units so far.
    pub fn units(&self) -> usize {
        self.books().units.len()
    }

    /// Waits for so many more samples of sound and gives them. Unlike [`Audience::heard`], it copies nothing while it waits.
    pub fn wait_for_samples(&self, count: usize, limit: Duration) -> Vec<i16> {
        let until = self.books().blocks + count.div_ceil(480);
        wait_for(&format!("{count} samples of sound at the viewer"), limit, || {
            let books = self.books();
            (books.blocks >= until).then(|| books.sound[books.sound.len().saturating_sub(count)..].to_vec())
        })
    }

    /// Closes the books and opens new ones; the connection is still what it is.
    pub fn begin_anew(&self) {
        let mut books = self.books();
        *books = Heard { status: books.status, last: Some(now()), ..Heard::default() };
    }

    /// Waits for a picture that is as wanted, and says how long it took.
    pub fn wait_for_picture(&self, what: &str, limit: Duration, wanted: impl Fn(&Picture) -> bool) -> Duration {
        let start = now();
        let from = self.books().pictures;
        wait_for(&format!("{what} at the viewer"), limit, || {
            let books = self.books();
            (books.pictures > from && books.picture.as_ref().is_some_and(&wanted)).then_some(())
        });
        start.elapsed()
    }

    /// Waits for `count` more pictures.
    pub fn wait_for_pictures(&self, count: usize, limit: Duration) {
        let until = self.books().pictures + count;
        wait_for(&format!("{count} pictures at the viewer"), limit, || (self.books().pictures >= until).then_some(()));
    }

    /// Waits until the last 200 ms of sound are, or are not, silence.
    pub fn wait_for_sound(&self, silent: bool, limit: Duration) {
        let from = self.books().blocks + 25;
        let what = if silent { "silence" } else { "sound" };
        wait_for(&format!("{what} at the viewer"), limit, || {
            let books = self.books();
            let tail = &books.sound[books.sound.len().saturating_sub(9600)..];
            let loud = tail.iter().filter(|sample| sample.unsigned_abs() > 200).count() > tail.len() / 20;
            (books.blocks >= from && loud != silent).then_some(())
        });
    }

    /// A command over the room: its result, or its error.
    pub fn call(&self, id: u64, method: &str, params: &Value) -> Result<Value, String> {
        let request = serde_json::json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
        let extensions = self.engine.extensions().expect("the open engine has extensions");
        extensions.send_command_message(&self.device, request.as_bytes()).map_err(|error| error.to_string())?;
        let mut reply = wait_for(&format!("the reply to {method}"), Duration::from_secs(15), || {
            self.books().replies.iter().find(|reply| reply["id"] == id).cloned()
        });
        if reply["error"].is_null() { Ok(reply["result"].take()) } else { Err(reply["error"].to_string()) }
    }
}

impl Drop for Audience {
    fn drop(&mut self) {
        self.mouth = None;
        self.engine.release();
        self.books = Arc::default();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Heard {
    fn note(&mut self, device: &str, event: Event) {
        match event {
            Event::RemoteVideoSample { uid, frame } if uid == device => {
                let at = now();
                if let Some(gap) = self.last.replace(at).map(|last| at - last) {
                    self.longest_gap = self.longest_gap.max(gap);
                    if gap > FREEZE {
                        self.freezes += 1;
                        self.frozen += gap;
                    }
                }
                let picture = Picture::of(&frame.frame);
                let size = Size::new(frame.frame.width, frame.frame.height);
                if let Some(stamp) = Stamp::read_luma(picture.luma(), picture.width, size) {
                    let clock = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
                    let clock = Duration::new(clock.tv_sec.unsigned_abs(), clock.tv_nsec.unsigned_abs() as u32);
                    self.ages.push(clock.saturating_sub(stamp.time));
                }
                self.picture = Some(picture);
                self.pictures += 1;
            }
            Event::RemoteVideoEncodedSample { uid, frame } if uid == device => self.units.push(frame.frame.bytes().to_vec()),
            Event::SubscribeAudioFrame { uid, frame: AudioFrame::Pcm(frame) } if uid == device => {
                self.sound.extend(frame.pcm.iter().step_by(usize::from(frame.channels)));
                let excess = self.sound.len().saturating_sub(SOUND);
                self.sound.drain(..excess);
                self.blocks += 1;
            }
            Event::VideoSubscribeStateChanged(change) if change.uid == device => {
                self.unsubscribed += usize::from(change.old_state == SubscribeState::Subscribed);
            }
            Event::ConnectionState { status, .. } => {
                self.lost += usize::from(status == ConnectionStatus::Reconnecting);
                self.status = Some(status);
            }
            Event::CommandMessage { uid, data } if uid == device => self.replies.extend(serde_json::from_slice(&data)),
            _ => {}
        }
    }
}
