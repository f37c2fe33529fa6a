//! Pictures of others on their way to the caller, by a virtual clock.

use std::sync::Mutex;
use std::time::SystemTime;

use super::*;
use crate::encoder::openh264::OpenH264;
use crate::encoder::tests::moving;
use crate::encoder::{Encoded, Picture, Settings, Usage, VideoEncoder as _};
use crate::session::ReceivedFrame;
use crate::sync::Captured;

const SIZE: Size = Size::new(160, 120);
const MS: Duration = Duration::from_millis(1);
/// Decoders at once.
const MOST_TRACKS: usize = 16;
const BOTH: WatchSettings = WatchSettings { decoded: true, encoded: true };

struct Stage {
    watcher: Watcher,
    events: Arc<EventQueue>,
    sync: Arc<LipSync>,
    asked: Arc<Mutex<Vec<String>>>,
    now: Instant,
}

impl Stage {
    fn new(settings: WatchSettings) -> Self {
        let now = Clock::new().now();
        let (events, sync, asked) = (Arc::new(EventQueue::new()), Arc::new(LipSync::new(now)), Arc::new(Mutex::default()));
        let asks: Arc<Mutex<Vec<String>>> = Arc::clone(&asked);
        let ask = Box::new(move |sid| asks.lock().unwrap().push(sid));
        let mut watcher = Watcher::new(Arc::clone(&events), Arc::clone(&sync), ask, MOST_TRACKS);
        watcher.set(settings);
        Self { watcher, events, sync, asked, now }
    }

    fn take(&mut self, sid: &str, media: RemoteMedia, frame: ReceivedFrame) {
        let (uid, sid) = ("cam".into(), sid.into());
        self.watcher.take(Box::new(Arrived { uid, sid, media, small: false, frame }), self.now);
        self.watcher.show(self.now);
    }

    /// Names of what was handed out since.
    fn told(&self) -> Vec<&'static str> {
        std::iter::from_fn(|| self.events.try_next()).map(|event| event.name()).collect()
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// Access units of a moving picture: the first is a key frame.
fn units(count: u32) -> Vec<Arc<[u8]>> {
    let settings = Settings { size: SIZE, fps: 30.0, bitrate_bps: 300_000, usage: Usage::Camera, key_interval: None };
    let mut encoder = OpenH264::new(settings).unwrap();
    let width = SIZE.width as usize;
    (0..count)
        .map(|n| {
            let data = moving(SIZE, n, 0);
            let picture = Picture::contiguous(&data, SIZE, [width, width / 2, width / 2], Duration::ZERO).unwrap();
            let mut out = Vec::new();
            assert!(matches!(encoder.encode(&picture, false, &mut out), Ok(Encoded::Unit { .. })));
            out.into()
        })
        .collect()
}

fn frame(n: u64, data: &Arc<[u8]>) -> ReceivedFrame {
    let data = Arc::clone(data);
    ReceivedFrame { time: n * 3000, data, codec: PictureCodec::H264, contiguous: true, captured: None, level: None }
}

#[test]
fn pictures_are_handed_out_decoded_and_as_they_came() {
    let mut stage = Stage::new(BOTH);
    for (n, unit) in (0..).zip(&units(3)) {
        stage.take("TR", RemoteMedia::Camera, frame(n, unit));
        stage.now += 33 * MS;
    }
    let mut frames = std::iter::from_fn(|| stage.events.try_next()).map(|event| match event {
        Event::RemoteVideoSample { frame, .. } | Event::RemoteVideoEncodedSample { frame, .. } => frame,
        other => panic!("{other:?}"),
    });
    for n in 0..3 {
        let (decoded, encoded) = (frames.next().unwrap(), frames.next().unwrap());
        assert_eq!((decoded.kind, decoded.frame.buf_size), (VideoFrameType::H264, SIZE.i420_len()));
        assert_eq!((encoded.kind, encoded.frame.width), (VideoFrameType::H264Nalu, SIZE.width));
        assert_eq!((decoded.frame.frame_num, decoded.frame.frame_ms), (n, n * 100 / 3));
    }
    assert_eq!(stage.asked(), 0);
}

#[test]
fn after_a_loss_nothing_is_shown_and_key_frames_are_asked_for_now_and_then_until_one_comes() {
    let mut stage = Stage::new(WatchSettings { decoded: true, encoded: false });
    let units = units(100);
    for (n, unit) in (0..).zip(&units) {
        let mut frame = frame(n, unit);
        frame.contiguous = n != 10;
        stage.take("TR", RemoteMedia::Camera, frame);
        stage.now += 33 * MS;
    }
    assert_eq!(stage.told().len(), 10, "what refers to the missing one is not shown");
    // 90 pictures are 3 s.
    assert!((5..=7).contains(&stage.asked()), "{}", stage.asked());
    stage.take("TR", RemoteMedia::Camera, frame(100, &units[0]));
    assert_eq!(stage.told(), ["OnRemoteVideoSample"]);
}

#[test]
fn rubbish_costs_a_key_frame_and_not_the_thread() {
    let mut stage = Stage::new(BOTH);
    let units = units(2);
    stage.take("TR", RemoteMedia::Camera, frame(0, &units[0]));
    for codec in [PictureCodec::H264, PictureCodec::Vp8] {
        for length in 0..64usize {
            let data: Arc<[u8]> = (0..length).map(|n| (n * 37 + length) as u8).collect();
            stage.take("TR", RemoteMedia::Camera, ReceivedFrame { codec, ..frame(1, &data) });
            stage.now += 20 * MS;
        }
    }
    stage.told();
    assert!(stage.asked() > 0);
    stage.take("TR", RemoteMedia::Camera, frame(2, &units[0]));
    assert_eq!(stage.told(), ["OnRemoteVideoSample", "OnRemoteVideoEncodedSample"]);
}

#[test]
fn pictures_wait_for_the_sound_of_their_moment_and_screens_do_not() {
    let mut stage = Stage::new(WatchSettings { decoded: false, encoded: true });
    let units = units(2);
    let unix = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let begin = stage.now;
    // Sound plays 90 ms after its capture, pictures are here after 30 ms.
    let captured = |now: Instant, late: Duration| Some(Captured { at: unix + (now - begin) - late, by: CaptureClock::Frame });
    let mut sounds = CaptureTimes::default();
    sounds.note(0, captured(begin, 90 * MS).unwrap(), begin);
    let age = stage.sync.sound_age(&sounds, 0, begin).unwrap();
    stage.sync.sound("cam", age, age, begin);
    stage.take("TR", RemoteMedia::Camera, ReceivedFrame { captured: captured(begin, 30 * MS), ..frame(0, &units[0]) });
    stage.take("SC", RemoteMedia::Screen, ReceivedFrame { captured: captured(begin, 30 * MS), ..frame(0, &units[0]) });
    assert_eq!(stage.told().len(), 1, "the screen");
    assert_eq!(stage.watcher.wake(), Some(begin + 60 * MS));
    stage.watcher.show(begin + 59 * MS);
    assert!(stage.told().is_empty());
    stage.now = begin + 33 * MS;
    stage.take("TR", RemoteMedia::Camera, frame(1, &units[1]));
    assert!(stage.told().is_empty());
    stage.watcher.show(begin + 60 * MS);
    assert_eq!(stage.told().len(), 1);
    // Its capture time follows from that of the picture before.
    stage.watcher.show(begin + 92 * MS);
    assert!(stage.told().is_empty());
    stage.watcher.show(begin + 94 * MS);
    assert_eq!(stage.told().len(), 1);
}

#[test]
fn vp8_is_decoded_and_that_it_has_no_nal_units_is_told_once() {
    let mut stage = Stage::new(BOTH);
    let file = include_bytes!("../../../testdata/libvpx.ivf");
    let mut rest = &file[32..];
    for n in 0..4 {
        let (head, data) = rest.split_at(12);
        let (unit, more) = data.split_at(u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize);
        stage.take("TR", RemoteMedia::Camera, ReceivedFrame { codec: PictureCodec::Vp8, ..frame(n, &unit.into()) });
        rest = more;
    }
    let picture = "OnRemoteVideoSample";
    assert_eq!(stage.told(), ["OnWarning", picture, picture, picture, picture]);
}

#[test]
fn so_many_tracks_are_decoded_and_whoever_rests_makes_room() {
    let mut stage = Stage::new(BOTH);
    let units = units(1);
    for track in 0..MOST_TRACKS + 3 {
        stage.take(&track.to_string(), RemoteMedia::Camera, frame(0, &units[0]));
    }
    assert_eq!(stage.told().len(), 2 * MOST_TRACKS);
    stage.now += IDLE;
    stage.take("late", RemoteMedia::Camera, frame(0, &units[0]));
    assert_eq!(stage.told().len(), 2);
    assert_eq!(stage.watcher.tracks.len(), 1);
}
