//! Scaling by what it must keep: means, places, shapes.

use proptest::prelude::*;

use super::*;
use crate::pattern;

fn scaled(source: Size, bytes: &[u8], target: Size, fit: Fit) -> Vec<u8> {
    let mut out = vec![0xaa; target.i420_len()];
    Scaler::default().scale((source, bytes), (target, &mut out), fit).unwrap();
    out
}

/// A picture whose left half is black and right half is white.
fn halves(size: Size) -> Vec<u8> {
    let mut bytes = vec![128; size.i420_len()];
    let mut canvas = Canvas::new(size, &mut bytes).unwrap();
    canvas.fill(Rect { x: 0, y: 0, width: size.width / 2, height: size.height }, Color::BLACK);
    canvas.fill(Rect { x: size.width / 2, y: 0, width: size.width, height: size.height }, Color::WHITE);
    bytes
}

#[test]
fn shapes_are_kept_barred_or_cut() {
    let wide = halves(Size::new(320, 180));
    let luma = |bytes: &[u8], width: usize, x: usize, y: usize| bytes[y * width + x];

    let boxed = scaled(Size::new(320, 180), &wide, Size::new(200, 200), Fit::Letterbox);
    // 200 by 112 in the middle: bars of 44 above and below.
    for (x, y, expected) in [(150, 20, 16), (150, 180, 16), (150, 100, 235), (50, 100, 16), (150, 46, 235), (150, 153, 235)] {
        assert_eq!(luma(&boxed, 200, x, y), expected, "letterbox at {x}, {y}");
    }
    assert!(boxed[200 * 200..].iter().all(|c| *c == 128), "bars have no colour");

    let cut = scaled(Size::new(320, 180), &wide, Size::new(100, 200), Fit::Crop);
    for (x, y, expected) in [(10, 5, 16), (90, 5, 235), (10, 195, 16), (90, 195, 235)] {
        assert_eq!(luma(&cut, 100, x, y), expected, "crop at {x}, {y}");
    }
    let stretched = scaled(Size::new(320, 180), &wide, Size::new(40, 200), Fit::Stretch);
    assert_eq!((luma(&stretched, 40, 15, 100), luma(&stretched, 40, 25, 100)), (16, 235));

    let tall = halves(Size::new(90, 160));
    let boxed = scaled(Size::new(90, 160), &tall, Size::new(160, 160), Fit::Letterbox);
    for (x, expected) in [(20, 16), (50, 16), (120, 235), (140, 16)] {
        assert_eq!(luma(&boxed, 160, x, 80), expected, "pillars at {x}");
    }
}

#[test]
fn halving_is_the_mean_of_four() {
    let size = Size::new(640, 360);
    let mut bytes = vec![0; size.i420_len()];
    pattern::draw_background(&mut Canvas::new(size, &mut bytes).unwrap());
    let half = scaled(size, &bytes, Size::new(320, 180), Fit::Stretch);
    // Inside a bar, away from its edges, nothing changes.
    for x in (10..310).step_by(40) {
        assert_eq!(half[50 * 320 + x], bytes[100 * 640 + 2 * x]);
    }
    let mean = |bytes: &[u8]| bytes.iter().map(|b| f64::from(*b)).sum::<f64>() / bytes.len() as f64;
    assert!((mean(&half[..320 * 180]) - mean(&bytes[..640 * 360])).abs() < 0.5);
}

#[test]
fn odd_sizes_and_short_buffers_are_refused() {
    let bytes = vec![0; 6 * 6 * 3 / 2];
    let refused = |source, target: Size, len: usize| {
        Scaler::default().scale((source, &bytes), (target, &mut vec![0; len]), Fit::Crop).unwrap_err().to_string()
    };
    let text = "cannot scale 6x6 to 3x4: sides must be even and the buffers large enough";
    assert_eq!(refused(Size::new(6, 6), Size::new(3, 4), 100), text);
    refused(Size::new(8, 6), Size::new(4, 4), 100);
    refused(Size::new(6, 6), Size::new(4, 4), 23);
    refused(Size::new(6, 6), Size::new(0, 4), 100);
}

proptest! {
    #[test]
    fn a_flat_picture_stays_flat(sw in 1u32..60, sh in 1u32..60, tw in 1u32..60, th in 1u32..60, crop: bool, y in 16u8..=235) {
        let (source, target) = (Size::new(sw * 2, sh * 2), Size::new(tw * 2, th * 2));
        let out = scaled(source, &vec![y; source.i420_len()], target, if crop { Fit::Crop } else { Fit::Stretch });
        prop_assert!(out.iter().all(|b| *b == y));
        // With bars every pixel is of the picture or black, and some are of the picture.
        let out = scaled(source, &vec![y; source.i420_len()], target, Fit::Letterbox);
        prop_assert!(out[..target.area()].iter().all(|b| *b == y || *b == 16));
        prop_assert!(out[..target.area()].contains(&y));
    }

    #[test]
    fn fitting_inside_keeps_shape_and_bounds(sw in 2u32..4000, sh in 2u32..4000, bw in 2u32..2000, bh in 2u32..2000) {
        let (source, bounds) = (Size::new(sw, sh), Size::new(bw, bh));
        let fitted = fit_inside(source, bounds);
        prop_assert!(fitted.width <= bounds.width.max(2) && fitted.height <= bounds.height.max(2) && fitted == fitted.even());
        prop_assert!(fitted.width <= source.width && fitted.height <= source.height);
        // One side is as long as it may be, up to rounding to even; the other is right up to two pixels.
        let (fw, fh) = (f64::from(fitted.width), f64::from(fitted.height));
        let shape = f64::from(sw) / f64::from(sh);
        prop_assert!((fw - fh * shape).abs() <= 2.0 * shape.max(1.0) + 2.0, "{source} in {bounds} is {fitted}");
        let full = |side: u32, bound: u32, whole: u32| bound.min(whole) - side < 2;
        prop_assert!(full(fitted.width, bw, sw) || full(fitted.height, bh, sh));
    }
}
