//! The video thread itself: one picture at a time, from mailbox to sink.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use artc_bindings::{VideoDataFormat, VideoDataSample, VideoSource};
use media::Size;

use super::UnitSink;
use super::convert::Converter;
use super::input::{Counters, Next, REST_AFTER, Stream, StreamControl, VideoInput, Work};
use super::layer::{DEFAULT_FPS, Layer, Made};
use super::passthrough::{Passed, Passthrough};
use super::small::SmallPicture;
use crate::clock::Clock;
use crate::command::Local;
use crate::encoder::{AccessUnit, Choice, Picture, Settings, Usage};
use crate::schedule::compute_in_batches;

/// Key frames on request are at least so far apart: a crowd that asks at once gets one picture.
pub const KEY_EVERY: Duration = Duration::from_millis(300);

pub(super) struct Worker {
    source: VideoSource,
    input: Arc<VideoInput>,
    sink: Box<dyn UnitSink>,
    clock: Clock,
    /// Big and small stream.
    layers: [Layer; 2],
    passthrough: Passthrough,
    converter: Converter,
    small: SmallPicture,
    /// It was told that a camera that encodes by itself has no small stream.
    told_no_small: bool,
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
            input,
            sink,
            clock,
            layers: [Layer::new(choice), Layer::new(choice)],
            passthrough: Passthrough::default(),
            converter: Converter::default(),
            small: SmallPicture::default(),
            told_no_small: false,
            second: Second::default(),
        }
    }

    pub(super) fn run(mut self) {
        compute_in_batches();
        loop {
            let holds_memory = self.layers.iter().any(Layer::holds_memory);
            let work = match self.input.next(holds_memory.then_some(REST_AFTER), self.clock) {
                Next::Work(work) => work,
                Next::Rest => {
                    self.rest();
                    continue;
                }
                Next::End => return,
            };
            for (layer, key) in self.layers.iter_mut().zip(work.keys) {
                layer.key_pending |= key;
            }
            let sent = if work.sample.format == VideoDataFormat::H264 { self.pass(work) } else { self.encode(&work) };
            if !sent {
                self.input.counters.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Gives back what only encoding needs.
    fn rest(&mut self) {
        self.layers.iter_mut().for_each(Layer::rest);
        self.converter = Converter::default();
        self.small = SmallPicture::default();
        tracing::debug!(source = ?self.source, "nobody watches: the encoder rests");
    }

    /// Whether the picture went out, in any size.
    fn encode(&mut self, work: &Work) -> bool {
        let control = &work.control;
        let captured_at = captured_at(&work.sample, self.clock);
        let now = self.clock.now();
        let (streams, live) = streams(work);
        let [big, small] = Stream::ALL.map(|s| self.layers[s as usize].takes(&streams[s as usize], captured_at, now));
        if !big && !small {
            return false;
        }
        // Taken apart, so that the picture may lend from the converter while the encoders work on it.
        let Self { layers, converter, small: small_picture, input, sink, clock, source, second, .. } = self;
        let plan = control.shape.plan(&work.sample, streams[Stream::Big as usize].target.map(|target| target.size));
        let picture = match converter.picture(&work.sample, &plan, captured_at) {
            Ok(picture) => picture,
            Err(why) => {
                if let Made::Failed(why) = layers[Stream::Big as usize].failed(why, now) {
                    sink.failed(Local::from(*source), why);
                }
                return false;
            }
        };
        let mut sent = false;
        for (stream, due) in [(Stream::Big, big), (Stream::Small, small)] {
            let Some(picture) = due.then(|| stream.picture(&picture, small_picture)).flatten() else { continue };
            let layer = &mut layers[stream as usize];
            let wanted = settings(&picture, &streams[stream as usize], work);
            let made = layer.encode(&picture, wanted, *clock, |key| input.message(stream, clock.monotonic(), key));
            let track = stream.track(*source);
            match made {
                Made::Unit(unit) => {
                    sent = true;
                    second.count(stream, &unit, &input.counters, layer.encoder(), now);
                    // What a bench subtracts from the way of a picture; costs a look at a flag where nobody asks for it.
                    let (captured_us, encode_us) = (captured_at.as_micros() as u64, unit.encode_time.as_micros() as u64);
                    let tap = work.tap.as_ref().filter(|_| stream == Stream::Big);
                    if let Some(tap) = tap {
                        tap.picture(unit.bytes(), unit.key, unit.captured_at);
                    }
                    if (live || stream == Stream::Small) && !sink.unit(track, unit) {
                        layer.key_pending = true;
                    }
                    if stream == Stream::Big {
                        tracing::trace!(captured_us, encode_us, "encoded");
                    }
                }
                Made::Nothing => {}
                Made::Failed(why) => sink.failed(track, why),
            }
        }
        sent
    }

    fn pass(&mut self, work: Work) -> bool {
        let small = work.control.streams[Stream::Small as usize];
        let ([big, _], live) = streams(&work);
        // Told each time that it is asked for.
        self.told_no_small &= small.active;
        if small.active && !std::mem::replace(&mut self.told_no_small, true) {
            self.sink.failed(Local::Small, "a camera that encodes by itself has no small stream; push pictures instead".into());
        }
        if !big.active || big.target.is_some_and(|t| t.paused) {
            self.passthrough.lost();
            return false;
        }
        if work.gap {
            self.passthrough.lost();
        }
        let now = self.clock.now();
        let captured_at = captured_at(&work.sample, self.clock);
        let layer = &mut self.layers[Stream::Big as usize];
        let passed = self.passthrough.take(&work.sample, captured_at, &mut layer.pool);
        let sent = match passed {
            Passed::Unit(unit) => {
                let unit = with_message(unit, layer, &self.input, self.clock);
                self.second.count(Stream::Big, &unit, &self.input.counters, None, now);
                if unit.key {
                    layer.key_made(now);
                }
                if let Some(tap) = &work.tap {
                    tap.picture(unit.bytes(), unit.key, unit.captured_at);
                }
                if live && !self.sink.unit(Local::from(self.source), unit) {
                    self.passthrough.lost();
                    layer.key_pending = true;
                }
                true
            }
            Passed::WaitsForKey => {
                layer.key_pending = true;
                false
            }
            Passed::Broken(why) => {
                metrics::counter!("artc_video_broken_units_total").increment(1);
                tracing::debug!(why, "access unit of the camera dropped");
                layer.key_pending = true;
                false
            }
        };
        if layer.key_due(now) {
            // Asked once; whether it came shows in the pictures.
            layer.key_made(now);
            self.sink.camera_key_needed(self.source);
        }
        sent
    }
}

impl Stream {
    fn picture<'a>(self, big: &Picture<'a>, small: &'a mut SmallPicture) -> Option<Picture<'a>> {
        match self {
            Self::Big => Some(*big),
            Self::Small => small.of(big),
        }
    }

    /// The track that the stream of a source belongs to.
    fn track(self, source: VideoSource) -> Local {
        match self {
            Self::Big => source.into(),
            Self::Small => Local::Small,
        }
    }
}

/// What is to be made of a picture, and whether the big stream goes to the network. For a tap alone it is made as it was configured.
fn streams(work: &Work) -> ([StreamControl; 2], bool) {
    let mut streams = work.control.streams;
    let big = &mut streams[Stream::Big as usize];
    let live = big.active && !big.target.is_some_and(|target| target.paused);
    if !live && work.tap.is_some() {
        *big = StreamControl { active: true, target: work.control.best };
    }
    (streams, live)
}

/// How a stream's encoder is to be set up.
fn settings(picture: &Picture<'_>, stream: &StreamControl, work: &Work) -> Settings {
    let fps = stream.target.map_or(DEFAULT_FPS, |target| target.fps);
    let bitrate_bps = stream.target.map_or_else(|| default_rate(picture.size, fps), |target| target.bitrate_bps);
    let usage = if work.control.screen { Usage::Screen } else { Usage::Camera };
    Settings { size: picture.size, fps, bitrate_bps, usage, key_interval: work.control.key_interval }
}

/// The unit with the message that waits to ride on it, if there is one.
fn with_message(unit: AccessUnit, layer: &mut Layer, input: &VideoInput, clock: Clock) -> AccessUnit {
    let Some(message) = input.message(Stream::Big, clock.monotonic(), unit.key) else { return unit };
    let filled = layer.pool.fill(|out| {
        out.extend_from_slice(unit.bytes());
        super::sei::insert(&message, out);
        Ok::<_, std::convert::Infallible>(())
    });
    let Ok((data, ())) = filled;
    AccessUnit { data, ..unit }
}

impl Second {
    /// Counts a unit, encoded by `encoder` or passed through. What is told of a track is told of its big stream.
    fn count(&mut self, stream: Stream, unit: &AccessUnit, counters: &Counters, encoder: Option<&'static str>, now: Instant) {
        if stream == Stream::Small {
            metrics::counter!("artc_video_small_units_total").increment(1);
            return;
        }
        match encoder {
            Some(name) => {
                counters.encodes_with(name);
                counters.encoded.fetch_add(1, Ordering::Relaxed);
            }
            None => _ = counters.passed.fetch_add(1, Ordering::Relaxed),
        }
        counters.bytes.fetch_add(unit.bytes().len() as u64, Ordering::Relaxed);
        counters.keys.fetch_add(u64::from(unit.key), Ordering::Relaxed);
        counters.set_size(unit.size);
        let us = u32::try_from(unit.encode_time.as_micros()).unwrap_or(u32::MAX);
        let mean = counters.encode_us.load(Ordering::Relaxed);
        // A running mean over about a second of pictures.
        let mean = if mean == 0 { us } else { (u64::from(mean) * 31 / 32) as u32 + us / 32 };
        counters.encode_us.store(mean, Ordering::Relaxed);
        self.units += 1;
        let began = *self.began.get_or_insert(now);
        let passed = now.saturating_duration_since(began);
        if passed >= Duration::from_secs(1) {
            let fps = f64::from(self.units - 1) / passed.as_secs_f64();
            counters.fps_x100.store((fps * 100.0) as u32, Ordering::Relaxed);
            *self = Self { began: Some(now), units: 1 };
        }
    }
}

/// When the picture was captured: by the driver where it says so, else now.
fn captured_at(sample: &VideoDataSample, clock: Clock) -> Duration {
    sample.captured_at.unwrap_or_else(|| clock.monotonic())
}

/// A rate for a stream that nobody gave a target: a tenth of a bit a pixel.
fn default_rate(size: Size, fps: f32) -> u32 {
    (size.area() as f32 * fps * 0.1) as u32
}
