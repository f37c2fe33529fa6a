//! A camera as its users see it, on a machine without one: pattern, card, commands, idle. Real drivers are tested in the
//! kernel bench.

use std::time::Duration;

use media::barcode::Stamp;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

fn start(config: Config) -> Camera {
    Camera::start(config).unwrap()
}

fn pattern(width: u32, height: u32, fps: f64) -> Config {
    Config { source: "pattern".into(), width, height, fps, ..Config::default() }
}

fn frame(camera: &Camera) -> Frame {
    match camera.slot().take(PATIENCE) {
        Some(Captured::Raw(frame)) => frame,
        other => panic!("no picture: {other:?}"),
    }
}

#[test]
fn the_pattern_comes_at_its_rate_with_its_own_times() {
    let camera = start(pattern(320, 180, 120.0));
    let first = frame(&camera);
    for _ in 0..60 {
        let next = frame(&camera);
        let (steps, gap) = (next.sequence - first.sequence, next.captured_at - first.captured_at);
        let expected = Duration::from_nanos(1_000_000_000 * u64::from(steps) / 120);
        assert!(gap.abs_diff(expected) <= Duration::from_nanos(1), "{steps} steps in {gap:?}");
        assert_eq!(Stamp::read_frame(&next), Some(Stamp::new(next.sequence, next.captured_at)));
    }
    let state = camera.state();
    assert_eq!((state.phase, state.detail.as_str()), (Phase::Pattern, "built-in pattern, as configured"));
    assert_eq!(state.mode.unwrap().to_string(), "320x180@120 YU12");
}

#[test]
fn a_consumer_that_sleeps_gets_the_newest_and_the_books_stay_right() {
    let camera = start(pattern(64, 64, 240.0));
    let slot = camera.slot();
    while slot.counters().grabbed < 50 {
        std::thread::yield_now();
        let books = slot.counters();
        assert_eq!(books.grabbed, books.broken + books.dropped + books.pushed + books.in_flight);
        assert!(books.in_flight <= 3);
    }
    let newest = frame(&camera);
    assert!(newest.sequence >= 45, "{} is old", newest.sequence);
    drop(camera);
    assert!(slot.is_closed());
    while slot.try_take().is_some() {}
    let books = slot.counters();
    assert_eq!((books.grabbed, books.in_flight), (books.broken + books.dropped + books.pushed, 0));
}

#[test]
fn a_camera_that_is_not_there_is_a_card_with_its_reason() {
    let camera = start(Config { source: "/dev/no-such-camera".into(), ..pattern(320, 180, 30.0) });
    let mut events = camera.events();
    let (first, second) = (frame(&camera), frame(&camera));
    assert_eq!(second.captured_at - first.captured_at, Duration::from_millis(200), "five a second");
    assert_eq!(first.size, Size::new(320, 180));
    let state = camera.state();
    assert_eq!(state.phase, Phase::Lost(Loss::Unplugged));
    assert_eq!(state.detail, "camera /dev/no-such-camera: not there");
    assert!(camera.snapshot(None).unwrap().starts_with(&[0xff, 0xd8]));
    assert_eq!(
        camera.set_control("gain", 1).unwrap_err().to_string(),
        "no camera is open: camera /dev/no-such-camera: not there"
    );
    assert!(matches!(camera.set_mode(Size::new(640, 360), 30.0), Err(ModeError::NoCamera { .. })));
    assert!(!camera.request_key_frame() && !camera.set_bitrate(500));
    while let Ok(event) = events.try_recv() {
        assert!(matches!(event, CameraEvent::State(Phase::Lost(Loss::Unplugged))), "said once: {event:?}");
    }
}

#[test]
fn what_is_no_camera_says_what_it_is() {
    for (source, why) in
        [("/dev/null", "not a V4L2 device"), ("/dev", "not a device node"), ("/etc/hostname", "not a device node")]
    {
        let camera = start(Config { source: source.into(), ..pattern(64, 64, 30.0) });
        frame(&camera);
        let state = camera.state();
        assert_eq!(state.phase, Phase::Lost(Loss::NotACamera));
        assert_eq!(state.detail, format!("camera {source}: not a camera: {why}"));
    }
}

#[test]
fn the_mode_changes_while_it_runs() {
    let camera = start(pattern(320, 180, 60.0));
    frame(&camera);
    let mode = camera.set_mode(Size::new(160, 120), 100.0).unwrap();
    assert_eq!(mode.to_string(), "160x120@100 YU12");
    while frame(&camera).size != Size::new(160, 120) {}
    assert_eq!(camera.state().mode, Some(mode));
    for size in [Size::new(1920, 1200), Size::new(161, 120), Size::new(0, 0)] {
        assert!(matches!(camera.set_mode(size, 30.0), Err(ModeError::Size { .. })));
    }
    assert_eq!(camera.set_mode(Size::new(64, 64), f64::NAN), Err(ModeError::Rate));
}

#[test]
fn the_pattern_is_commanded_like_a_camera() {
    let camera = start(pattern(320, 180, 100.0));
    frame(&camera);
    assert!(camera.modes().iter().any(|mode| mode.to_string() == "1280x720@30 YU12"));
    let names: Vec<_> = camera.controls().into_iter().map(|control| control.name).collect();
    assert_eq!(names, ["block_brightness", "block_speed", "show_clock"]);
    let mut events = camera.events();
    let brightest = |frame: &Frame| {
        let [luma, ..] = frame.planes();
        // The block goes to and fro between rows 134 and 156; nothing else is drawn there.
        luma[135 * 320..150 * 320].iter().copied().max()
    };
    for value in [235, 60] {
        assert_eq!(camera.set_control("block_brightness", value).unwrap().value, value);
        let seen = || brightest(&frame(&camera)).map(i64::from);
        assert!((0..20).any(|_| seen() == Some(value)), "the picture follows");
        assert!(matches!(events.try_recv(), Ok(CameraEvent::Control(control)) if control.value == value));
    }
    assert!(matches!(camera.set_control("block_brightness", 300), Err(ControlError::OutOfRange { .. })));
    assert!(matches!(camera.set_control("gain", 1), Err(ControlError::Unknown { .. })));
    camera.set_mode(Size::new(160, 120), 100.0).unwrap();
    assert_eq!(camera.controls()[0].value, 60, "another size changes nothing else");
}

#[test]
fn nobody_watches_and_it_closes_where_it_may() {
    let camera = start(Config { idle: Idle::Close, ..pattern(64, 64, 100.0) });
    let slot = camera.slot();
    frame(&camera);
    camera.close();
    let mut events = camera.events();
    while camera.state().phase != Phase::Closed {
        let _ = events.try_recv();
        std::thread::yield_now();
    }
    let grabbed = slot.counters().grabbed;
    assert!(slot.take(Duration::from_millis(50)).is_none());
    assert_eq!(slot.counters().grabbed, grabbed);
    assert_eq!(camera.snapshot(None).unwrap_err().to_string(), "no picture to take a snapshot of: closed while nobody watches");
    camera.open();
    frame(&camera);
    assert_eq!(camera.state().phase, Phase::Pattern);

    let camera = start(pattern(64, 64, 100.0));
    camera.close();
    for _ in 0..20 {
        frame(&camera);
    }
    assert_eq!(camera.state().phase, Phase::Pattern, "idle = keep");
}

#[test]
fn it_ends_at_once() {
    let camera = start(pattern(64, 64, 1.0));
    frame(&camera);
    let slot = camera.slot();
    let waiting = std::thread::spawn(move || slot.take(PATIENCE).is_none());
    drop(camera);
    assert!(waiting.join().unwrap());
}

/// Writes raw pictures of one luma each, as a clip of `fps` frames a second.
fn clip(folder: &std::path::Path, name: &str, lumas: &[u8], fps: u32) -> Config {
    let mut bytes = format!("YUV4MPEG2 W64 H32 F{fps}:1 C420jpeg\n").into_bytes();
    for luma in lumas {
        bytes.extend(b"FRAME\n");
        bytes.extend([*luma; 64 * 32]);
        bytes.extend([128; 64 * 32 / 2]);
    }
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    Config { source: format!("file:{}", path.display()), ..Config::default() }
}

#[test]
fn a_clip_is_played_in_a_loop_at_its_own_rate() {
    let folder = tempfile::tempdir().unwrap();
    let lumas = [20, 40, 60, 80, 100];
    let camera = start(clip(folder.path(), "five.y4m", &lumas, 100));
    let first = frame(&camera);
    let place = |frame: &Frame| lumas.iter().position(|luma| *luma == frame.planes()[0][0]).unwrap();
    for _ in 0..30 {
        let next = frame(&camera);
        let steps = next.sequence - first.sequence;
        assert_eq!(next.captured_at - first.captured_at, Duration::from_millis(10) * steps);
        assert_eq!(place(&next), (place(&first) + steps as usize) % lumas.len(), "in the clip's order, round and round");
    }
    let state = camera.state();
    assert_eq!(state.phase, Phase::Live);
    assert!(state.detail.ends_with("five.y4m: 64x32@100 YU12, 5 frames in a loop"), "{}", state.detail);
    let identity = state.camera.unwrap();
    assert_eq!((identity.card.as_str(), identity.id.starts_with("file:/")), ("five.y4m", true));
    assert_eq!(camera.modes(), [state.mode.unwrap()]);
    assert!(camera.snapshot(None).unwrap().starts_with(&[0xff, 0xd8]));
    assert!(matches!(camera.set_control("gain", 1), Err(ControlError::Unknown { .. })));
    assert_eq!(camera.set_mode(Size::new(640, 480), 30.0), Ok(state.mode.unwrap()), "it has one mode");
    assert!(!camera.request_key_frame(), "each picture is one");
}

#[test]
fn a_clip_that_cannot_be_played_is_a_card_until_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let config = clip(folder.path(), "late.y4m", &[50], 50);
    let path = folder.path().join("late.y4m");
    std::fs::rename(&path, folder.path().join("away")).unwrap();
    let camera = start(config);
    frame(&camera);
    let state = camera.state();
    assert_eq!(state.phase, Phase::Lost(Loss::Unplugged));
    assert_eq!(state.detail, format!("file {}: cannot be read: No such file or directory (os error 2)", path.display()));
    std::fs::rename(folder.path().join("away"), &path).unwrap();
    while frame(&camera).size != Size::new(64, 32) {}
    assert_eq!(camera.state().phase, Phase::Live);
}

#[test]
fn a_clip_above_the_limit_is_refused_or_scaled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.y4m");
    let mut bytes = b"YUV4MPEG2 W2560 H1440 F10:1\nFRAME\n".to_vec();
    bytes.resize(bytes.len() + 2560 * 1440 * 3 / 2, 90);
    std::fs::write(&path, bytes).unwrap();
    let config = Config { source: format!("file:{}", path.display()), ..Config::default() };
    let camera = start(config.clone());
    frame(&camera);
    let state = camera.state();
    assert_eq!(state.phase, Phase::Lost(Loss::NoMode));
    assert!(state.detail.ends_with("its pictures are 2560x1440, above the 2K limit (1920x1088); set [camera] scale = true"));
    let camera = start(Config { scale: true, ..config });
    assert_eq!(frame(&camera).size, Size::new(1280, 720));
}

#[test]
fn access_units_of_a_clip_pass_through_and_key_frames_can_be_asked_for() {
    /// Parameter sets for 1280x720, a key frame and a picture after it; their payload is not looked at.
    const KEY: &[u8] = &[
        0, 0, 0, 1, 0x67, 0x64, 0, 0x1f, 0xac, 0xd9, 0x40, 0x50, 5, 0xbb, 1, 0x10, 0, 0, 3, 0, 0x10, 0, 0, 3, 3, 0x20, 0xf1,
        0x83, 0x19, 0x60, 0, 0, 0, 1, 0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0, 0, 0, 0, 1, 0x65, 0x88, 0x84, 0x12,
    ];
    const DELTA: &[u8] = &[0, 0, 0, 1, 0x41, 0x9a, 0x21, 0x6c];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.h264");
    std::fs::write(&path, [KEY.to_vec(), DELTA.repeat(100_000)].concat()).unwrap();
    let camera = start(Config { source: format!("file:{}", path.display()), fps: 50.0, ..Config::default() });
    let unit = || match camera.slot().take(PATIENCE) {
        Some(Captured::Encoded(unit)) => unit,
        other => panic!("no access unit: {other:?}"),
    };
    let first = unit();
    assert_eq!((first.key, first.size, &first.data[..]), (true, Size::new(1280, 720), KEY));
    assert_eq!((unit().key, unit().data.to_vec()), (false, DELTA.to_vec()));
    assert!(camera.request_key_frame());
    assert!((0..100).any(|_| unit().key), "the next one of the clip is half an hour away");
}

#[test]
fn privacy_shows_a_card_at_the_same_size_and_gives_no_picture_away_until_it_ends() {
    let camera = start(Config { idle: Idle::Close, ..pattern(320, 180, 100.0) });
    let slot = camera.slot();
    let before = frame(&camera);
    let luma = |frame: &Frame| frame.planes()[0].to_vec();
    assert!(camera.set_private(true));
    assert_eq!((camera.state().phase, camera.is_open()), (Phase::Private, false));
    let card = frame(&camera);
    assert_eq!(card.size, before.size);
    assert_ne!(luma(&card), luma(&before), "nothing that waited goes out any more");
    assert!(camera.snapshot(None).is_ok_and(|jpeg| jpeg.starts_with(&[0xff, 0xd8])) && camera.brightness().is_none());
    // Who comes and goes changes nothing of it, and neither do commands.
    camera.close();
    camera.open();
    assert!(matches!(camera.select("auto"), Err(SelectError::Failed { why }) if why == "closed for privacy"));
    assert!(matches!(camera.set_control("show_clock", 0), Err(ControlError::NoCamera { .. })));
    assert!(matches!(camera.set_mode(Size::new(64, 64), 30.0), Err(ModeError::NoCamera { .. })));
    assert_eq!((camera.state().phase, camera.controls().len(), camera.modes().len()), (Phase::Private, 0, 0));
    frame(&camera);
    assert!(camera.set_private(false));
    assert_eq!(camera.state().phase, Phase::Pattern);
    while luma(&frame(&camera)) == luma(&card) {}
    drop(slot);
}

#[test]
fn a_camera_that_starts_private_gives_no_picture_away_before_privacy_ends() {
    let camera = Camera::start_private(pattern(320, 180, 100.0), true).unwrap();
    let shown = frame(&camera);
    assert_eq!((camera.state().phase, Stamp::read_frame(&shown)), (Phase::Private, None), "its first picture is the card");
    assert!(camera.set_private(false));
    assert_eq!(camera.state().phase, Phase::Pattern);
    while Stamp::read_frame(&frame(&camera)).is_none() {}
}

#[test]
fn another_camera_is_selected_or_the_one_before_goes_on() {
    let camera = start(pattern(64, 64, 100.0));
    frame(&camera);
    let unknown = camera.select("usb:dead:beef:0").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no camera `usb:dead:beef:0`");
    assert_eq!((camera.state().phase, camera.state().detail.as_str()), (Phase::Pattern, "built-in pattern, as configured"));
    frame(&camera);
    assert_eq!(camera.select("pattern"), Ok(()));
    frame(&camera);
    assert_eq!((camera.state().phase, camera.state().camera), (Phase::Pattern, None));
}
