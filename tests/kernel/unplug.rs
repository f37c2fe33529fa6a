//! Cameras that are pulled in mid-stream come back by themselves, and the stream never ends meanwhile.

use std::time::Duration;

use artc_edge::capture::video::{Camera, Config, Format, Loss, Phase};

use crate::bench::{Guest, in_guest};
use crate::rig::{UsbCamera, Viewer, Vivid, clip, now, open_files};

const ROUNDS: u64 = 20;
/// How soon the loss is noticed, and the picture is back, in the middle of all rounds; single ones depend on what else the machine does.
const NOTICED: Duration = Duration::from_secs(1);
const BACK: Duration = Duration::from_secs(2);
/// And in the worst round.
const WORST: Duration = Duration::from_secs(8);

fn twenty_rounds(viewer: &Viewer, mut pull: impl FnMut(), mut plug: impl FnMut()) {
    viewer.wait_for(&Phase::Live, WORST);
    viewer.wait_for_pictures(5, WORST);
    viewer.begin_anew();
    let files = open_files();
    let (mut noticed, mut back) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let start = now();
        pull();
        viewer.wait_for(&Phase::Lost(Loss::Unplugged), WORST);
        noticed.push(start.elapsed());
        viewer.wait_for_pictures(2, WORST);
        let start = now();
        plug();
        viewer.wait_for(&Phase::Live, WORST);
        viewer.wait_for_pictures(5, WORST);
        back.push(start.elapsed());
        println!("round {round}: noticed after {:?}, back after {:?}", noticed[noticed.len() - 1], back[back.len() - 1]);
    }
    for (times, limit) in [(&mut noticed, NOTICED), (&mut back, BACK)] {
        times.sort_unstable();
        assert!(times[times.len() / 2] <= limit, "{times:?}");
    }
    let seen = viewer.seen();
    assert!(seen.longest_gap < WORST, "no picture for {:?}", seen.longest_gap);
    assert_eq!(seen.backwards, 0, "timestamps only go forward");
    let state = viewer.state();
    assert_eq!(state.recoveries, ROUNDS, "{state:?}");
    viewer.counters();
    assert!(open_files() <= files, "{} descriptors, {files} before", open_files());
}

#[test]
fn vivid_unbound_and_bound_twenty_times() {
    in_guest(&Guest { seconds: 120, ..Guest::default() }, || {
        let viewer = Viewer::of(Camera::start(Config { width: 640, height: 360, ..vivid() }).expect("threads can be had"));
        twenty_rounds(&viewer, Vivid::unplug, Vivid::plug);
    });
}

fn vivid() -> Config {
    let id = artc_edge::capture::video::devices()
        .into_iter()
        .filter_map(|device| device.camera)
        .find(|camera| camera.bus == "platform:vivid-000")
        .expect("vivid is found")
        .id;
    Config { source: id, ..Config::default() }
}

#[test]
fn usb_camera_pulled_and_plugged_twenty_times() {
    in_guest(&Guest { seconds: 120, ..Guest::default() }, || {
        let modes = [format!("mjpeg:640x480@30={}", clip("480.mjpeg").display())];
        let plug = || UsbCamera::plug("Street Camera", "SN7", &modes);
        let mut camera = Some(plug());
        camera.as_ref().expect("plugged").node();
        let config =
            Config { source: "usb:1d6b:0104:SN7".into(), width: 640, height: 480, format: Format::Mjpeg, ..Config::default() };
        let viewer = Viewer::of(Camera::start(config).expect("threads can be had"));
        let camera = std::cell::RefCell::new(&mut camera);
        twenty_rounds(&viewer, || drop(camera.borrow_mut().take()), || **camera.borrow_mut() = Some(plug()));
    });
}

#[test]
fn a_camera_plugged_in_later_is_taken() {
    in_guest(&Guest { arguments: "vivid.n_devs=1", ..Guest::default() }, || {
        Vivid::unplug();
        let config = Config { source: "usb:1d6b:0104:LATE".into(), ..Config::default() };
        let viewer = Viewer::of(Camera::start(config).expect("threads can be had"));
        viewer.wait_for(&Phase::Lost(Loss::Unplugged), Duration::from_secs(3));
        viewer.wait_for_pictures(2, Duration::from_secs(2));
        let _camera = UsbCamera::plug("Street Camera", "LATE", &["yuyv:640x480@30".to_owned()]);
        viewer.wait_for(&Phase::Live, Duration::from_secs(5));
    });
}
