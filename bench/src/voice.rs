//! A microphone beside a speaker: how much of the echo is taken out in simulated rooms, what is left of who talks at the same time, what that
//! costs, and what clocks that run apart do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use artc_open::audio::Resampler;
use clap::Args;
use media::pcm::{STOI_RATE, stoi};
use media::{PcmBlock, PcmFormat};
use serde_json::json;
use voice::trial::{Case, Outcome, RATE, run};
use voice::{Apm, Duplex, Settings};

use crate::Failure;
use crate::receive::speech;
use crate::steer::say;

const FULL: u32 = 48_000;
/// As it is where nobody configured anything else.
const ECHO: Settings = Settings { echo: true, ..Settings::OFF };
const BOTH: Settings = Settings { noise: true, ..ECHO };
const ALL: Settings = Settings { gain: true, ..BOTH };
/// The rooms' reverberation, in seconds.
const ROOMS: [f64; 4] = [0.2, 0.3, 0.4, 0.5];

#[derive(Args)]
pub struct Echo {
    /// The .wavs of the far voice and of the near one: folders, or files
    #[arg(long, num_args = 1.., required = true)]
    far: Vec<PathBuf>,
    #[arg(long, num_args = 1.., required = true)]
    near: Vec<PathBuf>,
    /// Rooms of each reverberation
    #[arg(long, default_value_t = 10)]
    rooms: u64,
}

fn to_rate(pcm: &[i16], from: u32, to: u32) -> Vec<i16> {
    let mut out = Vec::new();
    Resampler::new(from, to, 1).process(pcm, &mut out);
    out
}

fn spoken(files: &[PathBuf]) -> Result<Vec<i16>, Failure> {
    let parts: Result<Vec<_>, _> = files.iter().map(|file: &PathBuf| speech::read(Path::new(file))).collect();
    Ok(parts?.concat())
}

/// How well the near voice is understood, both brought to the same time.
fn understood(outcome: &Outcome) -> f64 {
    let float = |sound: &[i16]| to_rate(sound, RATE, STOI_RATE).into_iter().map(f32::from).collect::<Vec<_>>();
    let (near, out) = (float(&outcome.near), float(&outcome.out));
    (0..200).step_by(10).filter_map(|lag| stoi(&near[..near.len() - 200], &out[lag..])).fold(0.0, f64::max)
}

impl Echo {
    pub fn run(self) -> Result<(), Failure> {
        let far = to_rate(&spoken(&self.far)?, FULL, RATE);
        let near = to_rate(&spoken(&self.near)?, FULL, RATE);
        let (mut still, mut moved, mut both) = (Vec::new(), Vec::new(), Vec::new());
        for seed in 0..self.rooms {
            for rt60 in ROOMS {
                let try_it =
                    |moves, double_talk| run(Case { seed, rt60, moved: moves, double_talk }, &far, &near, &mut Apm::new(ECHO));
                still.push(try_it(false, false).erle_db);
                moved.push(try_it(true, false).erle_db);
                both.push(understood(&try_it(false, true)));
            }
        }
        say(&json!({ "event": "end", "still_db": still, "moved_db": moved, "stoi": both }));
        Ok(())
    }
}

#[derive(Args)]
pub struct Voice {
    /// The .wavs of the far voice and of the near one
    #[arg(long, num_args = 1.., required = true)]
    far: Vec<PathBuf>,
    #[arg(long, num_args = 1.., required = true)]
    near: Vec<PathBuf>,
    /// Seconds of sound
    #[arg(long, default_value_t = 30)]
    seconds: u64,
}

impl Voice {
    pub fn run(self) -> Result<(), Failure> {
        let (far, near) = (spoken(&self.far)?, spoken(&self.near)?);
        let format = PcmFormat { rate: FULL, channels: 1 };
        let mut parts = serde_json::Map::new();
        for (name, settings) in [("off", Settings::OFF), ("echo", ECHO), ("echo_noise", BOTH), ("all", ALL)] {
            let duplex = Duplex::new(settings);
            let began = cpu();
            for block in 0..self.seconds * 100 {
                let take = |sound: &[i16]| {
                    let mut block_of = PcmBlock::silence(format, Duration::from_millis(block * 10));
                    let at = (block as usize * 480) % (sound.len() - 480);
                    block_of.samples_mut().copy_from_slice(&sound[at..at + 480]);
                    block_of
                };
                let now = Duration::from_millis(block * 10);
                duplex.played(&take(&far), Duration::from_millis(30), now);
                // The near voice with the far one in it.
                let mut heard = take(&near);
                for (sample, echo) in heard.samples_mut().iter_mut().zip(take(&far).samples()) {
                    *sample = sample.saturating_add(echo / 4);
                }
                duplex.captured(&mut heard, now + Duration::from_millis(10));
            }
            let used = cpu().saturating_sub(began).as_secs_f64() / self.seconds as f64 * 100.0;
            parts.insert(name.into(), used.into());
        }
        say(&json!({ "event": "end", "percent": parts }));
        Ok(())
    }
}

/// Processor time of this process.
fn cpu() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}

#[derive(Args)]
pub struct Drift {
    /// What the clocks run apart by, in millionths
    #[arg(long, num_args = 1.., required = true, allow_negative_numbers = true)]
    ppm: Vec<f64>,
    /// Hours of simulated time
    #[arg(long, default_value_t = 24)]
    hours: u64,
}

impl Drift {
    pub fn run(self) -> Result<(), Failure> {
        let runs: Vec<_> = (1..)
            .zip(self.ppm)
            .map(|(seed, ppm)| {
                let drift::trial::Outcome { waited: (least, most), step, change, ppm: seen } =
                    drift::trial::run(ppm, Duration::from_secs(self.hours * 3600), seed);
                let (least, most) = (least * 1e3, most * 1e3);
                json!({ "ppm": ppm, "seen_ppm": seen, "least_ms": least, "most_ms": most, "step": step, "change": change })
            })
            .collect();
        let target = drift::trial::TARGET.as_secs_f64() * 1e3;
        say(&json!({ "event": "end", "target_ms": target, "most_change": drift::MOST, "runs": runs }));
        Ok(())
    }
}
