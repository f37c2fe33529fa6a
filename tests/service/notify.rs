//! Ready, status, watchdog, reading the configuration again, stopping.

use std::io::{PipeWriter, Write};
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::{BASE, Device, PATIENCE};

/// Nobody reads a daemon's log any more and it is full: the loop that writes its next line there hangs in the kernel.
pub fn fill(writer: &mut PipeWriter) {
    let flags = fcntl_getfl(&*writer).expect("flags");
    fcntl_setfl(&*writer, flags | OFlags::NONBLOCK).expect("set");
    while writer.write(&[b'.'; 4096]).is_ok() {}
    while writer.write(b".").is_ok() {}
    fcntl_setfl(&*writer, flags).expect("set back");
}

#[test]
fn it_is_ready_after_its_devices_feeds_the_watchdog_and_says_that_it_stops() {
    let device = Device::new();
    let mut managed = device.start(Stdio::null());
    let (_, before) = managed.until("it gets ready", |message| message.contains("READY=1"));
    assert!(!before.iter().any(|message| message.contains("STOPPING")), "{before:?}");
    let lines = std::fs::read_to_string(managed.path("lines")).expect("lines");
    assert!(lines.contains("built-in pattern") && lines.contains("built-in tone"), "devices are known by then: {lines}");
    for _ in 0..3 {
        managed.until("the watchdog is fed", |message| message == "WATCHDOG=1\n");
    }
    let status = managed.call("device.status", PATIENCE).expect("it answers");
    assert_eq!(status["camera"]["state"], "built_in", "{status}");
    // Something that changes the line, whatever was said of it before.
    let said = managed.reload(&BASE.replace("fps = 5", "fps = 6"));
    let wanted = "STATUS=in channel camera, nobody watches; camera: built-in pattern, as configured; microphone: built-in tone\n";
    if !said.iter().any(|message| message == wanted) {
        managed.until("the line for people", |message| message == wanted);
    }
    managed.signal("-TERM");
    managed.until("it says that it stops", |message| message.contains("STOPPING=1"));
    assert_eq!(managed.child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_loop_that_hangs_starves_the_watchdog_until_it_turns_again() {
    let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
    let device = Device::new();
    let managed = device.start(writer.try_clone().expect("a second end").into());
    managed.until("it gets ready", |message| message.contains("READY=1"));
    managed.until("it is fed", |message| message == "WATCHDOG=1\n");
    fill(&mut writer);
    assert_eq!(managed.call("stream.get", Duration::from_secs(1)), None, "a command that is done is written to the log");
    let (_, fed) = managed.until("the manager is told", |message| message == "WATCHDOG=trigger\n");
    assert!(fed.len() < 12, "it is not fed for ever: {fed:?}");
    let after: Vec<_> = (0..6).filter_map(|_| managed.next()).collect();
    assert_eq!(after, Vec::<String>::new(), "nothing is said for three seconds while the loop hangs");
    assert!(managed.get("/metrics").contains("artc_loop_hangs_total{loop="), "{}", managed.get("/metrics"));

    drop(writer);
    std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
    managed.until("it is fed again", |message| message == "WATCHDOG=1\n");
    assert!(managed.call("stream.get", PATIENCE).is_some());
}

#[test]
fn reading_the_configuration_again_changes_what_can_be_and_names_what_cannot() {
    let device = Device::new();
    let managed = device.start(Stdio::null());
    managed.until("it gets ready", |message| message.contains("READY=1"));
    let bitrate = || managed.call("stream.get", PATIENCE).expect("it answers")["bitrate_kbps"].clone();
    managed.reload(&format!("{BASE}[stream]\nbitrate_kbps = 777\n"));
    assert_eq!(bitrate(), 777, "at once, for it takes no restart");

    let said = managed.reload(&format!("{BASE}log_to = \"stderr\"\n[stream]\nbitrate_kbps = 778\n"));
    let named = said.iter().find(|message| message.starts_with("STATUS=")).expect("a line for people");
    assert!(named.contains("telemetry.log_to in force after the next start of the service only"), "{named}");
    assert_eq!(bitrate(), 778, "what can change has");

    let said = managed.reload("[stream]\nbitrate_kbps = 1\n[camera]\nsuorce = \"auto\"\n");
    let named = said.iter().find(|message| message.starts_with("STATUS=")).expect("a line for people");
    assert!(named.contains("configuration not taken") && named.contains("config.toml:2:"), "{named}");
    assert!(named.contains("suorce"), "{named}");
    assert_eq!(bitrate(), 778, "the one before is in force");

    // What takes a restart of the parts: ready is said when they are.
    managed.reload(&BASE.replace("\"tone\"", "\"none\""));
    let status = managed.call("device.status", PATIENCE).expect("it answers");
    assert_eq!(status["microphone"]["state"], "off", "{status}");
}
