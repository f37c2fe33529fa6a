//! The status LED on a line of a simulated GPIO chip: what somebody in front of the box sees of the daemon.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::bench::{Guest, in_guest};
use crate::board::{GATE, chip, level};
use crate::rig::daemon::wait_for_open;
use crate::rig::{Audience, Daemon, Process, Setup, Vivid, let_pass, run, wait_for, write};

const SOON: Duration = Duration::from_secs(15);

const BOX: &str = r#"
[board]
id = "box"
name = "Box"

[lines.eye]
line = "LINE2"
direction = "output"
safe = false

[leds.privacy]
line = "eye"
"#;

fn daemon(settings: &[(&str, &str)]) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_artc-edge"));
    command.arg("run").envs(settings.iter().copied()).envs([
        ("ARTC__MICROPHONE__SOURCE", "none"),
        ("ARTC__ROOM__LISTEN", "127.0.0.1:0"),
        ("ARTC__ROOM__MEDIA_PORT", "0"),
        ("ARTC__ROOM__TCP_PORT", "0"),
        ("ARTC__TELEMETRY__HTTP", "false"),
        ("ARTC__CONTROL__SOCKET", "/run/light.sock"),
    ]);
    Process::start("daemon", command)
}

/// How often the lamp changes in the next half second.
fn changes(chip: &Path) -> usize {
    let seen: Vec<String> = (0..100)
        .map(|_| {
            let_pass(Duration::from_millis(5));
            level(chip, 1)
        })
        .collect();
    seen.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

#[test]
fn the_status_led_tells_waiting_from_fault_and_goes_out_at_the_end() {
    in_guest(&Guest::default(), || {
        let chip = chip();
        write("/run/gate.toml", GATE);
        let vivid = ("ARTC__CAMERA__SOURCE", "vivid-000-vid-cap@platform:vivid-000");
        let mut lit = daemon(&[("ARTC__BOARD__PROFILE", "/run/gate.toml"), vivid]);
        lit.wait_for_line("viewer:", SOON);
        let steady = |on: &'static str| {
            wait_for("a steady light", SOON, || (level(&chip, 1) == on && changes(&chip) == 0).then_some(()));
        };
        let blinking = || wait_for("a blinking light", SOON, || (changes(&chip) >= 3).then_some(()));
        steady("1");
        for _ in 0..2 {
            Vivid::unplug();
            blinking();
            Vivid::plug();
            steady("1");
        }
        run("pkill", ["-INT", "-x", "artc-edge"]);
        wait_for("the light to go out", SOON, || (level(&chip, 1) == "0").then_some(()));
        drop(lit);

        // An LED that is not there is told once and keeps nothing from running.
        write("/run/none.toml", "[board]\nid = \"none\"\nname = \"None\"\n[leds.status]\nclass = \"nowhere\"\n");
        let mut dark = daemon(&[("ARTC__BOARD__PROFILE", "/run/none.toml"), vivid]);
        dark.wait_for_lines(&["LED \"status\": the kernel has no LED \"nowhere\"", "viewer:"], SOON);
    });
}

#[test]
fn the_privacy_led_follows_the_open_camera_and_not_the_wish() {
    in_guest(&Guest { seconds: 150, ..Guest::default() }, || {
        let chip = chip();
        write("/run/box.toml", BOX);
        let settings = [
            ("board.profile", "/run/box.toml"),
            ("camera.source", "vivid-000-vid-cap@platform:vivid-000"),
            ("camera.idle", "close"),
            ("microphone.source", "none"),
        ];
        let mut daemon = Daemon::start(&Setup { settings: &settings, ..Setup::default() });
        let (node, process) = (Vivid::SINGLE.node(), daemon.process.id());
        let eye = |lit: &'static str| wait_for("the privacy LED", SOON, || (level(&chip, 2) == lit).then_some(()));
        for round in 0..10 {
            wait_for_open(process, &node, false, SOON);
            eye("0");
            // Somebody watches, so the camera is opened.
            let viewer = Audience::join(&daemon.url(), "camera", &format!("viewer-{round}"), "camera");
            wait_for_open(process, &node, true, SOON);
            eye("1");
            if round == 0 {
                // Muting is a wish; the camera is open all the same. And no command reaches the LED.
                daemon.call("stream.mute", &json!({ "muted": true })).expect("muted");
                let why = daemon.call("board.set_led", &json!({ "led": "privacy", "pattern": "off" })).expect_err("refused");
                assert!(why.contains("LED \"privacy\" is the privacy LED, which no command moves"), "{why}");
                let_pass(Duration::from_millis(500));
                assert_eq!(level(&chip, 2), "1");
                daemon.call("stream.mute", &json!({ "muted": false })).expect("allowed");
                // A camera that is pulled is open no more.
                Vivid::unplug();
                eye("0");
                Vivid::plug();
                eye("1");
            }
            drop(viewer);
        }
        eye("0");
        daemon.end(Signal::INT);
        assert_eq!(level(&chip, 2), "0");
    });
}
