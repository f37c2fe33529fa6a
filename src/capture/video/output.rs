//! What becomes of a frame that a source gave: a picture is converted into a pooled buffer, an access unit is passed on. The one
//! copy between source and encoder is here. Not for when frames come: see [`super::live`] and [`super::file`].

use media::zone::{Cover, Point};
use media::{BrokenFrame, Converter, Fit, FramePool, PixelFormat, RawFrame, Size};

use super::config::NO_MASKS;
use super::encoded::{self, PassThrough};
use super::pattern::POOL_DEPTH;
use super::slot::Ticket;
use super::{Captured, SLOT_DEPTH, Shared};

/// What becomes of the frames.
#[derive(Debug)]
pub(super) enum Output {
    /// They are converted to I420, and what nobody is to see is covered.
    Pictures { converter: Box<Converter>, pool: FramePool, cover: Cover },
    /// They are access units, and stay as they are.
    Units(PassThrough),
}

impl Output {
    /// For frames in `format` that go out in `size`, but for what is under `masks`. An error says why that cannot be.
    pub(super) fn new(format: Option<PixelFormat>, size: Size, masks: &[Vec<Point>]) -> Result<Self, String> {
        let cover = || if masks.is_empty() { Cover::default() } else { Cover::new(masks.iter().map(Vec::as_slice), size) };
        let pictures = |pool| Self::Pictures { converter: Box::new(Converter::new(Fit::Letterbox)), pool, cover: cover() };
        Ok(match format {
            Some(PixelFormat::H264) if !masks.is_empty() => {
                return Err(format!("{NO_MASKS}; take the masks out of [camera] masks"));
            }
            Some(PixelFormat::H264) => Self::Units(PassThrough::new(size)),
            Some(PixelFormat::Mjpeg) => pictures(FramePool::with_slack(size, POOL_DEPTH)),
            _ => pictures(FramePool::new(size, POOL_DEPTH)),
        })
    }

    /// Size of converted pictures; access units bring their own.
    pub(super) fn size(&self) -> Option<Size> {
        match self {
            Self::Pictures { pool, .. } => Some(pool.size()),
            Self::Units(_) => None,
        }
    }

    /// Whether access units go out.
    pub(super) fn is_units(&self) -> bool {
        matches!(self, Self::Units(_))
    }

    /// Frames that may wait for the consumer.
    pub(super) fn depth(&self) -> usize {
        if self.is_units() { encoded::DEPTH } else { SLOT_DEPTH }
    }

    /// Puts `raw` out and says to the ticket what became of it. `ask` asks the source for a key frame and says whether it can be
    /// asked.
    pub(super) fn put(
        &mut self,
        raw: &RawFrame<'_>,
        ticket: Ticket<'_, Captured>,
        shared: &Shared,
        ask: impl FnMut() -> bool,
    ) -> Result<(), BrokenFrame> {
        match self {
            Self::Pictures { converter, pool, cover } => {
                let size = pool.size();
                let fill = |bytes: &mut [u8]| {
                    converter.convert(raw, size, bytes)?;
                    let uncovered = BrokenFrame::Unsupported { format: raw.format, size, why: "it cannot be covered" };
                    if cover.fill(size, bytes) { Ok(()) } else { Err(uncovered) }
                };
                match pool.fill(raw.captured_at, raw.sequence, fill) {
                    Some(Ok(frame)) => {
                        shared.facts().latest = Some(Captured::Raw(frame.clone()));
                        ticket.push(Captured::Raw(frame));
                        Ok(())
                    }
                    Some(Err(broken)) => {
                        ticket.broken();
                        Err(broken)
                    }
                    // The consumer holds every buffer.
                    None => {
                        ticket.dropped();
                        Ok(())
                    }
                }
            }
            Self::Units(pass) => pass.pass(raw, &shared.slot, ticket, ask).map(|key| {
                if let Some(key) = key {
                    shared.facts().latest = Some(Captured::Encoded(key));
                }
            }),
        }
    }
}
