//! Devices that cannot be had: the daemon says why, shows "no signal", and takes them as soon as it can.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::{SOON, TONE, VIVID};
use crate::bench::{Guest, in_guest};
use crate::rig::daemon::DEVICE;
use crate::rig::sound::{MICROPHONE, ONE_SUBDEVICE};
use crate::rig::{Audience, Daemon, Process, Setup, UsbCamera, Vivid, clip, wait_for};

const NOBODY: u32 = 65_534;

#[test]
fn without_permission_until_it_is_given() {
    in_guest(&Guest { seconds: 180, ..Guest::default() }, || {
        let node = Vivid::SINGLE.node();
        set_permissions(&node, Permissions::from_mode(0o600)).expect("root may");
        let source = node.display().to_string();
        let settings = [("camera.source", source.as_str()), VIVID[1], VIVID[2], TONE];
        let mut daemon = Daemon::begin(&Setup { settings: &settings, user: Some(NOBODY), ..Setup::default() });
        let line = daemon.process.wait_for_line("camera:  ", SOON);
        assert!(line.contains(&source) && line.to_lowercase().contains("permission"), "{line}");
        daemon.process.wait_for_line("viewer:", SOON);
        let why = daemon.camera_is("lost", SOON);
        assert!(why.contains(&source) && why.to_lowercase().contains("permission"), "{why}");
        let viewer = Audience::join(&daemon.url(), "camera", "local-viewer", DEVICE);
        viewer.wait_for_picture("\"no signal\"", SOON, |picture| picture.is_card());
        set_permissions(&node, Permissions::from_mode(0o666)).expect("root may");
        let took = viewer.wait_for_picture("a live picture", SOON, |picture| !picture.is_card());
        println!("permitted: live after {took:?}");
    });
}

#[test]
fn while_somebody_else_uses_camera_and_sound_card() {
    in_guest(&Guest { seconds: 180, arguments: ONE_SUBDEVICE, ..Guest::default() }, || {
        let node = Vivid::SINGLE.node().display().to_string();
        let filming = Vivid::SINGLE.taken();
        let mut recording = Command::new("arecord");
        recording.args(["-q", "-D", "hw:Loopback,1", "-f", "S16_LE", "-r", "48000", "-c", "2", "/dev/null"]);
        let recording = Process::start("arecord", recording);
        wait_for("arecord to record", SOON, || {
            std::fs::read_to_string("/proc/asound/Loopback/pcm1c/sub0/status").ok().filter(|status| status.contains("RUNNING"))
        });
        let settings = [&VIVID[..], &[("microphone.source", MICROPHONE)]].concat();
        let daemon = Daemon::start(&Setup { settings: &settings, ..Setup::default() });
        let why = daemon.camera_is("lost", SOON);
        assert!(why.contains(&node) && (why.contains("busy") || why.contains("another program")), "{why}");
        let why = daemon.part_is("microphone", "lost", SOON);
        assert!(why.contains("Loopback"), "{why}");
        let viewer = Audience::join(&daemon.url(), "camera", "local-viewer", DEVICE);
        viewer.wait_for_picture("\"no signal\"", SOON, |picture| picture.is_card());
        viewer.wait_for_sound(true, SOON);
        drop((filming, recording));
        let took = viewer.wait_for_picture("a live picture", SOON, |picture| !picture.is_card());
        println!("let go: live after {took:?}");
        daemon.part_is("microphone", "live", SOON);
    });
}

#[test]
fn because_they_are_no_cameras_or_too_large() {
    in_guest(&Guest { seconds: 180, memory: "2G", ..Guest::default() }, || {
        for source in ["/dev/null", "/dev/snd/controlC0", "/dev/video99"] {
            let daemon = Daemon::start(&Setup { settings: &[("camera.source", source), TONE], ..Setup::default() });
            let why = daemon.camera_is("lost", SOON);
            assert!(why.contains(source), "{why}");
            println!("{why}");
            let viewer = Audience::join(&daemon.url(), "camera", "local-viewer", DEVICE);
            viewer.wait_for_picture("\"no signal\"", SOON, |picture| picture.is_card());
        }
        let modes = [format!("mjpeg:2560x1440@15={}", clip("1440.mjpeg").display())];
        let camera = UsbCamera::plug("Huge Camera", "SN4K", &modes);
        camera.node();
        let large = [("camera.source", "usb:1d6b:0104:SN4K"), TONE];
        let daemon = Daemon::start(&Setup { settings: &large, ..Setup::default() });
        let why = daemon.camera_is("lost", SOON);
        assert!(why.contains("2560x1440") && why.contains("scale = true"), "what it has, and the way out: {why}");
        let viewer = Audience::join(&daemon.url(), "camera", "local-viewer", DEVICE);
        viewer.wait_for_picture("\"no signal\"", SOON, |picture| picture.is_card());
        drop((viewer, daemon));
        let scaled = [&large[..], &[("camera.scale", "true")]].concat();
        let daemon = Daemon::start(&Setup { settings: &scaled, ..Setup::default() });
        let viewer = Audience::join(&daemon.url(), "camera", "local-viewer", DEVICE);
        viewer.wait_for_picture("a live picture", SOON, |picture| !picture.is_card() && picture.is_shaped(16, 9));
    });
}
