//! Clocks that run apart for a day, in virtual time: what waits stays where it is, and nothing is heard of it.

use std::time::Duration;

use drift::{Controller, MOST, Stretcher, trial};

const BLOCK: Duration = Duration::from_millis(10);
const TARGET: Duration = trial::TARGET;

/// A device of a clock that is `ppm` faster than the sound's, which tells what waits in whole `period`s. What goes in is counted exactly.
struct Device {
    fast: f64,
    waits: f64,
    period: f64,
}

impl Device {
    fn told(&self) -> Duration {
        Duration::from_secs_f64(((self.waits / self.period).ceil() * self.period).max(0.0))
    }
}

#[test]
fn a_day_of_clocks_that_run_apart_is_bounded_and_nobody_hears_it() {
    for (ppm, seed) in [(300.0, 1), (-300.0, 2), (0.0, 3)] {
        let outcome = trial::run(ppm, Duration::from_secs(24 * 3600), seed);
        let (least, most) = outcome.waited;
        assert!(outcome.step <= MOST && outcome.change <= MOST, "{ppm} ppm: {outcome:?}");
        assert!(least > 0.005, "{ppm} ppm: it runs dry at {least}");
        assert!(most < 0.070 && most - 0.030 < 0.040 && 0.030 - least < 0.040, "{ppm} ppm: {least} to {most} wait");
        assert!((outcome.ppm - ppm).abs() < 30.0, "{ppm} ppm are seen as {}", outcome.ppm);
    }
}

#[test]
fn what_waits_too_much_or_too_little_is_made_up_for_within_a_minute() {
    for start in [0.0, 0.012, 0.080] {
        let mut device = Device { fast: 1.0, waits: start, period: 0.001 };
        let mut controller = Controller::new(TARGET);
        let mut change = 1.0;
        for block in 0..6000 {
            device.waits += BLOCK.as_secs_f64() * (change - device.fast);
            change = controller.observe(device.told(), BLOCK * block);
        }
        assert!((device.waits - 0.030).abs() < 0.005, "from {start} it came to {}", device.waits);
    }
}

#[test]
fn a_pause_tells_nothing_of_the_clocks() {
    let mut controller = Controller::new(TARGET);
    for block in 0..3000 {
        controller.observe(Duration::from_millis(29), BLOCK * block);
    }
    let before = controller.ppm();
    controller.observe(Duration::ZERO, Duration::from_secs(3600));
    controller.interrupted();
    controller.observe(Duration::from_millis(500), Duration::from_secs(7200));
    assert_eq!(controller.ppm(), before);
}

/// A tone through a stretcher whose change goes from one limit to the other: at most what a tone moves by between two samples, and no more.
#[test]
fn a_tone_stays_a_tone_at_every_rate_whatever_the_change() {
    for rate in [8_000_u32, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000] {
        let mut stretcher = Stretcher::new(48_000, rate).expect("both rates are usual");
        let hertz = 440.0_f64;
        let (mut heard, mut at) = (Vec::new(), 0_u32);
        for block in 0..600 {
            let samples: Vec<i16> = (0..stretcher.block())
                .map(|_| {
                    at += 1;
                    ((f64::from(at) * hertz * std::f64::consts::TAU / 48_000.0).sin() * 16_000.0) as i16
                })
                .collect();
            let change = 1.0 + MOST * (f64::from(block) / 40.0).sin();
            heard.extend_from_slice(stretcher.stretch(&samples, change));
        }
        let expected = f64::from(rate) * 6.0;
        assert!((heard.len() as f64 - expected).abs() < expected * 0.001, "{} samples at {rate} Hz", heard.len());
        let settled = &heard[stretcher.delay() + stretcher.block()..];
        // What a tone bends by from sample to sample, with 1 % for the faster one.
        let omega = hertz * std::f64::consts::TAU / f64::from(rate);
        let bend = (omega * omega * 16_000.0 / 32_768.0 * 1.01 + 0.002) as f32;
        let worst = settled.windows(3).map(|three| (three[0] - 2.0 * three[1] + three[2]).abs()).fold(0.0, f32::max);
        assert!(worst < bend, "a click of {worst} at {rate} Hz, where {bend} is the tone itself");
        let loudest = settled.iter().fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()));
        assert!((0.47..0.50).contains(&loudest), "{loudest} loud at {rate} Hz");
    }
}

#[test]
fn rates_that_are_none_are_refused() {
    for (from, to) in [(0, 48_000), (48_000, 0), (48_000, u32::MAX)] {
        assert!(Stretcher::new(from, to).is_err());
    }
    assert_eq!(Stretcher::new(48_000, 1).unwrap_err().to_string(), "no sound of 48000 Hz can be brought to 1 Hz");
}
