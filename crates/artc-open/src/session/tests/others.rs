//! The others: their messages, and who they are.

use artc_bindings::{DataChannelMsg, Event};
use rtc::proto;
use rtc::signal::Response;

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
        ["OnRemoteUserOnLineNotify", "OnRemoteTrackAvailableNotify", "OnVideoSubscribeStateChanged"],
        "an old update says nothing"
    );
    assert_eq!(stage.seen.subscriptions.len(), 1);
    assert_eq!(stage.seen.subscriptions[0].track_sids, ["TR_x"]);
    stage.say(person(State::Disconnected, vec![], 4));
    stage.run(SECOND);
    let names: Vec<_> = stage.told().iter().map(Event::name).collect();
    assert_eq!(names, ["OnVideoSubscribeStateChanged", "OnRemoteUserOffLineNotify"]);
}
