//! H.264 on RTP (RFC 6184, packetization-mode 1): cutting access units into payloads, and seeing key frames in payloads that
//! pass by. Not for decoding, and not for putting access units together again.

use std::sync::Arc;

/// Room for the RTP payload in one datagram: what str0m's MTU of 1150 leaves after header, extensions and SRTP tag.
pub const MAX_PAYLOAD: usize = 1090;

const IDR: u8 = 5;
const SEI: u8 = 6;
const SPS: u8 = 7;
const PPS: u8 = 8;
const AUD: u8 = 9;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// The NAL units of an Annex B byte stream, without start codes.
pub fn nal_units(annex_b: &[u8]) -> NalUnits<'_> {
    let start = find_start_code(annex_b, 0).map_or(annex_b.len(), |(_, after)| after);
    NalUnits { bytes: annex_b, at: start }
}

/// See [`nal_units`].
#[derive(Debug)]
pub struct NalUnits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for NalUnits<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while self.at < self.bytes.len() {
            let begin = self.at;
            let (end, next) = find_start_code(self.bytes, begin).unwrap_or((self.bytes.len(), self.bytes.len()));
            self.at = next;
            // A NAL unit never ends in a zero byte; zeros here belong to the next start code.
            let trailing = self.bytes[begin..end].iter().rev().take_while(|b| **b == 0).count();
            if end - trailing > begin {
                return Some(&self.bytes[begin..end - trailing]);
            }
        }
        None
    }
}

/// Position of the next `00 00 01` at or after `from`, and the position behind it.
fn find_start_code(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    while at + 3 <= bytes.len() {
        // The third byte decides how far nothing can begin, which makes this look at every third byte mostly.
        match bytes[at + 2] {
            0 => at += 1,
            1 if bytes[at] == 0 && bytes[at + 1] == 0 => return Some((at, at + 3)),
            _ => at += 3,
        }
    }
    None
}

/// Cuts one access unit (Annex B) into RTP payloads for `send(payload, last_of_the_picture)`. Small NAL units in front of the
/// picture (SPS, PPS, SEI) travel together in one STAP-A; what does not fit goes as FU-A of equal parts. Access unit delimiters
/// are left out, as RTP's marker says the same. Each payload is one allocation that all receivers share.
pub fn packetize(annex_b: &[u8], mut send: impl FnMut(Arc<[u8]>, bool)) {
    let mut units = nal_units(annex_b).filter(|unit| unit[0] & 0x1f != AUD).peekable();
    let mut together: Vec<&[u8]> = Vec::with_capacity(8);
    let mut together_size = 1;
    while let Some(unit) = units.next() {
        let last = units.peek().is_none();
        let fits = together_size + 2 + unit.len() <= MAX_PAYLOAD;
        if fits && matches!(unit[0] & 0x1f, SEI | SPS | PPS) {
            together.push(unit);
            together_size += 2 + unit.len();
            if last {
                flush(&mut together, true, &mut send);
            }
            continue;
        }
        flush(&mut together, false, &mut send);
        together_size = 1;
        if unit.len() <= MAX_PAYLOAD {
            send(Arc::from(unit), last);
        } else {
            fragment(unit, last, &mut send);
        }
    }
}

fn flush(together: &mut Vec<&[u8]>, last: bool, send: &mut impl FnMut(Arc<[u8]>, bool)) {
    match together.as_slice() {
        [] => {}
        [one] => send(Arc::from(*one), last),
        several => {
            let importance = several.iter().map(|unit| unit[0] & 0x60).max().unwrap_or(0);
            let mut payload = Vec::with_capacity(1 + several.iter().map(|unit| 2 + unit.len()).sum::<usize>());
            payload.push(importance | STAP_A);
            for unit in several {
                // Bounded by MAX_PAYLOAD above.
                payload.extend_from_slice(&(unit.len() as u16).to_be_bytes());
                payload.extend_from_slice(unit);
            }
            send(Arc::from(payload), last);
        }
    }
    together.clear();
}

fn fragment(unit: &[u8], last: bool, send: &mut impl FnMut(Arc<[u8]>, bool)) {
    let (header, body) = (unit[0], &unit[1..]);
    // Equal parts: a short last one would cost a packet all the same, and equal sizes can be sent in one go.
    let count = body.len().div_ceil(MAX_PAYLOAD - 2);
    let size = body.len().div_ceil(count);
    for (index, part) in body.chunks(size).enumerate() {
        let (start, end) = (index == 0, (index + 1) * size >= body.len());
        let head = [(header & 0xe0) | FU_A, (u8::from(start) << 7) | (u8::from(end) << 6) | (header & 0x1f)];
        let payload: Arc<[u8]> = head.into_iter().chain(part.iter().copied()).collect();
        send(payload, last && end);
    }
}

/// Whether a decoder can start at the picture whose first RTP payload this is: it carries an SPS or begins an IDR slice.
pub fn starts_key_frame(payload: &[u8]) -> bool {
    let Some(first) = payload.first() else { return false };
    match first & 0x1f {
        IDR | SPS => true,
        STAP_A => {
            let mut rest = &payload[1..];
            while let [high, low, unit @ ..] = rest {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                let Some(unit_type) = unit.first() else { return false };
                if matches!(unit_type & 0x1f, IDR | SPS) {
                    return true;
                }
                let Some(next) = unit.get(length..) else { return false };
                rest = next;
            }
            false
        }
        FU_A => payload.get(1).is_some_and(|fu| fu & 0x80 != 0 && matches!(fu & 0x1f, IDR | SPS)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn annex_b(units: &[Vec<u8>]) -> Vec<u8> {
        let mut out = Vec::new();
        for unit in units {
            out.extend([0, 0, 0, 1]);
            out.extend(unit);
        }
        out
    }

    /// Depacketises as RFC 6184 says, for comparison.
    fn reassemble(payloads: &[(Arc<[u8]>, bool)]) -> Vec<Vec<u8>> {
        let mut units: Vec<Vec<u8>> = Vec::new();
        for (payload, _) in payloads {
            match payload[0] & 0x1f {
                STAP_A => {
                    let mut rest = &payload[1..];
                    while !rest.is_empty() {
                        let n = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
                        units.push(rest[2..2 + n].to_vec());
                        rest = &rest[2 + n..];
                    }
                }
                FU_A => {
                    if payload[1] & 0x80 != 0 {
                        units.push(vec![(payload[0] & 0xe0) | (payload[1] & 0x1f)]);
                    }
                    units.last_mut().unwrap().extend(&payload[2..]);
                }
                _ => units.push(payload.to_vec()),
            }
        }
        units
    }

    fn cut(bytes: &[u8]) -> Vec<(Arc<[u8]>, bool)> {
        let mut payloads = Vec::new();
        packetize(bytes, |payload, last| payloads.push((payload, last)));
        payloads
    }

    #[test]
    fn a_key_frame_is_seen_in_its_first_payload_only() {
        let unit = annex_b(&[vec![0x67, 1, 2], vec![0x68, 3], vec![[0x65].as_slice(), &[9; 5000]].concat()]);
        let payloads = cut(&unit);
        assert_eq!(payloads[0].0[0] & 0x1f, STAP_A, "parameter sets travel together");
        assert!(starts_key_frame(&payloads[0].0));
        assert!(starts_key_frame(&payloads[1].0), "the picture itself, should the parameter sets be known");
        assert!(payloads[2..].iter().all(|(p, _)| !starts_key_frame(p)));
        let inter = cut(&annex_b(&[vec![[0x41].as_slice(), &[9; 5000]].concat()]));
        assert!(inter.iter().all(|(p, _)| !starts_key_frame(p)));
    }

    proptest! {
        #[test]
        fn what_is_cut_can_be_put_together_again(
            units in proptest::collection::vec(
                (prop_oneof![Just(0x67u8), Just(0x68), Just(0x06), Just(0x65), Just(0x41)],
                 proptest::collection::vec(1u8.., 1..4000)),
                1..6),
        ) {
            let units: Vec<Vec<u8>> = units.into_iter().map(|(h, mut body)| { body.insert(0, h); body }).collect();
            let payloads = cut(&annex_b(&units));
            prop_assert_eq!(reassemble(&payloads), units);
            prop_assert!(payloads.iter().all(|(p, _)| p.len() <= MAX_PAYLOAD));
            let marks: Vec<bool> = payloads.iter().map(|(_, last)| *last).collect();
            prop_assert_eq!(marks.iter().position(|m| *m), Some(marks.len() - 1), "one marker, on the last");
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(prop_oneof![Just(0u8), Just(1), any::<u8>()], 0..400)) {
            for (payload, _) in cut(&bytes) {
                let _ = starts_key_frame(&payload);
            }
            let _ = starts_key_frame(&bytes);
        }
    }
}
