//! Signed commands: what is believed, and the table of attacks, each of which is refused, counted and written down.

mod again;

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Config, Desk, Effect, Outcome, Sender, Step};
use super::{Bench, app_server, local, request};

/// Seconds since 1970 at which the tests play.
const TODAY: u64 = 1_790_000_000;

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn public(seed: u8) -> String {
    BASE64.encode(pair(seed).public_key())
}

/// Three keys; whoever has none may nothing.
fn config(more: &str) -> Config {
    let keys = [("eye", 1, "observe"), ("hand", 2, "operate"), ("chief", 3, "own")];
    let keys: String =
        keys.iter().map(|(name, seed, role)| format!("[keys.{name}]\nkey = {:?}\nrole = {role:?}\n", public(*seed))).collect();
    toml::from_str(&format!("allow = {{ app-server = [] }}\n{more}\n{keys}")).unwrap()
}

fn bench() -> Bench {
    bench_with("")
}

fn bench_with(more: &str) -> Bench {
    let mut bench = Bench { desk: Desk::new(&config(more)), ..Bench::new() };
    bench.view.info.id = "gate-7".into();
    bench.view.clock_trusted = true;
    bench.view.status.time_ms = TODAY * 1000;
    bench
}

/// Somebody in the channel to whom no line gives anything.
fn stranger() -> Sender {
    Sender::participant("stranger")
}

fn session(bench: &mut Bench) -> Value {
    bench.reply(&stranger(), &request(0, "auth.session", json!({})))["result"].clone()
}

/// The claims of a lawful command.
fn claims(bench: &mut Bench, kid: &str, seq: u64, method: &str, params: Value) -> Value {
    let session = session(bench);
    json!({
        "aud": session["device"], "sid": session["session"], "iat": TODAY - 1, "exp": TODAY + 30, "jti": format!("{seq:022}"),
        "seq": seq, "kid": kid, "method": method, "params": params,
    })
}

fn jws_of(header: &str, claims: &str, seed: u8) -> String {
    let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
    let signature = BASE64.encode(pair(seed).sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn jws(claims: &Value, seed: u8) -> String {
    let kid = claims["kid"].as_str().unwrap();
    jws_of(&json!({ "alg": "EdDSA", "kid": kid }).to_string(), &claims.to_string(), seed)
}

/// The id of the request that an envelope comes in: each has its own, and keeps it.
fn outer(jws: &str) -> String {
    format!("e{}", &jws[jws.len().saturating_sub(16)..])
}

fn envelope(jws: &str) -> Vec<u8> {
    request(outer(jws), "rpc.signed", json!({ "jws": jws }))
}

fn muting(bench: &mut Bench, seq: u64) -> Value {
    claims(bench, "hand", seq, "audio.mute", json!({ "muted": true }))
}

/// What a message made the daemon do, which has been done.
fn carried_out(bench: &mut Bench, from: &Sender, message: &[u8]) -> Effect {
    let (ticket, effect) = bench.effect(from, message);
    let outcome = if matches!(effect, Effect::StoreKeys(_)) { Outcome::Done } else { Outcome::Audio(Box::default()) };
    assert!(bench.desk.finish(ticket, &outcome, bench.now).is_some(), "it is answered");
    effect
}

/// The lines of the audit.
fn audit(bench: &mut Bench) -> Vec<Value> {
    let reply = bench.reply(&local(9), &request("a", "audit.tail", json!({ "lines": 100 })));
    let lines = reply["result"]["lines"].as_array().unwrap();
    lines.iter().map(|line| serde_json::from_str(line.as_str().unwrap()).unwrap()).collect()
}

#[test]
fn a_signed_command_has_its_keys_role_whoever_brings_it_and_is_answered_under_the_outer_id() {
    let mut bench = bench();
    let mute = muting(&mut bench, 1);
    let jws = jws(&mute, 2);
    let (ticket, effect) = bench.effect(&stranger(), &envelope(&jws));
    assert_eq!(effect, Effect::MuteAudio(true));
    let letter = bench.desk.finish(ticket, &Outcome::Audio(Box::default()), bench.now).unwrap();
    let reply: Value = serde_json::from_slice(&letter.message).unwrap();
    assert_eq!((&letter.to, &reply["id"]), (&stranger(), &json!(outer(&jws))));
    let line = audit(&mut bench).into_iter().find(|line| line["method"] == "audio.mute").unwrap();
    assert_eq!((&line["who"], &line["key"]), (&json!("participant \"stranger\""), &json!("hand")));
    assert_eq!((&line["role"], &line["outcome"]), (&json!("operate"), &json!("done")));
}

#[test]
fn without_keys_a_stranger_is_not_even_told_what_to_sign() {
    for method in ["auth.session", "rpc.signed"] {
        let (name, ..) = Bench::new().refused(&stranger(), &request(1, method, json!({ "jws": "a.b.c" })));
        assert_eq!(name, "not_allowed", "{method}");
    }
    let (name, text, _) = Bench::new().refused(&app_server(), &request(1, "rpc.signed", json!({ "jws": "a.b.c" })));
    assert_eq!((name.as_str(), text.as_str()), ("not_available", "there is no key under [control.keys]"));
}

/// One attack: what is done to the claims of a lawful command, and with which name it is refused.
type Attack = (&'static str, fn(&mut Value), &'static str);

#[test]
fn what_is_wrong_with_the_claims_is_refused_counted_and_written_down() {
    let attacks: [Attack; 25] = [
        ("another device", |claims| claims["aud"] = "gate-8".into(), "not_for_here"),
        ("no device", |claims| claims["aud"] = "".into(), "not_for_here"),
        ("several devices", |claims| claims["aud"] = json!(["gate-7"]), "bad_signature"),
        ("another join", |claims| claims["sid"] = BASE64.encode([7; 16]).into(), "not_for_here"),
        ("a nonce of nobody", |claims| claims["nonce"] = "x".into(), "not_for_here"),
        ("ended", |claims| (claims["iat"], claims["exp"]) = (json!(TODAY - 61), json!(TODAY - 1)), "expired"),
        ("ends now", |claims| claims["exp"] = TODAY.into(), "expired"),
        ("of the future", |claims| (claims["iat"], claims["exp"]) = (json!(TODAY + 6), json!(TODAY + 60)), "expired"),
        ("lives too long", |claims| claims["exp"] = (TODAY + 60).into(), "bad_signature"),
        ("ends before it begins", |claims| claims["exp"] = (TODAY - 2).into(), "bad_signature"),
        ("of the clock's end", |claims| (claims["iat"], claims["exp"]) = (json!(u64::MAX - 1), json!(u64::MAX)), "expired"),
        ("before 1970", |claims| claims["iat"] = json!(-1), "bad_signature"),
        ("no end", |claims| drop(claims.as_object_mut().unwrap().remove("exp")), "bad_signature"),
        ("no number", |claims| drop(claims.as_object_mut().unwrap().remove("seq")), "bad_signature"),
        ("a number beyond numbers", |claims| claims["seq"] = json!(1e30), "bad_signature"),
        ("a short name", |claims| claims["jti"] = "1".into(), "bad_signature"),
        ("a long name", |claims| claims["jti"] = "1".repeat(65).into(), "bad_signature"),
        ("an unclean name", |claims| claims["jti"] = format!("{:022}\n", 1).into(), "bad_signature"),
        ("one more claim", |claims| claims["admin"] = true.into(), "bad_signature"),
        ("a method that looks alike", |claims| claims["method"] = "аudio.mute".into(), "method_not_found"),
        ("an invisible letter", |claims| claims["method"] = "audio.mute\u{200b}".into(), "method_not_found"),
        ("an envelope in it", |claims| claims["method"] = "rpc.signed".into(), "bad_signature"),
        ("too low a role", |claims| (claims["method"], claims["params"]) = (json!("auth.keys"), json!({})), "not_allowed"),
        ("wrong parameters", |claims| claims["params"] = json!({ "muted": 1 }), "invalid_params"),
        ("one more parameter", |claims| claims["params"] = json!({ "muted": true, "really": 1 }), "invalid_params"),
    ];
    for (what, attack, expected) in attacks {
        let mut bench = bench();
        let mut claims = muting(&mut bench, 7);
        attack(&mut claims);
        let jws = jws(&claims, 2);
        let (name, text, id) = bench.refused(&stranger(), &envelope(&jws));
        assert_eq!((name.as_str(), &id), (expected, &json!(outer(&jws))), "{what}: {text}");
        let line = audit(&mut bench).pop().unwrap();
        assert_eq!((&line["outcome"], &line["who"]), (&json!(expected), &json!("participant \"stranger\"")), "{what}");
    }
}

#[test]
fn what_is_wrong_with_the_envelope_is_refused() {
    let mut bench = bench();
    let good = muting(&mut bench, 7);
    let text = good.to_string();
    let head = |header: &str| jws_of(header, &text, 2);
    let lawful = jws(&good, 2);
    let (message, signature) = lawful.rsplit_once('.').unwrap();
    let swapped = {
        let mut claims = good.clone();
        claims["kid"] = "eye".into();
        claims.to_string()
    };
    let other = BASE64.encode(pair(1).sign(message.as_bytes()));
    let attacks = [
        ("algorithm none", head(r#"{"alg":"none","kid":"hand"}"#)),
        (
            "algorithm none, no signature",
            format!("{}.{}.", BASE64.encode(r#"{"alg":"none","kid":"hand"}"#), BASE64.encode(&text)),
        ),
        ("an algorithm whose key is public", head(r#"{"alg":"HS256","kid":"hand"}"#)),
        ("algorithm in another case", head(r#"{"alg":"eddsa","kid":"hand"}"#)),
        ("algorithm twice", head(r#"{"alg":"none","alg":"EdDSA","kid":"hand"}"#)),
        ("key twice", head(r#"{"alg":"EdDSA","kid":"eye","kid":"hand"}"#)),
        ("its own key with it", head(r#"{"alg":"EdDSA","kid":"hand","jwk":{}}"#)),
        ("critical extension", head(r#"{"alg":"EdDSA","kid":"hand","crit":["b64"],"b64":false}"#)),
        ("a list for a header", head(r#"["EdDSA","hand",null]"#)),
        ("no key", head(r#"{"alg":"EdDSA"}"#)),
        ("a key that there is not", head(r#"{"alg":"EdDSA","kid":"Hand"}"#)),
        ("signed with another key", jws(&good, 1)),
        ("header names another key", jws_of(r#"{"alg":"EdDSA","kid":"eye"}"#, &text, 1)),
        ("claims name another key", jws_of(r#"{"alg":"EdDSA","kid":"hand"}"#, &swapped, 2)),
        ("a claim twice", jws_of(r#"{"alg":"EdDSA","kid":"hand"}"#, &text.replacen('{', r#"{"seq":1,"#, 1), 2)),
        ("a list for claims", jws_of(r#"{"alg":"EdDSA","kid":"hand"}"#, "[]", 2)),
        ("deep nesting", jws_of(r#"{"alg":"EdDSA","kid":"hand"}"#, &"[".repeat(4000), 2)),
        ("signature of another key", format!("{message}.{other}")),
        ("signature padded", format!("{lawful}==")),
        ("signature cut short", lawful[..lawful.len() - 1].to_owned()),
        ("no signature", format!("{message}.")),
        ("two parts", message.to_owned()),
        ("four parts", format!("{lawful}.")),
        ("empty", String::new()),
        ("signature of zeros", format!("{message}.{}", BASE64.encode([0; 64]))),
        ("a space", format!(" {lawful}")),
        ("claims of another", format!("{}.{}.{signature}", message.split('.').next().unwrap(), BASE64.encode("{}"))),
    ];
    for (what, jws) in attacks {
        let (name, text, _) = bench.refused(&stranger(), &envelope(&jws));
        assert_eq!(name, "bad_signature", "{what}: {text}");
        assert!(!text.contains(&public(2)) && text.len() < 200, "{text}");
        bench.now += Duration::from_secs(1);
    }
    // None of it has used up the number.
    assert_eq!(carried_out(&mut bench, &stranger(), &envelope(&lawful)), Effect::MuteAudio(true));
}

#[test]
fn a_command_is_believed_once_and_in_order_and_in_its_join_alone() {
    let mut bench = bench();
    let seventh = muting(&mut bench, 7);
    let replayed = envelope(&jws(&seventh, 2));
    carried_out(&mut bench, &stranger(), &replayed);
    let refused = |bench: &mut Bench, from: &Sender, message: &[u8]| bench.refused(from, message).0;
    let renamed = request("another id", "rpc.signed", json!({ "jws": jws(&seventh, 2) }));
    assert_eq!(refused(&mut bench, &stranger(), &renamed), "replayed");
    assert_eq!(refused(&mut bench, &Sender::participant("another"), &replayed), "replayed", "also by another's hand");
    assert_eq!(refused(&mut bench, &local(1), &replayed), "replayed", "and on another way");
    for seq in [6, 0] {
        let late = muting(&mut bench, seq);
        assert_eq!(refused(&mut bench, &stranger(), &envelope(&jws(&late, 2))), "replayed", "{seq}");
    }
    let mut named = muting(&mut bench, 8);
    named["jti"] = seventh["jti"].clone();
    assert_eq!(refused(&mut bench, &stranger(), &envelope(&jws(&named, 2))), "replayed", "the same name");
    // Another key has numbers of its own, and the highest number is the last.
    let mut chief = claims(&mut bench, "chief", 1, "audio.mute", json!({ "muted": false }));
    chief["seq"] = u64::MAX.into();
    carried_out(&mut bench, &stranger(), &envelope(&jws(&chief, 3)));
    let wrapped = claims(&mut bench, "chief", 0, "audio.mute", json!({ "muted": false }));
    assert_eq!(refused(&mut bench, &stranger(), &envelope(&jws(&wrapped, 3))), "replayed", "numbers do not wrap");
    // What was refused for its role is used up, too.
    let low = claims(&mut bench, "eye", 3, "audio.mute", json!({ "muted": true }));
    assert_eq!(refused(&mut bench, &stranger(), &envelope(&jws(&low, 1))), "not_allowed");
    assert_eq!(refused(&mut bench, &stranger(), &envelope(&jws(&low, 1))), "replayed");
    let before = muting(&mut bench, 9);
    bench.desk.joined();
    assert_eq!(refused(&mut bench, &stranger(), &envelope(&jws(&before, 2))), "not_for_here", "of the join before");
    let anew = muting(&mut bench, 1);
    carried_out(&mut bench, &stranger(), &envelope(&jws(&anew, 2)));
}

#[test]
fn while_the_clock_is_not_trusted_a_nonce_of_the_last_minute_takes_its_place() {
    let mut bench = bench();
    bench.view.clock_trusted = false;
    bench.view.status.time_ms = 3_600_000;
    let told = session(&mut bench);
    assert_eq!((&told["clock_trusted"], &told["time_ms"]), (&json!(false), &json!(3_600_000)));
    let mut claims = muting(&mut bench, 1);
    let (name, text, _) = bench.refused(&stranger(), &envelope(&jws(&claims, 2)));
    assert_eq!((name.as_str(), text.as_str()), ("not_for_here", "the device does not trust its clock, and so needs a nonce"));
    claims["nonce"] = told["nonce"].clone();
    carried_out(&mut bench, &stranger(), &envelope(&jws(&claims, 2)));
    // Told at the beginning of its half minute, it is good to the end of the next.
    bench.now = Duration::from_secs(1020);
    let nonce = session(&mut bench)["nonce"].clone();
    for (at, fresh) in [(1049, true), (1079, true), (1080, false)] {
        bench.now = Duration::from_secs(at);
        let mut claims = muting(&mut bench, at);
        claims["nonce"] = nonce.clone();
        let message = envelope(&jws(&claims, 2));
        match bench.desk.receive(&stranger(), &message, &bench.view, bench.now) {
            Step::Do { ticket, .. } => {
                assert!(fresh, "{at}");
                bench.desk.finish(ticket, &Outcome::Audio(Box::default()), bench.now);
            }
            Step::Send(_) => assert!(!fresh, "{at}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn where_signatures_are_required_nothing_else_is_taken_from_the_channel() {
    let mut bench = bench_with("require_signature = true\nroles = { boss = 'own' }");
    let boss = Sender::participant("boss");
    for method in wire::Method::ALL.iter().filter(|method| !method.is_for_signing()) {
        let (name, ..) = bench.refused(&boss, &request(1, method.name(), json!({})));
        assert_eq!(name, "signature_required", "{}", method.name());
        bench.now += Duration::from_secs(1);
    }
    assert_eq!(session(&mut bench)["signature_required"], true);
    let mute = muting(&mut bench, 1);
    carried_out(&mut bench, &boss, &envelope(&jws(&mute, 2)));
    carried_out(&mut bench, &local(1), &request(1, "audio.mute", json!({ "muted": false })));
    assert_eq!(toml::from_str::<Config>("require_signature = true").unwrap().problems().len(), 1, "without keys nobody is left");
}

#[test]
fn keys_are_rotated_and_revoked_by_signed_command_and_what_is_kept_holds_after_a_restart() {
    let mut bench = bench_with("roles = { boss = 'own' }");
    let boss = Sender::participant("boss");
    let rotate = json!({ "name": "hand", "key": public(8) });
    let (name, ..) = bench.refused(&boss, &request(1, "auth.rotate_key", rotate.clone()));
    assert_eq!(name, "signature_required", "whatever his role is");
    let command = claims(&mut bench, "chief", 1, "auth.rotate_key", rotate.clone());
    let (ticket, effect) = bench.effect(&stranger(), &envelope(&jws(&command, 3)));
    let Effect::StoreKeys(kept) = effect else { panic!("{effect:?}") };
    let letter = bench.desk.finish(ticket, &Outcome::Done, bench.now).unwrap();
    let reply: Value = serde_json::from_slice(&letter.message).unwrap();
    assert_eq!(reply["result"]["keys"][2], json!({ "name": "hand", "key": public(8), "role": "operate", "revoked": false }));
    let mute = muting(&mut bench, 1);
    assert_eq!(bench.refused(&stranger(), &envelope(&jws(&mute, 2))).0, "bad_signature", "the old key");
    carried_out(&mut bench, &stranger(), &envelope(&jws(&mute, 8)));
    for key in [public(8), public(2), public(1), "short".into()] {
        let back = json!({ "name": "hand", "key": key });
        let (name, ..) = bench.refused(&local(1), &request(1, "auth.rotate_key", back));
        assert!(name == "out_of_range" || name == "invalid_params", "no key comes back: {name}");
    }
    // Another run: what was kept holds.
    let mut again = self::bench();
    again.desk.keep(Some(kept), None);
    let mute = muting(&mut again, 1);
    assert_eq!(again.refused(&stranger(), &envelope(&jws(&mute, 2))).0, "bad_signature");
    carried_out(&mut again, &stranger(), &envelope(&jws(&mute, 8)));
    let (ticket, effect) = again.effect(&local(1), &request(2, "auth.revoke_key", json!({ "name": "hand" })));
    let mute = muting(&mut again, 2);
    let (name, text, _) = again.refused(&stranger(), &envelope(&jws(&mute, 8)));
    assert_eq!((name.as_str(), text.as_str()), ("bad_signature", "revoked key `hand`"), "before it is even stored");
    again.desk.finish(ticket, &Outcome::Done, again.now).unwrap();
    let Effect::StoreKeys(kept) = effect else { panic!("{effect:?}") };
    assert_eq!((kept.replaced.len(), kept.revoked.len()), (1, 1));
    let (name, ..) = again.refused(&local(1), &request(3, "auth.rotate_key", json!({ "name": "hand", "key": public(9) })));
    assert_eq!(name, "not_available", "what is revoked is not replaced");
    let (name, text, _) = again.refused(&local(1), &request(3, "auth.rotate_key", json!({ "name": "hnad", "key": public(9) })));
    assert_eq!((name.as_str(), text.as_str()), ("unknown_name", "no key `hnad`; did you mean `hand`?"));
}

#[test]
fn other_keys_of_the_configuration_hold_at_once_and_changes_that_cannot_be_read_leave_no_key_good() {
    let mut bench = bench();
    let mute = muting(&mut bench, 1);
    let mut fewer = config("");
    fewer.keys.remove("hand");
    bench.desk.reconfigure(&fewer);
    assert_eq!(bench.refused(&stranger(), &envelope(&jws(&mute, 2))).0, "bad_signature");
    bench.desk.reconfigure(&config(""));
    carried_out(&mut bench, &stranger(), &envelope(&jws(&mute, 2)));
    bench.desk.keep(None, None);
    let mute = muting(&mut bench, 2);
    let (name, text, _) = bench.refused(&stranger(), &envelope(&jws(&mute, 2)));
    assert_eq!((name.as_str(), text.as_str()), ("bad_signature", "the device cannot read what was changed about its keys"));
}

#[test]
fn what_nothing_brings_back_is_asked_for_twice_by_the_same_and_for_the_same() {
    let mut bench = bench();
    let seq = std::cell::Cell::new(0);
    let revoke = |bench: &mut Bench, confirm: Option<&str>, name: &str, kid: &str| {
        seq.set(seq.get() + 1);
        let mut claims = claims(bench, kid, seq.get(), "auth.revoke_key", json!({ "name": name }));
        confirm.into_iter().for_each(|token| claims["confirm"] = token.into());
        envelope(&jws(&claims, if kid == "chief" { 3 } else { 2 }))
    };
    let token = |bench: &mut Bench, from: &Sender, message: &[u8]| {
        let error = bench.reply(from, message)["error"].clone();
        assert_eq!(error["data"]["name"], "confirmation_needed", "{error}");
        error["data"]["confirm"].as_str().unwrap().to_owned()
    };
    let asks = |bench: &mut Bench, from: &Sender, confirm: Option<&str>, name: &str| {
        let message = revoke(bench, confirm, name, "chief");
        token(bench, from, &message)
    };
    let (one, another) = (stranger(), Sender::participant("another"));
    let first = asks(&mut bench, &one, None, "hand");
    asks(&mut bench, &another, Some(&first), "hand");
    let first = asks(&mut bench, &one, Some(&first[1..]), "hand");
    let other = asks(&mut bench, &one, Some(&first), "eye");
    asks(&mut bench, &one, Some(&first), "hand");
    assert_ne!(other, first, "a token is good for one attempt");
    let late = asks(&mut bench, &one, None, "hand");
    bench.now += Duration::from_secs(30);
    let first = asks(&mut bench, &one, Some(&late), "hand");
    bench.now += Duration::from_secs(29);
    let (name, ..) = {
        let message = revoke(&mut bench, Some(&first), "hand", "hand");
        bench.refused(&one, &message)
    };
    assert_eq!(name, "not_allowed", "who may not is not even asked again");
    let message = revoke(&mut bench, Some(&first), "hand", "chief");
    let effect = carried_out(&mut bench, &one, &message);
    assert!(matches!(effect, Effect::StoreKeys(changes) if changes.revoked.len() == 1));
    let line = audit(&mut bench).into_iter().find(|line| line["outcome"] == "confirmation_needed").unwrap();
    assert_eq!(line["method"], "auth.revoke_key");
}

#[test]
fn one_who_floods_keeps_nobody_else_from_being_answered_and_fills_no_journal() {
    let mut bench = bench();
    let forged = {
        let claims = muting(&mut bench, 1);
        envelope(&jws(&claims, 1))
    };
    let flood = Sender::participant("flood");
    for number in 0..2000u64 {
        let _ = bench.desk.receive(&flood, &forged, &bench.view, bench.now);
        if number % 100 == 0 {
            let mute = muting(&mut bench, 100 + number);
            let (ticket, _) = bench.effect(&stranger(), &envelope(&jws(&mute, 2)));
            assert!(bench.desk.finish(ticket, &Outcome::Audio(Box::default()), bench.now).is_some());
        }
        bench.now += Duration::from_millis(2);
    }
    let lines = audit(&mut bench);
    let of_flood: Vec<_> = lines.iter().filter(|line| line["who"] == "participant \"flood\"").collect();
    assert!((1..=4).contains(&of_flood.len()), "{of_flood:?}");
    assert_eq!(lines.iter().filter(|line| line["method"] == "audio.mute").count(), 20, "what was done has its line each time");
}

#[test]
fn keys_that_are_none_are_told_when_the_configuration_is_read() {
    for (key, good) in
        [(public(1), true), (BASE64.encode([1; 31]), false), ("x y".into(), false), (format!("{}=", public(1)), true)]
    {
        let config: Config = toml::from_str(&format!("[keys.a]\nkey = {key:?}\nrole = 'own'")).unwrap();
        assert_eq!(config.problems().is_empty(), good, "{key}");
    }
}

proptest! {
    /// Whatever bit of a lawful envelope is turned, it is not believed; and nothing panics.
    #[test]
    fn no_other_text_than_the_signed_one_is_believed(at in any::<prop::sample::Index>(), letter in "[ -~]") {
        let mut bench = bench();
        let claims = muting(&mut bench, 1);
        let lawful = jws(&claims, 2);
        let mut forged = lawful.clone();
        let at = at.index(forged.len());
        forged.replace_range(at..=at, &letter);
        prop_assume!(forged != lawful);
        prop_assert_eq!(bench.refused(&stranger(), &envelope(&forged)).0, "bad_signature");
    }

    #[test]
    fn no_text_makes_the_envelope_panic(text in ".{0,200}", parts in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = wire::signed::Envelope::open(&text).map(|envelope| envelope.claims().map(|_| ()));
        let claims = BASE64.encode(&parts);
        let header = BASE64.encode(r#"{"alg":"EdDSA","kid":"a"}"#);
        let jws = format!("{header}.{claims}.{}", BASE64.encode([0; 64]));
        let _ = wire::signed::Envelope::open(&jws).map(|envelope| envelope.claims().map(|_| ()));
    }
}
