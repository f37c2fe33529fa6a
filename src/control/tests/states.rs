//! Every method in every state that a device can be in: the table has a row for each method, or the test fails.

use serde_json::Value;
use wire::Method;
use wire::device::SourceState;

use super::super::{Step, View};
use super::{Bench, local};

/// What changes a device on which everything works into one that is so.
type Change = fn(&mut View);

/// The columns of the table.
const STATES: [(&str, Change); 16] = [
    ("all is well", |_| ()),
    ("camera off", |view| camera(view, SourceState::Off)),
    ("camera resting", |view| camera(view, SourceState::Resting)),
    ("camera without signal", |view| camera(view, SourceState::NoSignal)),
    ("camera lost", |view| camera(view, SourceState::Lost)),
    ("built-in picture", |view| view.status.camera.state = SourceState::BuiltIn),
    ("microphone off", |view| view.status.microphone.state = SourceState::Off),
    ("microphone lost", |view| view.status.microphone.state = SourceState::Lost),
    ("nothing published", |view| view.stream.published = false),
    ("picture muted", |view| view.stream.muted = true),
    ("nobody watches", |view| view.stream.watched = false),
    ("bare board", |view| view.board = std::sync::Arc::default()),
    ("about to stop", |view| view.stopping = true),
    ("closed for privacy", |view| camera(view, SourceState::Private)),
    ("safe mode", |view| view.status.safe_mode_s = Some(600)),
    ("no recorder", |view| view.no_recorder = Some("`[record] when` is empty")),
];

/// Method, lawful parameters, and what becomes of it in each state: `a` answered, `d` done by the shell, `j` begun as a job, `-` not available,
/// `?` no thing of that name.
const TABLE: &[(&str, &str, &str)] = &[
    ("device.info", "{}", "aaaaaaaaaaaaaaaa"),
    ("device.status", "{}", "aaaaaaaaaaaaaaaa"),
    ("device.identify", "{}", "ddddddddddd--ddd"),
    ("device.time", "{}", "dddddddddddddddd"),
    ("device.set_time", r#"{"time_ms":1800000000000}"#, "dddddddddddd-ddd"),
    ("device.reboot", "{}", "dddddddddddd-ddd"),
    ("device.shutdown", "{}", "dddddddddddd-ddd"),
    ("device.leave_safe_mode", "{}", "--------------d-"),
    ("camera.list", "{}", "dddddddddddddddd"),
    ("camera.modes", "{}", "a----aaaaaaaa-aa"),
    ("camera.controls", "{}", "d--d-dddddddd-dd"),
    ("camera.set_control", r#"{"name":"brightness","value":2}"#, "d--d-ddddddd--dd"),
    ("camera.snapshot", "{}", "d-d--ddddddd--dd"),
    ("camera.select", r#"{"camera":"auto"}"#, "d-dddddddddd--dd"),
    ("camera.get_ptz", "{}", "d--d-dddddddd-dd"),
    ("camera.set_ptz", r#"{"zoom":200}"#, "d--d-ddddddd--dd"),
    ("camera.privacy", r#"{"on":true}"#, "d-dddddddddd-ddd"),
    ("stream.get", "{}", "aaaaaaaaaaaaaaaa"),
    ("stream.set", r#"{"fps":15}"#, "dddddddddddd-ddd"),
    ("stream.mute", r#"{"muted":true}"#, "dddddddddddd-ddd"),
    ("stream.dual", r#"{"on":true}"#, "dddddddddddd-ddd"),
    ("stream.screen", r#"{"on":false}"#, "aaaaaaaaaaaa-aaa"),
    ("stream.key_frame", "{}", "dddddddd---d-ddd"),
    ("audio.get", "{}", "aaaaaaaaaaaaaaaa"),
    ("audio.set_volume", r#"{"volume":40}"#, "dddddd-ddddd-ddd"),
    ("audio.set_profile", r#"{"scene":"music"}"#, "dddddd-ddddd-ddd"),
    ("audio.set_speaker_volume", r#"{"volume":5}"#, "dddddddddddd-ddd"),
    ("audio.mute_speaker", r#"{"muted":true}"#, "dddddddddddd-ddd"),
    ("audio.set_voice", r#"{"echo":true,"noise":true}"#, "dddddd-ddddd-ddd"),
    ("audio.mute", r#"{"muted":true}"#, "dddddd-ddddd-ddd"),
    ("record.start", "{}", "dddddddddddd-dd-"),
    ("record.stop", "{}", "dddddddddddd-dd-"),
    ("record.list", r#"{"limit":3}"#, "ddddddddddddddd-"),
    ("record.fetch", r#"{"id":"20261121T190143.123Z-command"}"#, "ddddddddddddddd-"),
    ("record.delete", r#"{"id":"20261121T190143.123Z-command"}"#, "dddddddddddd-dd-"),
    ("board.info", "{}", "dddddddddddddddd"),
    ("board.get_line", r#"{"line":"bell"}"#, "ddddddddddd?dddd"),
    ("board.set_line", r#"{"line":"door","on":true}"#, "ddddddddddd?-ddd"),
    ("board.pulse_line", r#"{"line":"gate","ms":10}"#, "ddddddddddd?-ddd"),
    ("board.set_led", r#"{"led":"red","pattern":"on"}"#, "ddddddddddd?-ddd"),
    ("board.set_ir_cut", r#"{"mode":"auto"}"#, "ddddddddddd--ddd"),
    ("board.temperature", "{}", "dddddddddddddddd"),
    ("board.throttling", "{}", "dddddddddddddddd"),
    ("board.watch", r#"{"on":true}"#, "aaaaaaaaaaa--aaa"),
    ("log.tail", "{}", "dddddddddddddddd"),
    ("log.set_level", "{}", "dddddddddddd-ddd"),
    ("net.status", "{}", "dddddddddddddddd"),
    ("net.probe", r#"{"stun":"stun.example.com:3478"}"#, "dddddddddddd-ddd"),
    ("config.get", "{}", "dddddddddddddddd"),
    ("config.set", r#"{"values":{"camera.width":640}}"#, "dddddddddddd-ddd"),
    ("config.reset", "{}", "dddddddddddd-ddd"),
    ("config.confirm", "{}", "dddddddddddd-ddd"),
    ("config.rollback", "{}", "dddddddddddd-ddd"),
    ("state.get", "{}", "dddddddddddddddd"),
    ("state.set_desired", r#"{"desired":{}}"#, "dddddddddddd-ddd"),
    ("update.check", r#"{"bundle":"/data/gate.raucb"}"#, "dddddddddddddddd"),
    ("update.install", r#"{"bundle":"/data/gate.raucb"}"#, "jjjjjjjjjjjj-jjj"),
    ("update.progress", "{}", "dddddddddddddddd"),
    ("update.confirm", "{}", "dddddddddddd-ddd"),
    ("update.rollback", "{}", "dddddddddddd-ddd"),
    ("job.list", "{}", "aaaaaaaaaaaaaaaa"),
    ("job.status", r#"{"job":"job-1"}"#, "????????????????"),
    ("job.cancel", r#"{"job":"job-1"}"#, "????????????-???"),
    ("event.subscribe", r#"{"topics":["board.press"]}"#, "aaaaaaaaaaaa-aaa"),
    ("event.unsubscribe", r#"{"topics":["board.press"]}"#, "aaaaaaaaaaaa-aaa"),
    ("viewer.address", "{}", "dddddddddddddddd"),
    ("auth.session", "{}", "aaaaaaaaaaaaaaaa"),
    ("auth.keys", "{}", "aaaaaaaaaaaaaaaa"),
    ("auth.rotate_key", r#"{"name":"app","key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#, "????????????-???"),
    ("auth.revoke_key", r#"{"name":"app"}"#, "????????????-???"),
    ("audit.tail", r#"{"lines":3}"#, "aaaaaaaaaaaaaaaa"),
    ("rpc.signed", r#"{"jws":"a.b.c"}"#, "----------------"),
    ("rpc.discover", "{}", "aaaaaaaaaaaaaaaa"),
];

fn camera(view: &mut View, state: SourceState) {
    view.status.camera.state = state;
    view.modes.modes.clear();
}

#[test]
fn every_method_in_every_state_does_what_the_table_says() {
    let rows: Vec<&str> = TABLE.iter().map(|(method, ..)| *method).collect();
    let methods: Vec<&str> = Method::ALL.iter().map(|method| method.name()).collect();
    assert_eq!(rows, methods, "the table has one row for each method, in the order of the methods");
    let mut wrong = Vec::new();
    for (method, params, expected) in TABLE {
        assert_eq!(expected.len(), STATES.len(), "{method} has a letter for each state");
        for ((state, change), expected) in STATES.iter().zip(expected.chars()) {
            let (seen, said) = ask(method, params, *change);
            if seen != expected {
                wrong.push(format!("{method} while {state}: `{seen}`, not `{expected}`: {said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Asks once, as somebody who may everything: the letter of what came of it, and what was said.
fn ask(method: &str, params: &str, change: Change) -> (char, String) {
    let mut bench = Bench::new();
    change(&mut bench.view);
    let message = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    match bench.desk.receive(&local(1), message.as_bytes(), &bench.view, bench.now) {
        Step::Do { effect, .. } => ('d', format!("{effect:?}")),
        Step::Work { effect, .. } => ('j', format!("{effect:?}")),
        Step::Send(letter) => {
            let reply: Value = serde_json::from_slice(&letter.message).expect("JSON");
            let letter = match reply["error"]["data"]["name"].as_str() {
                None if reply["result"].is_object() => 'a',
                Some("not_available") => '-',
                Some("unknown_name") => '?',
                _ => '!',
            };
            (letter, reply.to_string())
        }
        other => ('!', format!("{other:?}")),
    }
}
