//! Two peers over an emulated link with a virtual clock.

mod bad_path;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use str0m::change::SdpApi;
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, MediaTime};
use str0m::net::Transmit;
use str0m::rtp::ExtensionValues;

use super::*;
use crate::sdp::Sdp;

/// Two ends, their addresses, and datagrams under way.
struct Link {
    now: Instant,
    ends: [End; 2],
    /// What was answered at once, on its way in the next round.
    late: Vec<(usize, Transmit)>,
}

struct End {
    peer: Peer,
    address: SocketAddr,
    wake: Instant,
    events: Vec<Event>,
}

impl Link {
    fn new(configs: [&PeerConfig; 2]) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a point to start the virtual clock from")]
        let now = Instant::now();
        let end = |port: u16, config: &PeerConfig| {
            let address = SocketAddr::from(([192, 0, 2, 1], port));
            let mut peer = Peer::new(config, now);
            assert!(peer.add_local_candidate(Candidate::host(address, "udp").unwrap()));
            End { peer, address, wake: now, events: Vec::new() }
        };
        Link { now, ends: [end(1000, configs[0]), end(2000, configs[1])], late: Vec::new() }
    }

    /// Lets `time` pass, delivering datagrams after a millisecond.
    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            let mut under_way = std::mem::take(&mut self.late);
            for index in 0..self.ends.len() {
                self.drain(index, &mut under_way);
            }
            let due = self.ends.iter().map(|e| e.wake).min().unwrap().max(self.now + Duration::from_millis(1));
            self.now = if under_way.is_empty() { due.min(end) } else { self.now + Duration::from_millis(1) };
            let mut answers = Vec::new();
            for (index, t) in under_way {
                let to = &mut self.ends[index];
                assert_eq!(to.address, t.destination);
                to.peer.handle_datagram(self.now, t.proto, t.source, t.destination, &t.contents);
                self.drain(index, &mut answers);
            }
            self.late = answers;
            for end in &mut self.ends {
                end.peer.handle_timeout(self.now);
            }
        }
    }

    /// Takes what an end has to say, as after every input.
    fn drain(&mut self, index: usize, under_way: &mut Vec<(usize, Transmit)>) {
        let end = &mut self.ends[index];
        loop {
            match end.peer.poll() {
                Output::Transmit(t) => under_way.push((1 - index, t)),
                Output::Event(event) => end.events.push(event),
                Output::Timeout(at) => {
                    end.wake = at;
                    return;
                }
            }
        }
    }

    /// End 0 offers, end 1 answers.
    fn negotiate<T>(&mut self, change: impl FnOnce(&mut SdpApi<'_>) -> T) -> T {
        let (result, offer) = self.ends[0].peer.offer(change).unwrap();
        let answer = self.ends[1].peer.accept_offer(&offer.expect("a change that needs an offer")).unwrap();
        self.ends[0].peer.accept_answer(&answer).unwrap();
        result
    }

    fn take(&mut self, end: usize) -> Vec<Event> {
        std::mem::take(&mut self.ends[end].events)
    }
}

fn access_unit(key: bool, size: usize) -> Arc<[u8]> {
    let mut unit = Vec::new();
    if key {
        unit.extend([0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 1, 0, 0, 0, 1, 0x68, 2]);
    }
    unit.extend([0, 0, 0, 1, if key { 0x65 } else { 0x41 }]);
    unit.resize(unit.len() + size, 0xab);
    unit.into()
}

#[test]
fn frames_and_their_capture_time_cross_a_connection() {
    let mut link = Link::new([&PeerConfig::default(), &PeerConfig { ice_lite: true, ..Default::default() }]);
    let mid = link.negotiate(|api| {
        Peer::add_data_channels(api);
        api.add_media(MediaKind::Video, Direction::SendOnly, Some("PA_x|TR_y".into()), Some("TR_y".into()), None)
    });
    link.run(Duration::from_secs(2));
    assert!(link.ends[0].peer.is_connected() && link.ends[1].peer.is_connected());
    for end in 0..2 {
        let open = link.take(end).iter().filter(|e| matches!(e, Event::DataOpen(_))).count();
        assert_eq!(open, 3, "all three channels open on both sides");
    }

    let pt = link.ends[0].peer.payload_type(mid, Codec::H264, Some(0x0042_e01f)).unwrap();
    let captured = std::time::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let (sent, now) = (access_unit(true, 5000), link.now);
    assert!(link.ends[0].peer.send_frame(
        mid,
        OutgoingFrame {
            pt,
            rid: None,
            time: MediaTime::from_90khz(1234),
            wallclock: now,
            data: sent.clone(),
            captured: Some(captured),
            playout_delay: Some(PlayoutDelay::LIVE),
            audio_level: None,
        }
    ));
    link.run(Duration::from_millis(200));
    let frames: Vec<_> = link.take(1).into_iter().filter_map(|e| if let Event::Frame(f) = e { Some(f) } else { None }).collect();
    let [frame] = frames.as_slice() else { panic!("one frame, not {}", frames.len()) };
    assert_eq!(frame.data, sent);
    assert_eq!(frame.time.numer() % (1 << 32), 1234);
    let off = frame.ext_vals.abs_capture_time.unwrap().capture_time.duration_since(captured).unwrap_or_else(|e| e.duration());
    assert!(off < Duration::from_millis(1), "capture time is off by {off:?}");
    assert_eq!(frame.ext_vals.play_delay_max, Some(MediaTime::from_hundredths(0)));
}

#[test]
fn a_section_carries_one_track_after_another() {
    let mut link = Link::new([&PeerConfig::default(), &PeerConfig::default()]);
    let mid = link.negotiate(|api| api.add_media(MediaKind::Video, Direction::SendOnly, None, None, None));
    link.run(Duration::from_secs(2));
    let pt = link.ends[0].peer.payload_type(mid, Codec::H264, Some(0x0042_e01f)).unwrap();
    // Each track begins at a sequence number of chance: that every one lies above the one before is one case in 65,536.
    for track in 0..16 {
        if track > 0 {
            link.negotiate(|api| api.set_direction(mid, Direction::Inactive));
            let mut sender = link.ends[0].peer.rtc.direct_api();
            let (ssrc, rtx) = (sender.new_ssrc(), sender.new_ssrc());
            assert!(sender.reset_stream_tx(mid, None, ssrc, Some(rtx)).is_some());
            link.negotiate(|api| api.set_direction(mid, Direction::SendOnly));
        }
        let now = link.now;
        let sent = access_unit(true, 5000);
        let frame = OutgoingFrame {
            pt,
            rid: None,
            time: MediaTime::from_90khz(90_000 * track),
            wallclock: now,
            data: sent.clone(),
            captured: None,
            playout_delay: None,
            audio_level: None,
        };
        assert!(link.ends[0].peer.send_frame(mid, frame));
        link.run(Duration::from_millis(200));
        let frames: Vec<_> =
            link.take(1).into_iter().filter_map(|e| if let Event::Frame(f) = e { Some(f.data) } else { None }).collect();
        assert_eq!(frames, [sent], "track {track}");
        let theirs = &mut link.ends[1].peer;
        assert!(theirs.request_key_frame(mid, None));
        let asked = theirs.rtc.direct_api().stream_rx_by_mid(mid, None).map(|stream| stream.ssrc());
        let sending = link.ends[0].peer.rtc.direct_api().stream_tx_by_mid(mid, None).map(|stream| stream.ssrc());
        assert_eq!(asked, sending, "a key frame is asked of the track that is there");
    }
}

#[test]
fn packets_of_our_own_packetizer_are_frames_to_the_other_side() {
    let packets = PeerConfig { media: MediaMode::Packets, ..Default::default() };
    let mut link = Link::new([&packets, &PeerConfig::default()]);
    let mid = link.negotiate(|api| api.add_media(MediaKind::Video, Direction::SendOnly, None, None, None));
    link.run(Duration::from_secs(2));
    let pt = link.ends[0].peer.payload_type(mid, Codec::H264, None).unwrap();
    let sent: Vec<_> = (0..10u32).map(|n| access_unit(n == 0, 3000 * n as usize + 10)).collect();
    let mut seq = 0u64;
    for (n, unit) in (0..).zip(&sent) {
        let (now, peer) = (link.now, &mut link.ends[0].peer);
        crate::h264::packetize(unit, |payload, marker| {
            let packet = OutgoingPacket {
                pt,
                seq_no: seq.into(),
                timestamp: n * 3000,
                wallclock: now,
                marker,
                extensions: ExtensionValues::default(),
                resendable: true,
                payload,
                vp8: None,
            };
            assert!(peer.send_packet(mid, None, packet));
            seq += 1;
        });
        link.run(Duration::from_millis(33));
    }
    link.run(Duration::from_millis(200));
    let got: Vec<_> =
        link.take(1).into_iter().filter_map(|e| if let Event::Frame(f) = e { Some(f.data) } else { None }).collect();
    assert_eq!(got.len(), sent.len());
    assert!(got.iter().zip(&sent).all(|(got, sent)| got == sent));
}

#[test]
fn a_burst_of_data_beyond_the_buffers_arrives_whole_and_in_order() {
    let mut link = Link::new([&PeerConfig::default(), &PeerConfig::default()]);
    link.negotiate(Peer::add_data_channels);
    link.run(Duration::from_secs(2));
    link.take(1);
    // 1.8 MB: fourteen times what the association buffers.
    for n in 0..30u8 {
        link.ends[0].peer.send_data(DataChannel::Reliable, vec![n; 60_000].into()).unwrap();
    }
    assert!(link.ends[0].peer.data_waiting() > 1_000_000);
    link.run(Duration::from_secs(20));
    let got: Vec<_> = link
        .take(1)
        .into_iter()
        .filter_map(|e| if let Event::Data { channel: DataChannel::Reliable, data } = e { Some(data) } else { None })
        .collect();
    assert_eq!(got.len(), 30);
    assert!((0u8..).zip(&got).all(|(n, data)| *data == vec![n; 60_000]));
    assert_eq!(link.ends[0].peer.data_waiting(), 0);
}

#[test]
fn a_burst_of_lossy_data_arrives_whole_where_nothing_is_lost() {
    let mut link = Link::new([&PeerConfig::default(), &PeerConfig::default()]);
    link.negotiate(Peer::add_data_channels);
    link.run(Duration::from_secs(2));
    for n in 0..50u8 {
        link.ends[0].peer.send_data(DataChannel::Lossy, vec![n; 4096].into()).unwrap();
    }
    link.run(Duration::from_secs(3));
    let lossy = |e: &Event| matches!(e, Event::Data { channel: DataChannel::Lossy, .. });
    assert_eq!(link.take(1).iter().filter(|e| lossy(e)).count(), 50);
}

#[test]
fn a_receiver_that_never_opens_its_channel_costs_bounded_memory() {
    let mut link = Link::new([&PeerConfig::default(), &PeerConfig::default()]);
    let peer = &mut link.ends[0].peer;
    for _ in 0..2000 {
        peer.send_data(DataChannel::Lossy, vec![0; 1000].into()).unwrap();
    }
    assert!(peer.data_waiting() <= LOSSY_QUEUE, "the newest lossy packets are kept, the oldest dropped");
    let refused = (0..100).find_map(|_| peer.send_data(DataChannel::Reliable, vec![0; 60_000].into()).err());
    assert!(matches!(refused, Some(DataRefused::Full { .. })));
    assert_eq!(peer.send_data(DataChannel::Reliable, vec![0; 70_000].into()), Err(DataRefused::TooLong(70_000)));
}

#[test]
fn the_answer_to_an_offer_that_names_the_sps_profile_prefers_it() {
    let main = PeerConfig { h264: vec![0x004d_001f, 0x0042_e01f], ..Default::default() };
    let mut link = Link::new([&main, &PeerConfig::default()]);
    let mid = link.negotiate(|api| api.add_media(MediaKind::Video, Direction::SendOnly, None, None, None));
    let peer = &link.ends[0].peer;
    let pt = peer.payload_type(mid, Codec::H264, Some(0x004d_0028)).unwrap();
    assert_eq!(peer.codec(pt), Some((Codec::H264, Some(0x004d_001f))), "level does not matter, profile does");
}

#[test]
fn bad_descriptions_and_datagrams_are_refused_and_change_nothing() {
    let mut link = Link::new([&PeerConfig::default(), &PeerConfig::default()]);
    let now = link.now;
    let [a, b] = &mut link.ends;
    assert!(matches!(a.peer.accept_offer("hello"), Err(NegotiationError::Syntax(_))));
    assert!(matches!(a.peer.accept_offer(&"v=0\r\n".repeat(100_000)), Err(NegotiationError::Bounds(_))));
    assert!(matches!(a.peer.accept_answer("v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"), Err(NegotiationError::NoOffer)));
    let (_, offer) = a.peer.offer(Peer::add_data_channels).unwrap();
    assert!(matches!(a.peer.offer(|_| ()), Err(NegotiationError::OfferOutstanding)));
    for garbage in [&[][..], &[0; 3], &[22; 100], &[128; 50], &[0xff; 1400], &[0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42]] {
        a.peer.handle_datagram(now, Protocol::Udp, b.address, a.address, garbage);
    }
    let answer = b.peer.accept_offer(&offer.unwrap()).unwrap();
    a.peer.accept_answer(&answer).unwrap();
    link.run(Duration::from_secs(2));
    assert!(link.ends[0].peer.is_connected());
}

#[test]
fn the_edited_answer_still_makes_a_connection() {
    let mut link = Link::new([&PeerConfig::default(), &PeerConfig::default()]);
    let [client, server] = &mut link.ends;
    let (mids, offer) = client
        .peer
        .offer(|api| {
            Peer::add_data_channels(api);
            [0; 2].map(|_| api.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None))
        })
        .unwrap();
    let answer = server.peer.accept_offer(&offer.unwrap()).unwrap();
    let mut answer = Sdp::parse(&answer).unwrap();
    let mid = mids[1].to_string();
    answer.bind(&[crate::sdp::SectionTrack { mid: &mid, stream: "PA_x|TR_y", track: "TR_y" }]);
    client.peer.accept_answer(&answer.to_string()).unwrap();
    link.run(Duration::from_secs(2));
    let client = &link.ends[0].peer;
    assert!(client.is_connected());
    assert_eq!(client.media(mids[0]), Some((MediaKind::Video, Direction::Inactive)), "the spare section");
    assert_eq!(client.media(mids[1]), Some((MediaKind::Video, Direction::RecvOnly)));
}

#[test]
fn a_closed_peer_says_good_bye_and_ends() {
    let mut link = Link::new([&PeerConfig::default(), &PeerConfig::default()]);
    link.negotiate(Peer::add_data_channels);
    link.run(Duration::from_secs(2));
    link.ends[0].peer.close();
    link.run(Duration::from_secs(1));
    assert!(!link.ends[0].peer.is_alive());
    assert!(link.take(1).iter().any(|e| matches!(e, Event::Closed)));
}
