//! Family `update`: what can be no bundle is refused, and nobody below maintain updates a device.

use serde_json::json;

use super::super::Effect;
use super::super::effect::UpdateAct;
use super::{Bench, Sender, app_server, request};

#[test]
fn lawful_commands_are_raucs() {
    let cases = [
        ("update.check", json!({ "bundle": "/data/gate.raucb" }), UpdateAct::Check("/data/gate.raucb".into())),
        ("update.progress", json!({}), UpdateAct::Progress),
        ("update.confirm", json!({}), UpdateAct::Confirm),
        ("update.rollback", json!({}), UpdateAct::RollBack),
    ];
    for (method, params, act) in cases {
        let effect = Bench::new().effect(&app_server(), &request(1, method, params)).1;
        assert_eq!(effect, Effect::Update(act), "{method}");
    }
}

#[test]
fn what_is_no_bundle_is_refused_and_so_is_who_may_not() {
    for bundle in
        ["", "/", "-v", "gate.raucb", "file:///etc/shadow", "https://", "/data/\u{7}", &format!("/{}", "a".repeat(1024))]
    {
        let message = request(1, "update.install", json!({ "bundle": bundle }));
        let (name, text, _) = Bench::new().refused(&app_server(), &message);
        assert_eq!(name, "invalid_params", "{bundle}");
        assert!(text.contains("is no bundle; name a path from / on, or an http(s) address"), "{text}");
    }
    let viewer = Sender::participant("local-viewer-abc");
    for method in ["update.install", "update.rollback", "update.confirm", "update.check", "update.progress"] {
        let refused = Bench::new().refused(&viewer, &request(1, method, json!({ "bundle": "/a" })));
        assert_eq!(refused.0, "not_allowed", "{method}");
    }
}
