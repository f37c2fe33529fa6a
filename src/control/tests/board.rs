//! Family `board`: what the profile does not name and what the device drives itself is refused; who watches buttons is told.

use serde_json::{Value, json};
use wire::board::{Button, Info, IrCut, IrCutMode, Led, Line, Pattern, Press, PulseLine, SetLed, SetLine, Steady};
use wire::event::Topic;

use super::super::{BoardAct, Effect, Step};
use super::{Bench, Sender, app_server, local, request};

/// A gate: a door with a relay, a bell, LEDs, a filter.
pub fn gate() -> Info {
    let line = |name: &str, output| Line { name: name.into(), output, ..Line::default() };
    let led = |name: &str| Led { name: name.into(), shows: Pattern::Steady(Steady::Off), owner: None, missing: None };
    Info {
        profile: "gate".into(),
        lines: vec![
            Line { relay: Some("gate".into()), ..line("door", true) },
            Line { owner: Some("the IR-cut filter".into()), ..line("filter", true) },
            line("bell", false),
        ],
        leds: vec![
            led("red"),
            Led { owner: Some("the status LED".into()), ..led("status") },
            Led { owner: Some("the privacy LED".into()), ..led("privacy") },
        ],
        buttons: vec![Button { name: "bell".into(), ..Button::default() }],
        ir_cut: Some(IrCut { mode: IrCutMode::Auto, night: false, light: None }),
        ..Info::default()
    }
}

#[test]
fn lawful_commands_are_the_boards() {
    let set = |on| BoardAct::SetLine(SetLine { line: "door".into(), on });
    let pulse = |ms, on| BoardAct::PulseLine(PulseLine { line: "door".into(), ms, on });
    let led = |pattern| BoardAct::SetLed(SetLed { led: "red".into(), pattern });
    let cases = [
        ("board.info", json!({}), BoardAct::ReadInfo),
        ("board.get_line", json!({ "line": "bell" }), BoardAct::ReadLine("bell".into())),
        ("board.get_line", json!({ "line": "filter" }), BoardAct::ReadLine("filter".into())),
        ("board.set_line", json!({ "line": "door", "on": true }), set(true)),
        ("board.set_line", json!({ "line": "gate", "on": false }), set(false)),
        ("board.pulse_line", json!({ "line": "gate", "ms": 10 }), pulse(10, true)),
        ("board.pulse_line", json!({ "line": "door", "ms": 60_000, "on": false }), pulse(60_000, false)),
        ("board.set_led", json!({ "led": "red", "pattern": "off" }), led(Pattern::Steady(Steady::Off))),
        ("board.set_led", json!({ "led": "red", "pattern": [100, 900] }), led(Pattern::Blinking(vec![100, 900]))),
        ("board.set_ir_cut", json!({ "mode": "night" }), BoardAct::SetIrCut(IrCutMode::Night)),
        ("board.temperature", json!({}), BoardAct::ReadTemperatures),
        ("board.throttling", json!({}), BoardAct::ReadThrottling),
    ];
    for (method, params, act) in cases {
        let effect = Bench::new().effect(&app_server(), &request(1, method, params.clone())).1;
        assert_eq!(effect, Effect::Board(act), "{method} {params}");
    }
}

#[test]
fn what_no_command_may_do_is_refused_by_its_reason() {
    let cases = [
        (
            "board.set_line",
            json!({ "line": "dor", "on": true }),
            "unknown_name",
            "this board declares no line `dor`; did you mean `door`?",
        ),
        ("board.get_line", json!({ "line": "" }), "unknown_name", "this board declares no line ``"),
        ("board.get_line", json!({ "line": "GPIO17" }), "unknown_name", "this board declares no line `GPIO17`"),
        ("board.get_line", json!({ "line": "a\nb" }), "unknown_name", "this board declares no line `a\\nb`"),
        ("board.set_line", json!({ "line": "bell", "on": true }), "not_available", "line \"bell\" is an input; it cannot be set"),
        (
            "board.set_line",
            json!({ "line": "filter", "on": true }),
            "not_available",
            "line \"filter\" is the IR-cut filter, which no command moves",
        ),
        ("board.pulse_line", json!({ "line": "bell", "ms": 10 }), "not_available", "line \"bell\" is an input; it cannot be set"),
        ("board.pulse_line", json!({ "line": "door", "ms": 9 }), "out_of_range", "a pulse of 9 ms is not between 10 and 60000"),
        (
            "board.pulse_line",
            json!({ "line": "door", "ms": u32::MAX }),
            "out_of_range",
            "a pulse of 4294967295 ms is not between 10 and 60000",
        ),
        (
            "board.set_led",
            json!({ "led": "reed", "pattern": "on" }),
            "unknown_name",
            "this board declares no LED `reed`; did you mean `red`?",
        ),
        (
            "board.set_led",
            json!({ "led": "privacy", "pattern": "off" }),
            "not_available",
            "LED \"privacy\" is the privacy LED, which no command moves",
        ),
        ("board.set_line", json!({ "line": "door" }), "invalid_params", "board.set_line: missing field `on`"),
        (
            "board.set_line",
            json!({ "line": "door", "on": true, "for": 1 }),
            "invalid_params",
            "board.set_line: no parameter `for`",
        ),
        (
            "board.set_line",
            json!({ "line": "door", "on": "yes" }),
            "invalid_params",
            "board.set_line: invalid type: string \"yes\", expected a boolean",
        ),
        (
            "board.set_ir_cut",
            json!({ "mode": "dusk" }),
            "invalid_params",
            "board.set_ir_cut: unknown variant `dusk`, expected one of `auto`, `day`, `night`",
        ),
    ];
    for (method, params, name, text) in cases {
        let (said, why, _) = Bench::new().refused(&app_server(), &request(1, method, params.clone()));
        assert_eq!((said.as_str(), why.as_str()), (name, text), "{method} {params}");
    }
}

#[test]
fn a_board_that_has_nothing_and_one_that_stops_say_so() {
    let mut bench = Bench::new();
    bench.view.board = std::sync::Arc::default();
    let mut why = |method: &str, params: Value| bench.refused(&app_server(), &request(1, method, params)).1;
    assert_eq!(why("board.set_line", json!({ "line": "door", "on": true })), "this board declares no line `door`");
    assert_eq!(why("board.set_ir_cut", json!({ "mode": "day" })), "this board has no IR-cut filter");
    assert_eq!(why("board.watch", json!({ "on": true })), "this board has no buttons");
    let mut bench = Bench::new();
    bench.view.stopping = true;
    let (name, ..) = bench.refused(&app_server(), &request(1, "board.set_line", json!({ "line": "door", "on": true })));
    assert_eq!(name, "not_available");
    assert_eq!(bench.effect(&app_server(), &request(2, "board.info", json!({}))).1, Effect::Board(BoardAct::ReadInfo));
}

#[test]
fn nobody_moves_the_board_without_leave() {
    for method in ["info", "get_line", "set_line", "pulse_line", "set_led", "set_ir_cut", "temperature", "throttling", "watch"] {
        let stranger = Sender::participant("stranger");
        let (name, ..) = Bench::new().refused(&stranger, &request(1, &format!("board.{method}"), json!({})));
        assert_eq!(name, "not_allowed", "{method}");
    }
}

#[test]
fn buttons_are_told_to_who_watches_until_it_leaves() {
    let mut bench = Bench::new();
    let press = Press { button: "bell".into(), pressed: true, time_ms: 7 };
    let told = |bench: &Bench| -> Vec<Sender> {
        bench.desk.tell(Topic::BoardPress, || &press).into_iter().map(|letter| letter.to).collect()
    };
    assert_eq!(told(&bench), []);
    let watch = |on| request(1, "board.watch", json!({ "on": on }));
    assert_eq!(bench.reply(&app_server(), &watch(true))["result"], json!({}));
    bench.reply(&local(7), &watch(true));
    bench.reply(&app_server(), &watch(true));
    assert_eq!(told(&bench), [local(7), app_server()], "asked for twice is told once");
    let message: Value = serde_json::from_slice(&bench.desk.tell(Topic::BoardPress, || &press)[0].message).expect("JSON");
    let params = json!({ "button": "bell", "pressed": true, "time_ms": 7 });
    assert_eq!(message, json!({ "jsonrpc": "2.0", "method": "board.button", "params": params }));
    bench.reply(&app_server(), &watch(false));
    assert_eq!(told(&bench), [local(7)]);
    bench.desk.forget(&local(7), bench.now);
    assert_eq!(told(&bench), []);
    // As a notification it is done and not answered.
    let message = json!({ "jsonrpc": "2.0", "method": "board.watch", "params": { "on": true } }).to_string();
    assert!(matches!(bench.desk.receive(&app_server(), message.as_bytes(), &bench.view, bench.now), Step::Nothing));
    assert_eq!(told(&bench), [app_server()]);
}
