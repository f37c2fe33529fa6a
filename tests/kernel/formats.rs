//! Every raw format of vivid, single- and multi-planar, becomes the same right picture.

use std::time::Duration;

use artc_edge::capture::video::{Camera, Config, Format, Phase};
use media::{PixelFormat, Size};

use crate::bench::{Guest, in_guest};
use crate::rig::{Viewer, Vivid, colour_at};

const RAW: [Format; 6] = [Format::Yuyv, Format::Uyvy, Format::Nv12, Format::Nv21, Format::Yu12, Format::Yv12];

/// vivid's bars of 75 % from left to right in BT.601 of limited range: white, yellow, cyan, green, magenta, red, blue, black.
const BARS: [[u8; 3]; 8] = [
    [180, 128, 128],
    [162, 44, 142],
    [131, 156, 44],
    [112, 72, 58],
    [84, 184, 198],
    [65, 100, 212],
    [35, 212, 114],
    [16, 128, 128],
];

fn bars_arrive(vivid: Vivid, format: Format) {
    let (width, height) = (640, 360);
    let source = vivid.node().display().to_string();
    let viewer =
        Viewer::of(Camera::start(Config { source, width, height, format, ..Config::default() }).expect("threads can be had"));
    let state = viewer.wait_for(&Phase::Live, Duration::from_secs(5));
    let asked = match format {
        Format::Yuyv => PixelFormat::Yuyv,
        Format::Uyvy => PixelFormat::Uyvy,
        Format::Nv12 => PixelFormat::Nv12,
        Format::Nv21 => PixelFormat::Nv21,
        Format::Yu12 => PixelFormat::I420,
        Format::Yv12 => PixelFormat::Yv12,
        other => panic!("{other:?} is not raw"),
    };
    assert_eq!(state.mode.and_then(|mode| mode.format()), Some(asked), "{state:?}");
    assert!(state.driver_timestamps, "vivid stamps its frames: {state:?}");
    viewer.begin_anew();
    viewer.wait_for_pictures(10, Duration::from_secs(5));
    let seen = viewer.seen();
    assert_eq!(seen.size, Some(Size::new(width, height)));
    assert_eq!(seen.backwards, 0, "timestamps only go forward");
    assert!(seen.oldest < Duration::from_millis(500), "a timestamp is {:?} from now", seen.oldest);
    assert_eq!(viewer.counters().broken, 0);
    let picture = seen.picture.expect("pictures came");
    for (number, expected) in (0..).zip(BARS) {
        let found = colour_at(&picture, number * width / 8 + width / 16, height * 3 / 4);
        let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 4);
        assert!(near, "{format:?} of {vivid:?}: bar {number} is {found:?}, not {expected:?}");
    }
}

fn prepare(vivid: Vivid) {
    vivid.set("osd_text_mode", 2);
    // Colours as they are meant for BT.601, whatever the camera's colour space would make of them.
    vivid.set("colorspace", 0);
}

#[test]
fn every_raw_format_with_single_planar_buffers() {
    in_guest(&Guest::default(), || {
        prepare(Vivid::SINGLE);
        RAW.into_iter().for_each(|format| bars_arrive(Vivid::SINGLE, format));
    });
}

#[test]
fn every_raw_format_with_multi_planar_buffers() {
    in_guest(&Guest::default(), || {
        prepare(Vivid::MULTI);
        RAW.into_iter().for_each(|format| bars_arrive(Vivid::MULTI, format));
    });
}

#[test]
fn thirty_pictures_a_second_of_720p() {
    in_guest(&Guest::default(), || {
        let source = Vivid::SINGLE.node().display().to_string();
        let viewer = Viewer::of(Camera::start(Config { source, ..Config::default() }).expect("threads can be had"));
        viewer.wait_for(&Phase::Live, Duration::from_secs(5));
        viewer.begin_anew();
        crate::rig::let_pass(Duration::from_secs(5));
        let (seen, counters) = (viewer.seen(), viewer.counters());
        assert_eq!(seen.size, Some(Size::new(1280, 720)));
        // vivid itself is late on a machine that does a lot besides.
        assert!((120..=155).contains(&seen.count), "{} pictures in 5 s", seen.count);
        assert!(counters.dropped * 20 <= counters.grabbed, "{counters:?}");
    });
}
