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
    assert!(camera.snapshot().unwrap().starts_with(&[0xff, 0xd8]));
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
    assert_eq!(camera.snapshot().unwrap_err().to_string(), "no picture to take a snapshot of: closed while nobody watches");
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
