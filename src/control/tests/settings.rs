//! Family `config`: who may set what, how much at once, and for how long it may be on trial.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{Config, ConfigAct, Desk, Effect};
use super::{Bench, Sender, app_server, local, request};

#[test]
fn lawful_commands_are_the_configurations() {
    let values = |value: Value| value.as_object().unwrap().clone().into_iter().collect();
    let cases = [
        ("config.get", json!({}), ConfigAct::Get(None)),
        ("config.get", json!({ "keys": ["camera"] }), ConfigAct::Get(Some(vec!["camera".into()]))),
        (
            "config.set",
            json!({ "values": { "camera.width": 640 } }),
            ConfigAct::Set { values: values(json!({ "camera.width": 640 })), trial: None },
        ),
        (
            "config.set",
            json!({ "values": { "stream.bitrate_kbps": 700 }, "confirm_within_s": 5 }),
            ConfigAct::Set { values: values(json!({ "stream.bitrate_kbps": 700 })), trial: Some(Duration::from_secs(5)) },
        ),
        (
            "config.reset",
            json!({ "keys": ["camera"], "confirm_within_s": 3600 }),
            ConfigAct::Reset { keys: Some(vec!["camera".into()]), keep_control: true, trial: Some(Duration::from_secs(3600)) },
        ),
        ("config.confirm", json!({}), ConfigAct::Confirm),
        ("config.rollback", json!({}), ConfigAct::RollBack),
    ];
    for (method, params, act) in cases {
        let effect = Bench::new().effect(&app_server(), &request(1, method, params.clone())).1;
        assert_eq!(effect, Effect::Config(act), "{method} {params}");
    }
}

#[test]
fn too_much_too_short_and_too_long_are_refused() {
    let many: serde_json::Map<_, _> = (0..65).map(|number| (format!("camera.k{number}"), json!(1))).collect();
    let cases = [
        (json!({ "values": {} }), "invalid_params", "config.set: 0 values; 1 to 64 are set at once"),
        (json!({ "values": many }), "invalid_params", "config.set: 65 values; 1 to 64 are set at once"),
        (
            json!({ "values": { "camera.width": 1 }, "confirm_within_s": 4 }),
            "out_of_range",
            "confirm_within_s 4 is not between 5 and 3600",
        ),
        (
            json!({ "values": { "camera.width": 1 }, "confirm_within_s": 3601 }),
            "out_of_range",
            "confirm_within_s 3601 is not between 5 and 3600",
        ),
        (
            json!({ "values": { "camera.width": 1 }, "confirm_in_s": 30 }),
            "invalid_params",
            "config.set: no parameter `confirm_in_s`; did you mean `confirm_within_s`?",
        ),
    ];
    for (params, name, text) in cases {
        let refused = Bench::new().refused(&app_server(), &request(1, "config.set", params));
        assert_eq!((refused.0.as_str(), refused.1.as_str()), (name, text));
    }
}

#[test]
fn whoever_keeps_the_device_does_not_become_its_owner() {
    let cases = [
        ("config.set", json!({ "values": { "control.roles": { "mallory": "own" } } })),
        ("config.set", json!({ "values": { "camera.width": 640, "control.roles.mallory": "own" } })),
        ("config.set", json!({ "values": { "control": { "roles": { "mallory": "own" } } } })),
        ("config.reset", json!({ "keys": ["control"] })),
    ];
    for (method, params) in cases {
        let message = request(1, method, params);
        let refused = Bench::new().refused(&app_server(), &message);
        let text = "`control` says who may do what: to change it needs the role own, the caller has maintain";
        assert_eq!((refused.0.as_str(), refused.1.as_str()), ("not_allowed", text));
        Bench::new().effect(&local(1), &message);
    }
    for (from, keep_control) in [(app_server(), true), (local(1), false)] {
        let effect = Bench::new().effect(&from, &request(1, "config.reset", json!({}))).1;
        assert_eq!(effect, Effect::Config(ConfigAct::Reset { keys: None, keep_control, trial: None }));
    }
}

#[test]
fn a_viewer_neither_reads_nor_writes_the_configuration() {
    let viewer = Sender::participant("local-viewer-abc");
    for (method, params) in [("config.get", json!({})), ("config.set", json!({ "values": { "camera.width": 640 } }))] {
        assert_eq!(Bench::new().refused(&viewer, &request(1, method, params)).0, "not_allowed", "{method}");
    }
}

#[test]
fn what_is_set_is_in_no_log() {
    let effect = Bench::new()
        .effect(&app_server(), &request(1, "config.set", json!({ "values": { "engine.open.token": "eyJhbGciOi" } })))
        .1;
    let logged = format!("{effect:?}");
    assert!(logged.contains("engine.open.token") && !logged.contains("eyJhbGciOi"), "{logged}");
}

#[test]
fn rules_that_changed_hold_from_the_next_message_on() {
    let viewer = Sender::participant("local-viewer-abc");
    let mut bench = Bench { desk: Desk::new(&Config::default()), ..Bench::new() };
    let mute = |id| request(id, "stream.mute", json!({ "muted": true }));
    bench.effect(&viewer, &mute(1));
    let forbidden = Config { allow: [("local-viewer".to_owned(), Vec::new())].into(), ..Config::default() };
    bench.desk.reconfigure(&forbidden);
    assert_eq!(bench.refused(&viewer, &mute(2)).0, "not_allowed");
}
