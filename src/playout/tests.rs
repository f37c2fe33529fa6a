//! The whole speaker, thread and all, where no card is needed: ALSA's own devices without hardware, and none.

use std::time::Duration;

use media::{PcmBlock, PcmFormat};

use super::{Config, Phase, Speaker, State};
use crate::soundcard::Loss;

const FORMAT: PcmFormat = PcmFormat { rate: 48_000, channels: 1 };

fn start(device: &str) -> Speaker {
    Speaker::start(Config { device: device.into(), ..Config::default() }).unwrap()
}

/// 10 ms of a loud tone.
fn tone() -> PcmBlock {
    let mut block = PcmBlock::silence(FORMAT, Duration::ZERO);
    for (at, sample) in block.samples_mut().iter_mut().enumerate() {
        *sample = ((at as f32 * std::f32::consts::TAU / 48.0).sin() * 12_000.0) as i16;
    }
    block
}

/// Waits for a condition, playing `sound` meanwhile.
#[track_caller]
fn until(speaker: &Speaker, sound: Option<&PcmBlock>, what: impl Fn(&State) -> bool) -> State {
    for _ in 0..6000 {
        let state = speaker.state();
        if what(&state) {
            return state;
        }
        sound.into_iter().for_each(|block| speaker.play(block.clone()));
        std::thread::park_timeout(Duration::from_millis(10));
    }
    panic!("it never came to that: {:?}", speaker.state());
}

#[test]
fn none_is_nothing_at_all() {
    let speaker = start("none");
    speaker.play(tone());
    let state = speaker.state();
    assert!(!speaker.is_on() && state.phase == Phase::Off && state.counters.taken == 0, "{state:?}");
}

#[test]
fn a_speaker_that_is_not_there_says_why_and_drops_what_comes() {
    for (device, why) in
        [("no-such-card", "no-such-card: there is no such sound device"), ("nul\0", "nul\\0: no ALSA device has such a name")]
    {
        let speaker = start(device);
        let state = until(&speaker, Some(&tone()), |state| state.counters.dropped >= 30);
        assert_eq!((state.phase, state.detail.as_str()), (Phase::Lost(Loss::Missing), why));
        assert_eq!(state.counters.taken, state.counters.dropped + state.counters.in_flight, "{state:?}");
    }
}

/// ALSA's `file` device: what the card would have been given can be read.
#[test]
fn what_is_said_comes_out_as_loud_as_it_is_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("heard.raw");
    let loudest = |wanted: std::ops::Range<u16>| {
        until_heard(&file, |heard| {
            let tail = &heard[heard.len().saturating_sub(4800)..];
            let loudest = tail.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
            tail.len() == 4800 && wanted.contains(&loudest)
        })
    };
    let speaker = start(&format!("file:{},raw", file.display()));
    let state = until(&speaker, Some(&tone()), |state| state.counters.sounding >= 40);
    assert_eq!((state.phase, state.format.map(|(_, channels)| channels)), (Phase::Playing, Some(2)));
    let speaking = Talker::start(&speaker);
    loudest(11_000..12_500);
    speaker.set_volume(50);
    loudest(2_800..3_200);
    speaker.set_muted(true);
    loudest(0..1);
    drop(speaking);
    until(&speaker, None, |state| state.phase == Phase::Ready);
    let books = speaker.state().counters;
    assert_eq!(books.taken, books.played + books.dropped, "{books:?}");
}

/// Somebody who talks without end, beside the test.
struct Talker {
    stop: std::sync::mpsc::Sender<()>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Talker {
    fn start(speaker: &Speaker) -> Self {
        let (stop, stopped) = std::sync::mpsc::channel();
        let shared = std::sync::Arc::clone(&speaker.shared);
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(Duration::from_millis(10)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                shared.queue.push(tone());
                shared.wake();
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// The left channel of what was written.
#[track_caller]
fn until_heard(file: &std::path::Path, what: impl Fn(&[i16]) -> bool) {
    for _ in 0..6000 {
        let bytes = std::fs::read(file).unwrap_or_default();
        let left: Vec<i16> = bytes.chunks_exact(4).map(|frame| i16::from_le_bytes([frame[0], frame[1]])).collect();
        if what(&left) {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    panic!("it is never heard");
}
