//! Runs capture alone: opens a camera as the daemon would, takes its frames, and prints what it is doing as JSON lines.
//!
//! ```text
//! capture [--source auto] [--size 1280x720] [--fps 30] [--format auto] [--scale] [--idle-close]
//!         [--seconds 5] [--every 1] [--slow MS] [--list]
//! ```
//! While it runs, lines on standard input are commands: `set NAME VALUE`, `mode WxH FPS`, `snapshot FILE`, `key`, `close`,
//! `open`, `controls`, `quit`. Every line printed is a JSON object with `event`.

use std::io::BufRead;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use artc_edge::capture::video::{Camera, Captured, Config, Idle, devices};
use media::Size;
use media::barcode::Stamp;
use media::h264;
use serde_json::{Value, json};

struct Options {
    config: Config,
    seconds: f64,
    every: f64,
    slow: Duration,
    list: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = options()?;
    if options.list {
        println!("{}", json!({ "event": "devices", "devices": devices() }));
        return Ok(());
    }
    let camera = Camera::start(options.config)?;
    let (slot, mut events, commands) = (camera.slot(), camera.events(), commands());
    let (start, mut report, mut seen) = (now(), now(), Seen::default());
    while now() - start < Duration::from_secs_f64(options.seconds) {
        while let Ok(event) = events.try_recv() {
            println!("{}", json!({ "event": "changed", "what": format!("{event:?}"), "at": (now() - start).as_secs_f64() }));
        }
        while let Ok(line) = commands.try_recv() {
            match obey(&camera, &line) {
                Some(answer) => println!("{}", json!({ "event": "answer", "to": line, "answer": answer })),
                None => return Ok(()),
            }
        }
        if let Some(captured) = slot.take(Duration::from_millis(20)) {
            seen.take(&captured);
            if !options.slow.is_zero() {
                let _ = rustix::event::poll(&mut [], Some(&options.slow.try_into()?));
            }
        }
        if now() - report >= Duration::from_secs_f64(options.every) {
            report = now();
            println!(
                "{}",
                json!({ "event": "state", "at": (now() - start).as_secs_f64(), "state": camera.state(), "seen": seen.report() })
            );
        }
    }
    let modes: Vec<_> = camera.modes().iter().map(ToString::to_string).collect();
    println!("{}", json!({ "event": "end", "state": camera.state(), "seen": seen.report(), "modes": modes }));
    Ok(())
}

/// What was taken since the last report.
#[derive(Default)]
struct Seen {
    frames: u64,
    keys: u64,
    bytes: u64,
    size: Option<Size>,
    first: Option<Duration>,
    last: Option<Duration>,
    /// Longest time from the frame's timestamp to its arrival here.
    age: Duration,
    stamped: u64,
    luma: u64,
    profile: Option<String>,
}

impl Seen {
    fn take(&mut self, captured: &Captured) {
        let (size, at) = match captured {
            Captured::Raw(frame) => {
                self.stamped += u64::from(Stamp::read_frame(frame).is_some());
                let [luma, ..] = frame.planes();
                self.luma = luma.iter().step_by(97).map(|y| u64::from(*y)).sum::<u64>() / (luma.len() as u64).div_ceil(97);
                self.bytes += frame.buffer.as_ref().as_ref().len() as u64;
                (frame.size, frame.captured_at)
            }
            Captured::Encoded(unit) => {
                self.keys += u64::from(unit.key);
                self.bytes += unit.data.len() as u64;
                let sps = h264::nals(&unit.data).find_map(|nal| h264::Sps::parse(nal).ok());
                self.profile = sps.map(|sps| sps.profile_level_id_hex()).or(self.profile.take());
                (unit.size, unit.captured_at)
            }
        };
        self.frames += 1;
        self.size = Some(size);
        self.first = self.first.or(Some(at));
        self.last = Some(at);
        self.age = self.age.max(now().saturating_sub(at));
    }

    fn report(&mut self) -> Value {
        let seen = std::mem::take(self);
        let span = seen.last.zip(seen.first).map(|(last, first)| (last - first).as_secs_f64());
        let fps = span.filter(|span| *span > 0.0).map(|span| (seen.frames - 1) as f64 / span);
        json!({
            "frames": seen.frames, "keys": seen.keys, "bytes": seen.bytes, "size": seen.size.map(|size| size.to_string()),
            "fps": fps, "age_ms": seen.age.as_secs_f64() * 1000.0, "stamped": seen.stamped, "luma": seen.luma,
            "profile": seen.profile,
        })
    }
}

fn obey(camera: &Camera, line: &str) -> Option<Value> {
    let words: Vec<_> = line.split_whitespace().collect();
    let outcome = |result: Result<Value, String>| result.unwrap_or_else(|why| json!({ "error": why }));
    Some(match words[..] {
        ["set", name, value] => outcome(
            value
                .parse()
                .map_err(|e| format!("{value}: {e}"))
                .and_then(|value| camera.set_control(name, value).map(|control| json!(control)).map_err(|e| e.to_string())),
        ),
        ["mode", size, fps] => {
            outcome(parse_size(size).zip(fps.parse().ok()).ok_or("mode WxH FPS".into()).and_then(|(size, fps)| {
                camera.set_mode(size, fps).map(|mode| json!(mode.to_string())).map_err(|e| e.to_string())
            }))
        }
        ["snapshot", file] => outcome(
            camera
                .snapshot(None)
                .map_err(|e| e.to_string())
                .and_then(|jpeg| std::fs::write(file, &jpeg).map(|()| json!(jpeg.len())).map_err(|e| e.to_string())),
        ),
        ["key"] => json!(camera.request_key_frame()),
        ["bitrate", kbps] => json!(kbps.parse().is_ok_and(|kbps| camera.set_bitrate(kbps))),
        ["close"] => json!(camera.close()),
        ["open"] => json!(camera.open()),
        ["controls"] => json!(camera.controls()),
        ["quit"] => return None,
        _ => json!({ "error": "unknown command" }),
    })
}

fn commands() -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

fn options() -> Result<Options, String> {
    let mut options = Options { config: Config::default(), seconds: 5.0, every: 1.0, slow: Duration::ZERO, list: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        let number = |text: String| text.parse::<f64>().map_err(|e| format!("{text}: {e}"));
        match argument.as_str() {
            "--source" => options.config.source = value()?,
            "--size" => {
                let size = parse_size(&value()?).ok_or("--size takes WxH")?;
                (options.config.width, options.config.height) = (size.width, size.height);
            }
            "--fps" => options.config.fps = number(value()?)?,
            "--format" => {
                let name = value()?;
                options.config.format = serde_json::from_value(json!(name)).map_err(|e| e.to_string())?;
            }
            "--scale" => options.config.scale = true,
            "--idle-close" => options.config.idle = Idle::Close,
            "--seconds" => options.seconds = number(value()?)?,
            "--every" => options.every = number(value()?)?,
            "--slow" => options.slow = Duration::from_secs_f64(number(value()?)? / 1000.0),
            "--list" => options.list = true,
            other => return Err(format!("unknown argument {other}")),
        }
    }
    Ok(options)
}

fn parse_size(text: &str) -> Option<Size> {
    let (width, height) = text.split_once('x')?;
    Some(Size::new(width.parse().ok()?, height.parse().ok()?))
}

fn now() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}
