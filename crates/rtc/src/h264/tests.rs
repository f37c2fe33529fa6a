//! Cutting and putting together, against each other and against RFC 6184 in plain words.

use super::*;
use crate::depacketize::{AccessUnit, Depacketizer, MAX_WAITING};
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
    let unit = annex_b(&[vec![0x67, 1, 2], vec![0x68, 3], [[0x65].as_slice(), &[9; 5000]].concat()]);
    let payloads = cut(&unit);
    assert_eq!(payloads[0].0[0] & 0x1f, STAP_A, "parameter sets travel together");
    assert!(starts_key_frame(&payloads[0].0));
    assert!(starts_key_frame(&payloads[1].0), "the picture itself, should the parameter sets be known");
    assert!(payloads[2..].iter().all(|(p, _)| !starts_key_frame(p)));
    let inter = cut(&annex_b(&[[[0x41].as_slice(), &[9; 5000]].concat()]));
    assert!(inter.iter().all(|(p, _)| !starts_key_frame(p)));
}

proptest! {
    #[test]
    fn what_is_cut_can_be_put_together_again(
        said in any::<(bool, bool)>(),
        units in proptest::collection::vec(
            (prop_oneof![Just(0x67u8), Just(0x68), Just(0x06), Just(0x65), Just(0x41)],
             proptest::collection::vec(1u8.., 1..4000)),
            1..6),
    ) {
        let units: Vec<Vec<u8>> = units.into_iter().map(|(h, mut body)| { body.insert(0, h); body }).collect();
        let captured = said.0.then_some(std::time::SystemTime::UNIX_EPOCH);
        let picture = Picture { captured, playout_delay: said.1.then_some(crate::PlayoutDelay::LIVE) };
        let mut payloads = Vec::new();
        let mut telling = Vec::new();
        picture.packetize(&annex_b(&units), |payload, last, extensions| {
            payloads.push((payload, last));
            telling.push((extensions.abs_capture_time.is_some(), extensions.play_delay_max.is_some()));
        });
        let ends = [0, telling.len() - 1];
        for (index, told) in telling.iter().enumerate() {
            prop_assert_eq!(*told, (said.0 && index == 0, said.1 && ends.contains(&index)));
        }
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

fn feed(depacketizer: &mut Depacketizer, packets: &[(u64, u32, bool, Arc<[u8]>)]) -> Vec<AccessUnit> {
    let mut units = Vec::new();
    for (seq, timestamp, marker, payload) in packets {
        depacketizer.push(*seq, *timestamp, *marker, payload.clone(), |unit| units.push(unit));
    }
    units
}

/// `count` pictures of several packets each, the first and every tenth a key frame.
/// Sequence number, timestamp, marker, payload.
type Packet = (u64, u32, bool, Arc<[u8]>);

fn pictures(count: u32) -> (Vec<Vec<u8>>, Vec<Packet>) {
    let (mut units, mut packets) = (Vec::new(), Vec::new());
    for n in 0..count {
        let picture = [vec![if n % 10 == 0 { 0x65 } else { 0x41 }; 1], vec![n as u8 + 1; 2500]].concat();
        let unit = if n % 10 == 0 { annex_b(&[vec![0x67, 1], vec![0x68, 2], picture]) } else { annex_b(&[picture]) };
        for (payload, marker) in cut(&unit) {
            packets.push((packets.len() as u64, n * 3000, marker, payload));
        }
        units.push(unit);
    }
    (units, packets)
}

#[test]
fn reordered_packets_become_the_units_they_were() {
    let (units, mut packets) = pictures(30);
    for n in (0..packets.len() - 8).step_by(5) {
        packets.swap(n + 1, n + 7);
    }
    let got = feed(&mut Depacketizer::default(), &packets);
    assert_eq!(got.iter().map(|unit| unit.data.clone()).collect::<Vec<_>>(), units);
    assert_eq!(got.iter().filter(|unit| unit.key).count(), 3);
}

#[test]
fn after_a_loss_nothing_is_shown_until_the_next_key_frame() {
    let (units, mut packets) = pictures(200);
    packets.remove(20);
    let mut depacketizer = Depacketizer::default();
    let got = feed(&mut depacketizer, &packets);
    let first_after = got.iter().position(|unit| unit.timestamp > 6 * 3000).unwrap();
    assert!(got[first_after].key, "the picture after the hole is a key frame");
    assert!(got.iter().all(|unit| units.contains(&unit.data)), "no half picture");
    assert!(!Depacketizer::default().push(5, 0, true, Arc::from([0x41u8, 1].as_slice()), |_| ()), "asks for a key frame");
}

proptest! {
    #[test]
    fn no_payloads_make_the_depacketizer_panic(
        packets in proptest::collection::vec((0u64..600, 0u32..5, any::<bool>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..400),
    ) {
        let mut depacketizer = Depacketizer::default();
        for (seq, timestamp, marker, payload) in packets {
            depacketizer.push(seq, timestamp, marker, payload.into(), |_| ());
        }
        prop_assert!(depacketizer.waiting.len() <= MAX_WAITING + 1);
    }
}
