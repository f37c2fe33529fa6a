//! The daemon as a service lives: what its manager is told over a real notify socket, how it ends and begins again, and how it is
//! provisioned.

mod notify;
mod provision;
mod restarts;

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use artc_edge::control::client::call;
use serde_json::{Value, json};

/// How long anything may take that has to come.
const PATIENCE: Duration = Duration::from_secs(40);

const BASE: &str = "[camera]\nsource = \"pattern\"\nwidth = 320\nheight = 240\nfps = 5\n[microphone]\nsource = \"tone\"\n\
                    [room]\nlisten = \"127.0.0.1:0\"\nmedia_port = 0\ntcp_port = 0\n[telemetry]\nhttp = false\n";

/// What a device keeps, and its service manager.
struct Device {
    told: Receiver<String>,
    directory: tempfile::TempDir,
}

/// A daemon on it; killed when it is dropped.
struct Managed<'a> {
    child: Child,
    device: &'a Device,
}

impl Device {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("config.toml"), BASE).expect("written");
        let manager = UnixDatagram::bind(directory.path().join("notify")).expect("a socket");
        let (teller, told) = channel();
        // As a manager does, it listens all the time: who is not listened to waits.
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = manager.recv(&mut buffer) {
                if teller.send(String::from_utf8_lossy(&buffer[..length]).into_owned()).is_err() {
                    return;
                }
            }
        });
        Self { told, directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The program with the device's own environment.
    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_artc-edge"));
        command.arg("--config").arg(self.path("config.toml")).args(arguments).env_clear();
        command.env("STATE_DIRECTORY", self.path("state")).env("ARTC__CONTROL__SOCKET", self.path("control.sock"));
        command
    }

    fn start(&self, stderr: Stdio) -> Managed<'_> {
        let child = self
            .program(&["run"])
            .env("NOTIFY_SOCKET", self.path("notify"))
            .env("WATCHDOG_USEC", "1000000")
            .env("ARTC__TELEMETRY__SOCKET", self.path("telemetry.sock"))
            .stdout(File::create(self.path("lines")).expect("a file"))
            .stderr(stderr)
            .spawn()
            .expect("the daemon starts");
        Managed { child, device: self }
    }

    /// A daemon that has said that it is ready.
    fn ready(&self) -> Managed<'_> {
        // What the one before has still said is nothing of this one's.
        while self.told.try_recv().is_ok() {}
        let managed = self.start(Stdio::null());
        managed.until("it gets ready", |message| message.contains("READY=1"));
        managed
    }
}

impl Managed<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.device.path(name)
    }

    /// The next message, if one comes soon.
    fn next(&self) -> Option<String> {
        self.device.told.recv_timeout(Duration::from_millis(500)).ok()
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

    /// Asks `device.status` until `holds`.
    #[expect(clippy::disallowed_methods, reason = "the end of a wait, and a breath between two questions to another process")]
    fn status_until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let status = self.call("device.status", PATIENCE).unwrap_or_default();
            if holds(&status) {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: {status}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = std::os::unix::net::UnixStream::connect(self.path("telemetry.sock")).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
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

impl Drop for Managed<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
