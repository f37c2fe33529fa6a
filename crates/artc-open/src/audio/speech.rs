//! Speech for tests: a seeded voice that talks nonsense, and how well it is understood at the other end.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use media::PcmFormat;
use media::pcm::{STOI_RATE, stoi};

use super::{AudioInput, AudioThread, RATE, Resampler};
use crate::clock::Clock;
use crate::session::AudioPacket;

/// Random numbers from 0 to 1, the same for each seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15))
    }

    pub fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.roll()
    }
}

/// A resonance of the vocal tract: a filter of second order.
#[derive(Default)]
struct Formant {
    last: [f64; 2],
}

impl Formant {
    fn pass(&mut self, x: f64, hz: f64, width: f64) -> f64 {
        let r = (-std::f64::consts::PI * width / f64::from(RATE)).exp();
        let c = 2.0 * r * (std::f64::consts::TAU * hz / f64::from(RATE)).cos();
        let y = (1.0 - r) * x + c * self.last[0] - r * r * self.last[1];
        self.last = [y, self.last[0]];
        y
    }
}

/// `seconds` of syllables at 48 kHz: vowels of changing formants and pitch, hissed consonants, pauses.
pub fn speech(seed: u64, seconds: f64) -> Vec<i16> {
    const VOWELS: [[f64; 3]; 5] = [
        [730.0, 1090.0, 2440.0],
        [270.0, 2290.0, 3010.0],
        [300.0, 870.0, 2240.0],
        [530.0, 1840.0, 2480.0],
        [570.0, 840.0, 2410.0],
    ];
    let mut dice = Dice::new(seed);
    let mut tract: [Formant; 3] = Default::default();
    let mut hiss = Formant::default();
    let (mut pcm, mut phase) = (Vec::new(), 0.0f64);
    while pcm.len() < (seconds * f64::from(RATE)) as usize {
        let vowel = VOWELS[(dice.roll() * 4.999) as usize];
        let (pitch, glide) = (dice.between(95.0, 180.0), dice.between(-0.2, 0.2));
        let (consonant, voiced) = ((dice.between(0.03, 0.08) * 48e3) as usize, (dice.between(0.09, 0.2) * 48e3) as usize);
        let fricative = dice.between(2500.0, 5500.0);
        for n in 0..consonant {
            let swell = (n as f64 / consonant as f64 * std::f64::consts::PI).sin();
            pcm.push(hiss.pass(dice.between(-1.0, 1.0), fricative, 900.0) * swell * 60_000.0);
        }
        for n in 0..voiced {
            let at = n as f64 / voiced as f64;
            phase += pitch * (1.0 + glide * at) / f64::from(RATE);
            let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
            phase = phase.fract();
            let breath = dice.between(-0.02, 0.02);
            let swell = (at * std::f64::consts::PI).sin().sqrt();
            let sound: f64 = tract
                .iter_mut()
                .zip(vowel)
                .zip([1.0, 0.7, 0.4])
                .map(|((f, hz), gain)| gain * f.pass(pulse + breath, hz, 90.0))
                .sum();
            pcm.push(sound * swell * 900_000.0);
        }
        if dice.roll() < 0.2 {
            pcm.extend(std::iter::repeat_n(0.0, (dice.between(0.1, 0.35) * 48e3) as usize));
        }
    }
    pcm.truncate((seconds * f64::from(RATE)) as usize);
    let loudest = pcm.iter().fold(1.0f64, |most, x| most.max(x.abs()));
    pcm.iter().map(|x| (x / loudest * 20_000.0) as i16).collect()
}

/// Packets of what is pushed, as the engine sends it: time counts from 0.
pub fn packets(pcm: &[i16], loss_percent: u8) -> Vec<AudioPacket> {
    let input = Arc::new(AudioInput::default());
    input.set_format(Some(PcmFormat { rate: RATE, channels: 1 }));
    input.set_loss(loss_percent);
    input.set_active(true);
    let (sender, arrived) = channel();
    let clock = Clock::new();
    let thread = AudioThread::start(Arc::clone(&input), Box::new(move |p| _ = sender.send(p)), clock).expect("a thread");
    let (began, mut found) = (clock.monotonic().saturating_sub(Duration::from_secs(600)), Vec::new());
    for (index, block) in pcm.chunks_exact(480).enumerate() {
        let bytes: Vec<u8> = block.iter().flat_map(|s| s.to_le_bytes()).collect();
        while input.push(&bytes, began + Duration::from_millis(index as u64 * 10)).is_err() {
            found.extend(arrived.recv_timeout(Duration::from_secs(5)));
        }
    }
    while found.len() < pcm.len() / 960 {
        found.push(arrived.recv_timeout(Duration::from_secs(10)).expect("a packet"));
    }
    drop(thread);
    found
}

fn at_10_khz(pcm: &[i16]) -> Vec<f32> {
    let mut out = Vec::new();
    Resampler::new(RATE, STOI_RATE, 1).process(pcm, &mut out);
    out.iter().map(|s| f32::from(*s)).collect()
}

/// How well `heard` is understood by somebody who knows `original`, each 2 s brought to the same time first: at most 700 ms late. The delay
/// found for each part, in ms, comes with it.
pub fn understood(original: &[i16], heard: &[i16]) -> (f64, Vec<u32>) {
    let (original, heard) = (at_10_khz(original), at_10_khz(heard));
    let part = 2 * STOI_RATE as usize;
    let (mut sum, mut lags) = (Vec::new(), Vec::new());
    for (index, clean) in original.chunks_exact(part).enumerate() {
        let Some(rest) = heard.get(index * part..) else { break };
        let likeness = |lag: usize| -> f64 {
            let Some(dirty) = rest.get(lag..lag + part) else { return f64::MIN };
            clean.iter().zip(dirty).step_by(3).map(|(a, b)| f64::from(a * b)).sum()
        };
        let coarse = (0..7000).step_by(2).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b))).unwrap_or(0);
        let Some(dirty) = rest.get(coarse..coarse + part) else { break };
        sum.extend(stoi(clean, dirty));
        lags.push(coarse as u32 / 10);
    }
    (sum.iter().sum::<f64>() / sum.len().max(1) as f64, lags)
}
