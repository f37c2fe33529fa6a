//! Metrics and health as those who watch see them: over a real socket, in plain HTTP.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    sync::OnceLock,
    time::Duration,
};

use artc_edge::telemetry::{self, Config, LogTo, Telemetry};
use tokio::runtime::Runtime;

/// Logging and counting are started once a process; the tests share them, each with names of its own.
fn telemetry() -> Telemetry {
    static STARTED: OnceLock<Telemetry> = OnceLock::new();
    STARTED
        .get_or_init(|| {
            let config = Config { log_to: LogTo::Stderr, log: "warn".into(), ..Config::default() };
            telemetry::init(&config).unwrap_or_else(|why| panic!("{why}"))
        })
        .clone()
}

fn loopback() -> Config {
    Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() }
}

fn ask(mut stream: impl Read + Write, path: &str, host: &str) -> (u16, String) {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("answered");
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

fn tcp(address: SocketAddr, path: &str) -> (u16, String) {
    ask(TcpStream::connect(address).expect("it listens"), path, "127.0.0.1:1")
}

#[test]
fn metrics_tell_the_process_and_what_was_counted() {
    let runtime = Runtime::new().expect("a runtime");
    let served = runtime.block_on(telemetry().serve(&loopback())).unwrap_or_else(|why| panic!("{why}"));
    let address = served.address.expect("over TCP");
    metrics::counter!("artc_capture_video_grabbed_total").increment(3);
    metrics::histogram!("artc_test_seconds").record(0.003);
    let (status, text) = tcp(address, "/metrics");
    assert_eq!(status, 200);
    for wanted in [
        "# TYPE artc_capture_video_grabbed_total counter",
        "# HELP artc_capture_video_grabbed_total ",
        "artc_capture_video_grabbed_total 3",
        "artc_build_info{",
        "artc_test_seconds_bucket{le=\"0.004\"} 1",
        "artc_test_seconds_bucket{le=\"0.002\"} 0",
        "# TYPE process_cpu_seconds_total counter",
        "process_resident_memory_bytes ",
        "process_open_fds ",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing in\n{text}");
    }
    assert_eq!(tcp(address, "/elsewhere").0, 404);
    drop(served);
}

#[test]
fn ready_is_when_every_check_says_so() {
    let runtime = Runtime::new().expect("a runtime");
    let telemetry = telemetry();
    let served = runtime.block_on(telemetry.serve(&loopback())).unwrap_or_else(|why| panic!("{why}"));
    let address = served.address.expect("over TCP");
    let camera = telemetry.health().check("camera");
    let room = telemetry.health().check("room");
    let (status, text) = tcp(address, "/readyz");
    assert_eq!(status, 503);
    let answer: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(answer["checks"]["camera"], serde_json::json!({ "ready": false, "detail": "starting" }));
    camera.ready("1280x720 at 30");
    room.not_ready("the server is away");
    let (status, text) = tcp(address, "/readyz");
    assert!(status == 503 && text.contains("the server is away"), "{status} {text}");
    room.ready("joined");
    assert_eq!(tcp(address, "/readyz").0, 200);
    drop(room);
    let answer: serde_json::Value = serde_json::from_str(&tcp(address, "/readyz").1).expect("JSON");
    assert_eq!(answer["checks"].get("room"), None, "what is gone is not waited for");
}

#[test]
fn a_page_of_elsewhere_cannot_read_them() {
    let runtime = Runtime::new().expect("a runtime");
    let served = runtime.block_on(telemetry().serve(&loopback())).unwrap_or_else(|why| panic!("{why}"));
    let address = served.address.expect("over TCP");
    let by = |host: &str| ask(TcpStream::connect(address).expect("it listens"), "/metrics", host).0;
    assert_eq!([by("localhost:9464"), by("127.0.0.1"), by("[::1]:9464")], [200, 200, 200]);
    assert_eq!([by("evil.example"), by("evil.example:9464"), by("10.0.0.7:9464")], [421, 421, 421]);
}

#[test]
fn an_address_is_free_as_soon_as_its_service_has_ended() {
    let runtime = Runtime::new().expect("a runtime");
    let mut config = loopback();
    for _ in 0..50 {
        let served = runtime.block_on(telemetry().serve(&config)).unwrap_or_else(|why| panic!("{why}"));
        let address = served.address.expect("over TCP");
        assert_eq!(tcp(address, "/livez").0, 200);
        config.listen = address;
        runtime.block_on(served.end());
    }
}

#[test]
fn a_unix_socket_serves_the_same_and_replaces_a_dead_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("telemetry.sock");
    let runtime = Runtime::new().expect("a runtime");
    let config = Config { http: false, socket: Some(path.clone()), ..Config::default() };
    let serve = || runtime.block_on(telemetry().serve(&config));
    // What a killed daemon leaves behind.
    drop(std::os::unix::net::UnixListener::bind(&path).expect("bound"));
    let served = serve().unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(served.address, None);
    let (status, _) = ask(UnixStream::connect(&path).expect("it listens"), "/livez", "x");
    assert_eq!(status, 200);
    let why = serve().err().map(|why| why.to_string());
    let wanted = format!("`telemetry.socket` = \"{}\": somebody else listens there; choose another path", path.display());
    assert_eq!(why, Some(wanted), "a living one is left alone");
    drop(served);
    assert!(!path.exists(), "it is taken away in the end");
    std::fs::write(&path, "not a socket").expect("written");
    let wanted =
        format!("`telemetry.socket` = \"{}\": something that is no socket is there; choose another path", path.display());
    assert_eq!(serve().err().map(|why| why.to_string()), Some(wanted));
    assert_eq!(std::fs::read_to_string(&path).ok().as_deref(), Some("not a socket"), "and is left as it is");
}

#[test]
fn those_who_only_connect_keep_nobody_waiting_for_ever() {
    let runtime = Runtime::new().expect("a runtime");
    let served = runtime.block_on(telemetry().serve(&loopback())).unwrap_or_else(|why| panic!("{why}"));
    let address = served.address.expect("over TCP");
    let mut idle: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(address).expect("it listens")).collect();
    let last = TcpStream::connect(address).expect("it listens");
    last.set_read_timeout(Some(Duration::from_millis(200))).expect("set");
    let mut waiting = last.try_clone().expect("cloned");
    write!(waiting, "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
    let mut byte = [0];
    assert!(waiting.read(&mut byte).is_err(), "all places are taken");
    idle.clear();
    last.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
    assert_eq!(waiting.read(&mut byte).ok(), Some(1), "a place became free");
}

#[test]
fn a_taken_port_says_so() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let runtime = Runtime::new().expect("a runtime");
    let why = runtime.block_on(telemetry().serve(&Config { listen: address, ..Config::default() })).err();
    let wanted = format!(
        "`telemetry.listen` = \"{address}\": somebody else listens there; choose another, or set `telemetry.http` = false"
    );
    assert_eq!(why.map(|why| why.to_string()), Some(wanted));
}

#[test]
fn a_loop_that_stops_turning_is_not_live() {
    let health = telemetry::Health::default();
    let second = Duration::from_secs(1);
    let beat = health.beat("capture", 5 * second);
    assert!(health.liveness(100 * second).live, "it was only just born");
    assert!(health.liveness(105 * second).live);
    let late = health.liveness(106 * second);
    assert!(!late.live);
    assert_eq!((late.loops["capture"].quiet_ms, late.loops["capture"].limit_ms), (6000, 5000));
    beat.tick();
    assert!(health.liveness(107 * second).live);
    drop(beat);
    assert!(health.liveness(1000 * second).loops.is_empty(), "one that ended is not waited for");
}

#[test]
fn levels_change_while_running() {
    let levels = telemetry().levels().clone();
    let before = levels.get();
    assert_eq!(levels.set("info,room=debug"), Ok(()));
    assert!(levels.get().contains("room=debug"), "{}", levels.get());
    assert!(levels.set("loud").is_err());
    assert!(levels.get().contains("room=debug"), "a wrong one changes nothing");
    levels.set(&before).expect("put back");
}

#[test]
fn a_fault_is_told_when_it_changes() {
    use telemetry::{Change, Fault};
    let mut fault = Fault::default();
    assert_eq!(fault.see(None::<&str>), None, "nothing was wrong, nothing is");
    assert_eq!(fault.see(Some("busy")), Some(Change { now: Some("busy"), before: None, seen: 0 }));
    assert!((0..9).all(|_| fault.see(Some("busy")).is_none()));
    assert_eq!(fault.see(Some("gone")), Some(Change { now: Some("gone"), before: Some("busy"), seen: 10 }));
    assert_eq!(fault.see(None), Some(Change { now: None, before: Some("gone"), seen: 1 }));
}
