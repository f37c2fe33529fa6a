//! Media that are full, gone, no folder at all, or emptied under us: recording stands still and says why, and goes on by itself.

use std::process::Command;

use record::Settings;

use crate::media::{Rig, files, play, settings};

#[test]
fn a_folder_that_vanishes_is_named_and_its_return_is_enough() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("card");
    let mut rig = Rig::new(&folder, settings());
    rig.store.prepare().unwrap();
    rig.start();
    rig.run(3.0);
    assert_eq!(rig.fault(), None);
    std::fs::remove_dir_all(&folder).unwrap();
    rig.run(3.0);
    let fault = rig.fault().expect("it says so");
    assert!(fault.contains("card") && fault.starts_with("recording stands still: could not"), "{fault}");
    rig.run(7.0);
    assert!(rig.fault().is_some() && !folder.exists(), "what is mounted there is for others to bring back");
    std::fs::create_dir(&folder).unwrap();
    rig.run(8.0);
    assert_eq!(rig.fault(), None);
    rig.stop();
    let played = play(&files(&folder)[0]);
    assert!(played.pictures > 100, "with what was in memory: {played:?}");
}

#[test]
fn a_file_deleted_while_it_is_written_is_followed_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path(), settings());
    rig.start();
    rig.run(3.0);
    std::fs::remove_file(&files(folder.path())[0]).unwrap();
    rig.run(1.5);
    let fault = rig.fault().expect("it says so");
    assert!(fault.contains("somebody has deleted it"), "{fault}");
    rig.run(10.0);
    assert_eq!(rig.fault(), None);
    rig.stop();
    assert!(play(&files(folder.path())[0]).pictures > 100);
}

#[test]
fn no_folder_is_said_at_once() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut rig = Rig::new(file.path(), settings());
    assert!(rig.store.prepare().is_err());
    rig.run(2.0);
    rig.start();
    let fault = rig.fault().expect("it says so");
    assert!(fault.contains("Not a directory"), "{fault}");
    let mut rig = Rig::new(std::path::Path::new("/nowhere/recordings"), settings());
    let why = rig.store.prepare().unwrap_err().to_string();
    assert!(why.contains("could not make /nowhere/recordings"), "{why}");
    rig.run(2.0);
    rig.start();
    rig.run(20.0);
    assert!(rig.fault().is_some());
}

/// Set for the process that may write no file above a size: what it is to see.
const LIMITED: &str = "ARTC_RECORD_LIMITED";

/// Not a test by itself: what the next one runs under a limit.
#[test]
fn child_records_onto_a_medium_without_room() {
    let Ok(what) = std::env::var(LIMITED) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path(), Settings { holds: true, ..settings() });
    rig.start();
    if what == "nothing" {
        // Not even the head of a file.
        rig.run(3.0);
        let fault = rig.fault().expect("it says so");
        assert!(fault.contains("could not write") && fault.contains("File too large"), "{fault}");
        assert_eq!(rig.entries(), [], "and leaves nothing behind");
        return;
    }
    rig.run(40.0);
    rig.stop();
    let standing = rig.recorder.standing();
    assert!(standing.files > 3, "the oldest make room, again and again: {standing:?}");
    let files = files(folder.path());
    assert!(!files.is_empty());
    for file in files {
        let played = play(&file);
        assert!(played.pictures >= 15, "{played:?}");
    }
}

#[test]
fn a_full_medium_costs_recordings_and_not_the_recorder() {
    for (blocks, what) in [("0", "nothing"), ("128", "little")] {
        // A limit for files is what a test can have everywhere; the kernel refuses the same writes. Without its signal it is an error.
        let child = Command::new("bash")
            .args(["-c", r#"trap '' XFSZ; ulimit -f "$1"; shift; exec "$@""#, "limited", blocks])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "medium::child_records_onto_a_medium_without_room"])
            .env(LIMITED, what)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && said.contains("1 passed"), "{what}: {said}{}", String::from_utf8_lossy(&child.stderr));
    }
}
