//! The end: in order, with code 0, within two seconds, whatever hangs.

use std::time::Duration;

use rustix::process::Signal;

use super::{SOON, TONE, VIVID, watched};
use crate::bench::{Guest, in_guest};
use crate::rig::{Daemon, Setup, UsbCamera, Vivid, clip, let_pass, now, wait_for};

const WITHIN: Duration = Duration::from_secs(2);

/// It ends with code 0 in time.
fn ends(daemon: &mut Daemon, what: &str, signal: Signal, within: Duration) {
    let (status, took) = daemon.end(signal);
    println!("{what}: {status}, {took:?}");
    assert_eq!(status.code(), Some(0), "{what}: {status}");
    assert!(took < within, "{what}: took {took:?}");
}

#[test]
fn comes_in_time_with_and_without_viewers_and_twice() {
    in_guest(&Guest { seconds: 180, ..Guest::default() }, || {
        let settings = [&VIVID[..], &[TONE]].concat();
        for signal in [Signal::INT, Signal::TERM] {
            let (mut daemon, viewer) = watched(&settings);
            ends(&mut daemon, &format!("{signal:?} with a viewer"), signal, WITHIN);
            drop(viewer);
            let mut daemon = Daemon::start(&Setup { settings: &settings, ..Setup::default() });
            ends(&mut daemon, &format!("{signal:?} without"), signal, WITHIN);
        }
        let (mut daemon, _viewer) = watched(&settings);
        daemon.process.signal(Signal::INT);
        let_pass(Duration::from_millis(50));
        ends(&mut daemon, "Ctrl-C twice", Signal::INT, WITHIN);
    });
}

#[test]
fn comes_before_anything_is_started() {
    in_guest(&Guest { seconds: 180, ..Guest::default() }, || {
        let settings = [&VIVID[..], &[TONE]].concat();
        for wait in [0, 5, 10, 20, 40, 80, 160, 320] {
            let mut daemon = Daemon::begin(&Setup { settings: &settings, ..Setup::default() });
            // Before the program listens for signals, the kernel is who answers them.
            let status = format!("/proc/{}/status", daemon.process.id());
            let start = now();
            wait_for("the daemon to listen for signals", SOON, || {
                let text = std::fs::read_to_string(&status).ok()?;
                let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
                let caught = u64::from_str_radix(caught.trim(), 16).ok()?;
                (caught & 1 << (Signal::INT.as_raw() - 1) != 0 && caught & 1 << (Signal::TERM.as_raw() - 1) != 0).then_some(())
            });
            println!("listens after {:?}", start.elapsed());
            let_pass(Duration::from_millis(wait));
            ends(&mut daemon, &format!("Ctrl-C {wait} ms later"), Signal::INT, WITHIN);
        }
    });
}

#[test]
fn comes_in_time_when_a_device_hangs() {
    in_guest(&Guest { seconds: 180, ..Guest::default() }, || {
        let settings = [&VIVID[..], &[TONE]].concat();
        for fault in ["disconnect", "inject_fatal_streaming_error"] {
            let (mut daemon, _viewer) = watched(&settings);
            Vivid::SINGLE.set(fault, 1);
            ends(&mut daemon, fault, Signal::INT, WITHIN);
            Vivid::unplug();
            Vivid::plug();
        }
        let modes = [format!("mjpeg:640x480@30={}", clip("480.mjpeg").display())];
        let settings = [("camera.source", "usb:1d6b:0104:SN7"), ("camera.width", "640"), ("camera.height", "480"), TONE];
        for fault in ["freeze", "stall", "hang"] {
            let mut camera = UsbCamera::plug("Street Camera", "SN7", &modes);
            camera.node();
            let (mut daemon, _viewer) = watched(&settings);
            camera.fault(fault);
            // A thread that waits for a device inside the kernel cannot be ended before the kernel gives up: 5 s a request.
            let within = if fault == "hang" { SOON } else { WITHIN };
            ends(&mut daemon, fault, Signal::TERM, within);
            if fault != "hang" {
                let mut daemon = Daemon::start(&Setup { settings: &settings, ..Setup::default() });
                let_pass(Duration::from_secs(3));
                ends(&mut daemon, &format!("{fault} from the beginning"), Signal::TERM, WITHIN);
            }
            camera.pull();
        }
    });
}
