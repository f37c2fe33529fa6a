//! The video thread from pushed pictures to access units, and a camera's own stream passing through.

mod tap;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, atomic::Ordering};
use std::time::Duration;

use artc_bindings::{VideoDataSample, VideoSource};
use media::Size;

use super::*;
use crate::congestion::Target;
use crate::encoder::openh264::OpenH264;
use crate::encoder::tests::moving;
use crate::encoder::{Choice, Encoded, Picture, Settings, UnitPool, Usage, VideoEncoder as _};

#[derive(Debug)]
enum Came {
    Unit(AccessUnit),
    Small(AccessUnit),
    KeyNeeded,
    Failed(String),
}

struct Sink(Sender<Came>);

impl UnitSink for Sink {
    fn unit(&mut self, track: Local, unit: AccessUnit) -> bool {
        self.0.send(if track == Local::Small { Came::Small(unit) } else { Came::Unit(unit) }).is_ok()
    }

    fn camera_key_needed(&mut self, _: VideoSource) {
        let _ = self.0.send(Came::KeyNeeded);
    }

    fn failed(&mut self, _: Local, why: String) {
        let _ = self.0.send(Came::Failed(why));
    }
}

fn start() -> (Arc<VideoInput>, VideoTrackThread, Receiver<Came>) {
    let (sender, came) = channel();
    let input = Arc::new(VideoInput::default());
    let thread =
        VideoTrackThread::start(VideoSource::Camera, Choice::OpenH264, Arc::clone(&input), Box::new(Sink(sender)), Clock::new())
            .unwrap();
    (input, thread, came)
}

fn sample(size: Size, n: u32) -> VideoDataSample {
    let data = Arc::new(moving(size, n, 0));
    VideoDataSample::i420(
        data,
        size.width,
        size.height,
        i64::from(n) * 33,
        Some(Duration::from_millis(10_000 + u64::from(n) * 33)),
    )
}

fn unit(came: &Receiver<Came>) -> AccessUnit {
    match came.recv_timeout(Duration::from_secs(10)) {
        Ok(Came::Unit(unit)) => unit,
        other => panic!("a unit, not {other:?}"),
    }
}

const SIZE: Size = Size::new(320, 240);

#[test]
fn pictures_become_units_that_keep_their_capture_time_and_begin_with_a_key_frame() {
    let (input, _thread, came) = start();
    input.push(&sample(SIZE, 0));
    assert_eq!(input.counters.dropped.load(Ordering::Relaxed), 1, "nobody is there to receive it");
    input.control(|c| c.streams[0].active = true);
    for n in 1..10 {
        input.push(&sample(SIZE, n));
        let unit = unit(&came);
        assert_eq!((unit.key, unit.size), (n == 1, SIZE), "picture {n}");
        assert_eq!(unit.captured_at, Duration::from_millis(10_000 + u64::from(n) * 33));
    }
    input.control(|c| c.streams[0].active = false);
    input.control(|c| c.streams[0].active = true);
    // Whoever begins to watch needs a key frame; it comes as soon as the last one is long enough ago.
    let key = (20..80).find(|n| {
        std::thread::park_timeout(Duration::from_millis(20));
        input.push(&sample(SIZE, *n));
        unit(&came).key
    });
    assert!(key.is_some_and(|n| n < 60), "{key:?}");
}

#[test]
fn the_target_changes_rate_and_size_and_pauses() {
    let (input, _thread, came) = start();
    let target = |size, paused| Target { bitrate_bps: 300_000, fps: 30.0, size, paused };
    input.control(|c| c.streams[0] = StreamControl { active: true, target: Some(target(SIZE, false)) });
    input.push(&sample(SIZE, 0));
    assert_eq!(unit(&came).size, SIZE);
    input.control(|c| c.streams[0].target = Some(target(Size::new(160, 120), false)));
    input.push(&sample(SIZE, 1));
    let small = unit(&came);
    assert_eq!((small.size, small.key), (Size::new(160, 120), true), "another size begins anew");
    input.control(|c| c.streams[0].target = Some(target(SIZE, true)));
    input.push(&sample(SIZE, 2));
    input.control(|c| c.streams[0].target = Some(target(Size::new(1920, 1080), false)));
    let before = input.counters.dropped.load(Ordering::Relaxed);
    input.push(&sample(SIZE, 30));
    assert_eq!(unit(&came).size, SIZE, "never larger than the source");
    assert!(before <= 1);
}

#[test]
fn every_format_of_the_api_is_encoded() {
    use artc_bindings::VideoDataFormat as F;
    let (input, _thread, came) = start();
    input.control(|c| c.streams[0].active = true);
    for (n, (format, stride, len)) in [
        (F::Nv12, 320, 115_200),
        (F::Nv21, 320, 115_200),
        (F::Bgra, 1280, 307_200),
        (F::Rgb24, 960, 230_400),
        (F::Bgr24, 960, 230_400),
    ]
    .into_iter()
    .enumerate()
    {
        let mut sample = sample(SIZE, n as u32);
        (sample.format, sample.data, sample.data_len) = (format, Arc::new(vec![100u8; len]), len);
        (sample.stride_y, sample.stride_u, sample.stride_v) = (stride, 320, 0);
        sample.check().unwrap();
        input.push(&sample);
        assert_eq!(unit(&came).size, SIZE, "{format:?}");
    }
}

#[test]
fn a_picture_that_cannot_be_encoded_is_told_once_and_the_next_good_one_goes_on() {
    let (input, _thread, came) = start();
    input.control(|c| c.streams[0].active = true);
    for n in 0..3 {
        input.push(&sample(Size::new(8, 8), n));
        while input.counters.dropped.load(Ordering::Relaxed) <= u64::from(n) {
            std::thread::yield_now();
        }
    }
    assert!(matches!(came.recv_timeout(Duration::from_secs(5)), Ok(Came::Failed(why)) if why.contains("8x8")));
    assert!(came.try_recv().is_err(), "told once");
}

#[test]
fn what_only_encoding_needs_is_given_back_when_nobody_watches_and_only_then() {
    use super::input::Next;
    let input = VideoInput::default();
    assert!(matches!(input.next(Some(Duration::ZERO), Clock::new()), Next::Rest), "nobody watches");
    input.control(|c| c.streams[0].active = true);
    let data: Arc<Vec<u8>> = Arc::new(moving(SIZE, 0, 0));
    input.push(&VideoDataSample::i420(data, SIZE.width, SIZE.height, 0, None));
    let Next::Work(work) = input.next(Some(Duration::ZERO), Clock::new()) else { panic!("a picture goes first") };
    assert!(work.keys[0], "whoever begins to watch needs a picture to begin with");
    input.control(|c| c.streams[0].active = false);
    assert!(matches!(input.next(Some(Duration::ZERO), Clock::new()), Next::Rest));
    input.close();
    assert!(matches!(input.next(Some(Duration::ZERO), Clock::new()), Next::End));
}

/// What a camera with its own encoder gives.
fn camera_stream(count: u32) -> Vec<VideoDataSample> {
    let settings = Settings { size: SIZE, fps: 30.0, bitrate_bps: 500_000, usage: Usage::Camera, key_interval: None };
    let mut encoder = OpenH264::new(settings).unwrap();
    (0..count)
        .map(|n| {
            let data = moving(SIZE, n, 0);
            let picture = Picture::contiguous(&data, SIZE, [320, 160, 160], Duration::ZERO).unwrap();
            let mut out = Vec::new();
            assert!(matches!(encoder.encode(&picture, n % 10 == 0, &mut out), Ok(Encoded::Unit { .. })));
            VideoDataSample::h264(Arc::new(out), 320, 240, 0, Some(Duration::from_millis(u64::from(n) * 33)))
        })
        .collect()
}

fn without_parameter_sets(sample: &VideoDataSample) -> VideoDataSample {
    let mut out = Vec::new();
    for unit in media::h264::nals(sample.bytes()).filter(|u| !matches!(u[0] & 0x1f, 7 | 8)) {
        out.extend([0, 0, 0, 1]);
        out.extend(unit);
    }
    VideoDataSample::h264(Arc::new(out), 320, 240, 0, sample.captured_at)
}

#[test]
fn a_cameras_stream_passes_without_a_copy_and_parameter_sets_stand_before_every_key_frame() {
    let stream = camera_stream(25);
    let (mut passthrough, mut pool) = (Passthrough::default(), UnitPool::default());
    for (n, sample) in stream.iter().enumerate() {
        // Only the first key frame has its parameter sets, as some cameras do.
        let sample = if n == 0 { sample.clone() } else { without_parameter_sets(sample) };
        let Passed::Unit(unit) = passthrough.take(&sample, Duration::ZERO, &mut pool) else { panic!("picture {n}") };
        assert_eq!(unit.key, n % 10 == 0);
        if unit.key {
            let kinds: Vec<u8> = media::h264::nals(unit.bytes()).map(|u| u[0] & 0x1f).collect();
            assert_eq!(kinds, [7, 8, 5], "picture {n}");
            assert_eq!(profile_level_id(unit.bytes()).map(|p| p >> 16), Some(0x42));
        } else {
            assert!(std::ptr::eq(unit.bytes(), sample.bytes()), "picture {n} was copied");
        }
    }
}

#[test]
fn after_a_loss_nothing_passes_before_the_next_key_frame() {
    let stream = camera_stream(12);
    let (mut passthrough, mut pool) = (Passthrough::default(), UnitPool::default());
    let mut take = |passthrough: &mut Passthrough, n: usize| passthrough.take(&stream[n], Duration::ZERO, &mut pool);
    assert!(matches!(take(&mut passthrough, 3), Passed::WaitsForKey), "the stream has not begun");
    assert!(matches!(take(&mut passthrough, 0), Passed::Unit(_)));
    passthrough.lost();
    assert!(matches!(take(&mut passthrough, 2), Passed::WaitsForKey));
    assert!(matches!(take(&mut passthrough, 10), Passed::Unit(_)));
    for garbage in [&[][..], &[1, 2, 3, 4], &[0, 0, 1, 0xe5, 1], &[0, 0, 0, 1, 9, 0x10]] {
        let sample = VideoDataSample::h264(Arc::new(garbage.to_vec()), 320, 240, 0, None);
        assert!(matches!(passthrough.take(&sample, Duration::ZERO, &mut UnitPool::default()), Passed::Broken(_)));
    }
    assert!(matches!(take(&mut passthrough, 11), Passed::Unit(_)), "garbage does not break the stream");
}

#[test]
fn a_camera_that_is_asked_for_a_key_frame_is_asked_once() {
    let stream = camera_stream(8);
    let (input, _thread, came) = start();
    input.control(|c| c.streams[0].active = true);
    let pass = |n: usize| {
        input.push(&stream[n]);
        unit(&came)
    };
    assert!(pass(0).key);
    // The request comes within the shortest time between key frames, and is kept.
    input.want_keys();
    let mut asked = 0;
    for sample in &stream[1..] {
        std::thread::park_timeout(Duration::from_millis(70));
        input.push(sample);
        while let Ok(came) = came.recv_timeout(Duration::from_millis(500)) {
            match came {
                Came::KeyNeeded => asked += 1,
                Came::Unit(_) => break,
                Came::Small(_) => panic!("nobody asked for a small stream"),
                Came::Failed(why) => panic!("{why}"),
            }
        }
    }
    asked += came.try_iter().filter(|c| matches!(c, Came::KeyNeeded)).count();
    assert_eq!(asked, 1);
}

/// What came, big and small, until `until` says that it is enough.
fn streams(
    came: &Receiver<Came>,
    mut until: impl FnMut(&[AccessUnit], &[AccessUnit]) -> bool,
) -> (Vec<AccessUnit>, Vec<AccessUnit>) {
    let (mut big, mut small) = (Vec::new(), Vec::new());
    while !until(&big, &small) {
        match came.recv_timeout(Duration::from_secs(10)) {
            Ok(Came::Unit(unit)) => big.push(unit),
            Ok(Came::Small(unit)) => small.push(unit),
            other => panic!("a unit, not {other:?}"),
        }
    }
    (big, small)
}

fn active(target: Option<Target>) -> StreamControl {
    StreamControl { active: true, target }
}

#[test]
fn a_small_stream_is_made_of_the_same_picture_and_each_stream_comes_and_goes_alone() {
    let (input, _thread, came) = start();
    let size = Size::new(640, 480);
    input.control(|c| c.streams = [active(None), active(None)]);
    input.push(&sample(size, 0));
    let (big, small) = streams(&came, |big, small| !big.is_empty() && !small.is_empty());
    assert_eq!((big[0].size, small[0].size), (size, Size::new(212, 160)));
    assert!(big[0].key && small[0].key, "both begin with a picture that can be decoded");
    assert_eq!(big[0].captured_at, small[0].captured_at);
    // Nobody takes the big one any more.
    input.control(|c| c.streams[0].active = false);
    input.push(&sample(size, 1));
    let (big, small) = streams(&came, |_, small| !small.is_empty());
    assert!(big.is_empty() && !small[0].key);
    // Nobody takes the small one, and somebody the big one again.
    input.control(|c| c.streams = [active(None), StreamControl::default()]);
    input.push(&sample(size, 20));
    let (_, small) = streams(&came, |big, _| !big.is_empty());
    assert!(small.is_empty());
}

#[test]
fn the_small_stream_has_a_frame_rate_of_its_own() {
    let (input, _thread, came) = start();
    let target = Target { bitrate_bps: 100_000, fps: 15.0, size: SIZE, paused: false };
    input.control(|c| c.streams = [active(None), active(Some(target))]);
    let (mut big, mut small) = (0, 0);
    for n in 0..30 {
        input.push(&sample(SIZE, n));
        // Each picture is waited for, so that none replaces another.
        let (b, s) = streams(&came, |big, _| !big.is_empty());
        (big, small) = (big + b.len(), small + s.len());
    }
    small += std::iter::from_fn(|| came.recv_timeout(Duration::from_millis(200)).ok()).count();
    assert_eq!(big, 30);
    assert!((14..=16).contains(&small), "{small} of 30 pictures");
}

#[test]
fn a_camera_that_encodes_by_itself_has_no_small_stream_and_says_so_once() {
    let (input, _thread, came) = start();
    input.control(|c| c.streams = [active(None), active(None)]);
    for sample in camera_stream(3) {
        input.push(&sample);
    }
    let first = came.recv_timeout(Duration::from_secs(10));
    assert!(matches!(&first, Ok(Came::Failed(why)) if why.contains("small stream")), "{first:?}");
    let (big, small) = streams(&came, |big, _| big.len() == 3);
    assert_eq!((big.len(), small.len()), (3, 0), "and the camera's own stream passes");
}

#[test]
fn a_message_rides_on_both_streams_each_as_often_as_was_asked() {
    let (input, _thread, came) = start();
    input.control(|c| c.streams = [active(None), active(None)]);
    input.attach(b"hello", Some(2), Duration::ZERO, false);
    let (mut big, mut small) = (0, 0);
    for n in 0..5 {
        input.push(&sample(SIZE, n));
        let (b, s) = streams(&came, |big, small| !big.is_empty() && !small.is_empty());
        let count =
            |units: &[AccessUnit]| units.iter().flat_map(|unit| sei::messages(unit.bytes())).filter(|m| m == b"hello").count();
        (big, small) = (big + count(&b), small + count(&s));
    }
    assert_eq!((big, small), (2, 2));
}

#[test]
fn messages_wait_replace_each_other_and_keep_to_key_frames() {
    let input = VideoInput::default();
    input.control(|c| c.streams[0].active = true);
    let (big, ms) = (Stream::Big, Duration::from_millis);
    let taken = |at: Duration, key| input.message(big, at, key).map(|message| message.to_vec());
    input.attach(b"late", Some(1), ms(500), false);
    assert_eq!(taken(ms(499), true), None, "not before its time");
    input.attach(b"newer", None, ms(0), false);
    assert!((0..100).all(|n| taken(ms(1000 + n), false).as_deref() == Some(b"newer")), "one in flight, this one without end");
    input.attach(b"key", Some(2), ms(0), true);
    assert_eq!(taken(ms(2000), false), None);
    assert_eq!([true, false, true, true].map(|key| taken(ms(2000), key).is_some()), [true, false, true, false]);
}

#[test]
fn pictures_are_published_turned_mirrored_and_in_the_configured_shape() {
    use artc_bindings::RenderMode;
    use artc_bindings::encoder::{MirrorMode, RotationMode};
    let (input, _thread, came) = start();
    let target = Target { bitrate_bps: 2_000_000, fps: 30.0, size: Size::new(160, 90), paused: false };
    let shape = Shape { rotation: RotationMode::Rotate90, mirror: MirrorMode::Enabled, ..Shape::default() };
    input.control(|c| (c.streams[0], c.shape) = (active(None), shape));
    input.push(&sample(SIZE, 0));
    assert_eq!(unit(&came).size, Size::new(240, 320));
    for (n, render) in (1..).zip([RenderMode::Fill, RenderMode::Crop, RenderMode::Stretch]) {
        input.control(|c| (c.streams[0], c.shape) = (active(Some(target)), Shape { render, ..Shape::default() }));
        input.push(&sample(SIZE, n));
        assert_eq!(unit(&came).size, Size::new(160, 90), "{render:?}");
    }
    let mut upright = sample(SIZE, 10);
    upright.rotation = 270;
    input.control(|c| c.shape = Shape::default());
    input.push(&upright);
    assert_eq!(unit(&came).size, Size::new(90, 120), "turned as the picture itself says, and scaled to fit upright");
}

#[test]
fn pictures_that_wait_for_their_time_stamp_are_dropped_in_time_where_nobody_takes_them() {
    let (input, _thread, came) = start();
    let clock = Clock::new();
    input.set_cache(Some((Arc::default(), 100)));
    for n in 0..10 {
        assert_eq!(input.push_in_time(&sample(SIZE, n), clock.monotonic()), Some(Ok(())));
    }
    // The first has its turn, nobody is there; with somebody there the others come, each in its turn.
    while input.counters.dropped.load(Ordering::Relaxed) == 0 {
        std::thread::yield_now();
    }
    input.control(|c| c.streams[0].active = true);
    let (units, _) =
        streams(&came, |big, _| big.last().is_some_and(|unit| clock.monotonic() >= unit.captured_at && big.len() >= 5));
    let gaps: Vec<_> = units.windows(2).map(|pair| (pair[1].captured_at - pair[0].captured_at).as_millis()).collect();
    assert!(gaps.iter().all(|gap| gap % 33 == 0), "as far apart as their stamps: {gaps:?}");
    input.set_cache(None);
    assert_eq!(input.push_in_time(&sample(SIZE, 0), clock.monotonic()), None);
}
