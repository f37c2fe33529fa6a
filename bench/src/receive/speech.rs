//! Recorded speech, played over and over, and how well it is understood at the other end.

use std::path::{Path, PathBuf};

use artc_open::audio::Resampler;
use clap::Args;
use media::pcm::{STOI_RATE, stoi};
use serde_json::json;

use super::RATE;
use crate::Failure;
use crate::steer::say;

/// Silence between two times.
const PAUSE: usize = RATE * 2 / 5;
/// What is judged at once.
const PART: usize = 4 * STOI_RATE as usize;
/// What is heard before everything has settled.
const SETTLE: usize = 5 * STOI_RATE as usize;

/// The samples of a .wav of one channel at 48 kHz, and a pause.
pub fn read(path: &Path) -> Result<Vec<i16>, Failure> {
    let bytes = std::fs::read(path)?;
    let number = |at: usize| bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    if bytes.get(8..12) != Some(b"WAVE") || number(24) != RATE as u32 || bytes.get(22..24) != Some(&[1, 0]) {
        return Err(format!("{}: not a .wav of one channel at {RATE} Hz", path.display()).into());
    }
    let data = bytes.windows(4).position(|four| four == b"data").ok_or("a .wav without data")? + 8;
    let samples = bytes[data..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
    Ok(samples.chain(std::iter::repeat_n(0, PAUSE)).collect())
}

#[derive(Args)]
pub struct Understood {
    /// The .wav that was spoken over and over
    spoken: PathBuf,
    /// What was heard: samples of 16 bits at 48 kHz
    heard: PathBuf,
}

fn at_10_khz(pcm: &[i16]) -> Vec<f32> {
    let mut out = Vec::new();
    Resampler::new(RATE as u32, STOI_RATE, 1).process(pcm, &mut out);
    out.iter().map(|sample| f32::from(*sample)).collect()
}

impl Understood {
    pub fn run(self) -> Result<(), Failure> {
        let spoken = read(&self.spoken)?;
        let rounds = 3 + 5 * RATE / spoken.len();
        let cycle = spoken.len() * STOI_RATE as usize / RATE;
        let spoken = at_10_khz(&spoken.repeat(rounds));
        let heard = std::fs::read(&self.heard)?;
        let heard: Vec<i16> = heard.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        let heard = at_10_khz(&heard);
        let mut scores = Vec::new();
        for part in heard.get(SETTLE..).unwrap_or_default().chunks_exact(PART) {
            // Nobody knows when the talking began: the place in the cycle where both are most alike.
            let likeness =
                |lag: usize| -> f64 { spoken[lag..lag + PART].iter().zip(part).step_by(4).map(|(a, b)| f64::from(a * b)).sum() };
            let best = (0..cycle).step_by(2).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b))).unwrap_or(0);
            scores.extend(stoi(&spoken[best..best + PART], part));
        }
        let mean = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
        say(&json!({ "event": "end", "stoi": mean, "parts": scores }));
        Ok(())
    }
}
