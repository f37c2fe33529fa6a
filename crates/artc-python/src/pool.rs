//! Buffers for pushed pictures, used again once the engine is done with them. Not a queue: the engine has that.

use std::sync::{Arc, Mutex, PoisonError};

use crate::buffer::Buffer;

/// Buffers kept: what the engine holds at once (two waiting, one being encoded) for two sources, and one being filled for each.
const KEPT: usize = 8;

/// The buffers.
#[derive(Default)]
pub struct Pool(Mutex<Vec<Arc<Vec<u8>>>>);

impl Pool {
    /// A buffer that nobody else holds; a new one when all are in use.
    fn take(&self) -> Arc<Vec<u8>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = kept.iter_mut().position(|buffer| Arc::get_mut(buffer).is_some());
        free.map(|free| kept.swap_remove(free)).unwrap_or_default()
    }

    /// A copy of the first `len` bytes, in a buffer that nobody else holds.
    pub fn copy_of(&self, bytes: &Buffer<'_>, len: usize) -> Arc<Vec<u8>> {
        let mut kept = self.take();
        if let Some(buffer) = Arc::get_mut(&mut kept) {
            bytes.copy_first(len, buffer);
            return kept;
        }
        // The pool gives out what nobody else holds; should it ever not, a new buffer does as well.
        let mut buffer = Vec::new();
        bytes.copy_first(len, &mut buffer);
        Arc::new(buffer)
    }

    /// Gives one back; the engine may hold it still.
    pub fn keep(&self, buffer: Arc<Vec<u8>>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(buffer);
        }
    }
}
