//! H.264 on RTP (RFC 6184, packetization-mode 1): cutting access units into payloads, and seeing key frames in payloads that
//! pass by. Not for decoding, and not for putting access units together again.

mod picture;

use std::sync::Arc;

use annexb::nals;
use picture::Longer;

pub use picture::Picture;

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
    let mut start = true;
    while !rest.is_empty() {
        let room = if start { size - longer.first } else { size };
        let (part, after) = rest.split_at(room.min(rest.len()));
        let end = after.is_empty();
        let head = [(header & 0xe0) | FU_A, (u8::from(start) << 7) | (u8::from(end) << 6) | (header & 0x1f)];
        let payload: Arc<[u8]> = head.into_iter().chain(part.iter().copied()).collect();
        send(payload, last && end);
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

/// Largest access unit that is put together: a 1080p key frame at any sane rate is below a megabyte.
const MAX_UNIT: usize = 4 * 1024 * 1024;
/// Packets that wait for one before them. At most this many; then what is missing is given up.
const MAX_WAITING: usize = 256;

/// An access unit put together from payloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessUnit {
    /// Annex B.
    pub data: Vec<u8>,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Whether a decoder can start here.
    pub key: bool,
}

/// Puts the payloads of one track into order and access units. After a loss that is not made good it gives nothing until the next
/// key frame, for a decoder would show rubbish.
#[derive(Debug, Default)]
pub struct Depacketizer {
    next: Option<u64>,
    waiting: std::collections::BTreeMap<u64, (u32, bool, Arc<[u8]>)>,
    unit: Vec<u8>,
    unit_time: u32,
    unit_key: bool,
    /// The unit under way lacks something.
    broken: bool,
    needs_key: bool,
}

impl Depacketizer {
    /// Takes a payload; calls `give` for each access unit that it completes. Answers false when a key frame should be asked for.
    pub fn push(&mut self, seq: u64, timestamp: u32, marker: bool, payload: Arc<[u8]>, mut give: impl FnMut(AccessUnit)) -> bool {
        if self.next.is_none() {
            self.next = Some(seq);
            self.needs_key = true;
        }
        if self.next.is_some_and(|next| seq < next) {
            return !self.needs_key;
        }
        self.waiting.insert(seq, (timestamp, marker, payload));
        while let Some(first) = self.waiting.first_entry() {
            let missing = self.next.is_some_and(|next| *first.key() != next);
            if missing && self.waiting.len() <= MAX_WAITING {
                break;
            }
            let Some((seq, (timestamp, marker, payload))) = self.waiting.pop_first() else { break };
            if missing {
                self.lose();
            }
            self.next = Some(seq + 1);
            self.append(timestamp, marker, &payload, &mut give);
        }
        !self.needs_key
    }

    fn lose(&mut self) {
        self.broken = true;
        self.needs_key = true;
    }

    fn append(&mut self, timestamp: u32, marker: bool, payload: &[u8], give: &mut impl FnMut(AccessUnit)) {
        if timestamp != self.unit_time {
            // A unit whose marker was lost has ended all the same.
            if !self.unit.is_empty() {
                self.lose();
            }
            self.begin(timestamp);
        }
        if !self.add(payload) {
            self.lose();
        }
        if marker {
            let (data, key) = (std::mem::take(&mut self.unit), self.unit_key);
            if !self.broken && (key || !self.needs_key) && !data.is_empty() {
                self.needs_key = false;
                give(AccessUnit { data, timestamp, key });
            }
            self.begin(timestamp);
        }
    }

    fn begin(&mut self, timestamp: u32) {
        self.unit.clear();
        (self.unit_time, self.unit_key, self.broken) = (timestamp, false, false);
    }

    fn add(&mut self, payload: &[u8]) -> bool {
        self.unit_key |= starts_key_frame(payload);
        if self.unit.len() + payload.len() > MAX_UNIT {
            return false;
        }
        let Some((head, body)) = payload.split_first() else { return true };
        match head & 0x1f {
            STAP_A => {
                let mut rest = body;
                while let [high, low, after @ ..] = rest {
                    let length = usize::from(u16::from_be_bytes([*high, *low]));
                    let Some(unit) = after.get(..length) else { return false };
                    self.nal(unit);
                    rest = &after[length..];
                }
                rest.is_empty()
            }
            FU_A => {
                let Some((fu, part)) = body.split_first() else { return false };
                if fu & 0x80 != 0 {
                    self.nal(&[(head & 0xe0) | (fu & 0x1f)]);
                } else if self.unit.is_empty() {
                    return false;
                }
                self.unit.extend_from_slice(part);
                true
            }
            1..=23 => {
                self.nal(payload);
                true
            }
            _ => false,
        }
    }

    fn nal(&mut self, unit: &[u8]) {
        self.unit.extend_from_slice(&[0, 0, 0, 1]);
        self.unit.extend_from_slice(unit);
    }
}

#[cfg(test)]
mod tests;
