//! Lines of a simulated GPIO chip: claimed by name, driven, kept safe, given back.

use std::path::{Path, PathBuf};

use board::{Backend, LineError, Pattern, Profile};

use crate::bench::{Guest, in_guest};
use crate::rig::{read, run, write};

/// A chip with the lines LINE0 to LINE7, of which LINE3 belongs to another driver.
pub fn chip() -> PathBuf {
    let config = Path::new("/sys/kernel/config/gpio-sim/gate");
    let make = |path: &str| std::fs::create_dir(config.join(path)).unwrap_or_else(|why| panic!("{path}: {why}"));
    make("");
    make("bank0");
    write(config.join("bank0/num_lines"), "8");
    for number in 0..8 {
        make(&format!("bank0/line{number}"));
        write(config.join(format!("bank0/line{number}/name")), &format!("LINE{number}"));
    }
    make("bank0/line3/hog");
    write(config.join("bank0/line3/hog/name"), "watcher");
    write(config.join("bank0/line3/hog/direction"), "input");
    write(config.join("live"), "1");
    let device = read(config.join("dev_name"));
    Path::new("/sys/devices/platform").join(device).join(read(config.join("bank0/chip_name")))
}

/// The level of a line, as the world outside of the chip sees it.
pub fn level(chip: &Path, line: u8) -> String {
    read(chip.join(format!("sim_gpio{line}/value")))
}

/// What is on the chip, and what is not.
pub const GATE: &str = r#"
[board]
id = "gate"
name = "Gate"

[lines.door]
line = "LINE0"
direction = "output"
active = "low"
safe = false

[lines.lamp]
line = "LINE1"
direction = "output"
safe = false

[lines.bell]
line = "LINE2"
direction = "input"
active = "low"
pull = "up"

[lines.taken]
line = "LINE3"
direction = "input"

[lines.absent]
line = "LINE9"
direction = "input"

[leds.status]
line = "lamp"

[leds.status.patterns]
connecting = "off"
waiting = "on"
fault = "60/60"
"#;

fn missing(declared: &[board::Declared]) -> Vec<(&str, &str)> {
    declared.iter().filter_map(|one| Some((one.name.as_str(), one.missing.as_deref()?))).collect()
}

#[test]
fn lines_are_driven_by_name_and_end_safe() {
    in_guest(&Guest::default(), || {
        let chip = chip();
        let profile = Profile::parse("gate.toml", GATE).expect("a good profile");
        let mut board = board::open(&profile, Backend::Cdev, Path::new("/"));
        assert_eq!(level(&chip, 0), "1", "an output that is on when low is off from the first moment");
        assert_eq!(level(&chip, 1), "0");
        board.set("door", true).expect("switched");
        board.show("status", Pattern::On).expect("lit");
        assert_eq!((level(&chip, 0).as_str(), level(&chip, 1).as_str()), ("0", "1"));
        assert_eq!(board.get("door"), Ok(true));
        // The bell pulls its line down.
        assert_eq!(board.get("bell"), Ok(false));
        write(chip.join("sim_gpio2/pull"), "pull-down");
        assert_eq!(board.get("bell"), Ok(true));
        assert_eq!(board.set("bell", true), Err(LineError::Input("bell".into())));
        let declared = board.declared();
        assert_eq!(
            missing(&declared),
            [
                ("absent", "line \"absent\": the kernel has no line \"LINE9\"; `gpioinfo` lists those that there are"),
                ("taken", "line \"taken\": \"LINE3\" is held by \"watcher\"; stop that first, or take it out of the profile"),
            ]
        );
        // A second one finds them taken by the first; looking finds them well.
        let second = board::open(&profile, Backend::Cdev, Path::new("/"));
        assert_eq!(missing(&second.declared()).len(), 6, "{:?}", second.declared());
        assert_eq!(missing(&board::inspect(&profile, Path::new("/"))).len(), 2);
        assert_eq!((level(&chip, 0).as_str(), level(&chip, 1).as_str()), ("0", "1"), "neither of them moved a thing");
        drop(second);
        board.rest();
        assert_eq!((level(&chip, 0).as_str(), level(&chip, 1).as_str()), ("1", "0"), "everything is safe in the end");
        // What a line does that nobody holds is up to the chip: this one goes to where its resistor pulls.
        drop(board);
        let mut again = board::open(&profile, Backend::Cdev, Path::new("/"));
        assert_eq!(again.set("lamp", true), Ok(()), "and free to be taken again");
    });
}

#[test]
fn doctor_tells_what_of_a_board_is_missing() {
    in_guest(&Guest::default(), || {
        chip();
        let profile = "/run/gate.toml";
        write(profile, GATE);
        let program = env!("CARGO_BIN_EXE_artc-edge");
        let said = run("env", ["ARTC__BOARD__PROFILE=/run/gate.toml", "ARTC__CAMERA__SOURCE=pattern", program, "doctor"]);
        for wanted in [
            "ok       board          Gate (profile gate): named by `board.profile`",
            "ok       board          door = LINE0",
            "warning  board          line \"absent\": the kernel has no line \"LINE9\"",
            "-> compare the machine with its profile, /run/gate.toml",
        ] {
            assert!(said.contains(wanted), "{wanted} is missing in\n{said}");
        }
    });
}
