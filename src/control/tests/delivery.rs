//! Delivery: requests that are sent once more, deadlines, batches, calls of LiveKit's RPC, and limits from the configuration.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use wire::board::Line;

use super::super::limits::PATIENCE;
use super::super::window::{AGE, ALL_BYTES, ALL_IDS, BYTES, IDS};
use super::super::{Config, Desk, Letter, Outcome, Sender, Step, Ticket};
use super::{Bench, app_server, local, request};

fn pulse(id: impl Into<Value>, ms: u64) -> Vec<u8> {
    request(id, "board.pulse_line", json!({ "line": "gate", "ms": ms }))
}

fn pulsed() -> Outcome {
    Outcome::Line(Box::new(Line { name: "gate".into(), output: true, on: Some(true), ..Line::default() }))
}

fn text(letter: &Letter) -> Value {
    serde_json::from_slice(&letter.message).unwrap()
}

/// The steps in order.
fn flat(step: Step) -> Vec<Step> {
    match step {
        Step::Nothing => Vec::new(),
        Step::Many(steps) => steps.into_iter().flat_map(flat).collect(),
        step => vec![step],
    }
}

#[test]
fn a_command_that_is_repeated_is_answered_from_memory_and_not_run_again() {
    let mut bench = Bench::new();
    let (ticket, _) = bench.effect(&app_server(), &pulse("a", 50));
    bench.nothing(&app_server(), &pulse("a", 50));
    let first = text(&bench.desk.finish(ticket, &pulsed(), bench.now).unwrap());
    assert_eq!(first["result"]["on"], true);
    for _ in 0..3 {
        bench.now += Duration::from_secs(30);
        assert_eq!(bench.reply(&app_server(), &pulse("a", 50)), first);
    }
    let (name, ..) = bench.refused(&app_server(), &pulse("a", 51));
    assert_eq!(name, "duplicate_id", "other content");
    assert_eq!(bench.refused(&app_server(), &request("a", "device.info", json!({}))).0, "duplicate_id");
    // Another sender's ids, and another type of id, are none of its concern.
    bench.effect(&local(1), &pulse("a", 50));
    let (one, _) = bench.effect(&app_server(), &pulse(1, 50));
    bench.effect(&app_server(), &pulse("1", 50));
    bench.desk.finish(one, &pulsed(), bench.now).unwrap();
    // With time an id is forgotten.
    bench.now += AGE;
    bench.effect(&app_server(), &pulse("a", 50));
}

#[test]
fn a_reply_that_was_lost_with_the_connection_is_had_after_it() {
    let mut bench = Bench::new();
    let (done, _) = bench.effect(&app_server(), &pulse(1, 50));
    let (under_way, _) = bench.effect(&app_server(), &pulse(2, 50));
    let (late, _) = bench.effect(&app_server(), &pulse(3, 50));
    bench.desk.forget(&app_server(), bench.now);
    assert_eq!(bench.desk.finish(done, &pulsed(), bench.now), None, "nobody is there");
    assert_eq!(bench.reply(&app_server(), &pulse(1, 50))["result"]["on"], true);
    bench.nothing(&app_server(), &pulse(2, 50));
    let letter = bench.desk.finish(under_way, &pulsed(), bench.now).unwrap();
    assert_eq!((&letter.to, &text(&letter)["id"]), (&app_server(), &json!(2)));
    // What takes too long while nobody is there is answered so, too.
    bench.now += PATIENCE;
    assert_eq!(bench.desk.expire(bench.now), None);
    assert_eq!(bench.reply(&app_server(), &pulse(3, 50))["error"]["data"]["name"], "timed_out");
    assert_eq!(bench.desk.finish(late, &pulsed(), bench.now), None);
}

#[test]
fn a_connection_to_the_socket_is_somebody_of_its_own() {
    let mut bench = Bench::new();
    let (ticket, _) = bench.effect(&local(1), &pulse(1, 50));
    bench.desk.finish(ticket, &pulsed(), bench.now).unwrap();
    bench.effect(&local(2), &pulse(1, 50));
    bench.desk.forget(&local(1), bench.now);
    assert_eq!(bench.desk.remembered(), (0, 0));
}

#[test]
fn what_only_tells_something_may_be_asked_again_with_the_same_id() {
    let mut bench = Bench::new();
    let ask = request(1, "camera.list", json!({}));
    let (ticket, _) = bench.effect(&app_server(), &ask);
    bench.nothing(&app_server(), &ask);
    bench.desk.finish(ticket, &Outcome::Cameras(vec![]), bench.now).unwrap();
    bench.effect(&app_server(), &ask);
    assert_eq!(bench.desk.remembered().0, 0);
}

#[test]
fn a_picture_is_had_again_while_it_is_kept_and_never_taken_twice() {
    let mut bench = Bench::new();
    let snapshot = |id: u64| request(id, "camera.snapshot", json!({}));
    let (ticket, _) = bench.effect(&app_server(), &snapshot(0));
    let first = bench.desk.finish(ticket, &Outcome::Snapshot(vec![1; 600_000].into()), bench.now).unwrap();
    let Step::Send(again) = bench.desk.receive(&app_server(), &snapshot(0), &bench.view, bench.now) else { panic!("no reply") };
    assert_eq!(again, first);
    let (ticket, _) = bench.effect(&app_server(), &snapshot(1));
    bench.desk.finish(ticket, &Outcome::Snapshot(vec![2; 600_000].into()), bench.now).unwrap();
    assert!(bench.desk.remembered().1 <= BYTES);
    assert_eq!(bench.refused(&app_server(), &snapshot(0)).0, "reply_gone");
    assert!(matches!(bench.desk.receive(&app_server(), &snapshot(1), &bench.view, bench.now), Step::Send(_)));
}

#[test]
fn memory_is_bounded_and_who_has_most_pays() {
    let mut bench = Bench::new();
    bench.desk = Desk::new(&Config { messages_per_second: 100_000, ..Config::default() });
    let run = |bench: &mut Bench, who: &Sender, id: u64, outcome: &Outcome, message: &[u8]| {
        let (ticket, _) = bench.effect(who, message);
        bench.desk.finish(ticket, outcome, bench.now).unwrap_or_else(|| panic!("{id} is not answered"));
    };
    // All may do everything.
    let quiet = local(1);
    for id in 0..10 {
        run(&mut bench, &quiet, id, &pulsed(), &pulse(id, 50));
    }
    for number in 2..12 {
        for id in 0..(IDS as u64 + 10) {
            run(&mut bench, &local(number), id, &pulsed(), &pulse(id, 50));
        }
        let (ids, bytes) = bench.desk.remembered();
        assert!(ids <= ALL_IDS && bytes <= ALL_BYTES, "{ids} ids, {bytes} bytes");
        assert!(matches!(bench.desk.receive(&local(number), &pulse(IDS as u64, 50), &bench.view, bench.now), Step::Send(_)));
    }
    for number in 12..20 {
        let message = request(1, "camera.snapshot", json!({}));
        run(&mut bench, &local(number), 1, &Outcome::Snapshot(vec![0; 700_000].into()), &message);
        assert!(bench.desk.remembered().1 <= ALL_BYTES);
    }
    for id in 0..10 {
        assert!(bench.reply(&quiet, &pulse(id, 50))["result"].is_object(), "the quiet one's replies are all there");
    }
}

#[test]
fn a_deadline_shortens_the_wait() {
    let mut bench = Bench::new();
    let ask = |id: u64, deadline: u64| {
        json!({ "jsonrpc": "2.0", "id": id, "method": "camera.list", "deadline_ms": deadline }).to_string().into_bytes()
    };
    bench.effect(&app_server(), &request(1, "camera.list", json!({})));
    let Step::Do { due, .. } = bench.desk.receive(&app_server(), &ask(2, 250), &bench.view, bench.now) else {
        panic!("no effect")
    };
    assert_eq!((due, bench.desk.deadline()), (bench.now + Duration::from_millis(250), Some(due)));
    assert_eq!(bench.desk.expire(due - Duration::from_nanos(1)), None);
    let reply = text(&bench.desk.expire(due).unwrap());
    assert_eq!((&reply["id"], &reply["error"]["message"]), (&json!(2), &json!("camera.list did not finish within 250 ms")));
    assert_eq!(bench.desk.expire(due), None);
    assert_eq!(bench.refused(&app_server(), &ask(3, 10_001)).0, "invalid_request");
}

#[test]
fn a_batch_is_answered_by_one_array_when_all_of_it_is_there() {
    let mut bench = Bench::new();
    let batch = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "device.info" },
        { "jsonrpc": "2.0", "id": 2, "method": "board.pulse_line", "params": { "line": "gate", "ms": 19 } },
        { "jsonrpc": "2.0", "method": "board.pulse_line", "params": { "line": "gate", "ms": 18 } },
        { "jsonrpc": "2.0", "id": 3, "method": "camera.mode" },
        { "jsonrpc": "2.0", "id": 4, "method": "camera.snapshot" },
        7,
    ]);
    let steps = flat(bench.desk.receive(&app_server(), batch.to_string().as_bytes(), &bench.view, bench.now));
    let tickets: Vec<Ticket> =
        steps.iter().map(|step| if let Step::Do { ticket, .. } = step { *ticket } else { panic!("{step:?}") }).collect();
    assert_eq!(tickets.len(), 3);
    assert_eq!(bench.desk.finish(tickets[1], &pulsed(), bench.now), None, "a notification has no part in it");
    assert_eq!(bench.desk.finish(tickets[0], &pulsed(), bench.now), None);
    let letter = bench.desk.finish(tickets[2], &Outcome::Snapshot([9].into()), bench.now).unwrap();
    let replies = text(&letter);
    let mut ids: Vec<Value> = replies.as_array().unwrap().iter().map(|reply| reply["id"].clone()).collect();
    ids.sort_by_key(ToString::to_string);
    assert_eq!((ids, letter.attachments.len()), (vec![json!(1), json!(2), json!(3), json!(4), Value::Null], 1));
    // The same batch once more: nothing of it that changes something is run again.
    let steps = flat(bench.desk.receive(&app_server(), batch.to_string().as_bytes(), &bench.view, bench.now));
    assert!(matches!(&steps[..], [Step::Do { .. }, Step::Send(_)]), "a notification has no id to be known by: {steps:?}");
    let nothing = json!([{ "jsonrpc": "2.0", "method": "device.info" }, { "jsonrpc": "2.0", "method": "stream.get" }]);
    bench.nothing(&app_server(), nothing.to_string().as_bytes());
    assert_eq!(bench.refused(&app_server(), b"[]").1, "batch is empty");
}

#[test]
fn a_request_that_moves_to_another_batch_holds_up_no_other() {
    let mut bench = Bench::new();
    let one = json!({ "jsonrpc": "2.0", "id": 1, "method": "board.pulse_line", "params": { "line": "gate", "ms": 19 } });
    let info = json!({ "jsonrpc": "2.0", "id": 2, "method": "device.info" });
    let first = flat(bench.desk.receive(&app_server(), json!([one, info]).to_string().as_bytes(), &bench.view, bench.now));
    let [Step::Do { ticket, .. }] = &first[..] else { panic!("{first:?}") };
    let step = bench.desk.receive(&app_server(), json!([one]).to_string().as_bytes(), &bench.view, bench.now);
    let Step::Send(letter) = step else { panic!("the first batch has all that it will have: {step:?}") };
    assert_eq!(text(&letter).as_array().map(Vec::len), Some(1));
    let letter = bench.desk.finish(*ticket, &pulsed(), bench.now).unwrap();
    assert_eq!(text(&letter)[0]["id"], 1);
}

#[test]
fn requests_of_a_batch_count_one_by_one() {
    let mut bench = Bench::new();
    let batch: Value = (0..30).map(|id| json!({ "jsonrpc": "2.0", "id": id, "method": "device.info" })).collect();
    let refused = |bench: &mut Bench| {
        let replies = bench.reply(&app_server(), batch.to_string().as_bytes());
        replies.as_array().unwrap().iter().filter(|reply| reply["error"]["code"] == 2002).count()
    };
    assert_eq!(refused(&mut bench), 0);
    assert_eq!(refused(&mut bench), 10, "of 60 requests 50 are served");
}

#[test]
fn every_call_has_an_answer() {
    let mut bench = Bench::new();
    let mut call = |number: &str, message: &[u8]| bench.desk.call(&app_server(), number, message, &bench.view, bench.now);
    let Step::Send(letter) = call("c1", &request(1, "device.info", json!({}))) else { panic!("no answer") };
    assert_eq!((letter.call.as_deref(), &text(&letter)["result"]["name"]), (Some("c1"), &json!("gate")));
    let Step::Send(letter) = call("c2", br#"{"jsonrpc":"2.0","method":"device.info"}"#) else { panic!("no answer") };
    assert_eq!((letter.call.as_deref(), &letter.message[..]), (Some("c2"), &b""[..]), "a notification has an empty one");
    let Step::Do { ticket, .. } = call("c3", &pulse(2, 50)) else { panic!("no effect") };
    assert!(matches!(call("c4", &pulse(2, 50)), Step::Nothing), "the same request, asked for by another call");
    let letter = bench.desk.finish(ticket, &pulsed(), bench.now).unwrap();
    assert_eq!(letter.call.as_deref(), Some("c4"), "who asks last is answered");
    let Step::Send(letter) = bench.desk.receive(&app_server(), &pulse(2, 50), &bench.view, bench.now) else {
        panic!("no answer")
    };
    assert_eq!(letter.call, None, "asked for by a message, answered by a message");
}

#[test]
fn limits_are_those_of_the_configuration() {
    let mut bench = Bench::new();
    bench.desk = Desk::new(&Config { messages_per_second: 3, in_flight: 2, message_kib: 1, ..Config::default() });
    bench.effect(&app_server(), &pulse(1, 50));
    bench.effect(&app_server(), &pulse(2, 50));
    assert_eq!(bench.refused(&app_server(), &pulse(3, 50)).1, "2 requests are unanswered already");
    assert_eq!(bench.refused(&app_server(), &pulse(4, 50)).1, "more than 3 messages a second");
    assert_eq!(bench.refused(&local(1), &[b' '; 1025]).1, "message of 1025 bytes is longer than 1024");
}

/// What a sender of the simulation has seen of one of its requests.
#[derive(Default)]
struct Asked {
    run: u32,
    replies: Vec<Value>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Two participants ask, repeat, leave and come back; effects end in any order or not at all. No request is run twice, each that
    /// was accepted and asked for until the end is answered, always with the same words, and nobody gets another's reply.
    #[test]
    fn no_request_is_run_twice_and_each_is_answered(steps in proptest::collection::vec((0..8_u8, 0..2_usize, 0..6_u64, any::<u16>()), 1..250)) {
        let mut bench = Bench::new();
        let config = Config { messages_per_second: 100_000, allow: [("p*".to_owned(), vec!["*".to_owned()])].into(), ..Config::default() };
        bench.desk = Desk::new(&config);
        let people = [Sender::participant("p0"), Sender::participant("p1")];
        let mut asked: HashMap<(usize, u64), Asked> = HashMap::new();
        let mut open: Vec<Ticket> = Vec::new();
        let mut accepted = 0_usize;
        let take = |asked: &mut HashMap<(usize, u64), Asked>, letter: &Letter| {
            let who = people.iter().position(|one| *one == letter.to).expect("one of them");
            let reply = text(letter);
            let replies = match &reply { Value::Array(all) => all.clone(), one => vec![one.clone()] };
            for reply in replies {
                let id = reply["id"].as_u64().expect("the id of a request");
                asked.entry((who, id)).or_default().replies.push(reply);
            }
        };
        for (kind, who, id, number) in steps {
            let message = match kind {
                0..=3 => pulse(id, 50 + id),
                4 => json!([
                    { "jsonrpc": "2.0", "id": id, "method": "board.pulse_line", "params": { "line": "gate", "ms": 50 + id } },
                    { "jsonrpc": "2.0", "id": id + 1, "method": "board.pulse_line", "params": { "line": "gate", "ms": 51 + id } },
                ]).to_string().into_bytes(),
                5 => {
                    if !open.is_empty() {
                        let ticket = open.swap_remove(usize::from(number) % open.len());
                        if let Some(letter) = bench.desk.finish(ticket, &pulsed(), bench.now) { take(&mut asked, &letter); }
                    }
                    continue;
                }
                6 => {
                    bench.desk.forget(&people[who], bench.now);
                    continue;
                }
                _ => {
                    bench.now += Duration::from_millis(u64::from(number) / 300);
                    while let Some(letter) = bench.desk.expire(bench.now) { take(&mut asked, &letter); }
                    continue;
                }
            };
            for step in flat(bench.desk.receive(&people[who], &message, &bench.view, bench.now)) {
                match step {
                    Step::Do { ticket, effect, .. } => {
                        let ms = format!("{effect:?}").split("ms: ").nth(1).and_then(|rest| rest.split(' ').next()?.trim_end_matches(',').parse::<u64>().ok());
                        let id = ms.expect("a pulse") - 50;
                        asked.entry((who, id)).or_default().run += 1;
                        accepted += 1;
                        open.push(ticket);
                    }
                    Step::Send(letter) => take(&mut asked, &letter),
                    other => prop_assert!(false, "{other:?}"),
                }
            }
        }
        // Everybody comes back and asks for everything once more.
        for ticket in open {
            if let Some(letter) = bench.desk.finish(ticket, &pulsed(), bench.now) { take(&mut asked, &letter); }
        }
        let all: Vec<(usize, u64)> = asked.iter().filter(|(_, one)| one.run > 0).map(|(key, _)| *key).collect();
        prop_assert_eq!(all.len(), accepted, "none is run twice");
        for (who, id) in all {
            let again = bench.reply(&people[who], &pulse(id, 50 + id));
            let one = &asked[&(who, id)];
            prop_assert!(one.replies.iter().all(|reply| *reply == again), "the same words each time: {again} and {:?}", one.replies);
        }
        prop_assert_eq!(bench.desk.deadline(), None, "nothing is left open");
        prop_assert!(bench.desk.remembered().0 == accepted);
    }
}
