//! The video thread itself: one picture at a time, from mailbox to sink.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use artc_bindings::{VideoDataFormat, VideoDataSample, VideoSource};
use media::Size;

use super::UnitSink;
use super::convert::Converter;
use super::input::{Next, REST_AFTER, VideoInput, Work};
use super::passthrough::{Passed, Passthrough};
use crate::clock::Clock;
use crate::congestion::{Dropper, Target};
use crate::encoder::{AccessUnit, Choice, EncodeError, Encoded, Encoders, Settings, UnitPool, Usage, VideoEncoder};

/// Key frames on request are at least so far apart: a crowd that asks at once gets one picture.
pub const KEY_EVERY: Duration = Duration::from_millis(300);
/// After a failure the next encoder is made so much later at the earliest.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// Rate and frame rate of a track that nobody gave a target.
const DEFAULT_FPS: f32 = 30.0;

pub(super) struct Worker {
    source: VideoSource,
    encoders: Encoders,
    input: Arc<VideoInput>,
    sink: Box<dyn UnitSink>,
    clock: Clock,
    encoder: Option<Box<dyn VideoEncoder>>,
    passthrough: Passthrough,
    converter: Converter,
    pool: UnitPool,
    dropper: Dropper,
    last_key: Option<Instant>,
    key_pending: bool,
    failed_at: Option<Instant>,
    second: Second,
}

/// Counts the access units of the current second.
#[derive(Default)]
struct Second {
    began: Option<Instant>,
    units: u32,
}

impl Worker {
    pub(super) fn new(
        source: VideoSource,
        choice: Choice,
        input: Arc<VideoInput>,
        sink: Box<dyn UnitSink>,
        clock: Clock,
    ) -> Self {
        Self {
            source,
            encoders: Encoders::new(choice),
            input,
            sink,
            clock,
            encoder: None,
            passthrough: Passthrough::default(),
            converter: Converter::default(),
            pool: UnitPool::default(),
            dropper: Dropper::default(),
            last_key: None,
            key_pending: true,
            failed_at: None,
            second: Second::default(),
        }
    }

    pub(super) fn run(mut self) {
        loop {
            let work = match self.input.next(self.encoder.as_ref().map(|_| REST_AFTER)) {
                Next::Work(work) => work,
                Next::Rest => {
                    self.rest();
                    continue;
                }
                Next::End => return,
            };
            self.key_pending |= work.key;
            let sent = if work.sample.format == VideoDataFormat::H264 { self.pass(work) } else { self.encode(&work) };
            if !sent {
                self.input.counters.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Gives back what only encoding needs: an encoder holds ten pictures and more. The next picture is a key frame.
    fn rest(&mut self) {
        self.encoder = None;
        self.converter = Converter::default();
        self.pool = UnitPool::default();
        self.key_pending = true;
        tracing::debug!(source = ?self.source, "nobody watches: the encoder rests");
    }

    /// Whether the picture went out.
    fn encode(&mut self, work: &Work) -> bool {
        let sample = &work.sample;
        let captured_at = captured_at(sample, self.clock);
        let fps = work.control.target.map_or(DEFAULT_FPS, |t| t.fps);
        if work.control.target.is_some_and(|t| t.paused) || !self.dropper.takes(captured_at, fps) {
            return false;
        }
        let now = self.clock.now();
        let key = self.key_due(now);
        match self.encode_now(work, captured_at, fps, key) {
            Ok(Some(unit)) => {
                self.failed_at = None;
                self.count(&unit, now);
                let (is_key, encode_time) = (unit.key, unit.encode_time);
                self.input.counters.encoded.fetch_add(1, Ordering::Relaxed);
                if is_key {
                    self.last_key = Some(now);
                    self.key_pending = false;
                }
                if !self.sink.unit(self.source, unit) {
                    self.key_pending = true;
                }
                // What a bench subtracts from the way of a picture; costs a look at a flag where nobody asks for it.
                let (captured_us, encode_us) = (captured_at.as_micros() as u64, encode_time.as_micros() as u64);
                tracing::trace!(captured_us, encode_us, "encoded");
                true
            }
            Ok(None) => false,
            Err(why) => {
                let failed = self.encoder.take();
                self.key_pending = true;
                if failed.is_some_and(|encoder| self.encoders.failed(encoder.name(), &why, now)) {
                    // The next picture goes to another encoder.
                    return false;
                }
                if self.failed_at.is_none() {
                    self.sink.failed(self.source, why);
                }
                self.failed_at = Some(now);
                false
            }
        }
    }

    fn encode_now(&mut self, work: &Work, captured_at: Duration, fps: f32, key: bool) -> Result<Option<AccessUnit>, String> {
        let source_size = Size::new(work.sample.width & !1, work.sample.height & !1);
        let size = work.control.target.map_or(source_size, |t| fit(source_size, t.size));
        self.prepare(size, fps, work)?;
        let Some(encoder) = &mut self.encoder else { return Ok(None) };
        let picture = self.converter.picture(&work.sample, size, captured_at)?;
        let began = self.clock.now();
        let (input, clock) = (&self.input, self.clock);
        let (data, (encoded, encode_time)) = self
            .pool
            .fill(|out| {
                let encoded = encoder.encode(&picture, key, out)?;
                let encode_time = clock.now().saturating_duration_since(began);
                if let Encoded::Unit { key } = encoded
                    && let Some(message) = input.message(clock.monotonic(), key)
                {
                    super::sei::insert(&message, out);
                }
                Ok::<_, EncodeError>((encoded, encode_time))
            })
            .map_err(|e| e.to_string())?;
        match encoded {
            Encoded::Unit { key } => Ok(Some(AccessUnit { data, key, size, captured_at, encode_time })),
            Encoded::Skipped => Ok(None),
        }
    }

    /// Makes the encoder fit size and target.
    fn prepare(&mut self, size: Size, fps: f32, work: &Work) -> Result<(), String> {
        let bitrate_bps = work.control.target.map_or_else(|| default_rate(size, fps), |t: Target| t.bitrate_bps);
        let usage = if work.control.screen { Usage::Screen } else { Usage::Camera };
        let wanted = Settings { size, fps, bitrate_bps, usage, key_interval: work.control.key_interval };
        if let Some(encoder) = &mut self.encoder {
            let have = *encoder.settings();
            if (have.size, have.usage, have.key_interval) == (wanted.size, wanted.usage, wanted.key_interval) {
                return encoder.set_rate(bitrate_bps, fps).map_err(|e| e.to_string());
            }
        }
        if self.failed_at.is_some_and(|at| self.clock.now().saturating_duration_since(at) < RETRY_AFTER) {
            return Ok(());
        }
        let encoder = self.encoders.open(wanted, self.clock.now()).map_err(|e| e.to_string())?;
        tracing::info!(encoder = encoder.name(), %size, fps, kbps = bitrate_bps / 1000, "encoding");
        self.input.counters.encodes_with(encoder.name());
        self.encoder = Some(encoder);
        Ok(())
    }

    fn pass(&mut self, work: Work) -> bool {
        if work.control.target.is_some_and(|t| t.paused) {
            self.passthrough.lost();
            return false;
        }
        if work.gap {
            self.passthrough.lost();
        }
        let now = self.clock.now();
        let captured_at = captured_at(&work.sample, self.clock);
        let passed = self.passthrough.take(&work.sample, captured_at, &mut self.pool);
        let sent = match passed {
            Passed::Unit(unit) => {
                let unit = self.with_message(unit);
                self.input.counters.passed.fetch_add(1, Ordering::Relaxed);
                self.count(&unit, now);
                if unit.key {
                    self.key_pending = false;
                    self.last_key = Some(now);
                }
                if !self.sink.unit(self.source, unit) {
                    self.passthrough.lost();
                    self.key_pending = true;
                }
                true
            }
            Passed::WaitsForKey => {
                self.key_pending = true;
                false
            }
            Passed::Broken(why) => {
                metrics::counter!("artc_video_broken_units_total").increment(1);
                tracing::debug!(why, "access unit of the camera dropped");
                self.key_pending = true;
                false
            }
        };
        if self.key_due(now) {
            // Asked once; whether it came shows in the pictures.
            self.key_pending = false;
            self.last_key = Some(now);
            self.sink.camera_key_needed(self.source);
        }
        sent
    }

    /// The unit with the message that waits to ride on it, if there is one.
    fn with_message(&mut self, unit: AccessUnit) -> AccessUnit {
        let Some(message) = self.input.message(self.clock.monotonic(), unit.key) else { return unit };
        let filled = self.pool.fill(|out| {
            out.extend_from_slice(unit.bytes());
            super::sei::insert(&message, out);
            Ok::<_, std::convert::Infallible>(())
        });
        let Ok((data, ())) = filled;
        AccessUnit { data, ..unit }
    }

    fn key_due(&self, now: Instant) -> bool {
        self.key_pending && self.last_key.is_none_or(|at| now.saturating_duration_since(at) >= KEY_EVERY)
    }

    fn count(&mut self, unit: &AccessUnit, now: Instant) {
        let counters = &self.input.counters;
        counters.bytes.fetch_add(unit.bytes().len() as u64, Ordering::Relaxed);
        counters.keys.fetch_add(u64::from(unit.key), Ordering::Relaxed);
        counters.set_size(unit.size);
        let us = u32::try_from(unit.encode_time.as_micros()).unwrap_or(u32::MAX);
        let mean = counters.encode_us.load(Ordering::Relaxed);
        // A running mean over about a second of pictures.
        let mean = if mean == 0 { us } else { (u64::from(mean) * 31 / 32) as u32 + us / 32 };
        counters.encode_us.store(mean, Ordering::Relaxed);
        self.second.units += 1;
        let began = *self.second.began.get_or_insert(now);
        let passed = now.saturating_duration_since(began);
        if passed >= Duration::from_secs(1) {
            let fps = f64::from(self.second.units - 1) / passed.as_secs_f64();
            counters.fps_x100.store((fps * 100.0) as u32, Ordering::Relaxed);
            self.second = Second { began: Some(now), units: 1 };
        }
    }
}

/// When the picture was captured: by the driver where it says so, else now.
fn captured_at(sample: &VideoDataSample, clock: Clock) -> Duration {
    sample.captured_at.unwrap_or_else(|| clock.monotonic())
}

/// The size to encode a source at when the target says `target`: never larger than the source, shape kept.
fn fit(source: Size, target: Size) -> Size {
    // Orientation of the source wins: a turned camera is no reason to stretch.
    let (long, short) = (target.width.max(target.height), target.width.min(target.height));
    let (source_long, source_short) = (source.width.max(source.height), source.width.min(source.height));
    if source_long <= long && source_short <= short {
        return source;
    }
    let scale = (f64::from(long) / f64::from(source_long)).min(f64::from(short) / f64::from(source_short));
    let side = |s: u32| ((f64::from(s) * scale / 2.0).round() as u32 * 2).max(16);
    Size::new(side(source.width), side(source.height))
}

/// A rate for a track that nobody gave a target: a tenth of a bit a pixel.
fn default_rate(size: Size, fps: f32) -> u32 {
    (size.area() as f32 * fps * 0.1) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_scaled_down_only_and_keep_their_shape() {
        let s = Size::new;
        assert_eq!(fit(s(1280, 720), s(1280, 720)), s(1280, 720));
        assert_eq!(fit(s(640, 480), s(1280, 720)), s(640, 480));
        assert_eq!(fit(s(1280, 720), s(640, 360)), s(640, 360));
        assert_eq!(fit(s(720, 1280), s(640, 360)), s(360, 640));
        assert_eq!(fit(s(640, 480), s(640, 360)), s(480, 360));
    }
}
