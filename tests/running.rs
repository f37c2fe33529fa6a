//! The running daemon as its operator meets it: health, metrics, local commands, doctor, an orderly end.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::Duration,
};

/// A daemon with pattern and tone, on ports of its own; killed when a test fails before it ends.
struct Daemon {
    child: Child,
    telemetry: String,
    directory: tempfile::TempDir,
    lines: mpsc::Receiver<String>,
}

impl Daemon {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(more: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        // Free at this moment; the daemon says so if somebody else is quicker.
        let telemetry = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").to_string();
        let programs = programs(directory.path());
        let mut child = Command::new(env!("CARGO_BIN_EXE_artc-edge"))
            .arg("run")
            .env_clear()
            .env("PATH", programs)
            .env("STATE_DIRECTORY", directory.path().join("state"))
            .envs(variables(&directory.path().join("control.sock"), &telemetry))
            .envs(more.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let (sender, lines) = mpsc::channel();
        let out = child.stdout.take().expect("piped");
        std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, telemetry, directory, lines }
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("control.sock")
    }

    /// Waits for the line that begins so.
    fn line(&self, start: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("no line `{start}` came"));
            if line.starts_with(start) {
                return line;
            }
        }
    }

    fn program(&self, arguments: &[&str]) -> Output {
        self.program_with(arguments, &[])
    }

    fn program_with(&self, arguments: &[&str], more: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_artc-edge"))
            .args(arguments)
            .env_clear()
            .envs(variables(&self.socket(), &self.telemetry))
            .envs(more.iter().copied())
            .output()
            .expect("it runs")
    }

    fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.telemetry).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("answered");
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }
}

/// A folder with all programs that restart a machine, of which each only writes down that it was asked.
fn programs(folder: &std::path::Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let programs = folder.join("bin");
    std::fs::create_dir(&programs).expect("a directory");
    for name in ["systemctl", "reboot", "poweroff"] {
        let text = format!("#!/bin/sh\necho {name} \"$@\" >> {}\n", folder.join("asked").display());
        std::fs::write(programs.join(name), text).expect("written");
        std::fs::set_permissions(programs.join(name), std::fs::Permissions::from_mode(0o755)).expect("made to run");
    }
    programs
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn variables(socket: &std::path::Path, telemetry: &str) -> Vec<(&'static str, String)> {
    vec![
        ("ARTC__CAMERA__SOURCE", "pattern".into()),
        ("ARTC__MICROPHONE__SOURCE", "tone".into()),
        ("ARTC__ROOM__LISTEN", "127.0.0.1:0".into()),
        ("ARTC__ROOM__MEDIA_PORT", "0".into()),
        ("ARTC__ROOM__TCP_PORT", "0".into()),
        ("ARTC__CONTROL__SOCKET", socket.display().to_string()),
        ("ARTC__TELEMETRY__LISTEN", telemetry.into()),
    ]
}

#[test]
fn it_gets_ready_answers_and_ends_in_order() {
    let mut daemon = Daemon::start();
    daemon.line("viewer:");
    // Joining takes a moment after the address is printed; asking takes one, too, so this waits for no clock.
    let mut last = String::new();
    let ready = (0..2000).any(|_| {
        let (status, text) = daemon.get("/readyz");
        last = text;
        status == 200
    });
    assert!(ready, "{last}");
    assert!(last.contains("\"camera\"") && last.contains("\"channel\""), "{last}");
    assert_eq!(daemon.get("/livez").0, 200);
    assert!(daemon.get("/metrics").1.contains("artc_capture_video_grabbed_total"));

    let said = daemon.program(&["call", "device.info"]);
    let info: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
    assert_eq!((said.status.code(), info["engine"].as_str()), (Some(0), Some("open")));
    let said = daemon.program(&["call", "device.status"]);
    let status: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
    assert_eq!(status["room"]["viewers"], 0, "{status}");
    assert_eq!(status["room"]["sent"]["packets"], 0, "nobody is there to send to: {status}");
    let unknown = daemon.program(&["call", "device.inof"]);
    assert_eq!(unknown.status.code(), Some(64), "{}", String::from_utf8_lossy(&unknown.stderr));
    let picture = daemon.directory.path().join("picture.jpg");
    let taken = daemon.program(&["call", "camera.snapshot", "--output", picture.to_str().expect("UTF-8")]);
    assert_eq!(taken.status.code(), Some(0), "{}", String::from_utf8_lossy(&taken.stderr));
    assert!(std::fs::read(&picture).is_ok_and(|bytes| bytes.starts_with(&[0xff, 0xd8])), "a JPEG");

    the_log(&daemon);
    picture_and_sound(&daemon);
    the_machine(&daemon);
    the_network(&daemon);

    let viewer = daemon.program(&["token", "--viewer"]);
    let address = String::from_utf8_lossy(&viewer.stdout).into_owned();
    assert!(address.starts_with("http://127.0.0.1:") && address.contains("/#room=") && address.lines().count() == 1, "{address}");

    let doctor = daemon.program(&["doctor"]);
    let text = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert_eq!(doctor.status.code(), Some(0), "{text}");
    assert!(text.contains("taken while the daemon runs") && text.contains("running, answers on"), "{text}");

    let killed = Command::new("kill").args(["-TERM", &daemon.child.id().to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    assert_eq!(daemon.child.wait().expect("it ends").code(), Some(0));
    assert!(!daemon.socket().exists(), "its socket is gone with it");
    for asked in [&["call", "device.info"][..], &["token", "--viewer"]] {
        let gone = daemon.program(asked);
        assert_eq!(gone.status.code(), Some(69), "{}", String::from_utf8_lossy(&gone.stderr));
    }
}

impl Daemon {
    /// What a command answers.
    fn call(&self, method: &str, params: &str) -> serde_json::Value {
        let said = self.program(&["call", method, params]);
        assert_eq!(said.status.code(), Some(0), "{method} {params}: {}", String::from_utf8_lossy(&said.stderr));
        serde_json::from_slice(&said.stdout).expect("JSON")
    }
}

/// The clock says who keeps it; the LED that is not there is refused. What ends the machine is asked of the programs that it finds, which
/// are the test's own.
fn the_machine(daemon: &Daemon) {
    let clock = daemon.call("device.time", "{}");
    assert_eq!(clock["synchronised"] == true, clock["source"] == "network", "{clock}");
    let refused = |method: &str, params: &str| {
        let said = daemon.program(&["call", method, params]);
        assert_ne!(said.status.code(), Some(0), "{method}");
        String::from_utf8_lossy(&said.stderr).into_owned()
    };
    assert!(refused("device.identify", "{}").contains("no status LED"));
    assert!(refused("device.set_time", r#"{"time_ms":1}"#).contains("no time of today"));
    for (method, asked) in [("device.reboot", "reboot"), ("device.shutdown", "poweroff")] {
        daemon.call(method, "{}");
        let asked_for = std::fs::read_to_string(daemon.directory.path().join("asked")).expect("it was asked for");
        assert!(asked_for.lines().last().is_some_and(|line| line.ends_with(asked)), "{asked_for}");
    }
}

/// Interfaces have addresses, the way to the channel is told once the device is in it, and a STUN server that says nothing is told too.
fn the_network(daemon: &Daemon) {
    let status = daemon.call("net.status", "{}");
    assert!(status["interfaces"].is_array() && status["routes"].is_array(), "{status}");
    assert!(status["path"]["loss"].is_number(), "it is in the channel: {status}");
    let listener = std::net::UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let probed = daemon.call("net.probe", &format!(r#"{{"stun":"{listener}"}}"#));
    assert_eq!((probed["stun"]["ok"].as_bool(), probed["stun"]["name"].as_str()), (Some(false), Some(&*listener.to_string())));
    assert!(probed["stun"]["error"].is_string() && probed["server"].is_null(), "{probed}");
    let said = daemon.program(&["call", "net.probe"]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("joins no server over the network"), "{said:?}");
}

/// What is asked for is told, asking for what is so already is no mistake, and what there is not is refused by its name.
fn picture_and_sound(daemon: &Daemon) {
    for _ in 0..2 {
        assert_eq!(daemon.call("stream.dual", r#"{"on":true}"#)["dual"], true);
        assert_eq!(daemon.call("audio.mute", r#"{"muted":true}"#)["muted"], true);
        let sound = daemon.call("audio.set_profile", r#"{"quality":"stereo_high","scene":"music"}"#);
        assert_eq!((sound["quality"].as_str(), sound["scene"].as_str()), (Some("stereo_high"), Some("music")), "{sound}");
    }
    assert_eq!(daemon.call("stream.get", "{}")["dual"], true);
    for on in [true, false] {
        assert_eq!(daemon.call("camera.privacy", &format!(r#"{{"on":{on}}}"#))["on"], on);
        let state = if on { "private" } else { "built_in" };
        assert_eq!(daemon.call("device.status", "{}")["camera"]["state"], state);
    }
    for (method, params, why) in [
        ("stream.screen", r#"{"on":true}"#, "captures no screen"),
        ("audio.set_speaker_volume", r#"{"volume":5}"#, "this device plays no sound: `[speaker] device` is \"none\""),
        ("audio.mute_speaker", r#"{"muted":true}"#, "this device plays no sound"),
        ("camera.set_ptz", r#"{"zoom":5}"#, "this camera has no zoom"),
        ("camera.select", r#"{"camera":"nowhere"}"#, "there is no camera `nowhere`"),
    ] {
        let said = daemon.program(&["call", method, params]);
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.code() != Some(0) && text.contains(why), "{method}: {text}");
    }
}

/// `log.tail` tells what was logged, and `log.set_level` what is, until it goes back by itself.
fn the_log(daemon: &Daemon) {
    let tail = daemon.call("log.tail", r#"{"lines":500}"#);
    let text = tail.to_string();
    assert!(text.contains("in the channel") && tail["levels"] == "info", "{text}");
    assert!(!text.contains("eyJ"), "a token: {text}");
    let last = tail["last"].as_u64().expect("a number");
    let set = daemon.call("log.set_level", r#"{"level":"debug","part":"artc_edge","for_s":3600}"#);
    assert_eq!((set["back_in_s"].as_u64(), set["levels"].to_string().contains("artc_edge=debug")), (Some(3600), true), "{set}");
    daemon.call("device.info", "{}");
    let debug = format!(r#"{{"after":{last},"part":"artc_edge::audit","level":"debug"}}"#);
    let lines = daemon.call("log.tail", &debug)["lines"].to_string();
    assert!(lines.contains("device.info") && lines.contains("\"debug\""), "{lines}");
    let set = daemon.call("log.set_level", r#"{"level":"trace","part":"room","for_s":1}"#);
    assert!(set["levels"].to_string().contains("artc_edge=debug"), "one on top of the other: {set}");
    let back = (0..2000).any(|_| daemon.call("log.tail", r#"{"lines":1}"#)["levels"] == "info");
    assert!(back, "the levels have not gone back by themselves");
}

#[test]
fn it_is_commanded_over_its_room_with_nothing_but_address_and_token() {
    let daemon = Daemon::start();
    let line = daemon.line("viewer:");
    let (url, fragment) = line.trim_start_matches("viewer:").trim().split_once("/#").expect("an address with a fragment");
    let token = fragment.split('&').find_map(|part| part.strip_prefix("token=")).expect("a token");
    let file = daemon.directory.path().join("token");
    std::fs::write(&file, format!("{token}\n")).expect("written");
    let file = file.to_str().expect("UTF-8");
    let forged = format!("{}x", &token[..token.len() - 1]);
    let over = |arguments: &[&str], token: &str| {
        let said = daemon.program_with(&[&["call", "--room", url], arguments].concat(), &[("ARTC_TOKEN", token)]);
        let text = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        assert!(!text.contains(token) || token.is_empty(), "the token is said to nobody: {text}");
        (said.status.code(), text)
    };

    let (code, info) = over(&["--token-file", file, "device.info"], "");
    assert_eq!(code, Some(0), "{info}");
    let info: serde_json::Value = serde_json::from_str(&info).expect("JSON");
    let device = info["identity"].as_str().expect("an identity");
    let (code, set) = over(&["--device", device, "stream.set", r#"{"fps":15}"#], token);
    assert_eq!(code, Some(0), "{set}");
    let there = daemon.program(&["call", "stream.get"]);
    let there: serde_json::Value = serde_json::from_slice(&there.stdout).expect("JSON");
    assert_eq!(there["fps"], 15.0, "the device has taken it: {there}");

    let cases: [(&[&str], &str, i32, &str); 6] = [
        (&["device.inof"], token, 64, "did you mean `device.info`?"),
        (&["audio.set_volume", r#"{"volume":101}"#], token, 64, "volume 101 is not between 0 and 100"),
        (&["--device", "nobody", "--timeout", "2", "device.info"], token, 69, "no device \"nobody\" in room"),
        (&["viewer.address"], token, 77, "viewer.address"),
        (&["device.info"], &forged, 77, "not in the room"),
        (&["device.info"], "", 64, "the token is no join token of a room"),
    ];
    for (arguments, token, code, text) in cases {
        let (ended, said) = over(arguments, token);
        assert!(ended == Some(code) && said.contains(text), "{arguments:?} ended with {ended:?}: {said}");
    }
    let nobody = ["call", "--room", "http://127.0.0.1:1", "--token-file", file, "--timeout", "2", "device.info"];
    let said = daemon.program(&nobody);
    assert_eq!(said.status.code(), Some(75), "{}", String::from_utf8_lossy(&said.stderr));
}

/// A token of the room's own key names a role: it counts as far as the configuration says, and not by default.
#[test]
fn a_token_of_its_room_commands_it_as_far_as_the_configuration_lets_tokens() {
    let secret = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secret.path(), "a secret of more than thirty-two bytes, for tests\n").expect("written");
    let secret = secret.path().to_str().expect("UTF-8");
    let daemon = Daemon::start_with(&[("ARTC__ROOM__API_SECRET_FILE", secret)]);
    let line = daemon.line("viewer:");
    let (url, _) = line.trim_start_matches("viewer:").trim().split_once("/#").expect("an address with a fragment");
    let token = |role: &str| {
        let more = [("ARTC__ROOM__API_SECRET_FILE", secret)];
        let made = daemon.program_with(&["token", "--identity", "guard", "--command-role", role], &more);
        assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8_lossy(&made.stdout).trim().to_owned()
    };
    let over = |token: &str, arguments: &[&str]| {
        let said = daemon.program_with(&[&["call", "--room", url], arguments].concat(), &[("ARTC_TOKEN", token)]);
        (said.status.code(), String::from_utf8_lossy(&said.stderr).into_owned())
    };
    let (code, said) = over(&token("own"), &["device.info"]);
    assert!(code == Some(77) && said.contains("the caller has no role"), "{code:?}: {said}");
    let set = daemon.program(&["call", "config.set", r#"{"values":{"control.token_role":"operate"}}"#]);
    assert_eq!(set.status.code(), Some(0), "{}", String::from_utf8_lossy(&set.stderr));
    let (code, said) = over(&token("own"), &["audio.mute", r#"{"muted":true}"#]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = over(&token("own"), &["log.tail"]);
    assert!(code == Some(77) && said.contains("the caller has operate"), "{code:?}: {said}");
    let (code, said) = over(&token("observe"), &["audio.mute", r#"{"muted":true}"#]);
    assert!(code == Some(77) && said.contains("the caller has observe"), "{code:?}: {said}");
}

/// The program with a configuration that is a pipe: once the other end is open, it is reading its configuration, and waits.
fn reading_its_configuration(subcommand: &[&str]) -> (Child, std::fs::File, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let pipe = directory.path().join("config.toml");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()));
    let child = Command::new(env!("CARGO_BIN_EXE_artc-edge"))
        .args(subcommand)
        .arg(&pipe)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let (sender, opened) = mpsc::channel();
    // Opens when the program opens the other end.
    std::thread::spawn(move || sender.send(std::fs::File::create(pipe)));
    let end = opened.recv_timeout(Duration::from_secs(20)).expect("it reads its configuration").expect("opened");
    (child, end, directory)
}

#[test]
fn a_signal_ends_it_in_order_however_early_it_comes() {
    for signal in ["-INT", "-TERM"] {
        let (mut child, mut configuration, _directory) = reading_its_configuration(&["run", "--config"]);
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        writeln!(configuration, "[camera]\nsource = \"pattern\"").expect("it still reads");
        drop(configuration);
        let mut said = String::new();
        child.stdout.take().expect("piped").read_to_string(&mut said).expect("UTF-8");
        assert_eq!((child.wait().expect("it ends").code(), said.as_str()), (Some(0), ""), "{signal}: nothing was started");
    }
}

#[test]
fn a_signal_ends_other_subcommands_at_once() {
    use std::os::unix::process::ExitStatusExt as _;
    let (mut child, _configuration, _directory) = reading_its_configuration(&["check"]);
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    assert_eq!(child.wait().expect("it ends").signal(), Some(2));
}
