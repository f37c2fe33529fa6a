//! Recordings over HTTP, as a player on the same machine has them: ffmpeg's, which seeks by ranges of bytes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::daemon::Daemon;
use crate::picture::bytes;

/// Status and body of what is there by this name, for who calls the device `host`.
fn get(daemon: &Daemon, name: &str, host: &str, header: &str) -> (u16, Vec<u8>) {
    let address = daemon.recordings().trim_start_matches("http://").split('/').next().expect("an address");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("set");
    write!(stream, "GET /recordings/{name} HTTP/1.1\r\nHost: {host}\r\n{header}Connection: close\r\n\r\n").expect("asked");
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("answered");
    let head = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    let status = String::from_utf8_lossy(&all[9..12]).parse().expect("a status");
    (status, all.split_off(head))
}

#[test]
fn a_player_on_the_machine_gets_recordings_by_ranges_and_a_page_of_elsewhere_gets_none() {
    let daemon = Daemon::start("[record]\nwhen = [\"command\"]\nhttp = \"127.0.0.1:0\"\n");
    daemon.call("record.start", json!({}));
    daemon.written(20_000);
    let id = daemon.call("record.list", json!({}))["recordings"][0]["id"].as_str().expect("an id").to_owned();
    // What is whole of it while it is written.
    let (status, begun) = get(&daemon, &format!("{id}.mp4"), "localhost", "");
    assert_eq!(status, 200);
    daemon.call("record.stop", json!({}));

    let fetched = bytes(&daemon.call("record.fetch", json!({ "id": id })));
    assert!(!begun.is_empty() && fetched.starts_with(&begun));
    let (status, part) = get(&daemon, &format!("{id}.mp4"), "127.0.0.1", "Range: bytes=1000-1999\r\n");
    assert!(status == 206 && part == fetched[1000..2000]);
    let small = bytes(&daemon.call("record.fetch", json!({ "id": id, "thumbnail": true })));
    assert_eq!(get(&daemon, &format!("{id}.jpeg"), "localhost", ""), (200, small));
    let played = Command::new("ffmpeg")
        .args(["-v", "error", "-xerror", "-ss", "0.5", "-i"])
        .arg(format!("{}{id}.mp4", daemon.recordings()))
        .args(["-frames:v", "1", "-f", "null", "-"])
        .output()
        .expect("ffmpeg is installed: setup/packages.sh test");
    assert!(played.status.success() && played.stderr.is_empty(), "{}", String::from_utf8_lossy(&played.stderr));

    assert_eq!(get(&daemon, &format!("{id}.mp4"), "evil.example", "").0, 421);
    for trick in ["..%2f..%2fconfig.toml", "../../config.toml", "config.toml", ""] {
        assert_eq!(get(&daemon, trick, "localhost", "").0, 404, "{trick}");
    }
    daemon.call("record.delete", json!({ "id": id }));
    assert_eq!(get(&daemon, &format!("{id}.mp4"), "localhost", "").0, 404);
}
