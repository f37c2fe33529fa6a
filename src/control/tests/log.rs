//! Family `log`: which lines and which levels are asked for lawfully.

use serde_json::json;
use wire::log::Level;

use super::super::{Effect, LevelChange, LogAct, TailWish};
use super::{Bench, Sender, app_server, request};

#[test]
fn lawful_commands_are_the_logs() {
    let tail =
        |lines, level, part: Option<&str>, after| LogAct::Tail(TailWish { lines, level, part: part.map(str::to_owned), after });
    let set =
        |level, part: Option<&str>, seconds| LogAct::SetLevel(LevelChange { level, part: part.map(str::to_owned), seconds });
    let cases = [
        ("log.tail", json!({}), tail(100, None, None, 0)),
        ("log.tail", json!({ "lines": 500, "level": "warn", "after": 7 }), tail(500, Some(Level::Warn), None, 7)),
        ("log.tail", json!({ "part": "artc_edge::capture::video" }), tail(100, None, Some("artc_edge::capture::video"), 0)),
        ("log.set_level", json!({}), LogAct::ResetLevel),
        ("log.set_level", json!({ "level": "debug" }), set(Level::Debug, None, 600)),
        ("log.set_level", json!({ "level": "trace", "part": "room", "for_s": 1 }), set(Level::Trace, Some("room"), 1)),
        ("log.set_level", json!({ "level": "error", "for_s": 86_400 }), set(Level::Error, None, 86_400)),
    ];
    for (method, params, act) in cases {
        let effect = Bench::new().effect(&app_server(), &request(1, method, params.clone())).1;
        assert_eq!(effect, Effect::Log(act), "{method} {params}");
    }
}

#[test]
fn what_is_no_part_and_no_number_is_refused_by_its_reason() {
    let long = "room".to_owned() + &"::a".repeat(50);
    let cases = [
        ("log.tail", json!({ "lines": 0 }), "out_of_range", "0 lines is not between 1 and 500".to_owned()),
        ("log.tail", json!({ "lines": 501 }), "out_of_range", "501 lines is not between 1 and 500".into()),
        (
            "log.tail",
            json!({ "level": "loud" }),
            "invalid_params",
            "log.tail: unknown variant `loud`, expected one of `error`, `warn`, `info`, `debug`, `trace`".into(),
        ),
        ("log.tail", json!({ "part": "rom" }), "unknown_name", "the daemon has no part `rom`; did you mean `room`?".into()),
        ("log.set_level", json!({ "for_s": 5 }), "invalid_params", "log.set_level: part and for_s go with a level".into()),
        ("log.set_level", json!({ "part": "room" }), "invalid_params", "log.set_level: part and for_s go with a level".into()),
        ("log.set_level", json!({ "level": "info", "for_s": 0 }), "out_of_range", "0 s is not between 1 and 86400".into()),
        (
            "log.set_level",
            json!({ "level": "info", "for_s": 86_401 }),
            "out_of_range",
            "86401 s is not between 1 and 86400".into(),
        ),
        // What libraries log in detail may be anything, tokens included.
        ("log.set_level", json!({ "level": "trace", "part": "hyper" }), "unknown_name", "the daemon has no part `hyper`".into()),
        (
            "log.set_level",
            json!({ "level": "trace", "part": "room=trace,hyper" }),
            "unknown_name",
            "the daemon has no part `room=trace,hyper`; did you mean `room`?".into(),
        ),
        (
            "log.set_level",
            json!({ "level": "info", "part": "room::" }),
            "unknown_name",
            "the daemon has no part `room::`; did you mean `room`?".into(),
        ),
        (
            "log.set_level",
            json!({ "level": "info", "part": long }),
            "unknown_name",
            format!("the daemon has no part `{}`; did you mean `room`?", &long[..64]),
        ),
    ];
    for (method, params, name, text) in cases {
        let (said, why, _) = Bench::new().refused(&app_server(), &request(1, method, params.clone()));
        assert_eq!((said.as_str(), why), (name, text), "{method} {params}");
    }
    let mut bench = Bench::new();
    for method in ["log.tail", "log.set_level"] {
        let stranger = Sender::participant("stranger");
        assert_eq!(bench.refused(&stranger, &request(1, method, json!({}))).0, "not_allowed", "{method}");
    }
    bench.view.stopping = true;
    assert_eq!(bench.refused(&app_server(), &request(1, "log.set_level", json!({}))).0, "not_available");
    assert!(matches!(bench.effect(&app_server(), &request(2, "log.tail", json!({}))).1, Effect::Log(LogAct::Tail(_))));
}
