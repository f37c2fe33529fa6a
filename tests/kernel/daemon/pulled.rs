//! Cameras and sound cards that are pulled and plugged, as a viewer meets it: one track all the time, a picture all the time.

use std::time::Duration;

use serde_json::json;

use super::{SOON, VIVID, watched};
use crate::bench::{Guest, in_guest};
use crate::rig::sound::{MICROPHONE, long_speech, play, plug, unplug};
use crate::rig::{Audience, Daemon, UsbCamera, Vivid, clip, now};

const ROUNDS: usize = 20;

/// Pulls and plugs, and looks at what the viewer sees.
fn twenty_rounds(daemon: &Daemon, viewer: &Audience, mut pull: impl FnMut(), mut plug: impl FnMut()) {
    let tracks = daemon.tracks("camera");
    assert_eq!(tracks.len(), 2, "picture and sound: {tracks:?}");
    viewer.begin_anew();
    let (mut dark, mut live) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let start = now();
        pull();
        viewer.wait_for_picture("\"no signal\"", SOON, |picture| picture.is_card());
        dark.push(start.elapsed());
        let start = now();
        plug();
        viewer.wait_for_picture("a live picture", SOON, |picture| !picture.is_card());
        live.push(start.elapsed());
        println!("round {round}: card after {:?}, live again after {:?}", dark[round], live[round]);
        assert_eq!(daemon.tracks("camera"), tracks, "round {round}: the same tracks");
    }
    dark.sort_unstable();
    live.sort_unstable();
    println!("median: card after {:?}, live again after {:?}; worst {:?}, {:?}", dark[10], live[10], dark[19], live[19]);
    let heard = viewer.heard();
    println!("longest time without a picture: {:?}, {} freezes", heard.longest_gap, heard.freezes);
    assert!(heard.longest_gap < Duration::from_secs(8), "no picture for {:?}", heard.longest_gap);
    assert_eq!((heard.unsubscribed, heard.lost), (0, 0), "subscription and connection last");
}

#[test]
fn a_driver_taken_away_twenty_times_with_its_sound_card() {
    in_guest(&Guest { seconds: 240, ..Guest::default() }, || {
        let settings = [&VIVID[..], &[("microphone.source", MICROPHONE)]].concat();
        let (daemon, viewer) = watched(&settings);
        let speech = long_speech();
        let player = std::cell::RefCell::new(Some(play(&speech)));
        let pull = || {
            viewer.wait_for_sound(false, SOON);
            drop(player.borrow_mut().take());
            unplug();
            Vivid::unplug();
            viewer.wait_for_sound(true, SOON);
        };
        let plug = || {
            Vivid::plug();
            plug();
            // The loopback's sides have to agree on a format: the recorder comes first.
            daemon.part_is("microphone", "live", SOON);
            *player.borrow_mut() = Some(play(&speech));
        };
        twenty_rounds(&daemon, &viewer, pull, plug);
    });
}

#[test]
fn a_usb_camera_pulled_twenty_times() {
    in_guest(&Guest { seconds: 240, ..Guest::default() }, || {
        let modes = [format!("mjpeg:640x480@30={}", clip("480.mjpeg").display())];
        let plug = || Some(UsbCamera::plug("Street Camera", "SN7", &modes));
        let camera = std::cell::RefCell::new(plug());
        let settings = [("camera.source", "usb:1d6b:0104:SN7"), ("camera.width", "640"), ("camera.height", "480")];
        let (daemon, viewer) = watched(&settings);
        twenty_rounds(&daemon, &viewer, || drop(camera.borrow_mut().take()), || *camera.borrow_mut() = plug());
        let status = daemon.call("device.status", &json!({})).expect("it answers");
        assert_eq!(status["camera"]["state"], "live", "{status}");
    });
}
