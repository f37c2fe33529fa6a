//! What sets recordings off by itself: with seconds before and after, and one recording for what overlaps.

use std::time::Duration;

use record::{Reason, Settings};

use crate::media::{Rig, files, near, play, settings};

fn rig(folder: &std::path::Path) -> Rig {
    let mut rig = Rig::new(folder, Settings { post_roll: Duration::from_secs(4), ..settings() });
    rig.run(20.0);
    assert!(rig.entries().is_empty(), "nothing sets it off");
    rig
}

fn trigger(rig: &mut Rig, reason: Reason, on: bool) {
    let now = rig.now();
    rig.recorder.trigger(reason, on, now);
}

#[test]
fn a_recording_has_the_seconds_before_what_set_it_off_and_those_after() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = rig(folder.path());
    trigger(&mut rig, Reason::Motion, true);
    rig.run(10.0);
    trigger(&mut rig, Reason::Motion, false);
    rig.run(3.0);
    assert_eq!(rig.recorder.standing().wanted.map(|(reason, _)| reason), Some(Reason::Motion), "the post-roll is not over");
    rig.run(5.0);
    assert_eq!(rig.recorder.standing().wanted, None);
    let [one] = &rig.entries()[..] else { panic!("{:?}", rig.entries()) };
    let seconds = one.duration.expect("it has ended").as_secs_f64();
    // 3 s before and the key frame before that, 10 s of it, 4 s after, and a look at the clock.
    assert!((17.0..=22.5).contains(&seconds) && one.id.reason == Reason::Motion, "{seconds} s");
    assert!(near(play(&files(folder.path())[0]).video.1, seconds, 0.2));
}

#[test]
fn what_overlaps_or_comes_again_before_the_end_is_one_recording() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = rig(folder.path());
    for (reason, on) in [
        (Reason::Sound, true),
        (Reason::Motion, true),
        (Reason::Motion, true),
        (Reason::Sound, false),
        (Reason::Sound, false),
        (Reason::Motion, false),
        (Reason::Line, true),
        (Reason::Line, false),
    ] {
        trigger(&mut rig, reason, on);
        rig.run(3.0);
    }
    rig.run(5.0);
    trigger(&mut rig, Reason::Line, true);
    rig.run(1.0);
    trigger(&mut rig, Reason::Line, false);
    rig.run(6.0);
    let reasons: Vec<_> = rig.entries().iter().map(|entry| entry.id.reason).collect();
    assert_eq!(reasons, [Reason::Sound, Reason::Line]);
    let first = rig.entries()[0].duration.unwrap().as_secs_f64();
    assert!(first > 8.0 * 3.0, "{first} s");
}

#[test]
fn who_asked_for_a_recording_must_ask_for_its_end_and_then_nothing_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = rig(folder.path());
    trigger(&mut rig, Reason::Motion, true);
    rig.run(2.0);
    rig.start();
    trigger(&mut rig, Reason::Motion, false);
    rig.run(20.0);
    assert!(rig.recorder.standing().wanted.is_some(), "motion has ended, but somebody asked");
    trigger(&mut rig, Reason::Motion, true);
    rig.stop();
    rig.run(8.0);
    assert_eq!(rig.recorder.standing().wanted, None, "what still goes on does not begin it again");
    trigger(&mut rig, Reason::Motion, false);
    trigger(&mut rig, Reason::Motion, true);
    assert!(rig.recorder.standing().wanted.is_some(), "what begins anew does");
}
