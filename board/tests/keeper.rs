//! What takes time on a board, on a clock that goes as the test wants.

use std::fs;
use std::path::Path;
use std::time::Duration;

use board::{DayMode, Keeper, LineError, Pattern, Press, Profile, SharedFake, Signal};

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);

const GATE: &str = r#"
[board]
id = "gate"
name = "Gate"
[lines.door]
line = "A"
direction = "output"
safe = false
[lines.siren]
line = "B"
direction = "output"
safe = true
[lines.lamp]
line = "C"
direction = "output"
safe = false
[lines.eye]
line = "D"
direction = "output"
safe = false
[lines.red]
line = "E"
direction = "output"
safe = false
[lines.bell]
line = "F"
direction = "input"
[leds.status]
line = "lamp"
[leds.privacy]
line = "eye"
[leds.red]
line = "red"
[buttons.bell]
line = "bell"
[relays.gate]
line = "door"
"#;

fn kept(text: &str, root: &Path, patience: Option<Duration>) -> (Keeper, SharedFake) {
    let profile = Profile::parse("t", text).unwrap_or_else(|why| panic!("{why}"));
    let board = SharedFake::new(&profile, root, &[]);
    (Keeper::new(&profile, Box::new(board.clone()), patience, Duration::ZERO), board)
}

fn gate(patience: Option<Duration>) -> (Keeper, SharedFake) {
    kept(GATE, Path::new("/nowhere"), patience)
}

#[test]
fn a_pulse_ends_by_itself_and_by_the_next_command() {
    let (mut keeper, board) = gate(None);
    keeper.pulse("gate", true, 500, S).expect("a relay may be called by its own name");
    assert_eq!((board.is_on("door"), keeper.deadline()), (true, Some(S + 500 * MS)));
    keeper.wake(S + 499 * MS);
    assert!(board.is_on("door"));
    keeper.wake(S + 500 * MS);
    assert_eq!((board.is_on("door"), keeper.deadline()), (false, None));
    // One on top of another begins anew; a plain command ends it.
    keeper.pulse("door", true, 500, S).expect("begun");
    keeper.pulse("door", true, 500, S + 400 * MS).expect("begun");
    keeper.wake(S + 500 * MS);
    assert!(board.is_on("door"));
    keeper.set("door", true).expect("set");
    assert_eq!(keeper.deadline(), None);
    keeper.pulse("siren", false, 20, S).expect("begun");
    assert!(!board.is_on("siren"));
    keeper.wake(2 * S);
    assert!(board.is_on("siren"), "it goes the other way");
}

#[test]
fn what_the_daemon_drives_itself_is_for_no_command() {
    let (mut keeper, board) = gate(None);
    let said = |result: Result<(), LineError>| result.expect_err("refused").to_string();
    assert_eq!(said(keeper.set("lamp", true)), "line \"lamp\" is the status LED, which no command moves");
    assert_eq!(said(keeper.pulse("eye", true, 100, S)), "line \"eye\" is the privacy LED, which no command moves");
    assert_eq!(said(keeper.led("privacy", Pattern::On, S)), "LED \"privacy\" is the privacy LED, which no command moves");
    assert_eq!(said(keeper.set("bell", true)), "line \"bell\" is an input; it cannot be set");
    assert_eq!(said(keeper.set("dor", true)), "this board declares no line \"dor\"; it has bell, door, eye, lamp, red, siren");
    assert_eq!(said(keeper.led("blue", Pattern::On, S)), "this board declares no LED \"blue\"; it has privacy, red, status");
    assert!(!board.is_on("lamp") && !board.is_on("eye"));
}

#[test]
fn outputs_are_let_go_when_the_channel_stays_away_and_only_those_of_commands() {
    let (mut keeper, board) = gate(Some(30 * S));
    keeper.channel(false, S);
    assert_eq!(keeper.deadline(), None, "never been there is not lost");
    keeper.channel(true, 2 * S);
    keeper.signal(Signal::Streaming, 2 * S);
    keeper.camera(true, 2 * S);
    keeper.set("door", true).expect("set");
    keeper.set("siren", false).expect("set");
    keeper.led("red", Pattern::On, 2 * S).expect("lit");
    keeper.channel(false, 10 * S);
    keeper.channel(false, 20 * S);
    assert_eq!(keeper.deadline(), Some(40 * S), "counted from the first moment");
    keeper.channel(true, 39 * S);
    keeper.wake(41 * S);
    assert!(board.is_on("door"), "it was back in time");
    keeper.channel(false, 50 * S);
    keeper.wake(79 * S);
    assert!(board.is_on("door"));
    keeper.wake(80 * S);
    let now = |line| board.is_on(line);
    assert_eq!((now("door"), now("siren"), now("red")), (false, true, false), "safe");
    assert_eq!((now("lamp"), now("eye")), (true, true), "the camera is open all the same, and the status is told");
    assert_eq!(keeper.trouble(), None);
    // Commands of the local socket still count.
    keeper.set("door", true).expect("set");
    keeper.wake(200 * S);
    assert!(board.is_on("door"));
}

#[test]
fn without_patience_nothing_is_let_go() {
    let (mut keeper, board) = gate(None);
    keeper.channel(true, S);
    keeper.set("door", true).expect("set");
    keeper.channel(false, 2 * S);
    keeper.wake(10_000 * S);
    assert!(board.is_on("door"));
}

#[test]
fn the_privacy_led_follows_the_camera() {
    let (mut keeper, board) = gate(None);
    for open in [true, true, false, true, false] {
        keeper.camera(open, S);
        assert_eq!(board.is_on("eye"), open);
    }
    keeper.camera(true, S);
    drop(keeper);
    assert!(!board.is_on("eye"), "nobody captures any more");
}

#[test]
fn the_status_led_speaks_one_language() {
    let texts = GATE.replace("[leds.privacy]", "[leds.status.patterns]\nwaiting = \"off\"\n[leds.privacy]");
    let (mut keeper, board) = kept(&texts, Path::new("/nowhere"), None);
    /// When the lamp changes in the next two seconds, from its being lit.
    fn changes(keeper: &mut Keeper, board: &SharedFake, signal: Signal) -> Vec<u64> {
        keeper.signal(signal, Duration::ZERO);
        let (mut lit, mut seen) = (board.is_on("lamp"), vec![u64::from(board.is_on("lamp"))]);
        for ms in (0..2000).step_by(5) {
            keeper.wake(Duration::from_millis(ms));
            if board.is_on("lamp") != lit {
                lit = !lit;
                seen.push(ms);
            }
        }
        seen
    }
    let mut of = |signal| changes(&mut keeper, &board, signal);
    assert_eq!(of(Signal::Provisioning), [1, 100, 200, 300]);
    assert_eq!(of(Signal::Connecting), [1, 500, 1000, 1500]);
    assert_eq!(of(Signal::Streaming), [1]);
    assert_eq!(of(Signal::Waiting), [0], "as the profile wants it");
    assert_eq!(of(Signal::Fault), [1, 100, 200, 300, 400, 500, 1200, 1300, 1400, 1500, 1600, 1700]);
    assert_eq!(of(Signal::Update).len(), 16);
}

#[test]
fn a_step_that_comes_late_is_a_full_one() {
    let (mut keeper, board) = gate(None);
    keeper.led("red", Pattern::blink(100, 300), S).expect("lit");
    assert_eq!((board.is_on("red"), keeper.deadline()), (true, Some(S + 100 * MS)));
    keeper.wake(S + 250 * MS);
    assert_eq!((board.is_on("red"), keeper.deadline()), (false, Some(S + 550 * MS)));
    keeper.led("red", Pattern::Off, S + 300 * MS).expect("out");
    assert_eq!((board.is_on("red"), keeper.deadline()), (false, None));
}

#[test]
fn buttons_tell_what_they_did_and_how_they_are() {
    let (mut keeper, board) = gate(None);
    board.fake().press("bell", true);
    assert_eq!(keeper.wake(S), [Press { button: "bell".into(), pressed: true }]);
    assert_eq!(keeper.state().buttons[0].pressed, Some(true));
    board.fake().press("bell", false);
    board.fake().press("bell", false);
    assert_eq!(keeper.wake(S), [Press { button: "bell".into(), pressed: false }]);
}

const NIGHT: &str = r#"
[board]
id = "night"
name = "Night"
[lines.day]
line = "A"
direction = "output"
safe = false
[lines.dark]
line = "B"
direction = "output"
safe = false
[lines.lamp]
line = "C"
direction = "output"
safe = false
[ir_cut]
day = "day"
night = "dark"
pulse_ms = 100
lamp = "lamp"
night_below = 40
day_above = 90
hold_s = 5
"#;

#[test]
fn the_filter_is_thrown_over_by_light_that_lasts_and_not_by_what_flickers() {
    let (mut keeper, board) = kept(NIGHT, Path::new("/nowhere"), None);
    let now = |line| board.is_on(line);
    assert!(keeper.wants_brightness() && now("day"), "wherever it was left: at the start it is thrown to day");
    keeper.wake(100 * MS);
    assert!(!now("day"), "the coil is not left on");
    // Dark for less than five seconds at a time; and dusk, between the thresholds, changes nothing.
    for second in 1..=30 {
        keeper.brightness(if second % 5 == 0 { 60 } else { 10 }, second * S);
    }
    assert!(!now("lamp"));
    for second in 31..=36 {
        assert!(!now("lamp"), "{second}");
        keeper.brightness(10, second * S);
    }
    assert_eq!((now("dark"), now("day"), now("lamp")), (true, false, true));
    keeper.wake(37 * S);
    assert_eq!((now("dark"), now("lamp")), (false, true));
    // Its own lamp makes the picture lighter, but not light.
    for second in 40..100 {
        keeper.brightness(85, second * S);
    }
    assert!(now("lamp"));
    for second in 100..=105 {
        keeper.brightness(120, second * S);
    }
    assert_eq!((now("day"), now("dark"), now("lamp")), (true, false, false));
    keeper.wake(110 * S);
    assert!(keeper.day_mode(DayMode::Night, 111 * S) && !keeper.wants_brightness());
    assert!(now("dark") && now("lamp"));
    keeper.day_mode(DayMode::Day, 111 * S + 50 * MS);
    assert_eq!((now("day"), now("dark")), (true, false), "never both coils at once");
    let state = keeper.state().filter.expect("there is one");
    assert_eq!((state.mode, state.night), (DayMode::Day, false));
    assert!(!gate(None).0.day_mode(DayMode::Day, S), "this board has none");
}

#[test]
fn a_sensor_decides_where_there_is_one_and_a_fan_runs_by_the_temperature() {
    let root = tempfile::tempdir().expect("a directory");
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    };
    let text = NIGHT.replace("lamp = \"lamp\"", "lamp = \"lamp\"\nsensor = \"veml6030\"")
        + "[lines.cooler]\nline = \"D\"\ndirection = \"output\"\nsafe = true\n[fan]\nline = \"cooler\"\n";
    write("sys/bus/iio/devices/iio:device0/name", "veml6030\n");
    write("sys/bus/iio/devices/iio:device0/in_illuminance_input", "3.0\n");
    write("sys/class/thermal/thermal_zone0/type", "cpu\n");
    let (mut keeper, board) = kept(&text, root.path(), None);
    assert!(!keeper.wants_brightness());
    assert!(board.is_on("cooler"), "safe is on");
    let mut at = |second: u32, milli: &str| {
        write("sys/class/thermal/thermal_zone0/temp", milli);
        keeper.brightness(255, second * S);
        keeper.wake(second * S);
        board.is_on("cooler")
    };
    assert!(!at(1, "50000"));
    assert!(!at(2, "69000"));
    assert!(at(3, "70000"));
    assert!(at(4, "61000"), "it does not flutter");
    assert!(!at(5, "60000"));
    assert!(at(6, "not a number"), "better loud than hot");
    assert!(board.is_on("lamp"), "the sensor says it is dark, whatever the picture");
}

#[test]
fn a_panic_leaves_the_board_safe() {
    let (mut keeper, board) = gate(None);
    keeper.set("door", true).expect("set");
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _keeper = keeper;
        panic!("something broke");
    }));
    assert!(ended.is_err() && !board.is_on("door") && board.is_on("siren"));
}

#[test]
fn who_looks_for_the_device_sees_it_blink_and_then_how_it_is() {
    let (mut keeper, board) = gate(None);
    keeper.signal(Signal::Streaming, S);
    assert!(board.is_on("lamp"), "steady");
    keeper.identify(2 * S, S).expect("it has a status LED");
    let mut changes = 0;
    for ms in 0..2000 {
        let before = board.is_on("lamp");
        keeper.wake(S + ms * MS);
        changes += u32::from(board.is_on("lamp") != before);
    }
    assert_eq!(changes, 33, "every 60 ms");
    // What happens meanwhile is told afterwards.
    keeper.signal(Signal::Waiting, 2 * S);
    keeper.identify(S, 3 * S).expect("once more");
    keeper.signal(Signal::Streaming, 3 * S + 10 * MS);
    keeper.wake(4 * S);
    assert!(board.is_on("lamp"));
    for ms in 0..2000 {
        keeper.wake(4 * S + ms * MS);
        assert!(board.is_on("lamp"), "steady again");
    }
    let (mut without, _) = kept("[board]\nid = \"x\"\nname = \"X\"\n", Path::new("/nowhere"), None);
    assert_eq!(without.identify(S, S).expect_err("none").to_string(), "this board declares no LED \"status\"; it has none");
}
