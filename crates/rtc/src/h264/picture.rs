//! A picture on its way out: its packets, and what is said of it as a whole. Not for how it is encoded.

use std::sync::Arc;
use std::time::SystemTime;

use str0m::rtp::{AbsCaptureTime, ExtensionValues};

use super::cut;
use crate::PlayoutDelay;

/// What is said of a picture beside itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Picture {
    /// Wall-clock time of capture (abs-capture-time), said where the picture begins.
    pub captured: Option<SystemTime>,
    /// How to show it, said where it begins, and where it ends in case the beginning gets lost.
    pub playout_delay: Option<PlayoutDelay>,
}

/// Bytes by which headers are longer than those in the middle of a picture.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Longer {
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Picture {
    /// Cuts its access unit (Annex B) into RTP payloads as [`super::packetize`] does, for `send(payload, last_of_the_picture,
    /// extensions)`. Where nothing but one large NAL unit is in it, all packets but the last come out equally long, header
    /// included, and the last is no longer: the kernel takes such packets in one call.
    pub fn packetize(self, annex_b: &[u8], mut send: impl FnMut(Arc<[u8]>, bool, ExtensionValues)) {
        let mut first = true;
        cut(annex_b, self.longer(), |payload, last| {
            send(payload, last, self.extensions(std::mem::take(&mut first), last));
        });
    }

    fn extensions(self, first: bool, last: bool) -> ExtensionValues {
        let captured = self.captured.filter(|_| first);
        let delay = self.playout_delay.filter(|_| first || last);
        ExtensionValues {
            abs_capture_time: captured.map(|capture_time| AbsCaptureTime { capture_time, clock_offset: None }),
            play_delay_min: delay.map(|delay| delay.min),
            play_delay_max: delay.map(|delay| delay.max),
            ..Default::default()
        }
    }

    /// As RFC 8285 writes them beside transport sequence number and mid: each with a byte in front, all together padded to words.
    /// For a receiver that takes not all of them it is a few bytes off, which costs it a second call.
    fn longer(self) -> Longer {
        const WORD: usize = 4;
        let captured = if self.captured.is_some() { 1 + 8 } else { 0 };
        let delay = if self.playout_delay.is_some() { 1 + 3 } else { 0 };
        Longer { first: (captured + delay) / WORD * WORD, last: delay }
    }
}
