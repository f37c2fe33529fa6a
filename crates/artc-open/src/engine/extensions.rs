//! What the open engine can do beyond the documents.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use artc_bindings::{AudioStats, CallError, EncodedTap, EngineStats, Extensions, Participant, VideoSource, VideoStats, check};

use super::OpenEngine;
use crate::command::Command;

/// Longest byte stream: a picture of a large camera has some megabytes.
const MAX_STREAM: usize = 32 * 1024 * 1024;
/// A time stamp that is farther from our clock than this is on an axis of its own.
const NEAR: Duration = Duration::from_secs(10);

impl OpenEngine {
    /// The capture time that a time stamp in milliseconds says. Callers that stamp pictures with `CLOCK_MONOTONIC` stamp sound
    /// with it, too; for all others it was captured just now.
    pub(super) fn on_our_clock(&self, timestamp: i64) -> Duration {
        let now = self.clock.monotonic();
        let said = Duration::from_millis(u64::try_from(timestamp).unwrap_or(0));
        if now.abs_diff(said) < NEAR { said } else { now }
    }

    fn channel(&self, method: &'static str) -> Result<(), CallError> {
        let calls = self.shared.calls();
        match (calls.released, &calls.channel) {
            (true, _) => Err(CallError::Released { method }),
            (false, None) => Err(CallError::NotJoined { method }),
            (false, Some(_)) => Ok(()),
        }
    }
}

impl Extensions for OpenEngine {
    fn send_command_message(&self, to: &str, data: &[u8]) -> Result<(), CallError> {
        const METHOD: &str = "send_command_message";
        self.channel(METHOD)?;
        check::command(METHOD, data.len())?;
        self.command(METHOD, Command::Message { to: to.to_owned(), data: data.to_vec() })
    }

    fn answer_command_call(&self, to: &str, call: &str, data: &[u8]) -> Result<(), CallError> {
        const METHOD: &str = "answer_command_call";
        self.channel(METHOD)?;
        self.command(METHOD, Command::Answer { to: to.to_owned(), call: call.to_owned(), data: data.to_vec() })
    }

    fn send_bytes(&self, to: &str, topic: &str, name: &str, mime: &str, bytes: Vec<u8>) -> Result<(), CallError> {
        const METHOD: &str = "send_bytes";
        self.channel(METHOD)?;
        if bytes.len() > MAX_STREAM {
            return Err(CallError::MessageTooLong { method: METHOD, len: bytes.len(), limit: MAX_STREAM });
        }
        let (to, topic, name, mime) = (to.to_owned(), topic.to_owned(), name.to_owned(), mime.to_owned());
        self.command(METHOD, Command::Bytes { to, topic, name, mime, bytes })
    }

    fn request_key_frame(&self, source: VideoSource) -> Result<(), CallError> {
        const METHOD: &str = "request_key_frame";
        if self.shared.calls().released {
            return Err(CallError::Released { method: METHOD });
        }
        self.video[source as usize].want_keys();
        Ok(())
    }

    fn set_tap(&self, tap: Option<Arc<dyn EncodedTap>>) -> Result<(), CallError> {
        const METHOD: &str = "set_tap";
        if self.shared.calls().released {
            return Err(CallError::Released { method: METHOD });
        }
        self.audio.set_tap(tap.clone());
        self.video[VideoSource::Camera as usize].set_tap(tap);
        Ok(())
    }

    fn network_changed(&self) {
        // A full inbox means that the session has enough to do as it is.
        let _ = self.commands.try_send(Command::NetworkChanged);
    }

    fn loops(&self) -> Vec<(&'static str, Arc<AtomicU64>)> {
        let pictures = self.video[VideoSource::Camera as usize].turns.number();
        let sound = self.audio.turns.number();
        vec![("engine", Arc::clone(&self.shared.turns)), ("encoder of pictures", pictures), ("encoder of sound", sound)]
    }

    fn stats(&self) -> EngineStats {
        let counters = &self.video[VideoSource::Camera as usize].counters;
        let get = |c: &std::sync::atomic::AtomicU64| c.load(Ordering::Relaxed);
        let size = counters.size();
        let (pushed_ms, dropped_ms, packets, bytes) = self.audio.counts();
        EngineStats {
            video: VideoStats {
                pushed: get(&counters.pushed),
                dropped: get(&counters.dropped),
                encoded: get(&counters.encoded),
                passed_through: get(&counters.passed),
                key_frames: get(&counters.keys),
                bytes: get(&counters.bytes),
                width: size.map_or(0, |s| s.width),
                height: size.map_or(0, |s| s.height),
                fps: counters.fps_x100.load(Ordering::Relaxed) as f32 / 100.0,
                target_kbps: self.shared.network.target_kbps(),
                encoder: counters.encoder(),
                encode_time: Duration::from_micros(u64::from(counters.encode_us.load(Ordering::Relaxed))),
            },
            audio: AudioStats { pushed: pushed_ms / 10, dropped: dropped_ms / 10, packets, bytes },
            network: self.shared.network.stats(),
        }
    }

    fn participants(&self) -> Vec<Participant> {
        self.shared.participants().clone()
    }
}
