//! From pushed pictures to access units: one thread a source, between the API and the network. A camera's small stream is made in its
//! thread, from the same picture.
//!
//! The pushing side never waits: of raw pictures the newest wins, encoded ones are queued shortly. Not for RTP and not for
//! deciding rates.

mod cache;
mod convert;
mod decode;
mod input;
mod layer;
mod passthrough;
pub mod sei;
mod shape;
mod small;
#[cfg(test)]
mod tests;
mod watch;
mod worker;

use std::sync::Arc;
use std::thread::JoinHandle;

use artc_bindings::VideoSource;

pub use cache::CacheRefused;
pub use decode::{DecodeError, Decoder, PictureCodec};
pub use input::{Control, Counters, Stream, StreamControl, VideoInput};
pub use passthrough::{Passed, Passthrough};
pub use rtc::h264::profile_level_id;
pub use shape::Shape;
pub use small::small_size;
pub use watch::{AskKeyFrame, WatchHandle, WatchSettings, WatchThread};

use crate::clock::Clock;
use crate::command::Local;
use crate::encoder::{AccessUnit, Choice};

/// Where access units go. Called on the video thread; must not wait.
pub trait UnitSink: Send {
    /// Takes a unit; false when it could not be taken, which makes the next picture a key frame.
    fn unit(&mut self, track: Local, unit: AccessUnit) -> bool;
    /// A camera that encodes by itself must make a key frame, nobody else can.
    fn camera_key_needed(&mut self, source: VideoSource);
    /// No encoder could be made, or it failed; told once until it works again.
    fn failed(&mut self, track: Local, why: String);
}

/// A video track being encoded: its input and its thread.
pub struct VideoTrackThread {
    input: Arc<VideoInput>,
    thread: Option<JoinHandle<()>>,
}

impl VideoTrackThread {
    /// Starts the thread. Without threads left in the system there is no video: the error says so.
    pub fn start(
        source: VideoSource,
        choice: Choice,
        input: Arc<VideoInput>,
        sink: Box<dyn UnitSink>,
        clock: Clock,
    ) -> std::io::Result<Self> {
        let name = match source {
            VideoSource::Camera => "artc-video",
            VideoSource::ScreenShare => "artc-screen",
        };
        let worker = worker::Worker::new(source, choice, Arc::clone(&input), sink, clock);
        input.turns.begin();
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || worker.run())?;
        Ok(Self { input, thread: Some(thread) })
    }
}

impl Drop for VideoTrackThread {
    fn drop(&mut self) {
        self.input.close();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so on stderr already.
            let _ = thread.join();
        }
        self.input.turns.end();
    }
}
