//! What others send: packets of sound into the jitter buffer, payloads of pictures into what puts them together. Each packet is a byte
//! that says how its time moves, a byte for its length, and its bytes.

use std::time::{Duration, Instant};

use artc_open::audio::JitterBuffer;
use rtc::depacketize::{Coding, Depacketizer};

#[expect(clippy::disallowed_methods, reason = "a point to start the virtual clock from")]
fn start() -> Instant {
    Instant::now()
}

pub(crate) fn run(data: &[u8]) {
    let Ok(mut buffer) = JitterBuffer::new() else { return };
    let mut pictures = [Coding::H264, Coding::Vp8].map(Depacketizer::new);
    let (mut now, mut time, mut seq) = (start(), 1u64 << 32, 100u64);
    let mut rest = data;
    while let [step, length, behind @ ..] = rest {
        let (payload, more) = behind.split_at(usize::from(*length).min(behind.len()));
        rest = more;
        // Mostly a packet further or a little back; sometimes anywhere.
        time = match (step, payload.first_chunk::<8>()) {
            (0xff, Some(anywhere)) => u64::from_le_bytes(*anywhere),
            _ => time.wrapping_add_signed((i64::from(step & 0x3f) - 16) * 480),
        };
        seq = seq.saturating_add_signed(i64::from(step & 7) - 2);
        buffer.push(time, payload.into(), now);
        assert!(buffer.waiting() <= 101);
        for _ in 0..step >> 6 {
            now += Duration::from_millis(10);
            let _ = buffer.pull(now);
        }
        for depacketizer in &mut pictures {
            depacketizer.push(seq, time as u32, step & 8 != 0, payload.into(), |unit| assert!(!unit.data.is_empty()));
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let packets = |of: &[(u8, &[u8])]| -> Vec<u8> {
        of.iter().flat_map(|(step, payload)| [&[*step, payload.len() as u8], *payload].concat()).collect()
    };
    // A packet of silence of 20 ms by Opus, and one of its pauses.
    let (silence, pause): (&[u8], &[u8]) = (&[0x48, 0x0b, 0xe4, 0xc1, 0x36, 0xec, 0xc5, 0x80], &[0x48]);
    vec![
        packets(&[(0x92, silence); 40]),
        packets(&[(0x92, silence), (0x96, silence), (0x92, pause), (0xd2, silence), (0x10, silence), (0x92, silence)].repeat(6)),
        packets(&[(0x9b, &[0x65, 1, 2, 3]), (0x93, &[0x7c, 0x85, 1]), (0x9b, &[0x7c, 0x45, 2])]),
        packets(&[(0x93, &[0x90, 0x80, 1, 0, 1, 2]), (0x9b, &[0x80, 0x80, 1, 3, 4]), (0xff, &[0xff; 8])]),
    ]
}
