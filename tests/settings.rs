//! What is set and wished for by command, on a running daemon: in force, kept, rolled back by itself when it cuts the connection or is not
//! confirmed, and the old one or the new one whenever the daemon is killed.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use artc_edge::control::client::{CallError, call};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

/// What a device remembers, and what it is started with.
struct Device {
    directory: tempfile::TempDir,
}

impl Device {
    fn new(more: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let base = "[camera]\nsource = \"pattern\"\nwidth = 320\nheight = 240\nfps = 5\n[microphone]\nsource = \"tone\"\n\
                    [telemetry]\nhttp = false\nlog = \"off\"\n";
        std::fs::write(directory.path().join("config.toml"), format!("{base}{more}")).expect("written");
        Self { directory }
    }

    /// One that joins nothing and starts quickly.
    fn alone() -> Self {
        Self::new("[engine]\nkind = \"fake\"\n")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_artc-edge"));
        command.env_clear().env("STATE_DIRECTORY", self.path("state")).env("ARTC__CONTROL__SOCKET", self.path("control.sock"));
        command.arg("--config").arg(self.path("config.toml")).args(arguments);
        command
    }

    fn run(&self) -> Running<'_> {
        let mut child = self.program(&["run"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the daemon starts");
        // Nobody reads on: what it prints after a restart is little, and fits the pipe.
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        while !line.starts_with("viewer:") {
            line.clear();
            assert!(lines.read_line(&mut line).expect("a line") > 0, "the daemon ended before it was ready");
        }
        Running { device: self, child, lines }
    }

    /// A value as the next start has it.
    fn kept(&self, key: &str) -> Value {
        let shown = self.program(&["config", "show", "--json"]).output().expect("it runs");
        let settings: Vec<Value> = serde_json::from_slice(&shown.stdout)
            .unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(&shown.stderr)));
        settings.into_iter().find(|setting| setting["key"] == key).expect("a key of the manual")["value"].clone()
    }
}

struct Running<'a> {
    device: &'a Device,
    child: Child,
    /// Held, so that the daemon can write.
    #[expect(dead_code, reason = "closed when it is dropped")]
    lines: BufReader<std::process::ChildStdout>,
}

impl Running<'_> {
    fn call(&self, method: &str, params: Value) -> Result<Value, CallError> {
        call(&self.device.path("control.sock"), method, Some(params), Duration::from_secs(20))
    }

    fn value(&self, key: &str) -> Option<Value> {
        let told = self.call("config.get", json!({ "keys": [key] })).ok()?;
        Some(told["settings"][0]["value"].clone())
    }

    /// Waits until the daemon says so; it may be away for a while, as in a restart.
    #[expect(clippy::disallowed_methods, reason = "the end of a wait, and a breath between two questions to another process")]
    fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < Duration::from_secs(40), "{what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn microphone(&self) -> Option<Value> {
        self.call("device.status", json!({})).ok().map(|status| status["microphone"]["state"].clone())
    }

    fn connected(&self) -> bool {
        self.call("device.status", json!({})).is_ok_and(|status| status["connection"] == "connected")
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_live_value_is_in_force_at_once_and_after_a_kill() {
    let device = Device::alone();
    let mut running = device.run();
    let changed = running.call("config.set", json!({ "values": { "stream.bitrate_kbps": 777 } })).expect("set");
    assert_eq!(changed, json!({ "keys": ["stream.bitrate_kbps"], "applies": "live" }));
    running.until("the stream follows", |running| {
        running.call("stream.get", json!({})).is_ok_and(|stream| stream["bitrate_kbps"] == 777)
    });
    let CallError::Refused(why) = running.call("config.set", json!({ "values": { "stream.bitrat_kbps": 1 } })).unwrap_err()
    else {
        panic!("refused by the daemon")
    };
    assert_eq!(why.data.and_then(|data| data.suggestion).as_deref(), Some("stream.bitrate_kbps"));
    running.child.kill().expect("killed");
    drop(running);
    let shown = device.program(&["config", "show", "--origin"]).output().expect("it runs");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    let line = shown.lines().find(|line| line.starts_with("bitrate_kbps")).expect("the key");
    assert!(line.contains("777") && line.contains("# remote: ") && line.contains("state/remote.toml:"), "{line}");
    assert_eq!(device.run().call("stream.get", json!({})).expect("told")["bitrate_kbps"], 777);
}

#[test]
fn a_change_that_takes_a_restart_is_tried_and_rolls_back_by_itself() {
    let device = Device::alone();
    let running = device.run();
    let set = json!({ "values": { "microphone.source": "none" }, "confirm_within_s": 5 });
    let changed = running.call("config.set", set.clone()).expect("set");
    assert_eq!((&changed["applies"], &changed["trial"]["keys"]), (&json!("restart"), &json!(["microphone.source"])));
    running.until("the microphone is off", |running| running.microphone() == Some(json!("off")));
    assert_eq!(device.kept("microphone.source"), "tone", "a start would have the old one");
    running.until("the microphone is back by itself", |running| running.microphone() == Some(json!("built_in")));
    let told = running.call("config.get", json!({ "keys": ["microphone.source"] })).expect("told");
    assert_eq!(told["settings"][0]["value"], "tone");
    let text = "the last change, of microphone.source, was rolled back: it was not confirmed in time";
    assert_eq!(told["rolled_back"], text);

    running.call("config.set", set).expect("set again");
    running.until("the microphone is off again", |running| running.microphone() == Some(json!("off")));
    running.call("config.confirm", json!({})).expect("confirmed");
    assert_eq!(device.kept("microphone.source"), "none");
    assert!(running.call("config.confirm", json!({})).is_err(), "once");
}

#[test]
fn a_change_that_cuts_the_connection_rolls_back_by_itself() {
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let device = Device::new("[room]\nlisten = \"127.0.0.1:0\"\nmedia_port = 0\ntcp_port = 0\n");
    let running = device.run();
    running.until("the device is in its room", Running::connected);
    let elsewhere = json!({ "engine.open.url": format!("ws://{nobody}"), "engine.open.token": "a.b.c" });
    let changed = running.call("config.set", json!({ "values": elsewhere, "confirm_within_s": 5 })).expect("set");
    assert_eq!(changed["applies"], "restart");
    running
        .until("it is cut off", |running| running.call("device.status", json!({})).is_ok_and(|status| status["room"].is_null()));
    running.until("it is back in its room", Running::connected);
    assert_eq!(running.value("engine.open.url"), Some(Value::Null));

    // A room that cannot be opened at all: the daemon does not start with it, and so it is gone at once.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    running.call("config.set", json!({ "values": { "room.listen": address }, "confirm_within_s": 3600 })).expect("set");
    running.until("it was rolled back", |running| running.value("room.listen") == Some(json!("127.0.0.1:0")));
    running.until("it is in its room again", Running::connected);
    let told = running.call("config.get", json!({ "keys": ["room.listen"] })).expect("told");
    assert_eq!(told["rolled_back"], "the last change, of room.listen, was rolled back: the daemon did not start with it");
}

#[test]
fn how_the_device_is_meant_to_be_is_made_true_again_after_a_kill() {
    let device = Device::alone();
    let mut running = device.run();
    let desired = json!({ "stream": { "bitrate_kbps": 600, "muted": true }, "audio": { "volume": 30 } });
    let told = running.call("state.set_desired", json!({ "desired": desired, "if_version": 0 })).expect("kept");
    assert_eq!((&told["version"], &told["desired"], &told["delta"]), (&json!(1), &desired, &json!({})), "{told}");
    let CallError::Refused(why) =
        running.call("state.set_desired", json!({ "desired": {}, "if_version": 0 })).expect_err("stale")
    else {
        panic!("refused by the daemon")
    };
    assert_eq!(why.data.map(|data| (data.name, data.suggestion)), Some(("stale_version".to_owned(), Some("1".to_owned()))));
    // A command moves the device away from the wish, and that shows.
    running.call("audio.set_volume", json!({ "volume": 80 })).expect("set");
    assert_eq!(running.call("state.get", json!({})).expect("told")["delta"], json!({ "audio": { "volume": 30 } }));
    running.child.kill().expect("killed");
    drop(running);

    let running = device.run();
    running.until("the device has caught up", |running| {
        running.call("state.get", json!({})).is_ok_and(|told| told["version"] == 1 && told["delta"] == json!({}))
    });
    let stream = running.call("stream.get", json!({})).expect("told");
    assert_eq!((&stream["bitrate_kbps"], &stream["muted"]), (&json!(600), &json!(true)));
    assert_eq!(running.call("audio.get", json!({})).expect("told")["volume"], 30);
    // What was true already is answered as such.
    assert_eq!(running.call("audio.mute", json!({ "muted": false })).expect("told")["muted"], false);
}

#[test]
fn privacy_and_the_selected_camera_outlast_the_daemon() {
    let device = Device::alone();
    let camera = |from: &str, to: &str| {
        let text = std::fs::read_to_string(device.path("config.toml")).expect("read");
        assert!(text.contains(from), "{text}");
        std::fs::write(device.path("config.toml"), text.replace(from, to)).expect("written");
    };
    let states = |running: &Running<'_>| {
        let status = running.call("device.status", json!({})).expect("told");
        (status["camera"]["state"].clone(), status["microphone"]["state"].clone())
    };
    let again = |mut running: Running<'_>| {
        running.child.kill().expect("killed");
        drop(running);
        device.run()
    };
    camera("\"pattern\"", "\"file:/nowhere.y4m\"");
    let running = device.run();
    running.call("camera.select", json!({ "camera": "pattern" })).expect("selected");
    running.call("camera.privacy", json!({ "on": true })).expect("closed");
    let running = again(running);
    assert_eq!(states(&running), (json!("private"), json!("private")), "nothing was opened");
    running.call("camera.privacy", json!({ "on": false })).expect("opened");
    assert_eq!(states(&running).0, "built_in", "the camera that was selected");
    let running = again(running);
    running.until("both are open again", |running| states(running) == (json!("built_in"), json!("built_in")));
    // Another camera in the configuration is another wish.
    camera("nowhere", "elsewhere");
    let running = again(running);
    running.until("the camera is the one that is configured", |running| states(running).0 == "lost");
    drop(running);

    // What cannot be read may have said privacy.
    std::fs::write(device.path("state/choices.json"), "{").expect("written");
    let running = device.run();
    assert_eq!(states(&running), (json!("private"), json!("private")));
}

#[test]
fn what_changes_is_told_to_who_subscribed_and_not_to_who_did_not() {
    let device = Device::alone();
    let running = device.run();
    let mut stream = UnixStream::connect(device.path("control.sock")).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
    let topics = ["camera.changed", "config.changed", "state.changed"];
    let subscribe = json!({ "jsonrpc": "2.0", "id": 1, "method": "event.subscribe", "params": { "topics": topics } });
    stream.write_all(format!("{subscribe}\n").as_bytes()).expect("sent");
    let mut lines = BufReader::new(stream)
        .lines()
        .map(|line| line.expect("a line"))
        .map(|line| serde_json::from_str::<Value>(&line).unwrap_or_else(|why| panic!("{why}: {line}")));
    assert_eq!(lines.next().expect("answered")["result"]["topics"], json!(topics));
    let mut told = |topic: &str| {
        let heard = lines.next().expect("told");
        assert_eq!(heard["method"], topic, "{heard}");
        heard["params"].clone()
    };
    running.call("camera.privacy", json!({ "on": true })).expect("closed");
    assert_eq!(told("camera.changed")["state"], "private");
    running.call("camera.privacy", json!({ "on": false })).expect("opened");
    assert_eq!(told("camera.changed")["state"], "built_in");
    running.call("state.set_desired", json!({ "desired": {} })).expect("kept");
    assert_eq!(told("state.changed"), json!({ "version": 1 }));
    running.call("config.set", json!({ "values": { "stream.bitrate_kbps": 700 } })).expect("set");
    assert_eq!(told("config.changed"), json!({ "keys": ["stream.bitrate_kbps"] }));
}

#[test]
fn killed_at_any_moment_it_has_the_old_one_or_the_new_one() {
    let seed = std::env::var("ARTC_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(4711);
    println!("ARTC_TEST_SEED={seed}");
    let mut dice = StdRng::seed_from_u64(seed);
    let device = Device::alone();
    let mut old = device.kept("stream.bitrate_kbps");
    let (mut answered, mut olds, mut news) = (0, 0, 0);
    for round in 0..24_u64 {
        let mut running = device.run();
        let new = json!(1000 + round);
        let on_trial = round % 4 == 3;
        let mut socket = UnixStream::connect(device.path("control.sock")).expect("it listens");
        let mut params = json!({ "values": { "stream.bitrate_kbps": new } });
        if on_trial {
            params["confirm_within_s"] = json!(60);
        }
        writeln!(socket, "{}", json!({ "jsonrpc": "2.0", "id": 1, "method": "config.set", "params": params })).expect("sent");
        // From before it was read to after it was answered: what is written and synced takes some milliseconds.
        let patience = Duration::from_micros(dice.random_range(1..12_000));
        socket.set_read_timeout(Some(patience)).expect("a limit");
        let mut reply = String::new();
        let was_answered = BufReader::new(&socket).read_line(&mut reply).is_ok_and(|read| read > 0);
        running.child.kill().expect("killed");
        drop(running);
        let now = device.kept("stream.bitrate_kbps");
        assert!(now == old || now == new, "round {round}: {now}, neither {old} nor {new}");
        if on_trial {
            assert_eq!(now, old, "round {round}: it was not confirmed");
        } else if was_answered {
            answered += 1;
            assert_eq!(now, new, "round {round}: what was answered is kept; the answer was {reply}");
        }
        if now == old {
            olds += 1
        } else {
            news += 1
        }
        old = now;
    }
    println!("{answered} answered, {olds} times the old one, {news} times the new one");
    assert!(news > 0 && olds > 0, "the moments were before and after: {olds} and {news}");
}
