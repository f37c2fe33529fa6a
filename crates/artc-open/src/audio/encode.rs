//! The sound thread: 20 ms of PCM in, one Opus packet out.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use artc_bindings::{AudioQualityMode, AudioSceneMode};
use media::PcmFormat;
use media::pcm::{Gain, Level, downmix};
use opus::{Application, Bandwidth, Bitrate, Channels, Encoder, Signal};

use super::input::{AudioInput, Chunk, PACKET_MS};
use super::resample::Resampler;
use crate::clock::Clock;
use crate::session::AudioPacket;

/// Opus' own knob of effort, 0 to 10, where nothing richer is wished. Without loss the encoder works in its transform mode, where 2 takes a third of the time of
/// 9 and is told apart by nobody at these bitrates; with loss it switches to the mode that carries error correction.
const COMPLEXITY: i32 = 2;
/// The same for music: there the difference is heard.
const MUSIC_COMPLEXITY: i32 = 9;
/// Longest Opus packet of 20 ms.
const MAX_PACKET: usize = 1275;
/// Capture times that differ by more than this from the count of samples mean a gap, not jitter.
const GAP: Duration = Duration::from_millis(100);
/// Opus' RTP clock.
const CLOCK: u64 = 48_000;

/// Quality of published sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Bits a second.
    pub bitrate: i32,
    /// Highest sample rate that is carried, in Hz.
    pub rate: u32,
    /// 1 or 2.
    pub channels: u8,
    /// What the sound is.
    pub content: Content,
}

/// What the sound is, which decides how Opus works on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Anything: Opus listens for itself.
    Any,
    /// People who speak.
    Speech,
    /// Music, which is worth more effort.
    Music,
}

impl Profile {
    /// From the documented quality and scene.
    pub fn new(quality: AudioQualityMode, scene: AudioSceneMode) -> Self {
        let (rate, channels, kbps) = quality.limits();
        let content = match scene {
            AudioSceneMode::Default | AudioSceneMode::Media => Content::Any,
            AudioSceneMode::Education | AudioSceneMode::Chatroom => Content::Speech,
            AudioSceneMode::Music | AudioSceneMode::Ktv => Content::Music,
        };
        Self { bitrate: i32::try_from(kbps * 1000).unwrap_or(64_000), rate, channels, content }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::new(AudioQualityMode::BasicQuality, AudioSceneMode::Default)
    }
}

pub(super) struct Worker {
    input: Arc<AudioInput>,
    sink: Box<dyn FnMut(AudioPacket) + Send>,
    clock: Clock,
    coder: Option<Coder>,
    pcm: Vec<i16>,
    gain: Gain,
    packet: [u8; MAX_PACKET],
    timeline: Timeline,
}

/// An encoder for one format and profile.
struct Coder {
    generation: u64,
    encoder: Encoder,
    resampler: Option<Resampler>,
    resampled: Vec<i16>,
    /// Samples of all channels in a packet.
    packet_samples: usize,
    downmix: bool,
    loss_percent: u8,
}

/// RTP time that counts samples and jumps where capture time does.
#[derive(Default)]
struct Timeline {
    time: u64,
    expected: Option<Duration>,
}

impl Timeline {
    fn next(&mut self, captured_at: Duration) -> u32 {
        match self.expected {
            Some(expected) if captured_at > expected + GAP => {
                self.time += (captured_at - expected).as_millis() as u64 * CLOCK / 1000;
                self.expected = Some(captured_at);
            }
            // Overlap is a clock that was set; sound goes on without one.
            Some(expected) if captured_at + GAP < expected => self.expected = Some(captured_at),
            None => self.expected = Some(captured_at),
            _ => {}
        }
        let time = self.time;
        self.time += PACKET_MS as u64 * CLOCK / 1000;
        // Follows the capture clock slowly, so that jitter does not look like gaps but drift does not either.
        self.expected = self.expected.map(|expected| {
            let next = expected + Duration::from_millis(PACKET_MS as u64);
            let real = captured_at + Duration::from_millis(PACKET_MS as u64);
            if real > next { next + (real - next) / 16 } else { next - (next - real) / 16 }
        });
        time as u32
    }
}

impl Worker {
    pub(super) fn new(input: Arc<AudioInput>, sink: Box<dyn FnMut(AudioPacket) + Send>, clock: Clock) -> Self {
        Self {
            input,
            sink,
            clock,
            coder: None,
            pcm: Vec::with_capacity(1920),
            gain: Gain::new(1.0),
            packet: [0; MAX_PACKET],
            timeline: Timeline::default(),
        }
    }

    pub(super) fn run(mut self) {
        while let Some(chunk) = self.input.next(&mut self.pcm, self.clock) {
            if let Err(error) = self.encode(&chunk) {
                metrics::counter!("artc_audio_encode_failures_total").increment(1);
                tracing::warn!(%error, rate = chunk.format.rate, channels = chunk.format.channels, "sound not encoded");
                self.coder = None;
            }
        }
    }

    fn encode(&mut self, chunk: &Chunk) -> Result<(), opus::Error> {
        if self.coder.as_ref().is_none_or(|c| c.generation != chunk.generation) {
            self.coder = Some(Coder::new(chunk)?);
        }
        let Some(coder) = &mut self.coder else { return Ok(()) };
        if coder.loss_percent != chunk.loss_percent {
            coder.encoder.set_packet_loss_perc(i32::from(chunk.loss_percent))?;
            coder.loss_percent = chunk.loss_percent;
        }
        self.gain.set(chunk.volume.clamp(0, 100) as f32 / 100.0);
        self.gain.apply(&mut self.pcm, chunk.format.channels);
        if coder.downmix {
            downmix(&mut self.pcm);
        }
        let level = -(Level::of(&self.pcm).dbov() as i8);
        let captured_at = chunk.captured_at.min(self.clock.monotonic());
        match &mut coder.resampler {
            None => {
                let len = coder.encoder.encode(&self.pcm, &mut self.packet)?;
                let packet = outgoing(&self.packet[..len], &mut self.timeline, captured_at, level);
                count(&self.input, len);
                send(packet, chunk, &mut *self.sink);
            }
            Some(resampler) => {
                resampler.process(&self.pcm, &mut coder.resampled);
                while let Some(samples) = coder.resampled.get(..coder.packet_samples) {
                    let len = coder.encoder.encode(samples, &mut self.packet)?;
                    coder.resampled.drain(..coder.packet_samples);
                    let packet = outgoing(&self.packet[..len], &mut self.timeline, captured_at, level);
                    count(&self.input, len);
                    send(packet, chunk, &mut *self.sink);
                }
            }
        }
        Ok(())
    }
}

/// To whoever takes it: the tap, the network, or both.
fn send(packet: AudioPacket, chunk: &Chunk, sink: &mut (dyn FnMut(AudioPacket) + Send)) {
    if let Some(tap) = &chunk.tap {
        tap.sound(&packet.data, packet.time, packet.captured_at);
    }
    if chunk.live {
        sink(packet);
    }
}

fn outgoing(bytes: &[u8], timeline: &mut Timeline, captured_at: Duration, level: i8) -> AudioPacket {
    AudioPacket { data: bytes.into(), time: timeline.next(captured_at), captured_at, level }
}

fn count(input: &AudioInput, len: usize) {
    input.packets.fetch_add(1, Ordering::Relaxed);
    input.bytes.fetch_add(len as u64, Ordering::Relaxed);
}

impl Coder {
    fn new(chunk: &Chunk) -> Result<Self, opus::Error> {
        let PcmFormat { rate, channels } = chunk.format;
        // Opus takes these five; everything else is brought to 48 kHz first.
        let native = [8_000, 12_000, 16_000, 24_000, 48_000].contains(&rate);
        let coded_rate = if native { rate } else { 48_000 };
        let downmix = channels == 2 && chunk.profile.channels == 1;
        let coded = if channels == 2 && !downmix { Channels::Stereo } else { Channels::Mono };
        // `Audio` and not `Voip`: it spends its time on error correction only where packets are lost.
        let mut encoder = Encoder::new(coded_rate, coded, Application::Audio)?;
        encoder.set_bitrate(Bitrate::Bits(chunk.profile.bitrate))?;
        encoder.set_max_bandwidth(match chunk.profile.rate {
            0..=8_000 => Bandwidth::Narrowband,
            8_001..=16_000 => Bandwidth::Wideband,
            16_001..=24_000 => Bandwidth::Superwideband,
            _ => Bandwidth::Fullband,
        })?;
        let (signal, complexity) = match chunk.profile.content {
            Content::Any => (Signal::Auto, COMPLEXITY),
            Content::Speech => (Signal::Voice, COMPLEXITY),
            Content::Music => (Signal::Music, MUSIC_COMPLEXITY),
        };
        encoder.set_signal(signal)?;
        encoder.set_complexity(complexity)?;
        encoder.set_inband_fec(true)?;
        encoder.set_packet_loss_perc(i32::from(chunk.loss_percent))?;
        encoder.set_dtx(false)?;
        let width = if coded == Channels::Stereo { 2 } else { 1 };
        Ok(Self {
            generation: chunk.generation,
            encoder,
            resampler: (!native).then(|| Resampler::new(rate, 48_000, width)),
            resampled: Vec::new(),
            packet_samples: coded_rate as usize * PACKET_MS / 1000 * width,
            downmix,
            loss_percent: chunk.loss_percent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_and_scene_are_settings_of_the_encoder() {
        let opened = |quality, scene| {
            let profile = Profile::new(quality, scene);
            let format = PcmFormat { rate: 48_000, channels: 2 };
            let (volume, live) = (100, true);
            let chunk =
                Chunk { format, captured_at: Duration::ZERO, volume, profile, loss_percent: 0, generation: 0, live, tap: None };
            let mut encoder = Coder::new(&chunk).unwrap().encoder;
            let Bitrate::Bits(bits) = encoder.get_bitrate().unwrap() else { panic!("a number of bits") };
            (bits, encoder.get_max_bandwidth().unwrap(), encoder.get_signal().unwrap(), encoder.get_complexity().unwrap())
        };
        use {AudioQualityMode as Q, AudioSceneMode as S};
        assert_eq!(opened(Q::LowQuality, S::Default), (12_000, Bandwidth::Narrowband, Signal::Auto, COMPLEXITY));
        assert_eq!(opened(Q::BasicQuality, S::Education), (24_000, Bandwidth::Wideband, Signal::Voice, COMPLEXITY));
        assert_eq!(opened(Q::HighQuality, S::Chatroom), (64_000, Bandwidth::Fullband, Signal::Voice, COMPLEXITY));
        assert_eq!(opened(Q::StereoHighQuality, S::Media), (80_000, Bandwidth::Fullband, Signal::Auto, COMPLEXITY));
        assert_eq!(opened(Q::SuperHighQuality, S::Music), (96_000, Bandwidth::Fullband, Signal::Music, MUSIC_COMPLEXITY));
        assert_eq!(opened(Q::StereoSuperHighQuality, S::Ktv), (128_000, Bandwidth::Fullband, Signal::Music, MUSIC_COMPLEXITY));
    }

    #[test]
    fn rtp_time_counts_samples_through_jitter_and_jumps_over_gaps() {
        let mut timeline = Timeline::default();
        let ms = Duration::from_millis;
        let mut last = timeline.next(ms(1000));
        for n in 1..500u64 {
            let jitter = if n % 2 == 0 { 15 } else { 0 };
            let time = timeline.next(ms(1000 + n * 20 + jitter));
            assert_eq!(time - last, 960, "packet {n}");
            last = time;
        }
        let time = timeline.next(ms(1000 + 500 * 20 + 5000));
        assert!((time - last).abs_diff(960 + 5000 * 48) <= 48 * 20, "{}", time - last);
    }
}
