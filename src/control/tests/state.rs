//! Family `state`: a wish is judged as the single commands are, what is not true of it is done, and a stale one is refused.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wire::camera::ControlValue;
use wire::device::SourceState;
use wire::state::SetDesired;

use super::super::effect::StateAct;
use super::super::state::Wish;
use super::super::{BoardAct, Effect, StreamChange, View};
use super::{Bench, app_server, request, view};

fn wish(desired: Value) -> Wish {
    let params: SetDesired = serde_json::from_value(json!({ "desired": desired })).unwrap();
    Wish::default().followed_by(params).unwrap()
}

/// A device at which lines can be told.
fn at_rest() -> View {
    let mut view = view();
    let mut board = super::board::gate();
    for line in &mut board.lines {
        line.on = Some(false);
    }
    view.board = std::sync::Arc::new(board);
    view.stream.bitrate_kbps = 2000;
    view.audio.volume = 100;
    view
}

#[test]
fn what_is_not_true_yet_is_done_and_nothing_else() {
    let mut view = at_rest();
    let wish = wish(json!({
        "stream": { "bitrate_kbps": 900, "muted": true },
        "audio": { "volume": 40, "muted": false },
        "camera": { "brightness": -64, "auto_exposure": "Aperture Priority" },
        "lines": { "gate": true },
    }));
    let deeds: BTreeMap<_, _> = wish.deeds(&view).into_iter().map(|(place, deed)| (place, deed.unwrap())).collect();
    let line = wire::board::SetLine { line: "door".into(), on: true };
    let expected = [
        ("audio.volume", Effect::SetVolume(40)),
        ("camera.auto_exposure", Effect::SetControl { id: 3, name: "auto_exposure".into(), value: 3 }),
        ("lines.gate", Effect::Board(BoardAct::SetLine(line))),
        ("stream", Effect::SetStream(StreamChange { bitrate_kbps: Some(900), ..StreamChange::default() })),
        ("stream.muted", Effect::MuteVideo(true)),
    ];
    assert_eq!(deeds, expected.map(|(place, effect)| (place.to_owned(), effect)).into());
    let document = wish.document(&view, BTreeMap::from([("lines.gate".into(), "stuck".into())]));
    assert_eq!((document.version, document.delta.camera.len(), document.failed.len()), (1, 1, 1));
    assert_eq!(document.reported.lines, BTreeMap::from([("door".to_owned(), false)]), "outputs that are free");

    // And when it is true, nothing is left.
    view.stream.bitrate_kbps = 900;
    view.stream.muted = true;
    view.audio.volume = 40;
    view.controls[2].value = Some(ControlValue::Number(3));
    let mut board = (*view.board).clone();
    board.lines[0].on = Some(true);
    view.board = std::sync::Arc::new(board);
    assert_eq!(wish.deeds(&view), Vec::new());
    let document = wish.document(&view, BTreeMap::from([("lines.gate".into(), "stuck".into())]));
    assert_eq!((document.delta, document.failed), (wire::state::Parts::default(), BTreeMap::new()));
}

#[test]
fn a_wish_is_refused_as_the_command_would_be_and_one_for_later_is_kept() {
    let refused = [
        (json!({ "audio": { "volume": 101 } }), "out_of_range", "audio.volume: volume 101 is not between 0 and 100"),
        (json!({ "stream": { "width": 640 } }), "invalid_params", "stream: stream.set: width and height go together"),
        (
            json!({ "camera": { "brightness": 65 } }),
            "out_of_range",
            "camera.brightness: control brightness: 65 is not between -64 and 64",
        ),
        (
            json!({ "lines": { "dor": true } }),
            "unknown_name",
            "lines.dor: this board declares no line `dor`; did you mean `door`?",
        ),
        (
            json!({ "strem": {} }),
            "invalid_params",
            "state.set_desired: unknown field `strem`, expected one of `stream`, `audio`, `camera`, `lines`",
        ),
    ];
    for (desired, name, text) in refused {
        let message = request(1, "state.set_desired", json!({ "desired": desired }));
        let refused = Bench::new().refused(&app_server(), &message);
        assert_eq!((refused.0.as_str(), refused.1.as_str()), (name, text));
    }
    let twice =
        br#"{"jsonrpc":"2.0","id":1,"method":"state.set_desired","params":{"desired":{"lines":{"door":true,"door":false}}}}"#;
    assert_eq!(Bench::new().refused(&app_server(), twice).1, "state.set_desired: `door` is given twice");

    // The camera is away, and what is wished of it waits for it.
    let mut bench = Bench::new();
    bench.view.status.camera.state = SourceState::Lost;
    let later = request(1, "state.set_desired", json!({ "desired": { "camera": { "brightness": 2 } } }));
    let (_, effect) = bench.effect(&app_server(), &later);
    let Effect::State(StateAct::SetDesired(params)) = effect else { panic!("{effect:?}") };
    let deeds = Wish::default().followed_by(params).unwrap().deeds(&bench.view);
    assert_eq!(deeds.len(), 1);
    assert_eq!(deeds[0].1.as_ref().unwrap_err().message, "the camera is lost");
}

#[test]
fn a_stale_version_is_refused_with_the_current_one() {
    let first = wish(json!({ "audio": { "volume": 1 } }));
    let params = |if_version| SetDesired { if_version, ..SetDesired::default() };
    let refusal = first.followed_by(params(Some(0))).unwrap_err();
    assert_eq!((refusal.code, refusal.suggestion.as_deref()), (wire::Code::StaleVersion, Some("1")));
    assert_eq!(refusal.to_string(), "version 0 is stale: the document has version 1");
    assert_eq!(first.followed_by(params(Some(1))).unwrap().version, 2);
    assert_eq!(first.followed_by(params(None)).unwrap().version, 2);
}
