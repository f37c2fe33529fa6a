//! The status LED of the running daemon, on a line of a simulated chip.

use rustix::process::Signal;

use super::{SOON, TONE, VIVID};
use crate::bench::{Guest, in_guest};
use crate::board::{GATE, chip, level};
use crate::rig::daemon::DEVICE;
use crate::rig::{Audience, Daemon, Setup, Vivid, now, wait_for, write};

#[test]
fn shows_how_the_daemon_is_and_goes_out_with_it() {
    in_guest(&Guest { seconds: 60, ..Guest::default() }, || {
        let chip = chip();
        let patterns =
            "\n[leds.status.patterns]\nstarting = \"500/500\"\nwaiting = \"off\"\nstreaming = \"on\"\nfault = \"60/60\"\n";
        write("/run/gate.toml", &format!("{GATE}{patterns}"));
        // The levels of the lamp for a second, each once until it changes.
        let second = || {
            let (start, mut seen) = (now(), vec![level(&chip, 1)]);
            while start.elapsed().as_millis() < 1000 {
                let is = level(&chip, 1);
                if seen.last() != Some(&is) {
                    seen.push(is);
                }
            }
            seen
        };
        let shows = |what: &str, wanted: &dyn Fn(&[String]) -> bool| {
            wait_for(&format!("the LED to show: {what}"), SOON, || wanted(&second()).then_some(()));
        };
        let settings = [&VIVID[..], &[TONE, ("board.profile", "/run/gate.toml")]].concat();
        let mut daemon = Daemon::start(&Setup { settings: &settings, ..Setup::default() });
        shows("nobody watches", &|seen| seen == ["0"]);
        let viewer = Audience::join(&daemon.url(), "camera", "local-viewer", DEVICE);
        viewer.wait_for_pictures(1, SOON);
        shows("somebody watches", &|seen| seen == ["1"]);
        Vivid::unplug();
        shows("a fault", &|seen| seen.len() >= 5);
        Vivid::plug();
        shows("somebody watches again", &|seen| seen == ["1"]);
        let (status, _) = daemon.end(Signal::TERM);
        assert_eq!(status.code(), Some(0));
        assert_eq!(level(&chip, 1), "0", "the lamp is safe in the end");
    });
}
