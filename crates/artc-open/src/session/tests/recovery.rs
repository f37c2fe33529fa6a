//! Losing the server or the way to it, and finding it again.

use std::time::Duration;

use artc_bindings::ConnectionStatus as Status;
use proptest::prelude::*;
use rtc::proto::{self, DisconnectReason, leave_request::Action};
use rtc::signal::Response;

use super::stage::{Door, Stage};
use super::{SECOND, errors, flowing, statuses};
use crate::command::Command;
use crate::net::ConnectError;
use crate::session::PeerKind;
use crate::session::link::Link;

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
    let down = stage.until(60 * SECOND, |s| s.session.link.as_ref().is_some_and(Link::down));
    assert!(down.is_some(), "ICE notices");
    assert_eq!(stage.seen.resumes, 0);
    stage.udp_blocked = false;
    stage.command(Command::NetworkChanged);
    let found = stage.until(10 * SECOND, |s| s.seen.resumes == 1 && s.flows());
    assert!(found.is_some_and(|t| t < 2 * SECOND), "{found:?}");
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
