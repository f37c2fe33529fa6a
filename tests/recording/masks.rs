//! Privacy masks: what is under them is black in what is encoded and in stills, and what is not is as it was.

use std::process::Command;

use base64::Engine as _;
use serde_json::json;

use crate::clip::Clip;
use crate::daemon::Daemon;

/// The middle third of the upper half, and a triangle at the lower right.
const MASKS: &str = "masks = [[[0.33, 0.0], [0.66, 0.5]], [[1.0, 0.6], [1.0, 1.0], [0.7, 1.0]]]\n";

/// The first picture that ffmpeg decodes of these bytes, as brightness of 320 by 240.
fn decoded(bytes: &[u8], name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join(name);
    std::fs::write(&file, bytes).expect("written");
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&file)
        .args(["-frames:v", "1", "-vf", "scale=in_range=auto:out_range=full", "-pix_fmt", "gray", "-f", "rawvideo", "-"])
        .output()
        .expect("ffmpeg is installed: setup/packages.sh test");
    assert!(done.status.success() && done.stdout.len() == 320 * 240, "{}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

fn look(picture: &[u8], what: &str) {
    let at = |x: usize, y: usize| picture[y * 320 + x];
    // Well inside, and just inside their edges.
    for (x, y) in [(110, 4), (160, 60), (206, 116), (310, 225), (316, 160), (240, 236)] {
        assert!(at(x, y) < 24, "{what}: {} at {x}, {y}: under a mask", at(x, y));
    }
    for (x, y) in [(90, 4), (230, 60), (160, 140), (20, 220), (230, 190)] {
        assert!(at(x, y) > 40, "{what}: {} at {x}, {y}: under no mask", at(x, y));
    }
}

#[test]
fn what_nobody_is_to_see_is_black_in_recordings_and_stills() {
    let scene = |clip: &mut Clip| clip.pictures(30, |_, _, _| Some(180));
    let daemon = Daemon::playing_masked(&Clip::of(scene), MASKS, "[record]\nwhen = [\"always\"]\n");
    daemon.written(20_000);
    let base64 = base64::engine::general_purpose::STANDARD;
    let still = daemon.call("camera.snapshot", json!({}));
    look(&decoded(&base64.decode(still["base64"].as_str().expect("bytes")).expect("base64"), "still.jpeg"), "a still");
    let status = daemon.call("record.stop", json!({}));
    assert_eq!(status["recording"], json!(false));
    let id = daemon.call("record.list", json!({}))["recordings"][0]["id"].clone();
    let part = daemon.call("record.fetch", json!({ "id": id }));
    look(&decoded(&base64.decode(part["base64"].as_str().expect("bytes")).expect("base64"), "recorded.mp4"), "a recording");
}
