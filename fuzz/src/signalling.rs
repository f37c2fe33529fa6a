//! What clients and servers send before and beside media: signalling frames, data packets and streams, candidates, descriptions,
//! framed packets. The first byte chooses which.

use std::sync::LazyLock;
use std::time::Instant;

use rtc::proto;
use rtc::stream::StreamReader;
use rtc::{DataChannel, MediaMode, Peer, PeerConfig};

/// The clock of peers that never run.
static NOW: LazyLock<Instant> = LazyLock::new(|| {
    #[expect(clippy::disallowed_methods, reason = "an instant can be had from nowhere else, and nothing waits for it")]
    Instant::now()
});

static CONFIG: LazyLock<PeerConfig> = LazyLock::new(|| PeerConfig {
    media: MediaMode::Packets,
    certificate: rtc::Certificate::generate(),
    ..PeerConfig::default()
});

pub(crate) fn run(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    match kind % 6 {
        0 => {
            if let Ok(request) = rtc::signal::decode_request(data) {
                let bytes = rtc::signal::encode_request(request);
                assert!(rtc::signal::decode_request(&bytes).is_ok(), "what was read can be sent on");
            }
        }
        1 => {
            if let Ok(response) = rtc::signal::decode_response(data) {
                let bytes = rtc::signal::encode_response(response);
                assert!(rtc::signal::decode_response(&bytes).is_ok());
            }
        }
        2 => packets(data),
        3 => {
            if let Ok(Some(candidate)) = std::str::from_utf8(data).map_or(Ok(None), rtc::candidate::parse) {
                let json = rtc::candidate::to_json(&candidate, "0");
                assert!(rtc::candidate::parse(&json).is_ok(), "{json}");
            }
        }
        4 => {
            let Ok(text) = std::str::from_utf8(data) else { return };
            if let Ok(mut sdp) = rtc::sdp::Sdp::parse(text) {
                for section in sdp.sections() {
                    let _ =
                        (section.kind(), section.mid(), section.sends(), section.receives(), section.msid(), section.send_rids());
                    let _ = section.codecs().count();
                }
                sdp.bind(&[]);
            }
            let mut peer = Peer::new(&CONFIG, *NOW);
            if let Ok(answer) = peer.accept_offer(text) {
                assert!(rtc::sdp::Sdp::parse(&answer).is_ok());
            }
        }
        _ => {
            let _ = rtc::mux::stun_ufrag(data);
            let mut decoder = rtc::framing::Decoder::default();
            for piece in data.chunks(97) {
                decoder.push(piece);
                while let Ok(Some(packet)) = decoder.next_packet() {
                    assert!(!packet.is_empty() && packet.len() <= rtc::framing::MAX_FRAME);
                }
            }
        }
    }
}

/// Data packets of two senders one after the other, each behind its length.
#[expect(clippy::disallowed_methods, reason = "a point to count from; no time passes here")]
fn packets(data: &[u8]) {
    let now = std::time::Instant::now();
    let mut streams = StreamReader::new(4, 2, 4096);
    let mut rest = data;
    let mut number = 0;
    while let Some((length, after)) = rest.split_first() {
        let (packet, next) = after.split_at(usize::from(*length).min(after.len()));
        rest = next;
        number += 1;
        let Ok(read) = rtc::packet::decode(packet) else { continue };
        let _ = rtc::packet::destinations(&read);
        let from = ["alice", "bob"][number % 2];
        let stamped = rtc::packet::stamp(packet, &read, "PA_1", from, DataChannel::Reliable);
        let stamped = rtc::packet::decode(&stamped).expect("a stamped packet can be read");
        assert_eq!(stamped.participant_identity, from, "nobody can speak for others");
        if let Some(value) = &stamped.value
            && let Ok(Some(stream)) = streams.take(from, value, now)
        {
            assert_eq!(stream.from, from);
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    use rtc::signal::{Request, Response};
    let request = |request| [&[0], &*rtc::signal::encode_request(request)].concat();
    let response = |response| [&[1], &*rtc::signal::encode_response(response)].concat();
    let description =
        |kind: &str, sdp: &str| proto::SessionDescription { r#type: kind.into(), sdp: sdp.into(), ..Default::default() };
    let offer = offer();
    let mut packets = vec![2];
    let to = ["bob".to_owned()];
    for packet in [
        rtc::packet::user(Some("artc.rpc"), &to, b"{}", DataChannel::Reliable, 1),
        rtc::packet::user(None, &[], b"hello", DataChannel::Lossy, 0),
    ] {
        packets.push(packet.len() as u8);
        packets.extend_from_slice(&packet);
    }
    let candidate = r#"{"candidate":"candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host generation 0 ufrag abcd","sdpMid":"0","sdpMLineIndex":0}"#;
    let mut framed = vec![5];
    let _ = rtc::framing::encode(b"\x00\x01\x00\x08\x21\x12\xa4\x42abcdefghijkl\x00\x06\x00\x03a:b\x00", &mut framed);
    vec![
        request(Request::Offer(description("offer", &offer))),
        request(Request::Trickle(proto::TrickleRequest { candidate_init: candidate.into(), ..Default::default() })),
        request(Request::Ping(7)),
        response(Response::Answer(description("answer", &offer))),
        response(Response::Join(proto::JoinResponse { ping_interval: 5, ..Default::default() })),
        packets,
        [b"\x03", candidate.as_bytes()].concat(),
        [b"\x04", offer.as_bytes()].concat(),
        framed,
        b"\x05\x00\x01\x00\x08\x21\x12\xa4\x42abcdefghijkl\x00\x06\x00\x03a:b\x00".to_vec(),
    ]
}

/// The offer of a peer that has data channels.
fn offer() -> String {
    let mut peer = Peer::new(&CONFIG, *NOW);
    let made = peer.offer(Peer::add_data_channels);
    made.ok().and_then(|((), offer)| offer).unwrap_or_default()
}
