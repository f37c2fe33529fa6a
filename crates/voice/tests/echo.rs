//! Echo in simulated rooms, with recorded speech (alsa-utils): what is taken out, and what is left of whoever talks at the same time.
//! The bounds are safe ones for a few rooms; `make bench` measures many.
#![cfg(feature = "sonora")]

use std::path::Path;
use std::time::Duration;

use drift::Stretcher;
use media::pcm::{STOI_RATE, stoi};
use media::{PcmBlock, PcmFormat};
use voice::trial::{Case, Outcome, RATE, run};
use voice::{Apm, Duplex, Settings};

const ECHO: Settings = Settings { echo: true, noise: true, ..Settings::OFF };

/// What somebody says, at the rate of the trials, with pauses between the words.
fn speech(names: &[&str]) -> Vec<i16> {
    let mut all = Vec::new();
    for name in names {
        let file = Path::new("/usr/share/sounds/alsa").join(format!("{name}.wav"));
        let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{} (of alsa-utils): {error}", file.display()));
        let at = bytes.windows(4).position(|tag| tag == b"data").expect("a WAV file has a data chunk");
        let samples: Vec<i16> = bytes[at + 8..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        all.extend(brought_to(&samples, 48_000, RATE));
    }
    all
}

fn brought_to(samples: &[i16], from: u32, to: u32) -> Vec<i16> {
    let mut stretcher = Stretcher::new(from, to).expect("both rates are usual");
    let blocks = samples.chunks(stretcher.block()).flat_map(|block| stretcher.stretch(block, 1.0).to_vec()).collect::<Vec<_>>();
    blocks.into_iter().map(|sample| (sample * 32_767.0) as i16).collect()
}

/// How well the near voice is understood in what came out, both brought to the same time: at most 20 ms apart.
fn understood(outcome: &Outcome) -> f64 {
    let float = |sound: &[i16]| brought_to(sound, RATE, STOI_RATE).into_iter().map(f32::from).collect::<Vec<_>>();
    let (near, out) = (float(&outcome.near), float(&outcome.out));
    (0..200).step_by(10).filter_map(|lag| stoi(&near[..near.len() - 200], &out[lag..])).fold(0.0, f64::max)
}

fn far() -> Vec<i16> {
    speech(&["Front_Left", "Rear_Center", "Side_Right", "Rear_Left", "Front_Center"])
}

fn near() -> Vec<i16> {
    speech(&["Side_Left", "Front_Right", "Rear_Right"])
}

#[test]
fn an_echo_is_taken_out_within_three_seconds_also_after_the_microphone_was_moved() {
    let (far, near) = (far(), near());
    let mut taken = Vec::new();
    for (seed, rt60) in [(1, 0.2), (2, 0.3), (3, 0.4), (4, 0.5)] {
        for moved in [false, true] {
            let mut apm = Apm::new(ECHO);
            let outcome = run(Case { seed, rt60, moved, double_talk: false }, &far, &near, &mut apm);
            println!("seed {seed}, RT60 {rt60} s, moved {moved}: {:.1} dB", outcome.erle_db);
            taken.push(outcome.erle_db);
        }
    }
    taken.sort_by(f64::total_cmp);
    // The fourth room lets a word through before it is known.
    assert!(taken[0] > 15.0 && taken[1] > 28.0, "of the echoes, {taken:.1?} dB are taken out");
}

#[test]
fn who_talks_at_the_same_time_is_still_understood() {
    let (far, near) = (far(), near());
    for (seed, rt60) in [(5, 0.2), (6, 0.35), (7, 0.5)] {
        let mut apm = Apm::new(ECHO);
        let outcome = run(Case { seed, rt60, moved: false, double_talk: true }, &far, &near, &mut apm);
        let with = understood(&outcome);
        println!("seed {seed}, RT60 {rt60} s: STOI {with:.3}, {:.1} dB before", outcome.erle_db);
        assert!(with > 0.78, "STOI {with:.2} (seed {seed}, RT60 {rt60})");
    }
}

#[test]
fn what_is_switched_off_changes_nothing() {
    let duplex = Duplex::new(Settings::OFF);
    for format in [PcmFormat { rate: 44_100, channels: 2 }, PcmFormat { rate: 8_000, channels: 1 }] {
        let mut block = PcmBlock::silence(format, Duration::ZERO);
        block.samples_mut().iter_mut().enumerate().for_each(|(at, sample)| *sample = at as i16 * 30);
        let before = block.samples().to_vec();
        duplex.played(&block.clone(), Duration::from_millis(30), Duration::ZERO);
        duplex.captured(&mut block, Duration::ZERO);
        assert_eq!(block.samples(), before);
    }
}

/// Every format that a microphone has, beside the speaker's; switched while it runs.
#[test]
fn every_format_of_a_microphone_is_cleaned_and_each_part_is_switched_live() {
    let duplex = Duplex::new(ECHO);
    assert!(Duplex::can_clean());
    let mut now = Duration::ZERO;
    for (rate, channels) in [(8_000, 1), (16_000, 2), (32_000, 1), (44_100, 1), (44_100, 2), (48_000, 2), (48_000, 1)] {
        let mut noise = 1_u32;
        let mut left = 0_u64;
        for block in 0..600 {
            now += Duration::from_millis(10);
            let spoken = PcmBlock::silence(PcmFormat { rate: 48_000, channels: 1 }, now);
            duplex.played(&spoken, Duration::from_millis(30), now);
            let mut heard = PcmBlock::silence(PcmFormat { rate, channels }, now);
            for sample in heard.samples_mut() {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *sample = (noise >> 22) as i16 - 512;
            }
            duplex.captured(&mut heard, now);
            if block >= 500 {
                left += heard.samples().iter().map(|sample| u64::from(sample.unsigned_abs())).sum::<u64>()
                    / heard.samples().len() as u64;
            }
        }
        assert!(left / 100 < 170, "of noise with a mean of 256, {} are left at {rate} Hz, {channels} channels", left / 100);
    }
    duplex.set(Settings::OFF);
    let mut heard = PcmBlock::silence(PcmFormat { rate: 48_000, channels: 1 }, now);
    heard.samples_mut().fill(777);
    duplex.captured(&mut heard, now);
    assert!(heard.samples().iter().all(|sample| *sample == 777), "off is off at once");
}

/// Speaker and microphone whose clocks run apart: the echo is taken out all the same, minutes later.
#[test]
fn an_echo_over_two_clocks_is_taken_out() {
    let far: Vec<i16> = far().iter().map(|sample| sample / 2).collect();
    let far = brought_to(&far, RATE, 48_000);
    let format = PcmFormat { rate: 48_000, channels: 1 };
    for ppm in [300.0, -300.0] {
        let duplex = Duplex::new(Settings { echo: true, ..Settings::OFF });
        let block = |at: usize| {
            let mut block = PcmBlock::silence(format, Duration::ZERO);
            let from = at * 480 % (far.len() - 480);
            block.samples_mut().copy_from_slice(&far[from..from + 480]);
            block
        };
        // The sound on the microphone's clock, 50 ms late and a third as loud.
        let mut room = Stretcher::new(48_000, 48_000).expect("both rates are usual");
        let mut echo = std::collections::VecDeque::from(vec![0_i16; 480 * 5]);
        let (mut written, mut came, mut left) = (0_u32, 0.0, 0.0);
        for at in 0..4000_u32 {
            let (captured_at, now) = (Duration::from_millis(10) * at, Duration::from_millis(10) * (at + 1));
            loop {
                let written_at = Duration::from_millis(10).mul_f64(f64::from(written) / (1.0 + ppm * 1e-6));
                if written_at > now {
                    break;
                }
                let block = block(written as usize);
                duplex.played(&block, Duration::from_millis(30), written_at);
                echo.extend(room.stretch(block.samples(), 1.0 / (1.0 + ppm * 1e-6)).iter().map(|s| (s * 32_767.0 / 3.0) as i16));
                written += 1;
            }
            let mut heard = PcmBlock::silence(format, captured_at);
            heard.samples_mut().iter_mut().zip(echo.drain(..480)).for_each(|(to, sample)| *to = sample);
            let power = |block: &PcmBlock| block.samples().iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
            let before = power(&heard);
            duplex.captured(&mut heard, now);
            if at >= 3000 {
                came += before;
                left += power(&heard);
            }
        }
        let taken = 10.0 * (came / f64::max(left, 1.0)).log10();
        println!("{ppm} ppm: {taken:.1} dB, {:?}", duplex.stats());
        assert!(taken > 20.0, "{ppm} ppm: {taken:.1} dB of echo are taken out");
    }
}

/// Threads that wake up to 110 ms late, and a card that runs dry half-way and holds 70 ms more from then on, as playout lets it.
#[test]
fn an_echo_is_taken_out_though_threads_are_late_and_the_card_ran_dry() {
    const STEP: Duration = Duration::from_millis(10);
    const BLOCKS: u32 = 3000;
    let far: Vec<i16> = brought_to(&far(), RATE, 48_000).iter().map(|sample| sample / 2).collect();
    let format = PcmFormat { rate: 48_000, channels: 1 };
    let duplex = Duplex::new(Settings { echo: true, ..Settings::OFF });
    let said = |at: u32| {
        let mut block = PcmBlock::silence(format, Duration::ZERO);
        let from = at as usize * 480 % (far.len() - 480);
        block.samples_mut().copy_from_slice(&far[from..from + 480]);
        block
    };
    let heard_at = |at: u32| STEP * at + Duration::from_millis(if at < BLOCKS / 2 { 120 } else { 190 });
    // The room, 5 ms away and a third as loud.
    let mut room = vec![0_i16; (BLOCKS as usize + 40) * 480];
    for at in 0..BLOCKS {
        let from = heard_at(at).as_millis() as usize * 48 + 240;
        room[from..].iter_mut().zip(said(at).samples()).for_each(|(to, sample)| *to = sample / 3);
    }
    let late = |at: u32| Duration::from_millis([0, 40, 0, 0, 85, 20, 0, 110, 3, 0][(at * 7 / 3 % 10) as usize]);
    let (mut written, mut came, mut left) = (0, 0.0, 0.0);
    for at in 0..BLOCKS {
        let now = STEP * (at + 1) + late(at);
        while written < BLOCKS && STEP * written + late(written + 5) <= now {
            // Written when its thread woke, and heard when the card comes to it.
            let woke = STEP * written + late(written + 5);
            duplex.played(&said(written), heard_at(written).saturating_sub(woke), woke);
            written += 1;
        }
        let mut heard = PcmBlock::silence(format, STEP * at);
        heard.samples_mut().copy_from_slice(&room[at as usize * 480..][..480]);
        let power = |block: &PcmBlock| block.samples().iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
        let before = power(&heard);
        duplex.captured(&mut heard, now);
        if (BLOCKS / 4..BLOCKS / 2).contains(&at) || at >= 3 * BLOCKS / 4 {
            came += before;
            left += power(&heard);
        }
    }
    let taken = 10.0 * (came / f64::max(left, 1.0)).log10();
    assert!(taken > 20.0, "{taken:.1} dB of echo are taken out");
}
