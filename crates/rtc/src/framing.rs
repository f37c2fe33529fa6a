//! Messages on a stream: [`Cutter`] cuts it by any rule, [`Decoder`] and [`encode`] by that of ICE-TCP (RFC 4571): each packet behind its
//! length as two bytes. Not for the TCP connection itself.

use bytes::{Buf, Bytes, BytesMut};

/// Longest frame taken from a peer; nothing that WebRTC sends is longer than a datagram, and SCTP stays below its MTU.
pub const MAX_FRAME: usize = 4096;

/// The peer does not speak RFC 4571: its connection must be closed, for the frame borders are lost.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("frame of {0} bytes, at most {MAX_FRAME} are lawful: the other side does not speak RFC 4571")]
pub struct NotFramed(pub usize);

/// Appends one framed packet to `out`. A packet beyond 65535 bytes cannot be framed and is left out, answering false.
#[must_use]
pub fn encode(packet: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(length) = u16::try_from(packet.len()) else { return false };
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(packet);
    true
}

/// Where a message lies at the beginning of what has arrived, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// In front of it: its length, for example.
    pub before: usize,
    /// Of itself.
    pub message: usize,
    /// Behind it: padding.
    pub behind: usize,
}

/// A stream cut into messages, by whatever rule says where they end.
#[derive(Debug, Default)]
pub struct Cutter {
    buffer: BytesMut,
}

impl Cutter {
    /// Adds what was read from the connection.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message, if one has arrived. `measure` sees all that is there and says where the first message lies, or by
    /// `None` that too little of it has come to say so.
    pub fn next<E>(&mut self, measure: impl FnOnce(&[u8]) -> Result<Option<Extent>, E>) -> Result<Option<Bytes>, E> {
        let Some(Extent { before, message, behind }) = measure(&self.buffer)? else { return Ok(None) };
        if self.buffer.len() < before + message + behind {
            return Ok(None);
        }
        self.buffer.advance(before);
        let whole = self.buffer.split_to(message).freeze();
        self.buffer.advance(behind);
        Ok(Some(whole))
    }
}

/// Takes bytes as they come and gives whole packets. Holds at most one frame beyond what was pushed.
#[derive(Debug, Default)]
pub struct Decoder {
    cutter: Cutter,
}

impl Decoder {
    /// Adds what was read from the connection.
    pub fn push(&mut self, bytes: &[u8]) {
        self.cutter.push(bytes);
    }

    /// The next whole packet, if one has arrived. Empty frames are skipped.
    pub fn next_packet(&mut self) -> Result<Option<Bytes>, NotFramed> {
        let measure = |bytes: &[u8]| {
            let Some(length) = bytes.first_chunk::<2>() else { return Ok(None) };
            match usize::from(u16::from_be_bytes(*length)) {
                length @ 0..=MAX_FRAME => Ok(Some(Extent { before: 2, message: length, behind: 0 })),
                length => Err(NotFramed(length)),
            }
        };
        loop {
            match self.cutter.next(measure)? {
                Some(empty) if empty.is_empty() => {}
                other => return Ok(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_length_that_no_webrtc_packet_has_ends_the_connection() {
        let mut decoder = Decoder::default();
        decoder.push(b"GET / HTTP/1.1\r\n");
        assert_eq!(decoder.next_packet(), Err(NotFramed(0x4745)));
    }

    proptest! {
        #[test]
        fn packets_come_out_as_they_went_in_however_tcp_cuts_them(
            packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..1500), 0..8),
            cut in 1usize..700,
        ) {
            let mut wire = Vec::new();
            for packet in &packets {
                prop_assert!(encode(packet, &mut wire));
            }
            let mut decoder = Decoder::default();
            let mut read = Vec::new();
            for part in wire.chunks(cut) {
                decoder.push(part);
                while let Some(packet) = decoder.next_packet().unwrap() {
                    read.push(packet.to_vec());
                }
            }
            prop_assert_eq!(read, packets);
        }
    }
}
