//! A board as the daemon uses it: by the profile's names, with safe states, whatever is missing.

use std::{fs, path::Path};

use board::{Board, Fake, Kind, LineError, Pattern, Profile, open};

const GATE: &str = r#"
[board]
id = "gate"
name = "Gate"

[lines.door]
line = "GPIO17"
direction = "output"
safe = true

[lines.lamp]
line = "GPIO18"
direction = "output"
safe = false

[lines.bell]
line = "GPIO27"
direction = "input"
pull = "up"
active = "low"

[leds.status]
class = "ACT"

[leds.privacy]
line = "lamp"

[buttons.bell]
line = "bell"

[relays.door]
line = "door"
"#;

fn profile() -> Profile {
    Profile::parse("t", GATE).unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn outputs_start_safe_and_end_safe() {
    let mut board = Fake::new(&profile(), Path::new("/nowhere"));
    assert_eq!((board.get("door"), board.get("lamp")), (Ok(true), Ok(false)));
    board.set("door", false).expect("switched");
    board.show("privacy", Pattern::On).expect("lit");
    assert_eq!((board.get("door"), board.get("lamp")), (Ok(false), Ok(true)));
    board.rest();
    assert_eq!((board.get("door"), board.get("lamp")), (Ok(true), Ok(false)));
}

#[test]
fn inputs_follow_the_world_and_are_never_driven() {
    let mut board = Fake::new(&profile(), Path::new("/nowhere"));
    board.press("bell", true);
    assert_eq!(board.get("bell"), Ok(true));
    assert_eq!(board.set("bell", false), Err(LineError::Input("bell".into())));
    board.rest();
    assert!(board.values()["bell"], "safe states are for outputs");
}

#[test]
fn a_line_that_somebody_holds_spoils_only_itself() {
    let mut board = Fake::with_held(&profile(), Path::new("/nowhere"), &[("GPIO17", "w1_gpio")]);
    assert_eq!(board.set("lamp", true), Ok(()));
    let why = board.set("door", true).expect_err("it is held").to_string();
    assert_eq!(why, "line \"door\": \"GPIO17\" is held by \"w1_gpio\"; stop that first, or take it out of the profile");
    let declared = board.declared();
    let missing: Vec<_> = declared.iter().filter(|one| one.missing.is_some()).map(|one| (one.name.as_str(), one.kind)).collect();
    assert_eq!(missing, [("door", Kind::Output), ("status", Kind::Led)]);
}

#[test]
fn unknown_names_are_answered_with_the_known_ones() {
    let mut board = Fake::new(&profile(), Path::new("/nowhere"));
    let why = board.get("gate").expect_err("unknown").to_string();
    assert_eq!(why, "this board declares no line \"gate\"; it has bell, door, lamp");
    let why = board.show("red", Pattern::On).expect_err("unknown").to_string();
    assert_eq!(why, "this board declares no LED \"red\"; it has privacy, status");
    let bare = Profile::parse("t", "[board]\nid = \"b\"\nname = \"B\"\n").unwrap_or_else(|why| panic!("{why}"));
    let why = open(&bare, Path::new("/")).get("x").expect_err("unknown").to_string();
    assert_eq!(why, "this board declares no line \"x\"; it has none");
}

#[test]
fn leds_of_the_kernel_show_patterns_and_go_out() {
    let root = tempfile::tempdir().expect("a directory");
    let led = root.path().join("sys/class/leds/ACT");
    fs::create_dir_all(&led).expect("made");
    fs::write(led.join("brightness"), "0\n").expect("written");
    fs::write(led.join("max_brightness"), "255\n").expect("written");
    let read = |file: &str| fs::read_to_string(led.join(file)).unwrap_or_default();
    let mut board = Fake::new(&profile(), root.path());
    board.show("status", Pattern::On).expect("lit");
    assert_eq!((read("trigger").as_str(), read("brightness").as_str()), ("none", "255"));
    board.show("status", Pattern::Blink { on: 100, off: 300 }).expect("blinks");
    assert_eq!((read("trigger").as_str(), read("delay_on").as_str(), read("delay_off").as_str()), ("timer", "100", "300"));
    drop(board);
    assert_eq!((read("trigger").as_str(), read("brightness").as_str()), ("none", "0"));
}

#[test]
fn a_machine_without_the_declared_lines_still_opens() {
    let mut board = open(&profile(), Path::new("/nowhere"));
    assert!(board.declared().iter().all(|one| one.missing.is_some()), "{:?}", board.declared());
    assert!(board.set("door", true).is_err() && board.show("status", Pattern::On).is_err());
}

#[test]
fn looking_moves_nothing() {
    let root = tempfile::tempdir().expect("a directory");
    let led = root.path().join("sys/class/leds/ACT");
    fs::create_dir_all(&led).expect("made");
    fs::write(led.join("brightness"), "77").expect("written");
    let seen = board::inspect(&profile(), root.path());
    assert!(seen.iter().any(|one| one.name == "status" && one.missing.is_none()), "{seen:?}");
    assert_eq!(fs::read_to_string(led.join("brightness")).ok().as_deref(), Some("77"));
}
