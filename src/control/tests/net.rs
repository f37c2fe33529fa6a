//! Family `net`: what may be probed.

use serde_json::json;

use super::super::Effect;
use super::{Bench, app_server, request};

#[test]
fn the_configured_server_and_a_stun_server_are_probed_and_nothing_else() {
    let stun = |host: &str, port| Effect::ProbeNetwork(Some((host.to_owned(), port)));
    let cases = [
        (json!({ "stun": "stun.example.com:3478" }), stun("stun.example.com", 3478)),
        (json!({ "stun": "stun:192.0.2.1:19302" }), stun("192.0.2.1", 19_302)),
        (json!({ "stun": "[2001:db8::1]:3478" }), stun("2001:db8::1", 3478)),
    ];
    for (params, effect) in cases {
        for elsewhere in [false, true] {
            let mut bench = Bench::new();
            bench.view.joins_elsewhere = elsewhere;
            assert_eq!(bench.effect(&app_server(), &request(1, "net.probe", params.clone())).1, effect, "{params}");
        }
    }
    let mut bench = Bench::new();
    let (name, why, _) = bench.refused(&app_server(), &request(1, "net.probe", json!({})));
    let wanted = "this device joins no server over the network; name a STUN server with `stun`";
    assert_eq!((name.as_str(), why.as_str()), ("not_available", wanted));
    bench.view.joins_elsewhere = true;
    assert_eq!(bench.effect(&app_server(), &request(2, "net.probe", json!({}))).1, Effect::ProbeNetwork(None));
    for wrong in ["", ":", "host", "host:", ":3478", "host:0", "host:65536", "host:+1", "a b:1", "http://host:80/x:1", "host\n:1"]
    {
        let (name, why, _) = bench.refused(&app_server(), &request(3, "net.probe", json!({ "stun": wrong })));
        assert!(name == "invalid_params" && why.ends_with("write HOST:PORT, as in stun.example.com:3478"), "{wrong}: {why}");
    }
    let long = "h".repeat(254) + ":1";
    assert_eq!(bench.refused(&app_server(), &request(4, "net.probe", json!({ "stun": long }))).0, "invalid_params");
    assert_eq!(bench.refused(&app_server(), &request(5, "net.probe", json!({ "url": "ws://a" }))).0, "invalid_params");
    assert_eq!(bench.effect(&app_server(), &request(6, "net.status", json!({}))).1, Effect::ReadNetwork { inside: false });
    bench.view.status.connection = wire::device::Connection::Connected;
    assert_eq!(bench.effect(&app_server(), &request(8, "net.status", json!({}))).1, Effect::ReadNetwork { inside: true });
    let viewer = super::Sender::participant("local-viewer");
    assert_eq!(bench.refused(&viewer, &request(7, "net.probe", json!({}))).0, "not_allowed");
}
