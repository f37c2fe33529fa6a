//! Everything that vivid can be made to get wrong while it streams: nothing ends the stream, and the books say what happened.

use std::time::Duration;

use artc_edge::capture::video::{Camera, Config, Loss, Phase};
use media::Size;

use crate::bench::{Guest, in_guest};
use crate::rig::{Viewer, Vivid, run, wait_for};

const SOON: Duration = Duration::from_secs(5);
const SMALL: (u32, u32) = (640, 360);

fn watch(source: String) -> Viewer {
    let config = Config { source, width: SMALL.0, height: SMALL.1, ..Config::default() };
    Viewer::of(Camera::start(config).expect("threads can be had"))
}

/// A viewer of vivid's first camera, which delivers.
fn watch_vivid() -> Viewer {
    let viewer = watch(Vivid::SINGLE.node().display().to_string());
    viewer.wait_for(&Phase::Live, SOON);
    viewer.wait_for_pictures(5, SOON);
    viewer.begin_anew();
    viewer
}

/// It delivers from the camera (again).
fn delivers(viewer: &Viewer) {
    viewer.wait_for(&Phase::Live, SOON);
    viewer.wait_for_pictures(15, SOON);
    viewer.counters();
    assert!(viewer.seen().longest_gap < Duration::from_millis(2500), "no picture for {:?}", viewer.seen().longest_gap);
}

#[test]
fn dropped_buffers_cost_pictures_and_nothing_else() {
    in_guest(&Guest::default(), || {
        let viewer = watch_vivid();
        Vivid::SINGLE.set("percentage_of_dropped_buffers", 50);
        viewer.begin_anew();
        crate::rig::let_pass(Duration::from_secs(3));
        let seen = viewer.seen();
        assert!((20..75).contains(&seen.count), "half of 90 pictures were due, {} came", seen.count);
        assert_eq!(viewer.state().phase, Phase::Live);
        assert_eq!(viewer.state().recoveries, 0);
        Vivid::SINGLE.set("percentage_of_dropped_buffers", 0);
        delivers(&viewer);
    });
}

#[test]
fn a_buffer_with_the_error_flag_is_counted_as_broken() {
    in_guest(&Guest::default(), || {
        let viewer = watch_vivid();
        let before = viewer.counters().broken;
        for count in 1..=5 {
            Vivid::SINGLE.set("inject_v4l2_buf_flag_error", 1);
            wait_for("a broken frame in the books", SOON, || (viewer.counters().broken == before + count).then_some(()));
        }
        delivers(&viewer);
        assert_eq!(viewer.state().recoveries, 0, "a broken frame is no reason to open the device again");
    });
}

#[test]
fn calls_that_fail_once_are_made_again() {
    in_guest(&Guest::default(), || {
        let viewer = watch_vivid();
        // A buffer that cannot be queued breaks the running stream.
        Vivid::SINGLE.set("inject_vidioc_qbuf_error", 1);
        delivers(&viewer);
        // The two others bite at the next start of a stream.
        for control in ["inject_vidioc_reqbufs_error", "inject_vidioc_streamon_error"] {
            Vivid::SINGLE.set(control, 1);
            // Refused or done on another try: both are fair, the stream must go on.
            let changed = viewer.camera.set_mode(Size::new(320, 180), 30.0);
            println!("{control}: {changed:?}");
            delivers(&viewer);
            let back = viewer.camera.set_mode(Size::new(SMALL.0, SMALL.1), 30.0);
            assert!(back.is_ok(), "{control}: {back:?}");
            delivers(&viewer);
        }
    });
}

#[test]
fn a_fatal_streaming_error_is_recovered_from() {
    in_guest(&Guest::default(), || {
        let viewer = watch_vivid();
        for round in 1..=3 {
            Vivid::SINGLE.set("inject_fatal_streaming_error", 1);
            wait_for("the recovery", SOON, || (viewer.state().recoveries >= round).then_some(()));
            delivers(&viewer);
        }
    });
}

#[test]
fn a_disconnected_device_is_waited_for() {
    in_guest(&Guest::default(), || {
        let viewer = watch_vivid();
        // The node stays, and every call on it answers ENODEV.
        Vivid::SINGLE.set("disconnect", 1);
        viewer.wait_for(&Phase::Lost(Loss::Unplugged), Duration::from_secs(2));
        viewer.wait_for_pictures(3, Duration::from_secs(2));
        Vivid::unplug();
        Vivid::plug();
        viewer.wait_for(&Phase::Live, SOON);
    });
}

#[test]
fn an_input_without_signal_shows_the_card_and_says_so() {
    in_guest(&Guest::default(), || {
        let node = Vivid::SINGLE.node().display().to_string();
        run("v4l2-ctl", ["-d", &node, "--set-input=3"]); // HDMI
        let viewer = watch(node);
        viewer.wait_for(&Phase::Live, SOON);
        // 1: no signal; 2: no lock; 3: out of range.
        for trouble in [1, 2] {
            Vivid::SINGLE.set("dv_timings_signal_mode", trouble);
            viewer.wait_for(&Phase::NoSignal, SOON);
            viewer.wait_for_pictures(3, Duration::from_secs(2));
            Vivid::SINGLE.set("dv_timings_signal_mode", 0);
            viewer.wait_for(&Phase::Live, SOON);
            viewer.wait_for_pictures(5, SOON);
        }
    });
}

#[test]
fn odd_timestamps_of_a_driver_do_not_reach_the_stream() {
    in_guest(&Guest::default(), || {
        let viewer = watch_vivid();
        // 1: wraps at 64 bits, which is a time far from now; 2: at 32 bits.
        for wrap in [1, 2] {
            Vivid::SINGLE.set("wrap_timestamp", wrap);
            // vivid takes it up when the stream starts.
            viewer.camera.set_mode(Size::new(320, 180), 30.0).expect("vivid has 320x180");
            delivers(&viewer);
            viewer.camera.set_mode(Size::new(SMALL.0, SMALL.1), 30.0).expect("vivid has 640x360");
            delivers(&viewer);
            let seen = viewer.seen();
            assert!(seen.oldest < Duration::from_secs(1), "a timestamp is {:?} from now", seen.oldest);
            assert_eq!(seen.backwards, 0, "timestamps only go forward");
        }
    });
}

#[test]
fn a_busy_camera_is_waited_for() {
    in_guest(&Guest::default(), || {
        let node = Vivid::SINGLE.node().display().to_string();
        let somebody = Vivid::SINGLE.taken();
        let viewer = watch(node.clone());
        let state = viewer.wait_for(&Phase::Lost(Loss::Busy), SOON);
        assert!(state.detail.contains(&node), "which camera: {}", state.detail);
        viewer.wait_for_pictures(3, Duration::from_secs(2));
        drop(somebody);
        viewer.wait_for(&Phase::Live, Duration::from_secs(8));
    });
}

#[test]
fn what_is_no_camera_is_called_so() {
    in_guest(&Guest::default(), || {
        // A codec, a null device, a sound card; and nothing at all.
        for (source, loss) in [
            ("/dev/video0", Loss::NotACamera),
            ("/dev/null", Loss::NotACamera),
            ("/dev/snd/controlC0", Loss::NotACamera),
            ("/dev/video99", Loss::Unplugged),
            ("usb:dead:beef:1", Loss::Unplugged),
        ] {
            let viewer = watch(source.to_owned());
            let state = viewer.wait_for(&Phase::Lost(loss), SOON);
            assert!(state.detail.contains(source), "which camera: {}", state.detail);
            viewer.wait_for_pictures(2, Duration::from_secs(2));
        }
    });
}
