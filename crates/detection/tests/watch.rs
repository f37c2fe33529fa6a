//! What is noticed in pictures, on scenes that are made up pixel by pixel: noise, lights, clouds, things that move, and what people do to
//! cameras. Seeded, ten pictures a second.

use std::time::Duration;

use detection::{Luma, Sensitivity, Tampering, Watch};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const WIDTH: usize = 160;
const HEIGHT: usize = 90;
const QUIET: Duration = Duration::from_secs(2);
const SEEDS: u64 = 10;

/// A scene of blocks and slopes, with a sensor's noise.
struct Stage {
    scene: Vec<f32>,
    noise: f32,
    random: StdRng,
    watch: Watch,
    now: Duration,
    picture: Vec<u8>,
}

impl Stage {
    fn new(seed: u64, noise: f32) -> Self {
        Self::with(seed, noise, 50, &[])
    }

    fn with(seed: u64, noise: f32, sensitivity: u8, zone: &[bool]) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let scene = scene(&mut random);
        let watch = Watch::new(WIDTH, HEIGHT, Sensitivity::new(sensitivity), zone, QUIET);
        let mut stage = Self { scene, noise, random, watch, now: Duration::from_secs(seed), picture: vec![0; WIDTH * HEIGHT] };
        // What it looks like is learnt first.
        for _ in 0..30 {
            stage.show(|_, _, at_rest| at_rest);
        }
        assert!(!stage.watch.moves(), "seed {seed}");
        stage
    }

    /// Shows the scene as `light` changes each pixel of it, by column and row; tells whether something moves.
    fn show(&mut self, light: impl Fn(usize, usize, f32) -> f32) -> bool {
        for (at, (pixel, at_rest)) in self.picture.iter_mut().zip(&self.scene).enumerate() {
            let noise = (0..4).map(|_| self.random.random_range(-1.0..1.0f32)).sum::<f32>() * self.noise;
            *pixel = (light(at % WIDTH, at / WIDTH, *at_rest) + noise).clamp(0.0, 255.0) as u8;
        }
        self.see()
    }

    fn see(&mut self) -> bool {
        self.now += Duration::from_millis(100);
        self.watch.see(Luma { width: WIDTH, pixels: &self.picture }, self.now);
        self.watch.moves()
    }

    /// A square of `side` goes by from left to right at height `top`; at which of its 40 pictures it was first seen.
    fn walk(&mut self, side: usize, top: usize) -> Option<usize> {
        let shade = |at_rest: f32| if at_rest > 128.0 { at_rest - 70.0 } else { at_rest + 70.0 };
        let mut first = None;
        for step in 0..40 {
            let left = step * (WIDTH - side) / 40;
            let inside = |x: usize, y: usize| (left..left + side).contains(&x) && (top..top + side).contains(&y);
            if self.show(|x, y, at_rest| if inside(x, y) { shade(at_rest) } else { at_rest }) {
                first = first.or(Some(step));
            }
        }
        first
    }
}

fn scene(random: &mut StdRng) -> Vec<f32> {
    let mut scene: Vec<f32> = (0..WIDTH * HEIGHT).map(|at| 60.0 + (at % WIDTH) as f32 * 0.5).collect();
    for _ in 0..40 {
        let (left, top) = (random.random_range(0..WIDTH), random.random_range(0..HEIGHT));
        let (wide, high) = (random.random_range(4..40), random.random_range(4..30));
        let shade = random.random_range(20.0..230.0);
        for y in top..(top + high).min(HEIGHT) {
            for x in left..(left + wide).min(WIDTH) {
                scene[y * WIDTH + x] = shade + (x - left) as f32;
            }
        }
    }
    scene
}

#[test]
fn noise_is_no_motion_however_strong_and_however_long() {
    for seed in 0..SEEDS {
        let mut stage = Stage::with(seed, seed as f32 / 3.0, 100, &[]);
        for picture in 0..300 {
            assert!(!stage.show(|_, _, at_rest| at_rest), "seed {seed}, picture {picture}");
        }
    }
}

#[test]
fn what_moves_is_motion_within_half_a_second_small_or_large_and_over_when_it_is_gone() {
    for seed in 0..SEEDS {
        for side in [10, 40] {
            let mut stage = Stage::new(seed, 2.0);
            let first = stage.walk(side, 30);
            assert!(first.is_some_and(|step| step < 5), "seed {seed}: a square of {side} was seen at {first:?}");
            let over = (0..60).position(|_| !stage.show(|_, _, at_rest| at_rest));
            let over = over.unwrap_or_else(|| panic!("seed {seed}: a square of {side} is not over"));
            assert!((15..45).contains(&over), "seed {seed}: over after {over} pictures, not about 2 s");
        }
    }
}

#[test]
fn how_much_must_move_is_for_the_sensitivity_to_say() {
    for seed in 0..SEEDS {
        assert_eq!(Stage::with(seed, 2.0, 1, &[]).walk(10, 30), None, "seed {seed}");
        assert!(Stage::with(seed, 2.0, 100, &[]).walk(6, 30).is_some(), "seed {seed}");
    }
}

#[test]
fn a_light_that_is_switched_dimmed_or_clouded_over_is_no_motion() {
    for seed in 0..SEEDS {
        let mut stage = Stage::new(seed, 2.0);
        let mut quiet = |what: &str, light: &dyn Fn(usize, f32) -> f32| {
            for picture in 0..100 {
                assert!(!stage.show(|_, _, at_rest| light(picture, at_rest)), "seed {seed}: {what}, picture {picture}");
            }
        };
        quiet("switched off", &|_, at_rest| at_rest * 0.3);
        quiet("switched on", &|_, at_rest| at_rest);
        quiet("exposure", &|_, at_rest| at_rest + 30.0);
        quiet("exposure back", &|_, at_rest| at_rest);
        quiet("slow clouds", &|picture, at_rest| at_rest * (1.0 - 0.4 * (picture as f32 / 100.0)));
        quiet("slow sun", &|picture, at_rest| at_rest * (0.6 + 0.4 * (picture as f32 / 100.0)));
        assert!(stage.walk(40, 30).is_some(), "seed {seed}: and what moves then is motion");
    }
}

#[test]
fn a_thing_that_is_put_down_belongs_to_the_scene_after_a_while() {
    let mut stage = Stage::new(3, 2.0);
    let bag = |x: usize, y: usize, at_rest: f32| if (50..70).contains(&x) && (60..80).contains(&y) { 250.0 } else { at_rest };
    assert!((0..10).any(|_| stage.show(bag)));
    let over = (0..1800).position(|_| !stage.show(bag));
    assert!(over.is_some(), "three minutes later it is still motion");
    assert_eq!(stage.watch.tampering(), None);
}

#[test]
fn what_moves_outside_the_zones_is_none_of_ours() {
    // The lower half.
    let zone: Vec<bool> = (0..WIDTH * HEIGHT).map(|at| at / WIDTH >= HEIGHT / 2).collect();
    for seed in 0..SEEDS {
        let mut stage = Stage::with(seed, 2.0, 50, &zone);
        assert_eq!(stage.walk(30, 5), None, "seed {seed}");
        assert!(stage.walk(30, 50).is_some(), "seed {seed}");
    }
}

#[test]
fn what_is_done_to_a_camera_is_told_and_over_when_it_is_undone() {
    for seed in 0..SEEDS {
        let mut stage = Stage::new(seed, 2.0);
        let until = |stage: &mut Stage, what: Option<Tampering>, light: &dyn Fn(f32) -> f32| {
            let found = (0..200).find(|_| {
                stage.show(|_, _, at_rest| light(at_rest));
                stage.watch.tampering() == what
            });
            assert!(found.is_some(), "seed {seed}: {what:?} is not told");
        };
        until(&mut stage, Some(Tampering::Black), &|_| 4.0);
        until(&mut stage, None, &|at_rest| at_rest);
        until(&mut stage, Some(Tampering::Covered), &|at_rest| 110.0 + at_rest * 0.05);
        until(&mut stage, None, &|at_rest| at_rest);

        // The very same picture again and again is no camera's: there is always noise.
        let frozen = (0..150).find(|_| {
            stage.see();
            stage.watch.tampering() == Some(Tampering::Frozen)
        });
        assert!(frozen.is_some_and(|picture| picture >= 95), "seed {seed}: frozen at {frozen:?}");
        until(&mut stage, None, &|at_rest| at_rest);

        // Turned to look at something else.
        for _ in 0..60 {
            stage.show(|_, _, at_rest| at_rest);
        }
        stage.scene = scene(&mut stage.random);
        until(&mut stage, Some(Tampering::Moved), &|at_rest| at_rest);
        until(&mut stage, None, &|at_rest| at_rest);
    }
}

#[test]
fn what_is_forgotten_is_over_and_planes_of_another_size_are_not_looked_at() {
    let mut stage = Stage::new(1, 2.0);
    assert!(stage.walk(40, 30).is_some());
    stage.watch.forget();
    assert!(!stage.watch.moves());
    for pixels in [&[][..], &[0; WIDTH * HEIGHT - 1], &[0; WIDTH]] {
        stage.watch.see(Luma { width: WIDTH, pixels }, stage.now);
    }
    stage.watch.see(Luma { width: WIDTH / 2, pixels: &stage.picture.clone() }, stage.now);
    assert!(!stage.watch.moves());
    let mut empty = Watch::new(0, 0, Sensitivity::new(50), &[], QUIET);
    empty.see(Luma { width: 0, pixels: &[] }, stage.now);
    assert!(!empty.moves() && empty.tampering().is_none());
}
