//! Access units on their way from the encoder, and the buffers that they are written into. Not for decoding or packets.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::SampleBytes;
use media::Size;

/// One H.264 access unit, Annex B. Cloning shares the bytes.
#[derive(Clone)]
pub struct AccessUnit {
    /// The bytes, start codes included.
    pub data: SampleBytes,
    /// Whether a decoder can start here; SPS and PPS are then in `data`.
    pub key: bool,
    /// Size of the picture.
    pub size: Size,
    /// When the picture was captured, on `CLOCK_MONOTONIC`.
    pub captured_at: Duration,
    /// How long the encoder took; zero for access units that came encoded.
    pub encode_time: Duration,
}

impl std::fmt::Debug for AccessUnit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessUnit")
            .field("len", &self.bytes().len())
            .field("key", &self.key)
            .field("size", &self.size)
            .field("captured_at", &self.captured_at)
            .finish_non_exhaustive()
    }
}

impl AccessUnit {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        (*self.data).as_ref()
    }
}

/// Buffers for access units, used again when the last clone of the unit is dropped.
///
/// It grows to as many buffers as are in flight at once, which the queues behind it bound, and allocates nothing after that.
#[derive(Default)]
pub struct UnitPool {
    buffers: Vec<Arc<Vec<u8>>>,
}

impl UnitPool {
    /// Lets `fill` write into a free, empty buffer and hands the buffer out.
    pub fn fill<T, E>(&mut self, fill: impl FnOnce(&mut Vec<u8>) -> Result<T, E>) -> Result<(SampleBytes, T), E> {
        let free = match self.buffers.iter_mut().position(|b| Arc::get_mut(b).is_some()) {
            Some(i) => i,
            None => {
                metrics::counter!("artc_encode_buffers_total").increment(1);
                self.buffers.push(Arc::new(Vec::with_capacity(64 * 1024)));
                self.buffers.len() - 1
            }
        };
        let buffer = &mut self.buffers[free];
        let bytes = match Arc::get_mut(buffer) {
            Some(bytes) => bytes,
            // A weak reference cannot exist, nobody makes one; a fresh buffer is right even so.
            None => {
                *buffer = Arc::default();
                Arc::make_mut(buffer)
            }
        };
        bytes.clear();
        let made = fill(bytes)?;
        Ok((Arc::clone(buffer) as SampleBytes, made))
    }

    /// Buffers made so far.
    pub fn len(&self) -> usize {
        self.buffers.len()
    }

    /// Whether no buffer was made yet.
    pub fn is_empty(&self) -> bool {
        self.buffers.is_empty()
    }
}
