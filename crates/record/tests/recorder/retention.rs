//! The folder keeps to its limits: by bytes, by age, and whatever the clock on the wall does.

use std::io::Read;
use std::time::Duration;

use record::{Limits, OpenError, Settings};

use crate::media::{Rig, files, play, settings};

fn limited(most_bytes: u64, most_age: Option<Duration>) -> Settings {
    Settings { limits: Limits { most_bytes, most_age }, segment: Duration::from_secs(4), ..settings() }
}

#[test]
fn the_oldest_go_when_there_is_no_room_and_what_is_not_ours_stays() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("holiday.mp4");
    std::fs::write(&foreign, vec![0; 1000]).unwrap();
    let most = 600_000;
    let mut rig = Rig::new(folder.path(), limited(most, None));
    rig.start();
    let mut first = None;
    let mut worst = 0;
    for _ in 0..40 {
        rig.run(2.0);
        first = first.or_else(|| rig.entries().first().map(|entry| entry.id));
        worst = worst.max(rig.entries().iter().map(|entry| entry.bytes).sum::<u64>());
    }
    rig.stop();
    assert!(rig.recorder.standing().written > 2 * most, "more was written than there is room for");
    assert!(worst <= most, "{worst} bytes at one time");
    assert!(rig.entries().iter().all(|entry| Some(entry.id) != first), "the first one is gone");
    assert!(foreign.exists());
    std::fs::remove_file(foreign).unwrap();
    for file in files(folder.path()) {
        play(&file);
    }
}

#[test]
fn the_old_go_and_a_clock_that_nobody_keeps_makes_nothing_old() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path(), limited(1 << 30, Some(Duration::from_secs(86_400))));
    rig.start();
    rig.run(5.0);
    rig.stop();
    let count = rig.entries().len();
    assert!(count > 0);
    // Ten years on, but nobody says that it is so.
    (rig.wall_ms, rig.wall_is_right) = (rig.wall_ms + 10 * 365 * 86_400_000, false);
    rig.pause(120);
    assert_eq!(rig.entries().len(), count);
    rig.wall_ms -= 20 * 365 * 86_400_000;
    rig.wall_is_right = true;
    rig.pause(120);
    assert_eq!(rig.entries().len(), count, "what is from the future is not old");
    rig.wall_ms += 12 * 365 * 86_400_000;
    rig.pause(120);
    assert_eq!(rig.entries(), []);
}

#[test]
fn a_clock_that_jumps_while_it_records_changes_no_time_inside() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path(), Settings { segment: Duration::from_secs(3), ..settings() });
    rig.start();
    rig.run(2.0);
    rig.wall_ms -= 5 * 365 * 86_400_000;
    rig.run(4.0);
    // Back to the moment of the first file.
    rig.wall_ms = crate::media::WALL_MS + 20;
    rig.run(4.0);
    rig.stop();
    let played: Vec<_> = files(folder.path()).iter().map(|file| play(file)).collect();
    assert_eq!(played.iter().map(|played| played.pictures).sum::<usize>(), rig.made, "{played:?}");
    assert!(played.iter().all(|played| played.video.1 < 3.2), "{played:?}");
}

#[test]
fn what_is_deleted_has_ended_and_what_is_read_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::NamedTempFile::new().unwrap();
    let mut rig = Rig::new(folder.path(), settings());
    rig.start();
    rig.run(2.0);
    let writing = rig.recorder.standing().writing.unwrap();
    let (mut file, entry) = rig.store.open(writing).unwrap();
    let mut begun = vec![0; entry.bytes as usize];
    file.read_exact(&mut begun).unwrap();
    assert!(!begun.is_empty() && entry.duration.is_none());
    assert!(matches!(rig.store.remove(writing), Err(OpenError::Writing(_))));
    rig.stop();
    assert!(std::fs::read(&files(folder.path())[0]).unwrap().starts_with(&begun), "what was whole did not change");
    let (file, entry) = rig.store.open(writing).unwrap();
    assert_eq!(file.metadata().unwrap().len(), entry.bytes);
    rig.store.remove(writing).unwrap();
    assert!(matches!(rig.store.remove(writing), Err(OpenError::Unknown(_))));
    assert_eq!(file.metadata().unwrap().len(), entry.bytes, "who reads it reads on");
    // A link under a name of ours leads nowhere.
    let trick = "20200101T000000.000Z-command";
    std::os::unix::fs::symlink(outside.path(), folder.path().join(format!("{trick}-1000ms.mp4"))).unwrap();
    assert_eq!(rig.entries(), []);
    assert!(matches!(rig.store.open(trick.parse().unwrap()), Err(OpenError::Unknown(_))));
}

#[test]
fn a_day_has_its_bytes_and_then_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let most = 1 << 20;
    let limited = || Settings { most_a_day: Some(most), ..settings() };
    let mut rig = Rig::new(folder.path(), limited());
    rig.start();
    rig.run(60.0);
    let fault = rig.fault().expect("it says so");
    assert!(fault.contains("the 1 MiB of a day are written (`record.most_mib_a_day`)"), "{fault}");
    let written = rig.recorder.standing().written;
    assert!((most..most + 200_000).contains(&written), "{written} bytes");
    // Asked for again, it is told again, and nothing is written.
    rig.start();
    rig.run(5.0);
    assert!(rig.fault().is_some());
    rig.stop();
    assert_eq!((rig.recorder.standing().written, rig.fault()), (written, None));
    for file in files(folder.path()) {
        play(&file);
    }
    // Another process: what is there of this day counts.
    let wall_ms = rig.wall_ms;
    let mut rig = Rig::new(folder.path(), limited());
    rig.wall_ms = wall_ms;
    rig.recorder.account(rig.now());
    rig.start();
    rig.run(5.0);
    assert!(rig.fault().is_some());
    assert_eq!(rig.recorder.standing().written, 0);
    // The next day.
    rig.pause(25 * 3600);
    rig.run(5.0);
    assert_eq!(rig.fault(), None);
    rig.stop();
    assert!(rig.recorder.standing().written > 100_000);
}
