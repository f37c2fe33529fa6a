//! The mode `WithPts`: what is pushed waits until the world's clock has come to its time stamp.

use std::time::Duration;

use crate::channel::PublishAvsyncMode;
use crate::check;
use crate::error::CallError;
use crate::event::Event;
use crate::fake::member::Member;
use crate::fake::state::{Effect, State};
use crate::sample::{SampleError, VideoDataSample};
use crate::track::VideoSource;

/// The time stamps of a join.
#[derive(Debug, Default)]
pub(super) struct Axis {
    /// The first time stamp, and when it came.
    origin: Option<(i64, Duration)>,
    last_picture: Option<i64>,
    last_sound: Option<i64>,
    /// Pictures that wait.
    pictures: u32,
    full_told: bool,
}

impl Axis {
    fn due(&mut self, pts: i64, now: Duration) -> Duration {
        let (first, at) = *self.origin.get_or_insert((pts, now));
        at + Duration::from_millis(u64::try_from(pts.saturating_sub(first)).unwrap_or(0))
    }
}

impl Member {
    /// What is pushed waits for its time stamp.
    pub(super) fn keeps_time(&self) -> bool {
        self.join.as_ref().is_some_and(|join| join.config.publish_avsync_mode == PublishAvsyncMode::WithPts)
    }

    fn most_pictures(&self) -> u32 {
        self.join.as_ref().map_or(0, |join| join.config.publish_avsync_with_pts_max_video_cache_size).max(1)
    }

    /// How much sound waits at most.
    pub(super) fn most_sound(&self) -> Option<Duration> {
        let join = self.join.as_ref().filter(|_| self.keeps_time())?;
        Some(Duration::from_millis(10 * u64::from(join.config.publish_avsync_with_pts_max_audio_cache_size.max(2))))
    }
}

impl State {
    /// A picture waits in line.
    pub(super) fn picture_waits(&mut self, id: usize, frame: &VideoDataSample, source: VideoSource) -> Result<(), CallError> {
        let now = self.now;
        let member = &mut self.members[id];
        let most = member.most_pictures();
        let Some(join) = member.join.as_ref().map(|join| join.number) else { return Ok(()) };
        let axis = &mut member.axis;
        let time_stamp = frame.time_stamp;
        if let Some(last) = axis.last_picture.filter(|last| time_stamp < *last) {
            return Err(SampleError::Backwards { time_stamp, last }.into());
        }
        if axis.pictures >= most {
            if !std::mem::replace(&mut axis.full_told, true) {
                self.tell(id, Event::PushVideoFrameBufferFull { is_full: true });
            }
            return Err(CallError::BufferFull { method: "push_external_video_frame" });
        }
        axis.last_picture = Some(time_stamp);
        axis.pictures += 1;
        let due = axis.due(time_stamp, now);
        self.after(due.saturating_sub(now), Effect::Picture { id, join, frame: Box::new(frame.clone()), source });
        Ok(())
    }

    /// A picture has its turn.
    pub(super) fn picture_due(&mut self, id: usize, frame: &VideoDataSample, source: VideoSource) {
        let most = self.members[id].most_pictures();
        let axis = &mut self.members[id].axis;
        axis.pictures = axis.pictures.saturating_sub(1);
        if axis.full_told && axis.pictures <= most / 2 {
            axis.full_told = false;
            self.tell(id, Event::PushVideoFrameBufferFull { is_full: false });
        }
        self.show(id, frame, source);
    }

    /// Sound waits in line.
    pub(super) fn sound_waits(&mut self, id: usize, samples: &[u8], time_stamp: i64) -> Result<(), CallError> {
        let now = self.now;
        let member = &mut self.members[id];
        let Some(join) = member.join.as_ref().map(|join| join.number) else { return Ok(()) };
        member.axis.last_sound = Some(time_stamp);
        let due = member.axis.due(time_stamp, now);
        self.after(due.saturating_sub(now), Effect::Sound { id, join, samples: samples.to_vec() });
        Ok(())
    }

    /// Whether a time stamp of sound may follow the one before.
    pub(super) fn check_sound_time(&self, id: usize, time_stamp: i64) -> Result<(), CallError> {
        match self.members[id].axis.last_sound.filter(|last| time_stamp < *last) {
            None => Ok(()),
            Some(last) => Err(check::sound_backwards(time_stamp, last)),
        }
    }
}
