//! Family `device`: restarting, identifying and the clock, in every state.

use serde_json::json;
use wire::{Method, Role};

use super::super::{BoardAct, Effect, PowerAct};
use super::{Bench, app_server, request};

#[test]
fn lawful_commands_become_effects() {
    let cases = [
        ("device.reboot", json!({}), Effect::Power(PowerAct::Reboot)),
        ("device.shutdown", json!({}), Effect::Power(PowerAct::Shutdown)),
        ("device.identify", json!({}), Effect::Board(BoardAct::Identify(10))),
        ("device.identify", json!({ "for_s": 300 }), Effect::Board(BoardAct::Identify(300))),
        ("device.time", json!({}), Effect::ReadClock),
        ("device.set_time", json!({ "time_ms": 1_800_000_000_000_u64 }), Effect::SetClock(1_800_000_000_000)),
    ];
    for (method, params, wanted) in cases {
        let effect = Bench::new().effect(&super::local(1), &request(1, method, params.clone())).1;
        assert_eq!(effect, wanted, "{method} {params}");
    }
}

#[test]
fn what_cannot_be_is_refused_by_its_reason() {
    let cases = [
        ("device.identify", json!({ "for_s": 0 }), "out_of_range", "0 s is not between 1 and 300"),
        ("device.identify", json!({ "for_s": 301 }), "out_of_range", "301 s is not between 1 and 300"),
        ("device.set_time", json!({}), "invalid_params", "device.set_time: missing field `time_ms`"),
        (
            "device.set_time",
            json!({ "time_ms": 0 }),
            "out_of_range",
            "0 ms since 1970 is no time of today: from 1704067200000 (2024) to 4102444800000 (2100)",
        ),
        (
            "device.set_time",
            json!({ "time_ms": u64::MAX }),
            "out_of_range",
            "18446744073709551615 ms since 1970 is no time of today: from 1704067200000 (2024) to 4102444800000 (2100)",
        ),
    ];
    for (method, params, name, text) in cases {
        let (said, why, _) = Bench::new().refused(&super::local(1), &request(1, method, params.clone()));
        assert_eq!((said.as_str(), why.as_str()), (name, text), "{method} {params}");
    }
    let why = Bench::new().refused(&super::local(1), &request(1, "device.leave_safe_mode", json!({}))).1;
    assert_eq!(why, "the device is not in safe mode");
    let mut bench = Bench::new();
    bench.view.status.safe_mode_s = Some(60);
    let effect = bench.effect(&super::local(1), &request(1, "device.leave_safe_mode", json!({}))).1;
    assert_eq!(effect, Effect::LeaveSafeMode);
    let mut bench = Bench::new();
    bench.view.board = std::sync::Arc::default();
    let why = bench.refused(&super::local(1), &request(1, "device.identify", json!({}))).1;
    assert_eq!(why, "this board has no status LED");
    let mut bench = Bench::new();
    let mut board = (*bench.view.board).clone();
    board.leds.iter_mut().for_each(|led| led.missing = Some("the kernel has no LED \"act\"".into()));
    bench.view.board = board.into();
    let why = bench.refused(&super::local(1), &request(1, "device.identify", json!({}))).1;
    assert_eq!(why, "the status LED cannot be used: the kernel has no LED \"act\"");
    bench.view.no_power = Some("this is a container");
    for method in ["device.reboot", "device.shutdown"] {
        let (name, why, _) = bench.refused(&super::local(1), &request(1, method, json!({})));
        assert_eq!((name.as_str(), why.as_str()), ("not_available", "this is a container"), "{method}");
    }
    bench.view.stopping = true;
    for method in ["device.reboot", "device.identify"] {
        assert_eq!(bench.refused(&super::local(1), &request(1, method, json!({}))).1, "the device is about to stop");
    }
}

#[test]
fn what_ends_everything_is_for_who_keeps_the_device_and_marked() {
    for method in [Method::DeviceReboot, Method::DeviceShutdown] {
        assert!(method.role() == Role::Maintain && method.is_confirmed(), "{}", method.name());
    }
    assert_eq!((Method::DeviceSetTime.role(), Method::DeviceTime.role()), (Role::Maintain, Role::Observe));
    let viewer = super::Sender::participant("local-viewer");
    for method in ["device.reboot", "device.shutdown", "device.set_time"] {
        assert_eq!(Bench::new().refused(&viewer, &request(1, method, json!({}))).0, "not_allowed", "{method}");
    }
    let time = Bench::new().effect(&app_server(), &request(1, "device.time", json!({}))).1;
    assert_eq!(time, Effect::ReadClock);
}
