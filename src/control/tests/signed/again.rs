//! Signed commands that are sent once more.

use serde_json::{Value, json};

use super::super::super::Outcome;
use super::super::super::window::AGE;
use super::super::request;
use super::{audit, bench, carried_out, claims, envelope, jws, muting, stranger};

#[test]
fn a_signed_command_that_is_sent_once_more_with_its_id_is_answered_from_memory_and_not_run_again() {
    let mut bench = bench();
    let mute = muting(&mut bench, 1);
    let message = envelope(&jws(&mute, 2));
    let (ticket, _) = bench.effect(&stranger(), &message);
    bench.nothing(&stranger(), &message);
    bench.desk.forget(&stranger(), bench.now);
    bench.desk.finish(ticket, &Outcome::Audio(Box::default()), bench.now);
    let answer = bench.reply(&stranger(), &message);
    assert!(answer["result"].is_object(), "{answer}");
    // Also what only tells something, which unsigned would be run again.
    let info = claims(&mut bench, "eye", 1, "device.info", json!({}));
    let info = envelope(&jws(&info, 1));
    let first = bench.reply(&stranger(), &info);
    bench.view.info.name = "renamed".into();
    assert_eq!(bench.reply(&stranger(), &info), first);
    let list = claims(&mut bench, "eye", 2, "camera.list", json!({}));
    let list = envelope(&jws(&list, 1));
    let (ticket, _) = bench.effect(&stranger(), &list);
    bench.desk.finish(ticket, &Outcome::Cameras(vec![]), bench.now).unwrap();
    assert!(bench.reply(&stranger(), &list)["result"].is_object());
    // A subscription ends with its caller: nobody is told from memory that it has one.
    let watch = claims(&mut bench, "eye", 3, "event.subscribe", json!({ "topics": ["job.progress"] }));
    let watch = envelope(&jws(&watch, 1));
    assert!(bench.reply(&stranger(), &watch)["result"].is_object());
    bench.desk.forget(&stranger(), bench.now);
    assert_eq!(bench.refused(&stranger(), &watch).0, "replayed");
    // Another envelope under the id of one is not opened, and so not used up.
    let next = muting(&mut bench, 2);
    let next = jws(&next, 2);
    let id: Value = serde_json::from_slice::<Value>(&message).unwrap()["id"].take();
    assert_eq!(bench.refused(&stranger(), &request(id, "rpc.signed", json!({ "jws": next }))).0, "duplicate_id");
    carried_out(&mut bench, &stranger(), &envelope(&next));
    // After its time it is not in memory any more, and still believed only once.
    bench.now += AGE;
    assert_eq!(bench.refused(&stranger(), &message).0, "replayed");
    let lines = audit(&mut bench);
    let of_first: Vec<_> = lines.iter().filter(|line| line["method"] == "audio.mute").map(|line| &line["outcome"]).collect();
    assert_eq!(of_first, ["unheard", "done"], "{lines:#?}");
}
