//! Commands to the running daemon, over the room and over its own socket, seen in the picture; and a camera that rests.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::{SOON, TONE, VIVID, watched};
use crate::bench::{Guest, in_guest};
use crate::rig::daemon::{DEVICE, wait_for_open};
use crate::rig::{Audience, Daemon, Setup, Vivid, now, run, wait_for};

#[test]
fn are_seen_in_the_picture() {
    in_guest(&Guest { seconds: 180, ..Guest::default() }, || {
        let settings = [&VIVID[..], &[TONE]].concat();
        let (daemon, viewer) = watched(&settings);
        viewer.wait_for_pictures(15, SOON);
        let usual = viewer.heard().picture.expect("pictures came").brightness();

        // Over the room.
        let set = viewer.call(1, "camera.set_control", &json!({ "name": "brightness", "value": 250 })).expect("allowed");
        assert_eq!(set["value"], 250, "{set}");
        viewer.wait_for_picture("a brighter picture", SOON, |picture| picture.brightness() > usual + 40.0);
        // Over the socket.
        daemon.call("camera.set_control", &json!({ "name": "brightness", "value": 0 })).expect("allowed");
        viewer.wait_for_picture("a darker picture", SOON, |picture| picture.brightness() < usual - 40.0);
        daemon.call("camera.set_control", &json!({ "name": "brightness", "value": 128 })).expect("allowed");
        let refused = viewer.call(2, "camera.set_control", &json!({ "name": "brightness", "value": 999 }));
        assert!(refused.as_ref().is_err_and(|why| why.contains("brightness")), "{refused:?}");

        for (id, width, height) in [(3, 320, 180), (4, 640, 480), (5, 640, 360)] {
            let start = now();
            let set = viewer.call(id, "stream.set", &json!({ "width": width, "height": height })).expect("vivid has the mode");
            assert_eq!((&set["width"], &set["height"]), (&json!(width), &json!(height)), "{set}");
            let modes = daemon.call("camera.modes", &json!({})).expect("it answers");
            assert_eq!((&modes["current"]["width"], &modes["current"]["height"]), (&json!(width), &json!(height)), "{modes}");
            viewer.wait_for_picture(&format!("{width}x{height}"), SOON, |picture| picture.is_shaped(width, height));
            println!("{width}x{height} seen after {:?}", start.elapsed());
        }
        viewer.call(6, "stream.set", &json!({ "fps": 10 })).expect("vivid has the rate");
        viewer.wait_for_pictures(10, SOON);
        viewer.begin_anew();
        crate::rig::let_pass(Duration::from_secs(2));
        let pictures = viewer.heard().pictures;
        assert!((1..=30).contains(&pictures), "{pictures} pictures in 2 s at 10 a second");
        viewer.call(7, "stream.set", &json!({ "fps": 30 })).expect("vivid has the rate");

        viewer.call(8, "stream.mute", &json!({ "muted": true })).expect("allowed");
        wait_for("a second without pictures", SOON, || {
            viewer.begin_anew();
            crate::rig::let_pass(Duration::from_secs(1));
            (viewer.heard().pictures == 0).then_some(())
        });
        viewer.call(9, "stream.mute", &json!({ "muted": false })).expect("allowed");
        viewer.wait_for_pictures(10, SOON);

        let snapshot = daemon.snapshot(Path::new("/run/picture.jpg"));
        let size = run("ffprobe", ["-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", snapshot]);
        assert_eq!(size.trim(), "640,360");
        run("ffmpeg", ["-nostdin", "-xerror", "-v", "error", "-i", snapshot, "-f", "null", "-"]);

        let stranger = Audience::join(&daemon.url(), "camera", "stranger", DEVICE);
        let refused = stranger.call(1, "camera.set_control", &json!({ "name": "brightness", "value": 1 }));
        assert!(refused.is_err(), "whoever is not allowed is refused: {refused:?}");
        assert_eq!((viewer.heard().unsubscribed, viewer.heard().lost), (0, 0));
    });
}

#[test]
fn a_camera_that_nobody_watches_is_closed() {
    in_guest(&Guest { seconds: 180, ..Guest::default() }, || {
        let settings = [&VIVID[..], &[TONE, ("camera.idle", "close")]].concat();
        let daemon = Daemon::start(&Setup { settings: &settings, ..Setup::default() });
        let (node, process) = (Vivid::SINGLE.node(), daemon.process.id());
        for round in 0..3 {
            wait_for_open(process, &node, false, SOON);
            assert!(!daemon.camera_is("resting", SOON).is_empty(), "it says why");
            let start = now();
            let viewer = Audience::join(&daemon.url(), "camera", &format!("viewer-{round}"), DEVICE);
            let joined = start.elapsed();
            viewer.wait_for_pictures(1, SOON);
            let first = start.elapsed();
            viewer.wait_for_picture("a live picture", SOON, |picture| !picture.is_card());
            println!("round {round}: joined after {joined:?}, first picture {first:?}, live {:?}", start.elapsed());
            wait_for_open(process, &node, true, Duration::from_secs(1));
            let start = now();
            drop(viewer);
            wait_for_open(process, &node, false, SOON);
            println!("round {round}: closed {:?} after the last viewer left", start.elapsed());
        }
        // Somebody else may have it meanwhile.
        wait_for("vivid for somebody else", SOON, || {
            let node = node.display().to_string();
            std::process::Command::new("v4l2-ctl")
                .args(["-d", &node, "--stream-mmap", "--stream-count=3"])
                .status()
                .is_ok_and(|s| s.success())
                .then_some(())
        });
    });
}
