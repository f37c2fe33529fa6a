//! What is heard of all subscribed tracks, 10 ms at a time: jitter buffers, the loudest few, the mix, AAC. Pure but for the event queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use artc_bindings::{
    AudioAacFrame, AudioFormat, AudioFrame, AudioPcmFrame, AudioTranscodingCodec, Event, EventQueue, WarningCode,
};

use super::aac::{AacEncoder, AacSettings};
use super::jitter::{BLOCK, Counts, JitterBuffer};
use super::ranking::Ranking;
use crate::sync::{CaptureTimes, Captured, LipSync};

/// Tracks without packets are forgotten after so long.
const FORGET: Duration = Duration::from_secs(30);
/// Tracks that are followed at most.
const MOST_TRACKS: usize = 256;

/// How sound is to be handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayoutSettings {
    /// Mixed, each on its own, or not at all.
    pub format: AudioFormat,
    /// As PCM, as AAC, or both.
    pub codec: AudioTranscodingCodec,
    /// How AAC is made.
    pub aac: AacSettings,
    /// Only the loudest few are heard.
    pub ranking: bool,
}

impl Default for PlayoutSettings {
    fn default() -> Self {
        Self { format: AudioFormat::None, codec: AudioTranscodingCodec::Pcm, aac: AacSettings::default(), ranking: true }
    }
}

/// A packet of somebody's track.
#[derive(Debug)]
pub struct SoundPacket {
    /// Whose.
    pub uid: String,
    /// The track's id on the server.
    pub sid: String,
    /// RTP time at 48 kHz, without roll-over.
    pub time: u64,
    /// Opus.
    pub data: Arc<[u8]>,
    /// When it came.
    pub arrived: Instant,
    /// When it was captured, if that is known.
    pub captured: Option<Captured>,
    /// Loudness in dBov (0 loudest, -127 silent), if the sender says.
    pub level: Option<i8>,
}

struct Track {
    uid: String,
    jitter: JitterBuffer,
    captures: CaptureTimes,
    /// The sender says how loud it is.
    tells_level: bool,
    heard: Instant,
    aac: Option<AacEncoder>,
    counted: Counts,
}

/// See the module.
pub struct Mixer {
    events: Arc<EventQueue>,
    sync: Arc<LipSync>,
    settings: PlayoutSettings,
    tracks: HashMap<String, Track>,
    ranking: Ranking,
    /// AAC of the mix.
    aac: Option<AacEncoder>,
    /// AAC cannot be made; said once.
    no_aac: bool,
}

impl Mixer {
    /// A mixer that hands out nothing until it is told how, and of many the `loudest`.
    pub fn new(events: Arc<EventQueue>, sync: Arc<LipSync>, loudest: usize) -> Self {
        Self {
            events,
            sync,
            settings: PlayoutSettings::default(),
            tracks: HashMap::new(),
            ranking: Ranking::new(loudest),
            aac: None,
            no_aac: false,
        }
    }

    /// Whether anybody listens.
    pub fn listens(&self) -> bool {
        self.settings.format != AudioFormat::None
    }

    /// Changes how sound is handed out.
    pub fn set(&mut self, settings: PlayoutSettings) {
        self.settings = settings;
        (self.aac, self.no_aac) = (None, false);
        if !self.listens() {
            self.tracks.clear();
            self.ranking.forget_all();
        }
    }

    /// A packet came.
    pub fn take(&mut self, packet: SoundPacket) {
        if !self.listens() {
            return;
        }
        let SoundPacket { uid, sid, time, data, arrived, captured, level } = packet;
        if !self.tracks.contains_key(&sid) {
            if self.tracks.len() >= MOST_TRACKS {
                return;
            }
            let jitter = match JitterBuffer::new() {
                Ok(jitter) => jitter,
                Err(error) => {
                    tracing::warn!(%error, "no decoder for sound");
                    return;
                }
            };
            let captures = CaptureTimes::default();
            let counted = Counts::default();
            self.tracks
                .insert(sid.clone(), Track { uid, jitter, captures, tells_level: false, heard: arrived, aac: None, counted });
            // Whoever says nothing of his loudness is heard until it is known.
            self.ranking.loudness(&sid, level.unwrap_or(0), arrived);
        }
        let Some(track) = self.tracks.get_mut(&sid) else { return };
        if let Some(level) = level {
            track.tells_level = true;
            self.ranking.loudness(&sid, level, arrived);
        }
        if let Some(captured) = captured {
            track.captures.note(time, captured, arrived);
        }
        track.heard = arrived;
        track.jitter.push(time, data, arrived);
    }

    /// Hands out the next 10 ms.
    pub fn tick(&mut self, now: Instant) {
        let ranking = &mut self.ranking;
        self.tracks.retain(|sid, track| {
            let keep = now.saturating_duration_since(track.heard) < FORGET;
            if !keep {
                ranking.forget(sid);
            }
            keep
        });
        ranking.decide(now);
        let each = self.settings.format == AudioFormat::PcmBeforeMixing;
        let (pcm, aac) = (self.settings.codec != AudioTranscodingCodec::Aac, self.settings.codec != AudioTranscodingCodec::Pcm);
        let mut mix = media::pcm::Mixer::<BLOCK>::default();
        for (sid, track) in &mut self.tracks {
            // Whoever does not say how loud he is must be decoded to be known.
            let heard = !self.settings.ranking || ranking.heard(sid);
            if !heard && track.tells_level {
                track.jitter.skip(now);
                continue;
            }
            let block = track.play(&self.sync, now);
            track.count();
            let Some(block) = block else { continue };
            if !track.tells_level {
                ranking.loudness(sid, -(media::pcm::Level::of(&block).dbov() as i8), now);
            }
            if !heard {
                continue;
            }
            if !each {
                mix.add(&block);
                continue;
            }
            if aac {
                let events = &self.events;
                let outcome = encode(&mut track.aac, self.settings.aac, &block, self.no_aac, |frame| {
                    events.push(Event::SubscribeAudioAac { uid: track.uid.clone(), frame });
                });
                self.no_aac |= refused(events, outcome);
            }
            if pcm {
                self.events.push(Event::SubscribeAudioFrame { uid: track.uid.clone(), frame: frame(block.to_vec()) });
            }
        }
        if self.settings.format == AudioFormat::MixedPcm {
            let block = mix.take();
            if aac {
                let events = &self.events;
                let outcome = encode(&mut self.aac, self.settings.aac, &block, self.no_aac, |frame| {
                    events.push(Event::SubscribeMixedAudioAac { frame });
                });
                self.no_aac |= refused(events, outcome);
            }
            if pcm {
                self.events.push(Event::SubscribeMixAudioFrame { frame: frame(block.to_vec()) });
            }
        }
    }
}

impl Track {
    /// The next 10 ms, in time with the user's pictures.
    fn play(&mut self, sync: &LipSync, now: Instant) -> Option<[i16; BLOCK]> {
        let position = self.jitter.position();
        // What it is held beyond what the network asks for; on the way to its target that is less than was asked for.
        let held = self.jitter.delay(now).saturating_sub(self.jitter.needed());
        let block = self.jitter.pull(now)?;
        let age = position.and_then(|position| sync.sound_age(&self.captures, position, now));
        let wait = age.map_or(Duration::ZERO, |age| sync.sound(&self.uid, age, age.less(held), now));
        let least = if wait.is_zero() { wait } else { self.jitter.needed() + wait };
        self.jitter.set_least(least);
        Some(block)
    }

    /// Tells the counters what has changed.
    fn count(&mut self) {
        let (now, before) = (self.jitter.counts(), self.counted);
        if now == before {
            return;
        }
        self.counted = now;
        let add = |counter: metrics::Counter, now: u64, before: u64| {
            if now > before {
                counter.increment(now - before);
            }
        };
        let ms = |samples: u64| samples / 48;
        add(metrics::counter!("artc_playout_late_packets_total"), now.late, before.late);
        add(metrics::counter!("artc_playout_broken_packets_total"), now.broken, before.broken);
        add(metrics::counter!("artc_playout_flushed_packets_total"), now.flushed, before.flushed);
        add(metrics::counter!("artc_playout_corrected_packets_total"), now.corrected, before.corrected);
        add(metrics::counter!("artc_playout_concealed_ms_total"), ms(now.concealed), ms(before.concealed));
        add(metrics::counter!("artc_playout_shortened_ms_total"), ms(now.shortened), ms(before.shortened));
        add(metrics::counter!("artc_playout_lengthened_ms_total"), ms(now.lengthened), ms(before.lengthened));
    }
}

/// Encodes a block, with an encoder that is made where there is none yet.
fn encode(
    encoder: &mut Option<AacEncoder>,
    settings: AacSettings,
    block: &[i16],
    given_up: bool,
    mut each: impl FnMut(AudioFrame),
) -> Result<(), super::aac::AacError> {
    if given_up {
        return Ok(());
    }
    let encoder = match encoder {
        Some(encoder) => encoder,
        None => encoder.insert(AacEncoder::new(settings)?),
    };
    encoder.encode(block, |bytes, frame_ms| {
        let (channels, sample_rates, aac) = (1, settings.rate(), bytes.to_vec());
        each(AudioFrame::Aac(AudioAacFrame { frame_ms, channels, sample_rates, aac }));
    })
}

/// Whether AAC is given up, which is told once.
fn refused(events: &EventQueue, outcome: Result<(), super::aac::AacError>) -> bool {
    let Err(error) = outcome else { return false };
    tracing::warn!(%error, "received sound is not handed out as AAC");
    events.push(Event::Warning { code: WarningCode::Default, detail: error.to_string() });
    true
}

fn frame(pcm: Vec<i16>) -> AudioFrame {
    AudioFrame::Pcm(AudioPcmFrame {
        frame_ms: 10,
        channels: 1,
        sample_bits: 16,
        sample_rates: super::RATE,
        samples: BLOCK as u32,
        stream_index: 0,
        pcm,
    })
}

#[cfg(test)]
mod tests;
