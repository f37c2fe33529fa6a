//! Tokens for devices that sign with their key, and for whoever has a key of the API; devices' keys.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use join_token::JoinToken;
use serde_json::{Value, json};

use crate::program::{ADMIN, OPERATOR, Place, Program, WATCHER};

#[expect(clippy::disallowed_methods, reason = "what devices sign is for the wall clock")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    i64::try_from(since.as_secs()).expect("near")
}

struct Device {
    key: Ed25519KeyPair,
}

impl Device {
    fn known_to(server: &Program, channels: &[&str]) -> Self {
        let key = Ed25519KeyPair::generate().expect("a key");
        let body = json!({ "key": STANDARD.encode(key.public_key().as_ref()), "channels": channels });
        assert_eq!(server.send("PUT", "/v1/device-keys/cam", ADMIN, &body).status, 204);
        Self { key }
    }

    fn asks(&self, channel: &str, at: i64, nonce: &str) -> Value {
        let text = format!("artc-room token v1\ncam\n{channel}\n{at}\n{nonce}");
        let signature = STANDARD.encode(self.key.sign(text.as_bytes()));
        json!({ "device": "cam", "channel": channel, "timestamp": at, "nonce": nonce, "signature": signature })
    }
}

fn ask(server: &Program, body: &Value) -> u16 {
    server.send("POST", "/v1/token", "", body).status
}

#[test]
fn a_device_signs_and_gets_a_token_once_for_its_channels_alone() {
    let place = Place::new();
    let server = place.start();
    let device = Device::known_to(&server, &["yard", "call-*"]);
    let good = device.asks("yard", now(), "0123456789abcdef");
    let reply = server.send("POST", "/v1/token", "", &good);
    assert_eq!(reply.status, 200, "{reply:?}");
    let token = reply.json();
    assert_eq!((&token["user"], &token["channel"]), (&json!("cam"), &json!("yard")));
    assert!(token["expires"].as_i64().expect("a time") > now() + 86_000);
    assert_eq!(ask(&server, &good), 403, "the same once more");

    let forged = Device { key: Ed25519KeyPair::generate().expect("a key") };
    let changed = |key: &str, value: Value| {
        let mut asks = device.asks("yard", now(), "another-nonce-of-ours");
        asks[key] = value;
        asks
    };
    for (why, asks) in [
        ("signature", forged.asks("yard", now(), "0123456789abcdeg")),
        ("signature", changed("channel", json!("call-1"))),
        ("signature", changed("signature", json!("AAAA"))),
        ("signature", changed("signature", json!("not base64!"))),
        ("signature", changed("nonce", json!("0123456789abcdeh"))),
        ("unknown", changed("device", json!("other"))),
        ("clock", device.asks("yard", now() - 1000, "0123456789abcdei")),
        ("clock", device.asks("yard", now() + 1000, "0123456789abcdej")),
        ("clock", device.asks("yard", i64::MIN, "0123456789abcdel")),
        ("channel", device.asks("street", now(), "0123456789abcdek")),
        ("replayed", good.clone()),
    ] {
        let before = server.count("artc_server_refused_total", &["\"token\"", why]);
        assert_eq!(ask(&server, &asks), 403, "{why}: {asks}");
        assert_eq!(server.count("artc_server_refused_total", &["\"token\"", why]), before + 1, "{why}");
    }
    // What was used up is used up for the next process, too.
    server.kill();
    let server = place.start();
    assert_eq!(ask(&server, &good), 403);
    assert_eq!(ask(&server, &device.asks("call-7", now(), "0123456789abcdef0")), 200);
    assert_eq!(server.send("DELETE", "/v1/device-keys/cam", ADMIN, &json!({})).status, 204);
    assert_eq!(ask(&server, &device.asks("yard", now(), "0123456789abcdef1")), 403, "its key was taken away");
    assert_eq!(server.send("DELETE", "/v1/device-keys/cam", ADMIN, &json!({})).status, 404);
}

#[test]
fn keys_of_the_api_sign_by_each_rule_as_their_roles_allow() {
    let place = Place::new();
    let server = place.start();
    let ask = |key: &str, body: Value| server.send("POST", "/v1/tokens", key, &body);
    let plain = json!({ "channel": "yard", "user": "bob" });
    for (key, status) in [("", 401), ("no such key of ours", 401), (WATCHER, 403), (OPERATOR, 200), (ADMIN, 200)] {
        assert_eq!(ask(key, plain.clone()).status, status, "{key}");
    }
    let no_key = server.ask("POST", "/v1/tokens", &[], plain.to_string().as_bytes());
    assert_eq!(no_key.status, 401);
    for why in ["missing", "unknown", "role"] {
        assert!(server.count("artc_server_refused_total", &["key", why]) > 0, "{why}");
    }
    let app = ask(OPERATOR, json!({ "channel": "yard", "user": "bob", "rule": "app", "app": "app1", "ttl_s": 60 })).json();
    let within = std::time::Duration::from_secs(now().unsigned_abs());
    let secret = join_token::Secret::new("key of app1");
    let token = JoinToken::verify(app["token"].as_str().expect("text"), "app1", &secret, within).expect("by the rule");
    assert!(token.check_for("yard", "bob").is_ok() && token.timestamp <= now() + 60);
    let fields = ask(OPERATOR, json!({ "channel": "yard", "user": "bob", "rule": "app-fields", "app": "app1" })).json();
    let expires = fields["expires"].as_i64().expect("a time");
    assert_eq!(fields["token"], join_token::signature("app1", "key of app1", "yard", "bob", "", expires));
    let old = ask(OPERATOR, json!({ "channel": "yard", "user": "bob", "rule": "channel-key", "app": "app1" })).json();
    assert_eq!(old["token"].as_str().map(str::len), Some(64));
    assert!(old["nonce"].as_str().is_some_and(|nonce| nonce.starts_with("AK-")));

    let long = "u".repeat(65);
    for body in [
        json!([]),
        json!("yard"),
        json!({}),
        json!({ "channel": "yard" }),
        json!({ "channel": 7, "user": "bob" }),
        json!({ "channel": "a b", "user": "bob" }),
        json!({ "channel": "yard", "user": long }),
        json!({ "channel": "yard", "user": "bob", "ttl_s": 0 }),
        json!({ "channel": "yard", "user": "bob", "ttl_s": 86401 }),
        json!({ "channel": "yard", "user": "bob", "ttl_s": -1 }),
        json!({ "channel": "yard", "user": "bob", "rule": "another" }),
        json!({ "channel": "yard", "user": "bob", "rule": "app" }),
        json!({ "channel": "yard", "user": "bob", "rule": "app", "app": "app2" }),
        json!({ "channel": "yard", "user": "bob", "admin": true }),
    ] {
        assert_eq!(ask(OPERATOR, body.clone()).status, 400, "{body}");
    }
    assert_eq!(server.ask("POST", "/v1/tokens", &[("X-Auth-Token", OPERATOR)], &vec![b' '; 70_000]).status, 413);
}

#[test]
fn only_owners_set_the_keys_of_devices_and_only_keys_they_are() {
    let place = Place::new();
    let server = place.start();
    let key = STANDARD.encode([7; 32]);
    let body = json!({ "key": key, "channels": ["yard"] });
    assert_eq!(server.send("PUT", "/v1/device-keys/cam", OPERATOR, &body).status, 403);
    let many = vec!["c"; 65];
    for (device, body) in [
        ("cam", json!({ "key": "short", "channels": [] })),
        ("cam", json!({ "key": STANDARD.encode([7; 33]), "channels": [] })),
        ("cam", json!({ "key": key, "channels": ["a/b"] })),
        ("cam", json!({ "key": key, "channels": many })),
        ("cam", json!({ "key": key })),
        ("a%20b", body.clone()),
        ("..%2Fcam", body),
    ] {
        assert_eq!(server.send("PUT", &format!("/v1/device-keys/{device}"), ADMIN, &body).status, 400, "{device} {body}");
    }
    assert_eq!(server.get("/v1/elsewhere", ADMIN).status, 404);
}

#[test]
fn the_page_of_the_fleet_runs_nothing_but_its_own_files() {
    let place = Place::new();
    let server = place.start();
    for (path, kind, text) in [
        ("/fleet", "text/html", "/fleet/fleet.js"),
        ("/fleet/fleet.js", "text/javascript", "/v1/devices"),
        ("/fleet/fleet.css", "text/css", "table"),
    ] {
        let reply = server.ask("GET", path, &[], b"");
        let body = String::from_utf8_lossy(&reply.body);
        let kind = format!("content-type: {kind}; charset=utf-8");
        assert!(reply.status == 200 && reply.head.contains(&kind) && body.contains(text), "{path}: {reply:?}");
        assert!(
            reply.head.contains("default-src 'none'; script-src 'self';") && !reply.head.contains("unsafe"),
            "{}",
            reply.head
        );
        assert!(!body.contains("<script>") && !body.contains("style=") && !body.contains("innerHTML"), "{path}");
    }
}
