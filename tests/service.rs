//! The daemon under a service manager: a real notify socket, of which systemd would hold the other end.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use artc_edge::control::client::call;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use serde_json::{Value, json};

/// How long anything may take that has to come.
const PATIENCE: Duration = Duration::from_secs(40);

const BASE: &str = "[camera]\nsource = \"pattern\"\nwidth = 320\nheight = 240\nfps = 5\n[microphone]\nsource = \"tone\"\n\
                    [room]\nlisten = \"127.0.0.1:0\"\nmedia_port = 0\ntcp_port = 0\n[telemetry]\nhttp = false\n";

/// A daemon and the other end of its notify socket.
struct Managed {
    child: Child,
    manager: UnixDatagram,
    directory: tempfile::TempDir,
}

impl Managed {
    fn start(stderr: Stdio) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("config.toml"), BASE).expect("written");
        let manager = UnixDatagram::bind(at("notify")).expect("a socket");
        manager.set_read_timeout(Some(Duration::from_millis(500))).expect("a time-out");
        let child = Command::new(env!("CARGO_BIN_EXE_artc-edge"))
            .arg("--config")
            .arg(at("config.toml"))
            .arg("run")
            .env_clear()
            .env("NOTIFY_SOCKET", at("notify"))
            .env("WATCHDOG_USEC", "1000000")
            .env("STATE_DIRECTORY", at("state"))
            .env("ARTC__CONTROL__SOCKET", at("control.sock"))
            .env("ARTC__TELEMETRY__SOCKET", at("telemetry.sock"))
            .stdout(File::create(at("lines")).expect("a file"))
            .stderr(stderr)
            .spawn()
            .expect("the daemon starts");
        Self { child, manager, directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The next message, if one comes soon.
    fn next(&self) -> Option<String> {
        let mut buffer = [0; 4096];
        let length = self.manager.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    /// Waits for a message that `fits`; gives it, and those before it.
    #[expect(clippy::disallowed_methods, reason = "the end of a wait for another process")]
    fn until(&self, what: &str, fits: impl Fn(&str) -> bool) -> (String, Vec<String>) {
        let begun = Instant::now();
        let mut before = Vec::new();
        loop {
            match self.next() {
                Some(message) if fits(&message) => return (message, before),
                Some(message) => before.push(message),
                None => {}
            }
            assert!(begun.elapsed() < PATIENCE, "{what}; it said {before:?}");
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()));
    }

    fn call(&self, method: &str, within: Duration) -> Option<Value> {
        call(&self.path("control.sock"), method, Some(json!({})), within).ok()
    }

    fn metrics(&self) -> String {
        let mut stream = std::os::unix::net::UnixStream::connect(self.path("telemetry.sock")).expect("it listens");
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("answered");
        text
    }

    /// Has the configuration read again, and gives what the manager is told until the daemon is ready again.
    fn reload(&self, text: &str) -> Vec<String> {
        std::fs::write(self.path("config.toml"), text).expect("written");
        self.signal("-HUP");
        let (reloading, _) = self.until("it begins to read again", |message| message.contains("RELOADING=1"));
        let at = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).expect("when it began");
        assert!(at.parse::<u64>().is_ok_and(|at| at > 0), "{reloading}");
        self.until("it is ready again", |message| message.contains("READY=1")).1
    }
}

impl Drop for Managed {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_is_ready_after_its_devices_feeds_the_watchdog_and_says_that_it_stops() {
    let mut managed = Managed::start(Stdio::null());
    let (_, before) = managed.until("it gets ready", |message| message.contains("READY=1"));
    assert!(!before.iter().any(|message| message.contains("STOPPING")), "{before:?}");
    let lines = std::fs::read_to_string(managed.path("lines")).expect("lines");
    assert!(lines.contains("built-in pattern") && lines.contains("built-in tone"), "devices are known by then: {lines}");
    for _ in 0..3 {
        managed.until("the watchdog is fed", |message| message == "WATCHDOG=1\n");
    }
    let status = managed.call("device.status", PATIENCE).expect("it answers");
    assert_eq!(status["camera"]["state"], "built_in", "{status}");
    // Something that changes the line, whatever was said of it before.
    let said = managed.reload(&BASE.replace("fps = 5", "fps = 6"));
    let wanted = "STATUS=in channel camera, nobody watches; camera: built-in pattern, as configured; microphone: built-in tone\n";
    if !said.iter().any(|message| message == wanted) {
        managed.until("the line for people", |message| message == wanted);
    }
    managed.signal("-TERM");
    managed.until("it says that it stops", |message| message.contains("STOPPING=1"));
    assert_eq!(managed.child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_loop_that_hangs_starves_the_watchdog_until_it_turns_again() {
    let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
    let managed = Managed::start(writer.try_clone().expect("a second end").into());
    managed.until("it gets ready", |message| message.contains("READY=1"));
    managed.until("it is fed", |message| message == "WATCHDOG=1\n");
    // Nobody reads the log any more and it is full: the loop that writes its next line there hangs in the kernel.
    let flags = fcntl_getfl(&writer).expect("flags");
    fcntl_setfl(&writer, flags | OFlags::NONBLOCK).expect("set");
    while writer.write(&[b'.'; 4096]).is_ok() {}
    while writer.write(b".").is_ok() {}
    fcntl_setfl(&writer, flags).expect("set back");
    assert_eq!(managed.call("stream.get", Duration::from_secs(1)), None, "a command that is done is written to the log");
    let (_, fed) = managed.until("the manager is told", |message| message == "WATCHDOG=trigger\n");
    assert!(fed.len() < 12, "it is not fed for ever: {fed:?}");
    let after: Vec<_> = (0..6).filter_map(|_| managed.next()).collect();
    assert_eq!(after, Vec::<String>::new(), "nothing is said for three seconds while the loop hangs");
    assert!(managed.metrics().contains("artc_loop_hangs_total{loop=\"main\"} 1"), "{}", managed.metrics());

    drop(writer);
    std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
    managed.until("it is fed again", |message| message == "WATCHDOG=1\n");
    assert!(managed.call("stream.get", PATIENCE).is_some());
}

#[test]
fn reading_the_configuration_again_changes_what_can_be_and_names_what_cannot() {
    let managed = Managed::start(Stdio::null());
    managed.until("it gets ready", |message| message.contains("READY=1"));
    let bitrate = || managed.call("stream.get", PATIENCE).expect("it answers")["bitrate_kbps"].clone();
    managed.reload(&format!("{BASE}[stream]\nbitrate_kbps = 777\n"));
    assert_eq!(bitrate(), 777, "at once, for it takes no restart");

    let said = managed.reload(&format!("{BASE}log_to = \"stderr\"\n[stream]\nbitrate_kbps = 778\n"));
    let named = said.iter().find(|message| message.starts_with("STATUS=")).expect("a line for people");
    assert!(named.contains("telemetry.log_to in force after the next start of the service only"), "{named}");
    assert_eq!(bitrate(), 778, "what can change has");

    let said = managed.reload("[stream]\nbitrate_kbps = 1\n[camera]\nsuorce = \"auto\"\n");
    let named = said.iter().find(|message| message.starts_with("STATUS=")).expect("a line for people");
    assert!(named.contains("configuration not taken") && named.contains("config.toml:2:"), "{named}");
    assert!(named.contains("suorce"), "{named}");
    assert_eq!(bitrate(), 778, "the one before is in force");

    // What takes a restart of the parts: ready is said when they are.
    managed.reload(&BASE.replace("\"tone\"", "\"none\""));
    let status = managed.call("device.status", PATIENCE).expect("it answers");
    assert_eq!(status["microphone"]["state"], "off", "{status}");
}
