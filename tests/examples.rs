//! The four examples of the engine API, run as a reader would, against a room: a file is published, watched and archived; messages are
//! exchanged.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use artc_bindings::contract::Driver as _;
use media::h264::{NalKind, nals};

#[path = "contract/server.rs"]
#[allow(dead_code, reason = "the contract needs more of it")]
mod server;

use server::{Server, Tokens};

const CHANNEL: &str = "yard";
const PATIENCE: Duration = Duration::from_secs(60);
const WIDTH: usize = 320;
const HEIGHT: usize = 240;

/// A running example.
struct Example {
    name: &'static str,
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Example {
    fn start(server: &mut Server, name: &'static str, user: &str, more: &[&str]) -> Self {
        // Cargo builds the examples of a package with its tests, beside them.
        let tests = std::env::current_exe().expect("a path");
        let program = tests.parent().and_then(Path::parent).expect("the folder of the build").join("examples").join(name);
        assert!(program.is_file(), "{} is not there: `cargo build --examples` makes it", program.display());
        let (url, token) = (server.room().signal_url(), server.token(CHANNEL, user));
        let mut child = Command::new(program)
            .args([&url, &token, CHANNEL, user])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { name, child, lines, said: Vec::new() }
    }

    /// Waits for a line.
    fn says(&mut self, wanted: &str) {
        while !self.said.iter().any(|line| line == wanted) {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.said.push(line),
                Err(_) => panic!("{} never said {wanted:?} but {:?}", self.name, self.said),
            }
        }
    }

    fn type_line(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().expect("its input");
        writeln!(input, "{line}").expect("it reads");
    }

    /// Ends its input and waits until it has ended well.
    fn ends(mut self) -> Vec<String> {
        drop(self.child.stdin.take());
        // Its output ends with it.
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.said.push(line);
        }
        let status = self.child.wait().expect("its end");
        assert!(status.success(), "{}: {status}, {:?}", self.name, self.said);
        assert_eq!(self.said.last().map(String::as_str), Some("left: ERR_OK (0x00000000)"), "{}", self.name);
        std::mem::take(&mut self.said)
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // It has ended already where all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two seconds of a picture that is dark on the left and bright on the right, and a tone of 440 Hz.
fn clip(folder: &Path) -> (PathBuf, PathBuf) {
    let (pictures, sound) = (folder.join("clip.y4m"), folder.join("tone.wav"));
    let mut bytes = format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F25:1 Ip C420\n").into_bytes();
    for n in 0..50 {
        bytes.extend(b"FRAME\n");
        let luma = |at: usize| if at % WIDTH < WIDTH / 2 { 40 } else { 200 } + ((at / WIDTH + n) % 4) as u8;
        bytes.extend((0..WIDTH * HEIGHT).map(luma));
        bytes.extend(std::iter::repeat_n(128, WIDTH * HEIGHT / 2));
    }
    fs::write(&pictures, bytes).expect("room for the clip");
    let rate = 48_000_u32;
    let mut bytes = [b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0", &rate.to_le_bytes()[..], &(2 * rate).to_le_bytes()].concat();
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend((4 * rate).to_le_bytes());
    let tone = |n: u32| ((f64::from(n) * 440.0 * std::f64::consts::TAU / f64::from(rate)).sin() * 8000.0) as i16;
    bytes.extend((0..2 * rate).flat_map(|n| tone(n).to_le_bytes()));
    fs::write(&sound, bytes).expect("room for the tone");
    (pictures, sound)
}

/// Whether a picture is dark on the left and bright on the right.
fn shows_the_clip(luma: &[u8]) -> bool {
    let side = |bright: bool| {
        let of_side = luma.iter().enumerate().filter(|(at, _)| (at % WIDTH >= WIDTH / 2) == bright).map(|(_, y)| u64::from(*y));
        of_side.sum::<u64>() / (WIDTH * HEIGHT / 2) as u64
    };
    side(false).abs_diff(41) < 8 && side(true).abs_diff(201) < 8
}

#[test]
fn a_published_file_is_watched_and_archived() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pictures, sound) = clip(folder.path());
    let mut server = Server::own(false, Tokens::Vendor);
    let (watched, archive) = (folder.path().join("watched.y4m"), folder.path().join("archive"));
    let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let mut archiver = Example::start(&mut server, "archive_channel", "archiver", &[&text(&archive)]);
    archiver.says("joined yard as archiver: ERR_OK (0x00000000)");
    let mut watcher = Example::start(&mut server, "watch_user", "watcher", &["cam", &text(&watched), "25"]);
    watcher.says("joined yard as watcher: ERR_OK (0x00000000)");
    let more = [&text(&pictures), &text(&sound), "--times", "4"];
    let publisher = Example::start(&mut server, "publish_file", "cam", &more.map(|word: &str| word));
    watcher.says(&format!("wrote 25 pictures to {}", text(&watched)));
    let said = watcher.ends();
    assert!(said.contains(&"cam: Subscribing -> Subscribed".to_owned()), "{said:?}");
    let said = publisher.ends();
    for line in ["video: Publishing -> Published", "sound: Publishing -> Published", "published 200 pictures"] {
        assert!(said.contains(&line.to_owned()), "{line:?} is not in {said:?}");
    }
    let said = archiver.ends();
    assert!(said.contains(&"archived 1 cameras".to_owned()), "{said:?}");

    let bytes = fs::read(&watched).expect("what was watched");
    let header = format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F25:1 Ip A1:1 C420jpeg\n");
    let frames = bytes.strip_prefix(header.as_bytes()).expect("the size that was published");
    let frame = 6 + WIDTH * HEIGHT * 3 / 2;
    assert_eq!(frames.len(), 25 * frame);
    assert!(frames.chunks(frame).all(|one| one.starts_with(b"FRAME\n")));
    assert!(shows_the_clip(&frames[24 * frame + 6..][..WIDTH * HEIGHT]), "the last picture is another one");

    let bytes = fs::read(archive.join("cam.h264")).expect("the camera's archive");
    let mut slices =
        nals(&bytes).with_offsets().filter(|(_, nal)| matches!(NalKind::of(nal), Some(NalKind::Slice | NalKind::Idr)));
    let second = slices.nth(1).map(|(at, _)| at).expect("more than one picture");
    let (size, picture) = media::h264::still::decode(&bytes[..second]).expect("it begins with a key frame");
    assert_eq!((size.width as usize, size.height as usize), (WIDTH, HEIGHT));
    assert!(shows_the_clip(&picture[..WIDTH * HEIGHT]), "the archive begins with another picture");
    assert!(slices.count() > 60, "pictures are missing");

    let wav = fs::read(archive.join("channel.wav")).expect("the sound's archive");
    assert_eq!(wav[40..44], (wav.len() as u32 - 44).to_le_bytes(), "the header tells the length");
    let (channels, rate) = (usize::from(wav[22]), u32::from_le_bytes([wav[24], wav[25], wav[26], wav[27]]) as usize);
    let samples: Vec<i16> = wav[44..].chunks_exact(2 * channels).map(|s| i16::from_le_bytes([s[0], s[1]])).collect();
    let loud = samples.chunks(rate / 10).filter(|part| part.iter().any(|s| s.unsigned_abs() > 4000)).collect::<Vec<_>>();
    assert!(loud.len() > 20, "{} tenths of a second of sound", loud.len());
    let middle = loud[loud.len() / 2];
    let crossings = middle.windows(2).filter(|pair| (pair[0] < 0) != (pair[1] < 0)).count();
    assert!((80..=96).contains(&crossings), "{crossings} crossings in a tenth of a second of 440 Hz");
}

#[test]
fn messages_are_exchanged() {
    let mut server = Server::own(false, Tokens::LiveKit);
    let mut alice = Example::start(&mut server, "exchange_messages", "alice", &[]);
    let mut bob = Example::start(&mut server, "exchange_messages", "bob", &[]);
    alice.says("bob is here");
    bob.says("alice is here");
    alice.type_line("good morning");
    bob.says("alice: good morning");
    bob.type_line("Zoë läßt grüßen");
    alice.says("bob: Zoë läßt grüßen");
    let said = alice.ends();
    assert!(!said.iter().any(|line| line.starts_with("alice: ")), "her own message came back: {said:?}");
    bob.says("alice has left");
    bob.ends();
}
