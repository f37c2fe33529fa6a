//! Family `record`: who may what, which values are taken, and how the bytes of a part travel.

use serde_json::{Value, json};
use wire::record::Part;
use wire::{Method, Role};

use super::super::{Effect, Outcome, RecordAct};
use super::{Bench, Sender, app_server, local, request};

const ID: &str = "20261121T190143.123Z-command";

#[test]
fn lawful_commands_are_the_recorders() {
    let cases = [
        ("record.start", json!({}), RecordAct::Start),
        ("record.stop", json!({}), RecordAct::Stop),
        ("record.list", json!({}), RecordAct::List { before: None, limit: 50 }),
        ("record.list", json!({ "before": ID, "limit": 200 }), RecordAct::List { before: Some(ID.into()), limit: 200 }),
        ("record.fetch", json!({ "id": ID }), RecordAct::Fetch { id: ID.into(), offset: 0, length: 4_194_304, thumbnail: false }),
        (
            "record.fetch",
            json!({ "id": ID, "offset": 7, "length": 1, "thumbnail": true }),
            RecordAct::Fetch { id: ID.into(), offset: 7, length: 1, thumbnail: true },
        ),
        ("record.delete", json!({ "id": ID }), RecordAct::Delete(ID.into())),
    ];
    for (method, params, act) in cases {
        let effect = Bench::new().effect(&local(1), &request(1, method, params.clone())).1;
        assert_eq!(effect, Effect::Record(act), "{method} {params}");
    }
}

#[test]
fn what_cannot_be_is_refused_by_its_reason() {
    let cases = [
        ("record.list", json!({ "limit": 0 }), "out_of_range", "limit 0 is out of range, 1 to 200"),
        ("record.list", json!({ "limit": 201 }), "out_of_range", "limit 201 is out of range, 1 to 200"),
        ("record.fetch", json!({ "id": ID, "length": 0 }), "out_of_range", "length 0 is out of range, 1 to 4194304"),
        (
            "record.fetch",
            json!({ "id": ID, "length": 4_194_305 }),
            "out_of_range",
            "length 4194305 is out of range, 1 to 4194304",
        ),
        ("record.fetch", json!({}), "invalid_params", "record.fetch: missing field `id`"),
        ("record.delete", json!({ "id": 7 }), "invalid_params", "record.delete: invalid type: integer `7`, expected a string"),
    ];
    for (method, params, name, text) in cases {
        let (said, why, _) = Bench::new().refused(&local(1), &request(1, method, params.clone()));
        assert_eq!((said.as_str(), why.as_str()), (name, text), "{method} {params}");
    }
    let mut bench = Bench::new();
    bench.view.no_recorder = Some("`[record] when` is empty");
    for (method, params) in [("record.start", json!({})), ("record.list", json!({})), ("record.fetch", json!({ "id": ID }))] {
        let (said, why, _) = bench.refused(&local(1), &request(1, method, params));
        assert_eq!((said.as_str(), why.as_str()), ("not_available", "`[record] when` is empty"), "{method}");
    }
}

#[test]
fn who_looks_lists_who_operates_records_and_who_maintains_deletes_when_he_says_it_twice() {
    let roles = [Method::RecordStart, Method::RecordStop, Method::RecordList, Method::RecordFetch, Method::RecordDelete];
    assert_eq!(roles.map(Method::role), [Role::Operate, Role::Operate, Role::Observe, Role::Operate, Role::Maintain]);
    assert!(Method::RecordDelete.is_confirmed());
    let viewer = Sender::participant("local-viewer-abc");
    let delete = request(1, "record.delete", json!({ "id": ID }));
    assert_eq!(Bench::new().refused(&viewer, &delete).0, "not_allowed");
    let first = Bench::new().refused(&app_server(), &delete);
    assert_eq!(first.0, "confirmation_needed", "{}", first.1);
}

#[test]
fn the_bytes_of_a_part_follow_its_reply_or_are_in_it() {
    let part = || Part { name: format!("{ID}-0.mp4"), mime: "video/mp4".into(), offset: 0, bytes: 3, total: 9, base64: None };
    let outcome = Outcome::RecordPart(Box::new(part()), [1, 2, 3].into());
    let message = request(1, "record.fetch", json!({ "id": ID }));
    let mut bench = Bench::new();
    let (ticket, _) = bench.effect(&app_server(), &message);
    let letter = bench.desk.finish(ticket, &outcome, bench.now).unwrap();
    let [file] = &letter.attachments[..] else { panic!("{letter:?}") };
    assert_eq!((file.topic, file.mime, &file.bytes[..]), ("artc.record", "video/mp4", &[1, 2, 3][..]));
    let reply: Value = serde_json::from_slice(&letter.message).unwrap();
    assert_eq!(reply["result"]["name"], *file.name);
    assert_eq!(reply["result"].get("base64"), None);
    let (ticket, _) = bench.effect(&local(1), &message);
    let letter = bench.desk.finish(ticket, &outcome, bench.now).unwrap();
    let reply: Value = serde_json::from_slice(&letter.message).unwrap();
    assert_eq!((&reply["result"]["base64"], letter.attachments.len()), (&json!("AQID"), 0));
    let picture = Part { name: format!("{ID}-0.jpeg"), mime: "image/jpeg".into(), ..part() };
    let (ticket, _) = bench.effect(&app_server(), &request(2, "record.fetch", json!({ "id": ID, "thumbnail": true })));
    let letter = bench.desk.finish(ticket, &Outcome::RecordPart(Box::new(picture), [1, 2, 3].into()), bench.now).unwrap();
    assert_eq!((letter.attachments[0].topic, letter.attachments[0].mime), ("artc.record", "image/jpeg"));
}
