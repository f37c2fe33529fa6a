//! Putting the payloads of one video track into order and pictures. Not for cutting pictures up, and not for decoding.

use std::sync::Arc;

use crate::h264::starts_key_frame;

const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// Largest access unit that is put together: a 1080p key frame at any sane rate is below a megabyte.
const MAX_UNIT: usize = 4 * 1024 * 1024;
/// Packets that wait for one before them. At most this many; then what is missing is given up.
pub(crate) const MAX_WAITING: usize = 256;

/// How pictures are encoded and cut into payloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coding {
    /// H.264 (RFC 6184); units are Annex B.
    #[default]
    H264,
    /// VP8 (RFC 7741); units are frames.
    Vp8,
}

/// A picture put together from payloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessUnit {
    /// Annex B, or a VP8 frame.
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
    coding: Coding,
    next: Option<u64>,
    pub(crate) waiting: std::collections::BTreeMap<u64, (u32, bool, Arc<[u8]>)>,
    unit: Vec<u8>,
    unit_time: u32,
    unit_key: bool,
    /// The unit under way lacks something.
    broken: bool,
    needs_key: bool,
}

impl Depacketizer {
    /// One that has seen nothing yet.
    pub fn new(coding: Coding) -> Self {
        Self { coding, ..Self::default() }
    }

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
        let whole = match self.coding {
            Coding::H264 => self.add(payload),
            Coding::Vp8 => self.add_vp8(payload),
        };
        if !whole {
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

    fn add_vp8(&mut self, payload: &[u8]) -> bool {
        let Some((begins, part)) = vp8_part(payload) else { return false };
        // A picture's first packet begins its first partition.
        if (self.unit.is_empty() && !begins) || self.unit.len() + part.len() > MAX_UNIT {
            return false;
        }
        if self.unit.is_empty() {
            self.unit_key = part.first().is_some_and(|first| first & 1 == 0);
        }
        self.unit.extend_from_slice(part);
        true
    }
}

/// Whether a payload begins a frame, and its part of the frame: what is behind the descriptor of RFC 7741 section 4.2.
fn vp8_part(payload: &[u8]) -> Option<(bool, &[u8])> {
    let (first, mut rest) = payload.split_first()?;
    if first & 0x80 != 0 {
        let (extension, behind) = rest.split_first()?;
        rest = behind;
        if extension & 0x80 != 0 {
            let wide = rest.first()? & 0x80 != 0;
            rest = rest.get(if wide { 2 } else { 1 }..)?;
        }
        if extension & 0x40 != 0 {
            rest = rest.get(1..)?;
        }
        if extension & 0x30 != 0 {
            rest = rest.get(1..)?;
        }
    }
    Some((first & 0x10 != 0 && first & 0x07 == 0, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sequence number, timestamp, marker, payload.
    type Packet = (u64, u32, bool, Arc<[u8]>);

    /// VP8 pictures, each in parts: the first and every tenth a key frame. With a picture number of 7 or 15 bits, and a layer index.
    fn pictures(count: u32) -> (Vec<Vec<u8>>, Vec<Packet>) {
        let (mut units, mut packets) = (Vec::new(), Vec::new());
        for n in 0..count {
            let unit: Vec<u8> = (0..2500u32).map(|i| if i == 0 { u8::from(n % 10 != 0) } else { (i * 7 + n) as u8 }).collect();
            for (index, part) in unit.chunks(1000).enumerate() {
                let begins = if index == 0 { 0x10 } else { 0 };
                let head = match n % 3 {
                    0 => vec![begins],
                    1 => vec![0x80 | begins, 0x80, n as u8 & 0x7f],
                    _ => vec![0x80 | begins, 0xe0, 0x80 | (n >> 8) as u8, n as u8, 1, 0x20],
                };
                let payload = [head, part.to_vec()].concat().into();
                packets.push((packets.len() as u64, n * 3000, index == 2, payload));
            }
            units.push(unit);
        }
        (units, packets)
    }

    fn feed(packets: &[Packet]) -> Vec<AccessUnit> {
        let (mut depacketizer, mut units) = (Depacketizer::new(Coding::Vp8), Vec::new());
        for (seq, timestamp, marker, payload) in packets {
            depacketizer.push(*seq, *timestamp, *marker, payload.clone(), |unit| units.push(unit));
        }
        units
    }

    #[test]
    fn vp8_is_put_together_in_order_and_key_frames_are_seen() {
        let (units, mut packets) = pictures(30);
        for n in (0..packets.len() - 8).step_by(5) {
            packets.swap(n + 1, n + 7);
        }
        let got = feed(&packets);
        assert_eq!(got.iter().map(|unit| unit.data.clone()).collect::<Vec<_>>(), units);
        assert_eq!(got.iter().filter(|unit| unit.key).count(), 3);
    }

    #[test]
    fn after_a_loss_in_vp8_nothing_is_shown_until_the_next_key_frame() {
        for lost in [15, 16, 17] {
            let (units, mut packets) = pictures(300);
            packets.remove(lost);
            let got = feed(&packets);
            let first_after = got.iter().position(|unit| unit.timestamp > 5 * 3000).unwrap();
            assert!(got[first_after].key, "the picture after the hole is a key frame");
            assert!(got.iter().all(|unit| units.contains(&unit.data)), "no half picture");
        }
    }

    #[test]
    fn descriptors_that_end_early_are_no_part_of_a_picture() {
        for payload in [&[][..], &[0x90], &[0x90, 0x80], &[0x90, 0x80, 0x81], &[0x90, 0xe0, 1], &[0x90, 0x10]] {
            assert_eq!(vp8_part(payload), None, "{payload:?}");
        }
        assert_eq!(vp8_part(&[0x10, 5]), Some((true, &[5][..])));
        assert_eq!(vp8_part(&[0x11, 5]), Some((false, &[5][..])), "a later partition");
    }
}
