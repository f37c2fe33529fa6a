//! Privacy masks: what is under them is black in what is encoded, in what a viewer decodes, and in stills; what is not is as it was.

use serde_json::json;

use crate::clip::Clip;
use crate::daemon::Daemon;
use crate::picture::{bytes, decoded};
use crate::viewer::Viewer;

/// The middle third of the upper half, and a triangle at the lower right.
const MASKS: &str = "masks = [[[0.33, 0.0], [0.66, 0.5]], [[1.0, 0.6], [1.0, 1.0], [0.7, 1.0]]]\n";

/// Columns and rows under the masks: well inside, and just inside their edges.
const UNDER: [(usize, usize); 6] = [(110, 4), (160, 60), (206, 116), (310, 225), (316, 160), (240, 236)];
/// And under none of them.
const BESIDE: [(usize, usize); 5] = [(90, 4), (230, 60), (160, 140), (20, 220), (230, 190)];

fn look(picture: &[u8], what: &str) {
    let at = |x: usize, y: usize| picture[y * 320 + x];
    for (x, y) in UNDER {
        assert!(at(x, y) < 24, "{what}: {} at {x}, {y}: under a mask", at(x, y));
    }
    for (x, y) in BESIDE {
        assert!(at(x, y) > 40, "{what}: {} at {x}, {y}: under no mask", at(x, y));
    }
}

#[test]
fn what_nobody_is_to_see_is_black_in_recordings_and_stills() {
    let scene = |clip: &mut Clip| clip.pictures(30, |_, _, _| Some(180));
    let daemon = Daemon::playing_masked(&Clip::of(scene), MASKS, "[record]\nwhen = [\"always\"]\n");
    daemon.written(20_000);
    let still = daemon.call("camera.snapshot", json!({}));
    look(&decoded(&bytes(&still), "still.jpeg"), "a still");
    let status = daemon.call("record.stop", json!({}));
    assert_eq!(status["recording"], json!(false));
    let id = daemon.call("record.list", json!({}))["recordings"][0]["id"].clone();
    let part = daemon.call("record.fetch", json!({ "id": id }));
    look(&decoded(&bytes(&part), "recorded.mp4"), "a recording");
    let small = daemon.call("record.fetch", json!({ "id": id, "thumbnail": true }));
    look(&decoded(&bytes(&small), "small.jpeg"), "a recording's picture");
}

#[test]
fn what_nobody_is_to_see_is_black_for_who_watches() {
    let scene = |clip: &mut Clip| clip.pictures(30, |_, _, _| Some(180));
    let daemon = Daemon::playing_masked(&Clip::of(scene), MASKS, "");
    let viewer = Viewer::join(&daemon);
    // What the network carries may be smaller than what the camera takes; the level is a network's: 16 is black.
    for _ in 0..5 {
        let (width, height, luma) = viewer.next_picture();
        let at = |x: usize, y: usize| luma[y * height / 240 * width + x * width / 320];
        for (x, y) in UNDER {
            assert!(at(x, y) < 40, "{} at {x}, {y}: under a mask", at(x, y));
        }
        for (x, y) in BESIDE {
            assert!(at(x, y) > 140, "{} at {x}, {y}: under no mask", at(x, y));
        }
    }
}
