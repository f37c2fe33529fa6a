//! Each recording has a picture: of what set it off, counted, and gone with it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use record::{Id, Limits, OpenError, Reason, Settings};

use crate::media::{Rig, files, settings};

/// What the camera sees.
type View = Arc<Mutex<Option<Vec<u8>>>>;

fn rig(folder: &Path, settings: Settings) -> (Rig, View) {
    let view: View = Arc::new(Mutex::new(Some(b"at first".to_vec())));
    let seen = Arc::clone(&view);
    let rig = Rig::new(folder, settings).with_pictures(Box::new(move || seen.lock().unwrap().clone()));
    (rig, view)
}

fn shows(view: &View, what: &str) {
    *view.lock().unwrap() = Some(what.as_bytes().to_vec());
}

fn picture(rig: &Rig, id: Id) -> String {
    let (mut file, bytes) = rig.store.open_thumbnail(id).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text.len() as u64, bytes);
    text
}

fn pictures(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|end| end == "jpeg")).collect()
}

#[test]
fn the_picture_is_of_what_set_it_off_and_a_file_that_goes_on_has_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (mut rig, view) = rig(folder.path(), Settings { segment: Duration::from_secs(3), ..settings() });
    rig.run(2.5);
    shows(&view, "somebody at the door");
    rig.recorder.trigger(Reason::Motion, true, rig.now());
    shows(&view, "the street");
    rig.run(4.0);
    rig.stop();
    let entries = rig.entries();
    let seen: Vec<_> = entries.iter().map(|entry| picture(&rig, entry.id)).collect();
    assert_eq!(&seen[..2], ["somebody at the door", "the street"], "{entries:?}");
    assert_eq!(entries[0].thumbnail, Some(20));

    // What was taken for one is not another's.
    shows(&view, "night");
    rig.start();
    rig.run(1.0);
    rig.stop();
    assert_eq!(picture(&rig, rig.entries().last().unwrap().id), "night");
}

#[test]
fn without_a_picture_it_is_a_recording_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (mut rig, view) = rig(folder.path(), settings());
    *view.lock().unwrap() = None;
    rig.start();
    rig.run(2.0);
    rig.stop();
    let id = rig.entries()[0].id;
    assert!(matches!(rig.store.open_thumbnail(id), Err(OpenError::NoThumbnail(_))));
    // The same once more, but its picture cannot be written: there is a folder of that name.
    let folder = tempfile::tempdir().unwrap();
    let (mut rig, _) = self::rig(folder.path(), settings());
    std::fs::create_dir(folder.path().join(format!("{id}.writing.jpeg"))).unwrap();
    rig.start();
    rig.run(2.0);
    rig.stop();
    let entries = rig.entries();
    assert_eq!((entries.len(), entries[0].id, entries[0].thumbnail, rig.fault()), (1, id, None, None));
}

#[test]
fn a_picture_goes_with_its_recording_and_counts_as_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut rig, view) = rig(folder.path(), Settings { segment: Duration::from_secs(3), ..settings() });
    let foreign = folder.path().join("holiday.jpeg");
    std::fs::write(&foreign, "ours is it not").unwrap();
    rig.start();
    rig.run(2.0);
    rig.stop();
    let id = rig.entries()[0].id;
    rig.store.remove(id).unwrap();
    assert_eq!((files(folder.path()), pictures(folder.path())), (vec![], vec![foreign.clone()]));

    // Pictures larger than all recordings may be: they are what makes the oldest go.
    *view.lock().unwrap() = Some(vec![7; 300_000]);
    let most = 1_000_000;
    let limits = Limits { most_bytes: most, most_age: None };
    let (mut rig, again) = self::rig(folder.path(), Settings { limits, segment: Duration::from_secs(3), ..settings() });
    again.lock().unwrap().clone_from(&view.lock().unwrap());
    rig.start();
    for _ in 0..20 {
        rig.run(2.0);
        let bytes: u64 = rig.entries().iter().map(|entry| entry.all_bytes()).sum();
        assert!(bytes <= most, "{bytes} bytes");
    }
    rig.stop();
    assert!(pictures(folder.path()).len() - 1 == rig.entries().len(), "{:?}", pictures(folder.path()));

    // What a power cut left behind: a picture that is not whole, and one whose recording is gone.
    let id = rig.entries()[0].id;
    std::fs::write(folder.path().join(format!("{id}.writing.jpeg")), "half").unwrap();
    std::fs::remove_file(&files(folder.path())[0]).unwrap();
    rig.pause(120);
    assert!(matches!(rig.store.open_thumbnail(id), Err(OpenError::Unknown(_))));
    assert!(pictures(folder.path()).len() - 1 == rig.entries().len(), "{:?}", pictures(folder.path()));
    assert!(foreign.exists());
    // A link under the name of a picture leads nowhere.
    let id = rig.entries()[0].id;
    std::fs::remove_file(folder.path().join(format!("{id}.jpeg"))).unwrap();
    std::os::unix::fs::symlink(&foreign, folder.path().join(format!("{id}.jpeg"))).unwrap();
    assert!(matches!(rig.store.open_thumbnail(id), Err(OpenError::NoThumbnail(_))));
}
