//! Cards that are full, read-only, failing, slow and pulled, while they are recorded to: a real file system on the kernel's device mapper.
//! Recording stands still, says why by name, and goes on by itself; whoever watches does not notice.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::{Guest, in_guest};
use crate::rig::{Audience, Daemon, Setup, run, wait_for};

const SOON: Duration = Duration::from_secs(60);
/// Where the card is mounted, and where it is recorded to.
const CARD: &str = "/media/card";
const FOLDER: &str = "/media/card/recordings";
const MIB: u64 = 24;

/// A card in its slot.
struct Card {
    device: String,
    sectors: u64,
}

/// There is no udev in the guest: dmsetup makes its nodes itself.
fn shell(command: &str) -> String {
    run("sh", ["-c", &format!("export DM_DISABLE_UDEV=1; {command}")])
}

impl Card {
    fn insert() -> Self {
        let sectors = MIB * 2048;
        shell(&format!("truncate -s {MIB}M /run/card.img && mkdir -p {CARD}"));
        let device = shell("losetup -f --show /run/card.img").trim().to_owned();
        let card = Self { device, sectors };
        let table = card.good();
        shell(&format!("dmsetup create card --table '{table}'"));
        shell("mkfs.ext4 -q -m 0 /dev/mapper/card");
        card.mount();
        shell(&format!("mkdir {FOLDER}"));
        card
    }

    fn mount(&self) {
        shell(&format!("mount /dev/mapper/card {CARD}"));
    }

    fn good(&self) -> String {
        format!("0 {} linear {} 0", self.sectors, self.device)
    }

    /// From now on it behaves like this.
    fn becomes(&self, table: &str) {
        shell(&format!(
            "dmsetup suspend --noflush --nolockfs card && dmsetup load card --table '{table}' && \
             dmsetup resume card"
        ));
    }

    /// It is pulled: what was mounted is gone, and with it what was on its way.
    fn pull(&self) {
        self.becomes(&format!("0 {} error", self.sectors));
        shell(&format!("umount -l {CARD}"));
    }

    /// From now on nothing that is asked of it comes to an end.
    fn hangs(&self) {
        shell("dmsetup suspend --noflush --nolockfs card");
    }

    /// What was asked of it meanwhile is done.
    fn answers(&self) {
        shell("dmsetup resume card");
    }

    /// It works again, and is mounted anew as whoever mounts cards does.
    fn again(&self) {
        self.becomes(&self.good());
        shell(&format!("umount -l {CARD} 2>/dev/null; true"));
        // Whoever wrote to it when it went has let go when the mount below works.
        wait_for("the card to be mounted", SOON, || {
            let done = std::process::Command::new("sh")
                .args(["-c", &format!("e2fsck -p /dev/mapper/card >/dev/null 2>&1; mount /dev/mapper/card {CARD}")])
                .status();
            done.is_ok_and(|status| status.success()).then_some(())
        });
    }
}

/// A daemon that records all the time, and somebody who watches it.
fn recording() -> (Daemon, Audience) {
    let settings = [
        ("camera.source", "pattern"),
        ("camera.width", "320"),
        ("camera.height", "240"),
        ("camera.fps", "15"),
        ("microphone.source", "none"),
        ("record.when", "[\"always\"]"),
        ("record.folder", FOLDER),
        ("record.memory_mib", "16"),
    ];
    let daemon = Daemon::start(&Setup { settings: &settings, ..Setup::default() });
    let viewer = Audience::join(&daemon.url(), "camera", "viewer", "camera");
    viewer.wait_for_pictures(5, SOON);
    (daemon, viewer)
}

fn list(daemon: &Daemon) -> Value {
    daemon.call("record.list", &json!({})).expect("listed")
}

/// Waits until something is being written, and more of it each time one looks.
fn is_written(daemon: &Daemon) {
    let mut first = None;
    wait_for("a recording that grows", SOON, || {
        let list = list(daemon);
        let writing = list["status"]["writing"].as_str()?.to_owned();
        let bytes = list["recordings"].as_array()?.iter().find(|one| one["id"] == *writing)?["bytes"].as_u64()?;
        let (id, before) = first.get_or_insert((writing.clone(), bytes));
        if *id != writing {
            first = None;
            return None;
        }
        (bytes > *before).then_some(())
    });
}

/// Waits until it says why nothing is written; meanwhile and then, who watches sees pictures.
fn stands_still(daemon: &Daemon, viewer: &Audience, why: &[&str]) {
    let fault = wait_for(&format!("one of {why:?}"), SOON, || {
        let fault = list(daemon)["status"]["fault"].as_str()?.to_owned();
        why.iter().any(|why| fault.contains(why)).then_some(fault)
    });
    println!("{fault}");
    assert!(fault.starts_with("recording stands still: could not"), "{fault}");
    goes_on(viewer);
}

/// Pictures come.
fn goes_on(viewer: &Audience) {
    viewer.begin_anew();
    viewer.wait_for_pictures(15, SOON);
}

/// Ends the recording; what waits in memory may take longer to write than a command may.
fn stop(daemon: &Daemon) {
    let stopped = || daemon.call("record.stop", &json!({})).ok().filter(|status| *status == json!({ "recording": false }));
    wait_for("the end of the recording", SOON, stopped);
}

/// The files of recordings that have ended.
fn ended() -> Vec<String> {
    let files = shell(&format!("ls {FOLDER}"));
    files.lines().filter(|name| name.ends_with("ms.mp4")).map(|name| format!("{FOLDER}/{name}")).collect()
}

/// Every recording that has ended plays. All by one player: its start is what takes long in here.
fn all_play(least: usize) {
    let files = ended();
    assert!(files.len() >= least, "{files:?}");
    let mut arguments: Vec<String> = ["-v", "error", "-xerror"].map(str::to_owned).into();
    arguments.extend(files.iter().flat_map(|file| ["-i".to_owned(), file.clone()]));
    arguments.extend((0..files.len()).flat_map(|number| ["-map".to_owned(), number.to_string()]));
    arguments.extend(["-f", "null", "-"].map(str::to_owned));
    run("ffmpeg", arguments);
}

#[test]
fn a_read_only_a_full_a_failing_and_a_pulled_card_are_told_by_name_and_used_again() {
    in_guest(&Guest { seconds: 400, ..Guest::default() }, || {
        let card = Card::insert();
        // Somebody else's file takes all there is: nothing of ours can go to make room.
        shell(&format!("dd if=/dev/zero of={CARD}/others bs=64k 2>/dev/null; sync; mount -o remount,ro {CARD}"));
        let (daemon, viewer) = recording();
        stands_still(&daemon, &viewer, &["Read-only file system"]);
        shell(&format!("mount -o remount,rw {CARD}"));
        stands_still(&daemon, &viewer, &["No space left on device"]);
        shell(&format!("rm {CARD}/others"));
        is_written(&daemon);

        // Each write fails; the file system gives up sooner or later, each in its own words.
        card.becomes(&format!("0 {} flakey {} 0 0 3600 1 error_writes", card.sectors, card.device));
        stands_still(&daemon, &viewer, &["Input/output error", "Read-only file system"]);
        card.again();
        is_written(&daemon);

        card.pull();
        stands_still(&daemon, &viewer, &["Input/output error", "Read-only file system", "No such file or directory"]);
        wait_for("the folder to be missed", SOON, || {
            let fault = list(&daemon)["status"]["fault"].as_str()?.to_owned();
            fault.contains("No such file or directory").then_some(())
        });
        assert!(!Path::new(FOLDER).exists(), "nothing is recorded where the card would be");
        card.again();
        is_written(&daemon);
        stop(&daemon);
        all_play(1);
    });
}

#[test]
fn a_slow_card_costs_neither_pictures_nor_answers() {
    in_guest(&Guest { seconds: 300, ..Guest::default() }, || {
        let card = Card::insert();
        let (daemon, viewer) = recording();
        is_written(&daemon);
        // Half a second for each write: a fragment takes seconds.
        card.becomes(&format!("0 {} delay {} 0 0 {} 0 500", card.sectors, card.device, card.device));
        for _ in 0..2 {
            goes_on(&viewer);
            assert!(daemon.status()["camera"]["state"].is_string());
            is_written(&daemon);
        }
        assert_eq!(list(&daemon)["status"]["fault"], Value::Null, "slow is no fault");
        card.becomes(&card.good());
        is_written(&daemon);
        stop(&daemon);
        // What ends whole plays, as the recorder's own tests know: here it is only told whether it does.
        let files = ended();
        assert!(!files.is_empty());
        for file in files {
            let mut file = std::fs::File::open(file).expect("it is there");
            let whole = record::torn::look(&mut file).expect("read");
            assert!(!whole.duration.is_zero() && file.metadata().is_ok_and(|about| about.len() == whole.len), "{whole:?}");
        }
    });
}

#[test]
fn a_card_that_hangs_in_a_write_is_told_by_name_and_goes_on_when_it_answers() {
    in_guest(&Guest { seconds: 300, ..Guest::default() }, || {
        let card = Card::insert();
        let (daemon, viewer) = recording();
        is_written(&daemon);
        for _ in 0..2 {
            card.hangs();
            let cause = || daemon.status()["recorder"]["cause"].as_str().map(str::to_owned);
            wait_for("the hang to be told", SOON, || (cause()? == "hangs").then_some(()));
            let fault = daemon.status()["recorder"]["fault"].as_str().unwrap_or_default().to_owned();
            assert!(fault.contains(FOLDER) && fault.contains("does not answer"), "{fault}");
            // Whoever would wait with it is told so, at once and as often as one likes; everything else goes on.
            for method in ["record.list", "record.start", "record.stop"] {
                let refused = daemon.call(method, &json!({})).expect_err("it would hang").to_string();
                assert!(refused.contains("does not answer"), "{method}: {refused}");
            }
            goes_on(&viewer);
            card.answers();
            wait_for("the end of the hang", SOON, || cause().is_none().then_some(()));
            is_written(&daemon);
        }
        stop(&daemon);
        all_play(1);
    });
}
