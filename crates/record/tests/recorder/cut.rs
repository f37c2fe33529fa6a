//! The plug is pulled: what was written before it plays, and at most the last second is missing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use record::{Settings, Store};

use crate::media::{Rig, files, play, settings};

/// Set for the process that records until it is killed: the folder.
const FOLDER: &str = "ARTC_RECORD_UNTIL_KILLED";
const CUTS: u64 = 24;

/// Not a test by itself: what the next one runs as a process of its own.
#[test]
fn child_records_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let mut rig = Rig::new(Path::new(&folder), Settings { segment: std::time::Duration::from_secs(7), ..settings() });
    rig.start();
    loop {
        rig.tick();
        println!("\nmade {}", rig.made);
    }
}

#[test]
fn killed_at_any_moment_it_loses_a_second_at_most() {
    for seed in 0..CUTS {
        let folder = tempfile::tempdir().unwrap();
        let mut random = StdRng::seed_from_u64(seed);
        let pictures: usize = random.random_range(45..600);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cut::child_records_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut made = lines.filter_map(|line| line.strip_prefix("made ")?.parse::<usize>().ok());
        let known = made.find(|made| *made >= pictures).expect("it records");
        child.kill().unwrap();
        child.wait().unwrap();
        // What it made and said between our look and its end.
        let made = made.last().unwrap_or(known);

        let store = Store::new(folder.path().to_owned());
        // A player takes the files as they are.
        for file in files(folder.path()) {
            let whole = file.metadata().unwrap().len() > 2000;
            assert!(whole || file.to_string_lossy().ends_with(".recording.mp4"));
        }
        store.prepare().unwrap();
        assert_eq!(store.prepare().unwrap(), 0, "the second start finds everything in order");
        let played: Vec<_> = files(folder.path()).iter().map(|file| play(file)).collect();
        let found: usize = played.iter().map(|played| played.pictures).sum();
        assert!(found + 31 >= made, "cut {seed}: {found} of {made} pictures");
        let said: f64 = store.list().unwrap().iter().map(|entry| entry.duration.unwrap().as_secs_f64()).sum();
        assert!((said * 30.0 - found as f64).abs() < 1.5, "cut {seed}: the names say {said} s of {found} pictures");
    }
}

/// A medium that lost power keeps what was flushed, and of what was not any part.
#[test]
fn a_file_cut_at_any_byte_keeps_its_whole_fragments() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path(), settings());
    rig.start();
    rig.run(6.0);
    rig.stop();
    let whole = files(folder.path()).remove(0);
    let bytes = std::fs::read(&whole).unwrap();
    let id = rig.entries()[0].id;
    let mut random = StdRng::seed_from_u64(7);
    let mut last = 0;
    for cut in 0..200 {
        let folder = tempfile::tempdir().unwrap();
        let len = if cut == 0 { bytes.len() } else { random.random_range(0..bytes.len()) };
        let torn = folder.path().join(format!("{id}.recording.mp4"));
        // Uncut, with blocks behind it that were promised and never written: they read as zeros.
        let behind: &[u8] = if cut == 0 { &[0; 5000] } else { &[] };
        std::fs::write(&torn, [&bytes[..len], behind].concat()).unwrap();
        let store = Store::new(folder.path().to_owned());
        assert_eq!(store.prepare().unwrap(), 1);
        let kept = store.list().unwrap();
        let Some(entry) = kept.first() else {
            assert!(len < 60_000, "{len} bytes hold a fragment");
            continue;
        };
        assert!(entry.bytes <= len as u64, "{entry:?}");
        if cut < 12 {
            let played = play(&files(folder.path())[0]);
            assert!((played.pictures as f64 / 30.0 - entry.duration.unwrap().as_secs_f64()).abs() < 0.05, "{played:?} {entry:?}");
            last = last.max(played.pictures);
        }
    }
    assert_eq!(last, 180, "uncut it is whole");
}
