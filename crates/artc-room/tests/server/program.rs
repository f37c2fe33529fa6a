//! The program as it ships, in a process of its own, and a client so plain that it can say anything.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// Nothing here takes this long unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);
pub const ADMIN: &str = "admin-key-of-the-tests";
pub const OPERATOR: &str = "operator-key-of-the-tests";
pub const WATCHER: &str = "watcher-key-of-the-tests";
pub const PASSWORD: &str = "alice's password";

pub struct Program {
    child: Child,
    pub http: SocketAddr,
    pub telemetry: SocketAddr,
}

/// Files of one installation, which outlive its processes.
pub struct Place {
    pub folder: tempfile::TempDir,
    /// Requests a second from one address.
    pub requests: u32,
    /// Where the room listens; the next process finds no other free port.
    pub room: String,
    /// Further lines of configuration.
    pub sections: String,
}

/// What a server answers.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(&self.body)))
    }
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        for (name, text) in [
            ("admin", ADMIN),
            ("operator", OPERATOR),
            ("watcher", WATCHER),
            ("alice", PASSWORD),
            ("room", "a-secret-of-tests-that-is-long-enough"),
            ("app", "key of app1"),
        ] {
            std::fs::write(folder.path().join(name), format!("{text}\n")).expect("written");
        }
        Self { folder, requests: 10_000, room: "127.0.0.1:0".into(), sections: String::new() }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config(&self) -> PathBuf {
        let file = |name: &str| self.file(name).display().to_string();
        let broker = if self.sections.contains("secret_file") { "broker_rooms = [\"call-*\"]\n" } else { "" };
        let text = format!(
            "[room]\nlisten = {:?}\nmedia_port = 0\ntcp_port = 0\napi_secret_file = {:?}\n\
             [room.apps.app1]\nkey_file = {:?}\n\
             [state]\nfile = {:?}\n\
             [telemetry]\nlisten = \"127.0.0.1:0\"\n\
             [http]\nenabled = true\nlisten = \"127.0.0.1:0\"\n{broker}requests_per_second = {}\n\
             [http.keys]\nadmin = {{ secret_file = {:?}, role = \"own\" }}\n\
             operator = {{ secret_file = {:?}, role = \"operate\" }}\nwatcher = {{ secret_file = {:?}, role = \"observe\" }}\n\
             [http.users.alice]\npassword_file = {:?}\nrooms = [\"yard\", \"call-*\"]\n{}",
            self.room,
            file("room"),
            file("app"),
            file("state.sqlite"),
            self.requests,
            file("admin"),
            file("operator"),
            file("watcher"),
            file("alice"),
            self.sections,
        );
        let path = self.file("artc-room.toml");
        std::fs::write(&path, text).expect("written");
        path
    }

    pub fn start(&self) -> Program {
        Program::start(&self.config())
    }
}

impl Program {
    fn start(config: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_artc-room"))
            .arg("--config")
            .arg(config)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let mut told = |name: &str| {
            let line = lines.find_map(|line| line.strip_prefix(name).map(|rest| rest.trim().to_owned()));
            line.unwrap_or_else(|| panic!("it does not say where {name} is")).parse().expect("an address")
        };
        let (http, telemetry) = (told("http "), told("metrics "));
        // It would end at a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, http, telemetry }
    }

    /// One request, on a connection of its own.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        ask(self.http, method, path, headers, body)
    }

    #[track_caller]
    pub fn get(&self, path: &str, key: &str) -> Reply {
        self.ask("GET", path, &[("Authorization", &format!("Bearer {key}"))], b"")
    }

    #[track_caller]
    pub fn send(&self, method: &str, path: &str, key: &str, body: &Value) -> Reply {
        let headers = [("X-Auth-Token", key), ("Content-Type", "application/json")];
        self.ask(method, path, &headers, body.to_string().as_bytes())
    }

    /// The sum of the metric `name`, over its labels that hold all of `labels`.
    pub fn count(&self, name: &str, labels: &[&str]) -> u64 {
        let text = ask(self.telemetry, "GET", "/metrics", &[], b"").body;
        let text = String::from_utf8(text).expect("text");
        let lines = text.lines().filter(|line| line.starts_with(name) && labels.iter().all(|label| line.contains(label)));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    pub fn watched(&self, path: &str) -> Reply {
        ask(self.telemetry, "GET", path, &[], b"")
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill(1)");
        assert!(asked.success() && self.child.wait().expect("gone").success());
    }

    /// Takes its power away.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
pub fn ask(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(to).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").expect("text");
    }
    stream.write_all(&[head.as_bytes(), b"\r\n", body].concat()).expect("written");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(answer[..end].to_vec()).expect("text").to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Reply { status, head, body: answer[end + 4..].to_vec() }
}

/// Waits until it is so.
pub async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let waiting = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "in vain: {what}");
}
