//! The whole daemon, `artc-edge run`, as a process of its own: where it runs, as whom, with which settings; and its local commands.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output};
use std::time::Duration;

use room::token::{Claims, Key, Secret, VideoGrant};
use rustix::process::Signal;
use serde_json::Value;

use super::{Namespace, Process, now, wait_for, wait_while};

/// The room's key; its secret is in a file, so that tokens outlive the daemon.
const KEY: &str = "bench";
const SECRET: &str = "a secret of the bench, long enough to sign tokens with";
const SECRET_FILE: &str = "/run/room.secret";
/// A command on the local socket is answered within this time, also while the guest is busy.
const ANSWER: Duration = Duration::from_secs(20);
/// Where the room listens.
const PORT: u16 = 7880;
/// Identity of a daemon in its own room.
pub const DEVICE: &str = "camera";

/// How a daemon is started.
pub struct Setup<'a> {
    /// Marks its lines on the console, and its socket.
    pub name: &'a str,
    /// Keys of the configuration and their values.
    pub settings: &'a [(&'a str, &'a str)],
    /// The network that it sees; nothing is the guest's own.
    pub inside: Option<&'a Namespace>,
    /// User and group; nothing is root.
    pub user: Option<u32>,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self { name: "daemon", settings: &[], inside: None, user: None }
    }
}

/// A daemon that runs; killed when dropped.
pub struct Daemon {
    /// The process.
    pub process: Process,
    address: String,
    socket: PathBuf,
}

impl Daemon {
    /// Starts a daemon and waits until it says where to look.
    pub fn start(setup: &Setup<'_>) -> Self {
        let mut daemon = Self::begin(setup);
        daemon.process.wait_for_line("viewer:", Duration::from_secs(20));
        daemon
    }

    /// Starts a daemon and does not wait.
    pub fn begin(setup: &Setup<'_>) -> Self {
        std::fs::write(SECRET_FILE, format!("{SECRET}\n")).expect("/run can be written");
        let folder = PathBuf::from("/run").join(setup.name);
        std::fs::create_dir_all(&folder).expect("/run can be written");
        let program = env!("CARGO_BIN_EXE_artc-edge");
        let mut command = match setup.inside {
            Some(namespace) => {
                // Only the network is another one: `ip netns exec` would mount another /sys, too.
                let mut command = Command::new("nsenter");
                command.arg(format!("--net={}", namespace.path().display())).arg(program);
                command
            }
            None => Command::new(program),
        };
        if let Some(user) = setup.user {
            use std::os::unix::process::CommandExt as _;
            std::os::unix::fs::chown(&folder, Some(user), Some(user)).expect("root may");
            command.uid(user).gid(user);
        }
        let socket = folder.join("control.sock");
        let own = socket.display().to_string();
        let listen = format!("0.0.0.0:{PORT}");
        let usual = [
            ("control.socket", own.as_str()),
            ("room.listen", &listen),
            ("room.api_key", KEY),
            ("room.api_secret_file", SECRET_FILE),
            ("telemetry.log", "info,room=info,artc_open=debug"),
        ];
        command.arg("run").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (key, value) in usual.iter().chain(setup.settings) {
            command.env(format!("ARTC__{}", key.to_ascii_uppercase().replace('.', "__")), value);
        }
        let host = setup.inside.map_or("127.0.0.1", |namespace| namespace.address());
        Self { process: Process::start(setup.name, command), address: format!("{host}:{PORT}"), socket }
    }

    /// Where its room is met.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// A command over the local socket: its result, or its error.
    pub fn call(&self, method: &str, params: &Value) -> Result<Value, String> {
        let output = self.program(&["call", method, &params.to_string()]);
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
    }

    /// Takes a picture into `file`, and returns its name.
    pub fn snapshot<'a>(&self, file: &'a std::path::Path) -> &'a str {
        let name = file.to_str().expect("a plain name");
        let output = self.program(&["call", "camera.snapshot", "--output", name]);
        assert!(output.status.success(), "camera.snapshot: {}", String::from_utf8_lossy(&output.stderr));
        name
    }

    fn program(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_artc-edge"));
        command.args(arguments).arg("--socket").arg(&self.socket).env_clear();
        command.output().expect("the daemon's program runs")
    }

    /// What `device.status` says of its parts. Asked without a program of its own: starting one costs the guest's processor so much that sound
    /// breaks off.
    pub fn status(&self) -> Value {
        let mut socket = UnixStream::connect(&self.socket).expect("the daemon listens");
        socket.set_read_timeout(Some(ANSWER)).expect("a time-out");
        socket.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"device.status\"}\n").expect("the daemon takes a command");
        let mut line = String::new();
        BufReader::new(socket).read_line(&mut line).expect("the daemon answers");
        let mut answer: Value = serde_json::from_str(&line).expect("an answer");
        assert!(answer["result"].is_object(), "{line}");
        answer["result"].take()
    }

    /// Waits until the camera is in this state, and returns its words.
    pub fn camera_is(&self, state: &str, limit: Duration) -> String {
        self.part_is("camera", state, limit)
    }

    /// Waits until `camera` or `microphone` is in this state, and returns its words.
    pub fn part_is(&self, part: &str, state: &str, limit: Duration) -> String {
        wait_while(limit, || {
            let is = self.status()[part].take();
            let reason = || is["reason"].as_str().unwrap_or_default().to_owned();
            if is["state"] == state { Ok(reason()) } else { Err(format!("the {part} to be {state}; it is {is}")) }
        })
    }

    /// The published tracks in `channel` of this daemon's room: whose, of what source, and the server's id for it.
    pub fn tracks(&self, channel: &str) -> Vec<(String, String, String)> {
        let grant = VideoGrant { room_admin: true, ..VideoGrant::join(channel) };
        let body = serde_json::json!({ "room": channel }).to_string();
        let reply = self.post("/twirp/livekit.RoomService/ListParticipants", "application/json", &mint("admin", grant), &body);
        let reply: Value = serde_json::from_str(&reply).unwrap_or_else(|error| panic!("{reply}: {error}"));
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        list(&reply["participants"])
            .iter()
            .flat_map(|person| {
                list(&person["tracks"])
                    .into_iter()
                    .map(|track| (text(&person["identity"]), text(&track["source"]), text(&track["sid"])))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Posts to its room; the body of the answer.
    pub fn post(&self, path: &str, kind: &str, token: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("the room listens");
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}",
            self.address
        )
        .expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("answered");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let good = head.split(' ').nth(1).is_some_and(|status| status.starts_with('2'));
        assert!(good, "{path}: {text}");
        body.to_owned()
    }

    /// Asks it to end, and returns how it did and how long it took.
    pub fn end(&mut self, signal: Signal) -> (ExitStatus, Duration) {
        let start = now();
        self.process.signal(signal);
        let status = self.process.wait(Duration::from_secs(30));
        (status, start.elapsed())
    }
}

/// A join token of the bench's key.
pub fn mint(identity: &str, grant: VideoGrant) -> String {
    #[expect(clippy::disallowed_methods, reason = "a scenario owns its clock")]
    let now = std::time::SystemTime::now();
    let claims = Claims { sub: identity.into(), name: identity.into(), video: Some(grant), ..Claims::default() };
    Key::new(KEY, Secret::new(SECRET)).mint(claims, Duration::from_secs(3600), now).expect("a token can be made")
}

/// Waits until a process has `path` open, or no longer.
pub fn wait_for_open(process: u32, path: &std::path::Path, open: bool, limit: Duration) {
    let what = if open { "opened" } else { "closed" };
    let is_open = || {
        let Ok(files) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return false };
        files.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|target| target == path))
    };
    wait_for(&format!("{} to be {what}", path.display()), limit, || (is_open() == open).then_some(()));
}
