//! Engines of the server's own process: what they publish and receive over a link.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rtc::local::{Frame, FrameData, FromRoom, Packet, ToRoom};
use rtc::proto::{self, TrackSource};
use rtc::signal::{Request, Response, encode_request};

use super::world::{World, grant, picture};
use crate::core::track::KEY_FRAME_PAUSE;
use crate::core::{ClientTraits, Way};

fn signal(world: &mut World, index: usize, request: Request) {
    let conn = world.clients[index].conn;
    world.core.link(conn, ToRoom::Signal(encode_request(request)), world.at);
    world.run(20);
}

fn a_frame(world: &World, sid: &str, number: u32, key: bool, size: usize) -> Frame {
    Frame {
        track: sid.into(),
        rid: None,
        data: FrameData::Picture(Arc::new(picture(key, 7, size))),
        timestamp: number * 3000,
        captured_at: world.at.now,
        captured: Some(world.at.wall),
        playout_delay: None,
        audio_level: None,
    }
}

fn frame(world: &mut World, index: usize, sid: &str, number: u32, key: bool, size: usize) {
    let frame = a_frame(world, sid, number, key, size);
    let conn = world.clients[index].conn;
    world.core.link(conn, ToRoom::Frame(frame), world.at);
    world.run(33);
}

/// What came over the link of a client since the last time, media and wishes.
fn heard(world: &mut World, index: usize) -> Vec<FromRoom> {
    let conn = world.clients[index].conn;
    let (ours, others) = std::mem::take(&mut world.core.out.links).into_iter().partition(|(to, _)| *to == conn);
    world.core.out.links = others;
    let ours: Vec<_> = ours;
    ours.into_iter().map(|(_, message)| message).collect()
}

fn publish(world: &mut World, index: usize) -> String {
    let request = proto::AddTrackRequest {
        cid: "c".into(),
        r#type: proto::TrackType::Video as i32,
        source: TrackSource::Camera as i32,
        width: 1280,
        height: 720,
        ..Default::default()
    };
    signal(world, index, Request::AddTrack(request));
    let published = world.clients[index].inbox.iter().rev().find_map(|message| match message {
        Response::TrackPublished(published) => published.track.clone(),
        _ => None,
    });
    published.expect("the track is taken").sid
}

#[test]
fn an_engine_inside_is_seen_at_once_and_its_pictures_reach_viewers_of_every_kind() {
    let mut world = World::new();
    let camera = world.join("cam", Way::Local);
    let viewers = [world.join("two", Way::Two), world.join("one", Way::One)];
    let sid = publish(&mut world, camera);
    world.run(1500);
    for viewer in viewers {
        let known = world.clients[viewer].knows("cam").expect("it is seen");
        assert_eq!(known.state, proto::participant_info::State::Active as i32);
        assert_eq!(known.tracks[0].sid, sid);
    }
    let wanted = heard(&mut world, camera);
    assert!(
        wanted.iter().any(|m| matches!(m, FromRoom::KeyFrameWanted { track, .. } if **track == *sid)),
        "a viewer cannot begin without a key frame: {wanted:?}"
    );
    for number in 0..30 {
        // The key frame is many packets long.
        frame(&mut world, camera, &sid, number, number == 0, if number == 0 { 100_000 } else { 3000 });
    }
    for viewer in viewers {
        let pictures = world.pictures(viewer);
        assert_eq!(pictures.len(), 30, "every picture arrives");
        assert_eq!(pictures[0], (7, true));
    }

    let conn = world.clients[camera].conn;
    world.core.link(conn, ToRoom::Unpublish(sid.as_str().into()), world.at);
    world.run(100);
    assert!(viewers.iter().all(|viewer| world.clients[*viewer].knows("cam").is_some_and(|cam| cam.tracks.is_empty())));
    world.core.link(conn, ToRoom::Closed, world.at);
    world.run(100);
    let gone = proto::participant_info::State::Disconnected as i32;
    assert!(viewers.iter().all(|viewer| world.clients[*viewer].knows("cam").is_some_and(|cam| cam.state == gone)));
}

#[test]
fn the_packets_of_a_picture_are_of_one_size_so_that_the_kernel_takes_them_in_one_call() {
    let mut world = World::new();
    let camera = world.join("cam", Way::Local);
    world.join("two", Way::Two);
    world.join("one", Way::One);
    let sid = publish(&mut world, camera);
    world.run(1500);
    frame(&mut world, camera, &sid, 0, true, 3000);
    for (number, size) in (1..).zip([2000, 3000, 5001, 20_003, 100_000]) {
        let picture = Frame { playout_delay: Some(rtc::PlayoutDelay::LIVE), ..a_frame(&world, &sid, number, false, size) };
        let conn = world.clients[camera].conn;
        world.core.link(conn, ToRoom::Frame(picture), world.at);
        world.settle();
        let mut bursts: HashMap<SocketAddr, Vec<usize>> = HashMap::new();
        // RTP alone: RTCP has types of its own (RFC 5761).
        let media = |packet: &[u8]| packet[0] & 0xc0 == 0x80 && !(192..=223).contains(&packet[1]);
        for datagram in world.core.out.transmits.iter().filter(|datagram| media(&datagram.contents)) {
            bursts.entry(datagram.destination).or_default().push(datagram.contents.len());
        }
        assert_eq!(bursts.len(), 2, "both viewers get it at once");
        for sizes in bursts.values() {
            let (last, rest) = sizes.split_last().unwrap();
            assert!(sizes.len() > 1 && rest.iter().all(|size| *size == rest[0]) && *last <= rest[0], "{sizes:?}");
        }
        world.run(33);
    }
}

#[test]
fn a_key_frame_that_passes_before_a_viewers_path_is_up_is_not_taken_for_seen() {
    let mut world = World::new();
    let camera = world.join("cam", Way::Local);
    let sid = publish(&mut world, camera);
    let traits = ClientTraits { auto_subscribe: true, ..Default::default() };
    let viewer = world.enter("two", Way::Two, grant("camera"), traits);
    // Offered and answered, but no datagram has arrived yet.
    world.run(0);
    heard(&mut world, camera);
    let conn = world.clients[camera].conn;
    world.core.link(conn, ToRoom::Frame(a_frame(&world, &sid, 0, true, 3000)), world.at);
    world.run(1000);
    let wanted = heard(&mut world, camera).iter().any(|message| matches!(message, FromRoom::KeyFrameWanted { .. }));
    assert!(wanted, "it needs one of its own");
    for number in 1..5 {
        frame(&mut world, camera, &sid, number, number == 1, 3000);
    }
    assert_eq!(world.pictures(viewer).first(), Some(&(7, true)));
}

#[test]
fn a_key_frame_that_is_wanted_too_soon_is_asked_for_as_soon_as_it_may_be() {
    let mut world = World::new();
    let camera = world.join("cam", Way::Local);
    let viewer = world.join("one", Way::One);
    let sid = publish(&mut world, camera);
    world.run(1500);
    for number in 0..20 {
        frame(&mut world, camera, &sid, number, number == 0, 3000);
    }
    heard(&mut world, camera);
    let mut asked = Vec::new();
    for number in 20..22 {
        world.clients[viewer].ask_key_frame();
        let patience = world.at.now + 2 * KEY_FRAME_PAUSE;
        while !heard(&mut world, camera).iter().any(|message| matches!(message, FromRoom::KeyFrameWanted { .. })) {
            assert!(world.at.now < patience, "it is never asked for");
            world.run(1);
        }
        asked.push(world.at.now);
        frame(&mut world, camera, &sid, number, true, 3000);
    }
    let waited = asked[1] - asked[0];
    assert!((KEY_FRAME_PAUSE..KEY_FRAME_PAUSE + Duration::from_millis(5)).contains(&waited), "{waited:?}");
}

#[test]
fn an_engine_inside_receives_pictures_and_each_subscription_counts_anew() {
    let mut world = World::new();
    let camera = world.join("cam", Way::Two);
    let engine = world.join("engine", Way::Local);
    let sid = world.publish(camera, "c", TrackSource::Camera, &[]);
    world.stream(camera, "c", 0, 30, &[]);
    let packets = |heard: Vec<FromRoom>| -> Vec<Packet> {
        heard.into_iter().filter_map(|m| if let FromRoom::Packet(packet) = m { Some(packet) } else { None }).collect()
    };
    let first = packets(heard(&mut world, engine));
    assert!(first.iter().filter(|packet| packet.marker).count() >= 25, "{}", first.len());
    assert!(first.iter().all(|packet| *packet.track == *sid));
    assert!(first.windows(2).all(|two| two[1].seq == two[0].seq + 1));
    let subscribe = |subscribe| {
        Request::Subscription(proto::UpdateSubscription { track_sids: vec![sid.clone()], subscribe, ..Default::default() })
    };
    signal(&mut world, engine, subscribe(false));
    heard(&mut world, engine);
    world.stream(camera, "c", 30, 10, &[]);
    assert!(packets(heard(&mut world, engine)).is_empty(), "nobody asked for it");
    signal(&mut world, engine, subscribe(true));
    world.stream(camera, "c", 40, 30, &[]);
    let second = packets(heard(&mut world, engine));
    assert_ne!(second[0].subscription, first[0].subscription);
    assert!(rtc::h264::starts_key_frame(&second[0].payload), "it begins where a decoder can");
}

#[test]
fn one_identity_is_in_the_room_once_whichever_way_it_came() {
    let mut world = World::new();
    let first = world.join("cam", Way::Local);
    let viewer = world.join("viewer", Way::Two);
    world.join("cam", Way::Local);
    let leave = world.clients[first]
        .inbox
        .iter()
        .any(|m| matches!(m, Response::Leave(leave) if leave.reason == proto::DisconnectReason::DuplicateIdentity as i32));
    assert!(leave && !world.clients[first].connected, "the earlier one is told and ended");
    // What the earlier one still says counts for nothing.
    let conn = world.clients[first].conn;
    world.core.link(conn, ToRoom::Closed, world.at);
    world.run(1000);
    let known = world.clients[viewer].knows("cam").expect("it is seen");
    assert_eq!(known.state, proto::participant_info::State::Active as i32);
}

#[test]
fn all_packets_of_a_picture_leave_in_one_go() {
    let mut world = World::new();
    let camera = world.join("cam", Way::Local);
    let viewers = [world.join("two", Way::Two), world.join("one", Way::One)];
    let sid = publish(&mut world, camera);
    world.run(1500);
    for (number, size) in [(0, 200_000), (1, 3000), (2, 30_000)] {
        let sent = Frame {
            track: sid.as_str().into(),
            rid: None,
            data: FrameData::Picture(Arc::new(picture(number == 0, 7, size))),
            timestamp: number * 3000,
            captured_at: world.at.now,
            captured: None,
            playout_delay: None,
            audio_level: None,
        };
        world.core.out.transmits.clear();
        let conn = world.clients[camera].conn;
        // No time passes after this.
        world.core.link(conn, ToRoom::Frame(sent), world.at);
        world.settle();
        let bytes: usize = world.core.out.transmits.iter().map(|transmit| transmit.contents.len()).sum();
        assert!(bytes >= size * viewers.len(), "picture {number}: {bytes} bytes of twice {size}");
        // What belongs to one viewer lies together, for one system call.
        let receivers: Vec<_> = world.core.out.transmits.iter().map(|transmit| transmit.destination).collect();
        assert_eq!(receivers.chunk_by(|a, b| a == b).count(), viewers.len(), "picture {number}");
        world.run(33);
    }
}
