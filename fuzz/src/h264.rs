//! An access unit of a camera or an encoder, and an RTP payload.

use media::h264::{NalKind, ParameterSets, Sps, inspect, is_key, nals, sei};

pub(crate) fn run(data: &[u8]) {
    let mut sets = ParameterSets::default();
    let mut out = Vec::new();
    for nal in nals(data) {
        let _ = NalKind::of(nal);
        if let Ok(sps) = Sps::parse(nal) {
            assert!(sps.size.width > 0 && sps.size.height > 0);
            assert_eq!(sps.profile_level_id_hex().len(), 6);
        }
    }
    if let Ok(info) = inspect(data) {
        assert_eq!(info.key, is_key(data));
        sets.remember(data, &info);
        sets.write(data, &info, &mut out);
        let again = inspect(&out).expect("parameter sets do no harm");
        assert_eq!((again.key, again.slices), (info.key, info.slices));
        out.clear();
        let mut message = Vec::new();
        sei::write(5, &[&[7; 16], b"fuzz"], &mut message).expect("it is short");
        sei::insert(data, &message, &mut out).expect("it has a picture");
        let mut found = 0;
        sei::read(&out, &mut Vec::new(), |message| found += u32::from(message.payload.ends_with(b"fuzz")));
        assert!(found >= 1, "what was inserted is found");
    }
    sei::read(data, &mut Vec::new(), |message| {
        let _ = message.unregistered();
    });
    let mut bytes = 0;
    rtc::h264::packetize(data, |payload, _| {
        assert!(payload.len() <= rtc::h264::MAX_PAYLOAD);
        bytes += payload.len();
    });
    assert!(bytes <= 2 * data.len() + 16);
    let _ = rtc::h264::starts_key_frame(data);
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let sps: &[u8] = &[0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe8, 0x06, 0xd0, 0xa1, 0x35];
    let high: &[u8] = &[
        0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00,
        0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58,
    ];
    let pps: &[u8] = &[0x68, 0xce, 0x06, 0xe2];
    let idr: &[u8] = &[0x65, 0x88, 0x84, 0x00, 0x33, 0xff, 0xfe, 0xf6, 0xf0, 0xfe, 0x05, 0x36, 0x56, 0x04, 0x50];
    let slice: &[u8] = &[0x41, 0x9a, 0x24, 0x6c, 0x43, 0x3f, 0xfe, 0xaa];
    let delimiter: &[u8] = &[0x09, 0xf0];
    let unit = |nals: &[&[u8]]| nals.iter().flat_map(|nal| [&[0, 0, 0, 1], *nal].concat()).collect::<Vec<u8>>();
    let long = [idr, &[0x5a; 3000]].concat();
    let mut message = Vec::new();
    let _ = sei::write(5, &[&[9; 16], &[0, 0, 0, 1, 0, 0, 3]], &mut message);
    vec![
        unit(&[sps, pps, idr]),
        unit(&[delimiter, high, pps, idr]),
        unit(&[slice]),
        unit(&[delimiter, slice]),
        unit(&[sps, pps, &long]),
        [message, unit(&[slice])].concat(),
        [&[24, 0, 13], sps, &[0, 4], pps].concat(),
        vec![0x7c, 0x85, 0x88, 0x84],
    ]
}
