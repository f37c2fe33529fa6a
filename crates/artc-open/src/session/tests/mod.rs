//! Joining, losing, finding again: the session against a server that does what servers do, on a virtual clock.

mod stage;

use std::time::Duration;

use artc_bindings::{ConnectionStatus as Status, DataChannelMsg, ErrorCode, Event, PublishState};
use proptest::prelude::*;
use rtc::proto::{self, DisconnectReason, leave_request::Action};
use rtc::signal::Response;

use super::*;
use crate::command::Command;
use stage::{Door, Stage};

const SECOND: Duration = Duration::from_secs(1);

/// A stage on which pictures flow.
fn flowing(seed: u64) -> Stage {
    let mut stage = Stage::new(seed);
    stage.join();
    assert!(stage.until(10 * SECOND, |s| s.flows()).is_some(), "pictures flow: {:?}", stage.told());
    stage
}

fn statuses(told: &[Event]) -> Vec<Status> {
    told.iter().filter_map(|e| if let Event::ConnectionState { status, .. } = e { Some(*status) } else { None }).collect()
}

fn errors(told: &[Event]) -> Vec<ErrorCode> {
    told.iter().filter_map(|e| if let Event::Error { code, .. } = e { Some(*code) } else { None }).collect()
}

#[test]
fn a_join_publishes_and_tells_it_in_the_documented_order() {
    let mut stage = flowing(1);
    stage.run(SECOND);
    let told = stage.told();
    assert_eq!(statuses(&told), [Status::Connecting, Status::Connected]);
    assert!(
        told.iter().any(|e| matches!(e, Event::JoinChannelResult { result: ErrorCode::Ok, channel, .. } if channel == "yard"))
    );
    let states: Vec<_> = told
        .iter()
        .filter_map(|e| if let Event::VideoPublishStateChanged(c) = e { Some((c.old_state, c.new_state)) } else { None })
        .collect();
    use PublishState as P;
    assert_eq!(states, [(P::Idle, P::Publishing), (P::Publishing, P::Published)]);
    assert_eq!(stage.seen.tracks.len(), 1);
    assert!(stage.seen.frames > 25);
    stage.command(Command::Leave);
    stage.run(SECOND);
    let told = stage.told();
    assert!(told.iter().any(|e| matches!(e, Event::LeaveChannelResult { result: ErrorCode::Ok })));
    assert_eq!(statuses(&told), [Status::Disconnected]);
    assert_eq!(stage.seen.left, 1);
    assert!(!stage.session.busy());
}

#[test]
fn a_broken_signalling_connection_is_resumed_and_the_picture_never_stops() {
    let mut stage = flowing(2);
    stage.told();
    stage.break_signalling();
    let mut worst = Duration::ZERO;
    let resumed = stage.until(5 * SECOND, |s| {
        worst = worst.max(s.seen.last_frame.map_or(Duration::ZERO, |at| s.now - at));
        s.seen.resumes == 1 && s.session.online()
    });
    assert!(resumed.is_some_and(|t| t < SECOND), "{resumed:?}");
    stage.run(3 * SECOND);
    assert!(worst < Duration::from_millis(100), "the picture stood still for {worst:?}");
    assert!(stage.flows());
    assert_eq!((stage.seen.joins, stage.seen.tracks.len()), (1, 1), "nothing is published twice");
    assert_eq!(statuses(&stage.told()), [Status::Reconnecting, Status::Connected]);
    let sync = stage.seen.sync.as_ref().unwrap();
    assert_eq!(sync.publish_tracks.len(), 1);
    assert!(sync.answer.is_some());
}

#[test]
fn an_outage_of_five_seconds_ends_within_a_second_of_the_links_return() {
    for seed in 0..5 {
        let mut stage = flowing(seed);
        stage.cut = true;
        stage.run(5 * SECOND);
        stage.cut = false;
        stage.command(Command::NetworkChanged);
        let back = stage.until(20 * SECOND, |s| s.flows());
        assert!(back.is_some_and(|t| t <= SECOND), "seed {seed}: {back:?}");
        assert_eq!(stage.seen.joins, 1, "seed {seed}");
    }
}

#[test]
fn a_server_that_was_started_anew_is_joined_anew_and_everything_is_published_again() {
    let mut stage = flowing(3);
    stage.told();
    stage.restart_server();
    let back = stage.until(5 * SECOND, |s| s.seen.joins == 2 && s.flows());
    assert!(back.is_some_and(|t| t < 2 * SECOND), "{back:?}");
    assert_eq!(stage.seen.tracks.len(), 2);
    assert_ne!(stage.seen.tracks[0].cid, stage.seen.tracks[1].cid);
    assert_eq!(statuses(&stage.told()), [Status::Reconnecting, Status::Connected]);
    stage.run(5 * SECOND);
    assert_eq!(stage.seen.joins, 2, "and stays");
}

#[test]
fn it_tries_for_ever_with_pauses_of_at_most_thirty_seconds_and_comes_back_after_a_day() {
    let mut stage = flowing(4);
    stage.camera = false;
    stage.cut = true;
    let before = stage.dials.len();
    stage.run(Duration::from_secs(24 * 3600));
    let dials = &stage.dials[before..];
    let longest = dials.windows(2).map(|w| w[1] - w[0]).max().unwrap();
    assert!(longest <= Duration::from_secs(31), "{longest:?}");
    assert!((4000..9000).contains(&dials.len()), "{} attempts in a day", dials.len());
    stage.cut = false;
    stage.camera = true;
    stage.next_picture_now();
    stage.command(Command::NetworkChanged);
    let back = stage.until(10 * SECOND, |s| s.flows());
    assert!(back.is_some_and(|t| t <= 5 * SECOND), "{back:?}");
}

#[test]
fn what_the_server_says_on_leave_is_obeyed() {
    let mut stage = flowing(5);
    stage.dismiss(DisconnectReason::UnknownReason, Action::Resume);
    assert!(stage.until(5 * SECOND, |s| s.seen.resumes == 1).is_some());
    stage.run(2 * SECOND);
    stage.dismiss(DisconnectReason::Migration, Action::Reconnect);
    assert!(stage.until(5 * SECOND, |s| s.seen.joins == 2 && s.flows()).is_some());
    stage.dismiss(DisconnectReason::ServerShutdown, Action::Disconnect);
    assert!(
        stage.until(5 * SECOND, |s| s.seen.joins == 3 && s.flows()).is_some(),
        "a server going down is no reason to stay away"
    );
    stage.run(2 * SECOND);
    stage.told();
    stage.dismiss(DisconnectReason::DuplicateIdentity, Action::Disconnect);
    stage.run(60 * SECOND);
    let told = stage.told();
    assert_eq!(errors(&told), [ErrorCode::LeaveUnusual]);
    assert_eq!(statuses(&told), [Status::Failed]);
    assert_eq!(stage.seen.joins, 3, "two devices with one identity must not throw each other out for ever");
    assert!(!stage.session.busy());
}

#[test]
fn the_newest_token_is_used_then_the_first_and_then_the_caller_is_asked() {
    let mut stage = flowing(6);
    stage.run(SECOND);
    stage.seen.tokens.clear();
    stage.told();
    stage.door = Door::Refuses(ConnectError::TokenExpired);
    stage.restart_server();
    stage.run(60 * SECOND);
    assert_eq!(stage.seen.tokens, ["refreshed", "first"]);
    let told = stage.told();
    assert_eq!(errors(&told), [ErrorCode::JoinBadToken]);
    assert_eq!(statuses(&told).last(), Some(&Status::Failed));
}

#[test]
fn a_first_join_that_fails_says_why_once_and_can_be_tried_again() {
    let refusals = [
        (ConnectError::TokenExpired, ErrorCode::JoinBadToken),
        (ConnectError::NoRoom { why: "no".into() }, ErrorCode::JoinBadChannel),
        (ConnectError::NotLiveKit { host: "h".into(), why: "w".into() }, ErrorCode::JoinFailed),
        (ConnectError::Unreachable { host: "h".into(), why: "w".into() }, ErrorCode::NetworkConnectFail),
    ];
    let mut stage = Stage::new(7);
    for (error, code) in refusals {
        stage.door = Door::Refuses(error);
        stage.join();
        stage.run(40 * SECOND);
        let results: Vec<_> = stage
            .told()
            .into_iter()
            .filter_map(|e| if let Event::JoinChannelResult { result, .. } = e { Some(result) } else { None })
            .collect();
        assert_eq!(results, [code]);
    }
    stage.door = Door::Open;
    stage.join();
    assert!(stage.until(10 * SECOND, |s| s.flows()).is_some());
}

#[test]
fn a_track_that_the_server_refuses_is_told_and_not_asked_for_again() {
    let mut stage = Stage::new(8);
    stage.takes_tracks = false;
    stage.join();
    stage.run(20 * SECOND);
    let told = stage.told();
    assert_eq!(errors(&told), [ErrorCode::PublishVideoStreamFailed]);
    assert_eq!(stage.seen.tracks.len(), 1);
    assert_eq!(statuses(&told), [Status::Connecting, Status::Connected], "and the channel stays joined");
}

/// The server says whether anybody watches.
fn quality(enabled: bool) -> Response {
    Response::SubscribedQualityUpdate(proto::SubscribedQualityUpdate {
        track_sid: "TR_1".into(),
        subscribed_codecs: vec![proto::SubscribedCodec {
            codec: "h264".into(),
            qualities: vec![proto::SubscribedQuality { quality: 2, enabled }],
        }],
        ..Default::default()
    })
}

#[test]
fn a_path_that_rested_is_not_taken_for_a_poor_one() {
    let mut stage = flowing(9);
    stage.run(2 * SECOND);
    stage.say(quality(false));
    stage.run(SECOND);
    // What an estimator makes of reports and nothing else.
    stage.session.bandwidth(30_000, stage.now);
    stage.run(60 * SECOND);
    stage.say(quality(true));
    assert!(stage.until(SECOND, |s| s.flows()).is_some(), "pictures flow again");
    let target = stage.session.setup.shared.network.target_kbps();
    assert!(target >= 400, "{target} kbit/s for the first who watches");
}

#[test]
fn the_encoder_rests_while_nobody_watches() {
    let mut stage = flowing(9);
    stage.told();
    stage.say(quality(true));
    stage.run(SECOND);
    let needed = |told: Vec<Event>| {
        told.iter().filter_map(|e| if let Event::StreamNeeded(n) = e { Some(*n) } else { None }).collect::<Vec<_>>()
    };
    assert_eq!(needed(stage.told()), [true], "what was only assumed before is said");
    stage.say(quality(false));
    stage.run(SECOND);
    assert_eq!(needed(stage.told()), [false]);
    // A viewer that rests while the picture is muted wants it again afterwards.
    stage.command(Command::Mute(Local::Camera, true));
    stage.say(quality(true));
    stage.run(SECOND);
    stage.command(Command::Mute(Local::Camera, false));
    stage.run(SECOND);
    assert_eq!(needed(stage.told()), [true]);
    assert!(stage.flows());
}

#[test]
fn other_ways_are_tried_when_datagrams_do_not_get_through_and_only_then() {
    let mut stage = flowing(31);
    stage.run(3 * SECOND);
    assert_eq!((stage.seen.dials.len(), stage.seen.relays.len()), (0, 0), "UDP does, nothing else is opened");
    let mut stage = Stage::new(32);
    stage.udp_blocked = true;
    stage.join();
    stage.run(900 * Duration::from_millis(1));
    assert_eq!(stage.seen.relays, [], "UDP comes first");
    stage.run(SECOND);
    assert!(stage.seen.relays.contains(&PeerKind::Publisher) && stage.seen.relays.contains(&PeerKind::Subscriber));
    let waits = |port: u16, kind: &str| {
        let candidate = format!("candidate:2 1 tcp 1671430143 192.0.2.1 {port} typ host tcptype {kind}");
        let candidate_init = serde_json::json!({ "candidate": candidate, "sdpMid": "0", "sdpMLineIndex": 0 }).to_string();
        Response::Trickle(proto::TrickleRequest { candidate_init, ..Default::default() })
    };
    stage.say(waits(7881, "passive"));
    stage.say(waits(7881, "passive"));
    stage.say(waits(9, "active"));
    stage.run(SECOND);
    assert_eq!(stage.seen.dials, [(PeerKind::Publisher, "192.0.2.1:7881".parse().unwrap())], "each once, and only who waits");
    let before = stage.seen.relays.len();
    stage.udp_blocked = false;
    assert!(stage.until(20 * SECOND, |s| s.flows()).is_some(), "UDP is found even so");
    stage.run(5 * SECOND);
    assert_eq!(stage.seen.relays.len(), before);
}

#[test]
fn a_link_that_comes_up_ends_the_waiting_for_a_dead_path() {
    let mut stage = flowing(33);
    stage.udp_blocked = true;
    let down = stage.until(60 * SECOND, |s| s.session.link.as_ref().is_some_and(super::link::Link::down));
    assert!(down.is_some(), "ICE notices");
    assert_eq!(stage.seen.resumes, 0);
    stage.udp_blocked = false;
    stage.command(Command::NetworkChanged);
    let found = stage.until(10 * SECOND, |s| s.seen.resumes == 1 && s.flows());
    assert!(found.is_some_and(|t| t < 2 * SECOND), "{found:?}");
}

#[test]
fn the_configured_bitrate_is_kept_where_that_is_asked_for() {
    let config = artc_bindings::VideoEncoderConfiguration {
        dimensions: artc_bindings::Dimensions { width: 1280, height: 720 },
        frame_rate: 30,
        bitrate: 2000,
        ..Default::default()
    };
    assert_eq!(TrackSettings::camera(&config, true).max_bps, 2_000_000);
    assert_eq!(TrackSettings::camera(&config, false).max_bps, 2_400_000, "the documented table's least");
    let undecided = artc_bindings::VideoEncoderConfiguration { bitrate: 0, ..config };
    assert_eq!(TrackSettings::camera(&undecided, true).max_bps, 2_400_000);
}

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

#[test]
fn garbage_on_the_signalling_connection_is_survived() {
    let mut stage = flowing(12);
    for frame in [&[][..], &[0xff; 100], &[0x0a, 0xff, 0xff], &[1, 2, 3]] {
        stage.session.signal_message(stage.attempt(), frame, stage.now);
    }
    stage.run(2 * SECOND);
    assert!(stage.flows());
}

/// Something that goes wrong.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    Cut(u64),
    Break,
    Restart,
    Resume,
    Refuse(u64),
    LinkEvent,
}

fn mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        (100u64..20_000).prop_map(Mishap::Cut),
        Just(Mishap::Break),
        Just(Mishap::Restart),
        Just(Mishap::Resume),
        (100u64..10_000).prop_map(Mishap::Refuse),
        Just(Mishap::LinkEvent),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happened_once_the_network_is_good_again_pictures_flow(
        seed in any::<u64>(), mishaps in proptest::collection::vec((mishap(), 10u64..5000), 1..8),
    ) {
        let mut stage = flowing(seed);
        for (mishap, pause) in mishaps {
            match mishap {
                Mishap::Cut(ms) => {
                    stage.cut = true;
                    stage.run(Duration::from_millis(ms));
                    stage.cut = false;
                }
                Mishap::Break => stage.break_signalling(),
                Mishap::Restart => stage.restart_server(),
                Mishap::Resume => stage.dismiss(DisconnectReason::UnknownReason, Action::Resume),
                Mishap::Refuse(ms) => {
                    stage.door = Door::Refuses(ConnectError::Busy { host: "h".into(), status: 503 });
                    stage.break_signalling();
                    stage.run(Duration::from_millis(ms));
                    stage.door = Door::Open;
                }
                Mishap::LinkEvent => stage.command(Command::NetworkChanged),
            }
            stage.run(Duration::from_millis(pause));
        }
        let back = stage.until(60 * SECOND, |s| s.flows() && s.session.online());
        prop_assert!(back.is_some(), "told {:?}", stage.told());
        stage.run(20 * SECOND);
        prop_assert!(stage.flows() && stage.session.online(), "and stays so");
        prop_assert!(errors(&stage.told()).is_empty());
    }
}

#[test]
fn a_track_whose_confirmation_was_lost_with_the_connection_is_asked_for_again() {
    let mut stage = Stage::new(13);
    stage.join();
    // The question is on its way, the answer will not find us.
    assert!(stage.until(SECOND, |s| s.seen.tracks.len() == 1).is_some());
    stage.break_signalling();
    assert!(stage.until(5 * SECOND, |s| s.flows()).is_some());
    stage.run(30 * SECOND);
    assert!(stage.flows(), "{:?}", stage.told());
    assert!(errors(&stage.told()).is_empty());
}
