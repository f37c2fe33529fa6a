//! Jobs in a real room with real engines, and their files as ffmpeg sees them.

mod kill;
mod person;
mod probe;
mod room;

use std::path::PathBuf;
use std::time::Duration;

use mixing::{Event, FileFinished, Format, Hls, JobSpec, Mp4, Recorders as _, State, StopReason};

use crate::person::{Sends, Signal};
use crate::room::{Stage, recorders, spec, start};

/// Red and green, as they stand in the picture.
const COLORS: [[u8; 3]; 2] = [[81, 90, 240], [81, 100, 80]];

fn finished(event: &Event) -> Option<FileFinished> {
    if let Event::FileFinished(file) = event { Some(file.clone()) } else { None }
}

fn path(file: &FileFinished) -> PathBuf {
    file.url.strip_prefix("file://").unwrap().into()
}

/// Waits until the job has recorded for so long, by the wall; how much that is in files is what the tests look at.
fn let_it_record(time: Duration) {
    let (_keep, nothing) = std::sync::mpsc::channel::<()>();
    let _ = nothing.recv_timeout(time);
}

fn near(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 24)
}

#[test]
fn tiles_sound_length_and_rate_are_what_was_asked_for_in_mp4_and_hls() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().unwrap());
    let _first = stage.publisher("a", Sends { color: Some([30, 128, 128]), signal: Signal::Flashes });
    let recorders = recorders(&stage.url(), folder.path(), stage.runtime.handle());
    let (mut files, prefix) = (spec("640x480_30_1000").files, "rec/{record_format}/{file_start_time}");
    files.hls = Some(Hls { prefix: prefix.into(), cycle: Duration::ZERO, slice: Duration::from_secs(2) });
    let (job, mut told) = start(&recorders, JobSpec { files, ..spec("640x480_30_1000") });
    told.until(&stage.runtime, |event| (*event == Event::Joined).then_some(()));
    told.until(&stage.runtime, |event| matches!(event, Event::FileBegan(_)).then_some(()));
    assert_eq!(job.state(), State::Running);
    assert!(recorders.start(spec("audio_only")).is_err(), "the same id twice");
    let _others: Vec<_> =
        ["b", "c"].iter().zip(COLORS).map(|(user, [y, u, v])| stage.publisher(user, Sends::color(y, u, v))).collect();
    let_it_record(Duration::from_secs(10));
    job.stop();
    let all = told.rest(&stage.runtime);
    assert!(all.contains(&Event::Ended { reason: StopReason::Stopped, detail: String::new() }), "{all:?}");
    let files: Vec<FileFinished> = all.iter().filter_map(finished).collect();
    assert_eq!(files.len(), 2, "{all:?}");
    for file in &files {
        let path = path(file);
        probe::plays(&path);
        let lasts = probe::duration(&path);
        assert!(lasts >= Duration::from_secs(5), "{lasts:?}");
        assert!(lasts.abs_diff(file.duration) < Duration::from_millis(200), "{lasts:?}, told {:?}", file.duration);
        assert_eq!((file.width, file.height, file.mended), (640, 480, false));
        assert_eq!(probe::value(&path, "v", "width,height"), "640,480");
        assert_eq!(probe::value(&path, "a", "codec_name,sample_rate,channels"), "aac,48000,1");
        // The last second: all three are there, and the fourth tile is free.
        let at = lasts - Duration::from_millis(700);
        let seen = probe::colors(&path, at, (640, 480), &[(480, 120), (160, 360), (480, 360)]);
        // Which of the two came first is theirs to know.
        let pair = |first: usize, second: usize| near(seen[0], COLORS[first]) && near(seen[1], COLORS[second]);
        assert!((pair(0, 1) || pair(1, 0)) && near(seen[2], [16, 128, 128]), "{seen:?}");
    }
    let mp4 = path(files.iter().find(|file| file.format == Format::Mp4).unwrap());
    assert_eq!(probe::value(&mp4, "v", "r_frame_rate"), "30/1");
    let (flashes, beeps) = probe::flashes_and_beeps(&mp4, (40, 40));
    let nearest = |flash: &f64| beeps.iter().map(|beep| flash - beep).min_by(|a, b| a.abs().total_cmp(&b.abs()));
    let mut skews: Vec<f64> = flashes.iter().filter_map(nearest).collect();
    skews.sort_by(f64::total_cmp);
    println!("flashes {flashes:?}\nbeeps {beeps:?}\nskews {skews:?}");
    assert!(skews.len() >= 3, "{flashes:?} {beeps:?}");
    let median = skews[skews.len() / 2];
    assert!(median.abs() <= SKEW_MS, "pictures are {median:.0} ms behind the sound: {skews:?}");
    assert!(!folder.path().join("work/job-1").exists(), "what is stored is not kept twice");
}

/// Half a picture of the publisher's, half one of the recorder's, and the clocks of a loaded machine; lips are the engine's promise.
const SKEW_MS: f64 = 80.0;

#[test]
fn files_give_way_to_the_next_by_their_cycle_and_a_job_without_people_ends() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().unwrap());
    let somebody = stage.publisher("a", Sends { color: None, signal: Signal::Flashes });
    let recorders = recorders(&stage.url(), folder.path(), stage.runtime.handle());
    let mp4 = Mp4 { prefix: "{file_start_time}".into(), cycle: Duration::from_secs(2) };
    let files = mixing::Files { mp4: Some(mp4), hls: None };
    let (_job, mut told) = start(&recorders, JobSpec { files, idle: Duration::from_secs(3), ..spec("audio_only") });
    let first = told.until(&stage.runtime, finished);
    told.until(&stage.runtime, finished);
    drop(somebody);
    let rest = told.rest(&stage.runtime);
    assert!(rest.contains(&Event::Ended { reason: StopReason::Idle, detail: String::new() }), "{rest:?}");
    for file in [first].into_iter().chain(rest.iter().filter_map(finished)) {
        probe::plays(&path(&file));
        assert_eq!(probe::value(&path(&file), "v", "codec_name"), "", "no pictures");
        assert!(probe::duration(&path(&file)) < Duration::from_secs(4));
    }
    assert!(recorders.left().is_empty());
}

#[test]
fn a_job_that_may_not_join_ends_and_says_so() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().unwrap());
    let recorders = recorders(&stage.url(), folder.path(), stage.runtime.handle());
    let token = artc_bindings::Secret::from("not a token of this room".to_owned());
    let (_job, mut told) = start(&recorders, JobSpec { token, ..spec("audio_only") });
    let detail = told.until(&stage.runtime, |event| match event {
        Event::Ended { reason: StopReason::Failed, detail } => Some(detail.clone()),
        _ => None,
    });
    assert!(detail.contains("channel mixed") && !detail.contains("not a token"), "{detail}");
}
