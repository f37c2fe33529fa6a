//! The flow without a device: joints, channels, and how much waits.

use super::*;

const MS: Duration = Duration::from_millis(1);

fn block(channels: u16, value: i16) -> PcmBlock {
    let mut block = PcmBlock::silence(PcmFormat { rate: 48_000, channels }, Duration::ZERO);
    block.samples_mut().fill(value);
    block
}

/// The largest step between samples of the left channel.
fn step(samples: &[i16], channels: usize) -> i32 {
    let left: Vec<i32> = samples.iter().step_by(channels).map(|sample| i32::from(*sample)).collect();
    left.windows(2).map(|pair| (pair[1] - pair[0]).abs()).max().unwrap_or(0)
}

#[test]
fn every_channel_count_of_a_card_is_served() {
    for channels in [1, 2, 6] {
        let mut flow = Flow::new(44_100, channels, 10 * MS).unwrap();
        let mut frames = 0;
        for _ in 0..100 {
            let out = flow.sound(&block(2, 9000)).to_vec();
            assert_eq!(out.len() % channels as usize, 0);
            frames += out.len() / channels as usize;
            for frame in out.chunks(channels as usize) {
                assert!(frame.iter().skip(2).all(|sample| *sample == 0), "only left and right play");
                assert!(frame.len() < 2 || frame[0] == frame[1]);
            }
        }
        assert!((44_000..=44_200).contains(&frames), "a second is a second: {frames}");
    }
}

#[test]
fn silence_a_gap_and_another_beginning_do_not_click() {
    let mut flow = Flow::new(48_000, 1, 10 * MS).unwrap();
    let mut heard = Vec::new();
    flow.cut();
    for _ in 0..5 {
        heard.extend_from_slice(flow.sound(&block(1, 20_000)));
    }
    for _ in 0..5 {
        heard.extend_from_slice(flow.silence());
    }
    flow.cut();
    heard.extend_from_slice(flow.sound(&block(1, -20_000)));
    flow.cut();
    heard.extend_from_slice(flow.sound(&block(1, 20_000)));
    heard.extend_from_slice(flow.silence());
    // 40,000 within 5 ms is 167 a sample; the filter rings by a tenth.
    assert!(step(&heard, 1) < 200, "{}", step(&heard, 1));
    assert!(heard.iter().any(|sample| *sample > 19_000) && heard.iter().any(|sample| *sample < -19_000));
}

#[test]
fn a_device_that_runs_dry_gets_more_and_then_less_again() {
    let mut flow = Flow::new(48_000, 1, 5 * MS).unwrap();
    assert_eq!(flow.target(), 30 * MS);
    for round in 0..100 {
        flow.ran_dry(round * 10 * MS);
    }
    assert_eq!(flow.target(), LONGEST, "bounded");
    let mut now = Duration::from_secs(1);
    for _ in 0..3600 {
        now += Duration::from_secs(1);
        flow.observe(flow.target(), now);
    }
    assert_eq!(flow.target(), 30 * MS);
    assert!(!flow.is_too_much(90 * MS) && flow.is_too_much(91 * MS));
    let slow = Flow::new(48_000, 1, 40 * MS).unwrap();
    assert_eq!(slow.target(), 90 * MS, "a device of long periods");
}

#[test]
fn sound_of_another_rate_is_played_at_its_own_pace() {
    let mut flow = Flow::new(48_000, 1, 10 * MS).unwrap();
    let quiet = PcmBlock::silence(PcmFormat { rate: 16_000, channels: 1 }, Duration::ZERO);
    let frames: usize = (0..100).map(|_| flow.sound(&quiet).len()).sum();
    assert!((47_800..=48_200).contains(&frames), "{frames}");
}
