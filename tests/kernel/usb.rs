//! USB cameras as they are sold: packed formats, sizes above the limit, twins, lies and bad frames.

use std::time::Duration;

use artc_edge::capture::video::{Camera, Config, Format, Loss, Phase, devices};
use media::Size;

use crate::bench::{Guest, in_guest};
use crate::rig::{UsbCamera, Viewer, Vivid, clip, let_pass, wait_for};

const SOON: Duration = Duration::from_secs(5);

fn watch(config: Config) -> Viewer {
    Viewer::of(Camera::start(config).expect("threads can be had"))
}

fn mode(format: &str, size: &str, fps: u32, file: &str) -> String {
    format!("{format}:{size}@{fps}={}", clip(file).display())
}

fn asked(camera: &UsbCamera, width: u32, height: u32, format: Format) -> Config {
    Config { source: camera.node().display().to_string(), width, height, format, ..Config::default() }
}

#[test]
fn mjpeg_becomes_pictures() {
    in_guest(&Guest::default(), || {
        let camera = UsbCamera::plug("Street Camera", "SN7", &[mode("mjpeg", "1280x720", 30, "720.mjpeg")]);
        let viewer = watch(asked(&camera, 1280, 720, Format::Auto));
        viewer.wait_for(&Phase::Live, SOON);
        viewer.begin_anew();
        let_pass(Duration::from_secs(3));
        let seen = viewer.seen();
        assert_eq!(seen.size, Some(Size::new(1280, 720)));
        assert!((80..=95).contains(&seen.count), "{} pictures in 3 s", seen.count);
        assert_eq!(viewer.counters().broken, 0);
        let [luma, ..] = seen.picture.as_ref().expect("pictures came").planes();
        let (darkest, brightest) = (luma.iter().min(), luma.iter().max());
        assert!(
            darkest < Some(&60) && brightest > Some(&180),
            "real footage has dark and bright places: {darkest:?} {brightest:?}"
        );
    });
}

#[test]
fn h264_passes_through_byte_for_byte() {
    in_guest(&Guest::default(), || {
        let camera = UsbCamera::plug("Street Camera", "SN7", &[mode("h264", "1920x1080", 25, "1080.h264")]);
        let viewer = watch(asked(&camera, 1920, 1080, Format::H264));
        viewer.wait_for(&Phase::Live, SOON);
        viewer.wait_for_pictures(60, SOON);
        let seen = viewer.seen();
        assert_eq!(seen.size, Some(Size::new(1920, 1080)));
        let sent = std::fs::read(clip("1080.h264")).expect("the clip is there");
        let mut from = 0;
        for (number, unit) in seen.units.iter().enumerate() {
            let at = sent[from..].windows(unit.len()).position(|part| part == &unit[..]);
            let at = at.unwrap_or_else(|| panic!("access unit {number} ({} bytes) is not what the camera sent next", unit.len()));
            from += at + unit.len();
            assert!(at < 64, "{at} bytes before access unit {number} are missing");
        }
        assert_eq!(viewer.counters().broken, 0);
    });
}

#[test]
fn only_sizes_above_the_limit_are_refused_or_scaled() {
    in_guest(&Guest { seconds: 90, memory: "2G", ..Guest::default() }, || {
        let modes = [
            mode("mjpeg", "2560x1440", 15, "1440.mjpeg"),
            mode("mjpeg", "3840x2160", 15, "2160.mjpeg"),
            "yuyv:2560x1440@5".to_owned(),
        ];
        let camera = UsbCamera::plug("Huge Camera", "SN4K", &modes);
        for format in [Format::Auto, Format::Yuyv] {
            let refused = watch(asked(&camera, 1280, 720, format));
            let state = refused.wait_for(&Phase::Lost(Loss::NoMode), SOON);
            assert!(state.detail.contains("2560x1440"), "what it has: {}", state.detail);
            refused.wait_for_pictures(2, Duration::from_secs(2));
            drop(refused);

            let scaled = watch(Config { scale: true, ..asked(&camera, 1280, 720, format) });
            scaled.wait_for(&Phase::Live, SOON);
            scaled.begin_anew();
            scaled.wait_for_pictures(10, Duration::from_secs(10));
            assert_eq!(scaled.seen().size, Some(Size::new(1280, 720)), "{format:?}");
            assert_eq!(scaled.counters().broken, 0, "{format:?}");
        }
    });
}

#[test]
fn twins_with_one_serial_number_are_told_apart() {
    in_guest(&Guest::default(), || {
        let plug = |port: &str, size: &str| {
            let camera = UsbCamera::plug_with("Twin Camera", &["--serial", "SAME", "--port", port], &[format!("yuyv:{size}@30")]);
            wait_for("its node", SOON, || {
                let place = format!("usb-vhci_hcd.0-{}", port.parse::<u8>().expect("a number") + 1);
                devices().into_iter().filter_map(|device| device.camera).find(|found| found.bus == place).map(|found| found.id)
            });
            camera
        };
        let ids = || -> Vec<String> {
            devices()
                .into_iter()
                .filter_map(|device| device.camera)
                .map(|found| found.id)
                .filter(|id| id.contains("SAME"))
                .collect()
        };
        let (first, second) = (plug("0", "320x240"), plug("1", "640x480"));
        let known = ids();
        assert_eq!(known.len(), 2);
        assert_ne!(known[0], known[1], "each has an id of its own");
        let id = known.into_iter().find(|id| id.contains("vhci_hcd.0-2")).expect("the id says which port");
        let viewer = watch(Config { source: id, width: 640, height: 480, ..Config::default() });
        viewer.wait_for(&Phase::Live, SOON);
        viewer.wait_for_pictures(3, SOON);
        assert_eq!(viewer.seen().size, Some(Size::new(640, 480)));
        // They come back the other way round: the nodes' numbers are swapped, the camera is not.
        let node = viewer.state().camera.expect("a camera").node;
        drop((first, second));
        viewer.wait_for(&Phase::Lost(Loss::Unplugged), SOON);
        let _second = plug("1", "640x480");
        let _first = plug("0", "320x240");
        viewer.wait_for(&Phase::Live, SOON);
        viewer.begin_anew();
        viewer.wait_for_pictures(3, SOON);
        assert_eq!(viewer.seen().size, Some(Size::new(640, 480)));
        assert_ne!(viewer.state().camera.expect("a camera").node, node, "the numbers were swapped");
    });
}

#[test]
fn bad_frames_are_counted_and_the_stream_goes_on() {
    in_guest(&Guest { seconds: 90, ..Guest::default() }, || {
        for (format, modes) in [
            (Format::Mjpeg, [mode("mjpeg", "640x480", 30, "480.mjpeg")]),
            (Format::Yuyv, [mode("yuyv", "640x480", 30, "480.yuyv")]),
        ] {
            let mut camera = UsbCamera::plug("Street Camera", "SN7", &modes);
            let viewer = watch(asked(&camera, 640, 480, format));
            viewer.wait_for(&Phase::Live, SOON);
            for fault in ["short 10", "corrupt 10", "error 10", "empty 10", "drop 10"] {
                let before = viewer.counters();
                camera.fault(fault);
                viewer.wait_for_pictures(15, SOON);
                let after = viewer.counters();
                println!("{format:?}, {fault}: {} broken", after.broken - before.broken);
                // Of raw frames, uvcvideo itself throws away those that are too short.
                if format == Format::Mjpeg && matches!(fault, "short 10" | "corrupt 10") {
                    assert!(after.broken >= before.broken + 5, "{format:?}, {fault}: bad frames pass for good ones: {after:?}");
                }
            }
            let state = viewer.state();
            assert_eq!((state.phase, state.recoveries), (Phase::Live, 0), "{format:?}: {}", state.detail);
            drop(viewer);
            camera.pull();
        }
    });
}

#[test]
fn a_camera_that_goes_silent_is_told_from_one_that_is_gone() {
    in_guest(&Guest::default(), || {
        let mut camera = UsbCamera::plug("Street Camera", "SN7", &["yuyv:640x480@30".to_owned()]);
        let viewer = watch(asked(&camera, 640, 480, Format::Yuyv));
        for silence in ["freeze", "stall"] {
            viewer.wait_for(&Phase::Live, SOON);
            viewer.wait_for_pictures(5, SOON);
            viewer.begin_anew();
            camera.fault(silence);
            viewer.wait_for(&Phase::Lost(Loss::Timeout), Duration::from_secs(5));
            // It is opened again and again; the card is shown all the while, but for two seconds each time that a last frame comes.
            viewer.begin_anew();
            let_pass(Duration::from_secs(8));
            let seen = viewer.seen();
            assert!(seen.longest_gap < Duration::from_secs(3), "{silence}: no picture for {:?}", seen.longest_gap);
            assert!(seen.count > 16, "{silence}: {} pictures of the card in 8 s", seen.count);
            camera.fault("resume");
            viewer.wait_for(&Phase::Live, Duration::from_secs(15));
        }
    });
}

#[test]
fn lies_in_the_descriptors_harm_nobody() {
    in_guest(&Guest { seconds: 120, ..Guest::default() }, || {
        let source = Vivid::SINGLE.node().display().to_string();
        let other = watch(Config { source, width: 640, height: 360, ..Config::default() });
        other.wait_for(&Phase::Live, SOON);
        for defect in
            ["truncated", "no-formats", "zero-length", "zero-interval", "endless-frames", "wrong-terminal", "huge-frame"]
        {
            let modes = [mode("mjpeg", "640x480", 30, "480.mjpeg"), "yuyv:640x480@30".to_owned()];
            let camera = UsbCamera::plug_with("Lying Camera", &["--defect", defect], &modes);
            let_pass(Duration::from_millis(800)); // the kernel takes it for a camera, or does not
            let found = devices();
            assert!(found.iter().any(|device| device.node == Vivid::SINGLE.node()), "{defect} hides another camera");
            if let Some(node) = camera.find() {
                let viewer = watch(Config { source: node.display().to_string(), width: 640, height: 480, ..Config::default() });
                viewer.wait_for_pictures(3, Duration::from_secs(10));
                println!("{defect}: {:?}: {}", viewer.state().phase, viewer.state().detail);
            } else {
                println!("{defect}: the kernel does not take it for a camera");
            }
            camera.pull();
        }
        assert_eq!((other.state().phase, other.state().recoveries), (Phase::Live, 0));
    });
}
