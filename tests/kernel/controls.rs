//! Controls: read, set, refused, and told when somebody else turns them; on vivid and on a USB camera.

use std::time::Duration;

use artc_edge::capture::video::{Camera, CameraEvent, Config, Control, ControlError, ControlKind, Phase};

use crate::bench::{Guest, in_guest};
use crate::rig::{UsbCamera, Viewer, Vivid, wait_for};

const SOON: Duration = Duration::from_secs(5);

fn watch(source: String) -> Viewer {
    let viewer =
        Viewer::of(Camera::start(Config { source, width: 640, height: 360, ..Config::default() }).expect("threads can be had"));
    viewer.wait_for(&Phase::Live, SOON);
    viewer
}

fn control(viewer: &Viewer, name: &str) -> Control {
    let all = viewer.camera.controls();
    all.into_iter().find(|control| control.name == name).unwrap_or_else(|| panic!("no control {name}"))
}

/// Waits for the event that says that a control has a value.
fn told(events: &mut tokio::sync::broadcast::Receiver<CameraEvent>, name: &str, value: i64) {
    wait_for(&format!("the event {name} = {value}"), SOON, || match events.try_recv() {
        Ok(CameraEvent::Control(control)) if control.name == name && control.value == value => Some(()),
        _ => None,
    });
}

#[test]
fn of_every_kind_are_read_and_set() {
    in_guest(&Guest::default(), || {
        let viewer = watch(Vivid::SINGLE.node().display().to_string());
        assert_eq!(control(&viewer, "brightness").kind, ControlKind::Integer { min: 0, max: 255, step: 1 });
        for (name, value) in
            [("brightness", 40), ("horizontal_flip", 1), ("menu", 4), ("integer_64_bits", -5_000_000_000), ("bitmask", 0x2000)]
        {
            let set = viewer.camera.set_control(name, value).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((set.value, control(&viewer, name).value), (value, value), "{name}");
        }
        let ControlKind::Menu { entries } = control(&viewer, "test_pattern").kind else { panic!("a menu") };
        assert!(entries.iter().any(|entry| entry.label == "75% Colorbar"));
        let refused = |name: &str, value| viewer.camera.set_control(name, value).expect_err("refused");
        assert!(matches!(refused("brightness", 256), ControlError::OutOfRange { .. }));
        assert!(matches!(refused("menu", 0), ControlError::OutOfRange { .. }), "menus have holes");
        assert!(matches!(refused("read_only_integer_32_bits", 1), ControlError::ReadOnly { .. }));
        assert!(matches!(refused("warp_factor", 9), ControlError::Unknown { .. }));
        assert_eq!(viewer.state().phase, Phase::Live, "nothing of this disturbs the stream");
    });
}

#[test]
fn turned_by_somebody_else_are_told() {
    in_guest(&Guest::default(), || {
        let viewer = watch(Vivid::SINGLE.node().display().to_string());
        let mut events = viewer.camera.events();
        Vivid::SINGLE.set("contrast", 99);
        told(&mut events, "contrast", 99);
        assert_eq!(control(&viewer, "contrast").value, 99);
        // Automatic gain takes the say over gain, and gives it back.
        Vivid::SINGLE.set("gain_automatic", 0);
        wait_for("gain to be free", SOON, || (!control(&viewer, "gain").inactive).then_some(()));
    });
}

#[test]
fn set_by_command_are_set_again_on_a_camera_that_comes_back() {
    in_guest(&Guest::default(), || {
        let viewer = watch(Vivid::SINGLE.node().display().to_string());
        viewer.camera.set_control("saturation", 33).expect("vivid has saturation");
        Vivid::unplug();
        viewer.wait_for_pictures(2, SOON);
        Vivid::plug();
        viewer.wait_for(&Phase::Live, SOON);
        wait_for("the saturation of before", SOON, || (control(&viewer, "saturation").value == 33).then_some(()));
    });
}

#[test]
fn of_a_usb_camera_reach_its_hardware_and_its_own_knob_is_told() {
    in_guest(&Guest::default(), || {
        let mut camera = UsbCamera::plug("Street Camera", "SN7", &["yuyv:640x360@30".to_owned()]);
        let viewer = watch(camera.node().display().to_string());
        viewer.camera.set_control("sharpness", 6).expect("it has sharpness");
        camera.wait_for_line("control 2.0x08 = 6", SOON);
        let mut events = viewer.camera.events();
        camera.fault("brightness -7");
        told(&mut events, "brightness", -7);
        assert_eq!(control(&viewer, "brightness").value, -7);
        assert!(control(&viewer, "white_balance_temperature").inactive, "while it is automatic");
        viewer.camera.set_control("white_balance_automatic", 0).expect("it can be set");
        viewer.camera.set_control("white_balance_temperature", 5000).expect("and then the temperature");
        camera.wait_for_line("control 2.0x0a = 5000", SOON);
    });
}
