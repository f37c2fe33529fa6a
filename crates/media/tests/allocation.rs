//! Once it runs, the way of a picture costs no allocation: conversion of every format, the built-in pictures, units and SEI.

#[path = "counting/allocator.rs"]
mod allocator;

use std::convert::Infallible;
use std::time::Duration;

use allocator::count;
use media::barcode::Stamp;
use media::draw::Canvas;
use media::h264::{self, sei};
use media::shrink::Shrinker;
use media::turn::Turn;
use media::{Converter, FramePool, PixelFormat, Plane, RawFrame, Size, pattern};

/// Allocations of this thread while `work` runs for the second time and further ones.
fn later_allocations(mut work: impl FnMut()) -> u64 {
    work();
    let before = count();
    for _ in 0..5 {
        work();
    }
    count() - before
}

#[test]
fn the_counter_counts() {
    assert!(later_allocations(|| drop(std::hint::black_box(vec![1, 2, 3]))) >= 5);
}

#[test]
fn conversion_allocates_nothing() {
    let size = Size::new(320, 180);
    let bytes = vec![100; size.area() * 4];
    let mut picture = vec![0; size.i420_len()];
    pattern::draw_background(&mut Canvas::new(size, &mut picture).unwrap());
    let jpeg = media::jpeg::encode_i420(size, &picture, 80).unwrap();
    for (format, data, stride) in [
        (PixelFormat::I420, &bytes, 320),
        (PixelFormat::Yv12, &bytes, 320),
        (PixelFormat::Nv12, &bytes, 320),
        (PixelFormat::Nv21, &bytes, 320),
        (PixelFormat::Yuyv, &bytes, 640),
        (PixelFormat::Uyvy, &bytes, 640),
        (PixelFormat::Bgra, &bytes, 1280),
        (PixelFormat::Rgb24, &bytes, 960),
        (PixelFormat::Bgr24, &bytes, 960),
        (PixelFormat::Mjpeg, &jpeg, 0),
    ] {
        let mut pool = FramePool::with_slack(size, 3);
        let mut converter = Converter::default();
        let plane = Some(Plane { data, stride });
        let raw = RawFrame { format, size, planes: [plane, None, None], captured_at: Duration::ZERO, sequence: 0 };
        let count = later_allocations(|| {
            let frame = pool.fill(raw.captured_at, 0, |out| converter.convert(&raw, size, out)).unwrap().unwrap();
            assert_eq!(frame.size, size);
        });
        assert_eq!(count, 0, "{format:?}");
    }
}

#[test]
fn small_and_turned_pictures_allocate_nothing() {
    let size = Size::new(320, 180);
    let picture = vec![100; size.i420_len()];
    let (mut small, mut turned, mut shrinker) = (vec![0; 106 * 60], vec![0; size.i420_len()], Shrinker::default());
    let count = later_allocations(|| {
        assert!(shrinker.shrink(Plane { data: &picture, stride: 320 }, 3, 106, &mut small));
        assert!(Turn::new(90, true).apply((size, &picture), &mut turned));
    });
    assert_eq!(count, 0);
}

#[test]
fn the_built_in_pictures_allocate_nothing() {
    let size = Size::new(320, 180);
    let mut pool = FramePool::new(size, 2);
    let count = later_allocations(|| {
        let draw = |bytes: &mut [u8]| {
            let mut canvas = Canvas::new(size, bytes).unwrap();
            pattern::draw_background(&mut canvas);
            pattern::draw_moving(&mut canvas, 7, Duration::from_secs(9), &pattern::Look::default());
            pattern::draw_card(&mut canvas, "no signal", "unplugged");
            pattern::draw_heartbeat(&mut canvas, 7);
            Ok::<_, Infallible>(())
        };
        let frame = pool.fill(Duration::ZERO, 0, draw).unwrap().unwrap();
        assert_eq!(Stamp::read_frame(&frame), None, "the card covers it");
    });
    assert_eq!(count, 0);
}

#[test]
fn units_and_sei_allocate_nothing() {
    let unit = include_bytes!("data/highb.h264");
    let (mut message, mut scratch, mut out) = (Vec::new(), Vec::new(), Vec::new());
    let count = later_allocations(|| {
        message.clear();
        out.clear();
        sei::write(5, &[&[7; 16], b"hello"], &mut message).unwrap();
        sei::insert(unit, &message, &mut out).unwrap();
        let mut seen = 0;
        sei::read(&out, &mut scratch, |_| seen += 1);
        assert!(h264::is_key(&out) && seen == 2);
        let _ = std::hint::black_box(h264::inspect(&out));
    });
    assert_eq!(count, 0);
}
