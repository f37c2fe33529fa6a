//! Recordings by command: begun, listed, fetched and deleted, and still there after the plug was pulled. What is fetched is looked at by
//! ffprobe.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::daemon::Daemon;
use crate::picture::{bytes, decoded};

/// What ffprobe says of a file: codecs, and seconds until the last packet ends.
fn probe(file: &Path) -> (Vec<String>, f64) {
    let said = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json", "-show_entries", "stream=codec_name:packet=pts_time"])
        .arg(file)
        .output()
        .expect("ffprobe is installed: setup/packages.sh test");
    assert!(said.status.success() && said.stderr.is_empty(), "{}", String::from_utf8_lossy(&said.stderr));
    let said: Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let codecs = said["streams"].as_array().expect("streams").iter().map(|one| one["codec_name"].as_str().unwrap().to_owned());
    let times = said["packets"].as_array().expect("packets").iter().filter_map(|one| one["pts_time"].as_str()?.parse().ok());
    (codecs.collect(), times.fold(0.0, f64::max))
}

#[test]
fn a_recording_is_begun_listed_fetched_and_deleted_by_command_though_nobody_watches() {
    let daemon = Daemon::start("[record]\nwhen = [\"command\"]\npre_roll_s = 2\n");
    assert_eq!(daemon.call("record.list", json!({}))["status"], json!({ "recording": false }));
    let status = daemon.call("record.start", json!({}));
    assert_eq!((&status["recording"], &status["reason"]), (&json!(true), &json!("command")));
    daemon.written(20_000);
    let list = daemon.call("record.list", json!({}));
    let id = list["recordings"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(list["status"]["writing"], *id);
    // What is whole of it so far plays, and stays as it is.
    let begun = daemon.call("record.fetch", json!({ "id": id }));
    let begun = bytes(&begun);
    let file = daemon.path().join("begun.mp4");
    std::fs::write(&file, &begun).expect("written");
    let (codecs, so_far) = probe(&file);
    assert_eq!(codecs, ["h264", "opus"]);
    assert!(daemon.refused("record.delete", json!({ "id": id })).contains("is still being written"));
    assert_eq!(daemon.call("record.stop", json!({})), json!({ "recording": false }));

    let list = daemon.call("record.list", json!({}));
    let [one] = &list["recordings"].as_array().expect("recordings")[..] else { panic!("{list}") };
    assert_eq!((one["id"].as_str(), &one["reason"], &list["more"]), (Some(&*id), &json!("command"), &json!(false)));
    let total = one["bytes"].as_u64().expect("bytes");
    let mut whole = Vec::new();
    while (whole.len() as u64) < total {
        let part = daemon.call("record.fetch", json!({ "id": id, "offset": whole.len(), "length": 30_000 }));
        assert_eq!((&part["total"], &part["mime"]), (&json!(total), &json!("video/mp4")));
        whole.extend(bytes(&part));
    }
    let fetched = daemon.path().join("fetched.mp4");
    std::fs::write(&fetched, &whole).expect("written");
    let (codecs, seconds) = probe(&fetched);
    assert_eq!(codecs, ["h264", "opus"]);
    let said = one["duration_ms"].as_f64().expect("a duration") / 1000.0;
    assert!((seconds - said).abs() < 0.3, "{seconds} s, not {said}");
    assert!(whole.starts_with(&begun) && so_far <= seconds, "{so_far} of {seconds} s");

    let small = daemon.call("record.fetch", json!({ "id": id, "thumbnail": true }));
    assert_eq!((&small["mime"], &small["total"]), (&json!("image/jpeg"), &one["thumbnail_bytes"]));
    assert_eq!(list["bytes"], json!(total + one["thumbnail_bytes"].as_u64().expect("a picture")));
    let shown = decoded(&bytes(&small), "small.jpeg");
    assert!(shown.iter().max() > Some(&200) && shown.iter().min() < Some(&60), "the test picture is bright and dark");
    let bounds = daemon.refused("record.fetch", json!({ "id": id, "thumbnail": true, "offset": total }));
    assert!(bounds.contains("there is none from"), "{bounds}");

    for trick in ["../config.toml", "..", "/etc/passwd", "20261121T190143.123Z-command/../../x", ""] {
        for thumbnail in [false, true] {
            let why = daemon.refused("record.fetch", json!({ "id": trick, "thumbnail": thumbnail }));
            assert!(why.contains("record.list tells which there are"), "{why}");
        }
    }
    assert!(daemon.refused("record.fetch", json!({ "id": id, "offset": total + 1 })).contains("there is none from"));
    daemon.call("record.delete", json!({ "id": id }));
    assert!(daemon.refused("record.delete", json!({ "id": id })).contains("there is no recording"));
    assert_eq!(daemon.call("record.list", json!({}))["recordings"], json!([]));
    assert_eq!(std::fs::read_dir(daemon.folder()).expect("the folder").count(), 0, "its picture is gone with it");
}

#[test]
fn what_is_recorded_all_the_time_outlasts_a_kill_and_a_medium_that_refuses_is_told() {
    let always = "[record]\nwhen = [\"always\"]\n";
    let daemon = Daemon::start(always);
    daemon.written(20_000);
    let daemon = daemon.killed();
    daemon.written(20_000);
    let list = daemon.call("record.list", json!({ "limit": 1 }));
    assert_eq!((&list["more"], &list["status"]["reason"]), (&json!(true), &json!("always")));
    let newest = list["recordings"][0]["id"].as_str().expect("an id");
    let older = daemon.call("record.list", json!({ "before": newest }));
    let first = older["recordings"][0].clone();
    assert!(first["duration_ms"].as_u64() > Some(0), "what was cut off has ended: {older}");
    let file = std::fs::read_dir(daemon.folder()).expect("the folder").map(|item| item.expect("an item").path());
    let name = format!("{}-{}ms.mp4", first["id"].as_str().expect("an id"), first["duration_ms"]);
    let file = file.into_iter().find(|path| path.ends_with(&name)).expect("its file");
    assert_eq!(probe(&file).0, ["h264", "opus"]);

    // The card goes.
    std::fs::remove_dir_all(daemon.folder()).expect("removed");
    let fault = daemon.wait_for("a fault", || daemon.call("record.start", json!({}))["fault"].as_str().map(str::to_owned));
    assert!(fault.contains("recording stands still") && fault.contains("recordings"), "{fault}");
}

#[test]
fn where_nothing_is_recorded_it_is_said() {
    let daemon = Daemon::start("[record]\nwhen = []\n");
    for method in ["record.start", "record.stop", "record.list"] {
        assert_eq!(daemon.refused(method, json!({})), "`[record] when` is empty: nothing is recorded on this device");
    }
    assert!(!daemon.folder().exists());
}
