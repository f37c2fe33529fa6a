//! Bad networks between daemon and viewer: what gets lost, what comes late, what goes away and comes back.

use std::time::Duration;

use super::{SOON, TONE};
use crate::bench::{Guest, in_guest};
use crate::rig::daemon::DEVICE;
use crate::rig::{Audience, Daemon, Namespace, Setup, let_pass, link, now, trouble};
use rustix::process::Signal;

const PATTERN: [(&str, &str); 3] = [("camera.source", "pattern"), ("camera.width", "640"), ("camera.height", "360")];
/// Ends of the cables.
const CABLE: &str = "cable";

/// Watches for some time, and says what came.
fn watch(viewer: &Audience, what: &str, time: Duration) -> (f64, Duration, usize) {
    viewer.begin_anew();
    let start = now();
    let_pass(time);
    let (mut heard, seconds) = (viewer.heard(), start.elapsed().as_secs_f64());
    heard.ages.sort_unstable();
    let age = |share: usize| heard.ages.get(heard.ages.len() * share / 100).copied().unwrap_or_default();
    let fps = heard.pictures as f64 / seconds;
    println!(
        "{what}: {fps:.1} pictures a second, {} freezes, {:?} in all, longest {:?}, age {:?} (p50), {:?} (p95), lost {}",
        heard.freezes,
        heard.frozen,
        heard.longest_gap,
        age(50),
        age(95),
        heard.lost
    );
    (fps, heard.longest_gap, heard.lost)
}

#[test]
fn to_a_room_inside_the_daemon() {
    in_guest(&Guest { seconds: 150, ..Guest::default() }, || {
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
        watch(&viewer, "a good network", Duration::from_secs(5));
        both("loss 10% delay 20ms");
        let (fps, longest, _) = watch(&viewer, "10 % loss, 40 ms there and back", Duration::from_secs(15));
        assert!(fps > 20.0, "{fps:.1} pictures a second");
        assert!(longest < Duration::from_secs(2), "a freeze of {longest:?}");
        both("delay 30ms 15ms distribution normal");
        let (fps, ..) = watch(&viewer, "30 +/- 15 ms", Duration::from_secs(8));
        assert!(fps > 20.0, "{fps:.1} pictures a second");
        both("delay 5ms");
        let_pass(Duration::from_secs(3));

        both("loss 100%");
        let_pass(Duration::from_secs(5));
        both("delay 5ms");
        let back = viewer.wait_for_picture("a picture after the outage", SOON * 2, |_| true);
        println!("5 s outage: pictures again after {back:?}");
        let (fps, ..) = watch(&viewer, "afterwards", Duration::from_secs(5));
        assert!(fps > 20.0, "{fps:.1} pictures a second");
        assert_eq!(daemon_tracks(&daemon), tracks, "the same tracks, published by the same participant");

        daemon.process.signal(Signal::KILL);
        drop(daemon);
        let start = now();
        let _daemon = Daemon::start(&setup);
        let up = start.elapsed();
        let back = viewer.wait_for_picture("a picture of the new daemon", SOON * 4, |_| true);
        println!("killed and started again (up after {up:?}): pictures {back:?} later");
        let (fps, ..) = watch(&viewer, "afterwards", Duration::from_secs(4));
        assert!(fps > 20.0, "{fps:.1} pictures a second");
    });
}

fn daemon_tracks(daemon: &Daemon) -> Vec<(String, String, String)> {
    daemon.tracks("camera")
}
