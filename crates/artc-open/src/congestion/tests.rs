//! The ladder under scripted networks with a virtual clock.

use std::time::{Duration, Instant};

use media::Size;
use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { size: Size::new(1280, 720), fps: 30.0, max_bps: 2_000_000, min_bps: 0 };

#[expect(clippy::disallowed_methods, reason = "a point to start the virtual clock from")]
fn start() -> Instant {
    Instant::now()
}

/// Holds the budget for `seconds`, advancing 20 times a second; the targets that were asked for, without repetition.
fn hold(ladder: &mut Ladder, now: &mut Instant, bps: u64, seconds: f64) -> Vec<Target> {
    ladder.set_budget(bps);
    let mut seen: Vec<Target> = Vec::new();
    for _ in 0..(seconds * 20.0) as u32 {
        *now += Duration::from_millis(50);
        let target = ladder.advance(*now);
        if seen.last() != Some(&target) {
            seen.push(target);
        }
    }
    seen
}

#[test]
fn bitrate_gives_way_first_then_frame_rate_then_size_then_the_picture() {
    let (mut ladder, mut now) = (Ladder::new(LIMITS), start());
    let mut shapes = Vec::new();
    for bps in (0..=80).rev().map(|n| n * 25_000) {
        for target in hold(&mut ladder, &mut now, bps, 2.0) {
            let shape = (target.size, target.fps.round() as u32, target.paused);
            if shapes.last() != Some(&shape) {
                shapes.push(shape);
            }
        }
        if bps >= 700_000 {
            assert_eq!(ladder.target().size, LIMITS.size);
            assert_eq!(ladder.target().fps, 30.0, "only the bitrate gives way at {bps}");
            assert_eq!(u64::from(ladder.target().bitrate_bps), bps);
        }
    }
    let s = Size::new;
    assert_eq!(
        shapes,
        [
            (s(1280, 720), 30, false),
            (s(1280, 720), 20, false),
            (s(1280, 720), 15, false),
            (s(960, 540), 15, false),
            (s(640, 360), 15, false),
            (s(480, 270), 15, false),
            (s(480, 270), 15, true),
            (s(320, 180), 15, true),
        ],
        "below 40 kbit/s the picture pauses"
    );
}

#[test]
fn the_way_back_is_the_same_in_reverse_and_slower() {
    let (mut ladder, mut now) = (Ladder::new(LIMITS), start());
    hold(&mut ladder, &mut now, 120_000, 5.0);
    assert!(ladder.rung() >= 4);
    let before = now;
    let up = hold(&mut ladder, &mut now, 3_000_000, 60.0);
    let sizes: Vec<_> = up.iter().map(|t| (t.size.width, t.fps.round() as u32)).collect();
    assert!(sizes.windows(2).all(|w| w[1] >= w[0] || w[1].0 > w[0].0), "{sizes:?}");
    assert_eq!(up.last().map(|t| (t.size, t.fps)), Some((LIMITS.size, 30.0)));
    assert!(now - before >= Duration::from_secs(4 * 4), "a step each four seconds at most");
}

#[test]
fn a_sudden_collapse_is_answered_at_once() {
    let (mut ladder, now) = (Ladder::new(LIMITS), start());
    ladder.advance(now);
    ladder.set_budget(100_000);
    let target = ladder.advance(now + Duration::from_millis(50));
    assert_eq!(target.bitrate_bps, 100_000);
    assert!(target.size.width <= 640, "{target:?}");
}

#[test]
fn a_short_dip_changes_neither_frame_rate_nor_size() {
    let (mut ladder, mut now) = (Ladder::new(LIMITS), start());
    hold(&mut ladder, &mut now, 2_000_000, 1.0);
    let dip = hold(&mut ladder, &mut now, 500_000, 0.7);
    let after = hold(&mut ladder, &mut now, 2_000_000, 1.0);
    assert!(dip.iter().chain(&after).all(|t| t.size == LIMITS.size && t.fps == 30.0));
}

#[test]
fn a_network_between_two_rungs_is_not_climbed_again_and_again() {
    let (mut ladder, mut now) = (Ladder::new(LIMITS), start());
    // The network carries 600 kbit/s, and says 900 whenever less than that is sent.
    let mut steps = 0;
    let mut rung = ladder.rung();
    for _ in 0..20 * 300 {
        now += Duration::from_millis(50);
        ladder.set_budget(if ladder.rung() == 0 { 600_000 } else { 900_000 });
        ladder.advance(now);
        steps += usize::from(ladder.rung() != rung);
        rung = ladder.rung();
    }
    assert!(steps <= 26, "{steps} steps in five minutes");
}

#[test]
fn the_picture_pauses_and_comes_back_with_room_between() {
    let (mut ladder, mut now) = (Ladder::new(LIMITS), start());
    hold(&mut ladder, &mut now, 30_000, 2.0);
    assert!(ladder.target().paused);
    hold(&mut ladder, &mut now, 60_000, 2.0);
    assert!(ladder.target().paused, "not yet");
    hold(&mut ladder, &mut now, 90_000, 2.0);
    assert!(!ladder.target().paused);
}

#[test]
fn a_low_configured_bitrate_is_not_punished_with_a_smaller_picture() {
    let limits = Limits { max_bps: 300_000, ..LIMITS };
    let (mut ladder, mut now) = (Ladder::new(limits), start());
    hold(&mut ladder, &mut now, 5_000_000, 10.0);
    assert_eq!((ladder.target().size, ladder.target().fps, ladder.target().bitrate_bps), (LIMITS.size, 30.0, 300_000));
}

#[test]
fn the_budget_falls_at_once_and_rises_calmly() {
    let (mut budget, now) = (Budget::default(), start());
    assert_eq!(budget.changed(now), None, "nothing is known yet");
    budget.estimate(1_000_000);
    assert_eq!(budget.changed(now), Some(852_000));
    budget.estimate(1_020_000);
    assert_eq!(budget.changed(now + Duration::from_secs(5)), None, "too little to tell");
    budget.estimate(2_000_000);
    assert_eq!(budget.changed(now + Duration::from_millis(100)), None, "too soon");
    assert_eq!(budget.changed(now + Duration::from_millis(600)), Some(1_752_000));
    budget.estimate(500_000);
    assert_eq!(budget.changed(now + Duration::from_millis(610)), Some(402_000));
    budget.asked(200_000);
    assert_eq!(budget.changed(now + Duration::from_millis(620)), Some(132_000));
}

#[test]
fn pictures_are_left_out_evenly_and_none_of_a_source_that_is_right() {
    let taken = |source_fps: f64, fps: f32, jitter_us: i64| {
        let mut dropper = Dropper::default();
        (0..300)
            .filter(|n| {
                let wobble = if n % 2 == 0 { jitter_us } else { -jitter_us };
                let us = (f64::from(*n) * 1e6 / source_fps) as i64 + 1_000_000 + wobble;
                dropper.takes(Duration::from_micros(us as u64), fps)
            })
            .collect::<Vec<i32>>()
    };
    assert_eq!(taken(30.0, 30.0, 3000).len(), 300);
    assert_eq!(taken(30.03, 30.0, 3000).len(), 300, "a clock that runs fast");
    assert_eq!(taken(29.97, 30.0, 3000).len(), 300);
    assert_eq!(taken(15.0, 30.0, 3000).len(), 300, "a source slower than wanted");
    let half = taken(30.0, 15.0, 3000);
    assert!(half.windows(2).all(|w| w[1] - w[0] == 2), "{half:?}");
    let two_thirds = taken(30.0, 20.0, 0).len();
    assert!((198..=202).contains(&two_thirds), "{two_thirds}");
}

#[test]
fn the_dropper_survives_a_clock_that_jumps() {
    let mut dropper = Dropper::default();
    for at in [100_000u64, 100_033, 3_600_000, 3_600_033, 5, 38, 71] {
        assert!(dropper.takes(Duration::from_millis(at), 30.0), "at {at} ms");
    }
}

proptest! {
    #[test]
    fn whatever_the_network_does_the_target_stays_within_the_limits(
        budgets in proptest::collection::vec((0u64..5_000_000, 0u64..3000), 1..60),
        width in 16u32..960, height in 16u32..540, fps in 1.0f32..60.0, max_bps in 50_000u64..8_000_000,
    ) {
        let limits = Limits { size: Size::new(width * 2, height * 2), fps, max_bps, min_bps: 0 };
        let (mut ladder, mut now) = (Ladder::new(limits), start());
        for (bps, ms) in budgets {
            ladder.set_budget(bps);
            now += Duration::from_millis(ms);
            let t = ladder.advance(now);
            prop_assert!(u64::from(t.bitrate_bps) <= max_bps && t.bitrate_bps >= 40_000);
            prop_assert!(t.fps <= fps && t.fps > 0.0);
            prop_assert!(t.size.width <= width * 2 && t.size.height <= height * 2);
            prop_assert!(t.size.width % 2 == 0 && t.size.height % 2 == 0);
            if let Some(wake) = ladder.wake() {
                prop_assert!(wake + Duration::from_secs(60) > now);
            }
        }
    }
}
