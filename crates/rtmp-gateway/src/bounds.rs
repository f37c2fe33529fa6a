//! How much a peer may make us remember, judged by the heads of chunks before the library takes them: it makes room for whole messages as soon
//! as one begins, on as many chunk streams as the peer likes.

/// Chunk streams of one connection; programs use up to five.
const STREAMS: usize = 16;

/// More than is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooMuch {
    #[error("a message of {0} bytes, at most {1} are taken here")]
    Message(usize, usize),
    #[error("more than {STREAMS} chunk streams")]
    Streams,
}

/// See the module.
pub(crate) struct Bounds {
    /// Longest message, in bytes.
    pub message: usize,
    streams: Vec<u32>,
}

impl Bounds {
    pub(crate) fn new(message: usize) -> Self {
        Self { message, streams: Vec::new() }
    }

    /// Looks at the chunk that `bytes` begin with. False: it is too short to be judged.
    pub(crate) fn allow(&mut self, bytes: &[u8]) -> Result<bool, TooMuch> {
        let Some(&first) = bytes.first() else { return Ok(false) };
        let (head, stream) = match (first & 0x3f, bytes) {
            (0, [_, low, ..]) => (2, 64 + u32::from(*low)),
            (1, [_, low, high, ..]) => (3, 64 + u32::from(*low) + 256 * u32::from(*high)),
            (0 | 1, _) => return Ok(false),
            (id, _) => (1, u32::from(id)),
        };
        // Formats 0 and 1 say a length, behind three bytes of time.
        if first >> 6 <= 1 {
            let Some(&[high, middle, low]) = bytes.get(head + 3..head + 6) else { return Ok(false) };
            let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            if length > self.message {
                return Err(TooMuch::Message(length, self.message));
            }
        }
        if !self.streams.contains(&stream) {
            if self.streams.len() >= STREAMS {
                return Err(TooMuch::Streams);
            }
            self.streams.push(stream);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_refused_by_its_head_in_each_of_its_forms() {
        for head in [&[0x03][..], &[0x43], &[0x00, 9], &[0x41, 9, 9]] {
            let mut bytes = head.to_vec();
            bytes.extend([0, 0, 0, 0x00, 0x04, 0x01]);
            assert_eq!(Bounds::new(1024).allow(&bytes), Err(TooMuch::Message(1025, 1024)));
            assert_eq!(Bounds::new(1025).allow(&bytes), Ok(true));
            for short in 0..bytes.len() {
                assert_eq!(Bounds::new(1024).allow(&bytes[..short]), Ok(false), "{short} bytes say nothing yet");
            }
        }
        assert_eq!(Bounds::new(1024).allow(&[0xc3]), Ok(true), "what goes on has no length of its own");
    }

    #[test]
    fn chunk_streams_are_counted_and_not_their_chunks() {
        let mut bounds = Bounds::new(1024);
        let chunk = |stream: u8| [stream, 0, 0, 0, 0, 0, 1];
        for round in 0..3 {
            for stream in 2..18 {
                assert_eq!(bounds.allow(&chunk(stream)), Ok(true), "round {round}");
            }
        }
        assert_eq!(bounds.allow(&chunk(18)), Err(TooMuch::Streams));
        assert_eq!(bounds.allow(&chunk(2)), Ok(true));
    }
}
