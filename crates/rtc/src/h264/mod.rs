//! H.264 on RTP (RFC 6184, packetization-mode 1): cutting access units into payloads, and seeing key frames in payloads that
//! pass by. Not for decoding; putting access units together again is in [`crate::depacketize`].

mod picture;
mod profile;

use std::sync::Arc;

use annexb::nals;
use picture::Longer;

pub use picture::Picture;
pub use profile::{profile_level_id, same_profile};

/// Room for the RTP payload in one datagram: what str0m's MTU of 1150 leaves after header, extensions and SRTP tag.
pub const MAX_PAYLOAD: usize = 1090;

const IDR: u8 = 5;
const SEI: u8 = 6;
const SPS: u8 = 7;
const PPS: u8 = 8;
const AUD: u8 = 9;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// Cuts one access unit (Annex B) into RTP payloads for `send(payload, last_of_the_picture)`. Small NAL units in front of the
/// picture (SPS, PPS, SEI) travel together in one STAP-A; what does not fit goes as FU-A of equal parts. Access unit delimiters
/// are left out, as RTP's marker says the same. Each payload is one allocation that all receivers share.
pub fn packetize(annex_b: &[u8], send: impl FnMut(Arc<[u8]>, bool)) {
    cut(annex_b, Longer::default(), send);
}

fn cut(annex_b: &[u8], longer: Longer, mut send: impl FnMut(Arc<[u8]>, bool)) {
    let mut begins = true;
    let mut units = nals(annex_b).filter(|unit| unit[0] & 0x1f != AUD).peekable();
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
        begins &= together.is_empty();
        flush(&mut together, false, &mut send);
        together_size = 1;
        if unit.len() <= MAX_PAYLOAD {
            send(Arc::from(unit), last);
        } else {
            let longer = Longer { first: if begins { longer.first } else { 0 }, last: if last { longer.last } else { 0 } };
            fragment(unit, last, longer, &mut send);
        }
        begins = false;
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

fn fragment(unit: &[u8], last: bool, longer: Longer, send: &mut impl FnMut(Arc<[u8]>, bool)) {
    let (header, mut rest) = (unit[0], &unit[1..]);
    // Equal packets: a short last one would cost a packet all the same, and equal sizes can be sent in one go.
    let whole = rest.len() + longer.first + longer.last;
    let size = whole.div_ceil(whole.div_ceil(MAX_PAYLOAD - 2));
    // Put together here and copied in one go: byte by byte, a large key frame would take longer to cut than to encrypt.
    let mut payload = Vec::with_capacity(2 + size);
    let mut start = true;
    while !rest.is_empty() {
        let room = if start { size - longer.first } else { size };
        let (part, after) = rest.split_at(room.min(rest.len()));
        let end = after.is_empty();
        let head = [(header & 0xe0) | FU_A, (u8::from(start) << 7) | (u8::from(end) << 6) | (header & 0x1f)];
        payload.clear();
        payload.extend_from_slice(&head);
        payload.extend_from_slice(part);
        send(Arc::from(payload.as_slice()), last && end);
        (start, rest) = (false, after);
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
mod tests;
