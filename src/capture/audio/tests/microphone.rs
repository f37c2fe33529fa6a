//! The whole microphone, thread and all, where no card is needed.

use std::time::Duration;

use super::super::{Config, Loss, Microphone, Phase, Ring};
use super::{MS, level};

const PATIENCE: Duration = Duration::from_secs(20);

fn start(source: &str, rate: u32, channels: u16) -> Microphone {
    Microphone::start(Config { source: source.into(), rate, channels }).unwrap()
}

#[test]
fn the_tone_comes_in_real_time_block_after_block() {
    let microphone = start("tone", 16_000, 2);
    let ring = microphone.ring();
    let blocks: Vec<_> = (0..60).map(|_| ring.take(PATIENCE).unwrap()).collect();
    for pair in blocks.windows(2) {
        assert_eq!(pair[1].captured_at - pair[0].captured_at, 10 * MS);
    }
    assert!(level(&blocks[..20], 440.0) > 0.05, "it can be heard");
    let state = microphone.state();
    assert_eq!((state.phase, state.detail.as_str(), state.device), (Phase::Tone, "built-in tone", None));
    assert_eq!((state.format.rate, state.format.channels, state.overruns), (16_000, 2, 0));
}

#[test]
fn a_microphone_that_is_not_there_is_silence_at_the_same_pace_and_says_why() {
    for (source, why) in
        [("no-such-card", "no-such-card: there is no such sound device"), ("nul\0", "nul\\0: no ALSA device has such a name")]
    {
        let microphone = start(source, 48_000, 1);
        let mut events = microphone.events();
        let ring = microphone.ring();
        let blocks: Vec<_> = (0..30).map(|_| ring.take(PATIENCE).unwrap()).collect();
        assert!(blocks.windows(2).all(|pair| pair[1].captured_at - pair[0].captured_at == 10 * MS));
        assert!(blocks.iter().all(|block| block.samples().iter().all(|sample| *sample == 0)));
        let state = microphone.state();
        assert_eq!((state.phase, state.detail.as_str()), (Phase::Lost(Loss::Missing), why));
        assert!(state.counters.silent >= 30 && state.counters.silent == state.counters.grabbed, "{:?}", state.counters);
        while let Ok(event) = events.try_recv() {
            assert_eq!(event, Phase::Lost(Loss::Missing), "said once, not at every attempt");
        }
    }
}

#[test]
fn none_is_nothing_at_all() {
    let microphone = start("none", 48_000, 1);
    assert_eq!(microphone.state().phase, Phase::Off);
    assert!(microphone.ring().is_closed());
    assert!(microphone.ring().take(PATIENCE).is_none(), "at once");
    microphone.set_volume(3);
}

#[test]
fn mute_and_volume_act_on_the_next_blocks() {
    let microphone = start("tone", 8_000, 1);
    let ring = microphone.ring();
    let loudest = |ring: &Ring| {
        while ring.try_take().is_some() {}
        ring.take(PATIENCE).unwrap();
        let blocks: Vec<_> = (0..15).map(|_| ring.take(PATIENCE).unwrap()).collect();
        level(&blocks, 440.0)
    };
    assert!((loudest(&ring) - 0.1).abs() < 0.02);
    microphone.set_muted(true);
    assert_eq!(loudest(&ring), 0.0);
    microphone.set_muted(false);
    microphone.set_volume(50);
    assert!((loudest(&ring) - 0.025).abs() < 0.005);
    microphone.set_volume(255);
    assert_eq!((microphone.state().volume, microphone.state().muted, microphone.state().mixer), (100, false, false));
}

#[test]
fn a_consumer_that_sleeps_loses_the_oldest_blocks_and_the_books_say_so() {
    let microphone = start("tone", 8_000, 1);
    let ring = microphone.ring();
    let first = ring.take(PATIENCE).unwrap();
    while microphone.state().counters.dropped < 15 {
        std::thread::yield_now();
    }
    let next = ring.take(PATIENCE).unwrap();
    assert!(next.captured_at >= first.captured_at + 160 * MS, "the oldest went");
    let counters = ring.counters();
    assert_eq!(counters.grabbed, counters.dropped + counters.pushed + counters.in_flight);
    assert!(counters.in_flight <= Ring::DEPTH as u64);
}

#[test]
fn dropping_it_ends_the_thread_and_frees_who_waits() {
    let microphone = start("tone", 48_000, 2);
    let ring = microphone.ring();
    let consumer = std::thread::spawn({
        let ring = ring.clone();
        move || {
            let mut taken = 0;
            while !ring.is_closed() {
                taken += u32::from(ring.take(PATIENCE).is_some());
            }
            taken
        }
    });
    while ring.counters().pushed < 3 {
        std::thread::yield_now();
    }
    drop(microphone);
    assert!(consumer.join().unwrap() >= 3);
}

#[test]
fn privacy_is_silence_on_the_same_row_of_blocks_until_it_ends() {
    let microphone = start("tone", 8_000, 1);
    let ring = microphone.ring();
    let mut events = microphone.events();
    let mut before = ring.take(PATIENCE).unwrap();
    microphone.set_private(true);
    let mut next = || {
        let block = ring.take(PATIENCE).unwrap();
        let gap = block.captured_at.saturating_sub(before.captured_at);
        before = block.clone();
        (block, gap)
    };
    while events.try_recv() != Ok(Phase::Private) {
        next();
    }
    for _ in 0..4 {
        next();
    }
    for _ in 0..20 {
        let (block, gap) = next();
        assert!(gap == 10 * MS && block.samples().iter().all(|sample| *sample == 0), "{gap:?}");
    }
    assert_eq!(microphone.state().detail, "closed for privacy");
    microphone.set_private(false);
    assert!((0..200).any(|_| next().0.samples().iter().any(|sample| *sample != 0)), "it can be heard again");
    assert_eq!(microphone.state().phase, Phase::Tone);
}
