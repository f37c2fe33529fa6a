//! What a camera and a microphone take is what somebody in the room sees and hears: real footage and recorded speech.

use artc_bindings::VideoTranscodingCodec;
use media::h264::nals;

use super::{SOON, TONE, watched};
use crate::bench::{Guest, in_guest};
use crate::rig::daemon::DEVICE;
use crate::rig::picture::Footage;
use crate::rig::sound::{MICROPHONE, correlation, long_speech, play, samples, speech};
use crate::rig::{Audience, Daemon, Setup, UsbCamera, clip, wait_for};

/// A picture that went through a decoder, an encoder and a decoder is like its source.
const LIKE: f64 = 30.0;
/// One that was only decoded is the source.
const SAME: f64 = 40.0;

/// The viewer sees picture after picture of the footage.
fn sees(viewer: &Audience, footage: &Footage, least: f64) {
    let mut found = Vec::new();
    // The first seconds may still be poor: the encoder begins carefully.
    wait_for("pictures like the footage's", SOON * 2, || {
        viewer.wait_for_pictures(4, SOON);
        let picture = viewer.heard().picture.expect("one came");
        let (number, ratio) = footage.find(&picture);
        println!("like picture {number}: {ratio:.1} dB");
        if ratio >= least && found.last() != Some(&number) {
            found.push(number);
        }
        (found.len() >= 8).then_some(())
    });
}

fn usb(mode: &str) -> (UsbCamera, [(&'static str, &'static str); 1]) {
    let camera = UsbCamera::plug("Street Camera", "SN7", &[mode.to_owned()]);
    camera.node();
    (camera, [("camera.source", "usb:1d6b:0104:SN7")])
}

#[test]
fn footage_as_jpeg_and_speech_are_seen_and_heard() {
    in_guest(&Guest { seconds: 180, ..Guest::default() }, || {
        let (_camera, source) = usb(&format!("mjpeg:640x480@30={}", clip("480.mjpeg").display()));
        let settings =
            [&source[..], &[("camera.width", "640"), ("camera.height", "480"), ("microphone.source", MICROPHONE)]].concat();
        let (_daemon, viewer) = watched(&settings);
        let _player = play(&long_speech());
        sees(&viewer, &Footage::decode(&clip("480.mjpeg"), (640, 480), &["-f", "mjpeg"]), LIKE);
        viewer.wait_for_sound(false, SOON);
        let before = viewer.heard().blocks;
        wait_for("three seconds of sound", SOON, || (viewer.heard().blocks >= before + 300).then_some(()));
        let likeness = correlation(&viewer.heard().sound, &samples(&speech()));
        println!("speech: {likeness:.3}");
        assert!(likeness > 0.8, "what is heard is not what was said: {likeness:.3}");
    });
}

#[test]
fn raw_footage_is_seen() {
    in_guest(&Guest { seconds: 180, ..Guest::default() }, || {
        for (format, pixels) in [("yuyv", "yuyv422"), ("nv12", "nv12")] {
            let file = clip(&format!("480.{format}"));
            let (camera, source) = usb(&format!("{format}:640x480@30={}", file.display()));
            let settings = [&source[..], &[("camera.width", "640"), ("camera.height", "480"), TONE]].concat();
            let (daemon, viewer) = watched(&settings);
            let raw = ["-f", "rawvideo", "-video_size", "640x480", "-pixel_format", pixels];
            sees(&viewer, &Footage::decode(&file, (640, 480), &raw), LIKE);
            drop((viewer, daemon));
            camera.pull();
        }
    });
}

#[test]
fn h264_of_a_camera_passes_through_to_the_viewer() {
    in_guest(&Guest { seconds: 180, memory: "2G", ..Guest::default() }, || {
        let file = clip("720.h264");
        let (mut camera, source) = usb(&format!("h264:1280x720@25={}", file.display()));
        let settings = [&source[..], &[("camera.format", "h264"), TONE]].concat();
        let daemon = Daemon::start(&Setup { settings: &settings, ..Setup::default() });
        let bytes = Audience::join_for(&daemon.url(), "camera", "another-viewer", DEVICE, VideoTranscodingCodec::H264);
        wait_for("the camera's own pictures", SOON, || {
            let stream = daemon.call("stream.get", &serde_json::json!({})).expect("it answers");
            (stream["encoder"] == "camera" && stream["sent"]["fps"].as_f64().is_some_and(|fps| fps > 0.0)).then_some(())
        });
        wait_for("three seconds of it", SOON, || (bytes.units() >= 75).then_some(()));
        bytes.begin_anew();
        wait_for("five seconds of the camera's stream", SOON, || (bytes.units() >= 125).then_some(()));
        same_units(&bytes.heard().units, &std::fs::read(&file).expect("the clip is there"));
        drop(bytes);
        let viewer = Audience::join(&daemon.url(), "camera", "local-viewer", DEVICE);
        let stream = daemon.call("stream.get", &serde_json::json!({})).expect("it answers");
        assert_eq!(stream["encoder"], "camera", "{stream}");

        let footage = Footage::decode(&file, (1280, 720), &["-f", "h264"]);
        sees(&viewer, &footage, SAME);
        for fault in ["corrupt 5", "drop 5", "short 5", "error 5", "empty 5"] {
            camera.fault(fault);
            viewer.wait_for_pictures(5, SOON);
            sees(&viewer, &footage, SAME);
            println!("{fault}: healed");
        }
        assert_eq!((viewer.heard().unsubscribed, viewer.heard().lost), (0, 0));
    });
}

/// The units hold the NAL units of the camera's stream, byte for byte, one behind the other. Where some are missing, it goes on with a
/// key frame.
fn same_units(units: &[Vec<u8>], sent: &[u8]) {
    let sent: Vec<&[u8]> = nals(sent).collect();
    let came: Vec<&[u8]> = units.iter().flat_map(|unit| nals(unit)).collect();
    let kind = |nal: &[u8]| nal[0] & 31;
    let mut at: Option<usize> = None;
    let (mut gaps, mut bytes) = (0, 0);
    for (number, nal) in came.iter().enumerate() {
        // The camera sends its clip round and round; parameter sets are the same each time.
        let from = at.unwrap_or(0);
        let step = (0..sent.len()).find(|step| sent[(from + step) % sent.len()] == *nal);
        let step =
            step.unwrap_or_else(|| panic!("NAL unit {number} ({} bytes, type {}) is not the camera's", nal.len(), kind(nal)));
        if at.is_some() && step > 0 {
            gaps += 1;
            let next = came[number..].iter().map(|nal| kind(nal)).find(|kind| matches!(kind, 1 | 5));
            let told = (0..step).all(|step| !matches!(kind(sent[(from + step) % sent.len()]), 1 | 5));
            assert!(
                told || next != Some(1),
                "{step} NAL units before number {number} are missing, and it does not go on with a key frame"
            );
        }
        at = Some((from + step + 1) % sent.len());
        bytes += nal.len();
    }
    println!("{} NAL units, {bytes} bytes, are the camera's, byte for byte; {gaps} gaps", came.len());
}
