//! The daemon with its speaker beside its microphone: who talks through it does not hear himself.
//!
//! The loopback card is the room: what is played on its one side is heard on the other, as loud, and nothing else is. Not for two who talk at once,
//! which needs rooms (`crates/voice/tests/echo.rs`).

use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::{Guest, in_guest};
use crate::rig::sound::{MICROPHONE, correlation, plug, samples, speech, unplug};
use crate::rig::talker::Talker;
use crate::rig::{Audience, Daemon, Setup, let_pass, wait_while};

const LIMIT: Duration = Duration::from_secs(90);
/// Three seconds of sound, twice what is said.
const WINDOW: usize = 3 * 48_000;

/// A daemon whose microphone hears its speaker, and whose picture costs next to nothing.
fn start() -> Daemon {
    let settings = [
        ("camera.source", "pattern"),
        ("camera.width", "160"),
        ("camera.height", "90"),
        ("camera.fps", "5"),
        ("microphone.source", MICROPHONE),
        ("speaker.device", "Loopback,0"),
        ("voice.echo", "false"),
    ];
    Daemon::start(&Setup { settings: &settings, ..Setup::default() })
}

fn power(sound: &[i16]) -> f64 {
    sound.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / sound.len().max(1) as f64
}

fn set(daemon: &Daemon, params: &Value) -> Value {
    daemon.call("audio.set_voice", params).expect("there are speaker and microphone")["voice"].take()
}

/// Waits until the viewer hears `what`, and says how loud all is that comes then.
fn wait_until_heard(viewer: &Audience, what: &[i16]) -> f64 {
    wait_while(LIMIT, || {
        let sound = viewer.wait_for_samples(WINDOW, LIMIT);
        let likeness = correlation(&sound, what);
        if likeness > 0.6 { Ok(power(&sound)) } else { Err(format!("the voice; {likeness} of it")) }
    })
}

/// Waits until next to nothing of `before` comes, though the speaker plays.
fn wait_until_quiet(daemon: &Daemon, viewer: &Audience, before: f64) {
    let sounding = || daemon.status()["speaker"]["sounding"].as_u64().unwrap_or(0);
    wait_while(LIMIT, || {
        let played = sounding();
        let left = power(&viewer.wait_for_samples(WINDOW, LIMIT));
        let plays = sounding() > played + 50;
        if plays && left < before / 100.0 { Ok(()) } else { Err(format!("quiet; {left} of {before}, it plays: {plays}")) }
    });
}

/// Waits until `part` is `state`. Each look is a process, and the guest has one processor.
fn wait_until_is(daemon: &Daemon, part: &str, state: &str) {
    wait_while(LIMIT, || {
        let is = daemon.status()[part]["state"].take();
        if is == state {
            return Ok(());
        }
        let_pass(Duration::from_millis(200));
        Err(format!("the {part} to be {state}; it is {is}"))
    });
}

#[test]
fn who_talks_through_the_box_does_not_hear_himself_also_after_the_card_was_pulled() {
    in_guest(&Guest { seconds: 400, ..Guest::default() }, || {
        let daemon = start();
        let viewer = Audience::join(&daemon.url(), "camera", "local-viewer", "camera");
        let said = samples(&speech());
        let talker = Talker::join(&daemon.url(), "camera", "somebody", &said);
        let echo = wait_until_heard(&viewer, &said);

        let voice = set(&daemon, &json!({ "echo": true }));
        assert_eq!((&voice["echo"], &voice["noise"], &voice["half_duplex"]), (&json!(true), &json!(false), &json!(false)));
        wait_until_quiet(&daemon, &viewer, echo);
        let told = daemon.call("audio.get", &json!({})).expect("answered")["voice"].take();
        assert!(told["echo_return_loss_db"].is_number(), "{told}");
        assert!(told["echo_return_loss_enhancement_db"].is_number(), "{told}");

        unplug();
        wait_until_is(&daemon, "speaker", "lost");
        wait_until_is(&daemon, "microphone", "lost");
        plug();
        wait_until_is(&daemon, "microphone", "live");
        wait_until_is(&daemon, "speaker", "playing");
        wait_until_quiet(&daemon, &viewer, echo);

        set(&daemon, &json!({ "echo": false, "half_duplex": true }));
        wait_until_quiet(&daemon, &viewer, echo);
        set(&daemon, &json!({ "half_duplex": false }));
        wait_until_heard(&viewer, &said);
        drop(talker);
    });
}
