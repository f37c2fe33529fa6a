//! Limits, ids, replies and deadlines.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use wire::camera::Camera;

use super::super::limits::{MAX_REPLY, MAX_SENDERS, PATIENCE};
use super::super::{Failure, Outcome, Sender, Step};
use super::{Bench, app_server, control, local, request};

/// Longest message, as the configuration has it by default.
const MAX_MESSAGE: usize = 64 * 1024;

#[test]
fn an_effect_gives_one_reply_to_its_sender_alone() {
    let mut bench = Bench::new();
    let (ticket, _) = bench.effect(&app_server(), &request("q", "camera.list", json!({})));
    let cameras = vec![Camera { id: "usb-1".into(), ..Camera::default() }];
    let letter = bench.desk.finish(ticket, &Outcome::Cameras(cameras.clone()), bench.now).unwrap();
    assert_eq!(letter.to, app_server());
    let reply: Value = serde_json::from_slice(&letter.message).unwrap();
    assert_eq!((&reply["id"], &reply["result"]["cameras"][0]["id"]), (&json!("q"), &json!("usb-1")));
    assert_eq!(bench.desk.finish(ticket, &Outcome::Cameras(cameras), bench.now), None, "a ticket is good for one reply");
}

#[test]
fn failures_have_their_codes() {
    for (failure, code) in [
        (Failure::NotAvailable("the camera went away".into()), 2005),
        (Failure::Device("VIDIOC_S_CTRL: input/output error".into()), 2006),
        (Failure::OutOfRange("the camera takes no such size".into()), 2007),
    ] {
        let mut bench = Bench::new();
        let (ticket, _) = bench.effect(&app_server(), &request(1, "stream.set", json!({ "fps": 10 })));
        let letter = bench.desk.finish(ticket, &Outcome::Failed(failure.clone()), bench.now).unwrap();
        let reply: Value = serde_json::from_slice(&letter.message).unwrap();
        assert_eq!((&reply["error"]["code"], &reply["error"]["message"]), (&json!(code), &json!(failure.to_string())));
    }
}

#[test]
fn an_outcome_of_another_method_is_an_internal_error() {
    let mut bench = Bench::new();
    let (ticket, _) = bench.effect(&app_server(), &request(1, "camera.snapshot", json!({})));
    let letter = bench.desk.finish(ticket, &Outcome::Done, bench.now).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&letter.message).unwrap()["error"]["code"], -32603);
}

#[test]
fn a_picture_follows_its_reply_in_a_channel_and_is_in_it_on_the_socket() {
    let mut bench = Bench::new();
    let jpeg = || Outcome::Snapshot(b"\xff\xd8\xff".as_slice().into());
    let (ticket, _) = bench.effect(&app_server(), &request(1, "camera.snapshot", json!({})));
    let letter = bench.desk.finish(ticket, &jpeg(), bench.now).unwrap();
    let result = serde_json::from_slice::<Value>(&letter.message).unwrap()["result"].clone();
    assert_eq!(result, json!({ "name": "snapshot-1.jpg", "mime": "image/jpeg", "bytes": 3 }));
    let attachment = &letter.attachments[0];
    assert_eq!(
        (attachment.name.as_str(), attachment.mime, &*attachment.bytes),
        ("snapshot-1.jpg", "image/jpeg", &b"\xff\xd8\xff"[..])
    );

    let (ticket, _) = bench.effect(&local(1), &request(1, "camera.snapshot", json!({})));
    let letter = bench.desk.finish(ticket, &jpeg(), bench.now).unwrap();
    let result = serde_json::from_slice::<Value>(&letter.message).unwrap()["result"].clone();
    assert_eq!(result, json!({ "name": "snapshot-2.jpg", "mime": "image/jpeg", "bytes": 3, "base64": "/9j/" }));
    assert_eq!(letter.attachments, []);
}

#[test]
fn a_notification_is_carried_out_and_never_answered() {
    let mut bench = Bench::new();
    let mute = json!({ "jsonrpc": "2.0", "method": "stream.mute", "params": { "muted": true } }).to_string();
    let (ticket, _) = bench.effect(&app_server(), mute.as_bytes());
    assert_eq!(bench.desk.finish(ticket, &Outcome::Failed(Failure::Device("x".into())), bench.now), None);
    let viewer = Sender::participant("viewer");
    for silent in [
        json!({ "jsonrpc": "2.0", "method": "device.info" }),
        json!({ "jsonrpc": "2.0", "method": "device.inf" }),
        json!({ "jsonrpc": "2.0", "method": "audio.mute", "params": { "mute": 1 } }),
    ] {
        bench.nothing(&app_server(), silent.to_string().as_bytes());
        bench.nothing(&viewer, silent.to_string().as_bytes());
    }
}

#[test]
fn responses_are_left_alone() {
    let mut bench = Bench::new();
    let (.., id) = bench.refused(&app_server(), b"{");
    assert_eq!(id, Value::Null);
    let error = bench.reply(&app_server(), b"{").to_string();
    bench.nothing(&app_server(), error.as_bytes());
}

#[test]
fn a_message_that_is_too_long_is_not_read() {
    let mut bench = Bench::new();
    let mut message = request(1, "device.info", json!({}));
    message.resize(MAX_MESSAGE, b' ');
    assert!(bench.reply(&app_server(), &message)["result"].is_object(), "64 KiB fit");
    message.push(b' ');
    let (name, text, id) = bench.refused(&app_server(), &message);
    assert_eq!(
        (name.as_str(), text.as_str(), id),
        ("message_too_large", "message of 65537 bytes is longer than 65536", Value::Null)
    );
}

#[test]
fn a_flood_is_refused_with_the_time_to_wait_then_met_with_silence_and_forgiven() {
    let mut bench = Bench::new();
    let ask = request(9, "device.info", json!({}));
    for _ in 0..50 {
        assert!(bench.reply(&app_server(), &ask)["result"].is_object());
    }
    for _ in 0..100 {
        let reply = bench.reply(&app_server(), &ask);
        assert_eq!((&reply["error"]["code"], &reply["id"]), (&json!(2002), &json!(9)));
        assert_eq!(reply["error"]["data"]["retry_after_ms"], 21);
    }
    for _ in 0..1000 {
        bench.nothing(&app_server(), &ask);
    }
    assert!(bench.reply(&local(1), &ask)["result"].is_object(), "others are not concerned");
    // Exactly 50 a second from then on.
    let mut served = 0;
    for _ in 0..1000 {
        bench.now += Duration::from_millis(1);
        if let Step::Send(letter) = bench.desk.receive(&app_server(), &ask, &bench.view, bench.now) {
            served += u32::from(!String::from_utf8(letter.message).unwrap().contains("rate_limited"));
        }
    }
    assert_eq!(served, 50);
}

#[test]
fn a_flood_of_notifications_and_garbage_counts_too() {
    let mut bench = Bench::new();
    for _ in 0..25 {
        bench.nothing(&app_server(), br#"{"jsonrpc":"2.0","method":"device.info"}"#);
        assert_eq!(bench.refused(&app_server(), b"garbage").0, "parse_error");
    }
    assert_eq!(bench.refused(&app_server(), b"garbage").0, "rate_limited");
    bench.nothing(&app_server(), br#"{"jsonrpc":"2.0","method":"device.info"}"#);
    assert_eq!(bench.refused(&app_server(), &[b'x'; MAX_MESSAGE + 1]).0, "rate_limited");
}

#[test]
fn sixteen_requests_may_be_unanswered() {
    let mut bench = Bench::new();
    let tickets: Vec<_> = (0..16).map(|id| bench.effect(&app_server(), &request(id, "camera.list", json!({}))).0).collect();
    let (name, _, id) = bench.refused(&app_server(), &request(16, "device.info", json!({})));
    assert_eq!((name.as_str(), id), ("too_many_in_flight", json!(16)));
    bench.effect(&local(1), &request(1, "camera.list", json!({})));
    bench.desk.finish(tickets[3], &Outcome::Cameras(vec![]), bench.now).unwrap();
    bench.effect(&app_server(), &request(3, "camera.list", json!({})));
}

#[test]
fn an_id_may_come_again_only_after_its_reply() {
    let mut bench = Bench::new();
    let (ticket, _) = bench.effect(&app_server(), &request("a", "camera.list", json!({})));
    let (name, _, id) = bench.refused(&app_server(), &request("a", "device.info", json!({})));
    assert_eq!((name.as_str(), id), ("duplicate_id", json!("a")));
    bench.effect(&local(1), &request("a", "camera.list", json!({})));
    bench.effect(&app_server(), &request(1, "camera.list", json!({})));
    bench.effect(&app_server(), &request("1", "camera.list", json!({})));
    bench.desk.finish(ticket, &Outcome::Cameras(vec![]), bench.now).unwrap();
    assert!(bench.reply(&app_server(), &request("a", "device.info", json!({})))["result"].is_object());
}

#[test]
fn an_effect_that_never_ends_is_answered_after_ten_seconds() {
    let mut bench = Bench::new();
    assert_eq!(bench.desk.deadline(), None);
    let (first, _) = bench.effect(&app_server(), &request(1, "camera.snapshot", json!({})));
    let silent = br#"{"jsonrpc":"2.0","method":"camera.snapshot"}"#;
    bench.effect(&app_server(), silent);
    bench.now += Duration::from_secs(1);
    bench.effect(&app_server(), &request(2, "camera.snapshot", json!({})));
    let deadline = bench.desk.deadline().unwrap();
    assert_eq!(deadline, bench.now + PATIENCE - Duration::from_secs(1));
    assert_eq!(bench.desk.expire(deadline - Duration::from_nanos(1)), None);
    let letter = bench.desk.expire(deadline).unwrap();
    let reply: Value = serde_json::from_slice(&letter.message).unwrap();
    assert_eq!((&reply["id"], &reply["error"]["code"]), (&json!(1), &json!(2009)));
    assert_eq!(reply["error"]["message"], "camera.snapshot did not finish within 10000 ms");
    assert_eq!(bench.desk.expire(deadline), None, "the notification expires without a word, the third has a second left");
    assert_eq!(bench.desk.finish(first, &Outcome::Snapshot([].into()), deadline), None, "too late");
    assert_eq!(bench.desk.deadline(), Some(deadline + Duration::from_secs(1)));
}

#[test]
fn who_left_gets_no_reply_and_holds_no_place() {
    let mut bench = Bench::new();
    let tickets: Vec<_> = (0..16).map(|id| bench.effect(&app_server(), &request(id, "camera.list", json!({}))).0).collect();
    bench.desk.forget(&app_server(), bench.now);
    assert_eq!(bench.desk.finish(tickets[0], &Outcome::Cameras(vec![]), bench.now), None);
    for id in 16..32 {
        bench.effect(&app_server(), &request(id, "camera.list", json!({})));
    }
    assert_eq!(bench.refused(&app_server(), &request(32, "camera.list", json!({}))).0, "too_many_in_flight");
    // One that is still under way and asked for again takes a place, too.
    assert_eq!(bench.refused(&app_server(), &request(1, "camera.list", json!({}))).0, "too_many_in_flight");
    bench.desk.forget(&local(1), bench.now);
}

#[test]
fn a_reply_that_is_too_long_says_so_in_a_channel_and_is_whole_on_the_socket() {
    let mut bench = Bench::new();
    let many =
        || Outcome::Controls((0..20_000).map(|id| control(id, "c", wire::camera::ControlKind::Integer, 0, 9, 1)).collect());
    let (ticket, _) = bench.effect(&app_server(), &request(1, "camera.controls", json!({})));
    let letter = bench.desk.finish(ticket, &many(), bench.now).unwrap();
    let reply: Value = serde_json::from_slice(&letter.message).unwrap();
    assert_eq!((&reply["error"]["data"]["name"], &reply["id"]), (&json!("reply_too_large"), &json!(1)));
    let (ticket, _) = bench.effect(&local(1), &request(1, "camera.controls", json!({})));
    let letter = bench.desk.finish(ticket, &many(), bench.now).unwrap();
    assert!(letter.message.len() > MAX_REPLY);
    let discover = bench.reply(&app_server(), &request(2, "rpc.discover", json!({})));
    assert_eq!(discover["result"]["openrpc"], "1.3.2", "the interface's own description fits");
}

#[test]
fn a_crowd_of_senders_is_bounded_and_does_not_lock_out_others_for_long() {
    let mut bench = Bench::new();
    let ask = request(1, "device.info", json!({}));
    for number in 0..MAX_SENDERS {
        bench.refused(&Sender::participant(&format!("stranger-{number}")), &ask);
    }
    bench.nothing(&app_server(), &ask);
    bench.now += Duration::from_millis(100);
    assert!(bench.reply(&app_server(), &ask)["result"].is_object(), "a tenth of a second later they are forgotten");
}

proptest! {
    /// Whatever comes: never a panic, at most 50 served at once, at most 16 under way, one reply for each ticket.
    #[test]
    fn nothing_that_is_sent_breaks_the_books(
        steps in proptest::collection::vec((0..6u8, 0..3u64, any::<u8>()), 0..300),
        garbage in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut bench = Bench::new();
        let mut open: Vec<(super::Ticket, Sender)> = Vec::new();
        for (kind, who, number) in steps {
            let from = if who == 0 { app_server() } else { local(who) };
            let message = match kind {
                0 => request(number, "camera.list", json!({})),
                1 => request(number, "camera.snapshot", json!({})),
                2 => garbage.clone(),
                3 => {
                    bench.now += Duration::from_millis(u64::from(number) * 10);
                    while bench.desk.expire(bench.now).is_some() {}
                    continue;
                }
                4 => {
                    if let Some((ticket, to)) = open.pop() && let Some(letter) = bench.desk.finish(ticket, &Outcome::Done, bench.now) {
                        prop_assert_eq!(letter.to, to);
                        prop_assert_eq!(bench.desk.finish(ticket, &Outcome::Done, bench.now), None);
                    }
                    continue;
                }
                _ => {
                    bench.desk.forget(&from, bench.now);
                    open.retain(|(_, sender)| *sender != from);
                    continue;
                }
            };
            match bench.desk.receive(&from, &message, &bench.view, bench.now) {
                Step::Do { ticket, .. } => {
                    open.retain(|(old, _)| *old != ticket);
                    open.push((ticket, from));
                }
                Step::Send(letter) => prop_assert_eq!(letter.to, from),
                Step::Nothing => (),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
