//! Sound without a sound card: the row of blocks, the tone, names of cards, and the whole microphone where there is none.

mod microphone;
mod timeline;

use std::time::Duration;

use media::pcm::Gain;
use media::{PcmBlock, PcmFormat};

use super::tone::Tone;
use crate::soundcard::factor;

const MONO: PcmFormat = PcmFormat { rate: 48_000, channels: 1 };
const MS: Duration = Duration::from_millis(1);

/// How much of `hz` is in one channel of the blocks: its amplitude in parts of full scale.
fn level(blocks: &[PcmBlock], hz: f64) -> f64 {
    let format = blocks[0].format;
    let samples: Vec<f64> = blocks
        .iter()
        .flat_map(|block| block.samples().iter().step_by(usize::from(format.channels)))
        .map(|sample| f64::from(*sample) / f64::from(i16::MAX))
        .collect();
    let turn = std::f64::consts::TAU * hz / f64::from(format.rate);
    let (cos, sin) = samples.iter().enumerate().fold((0.0, 0.0), |(cos, sin), (n, sample)| {
        (cos + sample * (turn * n as f64).cos(), sin + sample * (turn * n as f64).sin())
    });
    2.0 * f64::hypot(cos, sin) / samples.len() as f64
}

#[test]
fn the_tone_is_440_hz_with_a_beep_at_each_full_second_and_never_clicks() {
    for (rate, channels) in [(8_000, 1), (16_000, 2), (32_000, 1), (44_100, 2), (48_000, 1), (48_000, 2)] {
        let from = Duration::from_millis(12_345);
        let mut tone = Tone::new(PcmFormat { rate, channels }, from);
        let blocks: Vec<PcmBlock> = std::iter::from_fn(|| tone.next(from + 2010 * MS)).collect();
        assert_eq!(blocks.len(), 200, "12.35 s to 14.35 s");
        for (n, block) in blocks.iter().enumerate() {
            assert_eq!(block.captured_at, Duration::from_millis(12_350 + 10 * n as u64));
            assert_eq!(block.samples().len(), (rate / 100) as usize * usize::from(channels));
            assert!(block.samples().chunks(usize::from(channels)).all(|frame| frame.iter().all(|sample| *sample == frame[0])));
        }
        // Quiet tone from 12.4 to 12.6 s; both from 13.0 to 13.1 s.
        assert!((level(&blocks[5..25], 440.0) - 0.1).abs() < 0.01, "{rate} Hz");
        assert!(level(&blocks[5..25], 880.0) < 0.01);
        assert!(level(&blocks[65..75], 880.0) > 0.28, "the beep of second 13");
        assert!(level(&blocks[75..85], 880.0) < 0.02, "is over after 100 ms");
        let all: Vec<i16> =
            blocks.iter().flat_map(|block| block.samples().iter().step_by(usize::from(channels))).copied().collect();
        // The steepest that both sines can be together, and the fade's part.
        let steepest = std::f64::consts::TAU * (440.0 * 0.1 + 880.0 * 0.316) / f64::from(rate) * 32767.0 * 1.1;
        assert!(
            all.windows(2).all(|pair| f64::from((i32::from(pair[1]) - i32::from(pair[0])).abs()) < steepest),
            "{rate} Hz clicks"
        );
    }
}

#[test]
fn volume_is_silence_at_0_untouched_at_100_and_even_between() {
    let loud = |percent, muted| {
        let mut samples = [i16::MIN; 80];
        Gain::new(factor(percent, muted)).apply(&mut samples, 1);
        assert!(samples.iter().all(|sample| *sample == samples[0]));
        samples[0]
    };
    assert_eq!(
        (loud(100, false), loud(255, false), loud(50, false), loud(1, false), loud(0, false)),
        (i16::MIN, i16::MIN, -8192, -3, 0)
    );
    assert_eq!((loud(100, true), loud(50, true)), (0, 0));
    assert!((1..100).all(|percent| loud(percent, false) > loud(percent + 1, false)), "louder with every step");
}
