//! Microphones against the kernel's own sound cards: what was played arrives, and what fails comes back.

use std::process::Command;
use std::time::Duration;

use artc_edge::capture::audio::{Config, Counters, Loss, Microphone, Phase, State};
use media::PcmBlock;

use crate::bench::{Guest, in_guest};
use crate::rig::sound::{MICROPHONE, ONE_SUBDEVICE, play, plug, samples, speech, unplug};
use crate::rig::{Process, now, wait_for, wait_while};

fn listen(source: &str, rate: u32, channels: u16) -> Microphone {
    Microphone::start(Config { source: source.to_owned(), rate, channels }).expect("threads can be had")
}

fn wait_until(microphone: &Microphone, phase: Phase, limit: Duration) -> State {
    wait_while(limit, || {
        let state = microphone.state();
        let missing = format!("{phase:?}; it is {state:?}");
        if state.phase == phase { Ok(state) } else { Err(missing) }
    })
}

/// Takes the blocks of `time`, and checks that they are an unbroken row: what is missing was dropped by the ring, and counted.
fn take(microphone: &Microphone, time: Duration) -> Vec<PcmBlock> {
    let ring = microphone.ring();
    let dropped = ring.counters().dropped;
    let start = now();
    let mut blocks: Vec<PcmBlock> = Vec::new();
    let mut missing = 0;
    while start.elapsed() < time {
        let Some(block) = ring.take(Duration::from_millis(500)) else { continue };
        if let Some(last) = blocks.last() {
            let step = block.captured_at.saturating_sub(last.captured_at).as_micros();
            // The row follows the system's clock by a small part of the difference a block.
            let trembling = (step + 3_000) % 10_000;
            assert!(trembling <= 6_000 && step >= 7_000, "{step} us after the last block: {:?}", microphone.state());
            missing += (step + 3_000) / 10_000 - 1;
        }
        blocks.push(block);
    }
    let dropped = u128::from(ring.counters().dropped - dropped);
    assert!(missing <= dropped, "{missing} blocks are missing, {dropped} are in the books");
    blocks
}

fn said(blocks: &[PcmBlock]) -> Vec<i16> {
    blocks.iter().flat_map(|block| block.samples().iter().copied()).collect()
}

#[test]
fn recorded_speech_arrives_sample_for_sample() {
    in_guest(&Guest::default(), || {
        let spoken = samples(&speech());
        let microphone = listen(MICROPHONE, 48_000, 1);
        let _player = play(&speech());
        wait_until(&microphone, Phase::Live, Duration::from_secs(5));
        let heard = said(&take(&microphone, Duration::from_millis(2500)));
        let first = spoken.iter().position(|sample| sample.abs() > 500).expect("somebody speaks");
        let key = &spoken[first..first + 200];
        let at = heard.windows(key.len()).position(|part| part == key).expect("the speech is heard");
        let same = spoken[first..].iter().zip(&heard[at..]).take_while(|(a, b)| a == b).count();
        assert_eq!(same, spoken.len() - first, "the speech breaks off or changes");
    });
}

#[test]
fn every_rate_and_channel_count_keeps_pace() {
    in_guest(&Guest { seconds: 90, ..Guest::default() }, || {
        for rate in [8_000, 16_000, 32_000, 44_100, 48_000] {
            for channels in [1, 2] {
                let microphone = listen(MICROPHONE, rate, channels);
                wait_until(&microphone, Phase::Live, Duration::from_secs(5));
                take(&microphone, Duration::from_millis(300));
                let before = microphone.state();
                let blocks = take(&microphone, Duration::from_secs(1));
                let state = microphone.state();
                assert!((90..=110).contains(&blocks.len()), "{} blocks a second at {rate} Hz, {channels} channels", blocks.len());
                assert_eq!(state.repairs, before.repairs, "nothing to repair at {rate} Hz, {channels} channels");
                assert_eq!(blocks[0].samples().len(), rate as usize / 100 * usize::from(channels));
            }
        }
    });
}

#[test]
fn a_card_pulled_twenty_times_comes_back_and_the_row_never_breaks() {
    in_guest(&Guest { seconds: 120, ..Guest::default() }, || {
        let microphone = listen(MICROPHONE, 48_000, 1);
        wait_until(&microphone, Phase::Live, Duration::from_secs(5));
        take(&microphone, Duration::from_millis(200));
        std::thread::scope(|scope| {
            let (done, is_done) = std::sync::mpsc::channel::<()>();
            let row = scope.spawn({
                let microphone = &microphone;
                move || {
                    let mut blocks = 0;
                    while is_done.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                        blocks += take(microphone, Duration::from_millis(200)).len();
                    }
                    blocks
                }
            });
            let start = now();
            for round in 0..20 {
                unplug();
                wait_until(&microphone, Phase::Lost(Loss::Unplugged), Duration::from_secs(1));
                plug();
                let plugged = now();
                wait_until(&microphone, Phase::Live, Duration::from_secs(3));
                println!("round {round}: back {:?} after the card", plugged.elapsed());
            }
            let expected = start.elapsed().as_millis() / 10;
            drop(done);
            let blocks = row.join().expect("the row is unbroken") as u128;
            assert!(blocks * 100 >= expected * 95, "{blocks} blocks where {expected} were due");
        });
        let state = microphone.state();
        assert_eq!(state.recoveries, 20);
        assert!(state.counters.silent > 0, "silence took the card's place");
        assert!(state.counters.dropped < 20, "hardly any is lost: {:?}", state.counters);
    });
}

#[test]
fn a_busy_card_is_waited_for() {
    in_guest(&Guest { arguments: ONE_SUBDEVICE, ..Guest::default() }, || {
        let mut arecord = Command::new("arecord");
        arecord.args(["-q", "-D", "hw:Loopback,1", "-f", "S16_LE", "-r", "48000", "-c", "2", "/dev/null"]);
        let somebody = Process::start("arecord", arecord);
        wait_for("arecord to record", Duration::from_secs(5), || {
            std::fs::read_to_string("/proc/asound/Loopback/pcm1c/sub0/status").ok().filter(|status| status.contains("RUNNING"))
        });
        let microphone = listen(MICROPHONE, 48_000, 1);
        let state = wait_until(&microphone, Phase::Lost(Loss::Busy), Duration::from_secs(5));
        assert!(state.detail.contains("Loopback"), "which card: {}", state.detail);
        assert!(!take(&microphone, Duration::from_millis(300)).is_empty(), "silence meanwhile");
        drop(somebody);
        wait_until(&microphone, Phase::Live, Duration::from_secs(5));
    });
}

#[test]
fn a_thread_kept_from_running_overruns_and_recovers() {
    in_guest(&Guest::default(), || {
        // Everything in this process stands still, as on a machine that is overloaded; a helper wakes it.
        let microphone = listen(MICROPHONE, 48_000, 1);
        wait_until(&microphone, Phase::Live, Duration::from_secs(5));
        let pid = std::process::id();
        let sleeper = format!("kill -s STOP {pid}; sleep 1.5; kill -s CONT {pid}");
        let mut helper = Command::new("sh").args(["-c", &sleeper]).spawn().expect("sh can be run");
        let recovered = || (microphone.state().overruns > 0).then_some(());
        wait_for("an overrun", Duration::from_secs(10), recovered);
        helper.wait().expect("the helper ends");
        // The time that was missed is made up in silence first.
        let stopped = microphone.state().counters;
        let heard = |counters: &Counters| counters.grabbed - counters.silent;
        let sounds = || Some(microphone.state().counters).filter(|now| heard(now) > heard(&stopped));
        let before = wait_for("the card's samples", Duration::from_secs(1), sounds);
        let advanced = || Some(microphone.state().counters).filter(|after| after.grabbed >= before.grabbed + 80);
        let after = wait_for("samples to advance again", Duration::from_secs(1), advanced);
        assert!(after.silent - before.silent < 20, "and they come from the card: {before:?} {after:?}");
        assert_eq!(microphone.state().phase, Phase::Live);
    });
}

#[test]
fn a_machine_whose_cards_cannot_record_gets_the_tone() {
    in_guest(&Guest::default(), || {
        for (driver, device) in [("snd_aloop", "snd_aloop.0"), ("snd_dummy", "snd_dummy.0"), ("pcmtest", "pcmtest.0")] {
            crate::rig::write(format!("/sys/bus/platform/drivers/{driver}/unbind"), device);
        }
        let microphone = listen("auto", 48_000, 1);
        wait_until(&microphone, Phase::Tone, Duration::from_secs(5));
        plug();
        let state = wait_until(&microphone, Phase::Live, Duration::from_secs(5));
        assert_eq!(state.device.map(|device| device.card).as_deref(), Some("Loopback"));
    });
}
