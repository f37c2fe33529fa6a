//! TURN over a stream (RFC 8656, 12.5): where messages begin and end, and the padding behind channel data that the protocol's
//! crate knows nothing of.

use bytes::Bytes;
use rtc::framing::{Cutter, Extent};

/// Head of channel data, and of a STUN message.
const CHANNEL_HEAD: usize = 4;
const STUN_HEAD: usize = 20;

/// The other side speaks something else.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the relay sends what is no TURN")]
pub struct NotTurn;

/// Takes bytes as they come and gives whole messages, without padding. Holds one message at most beyond what was pushed.
#[derive(Debug, Default)]
pub struct Decoder {
    cutter: Cutter,
}

impl Decoder {
    /// Adds what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.cutter.push(bytes);
    }

    /// The next whole message, if one has arrived.
    pub fn next_message(&mut self) -> Result<Option<Bytes>, NotTurn> {
        self.cutter.next(|bytes| {
            let Some([first, _, length @ ..]) = bytes.first_chunk::<CHANNEL_HEAD>() else { return Ok(None) };
            let length = usize::from(u16::from_be_bytes(*length));
            let message = match first {
                // STUN: two zero bits. Its length has no remainder.
                0x00..0x40 => STUN_HEAD + length,
                0x40..0x50 => CHANNEL_HEAD + length,
                _ => return Err(NotTurn),
            };
            Ok(Some(Extent { before: 0, message, behind: message.next_multiple_of(4) - message }))
        })
    }
}

/// What is missing behind a message.
pub fn padding(message: &[u8]) -> &'static [u8] {
    &[0; 3][..message.len().next_multiple_of(4) - message.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn channel(data: &[u8]) -> Vec<u8> {
        [&[0x40, 0x01][..], &u16::try_from(data.len()).unwrap().to_be_bytes(), data].concat()
    }

    fn stun(words: u8) -> Vec<u8> {
        let mut message = vec![0; STUN_HEAD + 4 * usize::from(words)];
        message[1] = 0x17;
        message[3] = 4 * words;
        message
    }

    #[test]
    fn what_is_no_turn_ends_the_connection() {
        let mut decoder = Decoder::default();
        decoder.push(b"<html>");
        assert_eq!(decoder.next_message(), Ok(None), "a long STUN message, as far as can be seen");
        let mut decoder = Decoder::default();
        decoder.push(b"SSH-2.0-");
        assert_eq!(decoder.next_message(), Err(NotTurn));
    }

    proptest! {
        #[test]
        fn messages_come_out_as_they_went_in_however_tcp_cuts_them(
            lengths in proptest::collection::vec(0usize..300, 0..12),
            cut in 1usize..200,
        ) {
            let messages: Vec<Vec<u8>> =
                lengths.iter().map(|l| if l % 5 == 0 { stun((l / 5) as u8) } else { channel(&vec![7; *l]) }).collect();
            let wire: Vec<u8> = messages.iter().flat_map(|m| [m.as_slice(), padding(m)].concat()).collect();
            let mut decoder = Decoder::default();
            let mut read = Vec::new();
            for part in wire.chunks(cut) {
                decoder.push(part);
                while let Some(message) = decoder.next_message().unwrap() {
                    read.push(message.to_vec());
                }
            }
            prop_assert_eq!(read, messages);
        }
    }
}
