//! What is recorded plays, with the seconds before it, in sound and picture together.

use std::time::Duration;

use record::{Reason, Settings};

use crate::media::{Rig, files, near, play, settings};

#[test]
fn a_recording_begins_before_it_was_asked_for_and_plays() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path(), settings());
    rig.run(10.0);
    assert!(files(folder.path()).is_empty(), "nothing is written before it is asked for");
    rig.start();
    let writing = rig.recorder.standing().writing.expect("it records");
    assert_eq!(writing.reason, Reason::Command);
    rig.run(5.0);
    rig.stop();

    let entries = rig.entries();
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(entry.id, writing);
    let lasts = entry.duration.expect("it has ended").as_secs_f64();
    // 3 s of pre-roll, and the group of pictures that they begin in.
    assert!((8.0..=9.1).contains(&lasts), "{lasts}");
    let ms_before = crate::media::WALL_MS + 9900 - entry.id.began_ms;
    assert!((2900..=4100).contains(&ms_before), "its name says when the first picture was: {ms_before} ms before");
    let played = play(&files(folder.path())[0]);
    assert!(played.pictures as f64 >= lasts * 30.0 - 1.5, "{played:?} in {lasts} s");
    assert_eq!(played.width, 320);
    assert!(near(played.video.0, 0.0, 0.001) && near(played.video.1, lasts - 0.034, 0.01), "{played:?}");
    let (first, last) = played.sound.expect("sound");
    assert!(near(first, 0.0, 0.03) && near(last, played.video.1, 0.1), "picture and sound go together: {played:?}");
    assert!(played.packets as f64 > lasts * 49.0, "{played:?}");
    let standing = rig.recorder.standing();
    assert!(standing.written as f64 <= standing.media as f64 * 1.1, "little is written besides: {standing:?}");
}

#[test]
fn another_size_begins_another_file_and_a_long_recording_goes_on_in_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path(), Settings { segment: Duration::from_secs(6), ..settings() });
    rig.start();
    rig.run(8.0);
    rig.size = 1;
    rig.run(3.0);
    rig.stop();
    let played: Vec<_> = files(folder.path()).iter().map(|file| play(file)).collect();
    assert_eq!(played.iter().map(|played| played.width).collect::<Vec<_>>(), [320, 320, 160], "{played:?}");
    assert!(near(played[0].video.1, 6.0, 0.1), "{played:?}");
    assert_eq!(played.iter().map(|played| played.pictures).sum::<usize>(), rig.made, "no picture is lost between files");
}

#[test]
fn pictures_that_stay_away_end_the_file_and_their_return_begins_another() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path(), settings());
    rig.start();
    rig.run(2.0);
    rig.pause(10);
    let ended = rig.entries();
    assert!(ended.len() == 1 && ended[0].duration.is_some(), "{ended:?}");
    rig.run(3.0);
    rig.stop();
    let played: Vec<_> = files(folder.path()).iter().map(|file| play(file)).collect();
    assert_eq!(played.iter().map(|played| played.pictures).collect::<Vec<_>>(), [60, 90], "{played:?}");
}

#[test]
fn without_sound_and_with_a_hole_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path(), settings());
    rig.sound = false;
    rig.start();
    rig.run(2.0);
    let before = rig.made;
    rig.sound = true;
    // What the microphone said meanwhile is gone: the packets go on from here.
    rig.run(2.0);
    rig.stop();
    assert!(before > 0);
    let played = play(&files(folder.path())[0]);
    assert_eq!(played.pictures, 120);
}

#[test]
fn a_stream_too_big_for_memory_loses_pictures_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    // Less than one group of pictures.
    let mut rig = Rig::with(folder.path(), settings(), 12 << 10, Duration::from_secs(3));
    rig.run(5.0);
    rig.start();
    rig.run(5.0);
    rig.stop();
    assert!(rig.recorder.standing().dropped > 0);
    for file in files(folder.path()) {
        play(&file);
    }
}

#[test]
fn key_frames_are_asked_for_where_the_camera_sends_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path(), settings());
    assert!(rig.recorder.wants_key(rig.now()), "nothing to begin with is there");
    assert!(!rig.recorder.wants_key(rig.now()), "asked once");
    rig.run(2.0);
    assert!(!rig.recorder.wants_key(rig.now()), "the camera sends them by itself");
    rig.now += Duration::from_secs(5);
    assert!(rig.recorder.wants_key(rig.now()));
}
