//! What the running daemon notices by itself, as its owner meets it: told to who subscribed, shown by `device.status`, and recorded with the
//! seconds before and after.

use serde_json::{Value, json};

use crate::clip::Clip;
use crate::daemon::Daemon;
use crate::picture::{bytes, decoded};

/// A scene that is still for some seconds, and then something goes by.
fn passer_by(clip: &mut Clip) {
    clip.pictures(60, |_, _, _| None);
    clip.pictures(45, |picture, x, y| {
        let left = picture * 5;
        ((left..left + 40).contains(&x) && (60..130).contains(&y)).then_some(250)
    });
    clip.pictures(45, |_, _, _| None);
}

#[test]
fn motion_is_told_shown_and_recorded_with_what_was_before_it() {
    let daemon = Daemon::playing(
        &Clip::of(passer_by),
        "[detect]\nmotion = true\nquiet_s = 1\n[record]\nwhen = [\"motion\"]\npre_roll_s = 2\npost_roll_s = 1\n",
    );
    let mut told = daemon.subscribe(&["motion.changed", "tamper.changed"]);
    let begun = told.until("motion.changed", |event| event["motion"] == json!(true));
    let status = daemon.call("device.status", json!({}));
    assert!(status["detection"]["motion"].is_boolean() && status["detection"]["sound"] == json!(false), "{status}");
    let ended = told.until("motion.changed", |event| event["motion"] == json!(false));
    let lasted = ended["time_ms"].as_u64().unwrap() - begun["time_ms"].as_u64().unwrap();
    assert!(lasted >= 1000, "{lasted} ms");

    let one = daemon.wait_for("a recording that has ended", || {
        let list = daemon.call("record.list", json!({}));
        let all = list["recordings"].as_array().expect("recordings").clone();
        all.into_iter().find(|one| one["duration_ms"].is_u64())
    });
    assert_eq!(one["reason"], "motion");
    assert!(one["began_ms"].as_u64() < begun["time_ms"].as_u64(), "it begins before what set it off: {one}, {begun}");
    assert!(one["duration_ms"].as_u64() > Some(lasted), "{one}");
    let small = daemon.call("record.fetch", json!({ "id": one["id"], "thumbnail": true }));
    let shown = decoded(&bytes(&small), "small.jpeg");
    assert!(shown.iter().filter(|pixel| **pixel > 230).count() > 1000, "its picture has the passer-by in it");
    assert!(daemon.metric("artc_detected_total{what=\"motion\"}") >= 1.0);
}

#[test]
fn what_moves_where_it_does_not_count_is_not_told() {
    let daemon = Daemon::playing(
        &Clip::of(passer_by),
        "[detect]\nmotion = true\nzones = [[[0.0, 0.0], [1.0, 0.2]]]\nquiet_s = 1\n[record]\nwhen = [\"motion\"]\n",
    );
    // Whoever passed by has been seen by then.
    daemon.wait_for("pictures", || (daemon.metric("artc_detection_pictures_total") > 150.0).then_some(()));
    assert_eq!(daemon.metric("artc_detected_total{what=\"motion\"}"), 0.0);
    assert_eq!(daemon.call("record.list", json!({}))["recordings"], json!([]));
}

#[test]
fn a_cover_is_told_and_its_end() {
    // Covered for four seconds of fourteen.
    let covered = |clip: &mut Clip| {
        passer_by(clip);
        clip.pictures(60, |picture, x, _| Some((90 + (picture + x) % 2) as u8));
    };
    let daemon = Daemon::playing(&Clip::of(covered), "[detect]\ntamper = true\n");
    let mut told = daemon.subscribe(&["motion.changed", "tamper.changed"]);
    for wanted in [json!("covered"), Value::Null] {
        let event = told.next();
        assert_eq!((&event["method"], &event["params"]["tampering"]), (&json!("tamper.changed"), &wanted), "{event}");
    }
}

#[test]
fn with_privacy_on_nothing_is_noticed() {
    let daemon = Daemon::playing(&Clip::of(passer_by), "[detect]\nmotion = true\nquiet_s = 300\n");
    let mut told = daemon.subscribe(&["motion.changed"]);
    told.until("motion.changed", |event| event["motion"] == json!(true));
    daemon.call("camera.privacy", json!({ "on": true }));
    // It would be motion for five minutes more.
    told.until("motion.changed", |event| event["motion"] == json!(false));
    assert_eq!(daemon.call("device.status", json!({}))["detection"], json!({ "motion": false, "sound": false }));
    daemon.call("camera.privacy", json!({ "on": false }));
    told.until("motion.changed", |event| event["motion"] == json!(true));
}

#[test]
fn sound_that_stands_out_is_told_and_recorded() {
    let daemon =
        Daemon::start("[detect]\nsound = true\nquiet_s = 1\n[record]\nwhen = [\"sound\"]\npre_roll_s = 1\npost_roll_s = 1\n");
    let loud = || daemon.call("device.status", json!({}))["detection"]["sound"] == json!(true);
    let mut told = daemon.subscribe(&["sound.changed"]);
    // What is usual is learnt: silence for longer and longer, until the tone stands out from it.
    let mut pause = 10;
    daemon.wait_for("loudness", || {
        daemon.call("audio.set_volume", json!({ "volume": 0 }));
        pause += 10;
        let mut looks = 0..pause;
        daemon.wait_for("silence", || (looks.next().is_none()).then_some(()));
        daemon.call("audio.set_volume", json!({ "volume": 100 }));
        let mut looks = 0..20;
        daemon.wait_for("a look", || if loud() { Some(true) } else { looks.next().is_none().then_some(false) }).then_some(())
    });
    told.until("sound.changed", |event| event["sound"] == json!(true));
    daemon.call("audio.set_volume", json!({ "volume": 0 }));
    told.until("sound.changed", |event| event["sound"] == json!(false));
    let one = daemon.wait_for("a recording that has ended", || {
        let list = daemon.call("record.list", json!({}));
        let all = list["recordings"].as_array().expect("recordings").clone();
        all.into_iter().find(|one| one["duration_ms"].is_u64())
    });
    assert_eq!(one["reason"], "sound");
}
