//! The family `board` through the whole daemon, on the lines of a simulated GPIO chip: what an app server does to a gate and hears of it.

use std::path::Path;
use std::time::Duration;

use room::token::VideoGrant;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::bench::{Guest, in_guest};
use crate::board::{chip, level};
use crate::rig::daemon::mint;
use crate::rig::{Audience, Daemon, Setup, Told, let_pass, wait_for, write};

const SOON: Duration = Duration::from_secs(15);
const PROFILE: &str = "/run/gate.toml";

const GATE: &str = r#"
[board]
id = "gate"
name = "Gate"

[lines.door]
line = "LINE0"
direction = "output"
active = "low"
safe = false

[lines.siren]
line = "LINE1"
direction = "output"
safe = true

[lines.bell]
line = "LINE2"
direction = "input"
active = "low"
pull = "up"

[lines.taken]
line = "LINE3"
direction = "output"
safe = false

[lines.filter]
line = "LINE4"
direction = "output"
safe = true

[lines.red]
line = "LINE5"
direction = "output"
safe = false

[leds.red]
line = "red"

[relays.gate]
line = "door"

[buttons.bell]
line = "bell"

[ir_cut]
line = "filter"
night_below = 60
day_above = 120
hold_s = 1
"#;

const QUIET: [(&str, &str); 3] = [("board.profile", PROFILE), ("camera.source", "pattern"), ("microphone.source", "none")];

/// Levels of door, siren and red LED, as the world sees them.
fn levels(chip: &Path) -> [String; 3] {
    [level(chip, 0), level(chip, 1), level(chip, 5)]
}

const SAFE: [&str; 3] = ["1", "1", "0"];
const MOVED: [&str; 3] = ["0", "0", "1"];

fn move_all(daemon: &Daemon) {
    daemon.call("board.set_line", &json!({ "line": "gate", "on": true })).expect("switched");
    daemon.call("board.set_line", &json!({ "line": "siren", "on": false })).expect("switched");
    daemon.call("board.set_led", &json!({ "led": "red", "pattern": "on" })).expect("lit");
}

#[test]
fn commands_move_lines_and_each_refusal_has_its_own_words() {
    in_guest(&Guest { seconds: 120, ..Guest::default() }, || {
        let chip = chip();
        write(PROFILE, GATE);
        let daemon = Daemon::start(&Setup { settings: &QUIET, ..Setup::default() });
        assert_eq!(levels(&chip), SAFE, "safe from the start");
        move_all(&daemon);
        assert_eq!(levels(&chip), MOVED);
        let line = daemon.call("board.get_line", &json!({ "line": "door" })).expect("read");
        assert_eq!(line, json!({ "name": "door", "relay": "gate", "output": true, "on": true, "safe": false }));

        // Through the room as well, and only for who may.
        let server = Audience::join(&daemon.url(), "camera", "app-server", "camera");
        server.call(1, "board.set_line", &json!({ "line": "door", "on": false })).expect("allowed");
        assert_eq!(level(&chip, 0), "1");
        let stranger = Audience::join(&daemon.url(), "camera", "stranger", "camera");
        assert!(stranger.call(1, "board.set_line", &json!({ "line": "door", "on": true })).is_err());
        assert_eq!(level(&chip, 0), "1");

        daemon.call("board.pulse_line", &json!({ "line": "door", "ms": 300 })).expect("begun");
        assert_eq!(level(&chip, 0), "0");
        wait_for("the end of the pulse", SOON, || (level(&chip, 0) == "1").then_some(()));
        daemon.call("board.set_led", &json!({ "led": "red", "pattern": [40, 40] })).expect("blinks");
        for wanted in ["0", "1", "0", "1"] {
            wait_for("blinking", SOON, || (level(&chip, 5) == wanted).then_some(()));
        }

        let refused = |method: &str, params: Value| daemon.call(method, &params).expect_err("refused");
        for (method, params, why) in [
            ("board.set_line", json!({ "line": "dor", "on": true }), "this board declares no line `dor`; did you mean `door`?"),
            ("board.set_line", json!({ "line": "LINE0", "on": true }), "this board declares no line `LINE0`"),
            (
                "board.set_line",
                json!({ "line": "taken", "on": true }),
                "line \"taken\": \"LINE3\" is held by \"watcher\"; stop that first, or take it out of the profile",
            ),
            ("board.set_line", json!({ "line": "bell", "on": true }), "line \"bell\" is an input; it cannot be set"),
            (
                "board.set_line",
                json!({ "line": "filter", "on": true }),
                "line \"filter\" is the IR-cut filter, which no command moves",
            ),
            ("board.set_led", json!({ "led": "red", "pattern": [1, 2] }), "a pattern of [1, 2] ms: it takes 2, 4, 6 or 8 times"),
        ] {
            let said = refused(method, params);
            assert!(said.contains(why), "{said}");
        }
        let info = daemon.call("board.info", &json!({})).expect("told");
        let missing = info["lines"].as_array().expect("lines").iter().filter(|line| line["missing"].is_string()).count();
        assert_eq!((missing, &info["buttons"][0]["pressed"]), (1, &json!(false)), "{info}");

        // A line that nobody holds goes to where its resistor pulls, so the end itself is not seen from here. Killed, the daemon makes
        // every output safe when it is back.
        move_all(&daemon);
        daemon.process.signal(Signal::KILL);
        drop(daemon);
        let _daemon = Daemon::start(&Setup { settings: &QUIET, ..Setup::default() });
        assert_eq!(levels(&chip), SAFE);
    });
}

#[test]
fn a_button_is_told_to_who_watches_it() {
    in_guest(&Guest::default(), || {
        let chip = chip();
        write(PROFILE, GATE);
        let _daemon = Daemon::start(&Setup { settings: &QUIET, ..Setup::default() });
        let (mut told, result) = Told::by("daemon", "board.watch", &json!({ "on": true }));
        assert_eq!(result, json!({}));
        for pressed in [true, false, true] {
            write(chip.join("sim_gpio2/pull"), if pressed { "pull-down" } else { "pull-up" });
            let (method, params) = told.next();
            assert_eq!(method, "board.button");
            assert_eq!((&params["button"], &params["pressed"]), (&json!("bell"), &json!(pressed)));
            assert!(params["time_ms"].as_u64().is_some_and(|ms| ms > 1_600_000_000_000), "{params}");
        }
    });
}

#[test]
fn a_watched_line_is_told_and_recorded() {
    in_guest(&Guest { seconds: 150, ..Guest::default() }, || {
        let chip = chip();
        write(PROFILE, &GATE.replace("pull = \"up\"", "pull = \"up\"\nwatch = true"));
        let own = [
            ("camera.width", "320"),
            ("camera.height", "240"),
            ("camera.fps", "10"),
            ("record.when", "[\"line\"]"),
            ("record.pre_roll_s", "2"),
            ("record.post_roll_s", "1"),
        ];
        let settings = [&QUIET[..], &own[..]].concat();
        let daemon = Daemon::start(&Setup { settings: &settings, ..Setup::default() });
        let mut told = Told::of("daemon", "line.changed");
        let mut moved = |on: bool| -> u64 {
            write(chip.join("sim_gpio2/pull"), if on { "pull-down" } else { "pull-up" });
            let (method, params) = told.next();
            assert_eq!((&*method, &params["line"], &params["on"]), ("line.changed", &json!("bell"), &json!(on)));
            params["time_ms"].as_u64().expect("a time")
        };
        let began_ms = moved(true);
        let list = || daemon.call("record.list", &json!({})).expect("listed");
        wait_for("a recording", SOON, || list()["status"]["writing"].is_string().then_some(()));
        assert_eq!(list()["status"]["reason"], "line");
        assert!(moved(false) >= began_ms);
        let one = wait_for("its end", SOON, || {
            let one = list()["recordings"][0].take();
            one["duration_ms"].is_u64().then_some(one)
        });
        assert_eq!(one["reason"], "line");
    });
}

#[test]
fn outputs_are_let_go_when_the_channel_stays_lost() {
    in_guest(&Guest { seconds: 120, ..Guest::default() }, || {
        let chip = chip();
        write(PROFILE, GATE);
        // A room elsewhere, that the gate joins.
        let elsewhere = Setup {
            name: "elsewhere",
            settings: &[("camera.source", "pattern"), ("microphone.source", "none")],
            ..Setup::default()
        };
        let server = Daemon::start(&elsewhere);
        let (url, token) = (server.url(), mint("gate", VideoGrant::join("camera")));
        let own = [
            ("engine.open.url", url.as_str()),
            ("engine.open.token", token.as_str()),
            ("telemetry.http", "false"),
            ("board.safe_after_s", "3"),
        ];
        let settings = [&QUIET[..], &own[..]].concat();
        let daemon = Daemon::start(&Setup { name: "gate", settings: &settings, ..Setup::default() });
        let inside = || daemon.status()["connection"] == "connected";
        wait_for("the gate in the channel", SOON, || inside().then_some(()));
        move_all(&daemon);
        let_pass(Duration::from_secs(4));
        assert_eq!(levels(&chip), MOVED, "nothing is lost");
        drop(server);
        wait_for("the gate out of the channel", Duration::from_secs(40), || (!inside()).then_some(()));
        assert_eq!(levels(&chip), MOVED, "not at once");
        wait_for("safe outputs", SOON, || (levels(&chip) == SAFE).then_some(()));
        // The device is still asked on its own socket.
        daemon.call("board.set_line", &json!({ "line": "door", "on": true })).expect("switched");
        assert_eq!(level(&chip, 0), "0");
    });
}

#[test]
fn the_filter_goes_by_the_light_in_the_picture() {
    in_guest(&Guest { seconds: 120, ..Guest::default() }, || {
        let chip = chip();
        write(PROFILE, GATE);
        let vivid = ("camera.source", "vivid-000-vid-cap@platform:vivid-000");
        let daemon = Daemon::start(&Setup { settings: &[QUIET[0], vivid, QUIET[2]], ..Setup::default() });
        let filter = || daemon.call("board.info", &json!({})).expect("told")["ir_cut"].take();
        let light = |brightness: i32, on: &'static str| {
            daemon.call("camera.set_control", &json!({ "name": "brightness", "value": brightness })).expect("set");
            wait_for("the filter", SOON, || (level(&chip, 4) == on).then_some(()));
            println!("brightness {brightness}: {}", filter());
        };
        assert_eq!(level(&chip, 4), "1", "day at the start");
        light(0, "0");
        light(255, "1");
        light(0, "0");
        daemon.call("board.set_ir_cut", &json!({ "mode": "day" })).expect("set");
        assert_eq!(level(&chip, 4), "1");
        let_pass(Duration::from_secs(3));
        assert_eq!((level(&chip, 4).as_str(), &filter()["mode"]), ("1", &json!("day")), "whatever the light");
        daemon.call("board.set_ir_cut", &json!({ "mode": "auto" })).expect("set");
        wait_for("the light to count again", SOON, || (level(&chip, 4) == "0").then_some(()));
    });
}
