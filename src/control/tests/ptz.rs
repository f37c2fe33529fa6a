//! Pan, tilt and zoom: where they may go, and cameras that have them not or by steps alone.

use serde_json::json;
use wire::camera::{Control, ControlKind, ControlValue};
use wire::device::SourceState;

use super::super::effect::ControlChange;
use super::super::{Effect, Outcome};
use super::{Bench, app_server, control, request};

const PAN: u32 = 0x009a_0908;
const TILT_BY: u32 = 0x009a_0905;
const ZOOM: u32 = 0x009a_090d;

/// A camera that pans to angles, tilts by steps, and zooms.
fn bench() -> Bench {
    let mut bench = Bench::new();
    let value = Some(ControlValue::Number(3600));
    bench.view.controls = vec![
        Control { value, ..control(PAN, "pan_absolute", ControlKind::Integer, -36_000, 36_000, 3600) },
        control(TILT_BY, "tilt_relative", ControlKind::Integer, -1, 1, 1),
        control(ZOOM, "zoom_absolute", ControlKind::Integer, 100, 400, 10),
    ];
    bench
}

#[test]
fn each_axis_goes_where_it_is_told_or_as_far_as_it_goes() {
    let to = |id, name: &str, value| ControlChange { id, name: name.into(), value };
    let (pan, tilt, zoom) =
        (|v| to(PAN, "pan_absolute", v), |v| to(TILT_BY, "tilt_relative", v), |v| to(ZOOM, "zoom_absolute", v));
    let cases = [
        (json!({ "pan": -36_000, "zoom": 250 }), vec![pan(-36_000), zoom(250)]),
        (json!({ "pan": 3600, "tilt": -1, "zoom": 10, "relative": true }), vec![pan(7200), tilt(-1), zoom(110)]),
        (json!({ "pan": i64::MAX, "zoom": i64::MIN, "relative": true }), vec![pan(36_000), zoom(100)]),
        // Between two steps it stays below.
        (json!({ "zoom": 19, "relative": true }), vec![zoom(110)]),
    ];
    for (params, changes) in cases {
        let effect = bench().effect(&app_server(), &request(1, "camera.set_ptz", params.clone())).1;
        assert_eq!(effect, Effect::SetControls(changes), "{params}");
    }
}

#[test]
fn what_a_camera_cannot_do_is_refused_by_its_name() {
    let cases = [
        (json!({}), "invalid_params", "camera.set_ptz: nothing to set; name pan, tilt or zoom"),
        (json!({ "relative": true }), "invalid_params", "camera.set_ptz: nothing to set; name pan, tilt or zoom"),
        (json!({ "zoom": 401 }), "out_of_range", "control zoom_absolute: 401 is not between 100 and 400"),
        (json!({ "zoom": 105 }), "out_of_range", "control zoom_absolute: 105 is not in steps of 10 from 100"),
        (json!({ "tilt": 1 }), "not_available", "this camera only turns its tilt by steps; ask for it with relative = true"),
        (json!({ "tilt": 2, "relative": true }), "out_of_range", "control tilt_relative: 2 is not between -1 and 1"),
    ];
    for (params, name, text) in cases {
        let (said, why, _) = bench().refused(&app_server(), &request(1, "camera.set_ptz", params.clone()));
        assert_eq!((said.as_str(), why.as_str()), (name, text), "{params}");
    }
    let mut held = bench();
    held.view.controls[0].inactive = true;
    let why = held.refused(&app_server(), &request(1, "camera.set_ptz", json!({ "pan": 0 }))).1;
    assert_eq!(why, "control pan_absolute is overruled by another control at this moment");
    let mut without = Bench::new();
    without.view.controls.clear();
    let (name, why, _) = without.refused(&app_server(), &request(1, "camera.get_ptz", json!({})));
    assert_eq!((name.as_str(), why.as_str()), ("not_available", "this camera has neither pan nor tilt nor zoom"));
    let why = without.refused(&app_server(), &request(2, "camera.set_ptz", json!({ "zoom": 1 }))).1;
    assert_eq!(why, "this camera has no zoom");
    for state in [SourceState::Lost, SourceState::Off, SourceState::Resting, SourceState::Private] {
        let mut bench = bench();
        bench.view.status.camera.state = state;
        for (method, params) in [("camera.get_ptz", json!({})), ("camera.set_ptz", json!({ "zoom": 100 }))] {
            assert_eq!(bench.refused(&app_server(), &request(1, method, params)).0, "not_available", "{method} {state:?}");
        }
    }
}

#[test]
fn the_reply_tells_where_the_axes_stand() {
    let mut bench = bench();
    let (ticket, effect) = bench.effect(&app_server(), &request(1, "camera.get_ptz", json!({})));
    assert_eq!(effect, Effect::ReadControls);
    let controls = bench.view.controls.clone();
    let letter = bench.desk.finish(ticket, &Outcome::Controls(controls), bench.now).expect("a reply");
    let reply: serde_json::Value = serde_json::from_slice(&letter.message).expect("JSON");
    let expected = json!({
        "pan": { "position": 3600, "min": -36_000, "max": 36_000, "step": 3600 },
        "tilt": { "min": -1, "max": 1, "step": 1 },
        "zoom": { "position": 100, "min": 100, "max": 400, "step": 10 },
    });
    assert_eq!(reply["result"], expected);
}
