//! Against streams of x264, and with bytes of any kind.

use proptest::prelude::*;

use super::sei::Message;
use super::*;
use crate::format::Size;

/// Three pictures by x264: I, P, B; parameter sets and a SEI with x264's name in the first.
const STREAM: &[u8] = include_bytes!("../../tests/data/highb.h264");

fn units() -> Vec<Vec<u8>> {
    let mut units: Vec<Vec<u8>> = vec![Vec::new()];
    for nal in nals(STREAM) {
        let last = units.last_mut().unwrap();
        last.extend_from_slice(&[0, 0, 0, 1]);
        last.extend_from_slice(nal);
        if matches!(NalKind::of(nal), Some(NalKind::Slice | NalKind::Idr)) {
            units.push(Vec::new());
        }
    }
    units.pop();
    units
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn parameter_sets_of_x264_say_what_it_was_asked_for() {
    // x264's: 1080p baseline 4.0; 720p high, two B-frames; 720p main without; 360p high in full range; 576i high.
    for (hex, size, id, b_frames, fps, full, interlaced) in [
        ("6742c028d900780227e5c044000003000400000300f03c60c920", Size::new(1920, 1080), "42c028", false, 30.0, false, false),
        ("6764001facd9405005bb011000000300100000030320f1831960", Size::new(1280, 720), "64001f", true, 25.0, false, false),
        ("674d401fdc05005bb01100000303e90000ea600f183380", Size::new(1280, 720), "4d401f", false, 30000.0 / 1001.0, false, false),
        ("6764001eacb201405ff2e02d90000003001000000303c0f162e480", Size::new(640, 360), "64001e", false, 30.0, true, false),
        ("6764001eacd940b424d8088000000300800000190f8a14cb", Size::new(720, 576), "64001e", true, 25.0, false, true),
    ] {
        let sps = Sps::parse(&bytes(hex)).unwrap();
        assert_eq!((sps.size, sps.profile_level_id_hex().as_str()), (size, id));
        assert_eq!((sps.b_frames_possible, sps.full_range, sps.interlaced), (b_frames, full, interlaced), "{hex}");
        assert!((sps.fps.unwrap() - fps).abs() < 1e-9, "{:?}", sps.fps);
    }
}

#[test]
fn a_level_below_the_size_is_no_reason_to_refuse_a_camera() {
    let mut nal = bytes("6742c028d900780227e5c044000003000400000300f03c60c920");
    nal[3] = 0x0d; // level 1.3 for 1080p
    let sps = Sps::parse(&nal).unwrap();
    assert_eq!((sps.size, sps.profile_level_id), (Size::new(1920, 1080), [0x42, 0xc0, 0x0d]));
    assert_eq!(Sps::parse(&[0x68, 1, 2]), Err(SpsError::OtherKind));
    assert!(matches!(Sps::parse(&nal[..9]), Err(SpsError::Syntax(_))));
}

#[test]
fn units_are_told_apart() {
    let units = units();
    let info: Vec<_> = units.iter().map(|unit| inspect(unit).unwrap()).collect();
    let first = UnitInfo { key: true, has_sps: true, has_pps: true, has_b_slice: false, slices: 1 };
    assert_eq!(info[0], first);
    assert_eq!(info[1], UnitInfo { slices: 1, ..UnitInfo::default() });
    assert_eq!(info[2], UnitInfo { slices: 1, has_b_slice: true, ..UnitInfo::default() });
    assert_eq!(units.iter().map(|unit| is_key(unit)).collect::<Vec<_>>(), [true, false, false]);

    assert_eq!(inspect(STREAM), Err("it holds two pictures"));
    assert_eq!(inspect(&[]), Err("it holds no picture"));
    assert_eq!(inspect(&[0xff; 50]), Err("it holds no picture"));
    assert_eq!(inspect(&[0, 0, 1, 0x85, 1]), Err("a NAL unit has its forbidden bit set"));
    assert_eq!(inspect(&[0, 0, 1, 0x65]), Err("a slice ends in its header"));
    assert_eq!(inspect(&[0, 0, 1, 0x65, 0b0101_1000]), Err("the first slice is missing"));
    assert_eq!(inspect(&[0, 0, 1, 0x65, 0xb8, 0, 0, 1, 0x41, 0b0100_1100]), Err("it mixes slices of two pictures"));
}

#[test]
fn key_frames_get_the_parameter_sets_that_they_lack() {
    let units = units();
    let with_delimiter = [&[0, 0, 0, 1, 9, 0xf0], &units[0][..]].concat();
    let mut bare = Vec::new();
    for nal in nals(&with_delimiter).filter(|nal| !matches!(NalKind::of(nal), Some(NalKind::Sps | NalKind::Pps))) {
        bare.extend_from_slice(&[0, 0, 0, 1]);
        bare.extend_from_slice(nal);
    }
    let mut sets = ParameterSets::default();
    let mut out = Vec::new();
    sets.write(&bare, &inspect(&bare).unwrap(), &mut out);
    assert_eq!(out, bare, "nothing to add yet");
    assert!(sets.remember(&units[0], &inspect(&units[0]).unwrap()));
    assert!(!sets.remember(&units[0], &inspect(&units[0]).unwrap()), "the same again");
    assert_eq!(Sps::parse(sets.sps()).unwrap().size, Size::new(1280, 720));

    out.clear();
    sets.write(&bare, &inspect(&bare).unwrap(), &mut out);
    assert_eq!(out, with_delimiter);
    for unit in &units {
        out.clear();
        sets.write(unit, &inspect(unit).unwrap(), &mut out);
        assert_eq!(&out, unit, "what is whole stays as it is");
    }
}

fn messages(unit: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut found = Vec::new();
    sei::read(unit, &mut Vec::new(), |message| found.push((message.payload_type, message.payload.to_vec())));
    found
}

#[test]
fn sei_goes_before_the_picture_and_the_decoder_does_not_mind() {
    let units = units();
    let uuid = *b"0123456789abcdef";
    let (mut message, mut out) = (Vec::new(), Vec::new());
    sei::write(sei::USER_DATA_UNREGISTERED, &[&uuid, b"hello"], &mut message).unwrap();
    sei::insert(&units[0], &message, &mut out).unwrap();
    let found = messages(&out);
    assert_eq!(found.len(), 2);
    assert!(found[0].1[16..].starts_with(b"x264 - core"), "x264's own stays in front");
    let ours = Message { payload_type: found[1].0, payload: &found[1].1 };
    assert_eq!(ours.unregistered(), Some((&uuid, &b"hello"[..])));
    assert_eq!(inspect(&out), inspect(&units[0]));

    let decode = |units: &[&[u8]]| {
        let mut decoder = openh264::decoder::Decoder::new().unwrap();
        units
            .iter()
            .filter_map(|unit| decoder.decode(unit).unwrap().map(|yuv| openh264::formats::YUVSource::dimensions(&yuv)))
            .count()
    };
    assert_eq!(decode(&[&out, &units[1]]), decode(&[&units[0], &units[1]]));
    assert_eq!(sei::insert(&[0, 0, 0, 1, 9, 0xf0], &message, &mut out), Err(sei::SeiError::NoPicture));
    assert_eq!(sei::write(100, &[&[0; 4113]], &mut message), Err(sei::SeiError::TooLong(4113)));
}

proptest! {
    #[test]
    fn sei_comes_back_whatever_it_says(payload_type in 0u32..1000, payload in proptest::collection::vec(0u8..4, 0..1200)) {
        // Small values, so that emulation prevention has much to do.
        let (mut message, mut out) = (Vec::new(), Vec::new());
        sei::write(payload_type, &[&payload], &mut message).unwrap();
        prop_assert!(!message[4..].windows(3).any(|w| w[0] == 0 && w[1] == 0 && w[2] <= 2), "nothing looks like a start code");
        sei::insert(&units()[1], &message, &mut out).unwrap();
        prop_assert_eq!(messages(&out), vec![(payload_type, payload)]);
        prop_assert_eq!(inspect(&out), inspect(&units()[1]));
    }

    #[test]
    fn units_written_are_units_read(units in proptest::collection::vec((1u8..32, proptest::collection::vec(0u8..4, 0..60)), 0..8), lead in 0usize..5) {
        let mut stream = vec![0; lead];
        for (head, payload) in &units {
            write_nal(*head, payload.iter().copied().chain([0x80]), &mut stream);
        }
        let found: Vec<_> = nals(&stream).with_offsets().collect();
        prop_assert_eq!(found.len(), units.len());
        for ((at, nal), (head, payload)) in found.into_iter().zip(&units) {
            prop_assert_eq!(nal[0], *head);
            prop_assert_eq!(&stream[at..at + 4], &[0, 0, 0, 1]);
            let read: Vec<_> = annexb::rbsp(nal).collect();
            prop_assert_eq!(&read[..read.len() - 1], &payload[..]);
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(3), Just(0x67), Just(0x65), any::<u8>()], 0..400)) {
        let _ = inspect(&bytes);
        let _ = is_key(&bytes);
        let mut sets = ParameterSets::default();
        let info = UnitInfo { key: true, has_sps: true, ..UnitInfo::default() };
        sets.remember(&bytes, &info);
        sets.write(&bytes, &info, &mut Vec::new());
        let _ = messages(&bytes);
        let _ = Sps::parse(&bytes);
        let _ = Sps::parse(&[&[0x67], &bytes[..]].concat());
        for (at, nal) in nals(&bytes).with_offsets() {
            prop_assert!(bytes[at..].windows(nal.len()).any(|w| w == nal));
        }
    }

    #[test]
    fn a_damaged_parameter_set_never_panics(at in 1usize..26, bit in 0u8..8, len in 1usize..27) {
        let mut nal = bytes("6742c028d900780227e5c044000003000400000300f03c60c920");
        nal[at % 26] ^= 1 << bit;
        let _ = Sps::parse(&nal[..len.min(26)]);
    }
}
