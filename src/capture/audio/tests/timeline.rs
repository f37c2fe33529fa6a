//! The row of blocks, against devices that drift, stutter, stop and lie.

use std::time::Duration;

use media::{PcmBlock, PcmFormat};
use proptest::prelude::*;

use super::super::timeline::{Done, JITTER, Timeline, duration};
use super::{MONO, MS};

/// A row and what came out of it.
struct Row {
    timeline: Timeline,
    done: Vec<Done>,
}

impl Row {
    fn new(format: PcmFormat, start: Duration) -> Self {
        Self { timeline: Timeline::new(format, start), done: Vec::new() }
    }

    fn samples(&mut self, first_at: Duration, samples: &[i16]) {
        self.timeline.samples(first_at, samples, |done| self.done.push(done));
    }

    fn silence(&mut self, until: Duration) {
        self.timeline.silence_until(until, |done| self.done.push(done));
    }

    fn all(&self) -> Vec<i16> {
        self.done.iter().flat_map(|done| done.block.samples().to_vec()).collect()
    }

    fn times(&self) -> Vec<Duration> {
        self.done.iter().map(|done| done.block.captured_at).collect()
    }
}

const START: Duration = Duration::from_secs(100);

#[test]
fn pieces_of_any_size_become_blocks_of_10_ms() {
    let samples: Vec<i16> = (0..4800).collect();
    let mut row = Row::new(MONO, START);
    let mut at = 0;
    for size in [1, 479, 480, 481, 1000, 7, 2352].into_iter() {
        row.samples(START + duration(at, 48_000), &samples[at..at + size]);
        at += size;
    }
    assert_eq!(row.all(), samples);
    assert_eq!(row.times(), (0..10).map(|n| START + n * 10 * MS).collect::<Vec<_>>());
    assert!(row.done.iter().all(|done| !done.silent));
    assert_eq!(row.timeline.repairs(), Default::default());
}

#[test]
fn a_gap_is_silence_of_the_same_length_and_what_follows_is_at_its_time() {
    let mut row = Row::new(MONO, START);
    row.samples(START, &[1; 480]);
    // 100 ms and 5 samples are missing.
    row.samples(START + 110 * MS + duration(5, 48_000), &[2; 475]);
    let mut expected = vec![1; 480];
    expected.extend([0; 4805]);
    expected.extend([2; 475]);
    assert_eq!(row.all(), expected);
    assert_eq!(row.timeline.repairs().filled, 4805);
    let silent: Vec<bool> = row.done.iter().map(|done| done.silent).collect();
    assert_eq!(silent, [vec![false], vec![true; 10], vec![false]].concat());
}

#[test]
fn after_a_restart_even_a_short_gap_is_filled_and_without_one_it_is_jitter() {
    for (restarted, filled) in [(true, 960), (false, 0)] {
        let mut row = Row::new(MONO, START);
        row.samples(START, &[1; 480]);
        if restarted {
            row.timeline.interrupted();
        }
        row.samples(START + 30 * MS, &[2; 480]);
        assert_eq!(row.timeline.repairs().filled, filled);
        assert_eq!(row.all().len(), 960 + filled as usize);
    }
}

#[test]
fn what_silence_stands_for_already_is_left_out() {
    let mut row = Row::new(PcmFormat { rate: 8_000, channels: 2 }, START);
    row.silence(START + 100 * MS);
    // The device is back and still has what it captured from 20 ms on.
    let samples: Vec<i16> = (0..800 * 2).map(|n| (n / 2) as i16).collect();
    row.samples(START + 20 * MS, &samples);
    assert_eq!(row.timeline.repairs().skipped, 640);
    let all = row.all();
    assert_eq!(all[..1600], [0; 1600]);
    assert_eq!(all[1600..1604], [640, 640, 641, 641], "goes on where silence ended, channels in step");
    row.samples(START + 20 * MS, &samples);
    assert_eq!(row.timeline.repairs().skipped, 640 + 800, "all of it is old");
}

#[test]
fn silence_comes_at_the_same_pace_as_sound() {
    let mut row = Row::new(MONO, START);
    row.samples(START, &[1; 100]);
    for ms in 0..1000 {
        row.silence(START + ms * MS);
    }
    assert_eq!(row.times(), (0..99).map(|n| START + n * 10 * MS).collect::<Vec<_>>());
    assert!(!row.done[0].silent && row.done[1..].iter().all(|done| done.silent), "the first holds the device's last samples");
    assert_eq!(row.all()[..101], [[1; 100].as_slice(), &[0]].concat());
}

#[test]
fn skipping_a_time_of_absence_gives_no_rush_of_silence() {
    let mut row = Row::new(MONO, START);
    row.samples(START, &[1; 700]);
    row.timeline.skip_to(START + 3600 * 1000 * MS);
    row.samples(START + 3600 * 1000 * MS, &[2; 480]);
    assert_eq!(row.done.len(), 2);
    assert_eq!(row.done[1].block.captured_at, START + Duration::from_secs(3600));
    assert_eq!(row.all()[480..], [2; 480]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// A card whose clock is off by up to 300 parts in a million, whose stamps are up to 20 ms late, read in pieces of any size, for
    /// two minutes: no sample is lost or invented, block follows block, and the times stay within the stamps' own error of the truth.
    #[test]
    fn drift_and_jitter_neither_lose_samples_nor_right_times(
        ppm in -300i64..300,
        jitter_us in proptest::collection::vec(0u64..20_000, 1..50),
        sizes in proptest::collection::vec(1usize..2000, 1..50),
    ) {
        let rate = 48_000;
        let mut row = Row::new(MONO, START);
        let (mut sent, mut piece) = (0usize, 0);
        let truth = |sample: usize| START + duration(sample, rate) + Duration::from_nanos((duration(sample, rate).as_nanos() as i64 * ppm / 1_000_000).unsigned_abs()) * u32::from(ppm > 0)
            - Duration::from_nanos((duration(sample, rate).as_nanos() as i64 * ppm / 1_000_000).unsigned_abs()) * u32::from(ppm < 0);
        while sent < 120 * rate as usize {
            let size = sizes[piece % sizes.len()];
            let late = Duration::from_micros(jitter_us[piece % jitter_us.len()]);
            let samples: Vec<i16> = (sent..sent + size).map(|n| n as i16).collect();
            row.samples(truth(sent) + late, &samples);
            (sent, piece) = (sent + size, piece + 1);
        }
        prop_assert_eq!(row.timeline.repairs(), Default::default());
        prop_assert!(row.all().iter().enumerate().all(|(n, sample)| *sample == n as i16), "every sample, in order");
        for (n, pair) in row.times().windows(2).enumerate() {
            let step = pair[1] - pair[0];
            prop_assert!(step.abs_diff(10 * MS) < 6 * MS, "block {} is {step:?} after the one before", n + 1);
        }
        for (n, time) in row.times().iter().enumerate() {
            let truth = truth(n * 480);
            prop_assert!(*time + 2 * MS > truth && *time < truth + 24 * MS, "block {n}: {time:?}, truth {truth:?}");
        }
    }

}

proptest! {
    /// Whatever a device says and whenever: blocks are whole, their times rise, and as many samples come out as went in, were filled, or
    /// wait for the block to be full.
    #[test]
    fn no_device_breaks_the_row(steps in proptest::collection::vec((0..4u8, 0..400u64, 0..900usize), 1..120)) {
        let format = PcmFormat { rate: 44_100, channels: 2 };
        let mut row = Row::new(format, START);
        let (mut now, mut given) = (START, 0);
        for (kind, ms, frames) in steps {
            match kind {
                0 => now += Duration::from_millis(ms),
                1 => { given += frames; row.samples(now - Duration::from_millis(ms), &vec![1; frames * 2]); }
                2 => { given += frames; row.samples(now + Duration::from_millis(ms), &vec![1; frames * 2]); }
                _ => { row.timeline.interrupted(); row.silence(now); }
            }
        }
        let repairs = row.timeline.repairs();
        let out: usize = row.done.iter().map(|done| done.block.samples().len() / 2).sum();
        let waiting = given + repairs.filled as usize - repairs.skipped as usize - out;
        prop_assert!(waiting < 441, "{waiting} samples wait");
        for pair in row.times().windows(2) {
            let step = pair[1] - pair[0];
            prop_assert!(step.abs_diff(10 * MS) <= JITTER, "{step:?}");
        }
        prop_assert!(row.done.iter().all(|done| done.silent == done.block.samples().iter().all(|sample| *sample == 0)));
    }
}

#[test]
fn a_block_is_a_hundredth_of_a_second_at_every_rate() {
    for rate in [8_000, 16_000, 32_000, 44_100, 48_000] {
        for channels in [1, 2] {
            let mut row = Row::new(PcmFormat { rate, channels }, START);
            row.samples(START, &vec![3; rate as usize * usize::from(channels)]);
            assert_eq!(row.done.len(), 100);
            assert!(row.done.iter().all(|done| done.block.samples().len() <= PcmBlock::MAX_SAMPLES));
        }
    }
}
