//! Who is in the channel, and the newest picture of each: what the engine's thread writes and the composer reads.

use std::collections::HashMap;
use std::time::Duration;

use artc_bindings::{AudioTrack, SampleBytes, VideoFrame, VideoFrameType, VideoTrack, VideoTrackType};
use media::Size;

use crate::layout::{Person, Video};

/// Users that are followed at most; there are places for 25, and the rest waits for one.
const MOST_PEOPLE: usize = 1000;

/// The newest picture of a video.
#[derive(Clone)]
pub(crate) struct Newest {
    pub size: Size,
    pub bytes: SampleBytes,
    /// Grows with each picture of the stage.
    pub number: u64,
}

/// What somebody publishes.
struct Track {
    person: Person,
    sound: bool,
}

/// See the module. Pure.
#[derive(Default)]
pub(crate) struct Stage {
    /// In the order of joining.
    tracks: Vec<Track>,
    newest: HashMap<(String, Video), Newest>,
    pictures: u64,
    /// Grows when somebody comes, goes, or publishes something else.
    pub version: u64,
    /// Since when nobody publishes anything.
    pub idle_since: Option<Duration>,
}

impl Stage {
    /// Somebody publishes something else than before.
    pub(crate) fn publishes(&mut self, user: &str, sound: AudioTrack, video: VideoTrack, now: Duration) {
        let camera = matches!(video, VideoTrack::Camera | VideoTrack::Both);
        let screen = matches!(video, VideoTrack::Screen | VideoTrack::Both);
        let sound = sound != AudioTrack::No;
        if !camera {
            self.newest.remove(&(user.to_owned(), Video::Camera));
        }
        if !screen {
            self.newest.remove(&(user.to_owned(), Video::Screen));
        }
        let known = self.tracks.iter().position(|track| track.person.user == user);
        if !(camera || screen || sound) {
            _ = known.map(|at| self.tracks.remove(at));
        } else if let Some(track) = known.and_then(|at| self.tracks.get_mut(at)) {
            (track.person.camera, track.person.screen, track.sound) = (camera, screen, sound);
        } else if self.tracks.len() < MOST_PEOPLE {
            self.tracks.push(Track { person: Person { user: user.to_owned(), camera, screen }, sound });
        }
        self.version += 1;
        self.note_idle(now);
    }

    /// Whether nobody publishes anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.tracks.is_empty()
    }

    /// Counts from `now` on, unless it does already.
    pub(crate) fn note_idle(&mut self, now: Duration) {
        self.idle_since = if self.tracks.is_empty() { self.idle_since.or(Some(now)) } else { None };
    }

    /// A decoded picture came.
    pub(crate) fn picture(&mut self, user: String, frame: VideoFrame) {
        let size = Size::new(frame.frame.width, frame.frame.height);
        let fits = size == size.even() && size.area() > 0 && frame.frame.bytes().len() >= size.i420_len();
        if frame.kind != VideoFrameType::H264 || !fits || !self.tracks.iter().any(|track| track.person.user == user) {
            return;
        }
        self.pictures += 1;
        let video = if frame.track == VideoTrackType::Screenshare { Video::Screen } else { Video::Camera };
        self.newest.insert((user, video), Newest { size, bytes: frame.frame.buf, number: self.pictures });
    }

    /// Who publishes something, in the order of joining.
    pub(crate) fn people(&self) -> Vec<Person> {
        self.tracks.iter().map(|track| track.person.clone()).collect()
    }

    /// The newest picture of a video.
    pub(crate) fn newest(&self, user: &str, video: Video) -> Option<&Newest> {
        // A key of borrowed parts would need a type of its own; there are 25 look-ups a picture.
        self.newest.iter().find(|((who, what), _)| who == user && *what == video).map(|(_, newest)| newest)
    }
}
