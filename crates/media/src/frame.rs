//! Pictures: borrowed from a driver ([`RawFrame`]) or owned in a pooled buffer ([`Frame`]).

use std::sync::Arc;
use std::time::Duration;

use crate::format::{PixelFormat, Size};

/// One plane of a picture that somebody else owns.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// The bytes, row after row; may be shorter than the format asks (then conversion says so).
    pub data: &'a [u8],
    /// Bytes from one row to the next; 0 for compressed formats.
    pub stride: usize,
}

/// A picture in the driver's memory. It lives as long as the driver's buffer is ours, so it cannot leave the capture thread.
#[derive(Clone, Debug)]
pub struct RawFrame<'a> {
    /// Meaning of the bytes.
    pub format: PixelFormat,
    /// Visible size.
    pub size: Size,
    /// One entry for single-planar buffers (planes follow each other), one per plane for multi-planar ones.
    pub planes: [Option<Plane<'a>>; 3],
    /// The driver's timestamp on `CLOCK_MONOTONIC`.
    pub captured_at: Duration,
    /// The driver's sequence number.
    pub sequence: u32,
}

/// Why a captured frame cannot be used. The stream goes on with the next one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BrokenFrame {
    /// Fewer bytes than size and format ask for.
    #[error("{format:?} frame of {size} is {got} bytes long, {need} needed")]
    Short {
        /// Announced format.
        format: PixelFormat,
        /// Announced size.
        size: Size,
        /// Bytes that came.
        got: usize,
        /// Bytes that the size asks for.
        need: usize,
    },
    /// A JPEG picture that does not decode.
    #[error("JPEG frame does not decode: {0}")]
    Jpeg(String),
    /// An H.264 access unit that does not parse.
    #[error("H.264 frame does not parse: {0}")]
    H264(String),
    /// A size or format that conversion does not take.
    #[error("cannot convert {format:?} of {size}: {why}")]
    Unsupported {
        /// Format that came.
        format: PixelFormat,
        /// Size that came.
        size: Size,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// The pooled bytes of an I420 picture: Y, U, V planes one after the other, no padding between rows.
#[derive(Debug)]
pub struct FrameBuffer {
    bytes: Vec<u8>,
    /// Bytes of the picture; what follows is room for whoever fills it.
    len: usize,
}

impl AsRef<[u8]> for FrameBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl AsMut<[u8]> for FrameBuffer {
    /// All the bytes, for whoever fills the picture.
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

/// An owned, immutable I420 picture. Cloning shares the bytes; the pool reuses them when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Size; both sides even.
    pub size: Size,
    /// The driver's timestamp on `CLOCK_MONOTONIC`; rides with the frame to RTP.
    pub captured_at: Duration,
    /// The driver's sequence number.
    pub sequence: u32,
    /// Y (`width` bytes a row), then U and V (`width / 2` bytes a row).
    pub buffer: Arc<FrameBuffer>,
}

impl Frame {
    /// The Y, U and V planes.
    pub fn planes(&self) -> [&[u8]; 3] {
        let y = self.size.area();
        let c = y / 4;
        let all = self.buffer.as_ref().as_ref();
        [&all[..y], &all[y..y + c], &all[y + c..y + 2 * c]]
    }
}

/// A fixed set of equal buffers. It never allocates after it was made: whoever asks while all are in use gets nothing and drops a frame.
///
/// The first free buffer is taken, and the system gives memory to a buffer when it is first written to: what is never in use at once
/// takes none.
#[derive(Debug)]
pub struct FramePool {
    size: Size,
    buffers: Vec<Arc<FrameBuffer>>,
    /// The first so many buffers hold the background; `None` where there is none.
    painted: Option<usize>,
}

impl FramePool {
    /// `depth` I420 buffers for pictures of `size` (sides rounded up to even numbers).
    pub fn new(size: Size, depth: usize) -> Self {
        Self::build(size, depth, |size| size.i420_len())
    }

    /// The same with room for 2 bytes a pixel, so that 4:2:2 can be decoded in place. Room that is not used takes no memory.
    pub fn with_slack(size: Size, depth: usize) -> Self {
        Self::build(size, depth, |size| size.area() * 2)
    }

    fn build(size: Size, depth: usize, bytes: impl Fn(Size) -> usize) -> Self {
        let size = Size::new(size.width.next_multiple_of(2), size.height.next_multiple_of(2));
        let buffer = || Arc::new(FrameBuffer { bytes: vec![0; bytes(size)], len: size.i420_len() });
        Self { size, buffers: (0..depth).map(|_| buffer()).collect(), painted: None }
    }

    /// The same, with a background drawn once by `draw`, for pictures whose frames repaint only a part. A buffer gets it from the
    /// first one when it is used for the first time.
    pub fn with_background(size: Size, depth: usize, draw: impl FnOnce(Size, &mut [u8])) -> Self {
        let mut pool = Self::new(size, depth);
        if let Some(bytes) = pool.buffers.first_mut().and_then(Arc::get_mut) {
            draw(pool.size, bytes.as_mut());
        }
        pool.painted = Some(1);
        pool
    }

    /// Size of the pictures.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Lets `fill` write Y, U, V to the start of a free buffer; `None` when all buffers are in use.
    pub fn fill<E>(
        &mut self,
        captured_at: Duration,
        sequence: u32,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Option<Result<Frame, E>> {
        let free = self.buffers.iter().position(|b| Arc::strong_count(b) == 1)?;
        let (before, rest) = self.buffers.split_at_mut(free);
        let buffer = rest.first_mut()?;
        let bytes = Arc::get_mut(buffer)?.as_mut();
        if let (Some(painted), Some(first)) = (&mut self.painted, before.first())
            && free >= *painted
        {
            // What moves is on it already, and is painted over by whoever fills the picture.
            let from: &FrameBuffer = first;
            bytes[..from.len].copy_from_slice(from.as_ref());
            *painted = free + 1;
        }
        if let Err(e) = fill(bytes) {
            return Some(Err(e));
        }
        Some(Ok(Frame { size: self.size, captured_at, sequence, buffer: Arc::clone(buffer) }))
    }
}
