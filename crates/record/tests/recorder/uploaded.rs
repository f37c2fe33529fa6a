//! What is known of uploads lies beside the recordings, goes with them, and says which go first.

use std::time::Duration;

use record::{Limits, Settings};

use crate::media::{Rig, settings};

fn names(folder: &std::path::Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Recordings of some seconds each.
fn recorded(folder: &std::path::Path) -> Rig {
    let mut rig = Rig::new(folder, Settings { segment: Duration::from_secs(2), ..settings() });
    rig.start();
    rig.run(9.0);
    rig.stop();
    assert!(rig.entries().len() >= 3);
    rig
}

#[test]
fn what_a_bucket_has_goes_before_what_it_has_not_but_what_is_too_old_goes_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let rig = recorded(folder.path());
    let store = record::Store::new(folder.path().to_owned());
    let all = rig.entries();
    let newest = all.last().unwrap();
    store.set_uploaded(newest.id).unwrap();
    let uploaded: Vec<_> = store.list().unwrap().iter().filter(|entry| entry.uploaded).map(|entry| entry.id).collect();
    assert_eq!(uploaded, [newest.id]);
    let bytes: u64 = all.iter().map(record::Entry::all_bytes).sum();
    let (gone, _) = store.tidy(Limits { most_bytes: bytes - 1, most_age: None }, None).unwrap();
    assert_eq!(gone, [newest.id], "though it is the newest");
    let (gone, _) = store.tidy(Limits { most_bytes: bytes - newest.all_bytes() - 1, most_age: None }, None).unwrap();
    assert_eq!(gone, [all[0].id], "of what no bucket has, the oldest");
    let later = newest.id.began_ms + 10_000;
    let (_, left) = store.tidy(Limits { most_bytes: 1 << 40, most_age: Some(Duration::from_secs(1)) }, Some(later)).unwrap();
    assert_eq!(left, 0);
    assert_eq!(names(folder.path()), [""; 0], "nothing is left beside what is gone");
}

#[test]
fn a_note_is_the_last_one_and_goes_with_its_recording_or_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let rig = recorded(folder.path());
    let store = record::Store::new(folder.path().to_owned());
    let [first, second, ..] = &rig.entries()[..] else { panic!() };
    assert_eq!(store.upload_note(first.id).unwrap(), None);
    for note in ["one", "two"] {
        store.note_upload(first.id, note).unwrap();
        assert_eq!(store.upload_note(first.id).unwrap().as_deref(), Some(note));
    }
    store.set_uploaded(first.id).unwrap();
    assert_eq!(store.upload_note(first.id).unwrap(), None);
    store.note_upload(second.id, "three").unwrap();
    // What was being written when the power went.
    std::fs::write(folder.path().join(format!("{}.writing.uploading", second.id)), "thr").unwrap();
    store.remove(first.id).unwrap();
    store.remove(second.id).unwrap();
    store.tidy(Limits { most_bytes: 1 << 40, most_age: None }, None).unwrap();
    let left = names(folder.path());
    assert!(!left.iter().any(|name| name.contains("upload")), "{left:?}");
    assert_eq!(rig.entries().len(), left.iter().filter(|name| name.ends_with(".mp4")).count());
}
