//! Encoded media in memory, oldest first. The bytes lie in one piece of memory that is used again, so that nothing is allocated for a
//! picture and a stream of large pictures cannot take more than it was given.

use std::collections::VecDeque;

/// See the module. `T` is what is known of an entry besides its bytes.
pub(crate) struct Ring<T> {
    bytes: Box<[u8]>,
    entries: VecDeque<Entry<T>>,
    /// Where the newest entry ends.
    end: usize,
}

struct Entry<T> {
    at: usize,
    len: usize,
    what: T,
}

impl<T> Ring<T> {
    /// Room for `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { bytes: vec![0; capacity].into(), entries: VecDeque::with_capacity(1024), end: 0 }
    }

    /// Adds an entry of `len` bytes (not 0), which `write` fills; false, and nothing done, where there is no room for it in one piece.
    pub(crate) fn push(&mut self, len: usize, what: T, write: impl FnOnce(&mut [u8])) -> bool {
        let Some(at) = self.place(len) else { return false };
        write(&mut self.bytes[at..at + len]);
        self.end = at + len;
        self.entries.push_back(Entry { at, len, what });
        true
    }

    fn place(&self, len: usize) -> Option<usize> {
        let Some(start) = self.entries.front().map(|entry| entry.at) else { return (len <= self.bytes.len()).then_some(0) };
        if self.end <= start {
            // Wrapped, or full.
            return (start - self.end >= len).then_some(self.end);
        }
        if self.bytes.len() - self.end >= len {
            return Some(self.end);
        }
        (start >= len).then_some(0)
    }

    /// Lets go of the oldest entry.
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.entries.pop_front().map(|entry| entry.what)
    }

    /// Lets go of the `count` oldest entries.
    pub(crate) fn drop_first(&mut self, count: usize) {
        self.entries.drain(..count);
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entry at `index`, counted from the oldest.
    pub(crate) fn get(&self, index: usize) -> Option<(&T, &[u8])> {
        self.entries.get(index).map(|entry| (&entry.what, &self.bytes[entry.at..entry.at + entry.len]))
    }

    pub(crate) fn front(&self) -> Option<&T> {
        self.entries.front().map(|entry| &entry.what)
    }

    pub(crate) fn back(&self) -> Option<&T> {
        self.entries.back().map(|entry| &entry.what)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|entry| &entry.what)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::Ring;

    proptest! {
        /// Whatever is pushed and let go of: what is in the ring is what was pushed last, whole, and never more bytes than it has.
        #[test]
        fn holds_what_was_pushed(capacity in 1usize..200, acts in proptest::collection::vec((any::<bool>(), 1usize..80), 0..300)) {
            let mut ring = Ring::new(capacity);
            let mut model: VecDeque<(u32, Vec<u8>)> = VecDeque::new();
            for (number, (push, len)) in acts.into_iter().enumerate() {
                if !push {
                    prop_assert_eq!(ring.pop(), model.pop_front().map(|(number, _)| number));
                    continue;
                }
                let content = vec![number as u8; len];
                if ring.push(len, number as u32, |bytes| bytes.copy_from_slice(&content)) {
                    model.push_back((number as u32, content));
                } else {
                    prop_assert!(!model.is_empty() || len > capacity, "an empty ring takes what fits");
                }
                prop_assert!(model.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() <= capacity);
                prop_assert_eq!(ring.len(), model.len());
                for (index, (number, bytes)) in model.iter().enumerate() {
                    prop_assert_eq!(ring.get(index), Some((number, &bytes[..])));
                }
            }
        }
    }
}
