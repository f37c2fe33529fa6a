//! Decoding and mixing of subscribed sound, in a thread of its own that ticks every 10 ms while somebody listens.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use artc_bindings::{AudioFormat, AudioFrame, AudioPcmFrame, Event, EventQueue};
use opus::{Channels, Decoder};

use super::jitter::{JitterBuffer, Pulled};
use crate::clock::Clock;

/// Rate of what is handed out, in Hz; mono.
pub const RATE: u32 = 48_000;
/// Samples of 10 ms.
const BLOCK: usize = 480;
const TICK: Duration = Duration::from_millis(10);
/// Packets on their way to the thread; more means that it does not run.
const DEPTH: usize = 256;
/// Tracks without packets are forgotten after so long.
const FORGET: Duration = Duration::from_secs(30);
/// A thread that slept through more than this begins its clock anew.
const OVERSLEPT: Duration = Duration::from_millis(200);

/// How sound is to be handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayoutSettings {
    /// Mixed, each on its own, or not at all.
    pub format: AudioFormat,
}

enum Message {
    Packet { uid: String, sid: String, time: u64, data: Arc<[u8]> },
    Settings(PlayoutSettings),
    Stop,
}

/// Brings packets and settings to the thread; never waits.
#[derive(Clone)]
pub struct PlayoutHandle {
    messages: SyncSender<Message>,
}

impl PlayoutHandle {
    /// A packet of somebody's track came. `time` is its RTP time without roll-over.
    pub fn packet(&self, uid: String, sid: String, time: u64, data: Arc<[u8]>) {
        if let Err(TrySendError::Full(_)) = self.messages.try_send(Message::Packet { uid, sid, time, data }) {
            metrics::counter!("artc_playout_dropped_total").increment(1);
        }
    }

    /// Changes how sound is handed out.
    pub fn settings(&self, settings: PlayoutSettings) {
        // Settings change a few times in a join, and the queue is empty then.
        let _ = self.messages.try_send(Message::Settings(settings));
    }
}

/// The thread; ends when dropped.
pub struct Playout {
    handle: PlayoutHandle,
    thread: Option<JoinHandle<()>>,
}

impl Playout {
    /// Starts the thread, silent until [`PlayoutHandle::settings`] asks for sound.
    pub fn start(events: Arc<EventQueue>, clock: Clock) -> std::io::Result<Self> {
        let (messages, inbox) = sync_channel(DEPTH);
        let mut mixer = Mixer { events, settings: PlayoutSettings { format: AudioFormat::None }, tracks: HashMap::new() };
        let thread = std::thread::Builder::new().name("artc-playout".into()).spawn(move || run(&mut mixer, &inbox, clock))?;
        Ok(Self { handle: PlayoutHandle { messages }, thread: Some(thread) })
    }

    /// For whoever brings packets.
    pub fn handle(&self) -> PlayoutHandle {
        self.handle.clone()
    }
}

impl Drop for Playout {
    fn drop(&mut self) {
        // A full queue is emptied by the thread at its next tick.
        let _ = self.handle.messages.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(mixer: &mut Mixer, inbox: &Receiver<Message>, clock: Clock) {
    let mut next = clock.now() + TICK;
    loop {
        let now = clock.now();
        let message = if mixer.settings.format == AudioFormat::None {
            // Nobody listens: no ticks.
            next = now + TICK;
            inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            inbox.recv_timeout(next.saturating_duration_since(now))
        };
        match message {
            Ok(Message::Packet { uid, sid, time, data }) => mixer.take(uid, sid, time, data, clock.now()),
            Ok(Message::Settings(settings)) => mixer.set(settings),
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                mixer.tick(clock.now());
                next += TICK;
                if clock.now() > next + OVERSLEPT {
                    next = clock.now() + TICK;
                }
            }
        }
    }
}

struct Track {
    uid: String,
    jitter: JitterBuffer,
    decoder: Decoder,
    decoded: Vec<i16>,
    heard: Instant,
}

struct Mixer {
    events: Arc<EventQueue>,
    settings: PlayoutSettings,
    tracks: HashMap<String, Track>,
}

impl Mixer {
    fn set(&mut self, settings: PlayoutSettings) {
        self.settings = settings;
        if settings.format == AudioFormat::None {
            self.tracks.clear();
        }
    }

    fn take(&mut self, uid: String, sid: String, time: u64, data: Arc<[u8]>, now: Instant) {
        if self.settings.format == AudioFormat::None {
            return;
        }
        if !self.tracks.contains_key(&sid) {
            let decoder = match Decoder::new(RATE, Channels::Mono) {
                Ok(decoder) => decoder,
                Err(error) => {
                    tracing::warn!(%error, "no decoder for sound");
                    return;
                }
            };
            let track = Track { uid, jitter: JitterBuffer::default(), decoder, decoded: Vec::new(), heard: now };
            self.tracks.insert(sid.clone(), track);
        }
        if let Some(track) = self.tracks.get_mut(&sid) {
            track.heard = now;
            track.jitter.push(time, data, now);
        }
    }

    fn tick(&mut self, now: Instant) {
        self.tracks.retain(|_, track| now.saturating_duration_since(track.heard) < FORGET);
        let mut mix = media::pcm::Mixer::<BLOCK>::default();
        for track in self.tracks.values_mut() {
            let Some(block) = track.block() else { continue };
            if self.settings.format == AudioFormat::PcmBeforeMixing {
                let frame = frame(block.to_vec());
                self.events.push(Event::SubscribeAudioFrame { uid: track.uid.clone(), frame });
            } else {
                mix.add(block);
            }
            track.decoded.drain(..BLOCK);
        }
        if self.settings.format == AudioFormat::MixedPcm {
            self.events.push(Event::SubscribeMixAudioFrame { frame: frame(mix.take().to_vec()) });
        }
    }
}

impl Track {
    /// The next 10 ms, if there is sound.
    fn block(&mut self) -> Option<&[i16]> {
        if self.decoded.len() < BLOCK {
            self.decode();
        }
        self.decoded.get(..BLOCK)
    }

    fn decode(&mut self) {
        let pulled = self.jitter.pull();
        let start = self.decoded.len();
        // 60 ms are the longest packets that senders make; 120 the longest that Opus knows.
        self.decoded.resize(start + RATE as usize * 120 / 1000, 0);
        let lost = BLOCK * 2;
        let into = &mut self.decoded[start..];
        let outcome = match &pulled {
            Pulled::Packet(data) => self.decoder.decode(data, into, false),
            Pulled::Missing { next: Some(data) } => self.decoder.decode(data, &mut into[..lost], true),
            Pulled::Missing { next: None } => self.decoder.decode(&[], &mut into[..lost], false),
            Pulled::Nothing => Ok(0),
        };
        let samples = outcome.unwrap_or_else(|error| {
            metrics::counter!("artc_playout_broken_packets_total").increment(1);
            tracing::trace!(%error, "sound packet not decoded");
            0
        });
        self.decoded.truncate(start + samples);
    }
}

fn frame(pcm: Vec<i16>) -> AudioFrame {
    AudioFrame::Pcm(AudioPcmFrame {
        frame_ms: 10,
        channels: 1,
        sample_bits: 16,
        sample_rates: RATE,
        samples: BLOCK as u32,
        stream_index: 0,
        pcm,
    })
}
