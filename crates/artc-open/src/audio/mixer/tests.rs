//! What comes out of the mixer, by a virtual clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use super::super::speech::{packets, speech};
use super::*;
use crate::clock::Clock;
use crate::session::AudioPacket;
use crate::sync::CaptureClock;

const TICK: Duration = Duration::from_millis(10);
const LOUDEST: usize = 5;

struct Stage {
    mixer: Mixer,
    events: Arc<EventQueue>,
    sync: Arc<LipSync>,
    now: Instant,
}

impl Stage {
    fn new(settings: PlayoutSettings) -> Self {
        let now = Clock::new().now();
        let (events, sync) = (Arc::new(EventQueue::new()), Arc::new(LipSync::new(now)));
        let mut mixer = Mixer::new(Arc::clone(&events), Arc::clone(&sync), LOUDEST);
        mixer.set(settings);
        Self { mixer, events, sync, now }
    }

    /// Lets users talk, each with these packets, and gives what was handed out.
    fn talk(&mut self, users: &[(&str, i8)], packets: &[AudioPacket], captured: Option<SystemTime>) -> Vec<Event> {
        let mut told = Vec::new();
        for (n, packet) in packets.iter().enumerate() {
            for (uid, level) in users {
                let at = captured.map(|at| at + n as u32 * 2 * TICK);
                self.mixer.take(SoundPacket {
                    uid: (*uid).into(),
                    sid: format!("TR_{uid}"),
                    time: u64::from(packet.time),
                    data: Arc::clone(&packet.data),
                    arrived: self.now,
                    captured: at.map(|at| Captured { at, by: CaptureClock::Frame }),
                    level: Some(*level),
                });
            }
            for _ in 0..2 {
                self.now += TICK;
                self.mixer.tick(self.now);
                told.extend(std::iter::from_fn(|| self.events.try_next()));
            }
        }
        told
    }
}

fn settings(format: AudioFormat, codec: AudioTranscodingCodec) -> PlayoutSettings {
    PlayoutSettings { format, codec, ..PlayoutSettings::default() }
}

fn loud(frame: &AudioFrame) -> bool {
    matches!(frame, AudioFrame::Pcm(frame) if frame.pcm.iter().any(|sample| sample.unsigned_abs() > 500))
}

#[test]
fn the_mix_comes_from_the_join_on_and_is_silence_in_an_empty_channel() {
    let mut stage = Stage::new(settings(AudioFormat::MixedPcm, AudioTranscodingCodec::Pcm));
    for _ in 0..50 {
        stage.now += TICK;
        stage.mixer.tick(stage.now);
        let Some(Event::SubscribeMixAudioFrame { frame: AudioFrame::Pcm(frame) }) = stage.events.try_next() else { panic!() };
        assert_eq!((frame.pcm.as_slice(), frame.sample_rates, frame.channels), (&[0; BLOCK][..], 48_000, 1));
        assert!(stage.events.is_empty());
    }
    let told = stage.talk(&[("one", -20), ("two", -20)], &packets(&speech(1, 2.0), 0), None);
    assert_eq!(told.len(), 200, "one block each 10 ms, however many talk");
    let loud = told.iter().filter(|e| matches!(e, Event::SubscribeMixAudioFrame { frame } if loud(frame))).count();
    assert!(loud > 100, "{loud}");
}

#[test]
fn each_user_comes_apart_and_only_while_there_is_sound() {
    let mut stage = Stage::new(settings(AudioFormat::PcmBeforeMixing, AudioTranscodingCodec::Pcm));
    let mut heard = BTreeMap::new();
    for event in stage.talk(&[("one", -20), ("two", -30)], &packets(&speech(1, 2.0), 0), None) {
        let Event::SubscribeAudioFrame { uid, frame } = event else { panic!("{event:?}") };
        *heard.entry(uid).or_insert(0) += usize::from(loud(&frame));
    }
    assert_eq!(heard.keys().map(String::as_str).collect::<Vec<_>>(), ["one", "two"]);
    assert!(heard.values().all(|count| *count > 100), "{heard:?}");
    for _ in 0..40 {
        stage.now += TICK;
        stage.mixer.tick(stage.now);
    }
    while stage.events.try_next().is_some() {}
    stage.mixer.tick(stage.now + TICK);
    assert!(stage.events.is_empty(), "nobody talks");
}

#[test]
fn of_many_the_loudest_are_heard_until_the_ranking_is_switched_off() {
    let names: Vec<String> = (0..12).map(|n| format!("user{n:02}")).collect();
    let users: Vec<(&str, i8)> = names.iter().enumerate().map(|(n, name)| (name.as_str(), -20 - n as i8)).collect();
    let said = packets(&speech(2, 2.0), 0);
    for ranking in [true, false] {
        let mut stage =
            Stage::new(PlayoutSettings { ranking, ..settings(AudioFormat::PcmBeforeMixing, AudioTranscodingCodec::Pcm) });
        let told = stage.talk(&users, &said, None);
        // Whoever is first of all is heard until the others are known.
        let late = told.iter().skip(told.len() / 2);
        let heard: BTreeSet<&str> =
            late.filter_map(|e| if let Event::SubscribeAudioFrame { uid, .. } = e { Some(uid.as_str()) } else { None }).collect();
        let expected: BTreeSet<&str> = names.iter().take(if ranking { LOUDEST } else { 12 }).map(String::as_str).collect();
        assert_eq!(heard, expected);
        let decoded: Vec<u64> = names.iter().map(|n| stage.mixer.tracks[&format!("TR_{n}")].jitter.counts().decoded).collect();
        assert_eq!(decoded.iter().filter(|count| **count < 20).count(), if ranking { 12 - LOUDEST } else { 0 }, "{decoded:?}");
    }
}

#[test]
fn fifty_voices_at_once_are_one_block_each_10_ms_of_the_loudest_few() {
    let names: Vec<String> = (0..50).map(|n| format!("user{n:02}")).collect();
    // All of them say that nobody is louder.
    let users: Vec<(&str, i8)> = names.iter().map(|name| (name.as_str(), 0)).collect();
    let mut stage = Stage::new(settings(AudioFormat::MixedPcm, AudioTranscodingCodec::Pcm));
    let told = stage.talk(&users, &packets(&speech(5, 2.0), 0), None);
    assert_eq!(told.len(), 200, "one block each 10 ms, however many talk");
    let loud = told.iter().filter(|e| matches!(e, Event::SubscribeMixAudioFrame { frame } if loud(frame))).count();
    assert!(loud > 100, "{loud}");
    let decoded: Vec<u64> = names.iter().map(|n| stage.mixer.tracks[&format!("TR_{n}")].jitter.counts().decoded).collect();
    assert_eq!(decoded.iter().filter(|count| **count >= 20).count(), LOUDEST, "{decoded:?}");
}

#[test]
fn whoever_becomes_loud_is_heard() {
    let mut stage = Stage::new(settings(AudioFormat::PcmBeforeMixing, AudioTranscodingCodec::Pcm));
    let said = packets(&speech(4, 4.0), 0);
    let (before, after) = said.split_at(100);
    let quiet: Vec<(&str, i8)> = vec![("a", -30), ("b", -30), ("c", -30), ("d", -30), ("e", -30), ("z", -60)];
    let told = stage.talk(&quiet, before, None);
    let from_z = |told: &[Event]| {
        told.iter().filter(|e| matches!(e, Event::SubscribeAudioFrame { uid, frame } if uid == "z" && loud(frame))).count()
    };
    assert_eq!(from_z(&told[told.len() / 2..]), 0);
    let told = stage.talk(&[("a", -30), ("b", -30), ("c", -30), ("d", -30), ("e", -30), ("z", -10)], after, None);
    assert!(from_z(&told) > 80, "{}", from_z(&told));
}

#[test]
fn aac_comes_besides_pcm_or_instead_and_a_rate_that_there_is_not_is_told_once() {
    let said = packets(&speech(3, 3.0), 0);
    for (format, codec) in [
        (AudioFormat::MixedPcm, AudioTranscodingCodec::BothPcmAndAac),
        (AudioFormat::MixedPcm, AudioTranscodingCodec::Aac),
        (AudioFormat::PcmBeforeMixing, AudioTranscodingCodec::BothPcmAndAac),
        (AudioFormat::PcmBeforeMixing, AudioTranscodingCodec::Aac),
    ] {
        let aac = AacSettings { rate: 16_000, bitrate: 32_000 };
        let mut stage = Stage::new(PlayoutSettings { aac, ..settings(format, codec) });
        let (mut pcm, mut times) = (0, Vec::new());
        for event in stage.talk(&[("one", -20)], &said, None) {
            match event {
                Event::SubscribeAudioAac { frame: AudioFrame::Aac(frame), .. } if format == AudioFormat::PcmBeforeMixing => {
                    times.push(frame);
                }
                Event::SubscribeMixedAudioAac { frame: AudioFrame::Aac(frame) } if format == AudioFormat::MixedPcm => {
                    times.push(frame);
                }
                Event::SubscribeAudioFrame { .. } | Event::SubscribeMixAudioFrame { .. } => pcm += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(pcm > 0, codec == AudioTranscodingCodec::BothPcmAndAac);
        assert!((40..=47).contains(&times.len()), "64 ms a frame: {}", times.len());
        assert!(
            times.iter().enumerate().all(|(n, f)| f.frame_ms == n as u32 * 64 && f.sample_rates == 16_000 && f.channels == 1)
        );
        let adts: Vec<u8> = times.into_iter().flat_map(|frame| frame.aac).collect();
        let decoded = syom::decode_with(&adts, &syom::DecodeOptions::audio()).unwrap();
        assert!(decoded.channels[0].iter().any(|sample| sample.abs() > 0.05));
    }
    let aac = AacSettings { rate: 44_000, bitrate: 0 };
    let mut stage = Stage::new(PlayoutSettings { aac, ..settings(AudioFormat::MixedPcm, AudioTranscodingCodec::BothPcmAndAac) });
    let told = stage.talk(&[("one", -20)], &said, None);
    assert_eq!(told.iter().filter(|e| e.name() == "OnWarning").count(), 1);
    assert_eq!(told.iter().filter(|e| e.name() == "OnSubscribeMixAudioFrame").count(), 300);
}

#[test]
fn sound_waits_for_pictures_that_come_later() {
    let mut stage = Stage::new(settings(AudioFormat::PcmBeforeMixing, AudioTranscodingCodec::Pcm));
    let said = packets(&speech(5, 8.0), 0);
    let unix = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let (mut pictures, mut target) = (CaptureTimes::default(), Duration::ZERO);
    for (n, packet) in said.chunks(5).enumerate() {
        // Pictures are here 250 ms after their capture, sound 30 ms.
        let time = n as u64 * 9000;
        let at = unix + n as u32 * 10 * TICK;
        pictures.note(time, Captured { at: at - 25 * TICK, by: CaptureClock::Frame }, stage.now);
        let age = stage.sync.picture_age(&pictures, time, stage.now).unwrap();
        stage.sync.picture("one", age, stage.now);
        stage.talk(&[("one", -20)], packet, Some(at - 3 * TICK));
        target = stage.mixer.tracks["TR_one"].jitter.target();
    }
    assert!((Duration::from_millis(200)..Duration::from_millis(260)).contains(&target), "{target:?}");
}
