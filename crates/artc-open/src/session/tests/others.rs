//! The others: their messages, and who they are.

use artc_bindings::{DataChannelMsg, Event, VideoStreamType, VideoTrack};
use rtc::proto;
use rtc::signal::Response;

use super::stage::Stage;
use super::{SECOND, flowing};
use crate::command::Command;

#[test]
fn messages_reach_the_other_side_in_order_and_come_back_once() {
    let mut stage = flowing(10);
    stage.run(SECOND);
    stage.told();
    stage.command(Command::DataSwitches(Some(true), Some(true)));
    for n in 0..20u8 {
        stage.command(Command::Data(DataChannelMsg::custom([n])));
    }
    stage.command(Command::Message { to: "app".into(), data: b"{}".to_vec() });
    let bytes: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
    stage.command(Command::Bytes {
        to: "app".into(),
        topic: "artc.snapshot".into(),
        name: "a.jpg".into(),
        mime: "image/jpeg".into(),
        bytes: bytes.clone(),
    });
    stage.run(3 * SECOND);
    let sequences: Vec<u32> = stage.seen.data.iter().map(|p| p.sequence).collect();
    assert_eq!(sequences, (1..=sequences.len() as u32).collect::<Vec<_>>());
    use proto::data_packet::Value;
    let command = stage.seen.data.iter().find(|p| p.destination_identities == ["app"]).unwrap();
    assert!(matches!(&command.value, Some(Value::User(u)) if u.topic.as_deref() == Some("artc.rpc")));
    let content: Vec<u8> = stage
        .seen
        .data
        .iter()
        .filter_map(|p| if let Some(Value::StreamChunk(c)) = &p.value { Some(c.content.clone()) } else { None })
        .flatten()
        .collect();
    assert_eq!(content, bytes);
    let user = |topic: Option<&str>, sequence| proto::DataPacket {
        participant_sid: "PA_other".into(),
        participant_identity: "app".into(),
        sequence,
        value: Some(Value::User(proto::UserPacket { payload: vec![7], topic: topic.map(str::to_owned), ..Default::default() })),
        ..Default::default()
    };
    for packet in [user(None, 1), user(None, 1), user(Some("artc.rpc"), 2), user(Some("other"), 3), user(Some("artc.rpc"), 2)] {
        stage.server_sends("PA_1", packet);
    }
    stage.run(SECOND);
    let told: Vec<_> = stage.told().iter().map(Event::name).filter(|n| *n != "OnRemoteVideoSample").collect();
    assert_eq!(told, ["OnDataChannelMsg", "CommandMessage"]);
}

#[test]
fn datagrams_that_come_together_are_all_heard() {
    let mut stage = flowing(14);
    stage.command(Command::DataSwitches(Some(true), Some(true)));
    stage.run(SECOND);
    stage.told();
    for n in 0..60u8 {
        let user = proto::UserPacket { payload: vec![n; 4000], ..Default::default() };
        let packet = proto::DataPacket {
            participant_sid: "PA_other".into(),
            participant_identity: "app".into(),
            value: Some(proto::data_packet::Value::User(user)),
            ..Default::default()
        };
        // Nothing is sent twice on this channel: what is not heard is lost.
        stage.server_sends_on(rtc::DataChannel::Lossy, "PA_1", packet);
    }
    stage.run(3 * SECOND);
    assert_eq!(stage.told().iter().filter(|e| e.name() == "OnDataChannelMsg").count(), 60);
}

#[test]
fn people_are_seen_subscribed_and_missed() {
    let mut stage = flowing(11);
    stage.told();
    let person = |state: proto::participant_info::State, tracks: Vec<proto::TrackInfo>, version| {
        Response::Update(proto::ParticipantUpdate {
            participants: vec![proto::ParticipantInfo {
                sid: "PA_x".into(),
                identity: "bob".into(),
                state: state as i32,
                tracks,
                version,
                ..Default::default()
            }],
        })
    };
    let camera = proto::TrackInfo { sid: "TR_x".into(), source: proto::TrackSource::Camera as i32, ..Default::default() };
    use proto::participant_info::State;
    stage.say(person(State::Active, vec![camera], 3));
    stage.say(person(State::Active, vec![], 2));
    stage.run(SECOND);
    let names: Vec<_> = stage.told().iter().map(Event::name).collect();
    assert_eq!(
        names,
        [
            "OnRemoteUserOnLineNotify",
            "OnRemoteTrackAvailableNotify",
            "OnVideoSubscribeStateChanged",
            "OnSubscribeStreamTypeChanged",
        ],
        "an old update says nothing"
    );
    assert_eq!(stage.seen.subscriptions.len(), 1);
    assert_eq!(stage.seen.subscriptions[0].track_sids, ["TR_x"]);
    stage.say(person(State::Disconnected, vec![], 4));
    stage.run(SECOND);
    let names: Vec<_> = stage.told().iter().map(Event::name).collect();
    assert_eq!(names, ["OnVideoSubscribeStateChanged", "OnSubscribeStreamTypeChanged", "OnRemoteUserOffLineNotify"]);
}

#[test]
fn a_role_that_a_token_names_is_told_unless_its_bearer_could_have_written_it() {
    let mut stage = flowing(21);
    stage.told();
    let mut version = 0;
    let mut says = |stage: &mut Stage, sid: &str, role: Option<&str>, may_write: Option<bool>| {
        version += 1;
        let attributes = role.map(|role| ("artc.command.role".to_owned(), role.to_owned())).into_iter().collect();
        let permission = may_write.map(|may| proto::ParticipantPermission { can_update_metadata: may, ..Default::default() });
        let state = proto::participant_info::State::Active as i32;
        let (sid, identity) = (sid.to_owned(), "bob".to_owned());
        let bob = proto::ParticipantInfo { sid, identity, state, attributes, permission, version, ..Default::default() };
        stage.say(Response::Update(proto::ParticipantUpdate { participants: vec![bob] }));
        stage.run(SECOND);
        let roles = stage.told().into_iter().filter_map(|event| match event {
            Event::CommandRole { uid, role } => Some((uid, role)),
            _ => None,
        });
        roles.collect::<Vec<_>>()
    };
    let told = |role: Option<&str>| vec![("bob".to_owned(), role.map(str::to_owned))];
    assert_eq!(says(&mut stage, "PA_b1", Some("operate"), Some(false)), told(Some("operate")));
    assert_eq!(says(&mut stage, "PA_b1", Some("operate"), Some(false)), [], "once");
    assert_eq!(says(&mut stage, "PA_b1", Some("observe"), Some(false)), told(Some("observe")), "by who rules over the room");
    assert_eq!(says(&mut stage, "PA_b1", Some("own"), Some(true)), told(None), "now these may be his own words");
    assert_eq!(says(&mut stage, "PA_b1", Some("own"), Some(false)), [], "and they still may be when he may write no more");
    assert_eq!(says(&mut stage, "PA_b2", Some("operate"), Some(false)), told(Some("operate")), "another visit, another token");
    assert_eq!(says(&mut stage, "PA_b3", Some("operate"), None), told(None), "a server that does not tell who may write");
    assert_eq!(says(&mut stage, "PA_b4", Some(&"o".repeat(33)), Some(false)), []);
    assert_eq!(says(&mut stage, "PA_b5", Some("operate"), Some(false)), told(Some("operate")));
    let state = proto::participant_info::State::Disconnected as i32;
    let gone = proto::ParticipantInfo { sid: "PA_b5".into(), identity: "bob".into(), state, ..Default::default() };
    stage.say(Response::Update(proto::ParticipantUpdate { participants: vec![gone] }));
    stage.run(SECOND);
    assert!(stage.told().iter().any(|event| matches!(event, Event::CommandRole { role: None, .. })), "it goes with him");
}

/// Bob is there with these tracks.
fn bob(stage: &mut Stage, tracks: Vec<proto::TrackInfo>) {
    let state = proto::participant_info::State::Active as i32;
    let (sid, identity) = ("PA_x".into(), "bob".into());
    let bob = proto::ParticipantInfo { sid, identity, state, tracks, ..Default::default() };
    stage.say(Response::Update(proto::ParticipantUpdate { participants: vec![bob] }));
    stage.run(SECOND);
}

fn track(sid: &str, source: proto::TrackSource, mime: &str) -> proto::TrackInfo {
    let layer = |quality: proto::VideoQuality| proto::VideoLayer { quality: quality as i32, ..Default::default() };
    let layers = vec![layer(proto::VideoQuality::Low), layer(proto::VideoQuality::High)];
    let codec = proto::SimulcastCodecInfo { mime_type: mime.into(), layers, ..Default::default() };
    let (sid, mime_type, codecs) = (sid.into(), mime.into(), vec![codec]);
    proto::TrackInfo { sid, source: source as i32, mime_type, codecs, ..Default::default() }
}

#[test]
fn of_a_users_tracks_sound_is_asked_for_first_however_the_server_names_them() {
    use proto::TrackSource::{Camera, Microphone, ScreenShare};
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
        let mut stage = flowing(20);
        stage.told();
        let all = [
            track("TR_c", Microphone, "audio/opus"),
            track("TR_b", Camera, "video/H264"),
            track("TR_a", ScreenShare, "video/VP8"),
        ];
        bob(&mut stage, order.map(|n| all[n].clone()).to_vec());
        let names: Vec<_> = stage.told().iter().map(Event::name).collect();
        let asked = [
            "OnAudioSubscribeStateChanged",
            "OnVideoSubscribeStateChanged",
            "OnSubscribeStreamTypeChanged",
            "OnScreenShareSubscribeStateChanged",
        ];
        assert_eq!(names[2..], asked);
        assert_eq!(stage.seen.subscriptions[0].track_sids, ["TR_c", "TR_b", "TR_a"]);
        // What is published no more is subscribed no more.
        bob(&mut stage, vec![all[0].clone()]);
        let names: Vec<_> = stage.told().iter().map(Event::name).collect();
        assert!(names.contains(&asked[1]) && names.contains(&asked[2]) && names.contains(&asked[3]), "{names:?}");
    }
}

#[test]
fn a_track_that_nobody_here_decodes_is_named_once() {
    let mut stage = flowing(21);
    stage.told();
    let tracks = vec![
        track("TR_c", proto::TrackSource::Microphone, "audio/opus"),
        track("TR_b", proto::TrackSource::Camera, "video/AV1"),
        track("TR_a", proto::TrackSource::ScreenShare, "video/vp8"),
    ];
    bob(&mut stage, tracks);
    for on in [false, true] {
        stage.command(Command::SubscribeVideo("bob".into(), VideoTrack::Camera, on));
        stage.run(SECOND);
    }
    let told = stage.told();
    let warnings: Vec<_> =
        told.iter().filter_map(|e| if let Event::Warning { detail, .. } = e { Some(detail.as_str()) } else { None }).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("bob") && warnings[0].contains("video/av1") && warnings[0].contains("VP8"), "{warnings:?}");
}

#[test]
fn the_small_stream_is_asked_for_where_there_is_one() {
    let low = proto::VideoQuality::Low as i32;
    let changes = |told: Vec<Event>| -> Vec<(i64, i64)> {
        told.iter()
            .filter_map(|event| match event {
                Event::SubscribeStreamTypeChanged { old_stream_type, new_stream_type, .. } => {
                    Some((old_stream_type.value(), new_stream_type.value()))
                }
                _ => None,
            })
            .collect()
    };
    let camera = track("TR_b", proto::TrackSource::Camera, "video/H264");
    let mut stage = flowing(22);
    stage.told();
    stage.command(Command::DefaultStream(VideoStreamType::Low));
    bob(&mut stage, vec![camera.clone()]);
    assert_eq!(changes(stage.told()), [(0, 2)]);
    assert_eq!(stage.seen.settings.iter().map(|s| s.quality).collect::<Vec<_>>(), [low]);
    // The default is that of the subscription's time.
    stage.command(Command::DefaultStream(VideoStreamType::High));
    stage.run(SECOND);
    assert!(changes(stage.told()).is_empty());
    stage.command(Command::RemoteStream("bob".into(), VideoStreamType::High));
    stage.command(Command::RemoteStream("bob".into(), VideoStreamType::None));
    stage.run(SECOND);
    assert_eq!(changes(stage.told()), [(2, 1)], "nothing is no stream");
    assert_eq!(stage.seen.settings.len(), 2);
    stage.command(Command::SubscribeVideo("bob".into(), VideoTrack::Camera, false));
    stage.run(SECOND);
    assert_eq!(changes(stage.told()), [(1, 0)]);
    // A sender without a small stream: always the big one.
    let mut single = camera;
    single.codecs[0].layers.pop();
    stage.command(Command::RemoteStream("bob".into(), VideoStreamType::Low));
    stage.command(Command::SubscribeVideo("bob".into(), VideoTrack::Camera, true));
    bob(&mut stage, vec![single]);
    assert_eq!(changes(stage.told()).last(), Some(&(2, 1)), "when the small one ends");
}
