//! Every command: what it leads to, and in which words each state and value is refused. Every method in every state is in `states`.

use serde_json::{Value, json};
use wire::Method;
use wire::audio::{Quality, Scene};
use wire::device::SourceState;

use super::super::{Effect, StreamChange};
use super::{Bench, app_server, request};

/// Asks once, on a fresh desk with the view that `change` makes of one on which everything works.
fn refusal(method: &str, params: Value, change: impl FnOnce(&mut super::View)) -> (String, String) {
    let mut bench = Bench::new();
    change(&mut bench.view);
    let (name, text, id) = bench.refused(&app_server(), &request(5, method, params));
    assert_eq!(id, 5);
    (name, text)
}

fn effect(method: &str, params: Value) -> Effect {
    Bench::new().effect(&app_server(), &request(1, method, params)).1
}

#[test]
fn facts_are_answered_from_the_view() {
    let mut bench = Bench::new();
    bench.view.status.uptime_s = 77;
    bench.view.stream.bitrate_kbps = 1800;
    bench.view.audio.volume = 40;
    let mut result = |method| bench.reply(&app_server(), &request(1, method, json!({})))["result"].clone();
    assert_eq!(result("device.info")["name"], "gate");
    let status = result("device.status");
    assert_eq!(
        (&status["uptime_s"], &status["camera"]["state"], &status["connection"]),
        (&json!(77), &json!("live"), &json!("idle"))
    );
    assert_eq!(result("camera.modes")["modes"], json!([{ "format": "YUYV", "width": 640, "height": 480, "fps": [30.0, 15.0] }]));
    assert_eq!(result("stream.get")["bitrate_kbps"], 1800);
    assert_eq!(result("stream.get")["limits"]["max_long_side"], 1920);
    assert_eq!(result("audio.get")["volume"], 40);
    assert_eq!(result("rpc.discover")["methods"].as_array().unwrap().len(), Method::ALL.len());
}

#[test]
fn lawful_commands_become_effects() {
    let set = |name: &str, value: i64, id| Effect::SetControl { id, name: name.into(), value };
    let cases = [
        ("camera.list", json!({}), Effect::ListCameras),
        ("camera.controls", json!({}), Effect::ReadControls),
        ("camera.snapshot", json!({}), Effect::TakeSnapshot { longest: None }),
        ("camera.snapshot", json!({ "longest": 320 }), Effect::TakeSnapshot { longest: Some(320) }),
        ("camera.select", json!({ "camera": "usb:046d:0825:AB" }), Effect::SelectCamera("usb:046d:0825:AB".into())),
        ("camera.privacy", json!({ "on": true }), Effect::SetPrivacy(true)),
        ("stream.dual", json!({ "on": true }), Effect::SetDualStream(true)),
        (
            "audio.set_profile",
            json!({ "quality": "stereo_high", "scene": "music" }),
            Effect::SetAudioProfile(Quality::StereoHigh, Scene::Music),
        ),
        ("audio.set_profile", json!({ "scene": "ktv" }), Effect::SetAudioProfile(Quality::Basic, Scene::Ktv)),
        ("camera.set_control", json!({ "name": "brightness", "value": -64 }), set("brightness", -64, 1)),
        ("camera.set_control", json!({ "name": "hue_auto", "value": true }), set("hue_auto", 1, 2)),
        ("camera.set_control", json!({ "name": "hue_auto", "value": 0 }), set("hue_auto", 0, 2)),
        ("camera.set_control", json!({ "name": "auto_exposure", "value": 3 }), set("auto_exposure", 3, 3)),
        ("camera.set_control", json!({ "name": "auto_exposure", "value": "manual mode" }), set("auto_exposure", 1, 3)),
        ("camera.set_control", json!({ "name": "do_white_balance" }), set("do_white_balance", 1, 4)),
        ("camera.set_control", json!({ "name": "do_white_balance", "value": null }), set("do_white_balance", 1, 4)),
        ("camera.set_control", json!({ "name": "flags", "value": 8 }), set("flags", 8, 5)),
        ("stream.set", json!({ "fps": 12.5 }), Effect::SetStream(StreamChange { fps: Some(12.5), ..Default::default() })),
        (
            "stream.set",
            json!({ "width": 1088, "height": 1920, "bitrate_kbps": 50 }),
            Effect::SetStream(StreamChange { size: Some((1088, 1920)), fps: None, bitrate_kbps: Some(50) }),
        ),
        ("stream.mute", json!({ "muted": true }), Effect::MuteVideo(true)),
        ("stream.key_frame", json!({}), Effect::RequestKeyFrame),
        ("audio.set_volume", json!({ "volume": 100 }), Effect::SetVolume(100)),
        ("audio.mute", json!({ "muted": false }), Effect::MuteAudio(false)),
    ];
    for (method, params, expected) in cases {
        assert_eq!(effect(method, params.clone()), expected, "{method} {params}");
    }
}

#[test]
fn values_outside_of_what_is_possible_are_refused_with_what_is() {
    let cases = [
        (
            "camera.set_control",
            json!({ "name": "brightness", "value": 66 }),
            "out_of_range",
            "control brightness: 66 is not between -64 and 64",
        ),
        (
            "camera.set_control",
            json!({ "name": "brightness", "value": 3 }),
            "out_of_range",
            "control brightness: 3 is not in steps of 2 from -64",
        ),
        (
            "camera.set_control",
            json!({ "name": "brightness", "value": i64::MIN }),
            "out_of_range",
            "control brightness: -9223372036854775808 is not between -64 and 64",
        ),
        (
            "camera.set_control",
            json!({ "name": "brightness", "value": true }),
            "invalid_params",
            "control brightness takes a whole number",
        ),
        ("camera.set_control", json!({ "name": "brightness" }), "invalid_params", "control brightness takes a whole number"),
        (
            "camera.set_control",
            json!({ "name": "hue_auto", "value": 2 }),
            "invalid_params",
            "control hue_auto takes true or false",
        ),
        (
            "camera.set_control",
            json!({ "name": "hue_auto", "value": "on" }),
            "invalid_params",
            "control hue_auto takes true or false",
        ),
        (
            "camera.set_control",
            json!({ "name": "auto_exposure", "value": 2 }),
            "out_of_range",
            "control auto_exposure has no such choice; it has 1 (Manual Mode), 3 (Aperture Priority)",
        ),
        (
            "camera.set_control",
            json!({ "name": "auto_exposure" }),
            "invalid_params",
            "control auto_exposure takes one of its choices",
        ),
        (
            "camera.set_control",
            json!({ "name": "do_white_balance", "value": 1 }),
            "invalid_params",
            "control do_white_balance takes no value",
        ),
        ("camera.set_control", json!({ "name": "flags", "value": 4 }), "out_of_range", "control flags: 4 has bits outside of 10"),
        (
            "camera.set_control",
            json!({ "name": "flags", "value": -1 }),
            "out_of_range",
            "control flags: -1 has bits outside of 10",
        ),
        (
            "camera.set_control",
            json!({ "name": "bightness", "value": 1 }),
            "unknown_name",
            "the camera has no control `bightness`; did you mean `brightness`?",
        ),
        ("camera.set_control", json!({ "name": "", "value": 1 }), "unknown_name", "the camera has no control ``"),
        ("camera.set_control", json!({ "name": "serial", "value": 1 }), "not_available", "control serial can be read only"),
        (
            "camera.set_control",
            json!({ "name": "focus_absolute", "value": 1 }),
            "not_available",
            "control focus_absolute is overruled by another control at this moment",
        ),
        ("stream.set", json!({}), "invalid_params", "stream.set: nothing to set; name width and height, fps or bitrate_kbps"),
        ("stream.set", json!({ "width": 640 }), "invalid_params", "stream.set: width and height go together"),
        (
            "stream.set",
            json!({ "width": 2560, "height": 1440 }),
            "out_of_range",
            "2560x1440 is larger than 1920x1088, the engine's limit in either orientation",
        ),
        (
            "stream.set",
            json!({ "width": 1920, "height": 1200 }),
            "out_of_range",
            "1920x1200 is larger than 1920x1088, the engine's limit in either orientation",
        ),
        ("stream.set", json!({ "width": 641, "height": 480 }), "out_of_range", "641x480 has an odd side; both must be even"),
        ("stream.set", json!({ "width": 640, "height": 0 }), "out_of_range", "640x0 has a side below 64 pixels"),
        ("stream.set", json!({ "fps": 0 }), "out_of_range", "0 frames a second is not between 1 and 120"),
        ("stream.set", json!({ "fps": 1e300 }), "out_of_range", "inf frames a second is not between 1 and 120"),
        ("stream.set", json!({ "bitrate_kbps": 49 }), "out_of_range", "49 kbit/s is not between 50 and 50000"),
        ("audio.set_profile", json!({}), "invalid_params", "audio.set_profile: nothing to set; name quality or scene"),
        (
            "audio.set_voice",
            json!({}),
            "invalid_params",
            "audio.set_voice: nothing to set; name echo, noise, gain or half_duplex",
        ),
        ("audio.set_speaker_volume", json!({ "volume": 101 }), "out_of_range", "volume 101 is not between 0 and 100"),
        (
            "stream.screen",
            json!({ "on": true }),
            "not_available",
            "this device captures no screen; its camera is the only picture",
        ),
        ("audio.set_volume", json!({ "volume": 101 }), "out_of_range", "volume 101 is not between 0 and 100"),
        ("audio.set_volume", json!({ "volume": u32::MAX }), "out_of_range", "volume 4294967295 is not between 0 and 100"),
    ];
    for (method, params, name, text) in cases {
        assert_eq!(refusal(method, params.clone(), |_| ()), (name.to_owned(), text.to_owned()), "{method} {params}");
    }
}

#[test]
fn what_is_not_there_refuses_with_the_reason() {
    let set = || json!({ "name": "brightness", "value": 2 });
    let camera = |state: SourceState, reason: &str| {
        let reason = reason.to_owned();
        move |view: &mut super::View| {
            view.status.camera.state = state;
            view.status.camera.reason = Some(reason);
            view.modes.modes.clear();
        }
    };
    use SourceState::{Live, Lost, NoSignal, Off, Private, Resting};
    for (id, state) in [("", Live), ("/dev/video0", Live), ("file:/etc/shadow", Live), ("auto", Off), ("auto", Private)] {
        let (name, text) = refusal("camera.select", json!({ "camera": id }), camera(state, "closed"));
        let wanted = match state {
            Live => ("invalid_params", "camera.select takes an id as camera.list tells it, auto or pattern"),
            Off => ("not_available", "the camera is switched off by the configuration: closed"),
            _ => ("not_available", "the camera is closed for privacy: closed"),
        };
        assert_eq!((name.as_str(), text.as_str()), wanted, "{id} {state:?}");
    }
    assert_eq!(refusal("camera.privacy", json!({ "on": false }), camera(Off, "")).0, "not_available");
    let cases = [
        (Lost, vec!["camera.modes", "camera.controls", "camera.set_control", "camera.snapshot"], "the camera is lost: unplugged"),
        (
            Off,
            vec!["camera.modes", "camera.controls", "camera.set_control", "camera.snapshot"],
            "the camera is switched off by the configuration: unplugged",
        ),
        (
            Resting,
            vec!["camera.modes", "camera.controls", "camera.set_control"],
            "the camera rests because nobody watches: unplugged",
        ),
        (NoSignal, vec!["camera.modes", "camera.snapshot"], "the camera has no signal: unplugged"),
        (
            Private,
            vec!["camera.modes", "camera.controls", "camera.set_control", "camera.snapshot"],
            "the camera is closed for privacy: unplugged",
        ),
        (Live, vec!["camera.modes"], "the camera offers nothing of the kind: unplugged"),
    ];
    for (state, methods, text) in cases {
        for method in methods {
            let params = if method == "camera.set_control" { set() } else { json!({}) };
            assert_eq!(
                refusal(method, params, camera(state, "unplugged")),
                ("not_available".into(), text.into()),
                "{method} while {state:?}"
            );
        }
    }
    let no_microphone = |view: &mut super::View| view.status.microphone.state = Off;
    for (method, params) in [
        ("audio.set_volume", json!({ "volume": 1 })),
        ("audio.mute", json!({ "muted": true })),
        ("audio.set_profile", json!({ "scene": "music" })),
    ] {
        let why = "the microphone is switched off by the configuration";
        assert_eq!(refusal(method, params, no_microphone), ("not_available".into(), why.into()));
    }
    let key_frame = |change: fn(&mut super::View)| refusal("stream.key_frame", json!({}), change).1;
    assert_eq!(key_frame(|view| view.stream.published = false), "no picture is published");
    assert_eq!(key_frame(|view| view.stream.muted = true), "the picture is muted");
    assert!(key_frame(|view| view.stream.watched = false).starts_with("nobody watches"));
}

#[test]
fn a_lost_microphone_keeps_its_settings_and_a_resting_camera_is_woken_for_a_picture() {
    let mut bench = Bench::new();
    bench.view.status.microphone.state = SourceState::Lost;
    bench.view.status.camera.state = SourceState::Resting;
    assert_eq!(bench.effect(&app_server(), &request(1, "audio.mute", json!({ "muted": true }))).1, Effect::MuteAudio(true));
    assert_eq!(bench.effect(&app_server(), &request(2, "camera.snapshot", json!({}))).1, Effect::TakeSnapshot { longest: None });
    bench.view.status.camera.state = SourceState::BuiltIn;
    bench.view.controls.clear();
    let reply = bench.reply(&app_server(), &request(3, "camera.controls", json!({})));
    assert_eq!(reply["result"], json!({ "controls": [] }), "a built-in picture may have no controls, which is no error");
}

#[test]
fn a_device_that_stops_still_tells_but_begins_nothing() {
    let mut bench = Bench::new();
    bench.view.stopping = true;
    assert_eq!(bench.reply(&app_server(), &request(1, "device.info", json!({})))["result"]["name"], "gate");
    let (name, text, _) = bench.refused(&app_server(), &request(2, "stream.mute", json!({ "muted": true })));
    assert_eq!((name.as_str(), text.as_str()), ("not_available", "the device is about to stop"));
}
