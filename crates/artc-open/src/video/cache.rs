//! Pictures that wait for their time stamp, in the mode `WithPts`. Not for anything else that waits: of other pictures the newest wins.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use artc_bindings::VideoDataSample;

use crate::pts::Axis;

/// Why a picture may not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheRefused {
    /// There are enough already; push the same again later.
    Full {
        /// It was not so at the last push.
        first: bool,
    },
    /// Its time stamp is before that of the picture pushed last, in milliseconds.
    Backwards {
        /// That one's.
        last: i64,
    },
}

/// See the module.
pub(super) struct Cache {
    axis: Arc<Axis>,
    most: usize,
    waiting: VecDeque<(Duration, VideoDataSample)>,
    last: Option<i64>,
    full_told: bool,
}

impl Cache {
    /// For `most` pictures.
    pub(super) fn new(axis: Arc<Axis>, most: usize) -> Self {
        Self { axis, most: most.max(1), waiting: VecDeque::new(), last: None, full_told: false }
    }

    pub(super) fn push(&mut self, sample: &VideoDataSample, now: Duration) -> Result<(), CacheRefused> {
        if let Some(last) = self.last.filter(|last| sample.time_stamp < *last) {
            return Err(CacheRefused::Backwards { last });
        }
        if self.waiting.len() >= self.most {
            return Err(CacheRefused::Full { first: !std::mem::replace(&mut self.full_told, true) });
        }
        self.last = Some(sample.time_stamp);
        let due = self.axis.due(sample.time_stamp, now);
        // Its turn is its time of capture: so picture and sound lie in RTP time as they lie in the file.
        self.waiting.push_back((due, VideoDataSample { captured_at: Some(due), ..sample.clone() }));
        Ok(())
    }

    /// When the next picture has its turn.
    pub(super) fn due(&self) -> Option<Duration> {
        self.waiting.front().map(|(due, _)| *due)
    }

    /// The next picture, if it has its turn, and whether there is room again for somebody who was told that there is none.
    pub(super) fn pop(&mut self, now: Duration) -> Option<(VideoDataSample, bool)> {
        let (_, sample) = self.waiting.pop_front_if(|(due, _)| *due <= now)?;
        let room_again = self.full_told && self.waiting.len() <= self.most / 2;
        self.full_told &= !room_again;
        Some((sample, room_again))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(pts: i64) -> VideoDataSample {
        VideoDataSample::i420(Arc::new(Vec::new()), 2, 2, pts, None)
    }

    #[test]
    fn a_file_pushed_at_once_comes_out_at_its_own_pace_and_full_is_told_once() {
        let mut cache = Cache::new(Arc::default(), 4);
        let ms = Duration::from_millis;
        for n in 0..4 {
            assert_eq!(cache.push(&picture(40 * n), ms(1000)), Ok(()));
        }
        assert_eq!(cache.push(&picture(160), ms(1000)), Err(CacheRefused::Full { first: true }));
        assert_eq!(cache.push(&picture(160), ms(1000)), Err(CacheRefused::Full { first: false }));
        assert!(cache.pop(ms(1099)).is_none());
        let mut came = Vec::new();
        for now in (1100..1300).step_by(10) {
            while let Some((sample, room)) = cache.pop(ms(now)) {
                came.push((now, sample.captured_at, room));
            }
        }
        let at = |now: u64, room| (now, Some(ms(now)), room);
        assert_eq!(came, [at(1100, false), at(1140, true), at(1180, false), at(1220, false)], "half empty is room again");
        assert_eq!(cache.push(&picture(160), ms(1300)), Ok(()));
    }

    #[test]
    fn a_time_stamp_that_jumps_back_is_refused_and_the_axis_goes_on() {
        let mut cache = Cache::new(Arc::default(), 10);
        let ms = Duration::from_millis;
        assert_eq!(cache.push(&picture(10_000), ms(0)), Ok(()));
        assert_eq!(cache.push(&picture(0), ms(10)), Err(CacheRefused::Backwards { last: 10_000 }));
        assert_eq!(cache.push(&picture(i64::MIN), ms(10)), Err(CacheRefused::Backwards { last: 10_000 }));
        assert_eq!(cache.push(&picture(10_000), ms(10)), Ok(()), "two pictures of one instant are none that jumps");
        assert_eq!(cache.push(&picture(20_000), ms(10_000)), Ok(()), "after a pause the axis has gone on");
    }
}
