//! Recordings of the running daemon, as its owner meets them: begun, listed, fetched and deleted by command, and still there after the plug
//! was pulled. What is fetched is looked at by ffprobe.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use artc_edge::control::client::{CallError, call};
use base64::Engine as _;
use serde_json::{Value, json};

struct Daemon {
    child: Child,
    directory: tempfile::TempDir,
}

impl Daemon {
    fn start(directory: tempfile::TempDir, record: &str) -> Self {
        let config = format!(
            "[camera]\nsource = \"pattern\"\nwidth = 320\nheight = 240\nfps = 15\n[microphone]\nsource = \"tone\"\n[room]\nlisten = \
             \"127.0.0.1:0\"\nmedia_port = 0\ntcp_port = 0\n[telemetry]\nhttp = false\nlog = \"off\"\n[record]\n{record}"
        );
        std::fs::write(directory.path().join("config.toml"), config).expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_artc-edge"))
            .env_clear()
            .env("STATE_DIRECTORY", directory.path().join("state"))
            .env("ARTC__CONTROL__SOCKET", directory.path().join("control.sock"))
            .args(["--config".as_ref(), directory.path().join("config.toml").as_os_str(), "run".as_ref()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the daemon starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        while !line.starts_with("viewer:") {
            line.clear();
            assert!(lines.read_line(&mut line).expect("a line") > 0, "the daemon ended before it was ready");
        }
        std::thread::spawn(move || lines.lines().map_while(Result::ok).for_each(drop));
        Self { child, directory }
    }

    fn folder(&self) -> PathBuf {
        self.directory.path().join("state/recordings")
    }

    fn ask(&self, method: &str, params: Value) -> Result<Value, CallError> {
        call(&self.directory.path().join("control.sock"), method, Some(params), Duration::from_secs(20))
    }

    fn call(&self, method: &str, params: Value) -> Value {
        self.ask(method, params).unwrap_or_else(|why| panic!("{method}: {why}"))
    }

    fn refused(&self, method: &str, params: Value) -> String {
        match self.ask(method, params) {
            Err(CallError::Refused(error)) => error.message,
            other => panic!("{method}: {other:?}"),
        }
    }

    /// Waits until what is being written has so many bytes.
    #[expect(clippy::disallowed_methods, reason = "the end of a wait, and a breath between two questions to another process")]
    fn written(&self, least: u64) {
        let begun = Instant::now();
        loop {
            let list = self.call("record.list", json!({}));
            // What a run before left behind has no duration either, until it is mended.
            let writing = |one: &&Value| one["id"] == list["status"]["writing"];
            let found = list["recordings"].as_array().into_iter().flatten().find(writing);
            if found.is_some_and(|one| one["bytes"].as_u64() >= Some(least)) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "{list}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn kill(mut self) -> tempfile::TempDir {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
        std::mem::replace(&mut self.directory, tempfile::tempdir().expect("a directory"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What ffprobe says of a file: codecs, and seconds until the last packet ends.
fn probe(file: &Path) -> (Vec<String>, f64) {
    let said = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json", "-show_entries", "stream=codec_name:packet=pts_time"])
        .arg(file)
        .output()
        .expect("ffprobe is installed: setup/packages.sh test");
    assert!(said.status.success() && said.stderr.is_empty(), "{}", String::from_utf8_lossy(&said.stderr));
    let said: Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let codecs = said["streams"].as_array().expect("streams").iter().map(|one| one["codec_name"].as_str().unwrap().to_owned());
    let times = said["packets"].as_array().expect("packets").iter().filter_map(|one| one["pts_time"].as_str()?.parse().ok());
    (codecs.collect(), times.fold(0.0, f64::max))
}

#[test]
fn a_recording_is_begun_listed_fetched_and_deleted_by_command_though_nobody_watches() {
    let daemon = Daemon::start(tempfile::tempdir().expect("a directory"), "mode = \"command\"\npre_roll_s = 2\n");
    assert_eq!(daemon.call("record.list", json!({}))["status"], json!({ "recording": false }));
    let status = daemon.call("record.start", json!({}));
    assert_eq!((&status["recording"], &status["reason"]), (&json!(true), &json!("command")));
    daemon.written(20_000);
    let list = daemon.call("record.list", json!({}));
    let id = list["recordings"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(list["status"]["writing"], *id);
    assert!(daemon.refused("record.fetch", json!({ "id": id })).contains("is still being written"));
    assert!(daemon.refused("record.delete", json!({ "id": id })).contains("is still being written"));
    assert_eq!(daemon.call("record.stop", json!({})), json!({ "recording": false }));

    let list = daemon.call("record.list", json!({}));
    let [one] = &list["recordings"].as_array().expect("recordings")[..] else { panic!("{list}") };
    assert_eq!((one["id"].as_str(), &one["reason"], &list["more"]), (Some(&*id), &json!("command"), &json!(false)));
    let total = one["bytes"].as_u64().expect("bytes");
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < total {
        let part = daemon.call("record.fetch", json!({ "id": id, "offset": bytes.len(), "length": 30_000 }));
        assert_eq!((&part["total"], &part["mime"]), (&json!(total), &json!("video/mp4")));
        let text = part["base64"].as_str().expect("bytes");
        bytes.extend(base64::engine::general_purpose::STANDARD.decode(text).expect("base64"));
    }
    let fetched = daemon.directory.path().join("fetched.mp4");
    std::fs::write(&fetched, &bytes).expect("written");
    let (codecs, seconds) = probe(&fetched);
    assert_eq!(codecs, ["h264", "opus"]);
    let said = one["duration_ms"].as_f64().expect("a duration") / 1000.0;
    assert!((seconds - said).abs() < 0.3, "{seconds} s, not {said}");

    for trick in ["../config.toml", "..", "/etc/passwd", "20261121T190143.123Z-command/../../x", ""] {
        let why = daemon.refused("record.fetch", json!({ "id": trick }));
        assert!(why.contains("record.list tells which there are"), "{why}");
    }
    assert!(daemon.refused("record.fetch", json!({ "id": id, "offset": total + 1 })).contains("there is none from"));
    daemon.call("record.delete", json!({ "id": id }));
    assert!(daemon.refused("record.delete", json!({ "id": id })).contains("there is no recording"));
    assert_eq!(daemon.call("record.list", json!({}))["recordings"], json!([]));
}

#[test]
fn what_is_recorded_all_the_time_outlasts_a_kill_and_a_medium_that_refuses_is_told() {
    let always = "mode = \"always\"\n";
    let daemon = Daemon::start(tempfile::tempdir().expect("a directory"), always);
    daemon.written(20_000);
    let directory = daemon.kill();
    let daemon = Daemon::start(directory, always);
    daemon.written(20_000);
    let list = daemon.call("record.list", json!({ "limit": 1 }));
    assert_eq!((&list["more"], &list["status"]["reason"]), (&json!(true), &json!("always")));
    let newest = list["recordings"][0]["id"].as_str().expect("an id");
    let older = daemon.call("record.list", json!({ "before": newest }));
    let first = older["recordings"][0].clone();
    assert!(first["duration_ms"].as_u64() > Some(0), "what was cut off has ended: {older}");
    let file = std::fs::read_dir(daemon.folder()).expect("the folder").map(|item| item.expect("an item").path());
    let file = file.into_iter().find(|path| path.to_string_lossy().contains(first["id"].as_str().unwrap())).expect("its file");
    assert_eq!(probe(&file).0, ["h264", "opus"]);

    // The card goes.
    std::fs::remove_dir_all(daemon.folder()).expect("removed");
    let fault = daemon.fault();
    assert!(fault.contains("recording stands still") && fault.contains("recordings"), "{fault}");
}

#[test]
fn where_nothing_is_recorded_it_is_said() {
    let daemon = Daemon::start(tempfile::tempdir().expect("a directory"), "mode = \"off\"\n");
    for method in ["record.start", "record.stop", "record.list"] {
        assert_eq!(daemon.refused(method, json!({})), "`[record] mode` is \"off\": nothing is recorded on this device");
    }
    assert!(!daemon.folder().exists());
}

impl Daemon {
    /// Waits until the recorder says what is wrong.
    #[expect(clippy::disallowed_methods, reason = "the end of a wait, and a breath between two questions to another process")]
    fn fault(&self) -> String {
        let begun = Instant::now();
        loop {
            let list = self.ask("record.start", json!({}));
            if let Ok(Some(fault)) = list.as_ref().map(|status| status["fault"].as_str()) {
                return fault.to_owned();
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "{list:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
