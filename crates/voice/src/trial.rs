//! Simulated rooms with a speaker and a microphone in them, and what a [`Cleaner`] makes of that. For tests and for the bench.
//!
//! A room is a box of seeded size whose walls reflect (image sources after Allen and Berkley, J. Acoust. Soc. Am. 65, 1979); speaker and
//! microphone stand as far apart in it as on a device. What the microphone hears is the far voice through the room, the near voice, and a
//! little noise.

use std::time::Duration;

use media::{PcmBlock, PcmFormat};

use crate::Cleaner;

/// Samples a second of everything here: what echo is about, and cheap enough for hundreds of rooms.
pub const RATE: u32 = 16_000;
const BLOCK: usize = RATE as usize / 100;
/// Metres a second.
const SOUND: f64 = 343.0;
/// What the near voice begins at, and a microphone is moved at.
pub const TURN_S: usize = 6;
/// How long a trial lasts.
pub const LENGTH_S: usize = 12;
/// How long a cleaner may take to settle.
pub const SETTLES_S: usize = 3;

/// One trial.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Says everything that is not said here.
    pub seed: u64,
    /// In how many seconds the room's sound falls by 60 dB.
    pub rt60: f64,
    /// The microphone stands elsewhere after six seconds.
    pub moved: bool,
    /// Somebody talks beside the microphone, too, after six seconds; as loud as the echo.
    pub double_talk: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Echo that came in against what was left of it, in dB, where nobody talked nearby, from three seconds after the beginning or the
    /// moving on.
    pub erle_db: f64,
    /// What the near voice said, as the microphone would have heard it alone, from when it began.
    pub near: Vec<i16>,
    /// What came out, over the same time.
    pub out: Vec<i16>,
}

/// Random numbers from 0 to 1, the same for each seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.roll()
    }
}

/// What becomes of a click on its way from the speaker to the microphone.
fn impulse(dice: &mut Dice, room: [f64; 3], rt60: f64) -> Vec<f32> {
    let volume: f64 = room.iter().product();
    let walls = 2.0 * (room[0] * room[1] + room[1] * room[2] + room[0] * room[2]);
    // Sabine's formula.
    let reflects = (1.0 - (0.161 * volume / (walls * rt60)).min(0.99)).sqrt();
    let microphone: [f64; 3] = std::array::from_fn(|axis| dice.between(0.8, room[axis] - 0.8));
    let away = dice.between(0.12, 0.35);
    let (turn, tilt) = (dice.between(0.0, std::f64::consts::TAU), dice.between(-0.5, 0.5));
    let speaker = [
        microphone[0] + away * turn.cos() * f64::cos(tilt),
        microphone[1] + away * turn.sin() * f64::cos(tilt),
        microphone[2] + away * f64::sin(tilt),
    ];
    let mut taps = vec![0.0_f32; (rt60 * f64::from(RATE)) as usize];
    let reach = rt60 * SOUND;
    let most: [i32; 3] = std::array::from_fn(|axis| (reach / (2.0 * room[axis])).ceil() as i32);
    // Where the speaker's images are on one axis, and how often they were reflected.
    let images = |axis: usize| -> Vec<(f64, i32)> {
        let both = |n: i32| [(0, n), (1, n)];
        (-most[axis]..=most[axis])
            .flat_map(both)
            .map(|(mirrored, n)| {
                let at = if mirrored == 0 { speaker[axis] } else { -speaker[axis] } + 2.0 * f64::from(n) * room[axis];
                (at - microphone[axis], (2 * n - mirrored).abs())
            })
            .collect()
    };
    let (xs, ys, zs) = (images(0), images(1), images(2));
    for (x, bounced_x) in &xs {
        for (y, bounced_y) in &ys {
            let flat = x * x + y * y;
            if flat > reach * reach {
                continue;
            }
            for (z, bounced_z) in &zs {
                let distance = (flat + z * z).sqrt();
                let at = distance / SOUND * f64::from(RATE);
                if let Some(tap) = taps.get_mut(at as usize) {
                    *tap += (reflects.powi(bounced_x + bounced_y + bounced_z) / distance.max(0.05)) as f32;
                }
            }
        }
    }
    taps
}

fn through(taps: &[f32], sound: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0_f32; sound.len() + taps.len()];
    for (at, sample) in sound.iter().enumerate().filter(|(_, sample)| **sample != 0.0) {
        for (to, tap) in out[at..].iter_mut().zip(taps) {
            *to += sample * tap;
        }
    }
    out.truncate(sound.len());
    out
}

fn power(sound: &[f32]) -> f64 {
    sound.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / sound.len().max(1) as f64
}

fn scaled(sound: &[i16], from: usize, length: usize, dbfs: f64) -> Vec<f32> {
    let all: Vec<f32> = sound.iter().cycle().skip(from).take(length).map(|sample| f32::from(*sample) / 32_768.0).collect();
    let gain = (10_f64.powf(dbfs / 10.0) / power(&all).max(1e-12)).sqrt() as f32;
    all.into_iter().map(|sample| sample * gain).collect()
}

fn pcm(sound: &[f32]) -> Vec<i16> {
    sound.iter().map(|sample| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16).collect()
}

/// Puts `far` on the speaker of a room, `near` beside its microphone where both talk (speech, [`RATE`], one channel; repeated as often as
/// need be), and lets `cleaner` do its work.
pub fn run(case: Case, far: &[i16], near: &[i16], cleaner: &mut dyn Cleaner) -> Outcome {
    let mut dice = Dice(case.seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15));
    let length = LENGTH_S * RATE as usize;
    let turn = TURN_S * RATE as usize;
    let room = [dice.between(3.0, 6.5), dice.between(2.6, 5.0), dice.between(2.3, 3.2)];
    let far = scaled(far, (dice.roll() * far.len() as f64) as usize, length, -23.0);
    let echo_of = |dice: &mut Dice| {
        let mut echo = through(&impulse(dice, room, case.rt60), &far);
        let gain = (10_f64.powf(-2.9) / power(&echo).max(1e-12)).sqrt() as f32;
        echo.iter_mut().for_each(|sample| *sample *= gain);
        echo
    };
    let mut echo = echo_of(&mut dice);
    if case.moved {
        echo.splice(turn.., echo_of(&mut dice).drain(turn..));
    }
    // Sound card and driver: what was written is heard, and what is heard is read, this much later.
    let late = dice.between(0.030, 0.080);
    let shift = (late * f64::from(RATE)) as usize;
    echo.splice(0..0, std::iter::repeat_n(0.0, shift));
    echo.truncate(length);
    let mut near = scaled(near, 0, length, -29.0);
    near[..if case.double_talk { turn } else { length }].fill(0.0);
    let format = PcmFormat { rate: RATE, channels: 1 };
    let mut out = Vec::with_capacity(length);
    for at in (0..length / BLOCK * BLOCK).step_by(BLOCK) {
        let mut played = PcmBlock::silence(format, Duration::ZERO);
        played.samples_mut().copy_from_slice(&pcm(&far[at..at + BLOCK]));
        cleaner.render(&played);
        let mixed: Vec<f32> = (at..at + BLOCK).map(|at| echo[at] + near[at] + (dice.roll() - 0.5) as f32 * 2e-4).collect();
        let mut block = PcmBlock::silence(format, Duration::ZERO);
        block.samples_mut().copy_from_slice(&pcm(&mixed));
        cleaner.capture(&mut block, Duration::from_secs_f64(late));
        out.extend(block.samples().iter().map(|sample| f32::from(*sample) / 32_768.0));
    }
    // Where nobody talks nearby: all of it, or up to where somebody does.
    let from = if case.moved { turn } else { 0 } + SETTLES_S * RATE as usize;
    let to = if case.double_talk { turn } else { out.len() };
    let erle_db = 10.0 * (power(&echo[from..to]) / power(&out[from..to]).max(1e-12)).log10();
    Outcome { erle_db, near: pcm(&near[turn..out.len()]), out: pcm(&out[turn..]) }
}
