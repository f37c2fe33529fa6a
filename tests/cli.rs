//! The program as its user meets it: arguments, answers, complaints, exit codes.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

/// Runs the program in a clean environment.
fn run(arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_artc-edge"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // A program that answers without reading closes its end first.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn plain(arguments: &[&str]) -> (i32, String, String) {
    said(&run(arguments, &[], ""))
}

#[test]
fn help_tells_files_variables_and_exit_codes() {
    let (code, out, err) = plain(&["--help"]);
    assert_eq!((code, err.as_str()), (0, ""));
    for wanted in
        ["/etc/artc-edge/config.toml", "ARTC__SECTION__KEY", "ARTC_LOG", "Exit codes:", "78  the configuration is wrong"]
    {
        assert!(out.contains(wanted), "{wanted} is missing in\n{out}");
    }
    for command in [
        "run",
        "check",
        "config",
        "devices",
        "call",
        "audit",
        "provision",
        "confirm",
        "token",
        "doctor",
        "version",
        "completions",
    ] {
        assert!(out.contains(&format!("\n  {command} ")), "{command} is missing in\n{out}");
        let (code, help, err) = plain(&[command, "--help"]);
        assert_eq!((code, err.as_str()), (0, ""), "{command}");
        assert!(help.contains("Usage: artc-edge ") && help.lines().next().is_some_and(|line| line.len() > 20), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{command}: a line is too long for a terminal\n{help}");
    }
}

#[test]
fn wrong_arguments_exit_64_with_a_suggestion() {
    let rows: &[(&[&str], &str)] = &[
        (&["chek"], "a similar subcommand exists: 'check'"),
        (&["check", "--quite"], "a similar argument exists: '--quiet'"),
        (&["config", "shwo"], "a similar subcommand exists: 'show'"),
        (&["run", "extra"], "unexpected argument 'extra' found"),
        (&["call"], "required arguments were not provided"),
        (&["call", "device.info", "[1]"], "the parameters are no JSON object"),
        (&["call", "device.info", "{"], "the parameters are no JSON: EOF"),
        (&["call", "device.info", "--timeout", "0"], "0 is not in 1..=3600"),
        (&["call", "device.info", "--token", "t"], "--room <URL>"),
        (&["call", "device.info", "--room", "wss://h"], "--room needs a token: --token-file FILE, or the variable ARTC_TOKEN"),
        (&["call", "device.info", "--room", "wss://h", "--token", "t"], "the token is no join token of a room"),
        (&["call", "device.info", "--room", "wss://h", "--socket", "s"], "cannot be used with"),
        (&["token"], "--identity <NAME>"),
        (&["token", "--viewer", "--ttl", "7d"], "'--viewer' cannot be used with '--ttl <TIME>'"),
        (&["token", "--identity", "a", "--ttl", "soon"], "`soon` is no time; write 90s, 15m, 12h or 7d"),
        (&["token", "--identity", "a", "--api-key", "k"], "--secret-file <FILE>"),
        (&["token", "--identity", "", "--room", "r"], "--identity is empty; name who joins"),
        (
            &["token", "--identity", "a", "--call", "door:7880"],
            "`door:7880` is no address of a room's pages; write https://HOST:PORT",
        ),
        (&[], "Usage: artc-edge"),
    ];
    for (arguments, wanted) in rows {
        let (code, out, err) = plain(arguments);
        assert_eq!((code, out.as_str()), (64, ""), "{arguments:?}: {err}");
        assert!(err.contains(wanted), "{arguments:?}: {err}");
    }
}

#[test]
fn version_is_for_people_and_programs() {
    let (code, out, _) = plain(&["version"]);
    assert!(code == 0 && out.starts_with(concat!("artc-edge ", env!("CARGO_PKG_VERSION"))), "{out}");
    let (code, out, _) = plain(&["version", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, json["version"].as_str()), (0, Some(env!("CARGO_PKG_VERSION"))));
    assert!(json["target"].is_string() && json["engines"].is_array() && json["license"].is_string(), "{json}");
    assert_eq!(plain(&["--version"]).1, concat!("artc-edge ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, err) = plain(&["completions", shell]);
        assert_eq!((code, err.as_str()), (0, ""), "{shell}");
        assert!(out.contains("doctor") && out.contains("artc-edge"), "{shell}: {out}");
    }
}

#[test]
fn a_wrong_level_in_the_environment_is_refused() {
    let (code, out, err) = said(&run(&["run"], &[("ARTC_LOG", "loud")], ""));
    let wanted = "artc-edge: environment variable ARTC_LOG: \"loud\" is no level; use error, warn, info, debug, trace or off\n";
    assert_eq!((code, out.as_str(), err.as_str()), (78, "", wanted));
}

#[test]
fn check_reads_files_and_standard_input() {
    let good = said(&run(&["check", "-"], &[], "[camera]\nwidth = 640\nheight = 480\n"));
    assert_eq!((good.0, good.2.as_str()), (0, ""));
    assert!(good.1.starts_with("<stdin>: ok (board "), "{}", good.1);
    let bad = said(&run(&["check", "-"], &[], "[camera]\nwidht = 640\n"));
    let wanted = "<stdin>:2:1: unknown key `camera.widht`; did you mean `camera.width`?\n  2 | widht = 640\n    | ^^^^^\n\
                  artc-edge: 1 mistake in the configuration\n";
    assert_eq!(bad, (78, String::new(), wanted.into()));
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("config.toml");
    let name = path.to_str().expect("UTF-8");
    assert_eq!(plain(&["check", name]).0, 78, "a file that was named must be there");
    fs::write(&path, "[camera]\nfps = 25\n").expect("written");
    fs::create_dir(directory.path().join("conf.d")).expect("made");
    fs::write(directory.path().join("conf.d/10.toml"), "[camera]\nfps = 0\n").expect("written");
    let (code, _, err) = plain(&["check", name]);
    assert!(code == 78 && err.contains("conf.d/10.toml:2:7: `camera.fps`: 0 is out of range"), "{err}");
    fs::remove_file(directory.path().join("conf.d/10.toml")).expect("removed");
    assert_eq!(plain(&["check", "--quiet", name]), (0, String::new(), String::new()));
    assert_eq!(plain(&["check", "--config", name]).0, 0, "by option as well");
}

#[test]
fn the_shipped_file_passes() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.toml");
    let (code, out, err) = plain(&["check", file]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with(file), "{out}");
}

#[test]
fn every_command_that_needs_a_configuration_refuses_a_wrong_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("config.toml");
    fs::write(&path, "[camera]\nformat = \"mjpg\"\n").expect("written");
    let name = path.to_str().expect("UTF-8");
    for arguments in [&["run"][..], &["config", "show"], &["call", "device.info"], &["token", "--identity", "a"], &["doctor"]] {
        let (code, out, err) = plain(&[&["--config", name], arguments].concat());
        let all = out + &err;
        assert_eq!(code, 78, "{arguments:?}: {all}");
        assert!(
            all.contains("config.toml:2:10: `camera.format`: unknown value \"mjpg\"; did you mean \"mjpeg\"?"),
            "{arguments:?}: {all}"
        );
    }
}

#[test]
fn show_tells_origins_and_hides_secrets() {
    const CANARY: &str = "canary-0123456789-0123456789-0123456789";
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("config.toml");
    let text = format!("[camera]\nfps = 25.0\n\n[engine.open]\nurl = \"ws://x\"\ntoken = \"{CANARY}\"\n");
    fs::write(&path, text).expect("written");
    let name = path.to_str().expect("UTF-8");
    let variables = [("ARTC__STREAM__BITRATE_KBPS", "900"), ("ARTC__ENGINE__OPEN__TOKEN", "canary-above")];
    let (code, out, err) = said(&run(&["config", "show", "--origin", "--config", name], &variables, ""));
    assert_eq!((code, err.as_str()), (0, ""));
    let line = |key: &str| out.lines().find(|line| line.trim_start_matches("# ").starts_with(key)).unwrap_or_default().to_owned();
    assert_eq!(line("fps").split("  # ").nth(1), Some(format!("file: {name}:2").as_str()));
    assert_eq!(line("bitrate_kbps").split("  # ").nth(1), Some("environment: ARTC__STREAM__BITRATE_KBPS"));
    assert_eq!(line("idle").split("  # ").nth(1), Some("built-in"));
    assert_eq!(line("token =").split("  ").next(), Some("# token = (secret)"));
    let (_, json, _) = said(&run(&["config", "show", "--json", "--config", name], &variables, ""));
    let settings: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let fps = settings.as_array().and_then(|all| all.iter().find(|one| one["key"] == "camera.fps")).cloned().unwrap_or_default();
    assert_eq!(
        fps,
        serde_json::json!({ "key": "camera.fps", "value": 25.0, "secret": false, "layer": "file", "source": name, "line": 2 })
    );
    assert!(!out.contains("canary") && !json.contains("canary"));
    // What is shown is a configuration again.
    let (_, shown, _) = said(&run(&["config", "show", "--config", name], &[], ""));
    assert_eq!(said(&run(&["check", "-"], &[], &shown.replace("url =", "# url ="))).0, 0, "{shown}");
}

#[test]
fn a_call_without_a_daemon_exits_69() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("control.sock");
    let (code, out, err) = plain(&["call", "device.info", "--socket", socket.to_str().expect("UTF-8")]);
    assert_eq!((code, out.as_str()), (69, ""));
    assert!(err.starts_with("artc-edge: ") && err.contains("no artc-edge daemon listens on this socket"), "{err}");
}

#[test]
fn an_answer_that_nobody_reads_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_artc-edge"))
        .args(["config", "show"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(said(&output), (0, String::new(), String::new()));
}

#[test]
fn doctor_finds_what_is_wrong_and_says_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let directory = tempfile::tempdir().expect("a directory");
    let token = directory.path().join("token");
    fs::write(&token, "not a token\n").expect("written");
    let url = format!("ws://127.0.0.1:{gone}");
    let socket = directory.path().join("control.sock");
    let listen = format!("127.0.0.1:{port}");
    let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let variables = [
        ("ARTC__ROOM__LISTEN", listen.as_str()),
        ("ARTC__ROOM__MEDIA_PORT", "0"),
        ("ARTC__ROOM__TCP_PORT", "0"),
        ("ARTC__TELEMETRY__LISTEN", "127.0.0.1:0"),
        ("ARTC__ENGINE__OPEN__URL", url.as_str()),
        ("ARTC__ENGINE__OPEN__TOKEN_FILE", &path(&token)),
        ("ARTC__CONTROL__SOCKET", &path(&socket)),
    ];
    let (code, out, err) = said(&run(&["doctor", "--json"], &variables, ""));
    assert_eq!(err, "");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|why| panic!("{why}: {out}"));
    assert_eq!((code, report["ok"].as_bool()), (78, Some(false)), "the token comes before the ports: {out}");
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let failures: Vec<&str> =
        findings.iter().filter(|one| one["level"] == "failure").filter_map(|one| one["about"].as_str()).collect();
    for about in ["ports", "room", "token"] {
        assert!(failures.contains(&about), "{about} is missing in {out}");
    }
    assert!(
        findings.iter().all(|one| (one["level"] == "ok") == one["way_out"].is_null()),
        "what is not well has a way out: {out}"
    );
    let (_, text, _) = said(&run(&["doctor"], &variables, ""));
    assert!(text.contains("FAILURE  ports") && text.contains("-> stop that, or set another `room.listen`"), "{text}");
}

#[test]
fn a_journal_with_all_its_lines_is_whole_and_one_without_is_not() {
    const LINES: [&str; 3] = [
        r#"{"n":0,"t":1790000000000,"who":"participant \"app-server\"","role":"maintain","method":"audio.mute","outcome":"done","ms":3,"hash":"1i2KRddhrdG1iqT06y7YRJXLVy9EUHSrMemSlaEjZTo"}"#,
        r#"{"n":1,"t":1790000000000,"who":"participant \"app-server\"","role":"maintain","method":"stream.set","outcome":"not_allowed","ms":3,"hash":"LIYGroR7MXJwZcDAQpJ9u8oMXa3uQ0DRPso1DocSviY"}"#,
        r#"{"n":2,"t":1790000000000,"who":"participant \"app-server\"","role":"maintain","method":"audio.mute","outcome":"done","ms":3,"hash":"WZKdwRq0T3kCujLUGmvtbDZj4gD9iMKE1YcoK5yR1hs"}"#,
    ];
    let whole = LINES.join("\nNov 21 12:00:00 gate artc-edge[7]: something else\n");
    let verify = |journal: &str| said(&run(&["audit", "verify"], &[], journal));
    assert_eq!(verify(&whole), (0, "lines of the audit: 3, breaks: 0\n".into(), String::new()));
    let (code, out, _) = verify(&[LINES[0], LINES[2]].join("\n"));
    let wanted =
        "lines of the audit: 2, breaks: 1\nline 2 of the input: line 2 follows line 0: what is between them is missing\n";
    assert_eq!((code, out.as_str()), (65, wanted));
}
