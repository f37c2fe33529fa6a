//! How it ends and what the next run makes of it.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;

use super::notify::fill;
use super::{Device, Managed, PATIENCE};

/// How the run before ended, as a running one tells it, and how many bad ends there were lately.
fn before(managed: &Managed<'_>) -> (String, u64) {
    let status = managed.call("device.status", PATIENCE).expect("it answers");
    let restart = &status["restart"];
    (restart["cause"].as_str().expect("a cause").to_owned(), restart["recent"].as_u64().expect("a number"))
}

#[test]
fn each_end_is_told_by_its_cause() {
    let device = Device::new();
    let mut first = device.ready();
    assert_eq!(before(&first), ("unknown".into(), 0));
    first.signal("-TERM");
    assert_eq!(first.child.wait().expect("it ends").code(), Some(0));

    let second = device.ready();
    assert_eq!(before(&second), ("stopped".into(), 0), "who was asked to end is counted nowhere");
    drop(second);
    let third = device.ready();
    assert_eq!(before(&third), ("killed".into(), 1));
    assert!(third.get("/metrics").contains("artc_restart_info{cause=\"killed\"} 1"), "{}", third.get("/metrics"));
    drop(third);

    let (_reader, mut writer) = std::io::pipe().expect("a pipe");
    let hung = device.start(writer.try_clone().expect("a second end").into());
    hung.until("it gets ready", |message| message.contains("READY=1"));
    fill(&mut writer);
    assert_eq!(hung.call("stream.get", Duration::from_secs(1)), None, "a command that is done is written to the log");
    hung.until("the manager is told", |message| message == "WATCHDOG=trigger\n");
    // As the manager does.
    hung.signal("-ABRT");
    drop(hung);
    let fifth = device.ready();
    let status = fifth.call("device.status", PATIENCE).expect("it answers");
    // Which of the two that write to the log is stuck first is theirs to say.
    let loops = status["restart"]["detail"].as_str().expect("the loops");
    assert!(loops.contains("main") || loops.contains("engine"), "{status}");
    assert_eq!(before(&fifth), ("hang".into(), 3));
}

#[test]
fn five_kills_in_ten_minutes_lead_into_safe_mode_which_a_command_ends() {
    let device = Device::new();
    for kills in 0..5 {
        let running = device.ready();
        let status = running.call("device.status", PATIENCE).expect("it answers");
        assert_eq!((&status["restart"]["recent"], status.get("safe_mode_s")), (&json!(kills), None));
        assert_eq!(status["camera"]["state"], "built_in");
    }
    let safe = device.start(Stdio::null());
    safe.until("it says so", |message| message.contains("STATUS=SAFE MODE, commands only; in channel camera"));
    let status = safe.status_until("it is in the channel", |status| status["connection"] == "connected");
    assert!(status["safe_mode_s"].as_u64().is_some_and(|left| (500..=600).contains(&left)), "{status}");
    assert_eq!((&status["camera"]["state"], &status["microphone"]["state"]), (&json!("resting"), &json!("off")), "{status}");
    let stream = safe.call("stream.get", PATIENCE).expect("it answers");
    assert_eq!(stream["published"], false, "{stream}");
    assert!(safe.call("log.tail", PATIENCE).is_some() && safe.call("config.get", PATIENCE).is_some());
    assert!(safe.get("/readyz").contains("\"safe mode\"") && safe.get("/readyz").contains(" 503 "), "{}", safe.get("/readyz"));
    assert!(safe.get("/metrics").contains("artc_safe_mode 1"));

    assert_eq!(safe.call("device.leave_safe_mode", PATIENCE), Some(json!({})));
    let status = safe.status_until("camera and microphone are back", |status| status["camera"]["state"] == "built_in");
    assert_eq!((status.get("safe_mode_s"), &status["microphone"]["state"]), (None, &json!("built_in")), "{status}");
    assert!(safe.get("/metrics").contains("artc_safe_mode 0"));
    assert_eq!(safe.call("device.leave_safe_mode", PATIENCE), None, "there is none to leave");
    drop(safe);
    let next = device.ready();
    assert_eq!(before(&next), ("killed".into(), 1), "it is counted from the beginning");
}
