//! The program as it ships, ffmpeg beside it, and what pictures and sound are to be known by.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use room::token::{Claims, Key, Secret, VideoGrant};

pub const CHANNEL: &str = "yard";
/// Everything that is waited for comes within this, on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(90);
const SECRET: &str = "a-secret-of-tests-that-is-long-enough";

/// A running program.
pub struct Stage {
    child: Child,
    folder: tempfile::TempDir,
    pub room: String,
    pub rtmp: SocketAddr,
    scheme: &'static str,
    telemetry: SocketAddr,
}

const ROOM: &str = "listen = \"127.0.0.1:0\"\nmedia_port = 0\ntcp_port = 0\nmax_joins_per_second = 1000";

impl Stage {
    /// With a room of its own.
    pub fn new() -> Self {
        Self::start(ROOM, None, false)
    }

    /// The same, by RTMPS.
    pub fn encrypted() -> Self {
        Self::start(ROOM, None, true)
    }

    /// Without one: at the room of another.
    pub fn at(other: &Self) -> Self {
        Self::start("enabled = false", Some(&other.room), false)
    }

    fn start(room: &str, server: Option<&str>, encrypted: bool) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let file = |name: &str| folder.path().join(name);
        let service = server.map(|server| format!("[service]\nserver = {server:?}\n")).unwrap_or_default();
        std::fs::write(file("secret"), SECRET).expect("written");
        let mut config = format!(
            "[room]\n{room}\napi_secret_file = {:?}\n{service}[telemetry]\nlisten = \"127.0.0.1:0\"\n[rtmp]\nlisten = \"127.0.0.1:0\"\n",
            file("secret").display().to_string(),
        );
        if encrypted {
            let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
            for (key, name, pem) in
                [("tls_cert", "cert.pem", made.cert.pem()), ("tls_key", "key.pem", made.signing_key.serialize_pem())]
            {
                std::fs::write(file(name), pem).expect("written");
                config += &format!("{key} = {:?}\n", file(name).display().to_string());
            }
        }
        std::fs::write(file("artc-room.toml"), config).expect("written");
        let log = std::fs::File::create(file("log")).expect("a file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_artc-room"))
            .arg("--config")
            .arg(file("artc-room.toml"))
            .env_clear()
            .env("ARTC_LOG", "debug")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let mut told = |name: &str| {
            let line = lines.find_map(|line| line.strip_prefix(name).map(|rest| rest.trim().to_owned()));
            line.unwrap_or_else(|| panic!("it does not say where {name} is"))
        };
        let room = server.map_or_else(|| told("room "), str::to_owned);
        let (telemetry, rtmp) = (told("metrics "), told("rtmp "));
        std::thread::spawn(move || lines.for_each(drop));
        let address = |text: String| text.parse().expect("an address");
        Self {
            child,
            folder,
            room,
            rtmp: address(rtmp),
            scheme: if encrypted { "rtmps" } else { "rtmp" },
            telemetry: address(telemetry),
        }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where a user's stream is, for whoever bears `token`.
    pub fn address(&self, stream: &str, token: &str) -> String {
        format!("{}://{}/{CHANNEL}/{stream}?token={token}", self.scheme, self.rtmp)
    }

    /// The sum of a metric, over its labels that hold all of `labels`.
    pub fn count(&self, name: &str, labels: &[&str]) -> u64 {
        let mut stream = TcpStream::connect(self.telemetry).expect("it listens");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("written");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("text");
        let lines = text.lines().filter(|line| line.starts_with(name) && labels.iter().all(|label| line.contains(label)));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// What the program has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.file("log")).expect("a log")
    }

    /// Whether it still runs.
    pub fn lives(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!(
                "{}",
                self.log().lines().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
            );
        }
    }
}

/// A token of the room's key.
pub fn token(user: &str) -> String {
    token_for(user, VideoGrant::join(CHANNEL), now())
}

/// The same with these rights, signed then and good for an hour.
pub fn token_for(user: &str, grant: VideoGrant, signed: SystemTime) -> String {
    let claims = Claims { sub: user.to_owned(), video: Some(grant), ..Claims::default() };
    Key::new("artc-edge", Secret::new(SECRET)).mint(claims, Duration::from_secs(3600), signed).expect("a token")
}

pub fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + SystemTime::UNIX_EPOCH.elapsed().expect("a clock")
}

/// An ffmpeg, killed when dropped.
pub struct Ffmpeg(pub Child);

impl Ffmpeg {
    pub fn start(args: &[&str]) -> Self {
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-hide_banner", "-y", "-v", "error"]).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Self(command.spawn().expect("ffmpeg is installed: setup/packages.sh test"))
    }

    /// Pushes pictures of a colour, as ffmpeg names it, and a tone of 1 kHz, in real time.
    pub fn push(address: &str, color: &str) -> Self {
        let picture = format!("color={color}:size=320x240:rate=15");
        Self::start(&[
            "-re",
            "-f",
            "lavfi",
            "-i",
            &picture,
            "-re",
            "-f",
            "lavfi",
            "-i",
            "sine=frequency=1000:sample_rate=44100",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-tune",
            "zerolatency",
            "-pix_fmt",
            "yuv420p",
            "-g",
            "15",
            "-c:a",
            "aac",
            "-ac",
            "2",
            "-t",
            "120",
            "-f",
            "flv",
            address,
        ])
    }

    /// Waits until it ends: whether it was content, and what it complained of.
    pub fn ended(mut self) -> (bool, String) {
        wait("ffmpeg ends", || self.0.try_wait().expect("a child").is_some().then_some(()));
        let mut said = String::new();
        self.0.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
        (self.0.wait().expect("a child").success(), said)
    }
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a command of ffmpeg's writes.
pub fn output(program: &str, args: &[&str]) -> Vec<u8> {
    let out = Command::new(program).args(args).output().expect("ffmpeg is installed: setup/packages.sh test");
    assert!(out.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

/// Waits for something.
#[expect(clippy::disallowed_methods, reason = "a test has a clock")]
#[track_caller]
pub fn wait<T>(what: &str, mut so: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = so() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// Whether Y, U and V are near `wanted`.
pub fn is_color(got: [u8; 3], wanted: [u8; 3]) -> bool {
    got.iter().zip(wanted).all(|(got, wanted)| got.abs_diff(wanted) <= 12)
}

/// Y, U and V in the middle of a picture in I420.
pub fn middle(picture: &[u8], width: usize, height: usize) -> [u8; 3] {
    let (luma, chroma) = picture.split_at(width * height);
    let at = (height / 4) * (width / 2) + width / 4;
    [luma[(height / 2) * width + width / 2], chroma[at], chroma[width * height / 4 + at]]
}

/// The pitch of what is heard, in Hz, where it is no silence.
pub fn pitch(pcm: &[i16], rate: usize) -> Option<f64> {
    if pcm.len() < rate / 5 || pcm.iter().filter(|sample| sample.unsigned_abs() > 1000).count() < pcm.len() / 4 {
        return None;
    }
    let rises = pcm.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
    Some(rises as f64 * rate as f64 / pcm.len() as f64)
}
