//! Keys, LEDs and a thermometer of the kernel's real drivers: a keyboard made of software (uhid) brings an input device (evdev) and LEDs of
//! the LED class, the kernel's test_power a thermal zone whose temperature can be set.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use board::{Backend, Pattern, Profile, Shown};
use rustix::fs::OFlags;
use serde_json::json;

use crate::bench::{Guest, in_guest};
use crate::board::{chip, level};
use crate::rig::{Daemon, Setup, let_pass, read, wait_for, write};

const SOON: Duration = Duration::from_secs(15);

/// A keyboard as USB's HID 1.11 describes it in appendix B.1: eight bits of modifiers, LEDs, six keys at a time.
const KEYBOARD: [u8; 63] = [
    0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81,
    0x02, 0x95, 0x01, 0x75, 0x08, 0x81, 0x01, 0x95, 0x05, 0x75, 0x01, 0x05, 0x08, 0x19, 0x01, 0x29, 0x05, 0x91, 0x02, 0x95, 0x01,
    0x75, 0x03, 0x91, 0x01, 0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x25, 0x65, 0x05, 0x07, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00, 0xc0,
];
/// Bytes of the kernel's struct uhid_event, and where its data begin.
const EVENT: usize = 4380;
const CREATE: u32 = 11;
const INPUT: u32 = 12;
const OUTPUT: u32 = 6;
/// The letter A in that report, and what the kernel's input layer makes of it (KEY_A).
const A: u8 = 4;
const KEY_A: u16 = 30;

/// A keyboard; pulled when dropped.
struct Keyboard(File);

impl Keyboard {
    fn plug(name: &str) -> Self {
        let flags = OFlags::NONBLOCK.bits() as i32;
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open("/dev/uhid").expect("the kernel has uhid");
        let mut keyboard = Self(file);
        let mut text = name.as_bytes().to_vec();
        text.resize(256, 0);
        let mut data = text;
        data.extend((KEYBOARD.len() as u16).to_ne_bytes());
        data.extend(3u16.to_ne_bytes()); // USB
        for number in [0x1209u32, 1, 1, 0] {
            data.extend(number.to_ne_bytes());
        }
        data.extend(KEYBOARD);
        keyboard.say(CREATE, &data);
        keyboard
    }

    fn say(&mut self, kind: u32, data: &[u8]) {
        let mut event = kind.to_ne_bytes().to_vec();
        event.extend(data);
        event.resize(EVENT, 0);
        self.0.write_all(&event).expect("uhid takes it");
    }

    fn press(&mut self, key: u8) {
        let mut data = 8u16.to_ne_bytes().to_vec();
        data.extend([0, 0, key, 0, 0, 0, 0, 0]);
        self.say(INPUT, &data);
    }

    /// What its LEDs were told since the last time, newest last.
    fn lit(&mut self) -> Vec<u8> {
        let mut told = Vec::new();
        let mut event = [0; EVENT];
        while let Ok(length) = self.0.read(&mut event) {
            if length > 4 && event[..4] == OUTPUT.to_ne_bytes() {
                told.push(event[4]);
            }
        }
        told
    }
}

/// The LED class' name of the keyboard's first LED.
fn numlock() -> String {
    wait_for("an LED", SOON, || {
        let names =
            std::fs::read_dir("/sys/class/leds").ok()?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.into_iter().find(|name| name.ends_with("::numlock"))
    })
}

fn profile(text: &str) -> Profile {
    Profile::parse("panel.toml", text).unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn leds_of_the_led_class_are_lit_blinked_by_the_kernel_and_put_out() {
    in_guest(&Guest::default(), || {
        let mut keyboard = Keyboard::plug("Panel");
        let class = numlock();
        let text = format!("[board]\nid = \"panel\"\nname = \"Panel\"\n[leds.status]\nclass = \"{class}\"\n");
        let mut board = board::open(&profile(&text), Backend::Cdev, Path::new("/"));
        assert!(board.declared().iter().all(|one| one.missing.is_none()), "{:?}", board.declared());
        keyboard.lit();
        assert_eq!(board.show("status", Pattern::On), Ok(Shown::Whole));
        wait_for("light", SOON, || (keyboard.lit().last() == Some(&1)).then_some(()));
        assert_eq!(read(PathBuf::from("/sys/class/leds").join(&class).join("brightness")), "1");
        // From here on nobody but the kernel moves it.
        let mut last = None;
        for pattern in ["50/50", "30/30/30/60"] {
            assert_eq!(board.show("status", pattern.parse().expect("a pattern")), Ok(Shown::Whole));
            keyboard.lit();
            let mut seen = Vec::new();
            wait_for("blinking", SOON, || {
                seen.extend(keyboard.lit());
                (seen.len() >= 8).then_some(())
            });
            assert!(seen.windows(2).all(|pair| pair[0] != pair[1]), "{pattern}: {seen:?}");
            last = seen.pop();
        }
        drop(board);
        wait_for("darkness", SOON, || {
            last = keyboard.lit().pop().or(last);
            (last == Some(0)).then_some(())
        });
        keyboard.lit();
        let_pass(Duration::from_millis(300));
        assert!(keyboard.lit().is_empty(), "and it stays dark");
    });
}

#[test]
fn keys_of_an_input_device_are_buttons_also_when_it_comes_later() {
    in_guest(&Guest::default(), || {
        let text = format!("[board]\nid = \"panel\"\nname = \"Panel\"\n[buttons.user]\nkey = {KEY_A}\ndevice = \"Panel\"\n");
        write("/run/panel.toml", &text);
        let settings = [("board.profile", "/run/panel.toml"), ("camera.source", "pattern"), ("microphone.source", "none")];
        let daemon = Daemon::start(&Setup { settings: &settings, ..Setup::default() });
        let button = || daemon.call("board.info", &json!({})).expect("told")["buttons"][0].take();
        let why = button()["missing"].take();
        assert!(why.as_str().is_some_and(|why| why.contains("no input device has key 30 of \"Panel\"")), "{why}");
        for _ in 0..2 {
            let _other = Keyboard::plug("Somebody's keyboard");
            let mut keyboard = Keyboard::plug("Panel");
            wait_for("the button", SOON, || button()["missing"].is_null().then_some(()));
            for pressed in [true, false, true, false] {
                // The daemon looks for devices once a second.
                wait_for("the press", SOON, || {
                    keyboard.press(if pressed { 0 } else { A });
                    keyboard.press(if pressed { A } else { 0 });
                    (button()["pressed"] == pressed).then_some(())
                });
            }
            drop(keyboard);
            wait_for("its end", SOON, || button()["missing"].is_string().then_some(()));
        }
    });
}

#[test]
fn a_thermal_zone_is_told_and_a_fan_on_a_line_runs_by_it() {
    in_guest(&Guest::default(), || {
        let chip = chip();
        let text = "[board]\nid = \"hot\"\nname = \"Hot\"\n[lines.cooler]\nline = \"LINE4\"\ndirection = \"output\"\nsafe = true\n\
                    [fan]\nline = \"cooler\"\non_above_c = 70.0\noff_below_c = 60.0\n";
        write("/run/hot.toml", text);
        let zone = Path::new("/sys/class/thermal/thermal_zone0");
        let heat = |milli: &str| write(zone.join("emul_temp"), milli);
        heat("40000");
        let settings = [("board.profile", "/run/hot.toml"), ("camera.source", "pattern"), ("microphone.source", "none")];
        let daemon = Daemon::start(&Setup { settings: &settings, ..Setup::default() });
        let runs = |on: &'static str| wait_for("the fan", SOON, || (level(&chip, 4) == on).then_some(()));
        for (milli, on) in [("40000", "0"), ("75000", "1"), ("59000", "0")] {
            heat(milli);
            runs(on);
        }
        heat("65000");
        let_pass(Duration::from_millis(2500));
        assert_eq!(level(&chip, 4), "0", "between the two nothing changes");
        let told = daemon.call("board.temperature", &json!({})).expect("told");
        assert_eq!(told["sensors"][0], json!({ "name": read(zone.join("type")), "celsius": 65.0 }), "{told}");
        assert_eq!(told["sensors"].as_array().map(Vec::len), Some(1), "hwmon's copy is left out: {told}");
        let throttling = daemon.call("board.throttling", &json!({})).expect("told");
        assert_eq!(throttling, json!({ "throttled": false, "slowed": [] }));
        let why = daemon.call("board.set_line", &json!({ "line": "cooler", "on": false })).expect_err("refused");
        assert!(why.contains("is the fan, which no command moves"), "{why}");
        drop(daemon);
    });
}
