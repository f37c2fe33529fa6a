//! The daemon with a folder of its own, asked over its socket.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use artc_edge::control::client::{CallError, call};
use serde_json::{Value, json};

/// So long anything may take on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Daemon {
    child: Child,
    config: String,
    /// What it said last of what it is: where its viewer is, or its recordings.
    said: String,
    directory: tempfile::TempDir,
}

impl Daemon {
    /// With the built-in picture and tone.
    pub fn start(sections: &str) -> Self {
        Self::with(tempfile::tempdir().expect("a directory"), "pattern", "", sections)
    }

    /// With a camera that plays `clip`.
    pub fn playing(clip: &crate::clip::Clip, sections: &str) -> Self {
        Self::playing_masked(clip, "", sections)
    }

    /// The same; `masks` are more keys of the camera.
    pub fn playing_masked(clip: &crate::clip::Clip, masks: &str, sections: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("clip.y4m");
        clip.write(&file);
        let source = format!("file:{}", file.display());
        Self::with(directory, &source, masks, sections)
    }

    fn with(directory: tempfile::TempDir, source: &str, camera: &str, sections: &str) -> Self {
        let config = format!(
            "[camera]\nsource = \"{source}\"\nwidth = 320\nheight = 240\nfps = 15\n{camera}[microphone]\nsource = \"tone\"\n[room]\nlisten = \
             \"127.0.0.1:0\"\nmedia_port = 0\ntcp_port = 0\n[telemetry]\nlisten = \"127.0.0.1:0\"\nsocket = \"{}\"\nlog = \"off\"\n{sections}",
            directory.path().join("metrics.sock").display()
        );
        Self::run(directory, config)
    }

    fn run(directory: tempfile::TempDir, config: String) -> Self {
        std::fs::write(directory.path().join("config.toml"), &config).expect("written");
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
        let last = if config.contains("\nhttp = ") { "recordings:" } else { "viewer:" };
        while !line.starts_with(last) {
            line.clear();
            assert!(lines.read_line(&mut line).expect("a line") > 0, "the daemon ended before it was ready");
        }
        std::thread::spawn(move || lines.lines().map_while(Result::ok).for_each(drop));
        Self { child, config, said: line, directory }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn folder(&self) -> PathBuf {
        self.path().join("state/recordings")
    }

    /// Where its recordings are over HTTP.
    pub fn recordings(&self) -> &str {
        self.said.split_whitespace().last().expect("an address")
    }

    pub fn ask(&self, method: &str, params: Value) -> Result<Value, CallError> {
        call(&self.path().join("control.sock"), method, Some(params), PATIENCE)
    }

    pub fn call(&self, method: &str, params: Value) -> Value {
        self.ask(method, params).unwrap_or_else(|why| panic!("{method}: {why}"))
    }

    pub fn refused(&self, method: &str, params: Value) -> String {
        match self.ask(method, params) {
            Err(CallError::Refused(error)) => error.message,
            other => panic!("{method}: {other:?}"),
        }
    }

    /// Asks again and again until there is an answer.
    #[expect(clippy::disallowed_methods, reason = "the end of a wait, and a breath between two questions to another process")]
    pub fn wait_for<T>(&self, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "{what} does not come");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until what is being written has so many bytes.
    pub fn written(&self, least: u64) {
        self.wait_for("a recording", || {
            let list = self.call("record.list", json!({}));
            // What a run before left behind has no duration either, until it is mended.
            let writing = |one: &&Value| one["id"] == list["status"]["writing"];
            let found = list["recordings"].as_array().into_iter().flatten().find(writing);
            found.and_then(|one| one["bytes"].as_u64()).filter(|bytes| *bytes >= least)
        });
    }

    /// What a counter has counted.
    pub fn metric(&self, name: &str) -> f64 {
        let mut stream = UnixStream::connect(self.path().join("metrics.sock")).expect("served");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("asked");
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        let mut values = lines.filter_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        values.next().unwrap_or_default()
    }

    /// Hears of topics from now on.
    pub fn subscribe(&self, topics: &[&str]) -> Told {
        let mut stream = UnixStream::connect(self.path().join("control.sock")).expect("a socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "event.subscribe", "params": { "topics": topics } });
        writeln!(stream, "{request}").expect("asked");
        let mut told = Told(BufReader::new(stream));
        let reply = told.next();
        assert_eq!(reply["id"], json!(1), "{reply}");
        told
    }

    /// The plug is pulled, and put in again.
    pub fn killed(mut self) -> Self {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
        let directory = std::mem::replace(&mut self.directory, tempfile::tempdir().expect("a directory"));
        Self::run(directory, self.config.clone())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Notifications, one after the other.
pub struct Told(BufReader<UnixStream>);

impl Told {
    pub fn next(&mut self) -> Value {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).expect("told in time");
        assert!(read > 0, "the socket was closed");
        serde_json::from_str(&line).expect("JSON")
    }

    /// The parameters of the first notification of `method` that is `wanted`.
    pub fn until(&mut self, method: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut event = self.next();
            if event["method"] == method && wanted(&event["params"]) {
                return event["params"].take();
            }
        }
    }
}
