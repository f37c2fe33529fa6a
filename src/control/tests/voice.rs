//! `audio.set_voice`: what is switched, what stays, and what cannot be had.

use serde_json::{Value, json};
use wire::{Method, Role};

use super::super::Effect;
use super::{Bench, local, request};

fn voice(echo: bool, noise: bool, gain: bool, half_duplex: bool) -> Effect {
    Effect::SetVoice { echo, noise, gain, half_duplex }
}

/// A device that takes noise out, and nothing else.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.view.audio.voice.noise = true;
    bench
}

fn why(bench: &mut Bench, params: &Value) -> (String, String) {
    let (name, why, _) = bench.refused(&local(1), &request(1, "audio.set_voice", params.clone()));
    (name, why)
}

#[test]
fn what_is_named_is_switched_and_the_rest_stays() {
    let cases = [
        (json!({ "echo": true }), voice(true, true, false, false)),
        (json!({ "noise": false }), voice(false, false, false, false)),
        (json!({ "gain": true }), voice(false, true, true, false)),
        (json!({ "half_duplex": true }), voice(false, true, false, true)),
        (json!({ "echo": true, "noise": false, "gain": true, "half_duplex": true }), voice(true, false, true, true)),
    ];
    for (params, effect) in cases {
        assert_eq!(bench().effect(&local(1), &request(1, "audio.set_voice", params.clone())).1, effect, "{params}");
    }
    assert_eq!(Method::AudioSetVoice.role(), Role::Operate);
}

#[test]
fn what_is_no_switch_is_refused() {
    let cases = [
        (json!({}), "audio.set_voice: nothing to set; name echo, noise, gain or half_duplex"),
        (json!({ "echo": null }), "audio.set_voice: nothing to set; name echo, noise, gain or half_duplex"),
        (json!({ "noise": 1 }), "audio.set_voice: invalid type: integer `1`, expected a boolean"),
        (json!({ "gain": "on" }), "audio.set_voice: invalid type: string \"on\", expected a boolean"),
        (json!({ "volume": true }), "audio.set_voice: no parameter `volume`"),
    ];
    for (params, text) in cases {
        assert_eq!(why(&mut bench(), &params), ("invalid_params".into(), text.into()), "{params}");
    }
}

#[test]
fn without_a_speaker_there_is_no_echo_and_nobody_to_give_way_to() {
    let silent = || {
        let mut bench = bench();
        bench.view.audio.speaker = None;
        bench
    };
    let none = "this device plays no sound: `[speaker] device` is \"none\"";
    for params in [json!({ "echo": true }), json!({ "half_duplex": true, "noise": false })] {
        assert_eq!(why(&mut silent(), &params), ("not_available".into(), none.into()), "{params}");
    }
    for params in [json!({ "noise": true }), json!({ "gain": true }), json!({ "echo": false, "half_duplex": false })] {
        silent().effect(&local(1), &request(1, "audio.set_voice", params));
    }
}

#[test]
fn a_build_that_cleans_nothing_says_so_and_gives_way_all_the_same() {
    let plain = || {
        let mut bench = bench();
        bench.view.no_cleaner = Some("not in this build");
        bench
    };
    for params in [json!({ "echo": true }), json!({ "noise": true }), json!({ "gain": true, "half_duplex": true })] {
        assert_eq!(why(&mut plain(), &params), ("not_available".into(), "not in this build".into()), "{params}");
    }
    for params in [json!({ "half_duplex": true }), json!({ "noise": false })] {
        plain().effect(&local(1), &request(1, "audio.set_voice", params));
    }
}
