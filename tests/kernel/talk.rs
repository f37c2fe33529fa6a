//! The daemon with its speaker beside its microphone: who talks through it does not hear himself.
//!
//! The loopback card is the room: what is played on its one side is heard on the other, as loud, and nothing else is. Not for how well an echo is
//! taken out, which needs rooms and sound that comes in time (`crates/voice/tests/echo.rs`): the guest's one processor breaks off several
//! times in a minute.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::{Guest, in_guest};
use crate::rig::sound::{MICROPHONE, correlation, plug, samples, speech, unplug};
use crate::rig::{Audience, Daemon, Setup, let_pass, wait_while};

const LIMIT: Duration = Duration::from_secs(90);
/// Three seconds of sound, twice what is said.
const WINDOW: usize = 3 * 48_000;

/// A daemon whose microphone hears its speaker, and that has no camera: the guest's one processor has enough to do in time.
fn start() -> Daemon {
    let settings =
        [("camera.source", "none"), ("microphone.source", MICROPHONE), ("speaker.device", "Loopback,0"), ("voice.echo", "false")];
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
        if plays && left < before / 100.0 {
            Ok(())
        } else {
            Err(format!("quiet; {left} of {before}, it plays: {plays}; {}", daemon.status()["speaker"]))
        }
    });
}

/// Waits until `part` is `state`.
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
fn who_talks_to_a_half_duplex_box_does_not_hear_himself_also_after_the_card_was_pulled() {
    in_guest(&Guest { seconds: 400, ..Guest::default() }, || {
        let daemon = start();
        let said = samples(&speech());
        let viewer = Audience::join_and_talk(&daemon.url(), "camera", "local-viewer", "camera", &said);
        let echo = wait_until_heard(&viewer, &said);

        let voice = set(&daemon, &json!({ "half_duplex": true }));
        assert_eq!((&voice["echo"], &voice["noise"], &voice["half_duplex"]), (&json!(false), &json!(false), &json!(true)));
        wait_until_quiet(&daemon, &viewer, echo);
        unplug();
        wait_until_is(&daemon, "speaker", "lost");
        wait_until_is(&daemon, "microphone", "lost");
        plug();
        wait_until_is(&daemon, "microphone", "live");
        wait_until_is(&daemon, "speaker", "playing");
        wait_until_quiet(&daemon, &viewer, echo);

        // Taking the echo out is begun and told; how much goes is measured where sound comes in time (crates/voice/tests/echo.rs).
        set(&daemon, &json!({ "echo": true, "half_duplex": false }));
        wait_while(LIMIT, || {
            let told = daemon.call("audio.get", &json!({})).expect("answered")["voice"].take();
            let both = told["echo_return_loss_db"].is_number() && told["echo_return_loss_enhancement_db"].is_number();
            if both { Ok(()) } else { Err(format!("what the echo loses; {told}")) }
        });
        set(&daemon, &json!({ "echo": false }));
        wait_until_heard(&viewer, &said);
    });
}
