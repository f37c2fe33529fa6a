//! Commands over the message broker, which does not tell who sent them.

use serde_json::json;
use wire::{Method, Role};

use super::super::{Config, Desk, Effect, Outcome, Sender, Step};
use super::{Bench, request};

fn bench(control: &str) -> Bench {
    let config: Config = toml::from_str(control).unwrap();
    Bench { desk: Desk::new(&config), ..Bench::new() }
}

#[test]
fn nothing_is_taken_from_there_unless_the_configuration_says_in_which_role() {
    let roles = [None, Some(Role::Observe), Some(Role::Operate), Some(Role::Maintain), Some(Role::Own)];
    for has in roles {
        // What is said of identities in the channel says nothing of the broker.
        let line = has.map_or(String::new(), |role| format!("broker_role = \"{}\"", role.name()));
        let lines = format!("{line}\nroles = {{ \"*\" = \"own\" }}\nallow = {{ \"*\" = [\"camera.*\"] }}");
        for method in Method::ALL {
            let mut bench = bench(&lines);
            let step = bench.desk.receive(&Sender::Broker, &request(1, method.name(), json!({})), &bench.view, bench.now);
            let refused = match step {
                Step::Send(letter) => {
                    assert_eq!(letter.to, Sender::Broker);
                    let reply: serde_json::Value = serde_json::from_slice(&letter.message).unwrap();
                    reply["error"]["data"]["name"] == "not_allowed"
                }
                _ => false,
            };
            assert_eq!(refused, has < Some(method.role()), "{has:?} {}", method.name());
        }
    }
    let (name, text, _) = bench("").refused(&Sender::Broker, &request(1, "device.info", json!({})));
    let why = "`the broker` may not call device.info: it needs the role observe, the caller has no role; \
               `[control] broker_role` says which";
    assert_eq!((name.as_str(), text.as_str()), ("not_allowed", why));
}

#[test]
fn who_makes_the_devices_own_address_is_at_the_device() {
    let (name, ..) = bench("broker_role = 'own'").refused(&Sender::Broker, &request(1, "viewer.address", json!({})));
    assert_eq!(name, "local_only");
}

#[test]
fn with_require_signature_only_signed_commands_are_taken_from_there_too() {
    let key = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let mut bench = bench(&format!("broker_role = 'own'\nrequire_signature = true\nkeys.a = {{ key = '{key}', role = 'own' }}"));
    let (name, ..) = bench.refused(&Sender::Broker, &request(1, "device.info", json!({})));
    assert_eq!(name, "signature_required");
    let session = bench.reply(&Sender::Broker, &request(2, "auth.session", json!({})));
    assert!(session["result"]["session"].is_string(), "{session}");
}

#[test]
fn a_picture_is_in_the_reply_as_far_as_a_broker_carries_it() {
    let mut bench = bench("broker_role = 'observe'");
    let mut taken = |id: u32, bytes: usize| {
        let (ticket, effect) = bench.effect(&Sender::Broker, &request(id, "camera.snapshot", json!({ "longest": 320 })));
        assert_eq!(effect, Effect::TakeSnapshot { longest: Some(320) });
        let letter = bench.desk.finish(ticket, &Outcome::Snapshot(vec![0; bytes].into()), bench.now).unwrap();
        assert_eq!((&letter.to, letter.attachments.len()), (&Sender::Broker, 0));
        assert!(letter.message.len() < 64 * 1024);
        serde_json::from_slice::<serde_json::Value>(&letter.message).unwrap()
    };
    assert_eq!(taken(1, 6)["result"]["base64"], "AAAAAAAA");
    let large = taken(2, 60_000);
    assert_eq!(large["error"]["data"]["name"], "reply_too_large");
    for longest in [63, 1921] {
        let (name, ..) = bench.refused(&Sender::Broker, &request(3, "camera.snapshot", json!({ "longest": longest })));
        assert_eq!(name, "out_of_range", "{longest}");
    }
}

#[test]
fn what_comes_twice_is_run_once() {
    let mut bench = bench("broker_role = 'operate'");
    let message = request("x", "stream.mute", json!({ "muted": true }));
    let (ticket, effect) = bench.effect(&Sender::Broker, &message);
    assert_eq!(effect, Effect::MuteVideo(true));
    bench.nothing(&Sender::Broker, &message);
    let first = bench.desk.finish(ticket, &Outcome::Stream(Box::default()), bench.now).unwrap();
    let Step::Send(again) = bench.desk.receive(&Sender::Broker, &message, &bench.view, bench.now) else { panic!("no answer") };
    assert_eq!(again, first);
}
