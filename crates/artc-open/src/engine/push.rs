//! What is pushed: into the mailboxes of its threads, and why it is not taken.

use std::sync::Arc;

use artc_bindings::{CallError, Event, JoinChannelConfig, PublishAvsyncMode, SampleError, VideoDataSample, VideoSource, check};

use super::OpenEngine;
use crate::audio::PushRefused;
use crate::video::CacheRefused;

impl OpenEngine {
    /// Whether what is pushed in this join waits for its time stamp.
    pub(super) fn keep_time(&self, config: &JoinChannelConfig) {
        self.axis.begin_anew();
        let waits = config.publish_avsync_mode == PublishAvsyncMode::WithPts;
        let cache = |most: u32| waits.then(|| (Arc::clone(&self.axis), most as usize));
        for input in &self.video {
            input.set_cache(cache(config.publish_avsync_with_pts_max_video_cache_size));
        }
        self.audio.set_cache(cache(config.publish_avsync_with_pts_max_audio_cache_size));
    }

    pub(super) fn push_picture(
        &self,
        method: &'static str,
        frame: &VideoDataSample,
        source: VideoSource,
    ) -> Result<(), CallError> {
        let input = &self.video[source as usize];
        match input.push_in_time(frame, self.clock.monotonic()) {
            None => input.push(frame),
            Some(Ok(())) => {}
            Some(Err(CacheRefused::Full { first })) => {
                if first {
                    self.events.push(Event::PushVideoFrameBufferFull { is_full: true });
                }
                return Err(CallError::BufferFull { method });
            }
            Some(Err(CacheRefused::Backwards { last })) => {
                return Err(SampleError::Backwards { time_stamp: frame.time_stamp, last }.into());
            }
        }
        Ok(())
    }

    pub(super) fn push_sound(&self, method: &'static str, samples: &[u8], timestamp: i64) -> Result<(), CallError> {
        let in_time = self.audio.push_in_time(samples, timestamp, self.clock.monotonic());
        match in_time.unwrap_or_else(|| self.audio.push(samples, self.on_our_clock(timestamp))) {
            Ok(()) => Ok(()),
            Err(PushRefused::Backwards { last }) => Err(check::sound_backwards(timestamp, last)),
            Err(PushRefused::SourceOff) => Err(CallError::SourceOff { method }),
            Err(PushRefused::Ragged { len, sample }) => {
                Err(CallError::BadAudio { why: format!("{len} bytes are no whole samples of {sample} bytes") })
            }
            Err(PushRefused::Full { first }) => {
                if first {
                    self.events.push(Event::PushAudioFrameBufferFull { is_full: true });
                }
                Err(CallError::BufferFull { method })
            }
        }
    }
}
