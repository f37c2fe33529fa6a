//! The camera family on real drivers: another camera, pan, tilt and zoom of a USB camera, privacy; all on the same tracks.

use serde_json::json;

use super::{SOON, VIVID, watched};
use crate::bench::{Guest, in_guest};
use crate::rig::daemon::wait_for_open;
use crate::rig::sound::MICROPHONE;
use crate::rig::{UsbCamera, Vivid, wait_for};

/// Whether a process has a sound device open to record from it.
fn records(process: u32) -> bool {
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    files.filter_map(|file| std::fs::read_link(file.path()).ok()).any(|path| path.starts_with("/dev/snd"))
}

#[test]
fn another_camera_zoom_and_privacy_on_one_track() {
    in_guest(&Guest { seconds: 240, ..Guest::default() }, || {
        let mut usb = UsbCamera::plug("Second Camera", "SN2", &["yuyv:640x360@30".to_owned()]);
        let (vivid_node, usb_node) = (Vivid::SINGLE.node(), usb.node());
        let settings = [&VIVID[..], &[("microphone.source", MICROPHONE)]].concat();
        let (daemon, viewer) = watched(&settings);
        let process = daemon.process.id();
        let tracks = daemon.tracks("camera");
        assert_eq!(tracks.len(), 2, "picture and sound: {tracks:?}");

        let why = viewer.call(1, "camera.set_ptz", &json!({ "zoom": 200 })).expect_err("vivid has none");
        assert!(why.contains("this camera has no zoom"), "{why}");
        let why = viewer.call(2, "camera.select", &json!({ "camera": "usb:dead:beef:0" })).expect_err("there is none");
        assert!(why.contains("there is no camera `usb:dead:beef:0`"), "{why}");
        wait_for_open(process, &vivid_node, true, SOON);

        let list = daemon.call("camera.list", &json!({})).expect("allowed");
        let all = list["cameras"].as_array().expect("a list").clone();
        let id = all.iter().find(|one| one["node"] == usb_node.display().to_string()).expect("the USB camera")["id"].clone();
        let selected = viewer.call(3, "camera.select", &json!({ "camera": id })).expect("it is there");
        assert_eq!(selected["camera"], id, "{selected}");
        wait_for_open(process, &vivid_node, false, SOON);
        wait_for_open(process, &usb_node, true, SOON);
        assert_eq!(daemon.camera_is("live", SOON), "");
        viewer.begin_anew();
        viewer.wait_for_picture("the other camera", SOON, |picture| !picture.is_card());

        let moved = viewer.call(4, "camera.set_ptz", &json!({ "zoom": 200 })).expect("it has zoom");
        let turn = |position| json!({ "position": position, "min": -36_000, "max": 36_000, "step": 3600 });
        let range = |position| json!({ "position": position, "min": 100, "max": 400, "step": 10 });
        let looks = |pan, tilt, zoom| json!({ "pan": turn(pan), "tilt": turn(tilt), "zoom": range(zoom) });
        let zoom = |position| looks(0, 0, position);
        assert_eq!(moved, zoom(200));
        assert_eq!(daemon.call("camera.set_ptz", &json!({ "zoom": 35, "relative": true })), Ok(zoom(230)), "a step below");
        assert_eq!(daemon.call("camera.set_ptz", &json!({ "zoom": 1000, "relative": true })), Ok(zoom(400)), "as far as it goes");
        assert_eq!(daemon.call("camera.get_ptz", &json!({})), Ok(zoom(400)));
        assert_eq!(
            daemon.call("camera.set_ptz", &json!({ "pan": -7200, "tilt": 3600, "zoom": 100 })),
            Ok(looks(-7200, 3600, 100))
        );
        assert_eq!(
            daemon.call("camera.set_ptz", &json!({ "tilt": -7200, "relative": true })),
            Ok(looks(-7200, -3600, 100)),
            "pan stays"
        );
        usb.wait_for_line("control 1.0x0d = -7200 3600", SOON);
        usb.wait_for_line("control 1.0x0d = -7200 -3600", SOON);
        for (params, why) in [
            (json!({ "zoom": 401 }), "401 is not between 100 and 400"),
            (json!({ "pan": 39_600 }), "39600 is not between -36000 and 36000"),
        ] {
            let refused = daemon.call("camera.set_ptz", &params).expect_err("refused");
            assert!(refused.contains(why), "{params}: {refused}");
        }

        wait_for("the microphone to be open", SOON, || records(process).then_some(()));
        viewer.call(5, "camera.privacy", &json!({ "on": true })).expect("allowed");
        wait_for_open(process, &usb_node, false, SOON);
        wait_for("the microphone to be closed", SOON, || (!records(process)).then_some(()));
        viewer.wait_for_picture("the card", SOON, |picture| picture.is_card());
        assert_eq!(daemon.camera_is("private", SOON), "closed for privacy");
        assert_eq!(daemon.part_is("microphone", "private", SOON), "closed for privacy");
        for method in ["camera.snapshot", "camera.controls"] {
            let why = viewer.call(6, method, &json!({})).expect_err("nothing is to be seen");
            assert!(why.contains("closed for privacy"), "{method}: {why}");
        }
        viewer.call(7, "camera.privacy", &json!({ "on": false })).expect("allowed");
        viewer.wait_for_picture("a live picture", SOON, |picture| !picture.is_card());
        wait_for_open(process, &usb_node, true, SOON);
        wait_for("the microphone to be open", SOON, || records(process).then_some(()));

        daemon.call("camera.select", &json!({ "camera": VIVID[0].1 })).expect("it is there");
        wait_for_open(process, &vivid_node, true, SOON);
        viewer.wait_for_pictures(10, SOON);
        assert_eq!(daemon.tracks("camera"), tracks, "the same tracks all the time");
        assert_eq!((viewer.heard().unsubscribed, viewer.heard().lost), (0, 0));
    });
}
