//! Bad networks between daemon and viewer: what gets lost, what comes late, what goes away and comes back.

use std::time::Duration;

use super::{SOON, TONE};
use crate::bench::{Guest, in_guest};
use crate::rig::daemon::{DEVICE, mint};
use crate::rig::{Audience, Daemon, Namespace, Setup, Told, let_pass, link, now, run, trouble};
use room::token::VideoGrant;
use rustix::process::Signal;
use serde_json::{Value, json};

const PATTERN: [(&str, &str); 3] = [("camera.source", "pattern"), ("camera.width", "640"), ("camera.height", "360")];
/// Longest time that a picture may stand still while the network only loses and delays.
const FREEZE: Duration = Duration::from_secs(8);
/// How long nothing gets through.
const OUTAGE: Duration = Duration::from_secs(5);
/// Ends of the cables.
const CABLE: &str = "cable";

/// Watches for some time, says what came, and fails where it was no stream: what the daemon sent has to arrive for the most part, and the
/// picture may not stand still for long. How many pictures that are, and how old, depends on what else the machine does.
fn watch(daemon: &Daemon, viewer: &Audience, what: &str, seconds: u64) {
    viewer.begin_anew();
    let start = now();
    let mut sent = Vec::new();
    while start.elapsed() < Duration::from_secs(seconds) {
        let_pass(Duration::from_secs(1));
        sent.push(daemon.call("stream.get", &json!({})).expect("it answers")["sent"].take());
    }
    let (mut heard, passed) = (viewer.heard(), start.elapsed().as_secs_f64());
    heard.ages.sort_unstable();
    let age = |share: usize| heard.ages.get(heard.ages.len() * share / 100).copied().unwrap_or_default();
    let fps = heard.pictures as f64 / passed;
    let mean = |key: &str| sent.iter().filter_map(|sent| sent[key].as_f64()).sum::<f64>() / sent.len() as f64;
    let (sent_fps, kbps) = (mean("fps"), mean("bitrate_kbps"));
    println!(
        "{what}: {fps:.1} of {sent_fps:.1} pictures a second ({kbps:.0} kbit/s), {} freezes, {:?} in all, longest {:?}, age {:?} (p50), \
         {:?} (p95), connection lost {}",
        heard.freezes,
        heard.frozen,
        heard.longest_gap,
        age(50),
        age(95),
        heard.lost
    );
    assert!(fps > 5.0 && fps > sent_fps / 2.0, "{what}: {fps:.1} of {sent_fps:.1} pictures a second arrive");
    assert!(heard.longest_gap < FREEZE, "{what}: a freeze of {:?}", heard.longest_gap);
}

/// Nothing gets through for some time, and then pictures come again; `both` shapes both ends of the cable.
fn outage(viewer: &Audience, both: impl Fn(&str)) {
    both("loss 100%");
    let_pass(OUTAGE);
    both("delay 5ms");
    let back = viewer.wait_for_picture("a picture after the outage", SOON * 2, |_| true);
    println!("5 s outage: pictures again after {back:?}");
}

#[test]
fn to_a_room_inside_the_daemon() {
    in_guest(&Guest { seconds: 240, ..Guest::default() }, || {
        let device = Namespace::new("device", "10.0.0.2");
        link((None, CABLE, "10.0.0.1/24"), (Some(&device), CABLE, "10.0.0.2/24"));
        let settings = [&PATTERN[..], &[TONE]].concat();
        let setup = Setup { settings: &settings, inside: Some(&device), ..Setup::default() };
        let daemon = Daemon::start(&setup);
        let viewer = Audience::join(&daemon.url(), "camera", "local-viewer", DEVICE);
        viewer.wait_for_pictures(30, SOON);
        let tracks = daemon_tracks(&daemon);
        let both = |words: &str| {
            trouble(None, CABLE, words);
            trouble(Some(&device), CABLE, words);
        };
        watch(&daemon, &viewer, "a good network", 5);
        both("loss 10% delay 20ms");
        watch(&daemon, &viewer, "10 % loss, 40 ms there and back", 15);
        both("delay 30ms 15ms distribution normal");
        watch(&daemon, &viewer, "30 +/- 15 ms", 8);
        both("delay 5ms");
        viewer.wait_for_pictures(60, SOON);

        outage(&viewer, both);
        watch(&daemon, &viewer, "afterwards", 5);
        assert_eq!(daemon_tracks(&daemon), tracks, "the same tracks, published by the same participant");

        daemon.process.signal(Signal::KILL);
        drop(daemon);
        let start = now();
        let daemon = Daemon::start(&setup);
        let up = start.elapsed();
        let back = viewer.wait_for_picture("a picture of the new daemon", SOON * 4, |_| true);
        println!("killed and started again (up after {up:?}): pictures {back:?} later");
        watch(&daemon, &viewer, "afterwards", 4);
    });
}

fn daemon_tracks(daemon: &Daemon) -> Vec<(String, String, String)> {
    daemon.tracks("camera")
}

#[test]
fn to_a_room_elsewhere() {
    in_guest(&Guest { seconds: 240, ..Guest::default() }, || {
        let (device, server) = (Namespace::new("device", "10.0.2.1"), Namespace::new("server", "10.0.1.2"));
        link((None, CABLE, "10.0.1.1/24"), (Some(&server), "public", "10.0.1.2/24"));
        link((Some(&device), CABLE, "10.0.2.1/24"), (Some(&server), "cable", "10.0.2.2/24"));
        // Its own camera is not watched.
        let own = [("camera.source", "pattern"), ("camera.width", "160"), ("camera.height", "90"), ("camera.fps", "1"), TONE];
        let room = Setup { name: "server", settings: &own, inside: Some(&server), user: None };
        let mut hall = Daemon::start(&room);
        let token = mint("street", VideoGrant::join("gate"));
        std::fs::write("/run/token", token).expect("/run can be written");
        let elsewhere = [("engine.open.url", "ws://10.0.2.2:7880"), ("engine.open.token_file", "/run/token"), TONE];
        let settings = [&PATTERN[..], &elsewhere].concat();
        let daemon = Daemon::start(&Setup { settings: &settings, inside: Some(&device), ..Setup::default() });
        let viewer = Audience::join(&hall.url(), "gate", "local-viewer", "street");
        viewer.wait_for_pictures(30, SOON);
        let tracks = hall.tracks("gate");
        let both = |words: &str| {
            trouble(Some(&device), CABLE, words);
            trouble(Some(&server), "cable", words);
        };
        both("loss 10% delay 20ms");
        watch(&daemon, &viewer, "10 % loss between device and room", 15);
        both("delay 5ms");
        viewer.wait_for_pictures(40, SOON);

        outage(&viewer, both);
        assert_eq!(hall.tracks("gate"), tracks, "the same tracks, published by the same participant");

        device.ip(&["address", "add", "10.0.2.9/24", "dev", CABLE]);
        device.ip(&["address", "del", "10.0.2.1/24", "dev", CABLE]);
        // Adding it as a second one of the network makes it go with the first.
        device.ip(&["address", "replace", "10.0.2.9/24", "dev", CABLE]);
        viewer.begin_anew();
        let start = now();
        viewer.wait_for_pictures(30, SOON * 3);
        println!(
            "address changed: a second of pictures after {:?}, longest gap {:?}",
            start.elapsed(),
            viewer.heard().longest_gap
        );
        assert_eq!(hall.tracks("gate"), tracks, "the same tracks after the change of the address");

        hall.process.signal(Signal::KILL);
        drop(hall);
        let start = now();
        hall = Daemon::start(&room);
        let up = start.elapsed();
        let back = viewer.wait_for_picture("a picture through the new server", SOON * 4, |_| true);
        println!("server killed and started again (up after {up:?}): pictures {back:?} later");
        assert_eq!(hall.tracks("gate").len(), 2, "everything is published again");
        assert_eq!(daemon.call("device.status", &json!({})).expect("it answers")["connection"], "connected");
    });
}

#[test]
fn a_cable_that_comes_and_goes_is_told_to_who_subscribed() {
    in_guest(&Guest::default(), || {
        let _daemon = Daemon::start(&Setup { settings: &PATTERN, ..Setup::default() });
        let mut told = Told::of("daemon", "net.changed");
        let far = Namespace::new("far", "10.9.0.2");
        link((None, CABLE, "10.9.0.1/24"), (Some(&far), CABLE, "10.9.0.2/24"));
        // What comes one after the other may be told in pieces.
        let mut until = |what: &str, is: &dyn Fn(&Value, &Value) -> bool| loop {
            let (method, params) = told.next();
            assert_eq!(method, "net.changed");
            println!("{what}? {params}");
            let cable = params["interfaces"].as_array().expect("a list").iter().find(|one| one["name"] == CABLE);
            if cable.is_some_and(|cable| is(cable, &params["routes"])) {
                break;
            }
        };
        until("it is there", &|cable, _| {
            let address = cable["addresses"].as_array().is_some_and(|all| all.contains(&json!("10.9.0.1/24")));
            address && cable["carrier"] == true
        });
        run("ip", ["route", "add", "default", "via", "10.9.0.2"]);
        until("a way out", &|_, routes| routes[0]["gateway"] == "10.9.0.2" && routes[0]["interface"] == CABLE);
        far.ip(&["link", "set", CABLE, "down"]);
        until("nobody at the other end", &|cable, _| cable["carrier"] == false);
    });
}
