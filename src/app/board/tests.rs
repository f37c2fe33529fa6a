//! The thread with a fake board: commands answered, and every output safe whatever ends it.

use std::path::Path;
use std::sync::mpsc::channel;

use board::SharedFake;
use serde_json::json;

use super::*;

const GATE: &str = r#"
[board]
id = "gate"
name = "Gate"
[lines.door]
line = "A"
direction = "output"
safe = false
[lines.filter]
line = "B"
direction = "output"
safe = true
[leds.red]
line = "red"
[lines.red]
line = "C"
direction = "output"
safe = false
[relays.gate]
line = "door"
[ir_cut]
line = "filter"
"#;

fn shared(profile: &Profile, held: &[(&str, &str)]) -> SharedFake {
    SharedFake::new(profile, Path::new("/nowhere"), held)
}

fn gate() -> Profile {
    Profile::parse("t", GATE).unwrap_or_else(|why| panic!("{why}"))
}

fn ask(thread: &BoardThread, act: BoardAct) -> Outcome {
    let (answer, answered) = channel();
    assert!(thread.act(act, Box::new(move |outcome| drop(answer.send(outcome)))));
    answered.recv_timeout(Duration::from_secs(10)).expect("answered")
}

fn set(line: &str, on: bool) -> BoardAct {
    BoardAct::SetLine(wire::board::SetLine { line: line.into(), on })
}

#[test]
fn commands_move_the_board_and_tell_how_it_is_then() {
    let profile = gate();
    let witness = Arc::new(shared(&profile, &[]));
    let thread = BoardThread::keep(&profile, Box::new((*witness).clone()), None).expect("started");
    assert_eq!(thread.info().lines.len(), 3);
    match ask(&thread, set("door", true)) {
        Outcome::Line(line) => {
            let line = serde_json::to_value(&*line).expect("JSON");
            assert_eq!(line, json!({ "name": "door", "relay": "gate", "output": true, "on": true, "safe": false }));
        }
        other => panic!("{other:?}"),
    }
    assert!(witness.is_on("door"));
    let blinking = |times: &[u16]| {
        BoardAct::SetLed(wire::board::SetLed { led: "red".into(), pattern: wire::board::Pattern::Blinking(times.to_vec()) })
    };
    assert!(matches!(ask(&thread, blinking(&[50, 50])), Outcome::Led(_)));
    match ask(&thread, blinking(&[50])) {
        Outcome::Failed(crate::control::Failure::OutOfRange(why)) => assert!(why.starts_with("a pattern of [50] ms"), "{why}"),
        other => panic!("{other:?}"),
    }
    match ask(&thread, BoardAct::SetIrCut(wire::board::IrCutMode::Night)) {
        Outcome::IrCut(filter) => assert!(filter.night),
        other => panic!("{other:?}"),
    }
    assert!(!witness.is_on("filter"), "the filter is out by night");
    assert!(!thread.wants_brightness(), "night was asked for");
    drop(thread);
    assert_eq!((witness.is_on("door"), witness.is_on("filter"), witness.is_on("red")), (false, true, false), "safe at the end");
}

#[test]
fn a_line_that_is_held_is_refused_by_its_holder_and_the_rest_works() {
    let profile = gate();
    let board = shared(&profile, &[("A", "w1_gpio")]);
    let thread = BoardThread::keep(&profile, Box::new(board), None).expect("started");
    match ask(&thread, set("door", true)) {
        Outcome::Failed(crate::control::Failure::NotAvailable(why)) => {
            assert_eq!(why, "line \"door\": \"A\" is held by \"w1_gpio\"; stop that first, or take it out of the profile");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(ask(&thread, set("red", true)), Outcome::Line(_)));
}

#[test]
fn a_panic_of_whoever_has_the_board_leaves_it_safe() {
    let profile = gate();
    let witness = Arc::new(shared(&profile, &[]));
    let board = (*witness).clone();
    let ended = std::thread::spawn(move || {
        let thread = BoardThread::keep(&gate(), Box::new(board), None).expect("started");
        ask(&thread, set("door", true));
        panic!("the loop breaks");
    })
    .join();
    assert!(ended.is_err());
    assert!(!witness.is_on("door"));
    // And one on the board's own thread.
    let thread = BoardThread::keep(&profile, Box::new((*witness).clone()), None).expect("started");
    ask(&thread, set("door", true));
    assert!(witness.is_on("door"));
    thread.act(BoardAct::ReadInfo, Box::new(|_| panic!("the thread breaks")));
    drop(thread);
    assert!(!witness.is_on("door"));
}
