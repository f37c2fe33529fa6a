//! One encoding of a track's pictures: its encoder, its frame rate, its key frames. A camera with a small stream has two.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::input::{REST_AFTER, StreamControl};
use super::worker::KEY_EVERY;
use crate::clock::Clock;
use crate::congestion::Dropper;
use crate::encoder::{AccessUnit, Choice, EncodeError, Encoded, Encoders, Picture, Settings, UnitPool, VideoEncoder};

/// After a failure the next encoder is made so much later at the earliest.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// Frame rate of a stream that nobody gave a target.
pub(super) const DEFAULT_FPS: f32 = 30.0;

/// What came of a picture.
pub(super) enum Made {
    /// An access unit.
    Unit(AccessUnit),
    /// Nothing, for a reason that is known already or none.
    Nothing,
    /// Nothing, and why is to be told.
    Failed(String),
}

/// See the module.
pub(super) struct Layer {
    encoders: Encoders,
    encoder: Option<Box<dyn VideoEncoder>>,
    dropper: Dropper,
    last_key: Option<Instant>,
    /// A key frame is due as soon as the last one is long enough ago.
    pub key_pending: bool,
    failed_at: Option<Instant>,
    unneeded_since: Option<Instant>,
    /// Where its access units are written.
    pub pool: UnitPool,
}

impl Layer {
    pub(super) fn new(choice: Choice) -> Self {
        Self {
            encoders: Encoders::new(choice),
            encoder: None,
            dropper: Dropper::default(),
            last_key: None,
            key_pending: true,
            failed_at: None,
            unneeded_since: None,
            pool: UnitPool::default(),
        }
    }

    /// Gives back what only encoding needs: an encoder holds ten pictures and more. The next picture is a key frame.
    pub(super) fn rest(&mut self) {
        self.encoder = None;
        self.pool = UnitPool::default();
        self.key_pending = true;
    }

    /// Whether there is something to give back.
    pub(super) fn holds_memory(&self) -> bool {
        self.encoder.is_some()
    }

    /// Whether the picture captured at `captured_at` is to be encoded. One that nobody has taken for a while rests.
    pub(super) fn takes(&mut self, control: &StreamControl, captured_at: Duration, now: Instant) -> bool {
        if !control.active {
            let since = *self.unneeded_since.get_or_insert(now);
            if self.holds_memory() && now.saturating_duration_since(since) >= REST_AFTER {
                self.rest();
            }
            return false;
        }
        self.unneeded_since = None;
        let fps = control.target.map_or(DEFAULT_FPS, |target| target.fps);
        !control.target.is_some_and(|target| target.paused) && self.dropper.takes(captured_at, fps)
    }

    /// Encodes a picture as `wanted` says; `message` gives what is to ride on it, once it is known whether it is a key frame.
    pub(super) fn encode(
        &mut self,
        picture: &Picture<'_>,
        wanted: Settings,
        clock: Clock,
        message: impl Fn(bool) -> Option<Arc<[u8]>>,
    ) -> Made {
        let now = clock.now();
        match self.try_encode(picture, wanted, clock, message) {
            Ok(Some(unit)) => {
                self.failed_at = None;
                if unit.key {
                    self.key_made(now);
                }
                Made::Unit(unit)
            }
            Ok(None) => Made::Nothing,
            Err(why) => self.failed(why, now),
        }
    }

    fn try_encode(
        &mut self,
        picture: &Picture<'_>,
        wanted: Settings,
        clock: Clock,
        message: impl Fn(bool) -> Option<Arc<[u8]>>,
    ) -> Result<Option<AccessUnit>, String> {
        let began = clock.now();
        self.prepare(wanted, began)?;
        let key = self.key_due(began);
        let Some(encoder) = &mut self.encoder else { return Ok(None) };
        let (data, (encoded, encode_time)) = self
            .pool
            .fill(|out| {
                let encoded = encoder.encode(picture, key, out)?;
                let encode_time = clock.now().saturating_duration_since(began);
                if let Encoded::Unit { key } = encoded
                    && let Some(message) = message(key)
                {
                    super::sei::insert(&message, out);
                }
                Ok::<_, EncodeError>((encoded, encode_time))
            })
            .map_err(|e| e.to_string())?;
        Ok(match encoded {
            Encoded::Unit { key } => {
                Some(AccessUnit { data, key, size: picture.size, captured_at: picture.captured_at, encode_time })
            }
            Encoded::Skipped => None,
        })
    }

    /// Makes the encoder fit what is wanted; without one there is none for now.
    fn prepare(&mut self, wanted: Settings, now: Instant) -> Result<(), String> {
        if let Some(encoder) = &mut self.encoder {
            let have = *encoder.settings();
            if (have.size, have.usage, have.key_interval) == (wanted.size, wanted.usage, wanted.key_interval) {
                return encoder.set_rate(wanted.bitrate_bps, wanted.fps).map_err(|e| e.to_string());
            }
        }
        if self.failed_at.is_some_and(|at| now.saturating_duration_since(at) < RETRY_AFTER) {
            return Ok(());
        }
        let encoder = self.encoders.open(wanted, now).map_err(|e| e.to_string())?;
        let (size, fps, kbps) = (wanted.size, wanted.fps, wanted.bitrate_bps / 1000);
        tracing::info!(encoder = encoder.name(), %size, fps, kbps, "encoding");
        self.encoder = Some(encoder);
        Ok(())
    }

    /// What encodes now.
    pub(super) fn encoder(&self) -> Option<&'static str> {
        self.encoder.as_ref().map(|encoder| encoder.name())
    }

    /// A picture could not be made or encoded. Told once until it works again, unless the next picture goes to another encoder.
    pub(super) fn failed(&mut self, why: String, now: Instant) -> Made {
        let failed = self.encoder.take();
        self.key_pending = true;
        if failed.is_some_and(|encoder| self.encoders.failed(encoder.name(), &why, now)) {
            return Made::Nothing;
        }
        let first = self.failed_at.replace(now).is_none();
        if first { Made::Failed(why) } else { Made::Nothing }
    }

    pub(super) fn key_due(&self, now: Instant) -> bool {
        self.key_pending && self.last_key.is_none_or(|at| now.saturating_duration_since(at) >= KEY_EVERY)
    }

    /// A key frame has left, or was asked of the camera.
    pub(super) fn key_made(&mut self, now: Instant) {
        self.key_pending = false;
        self.last_key = Some(now);
    }
}
