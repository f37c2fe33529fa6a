//! A board as the daemon uses it: by the profile's names, with safe states, whatever is missing.

use std::{fs, path::Path, time::Duration};

use board::{Backend, Board, Fake, Keeper, Kind, LineError, Move, Pattern, Profile, SharedFake, Shown, open};

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
    let why = open(&bare, Backend::Cdev, Path::new("/")).get("x").expect_err("unknown").to_string();
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
    assert_eq!(board.show("status", Pattern::blink(100, 300)), Ok(Shown::Whole));
    assert_eq!((read("trigger").as_str(), read("delay_on").as_str(), read("delay_off").as_str()), ("timer", "100", "300"));
    let thrice = "100/100/100/100/100/700".parse().expect("a pattern");
    assert_eq!(board.show("status", thrice), Ok(Shown::Whole));
    let pairs = "255 100 255 0 0 100 0 0 255 100 255 0 0 100 0 0 255 100 255 0 0 700 0 0";
    assert_eq!((read("trigger").as_str(), read("pattern").as_str()), ("pattern", pairs));
    drop(board);
    assert_eq!((read("trigger").as_str(), read("brightness").as_str()), ("none", "0"));
}

#[test]
fn a_machine_without_the_declared_lines_still_opens() {
    let mut board = open(&profile(), Backend::Cdev, Path::new("/nowhere"));
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

const PANEL: &str = r#"
[board]
id = "panel"
name = "Panel"
[lines.bell]
line = "BELL"
direction = "input"
[buttons.bell]
line = "bell"
[buttons.power]
key = 116
[buttons.user]
key = 256
device = "gpio-keys"
[fan]
hwmon = "pwmfan"
[lines.filter]
line = "F"
direction = "output"
safe = true
[ir_cut]
line = "filter"
sensor = "tsl2591"
[watchdog]
device = "/dev/watchdog0"
"#;

/// A folder with what sysfs and /dev say of an input device with KEY_POWER, and of sensors.
fn machine() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    };
    write("sys/class/input/event3/device/name", "Power Button\n");
    write("sys/class/input/event3/device/capabilities/key", "10000000000000 0\n");
    write("dev/input/event3", "");
    write("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
    write("sys/class/thermal/thermal_zone0/temp", "48312\n");
    write("sys/class/thermal/cooling_device0/type", "pwm-fan\n");
    write("sys/class/thermal/cooling_device0/cur_state", "3\n");
    write("sys/class/thermal/cooling_device1/type", "cpufreq-cpu0\n");
    write("sys/class/thermal/cooling_device1/cur_state", "2\n");
    write("sys/class/thermal/cooling_device1/max_state", "5\n");
    write("sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
    write("sys/class/hwmon/hwmon0/temp1_input", "48312\n");
    write("sys/class/hwmon/hwmon1/name", "rpi_volt\n");
    write("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
    write("sys/class/hwmon/hwmon2/name", "nvme\n");
    write("sys/class/hwmon/hwmon2/temp1_input", "-2000\n");
    write("sys/class/hwmon/hwmon2/temp1_label", "Composite\n");
    write("sys/class/hwmon/hwmon2/temp2_input", "broken\n");
    write("sys/class/hwmon/hwmon3/name", "pwmfan\n");
    write("sys/class/hwmon/hwmon3/fan1_input", "2400\n");
    write("sys/bus/iio/devices/iio:device0/name", "tsl2591\n");
    write("sys/bus/iio/devices/iio:device0/in_illuminance_raw", "25\n");
    write("sys/bus/iio/devices/iio:device0/in_illuminance_scale", "0.5\n");
    root
}

/// An event as the kernel writes it: time, type, code, value.
fn event(kind: u16, code: u16, value: i32) -> Vec<u8> {
    let mut bytes = vec![0; 2 * size_of::<usize>()];
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(code.to_ne_bytes());
    bytes.extend(value.to_ne_bytes());
    bytes
}

#[test]
fn a_watched_line_tells_when_it_moves_and_one_that_is_not_does_not() {
    let gate = "[board]\nid = \"gate\"\nname = \"Gate\"\n[lines.pir]\nline = \"A\"\ndirection = \"input\"\nwatch = true\n\
                [lines.door]\nline = \"B\"\ndirection = \"input\"\n";
    let profile = Profile::parse("t", gate).expect("good");
    let board = SharedFake::new(&profile, std::path::Path::new("/nowhere"), &[]);
    let mut keeper = Keeper::new(&profile, Box::new(board.clone()), None, Duration::ZERO);
    let watched = |on| Move { line: "pir".into(), on };
    assert_eq!(keeper.watched(), [watched(false)]);
    for (line, on) in [("pir", true), ("door", true), ("pir", false)] {
        board.fake().press(line, on);
    }
    assert_eq!((keeper.wake(Duration::ZERO), keeper.moves()), (Vec::new(), vec![watched(true), watched(false)]));
    assert_eq!(keeper.moves(), []);
    let output = gate.replace("direction = \"input\"\nwatch", "direction = \"output\"\nsafe = false\nwatch");
    let why = Profile::parse("t", &output).expect_err("bad").to_string();
    assert!(why.contains("[lines.pir]: `watch` is for inputs"), "{why}");
}

#[test]
fn keys_of_input_devices_and_lines_are_buttons_alike() {
    use std::io::Write;
    let root = machine();
    let mut board = Fake::new(&Profile::parse("t", PANEL).expect("good"), root.path());
    let mut node = fs::OpenOptions::new().append(true).open(root.path().join("dev/input/event3")).expect("opened");
    // Down, a repetition, a key that nobody wants, another kind of event, up.
    for bytes in [event(1, 116, 1), event(1, 116, 2), event(1, 30, 1), event(4, 116, 1), event(1, 116, 0)] {
        node.write_all(&bytes).expect("written");
    }
    board.press("bell", true);
    let seen: Vec<_> = board.presses().into_iter().map(|press| (press.button, press.pressed)).collect();
    assert_eq!(seen, [("power".to_owned(), true), ("power".into(), false), ("bell".into(), true)]);
    assert_eq!(board.presses(), []);
    let missing: Vec<_> = board.declared().into_iter().filter_map(|one| one.missing).collect();
    assert_eq!(
        missing,
        [
            "button \"user\": no input device has key 256 of \"gpio-keys\"; /proc/bus/input/devices lists those that there are",
            "watchdog: there is no /dev/watchdog0",
        ]
    );
}

#[test]
fn sensors_are_read_as_the_kernel_tells_them() {
    let root = machine();
    let board = Fake::new(&Profile::parse("t", PANEL).expect("good"), root.path());
    let all: Vec<_> = board.temperatures().into_iter().map(|one| (one.name, one.celsius)).collect();
    assert_eq!(all, [("cpu-thermal".to_owned(), 48.312), ("nvme Composite".into(), -2.0)], "hwmon's copy of a zone is left out");
    let throttling = board.throttling();
    assert_eq!(throttling.slowed, ["cpufreq-cpu0 at step 2 of 5"], "a fan that runs slows nothing down");
    assert_eq!((throttling.undervoltage, board.fan_rpm(), board.lux()), (Some(true), Some(2400), Some(12.5)));
    let nothing = Fake::new(&Profile::parse("t", PANEL).expect("good"), Path::new("/nowhere"));
    assert_eq!((nothing.temperatures().len(), nothing.throttling().undervoltage, nothing.lux()), (0, None, None));
}

#[test]
fn rppal_is_one_backend_among_others_and_never_needed() {
    let without = open(&profile(), Backend::Rppal, Path::new("/nowhere"));
    assert_eq!(without.declared().len(), 5, "whatever this build has, and whatever machine this is");
    assert_eq!(Backend::Rppal.missing().is_none(), cfg!(feature = "rppal"));
    assert_eq!(Backend::Cdev.missing(), None);
}
