//! What reaches an engine, and the books of what does not; on the fake engine, with real slots and a real microphone thread.

use artc_bindings::fake::{FakeEngine, Fault, World, WorldConfig};
use artc_bindings::{AudioFormat, AudioFrame, Event, JoinChannelConfig, PublishMode, RenderMode, SubscribeMode};
use media::{Frame, FramePool, PcmFormat};
use proptest::prelude::*;

use super::*;
use crate::capture::audio::Microphone;

const SMALL: Size = Size::new(64, 36);
const FORMAT: PcmFormat = PcmFormat { rate: 48_000, channels: 1 };

/// A world with a camera that publishes and a viewer who watches, both in their channel.
struct Pair {
    world: Arc<World>,
    camera: Arc<FakeEngine>,
    viewer: Arc<FakeEngine>,
}

impl Pair {
    fn new(config: WorldConfig) -> Self {
        let world = World::new(config);
        let (camera, viewer) = (world.engine(), world.engine());
        let pair = Self { world, camera, viewer };
        let watching = JoinChannelConfig {
            subscribe_mode: SubscribeMode::Automatically,
            subscribe_audio_format: AudioFormat::PcmBeforeMixing,
            ..JoinChannelConfig::default()
        };
        pair.viewer.join_channel("t", "yard", "viewer", "", &watching).expect("not joined yet");
        pair.camera.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto).expect("a call");
        pair.camera.set_external_audio_source(true, 48_000, 1).expect("a call");
        pair
    }

    fn join(&self) {
        let publishing = JoinChannelConfig { publish_mode: PublishMode::Automatically, ..JoinChannelConfig::default() };
        self.camera.join_channel("t", "yard", "cam", "", &publishing).expect("not joined yet");
        // The joins, then the tracks.
        self.world.advance(Duration::from_secs(1));
    }

    fn seen(&self) -> Vec<Event> {
        let queue = self.viewer.event_handler();
        std::iter::from_fn(|| queue.try_next()).collect()
    }
}

fn frame(size: Size, at: Duration) -> Frame {
    let mut pool = FramePool::new(size, 1);
    let filled = pool.fill(at, 7, |bytes| {
        bytes.fill(128);
        Ok::<(), ()>(())
    });
    filled.expect("a free buffer").expect("it was filled")
}

fn shared() -> Arc<Shared> {
    Arc::new(Shared { stop: AtomicBool::new(false), video: Feed::new("video"), audio: Feed::new("audio") })
}

/// Waits until `done`, at most half a minute.
fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..30_000 {
        if done() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    panic!("{what} never happened");
}

#[test]
fn a_picture_reaches_the_viewer_with_its_time_and_without_a_copy() {
    let pair = Pair::new(WorldConfig::default());
    pair.join();
    let slot = Arc::new(Slot::new(2));
    let uplink = Uplink::start(Arc::clone(&pair.camera) as _, Arc::clone(&slot), None, None).expect("threads");
    let captured_at = Duration::from_micros(1_234_567_890);
    let picture = frame(SMALL, captured_at);
    slot.grab().push(Captured::Raw(picture.clone()));
    eventually("a push", || uplink.video().pushed == 1);
    let received = pair.seen().into_iter().find_map(|event| match event {
        Event::RemoteVideoSample { frame, .. } => Some(frame.frame),
        _ => None,
    });
    let received = received.expect("the viewer has a picture");
    assert_eq!((received.width, received.height, received.frame_ms), (64, 36, 1_234_567));
    assert_eq!(received.captured_at, Some(captured_at));
    let ours: *const u8 = (*picture.buffer).as_ref().as_ptr();
    assert_eq!(received.bytes().as_ptr(), ours, "the very same bytes");
}

#[test]
fn an_access_unit_passes_through_as_it_is() {
    let pair = Pair::new(WorldConfig::default());
    pair.join();
    let data = Arc::new(vec![0, 0, 0, 1, 0x67, 1, 2, 3]);
    let unit =
        media::EncodedFrame { data: Arc::clone(&data), key: true, size: SMALL, captured_at: Duration::from_secs(1), sequence: 1 };
    let engine: &dyn Engine = &*pair.camera;
    assert!(matches!(push_video(engine, &Captured::Encoded(unit)), Fate::Pushed));
    let found = pair.seen().into_iter().any(|event| match event {
        Event::RemoteVideoEncodedSample { frame, .. } => frame.frame.bytes() == data.as_slice(),
        _ => false,
    });
    assert!(found, "the viewer has the access unit");
}

#[test]
fn the_2k_limit_is_the_engines() {
    assert_eq!(media::format::MAX_LONG_SIDE, artc_bindings::sample::MAX_LONG_SIDE);
    assert_eq!(media::format::MAX_SHORT_SIDE, artc_bindings::sample::MAX_SHORT_SIDE);
    let pair = Pair::new(WorldConfig::default());
    pair.join();
    let uplink = shared();
    uplink.video.offer(|| push_video(&*pair.camera, &Captured::Raw(frame(Size::new(2560, 1440), Duration::ZERO))));
    uplink.video.offer(|| push_video(&*pair.camera, &Captured::Raw(frame(Size::new(1920, 1080), Duration::ZERO))));
    let books = uplink.video.books();
    assert_eq!((books.taken, books.too_large, books.pushed), (2, 1, 1));
}

#[test]
fn a_full_engine_loses_pictures_but_no_sound() {
    let pair = Pair::new(WorldConfig { audio_buffer: Duration::from_millis(30), ..WorldConfig::default() });
    pair.join();
    let uplink = shared();
    pair.world.inject(Fault::VideoFull { user: "cam".into(), full: true });
    uplink.video.offer(|| push_video(&*pair.camera, &Captured::Raw(frame(SMALL, Duration::ZERO))));
    assert_eq!(uplink.video.books().full, 1);

    // Five times as much as fits, offered at once, while time passes only slowly.
    let carrier = std::thread::spawn({
        let (uplink, engine) = (Arc::clone(&uplink), Arc::clone(&pair.camera));
        move || {
            for n in 1..=15 {
                let block = PcmBlock { format: FORMAT, samples: [n; PcmBlock::MAX_SAMPLES], captured_at: Duration::ZERO };
                uplink.audio.offer(|| uplink.push_audio(&*engine, &block));
            }
        }
    });
    eventually("the end of the sound", || {
        pair.world.advance(Duration::from_millis(1));
        carrier.is_finished()
    });
    carrier.join().expect("no panic");
    let books = uplink.audio.books();
    assert_eq!((books.taken, books.pushed), (15, 15), "{books:?}");
    let heard: Vec<i16> = pair
        .seen()
        .into_iter()
        .filter_map(|event| match event {
            Event::SubscribeAudioFrame { frame: AudioFrame::Pcm(pcm), .. } => Some(pcm.pcm[0]),
            _ => None,
        })
        .collect();
    assert_eq!(heard, (1..=15).collect::<Vec<i16>>(), "every block once, in order");
}

#[test]
fn sound_that_never_finds_room_is_given_up_and_counted() {
    let pair = Pair::new(WorldConfig::default());
    pair.join();
    pair.world.inject(Fault::AudioFull { user: "cam".into(), full: true });
    let uplink = shared();
    let block = PcmBlock { format: FORMAT, samples: [0; PcmBlock::MAX_SAMPLES], captured_at: Duration::ZERO };
    uplink.audio.offer(|| uplink.push_audio(&*pair.camera, &block));
    assert_eq!((uplink.audio.books().full, uplink.audio.books().taken), (1, 1));
}

#[test]
fn muted_media_never_reach_the_engine() {
    let pair = Pair::new(WorldConfig::default());
    pair.join();
    let microphone =
        Microphone::start(crate::capture::audio::Config { source: "tone".into(), ..Default::default() }).expect("a thread");
    let slot = Arc::new(Slot::new(2));
    let uplink = Uplink::start(Arc::clone(&pair.camera) as _, Arc::clone(&slot), Some(microphone.ring()), None).expect("threads");
    uplink.mute_video(true);
    slot.grab().push(Captured::Raw(frame(SMALL, Duration::ZERO)));
    eventually("a muted picture", || uplink.video().muted == 1);
    eventually("sound", || uplink.audio().pushed > 0);
    uplink.mute_audio(true);
    eventually("muted sound", || uplink.audio().muted > 2);
    assert_eq!(uplink.video().pushed, 0);
    let engine = pair.camera.extensions().expect("the fake engine has them").stats();
    assert_eq!(engine.video.pushed, 0, "the engine has seen no picture");
    assert!(uplink.audio().balance());
}

#[test]
fn an_uplink_ends_at_once_and_by_itself_when_capture_ends() {
    let pair = Pair::new(WorldConfig::default());
    let slot: Arc<Slot<Captured>> = Arc::new(Slot::new(2));
    let uplink = Uplink::start(Arc::clone(&pair.camera) as _, Arc::clone(&slot), None, None).expect("threads");
    slot.close();
    eventually("the end of the thread", || uplink.threads.iter().all(JoinHandle::is_finished));
    drop(uplink);
}

/// What can happen to a picture on its way.
#[derive(Clone, Copy, Debug)]
enum Step {
    Picture(bool),
    Broken,
    Carry,
    Mute(bool),
    Full(bool),
    Join,
    Leave,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<bool>().prop_map(Step::Picture),
        1 => Just(Step::Broken),
        6 => Just(Step::Carry),
        1 => any::<bool>().prop_map(Step::Mute),
        1 => any::<bool>().prop_map(Step::Full),
        1 => Just(Step::Join),
        1 => Just(Step::Leave),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_picture_has_one_fate(steps in proptest::collection::vec(step(), 0..80)) {
        let pair = Pair::new(WorldConfig::default());
        let uplink = shared();
        let slot = Slot::new(2);
        let (fits, large) = (frame(SMALL, Duration::ZERO), frame(Size::new(16, 1922), Duration::ZERO));
        for step in steps {
            match step {
                Step::Picture(true) => slot.grab().push(Captured::Raw(fits.clone())),
                Step::Picture(false) => slot.grab().push(Captured::Raw(large.clone())),
                Step::Broken => slot.grab().broken(),
                Step::Carry => {
                    if let Some(captured) = slot.try_take() {
                        uplink.video.offer(|| push_video(&*pair.camera, &captured));
                    }
                }
                Step::Mute(mute) => uplink.video.mute(mute),
                Step::Full(full) => pair.world.inject(Fault::VideoFull { user: "cam".into(), full }),
                Step::Join => {
                    let _ = pair.camera.join_channel("t", "yard", "cam", "", &JoinChannelConfig::default());
                }
                Step::Leave => {
                    let _ = pair.camera.leave_channel();
                }
            }
            pair.world.advance(Duration::from_millis(33));
            let (capture, sent) = (slot.counters(), uplink.video.books());
            prop_assert!(sent.balance(), "{:?}", sent);
            prop_assert_eq!(capture.pushed, sent.taken, "what capture calls pushed is what was taken");
            let dropped = capture.dropped + sent.dropped();
            prop_assert_eq!(capture.grabbed, capture.broken + dropped + sent.pushed + capture.in_flight + sent.in_flight);
            let engine = pair.camera.extensions().map(|e| e.stats().video.pushed);
            prop_assert_eq!(engine, Some(sent.pushed), "what was pushed is what the engine took");
        }
    }
}
