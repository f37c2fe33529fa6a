//! Pushed pictures and sound on their way to the SDK: a free slot of the shared memory, or the documented "buffer full". In the mode
//! `WithPts` as many wait as the join's configuration says, stamps go forward only, and full and room again are told.

use std::io;

use serde_json::json;

use super::engine::send;
use super::keeper::Shared;
use super::link::packet;
use super::memory::{MOST_PICTURES, MOST_SOUNDS, Region};
use super::process::Ways;
use crate::channel::{JoinChannelConfig, PublishAvsyncMode};
use crate::error::{CallError, ErrorCode};
use crate::event::Event;

/// Slots that are used when nothing waits for its time: one with the SDK, one waiting, one being written;
const PICTURES: usize = 3;
/// and 160 ms of the usual blocks.
const SOUNDS: usize = 16;

/// The two kinds of media that are pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Picture,
    Sound,
}

impl Kind {
    /// The packet that carries one, which is also the name of their line in the child.
    pub fn packet(self) -> &'static str {
        match self {
            Self::Picture => "!picture",
            Self::Sound => "!sound",
        }
    }

    /// By that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Picture, Self::Sound].into_iter().find(|kind| kind.packet() == name)
    }

    fn full(self, is_full: bool) -> Event {
        match self {
            Self::Picture => Event::PushVideoFrameBufferFull { is_full },
            Self::Sound => Event::PushAudioFrameBufferFull { is_full },
        }
    }

    fn method(self) -> &'static str {
        match self {
            Self::Picture => "push_external_video_frame",
            Self::Sound => "push_external_audio_frame_raw_data",
        }
    }
}

/// What a join lets wait of each kind.
#[derive(Debug)]
pub(super) struct Lines {
    /// In the mode `WithPts`.
    timed: bool,
    most: [usize; 2],
    /// The stamp pushed last of each picture source and of the sound.
    last: [Option<i64>; 3],
    full: [bool; 2],
}

impl Lines {
    /// Of the next join.
    pub fn new(config: &JoinChannelConfig) -> Self {
        let timed = config.publish_avsync_mode == PublishAvsyncMode::WithPts;
        let asked = |most: u32, slots: usize| (most as usize).clamp(2, slots);
        let most = if timed {
            let pictures = asked(config.publish_avsync_with_pts_max_video_cache_size, MOST_PICTURES);
            [pictures, asked(config.publish_avsync_with_pts_max_audio_cache_size, MOST_SOUNDS)]
        } else {
            [PICTURES, SOUNDS]
        };
        Self { timed, most, last: [None; 3], full: [false; 2] }
    }

    /// The stamp of `line` that may not be followed by `stamp`: it is later.
    pub fn later(&self, line: usize, stamp: i64) -> Option<i64> {
        self.last[line].filter(|last| self.timed && stamp < *last)
    }
}

/// A piece that is pushed: its kind, the line of its time stamps, and the stamp.
pub(super) struct Piece<'a> {
    pub kind: Kind,
    pub line: usize,
    pub stamp: i64,
    pub bytes: &'a [u8],
}

impl Shared {
    /// Puts media into a free slot and tells the child, in the packet that `told` makes; full when there is none.
    pub(super) fn push(&self, ways: &Ways, piece: &Piece<'_>, told: impl FnOnce(usize) -> Vec<u8>) -> Result<(), CallError> {
        let (region, code) = match piece.kind {
            Kind::Picture => (&ways.memory.pictures, ErrorCode::VideoTransfer),
            Kind::Sound => (&ways.memory.sounds, ErrorCode::AudioTransfer),
        };
        let method = piece.kind.method();
        let most = self.lock().mirror.lines.most[piece.kind as usize];
        let failed = |why: io::Error| CallError::Failed { method, code, why: format!("shared memory: {why}") };
        let Some(slot) = ways.memory.fill(region, piece.bytes, most).map_err(failed)? else {
            return Err(self.full(ways, piece.kind));
        };
        match send(Some(ways), method, &told(slot)) {
            Ok(()) => {
                let lines = &mut self.lock().mirror.lines;
                lines.last[piece.line] = lines.last[piece.line].max(Some(piece.stamp));
                Ok(())
            }
            Err(error) => {
                free(ways, region, slot);
                Err(if matches!(error, CallError::BufferFull { .. }) { self.full(ways, piece.kind) } else { error })
            }
        }
    }

    /// There is no room. In the mode `WithPts`, where the same piece comes again, the child says when there is.
    fn full(&self, ways: &Ways, kind: Kind) -> CallError {
        let mut inner = self.lock();
        let lines = &mut inner.mirror.lines;
        if !lines.timed {
            metrics::counter!("artc_sdk_dropped_total").increment(1);
        } else if !lines.full[kind as usize] {
            let asked = json!([kind.packet(), lines.most[kind as usize] / 2]);
            // One that takes no packet now is asked at the next push.
            if send(Some(ways), kind.method(), &packet("!tell_room", &asked, &[])).is_ok() {
                lines.full[kind as usize] = true;
                self.queue.push(kind.full(true));
            }
        }
        CallError::BufferFull { method: kind.method() }
    }

    /// The child says that there is room again.
    pub(super) fn room_again(&self, kind: Kind) {
        let mut inner = self.lock();
        if std::mem::replace(&mut inner.mirror.lines.full[kind as usize], false) {
            self.queue.push(kind.full(false));
        }
    }
}

/// Gives a slot back that the child was not told of.
fn free(ways: &Ways, region: &Region, slot: usize) {
    // One that stays taken is one less; there is nobody to tell.
    let _ = ways.memory.free(region, slot);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_wait_as_the_join_says_and_no_more_than_there_are_slots() {
        let most = |mode, pictures, sounds| {
            Lines::new(&JoinChannelConfig {
                publish_avsync_mode: mode,
                publish_avsync_with_pts_max_video_cache_size: pictures,
                publish_avsync_with_pts_max_audio_cache_size: sounds,
                ..JoinChannelConfig::default()
            })
            .most
        };
        assert_eq!(most(PublishAvsyncMode::NoDelay, 50, 50), [PICTURES, SOUNDS]);
        assert_eq!(most(PublishAvsyncMode::WithPts, 50, 60), [50, 60]);
        assert_eq!(most(PublishAvsyncMode::WithPts, 0, u32::MAX), [2, MOST_SOUNDS]);
    }

    #[test]
    fn stamps_go_forward_where_they_count() {
        let mut lines = Lines::new(&JoinChannelConfig { publish_avsync_mode: PublishAvsyncMode::WithPts, ..Default::default() });
        lines.last[0] = Some(100);
        assert_eq!((lines.later(0, 99), lines.later(0, 100), lines.later(1, 0)), (Some(100), None, None));
        lines.timed = false;
        assert_eq!(lines.later(0, i64::MIN), None);
    }
}
