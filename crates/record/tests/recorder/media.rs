//! A camera and a microphone that encode, the recorder behind them with a clock of its own, and ffmpeg to look at what came of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use openh264::OpenH264API;
use openh264::encoder::{Encoder, EncoderConfig};
use openh264::formats::YUVBuffer;
use record::{Entry, Intake, Limits, Now, Reason, Recorder, Settings, Store, TakePicture};

/// Pictures of a group: the first is a key frame.
pub const GROUP: usize = 30;
/// 2026-11-21 19:01:43.
pub const WALL_MS: u64 = 1_795_287_703_000;

/// A group of pictures in two sizes, encoded once.
static CLIPS: LazyLock<[Vec<Vec<u8>>; 2]> =
    LazyLock::new(|| [(320, 240), (160, 128)].map(|(width, height)| encode(width, height)));
/// A packet of 20 ms.
static PACKET: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Audio).unwrap();
    let tone: Vec<i16> = (0..960).map(|n| ((n as f32 * 0.0576).sin() * 8000.0) as i16).collect();
    let mut packet = vec![0; 1275];
    let len = encoder.encode(&tone, &mut packet).unwrap();
    packet.truncate(len);
    packet
});

fn encode(width: usize, height: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), EncoderConfig::new()).unwrap();
    let picture = |n: usize| {
        let luma = (0..width * height).map(|at| ((at % width + at / width * 3 + n * 5) % 200) as u8 + 20);
        YUVBuffer::from_vec(luma.chain(std::iter::repeat_n(128, width * height / 2)).collect(), width, height)
    };
    (0..GROUP).map(|n| encoder.encode(&picture(n)).unwrap().to_vec()).collect()
}

/// The recorder with its camera. Time passes only when [`Rig::run`] says so.
pub struct Rig {
    pub recorder: Recorder,
    pub store: Store,
    pub now: Duration,
    pub wall_ms: u64,
    pub wall_is_right: bool,
    intake: Arc<Intake>,
    /// Pictures that the camera has made.
    pub made: usize,
    packets: u32,
    /// Which clip it shows.
    pub size: usize,
    /// Microphone.
    pub sound: bool,
}

pub fn settings() -> Settings {
    let limits = Limits { most_bytes: 1 << 30, most_age: None };
    Settings {
        holds: true,
        post_roll: Duration::from_secs(5),
        segment: Duration::from_secs(600),
        limits,
        most_a_day: None,
        channels: Some(1),
    }
}

impl Rig {
    pub fn new(folder: &Path, settings: Settings) -> Self {
        Self::with(folder, settings, 4 << 20, Duration::from_secs(3))
    }

    pub fn with(folder: &Path, settings: Settings, memory: usize, pre_roll: Duration) -> Self {
        let intake = Arc::new(Intake::new(memory, pre_roll));
        let store = Store::new(folder.to_owned());
        let recorder = Recorder::new(Arc::clone(&intake), store.clone(), settings);
        let now = Duration::from_secs(1000);
        Self { recorder, store, now, wall_ms: WALL_MS, wall_is_right: true, intake, made: 0, packets: 0, size: 0, sound: true }
    }

    /// Whose recordings have pictures.
    pub fn with_pictures(mut self, take: TakePicture) -> Self {
        self.recorder = self.recorder.with_pictures(take);
        self
    }

    pub fn now(&self) -> Now {
        Now { monotonic: self.now, wall_ms: self.wall_ms, wall_is_right: self.wall_is_right }
    }

    pub fn start(&mut self) {
        self.recorder.start(Reason::Command, self.now());
    }

    pub fn stop(&mut self) {
        self.recorder.stop(self.now());
    }

    /// One picture at 30 a second and the sound of its time; the recorder looks four times a second.
    pub fn tick(&mut self) {
        let unit = &CLIPS[self.size][self.made % GROUP];
        self.intake.picture(unit, self.made.is_multiple_of(GROUP), self.now);
        self.made += 1;
        self.now += Duration::from_nanos(33_333_334);
        self.wall_ms += 33;
        while self.sound && Duration::from_secs(1000) + Duration::from_millis(20) * (self.packets + 1) <= self.now {
            let captured_at = Duration::from_secs(1000) + Duration::from_millis(20) * self.packets;
            self.intake.sound(&PACKET, self.packets.wrapping_mul(960).wrapping_sub(5000), captured_at);
            self.packets += 1;
        }
        if self.made.is_multiple_of(8) {
            self.recorder.step(self.now());
        }
    }

    /// So many seconds of pictures and sound.
    pub fn run(&mut self, seconds: f64) {
        for _ in 0..(seconds * 30.0) as usize {
            self.tick();
        }
    }

    /// Nothing comes, but time passes.
    pub fn pause(&mut self, seconds: u64) {
        for _ in 0..seconds * 4 {
            self.now += Duration::from_millis(250);
            self.recorder.step(self.now());
        }
        self.packets = ((self.now - Duration::from_secs(1000)).as_millis() / 20) as u32;
    }

    /// What is in the folder, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.store.list().unwrap()
    }

    pub fn fault(&self) -> Option<String> {
        self.recorder.standing().fault
    }
}

/// The files of a folder whose names end in `.mp4`, by name.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "mp4"));
    files.sort();
    files
}

/// What ffmpeg finds in a file, after decoding all of it.
#[derive(Debug)]
pub struct Played {
    pub pictures: usize,
    /// Packets of sound.
    pub packets: usize,
    pub width: usize,
    /// When the first picture and the first packet are shown, and when the last picture is; seconds.
    pub video: (f64, f64),
    pub sound: Option<(f64, f64)>,
}

/// Plays a file; fails on everything that ffmpeg calls an error.
pub fn play(file: &Path) -> Played {
    let decoded = Command::new("ffmpeg").args(["-v", "error", "-xerror", "-i"]).arg(file).args(["-f", "null", "-"]).output();
    let decoded = decoded.expect("ffmpeg is installed: setup/packages.sh test");
    let said = String::from_utf8_lossy(&decoded.stderr);
    assert!(decoded.status.success() && said.is_empty(), "{}: {said}", file.display());
    let said = probe(file, &["-show_entries", "stream=codec_name,width:packet=codec_type,pts_time"]);
    assert!(said.contains("codec_name=h264"), "{said}");
    let width = said.split("\nwidth=").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    let (mut video, mut sound) = (Vec::new(), Vec::new());
    let mut lines = said.lines();
    while let Some(line) = lines.next() {
        let times = match line {
            "codec_type=video" => &mut video,
            "codec_type=audio" => &mut sound,
            _ => continue,
        };
        times.push(lines.next().and_then(|line| line.strip_prefix("pts_time=")).unwrap().parse::<f64>().unwrap());
    }
    let ends = |times: &[f64]| Some((*times.first()?, *times.last()?));
    Played { pictures: video.len(), packets: sound.len(), width, video: ends(&video).unwrap(), sound: ends(&sound) }
}

fn probe(file: &Path, what: &[&str]) -> String {
    let said =
        Command::new("ffprobe").args(["-v", "error", "-of", "default=noprint_wrappers=1"]).args(what).arg(file).output().unwrap();
    assert!(said.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap()
}

/// The memory of a mistake: both differ by less than `by`.
pub fn near(a: f64, b: f64, by: f64) -> bool {
    (a - b).abs() < by
}
