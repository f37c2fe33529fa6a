//! Captures sound as the daemon does and prints what came as one JSON line a second, for the kernel bench and for people.
//!
//! `capture_audio --devices`, or `capture_audio SOURCE [RATE [CHANNELS [SECONDS [VOLUME]]]]`; the last two are endless and untouched
//! when left out. Each line holds the microphone's state and, of the blocks of that second: how many there were, their loudness
//! (`rms`, `peak`, 0 to 1), the part of 440 Hz and 880 Hz in it, how far the distance of two blocks was from 10 ms at most
//! (`step_us`), how often the sound jumped by more than a quarter of full scale between two samples (`clicks`), and how old the
//! newest block was when it came (`age_ms`).

use std::error::Error;
use std::time::Duration;

use artc_edge::capture::audio::{Config, Microphone, devices};
use media::PcmBlock;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |number: usize| arguments.get(number).map(String::as_str);
    let Some(source) = argument(0) else { return Err("capture_audio SOURCE [RATE [CHANNELS [SECONDS [VOLUME]]]]".into()) };
    if source == "--devices" {
        println!("{}", serde_json::to_string(&devices())?);
        return Ok(());
    }
    let rate = argument(1).unwrap_or("48000").parse()?;
    let channels = argument(2).unwrap_or("1").parse()?;
    let seconds: Option<u64> = argument(3).map(str::parse).transpose()?;
    let microphone = Microphone::start(Config { source: source.into(), rate, channels })?;
    if let Some(volume) = argument(4) {
        microphone.set_volume(volume.parse()?);
    }
    let ring = microphone.ring();
    let start = clock();
    let mut last: Option<Duration> = None;
    for second in 1.. {
        let until = start + Duration::from_secs(second);
        let mut sum = Sum::default();
        while let Some(left) = until.checked_sub(clock()) {
            let Some(block) = ring.take(left) else { continue };
            sum.add(&block, last.replace(block.captured_at));
        }
        println!("{}", json!({ "second": second, "heard": sum.json(rate), "state": microphone.state() }));
        if seconds.is_some_and(|seconds| second >= seconds) {
            break;
        }
    }
    Ok(())
}

/// What was heard in a second.
#[derive(Default)]
struct Sum {
    blocks: u32,
    /// Of the first channel, 0 to 1.
    samples: Vec<f64>,
    step: Duration,
    age: Duration,
}

impl Sum {
    fn add(&mut self, block: &PcmBlock, before: Option<Duration>) {
        self.blocks += 1;
        self.samples.extend(
            block.samples().iter().step_by(usize::from(block.format.channels)).map(|sample| f64::from(*sample) / 32768.0),
        );
        let step =
            before.map_or(Duration::ZERO, |before| block.captured_at.saturating_sub(before).abs_diff(Duration::from_millis(10)));
        self.step = self.step.max(step);
        self.age = clock().saturating_sub(block.captured_at + Duration::from_millis(10));
    }

    fn json(&self, rate: u32) -> serde_json::Value {
        let count = self.samples.len().max(1) as f64;
        let rms = (self.samples.iter().map(|sample| sample * sample).sum::<f64>() / count).sqrt();
        let peak = self.samples.iter().fold(0.0f64, |peak, sample| peak.max(sample.abs()));
        let clicks = self.samples.windows(2).filter(|pair| (pair[1] - pair[0]).abs() > 0.25).count();
        json!({
            "blocks": self.blocks, "rms": rms, "peak": peak, "hz440": self.level(440.0, rate), "hz880": self.level(880.0, rate),
            "step_us": self.step.as_micros() as u64, "clicks": clicks, "age_ms": self.age.as_secs_f64() * 1000.0,
        })
    }

    /// The part of one frequency.
    fn level(&self, hz: f64, rate: u32) -> f64 {
        let turn = std::f64::consts::TAU * hz / f64::from(rate);
        let wave = |(cos, sin): (f64, f64), (n, sample): (usize, &f64)| {
            let at = turn * n as f64;
            (cos + sample * at.cos(), sin + sample * at.sin())
        };
        let (cos, sin) = self.samples.iter().enumerate().fold((0.0, 0.0), wave);
        2.0 * cos.hypot(sin) / self.samples.len().max(1) as f64
    }
}

/// `CLOCK_MONOTONIC`, the clock of the timestamps.
fn clock() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}
