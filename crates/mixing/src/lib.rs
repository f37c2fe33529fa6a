//! Mixed recordings: what the users of a channel send, laid out in one picture and mixed into one sound, written into files and kept in a
//! folder or a bucket.
//!
//! A [`JobSpec`] says what is recorded and how. [`Recorders::start`] begins a job and gives a [`Job`] to steer it by and [`Events`] that tell
//! what becomes of it; whoever asks for jobs over the network meets only these. Nothing of a job is kept here but its files: whoever
//! wants it to go on after a restart starts it again with the same id, and it goes on in another file, after what was cut off has been mended.
//!
//! Inside, a job has three threads: one drains the engine (`receive`), one composes and encodes (`render`), one writes (`writer`); a task
//! stores what has ended (`shelf`). The engine is any that the factory makes; it is met as `dyn Engine`.
//!
//! Not for REST, tokens, callbacks or the list of jobs: those are the server's.
#![forbid(unsafe_code)]

mod clock;
mod compose;
mod files;
mod gather;
mod images;
mod job;
mod layout;
mod receive;
mod recorders;
mod render;
mod shelf;
mod sound;
mod stage;
mod store;
mod take;
mod template;
mod writer;

pub use files::{BadFiles, Files, Format, Hls, Mp4};
pub use job::{
    BadSpec, Event, Events, FileBegan, FileFinished, Job, JobSpec, Recorders, StartError, State, StopReason, UpdateError,
};
pub use layout::{BadLayout, Crop, Image, Layout, Pane, Scene, Side, Video};
pub use recorders::{MixedRecorders, RECEIVE, Settings};
pub use store::{Bucket, OpenError, Place, Store};
pub use template::{AUDIO_ONLY, Template, UnknownTemplate, VideoTemplate};
