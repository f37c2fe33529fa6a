//! Speakers against the kernel's own sound cards: what others say comes out of the loopback's other side.

use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use artc_edge::playout::{Config, Phase, Speaker, State};
use artc_edge::soundcard::Loss;
use media::{PcmBlock, PcmFormat};

use crate::bench::{Guest, in_guest};
use crate::rig::daemon::{Daemon, Setup};
use crate::rig::sound::{correlation, plug, samples, speech, unplug};
use crate::rig::talker::Talker;
use crate::rig::{Process, wait_for, wait_while};

/// Where the speaker plays; what it plays is recorded from `hw:Loopback,1`.
const SPEAKER: &str = "Loopback,0";
const LIMIT: Duration = Duration::from_secs(30);

fn start() -> std::sync::Arc<Speaker> {
    std::sync::Arc::new(Speaker::start(Config { device: SPEAKER.into(), ..Config::default() }).expect("threads can be had"))
}

fn wait_until(speaker: &Speaker, what: &str, limit: Duration, wanted: impl Fn(&State) -> bool) -> State {
    wait_while(limit, || {
        let state = speaker.state();
        if wanted(&state) { Ok(state) } else { Err(format!("{what}; it is {state:?}")) }
    })
}

/// Somebody who says the same without end, 10 ms every 10 ms.
struct Voice {
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Voice {
    fn start(speaker: &std::sync::Arc<Speaker>) -> Self {
        let (stop, stopped) = channel();
        let (speaker, spoken) = (std::sync::Arc::clone(speaker), samples(&speech()));
        let thread = std::thread::spawn(move || {
            let format = PcmFormat { rate: 48_000, channels: 1 };
            for part in spoken.chunks_exact(480).cycle() {
                let mut block = PcmBlock::silence(format, Duration::ZERO);
                block.samples_mut().copy_from_slice(part);
                speaker.play(block);
                if stopped.recv_timeout(Duration::from_millis(10)) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Records what the loopback's other side hears; dropped, it ends.
fn record(file: &str, rate: u32, channels: u32) -> (Process, PathBuf) {
    let mut command = Command::new("arecord");
    command.args([
        "-q",
        "-D",
        "hw:Loopback,1",
        "-f",
        "S16_LE",
        "-t",
        "raw",
        "-r",
        &rate.to_string(),
        "-c",
        &channels.to_string(),
    ]);
    command.arg(file);
    (Process::start("arecord", command), PathBuf::from(file))
}

/// The first channel of what was recorded so far.
fn recorded(file: &std::path::Path, channels: usize) -> Vec<i16> {
    let bytes = std::fs::read(file).unwrap_or_default();
    bytes.chunks_exact(2 * channels).map(|frame| i16::from_le_bytes([frame[0], frame[1]])).collect()
}

/// Waits until the speech is among what was recorded, from now on.
fn wait_for_speech(file: &std::path::Path, channels: usize) {
    let (spoken, from) = (samples(&speech()), recorded(file, channels).len());
    wait_while(LIMIT, || {
        let heard = recorded(file, channels);
        // A whole round of the speech and a bit.
        let tail = &heard[from.max(heard.len().saturating_sub(spoken.len() * 3 / 2)).min(heard.len())..];
        let likeness = if tail.len() < spoken.len() { 0.0 } else { correlation(tail, &spoken) };
        if likeness > 0.8 { Ok(()) } else { Err(format!("the speech on the other side; {likeness} of it in {}", tail.len())) }
    });
}

#[test]
fn what_is_said_comes_out_of_the_card_until_it_is_pulled_and_again_when_it_is_back() {
    in_guest(&Guest { seconds: 180, ..Guest::default() }, || {
        let speaker = start();
        let _voice = Voice::start(&speaker);
        for round in 0..3 {
            let state = wait_until(&speaker, "it plays", LIMIT, |state| state.phase == Phase::Playing);
            assert_eq!(state.device.map(|device| device.card).as_deref(), Some("Loopback"));
            let (recorder, file) = record(&format!("/run/heard{round}.raw"), 48_000, 2);
            wait_for_speech(&file, 2);
            drop(recorder);
            unplug();
            wait_until(&speaker, "it says that it is gone", LIMIT, |state| state.phase == Phase::Lost(Loss::Unplugged));
            plug();
        }
        let state = wait_until(&speaker, "it is back", LIMIT, |state| state.recoveries == 3 && state.delay.is_some());
        assert!(state.delay.is_some_and(|delay| delay < Duration::from_millis(400)), "bounded: {state:?}");
        let books = state.counters;
        assert_eq!(books.taken, books.played + books.dropped + books.in_flight, "{books:?}");
        assert!(books.dropped > 0 && books.sounding > 0, "what was said while it was away is in the books: {books:?}");
    });
}

#[test]
fn a_card_of_a_rate_that_nobody_else_has_plays_at_that() {
    in_guest(&Guest { seconds: 120, ..Guest::default() }, || {
        // The loopback's sides must agree, so whoever was first says what the card does.
        let (_recorder, file) = record("/run/heard.raw", 22_050, 1);
        wait_for("arecord to record", LIMIT, || {
            std::fs::read_to_string("/proc/asound/Loopback/pcm1c/sub0/status").ok().filter(|status| status.contains("RUNNING"))
        });
        let speaker = start();
        let _voice = Voice::start(&speaker);
        let state = wait_until(&speaker, "it plays", LIMIT, |state| state.phase == Phase::Playing);
        assert_eq!(state.format, Some((22_050, 1)));
        let spoken = samples(&speech());
        wait_while(LIMIT, || {
            // Brought to the rate of the speech, near enough for its loudest tenth of a second.
            let heard = recorded(&file, 1);
            let heard = &heard[heard.len().saturating_sub(22_050 * 3)..];
            let frames = heard.len() * 48_000 / 22_050;
            let stretched: Vec<i16> = (0..frames).map(|at| heard[(at * 22_050 / 48_000).min(heard.len() - 1)]).collect();
            let likeness = if frames < spoken.len() { 0.0 } else { correlation(&stretched, &spoken) };
            if likeness > 0.7 { Ok(()) } else { Err(format!("the speech at 22050 Hz; {likeness} of it is heard")) }
        });
    });
}

#[test]
fn somebody_in_the_room_is_heard_from_the_box() {
    in_guest(&Guest { seconds: 180, ..Guest::default() }, || {
        let settings =
            [("camera.source", "pattern"), ("microphone.source", "none"), ("speaker.device", SPEAKER), ("speaker.volume", "100")];
        let daemon = Daemon::start(&Setup { settings: &settings, ..Setup::default() });
        let told = |key: &str| daemon.status()["speaker"][key].clone();
        wait_for("the speaker to be open", LIMIT, || {
            ["ready", "playing"].iter().any(|state| told("state") == *state).then_some(())
        });
        let talker = Talker::join(&daemon.url(), "camera", "somebody", &samples(&speech()));
        let (_recorder, file) = record("/run/room.raw", 48_000, 2);
        wait_for_speech(&file, 2);
        let sounding = || told("sounding").as_u64().unwrap_or(0);
        assert!(sounding() > 0, "{}", daemon.status()["speaker"]);
        let muted = daemon.call("audio.mute_speaker", &serde_json::json!({ "muted": true })).expect("there is a speaker");
        assert_eq!(muted["speaker"]["muted"], true);
        wait_for("silence", LIMIT, || {
            let before = sounding();
            let heard = recorded(&file, 2).len();
            wait_for("a second more", LIMIT, || (recorded(&file, 2).len() > heard + 48_000).then_some(()));
            (sounding() == before).then_some(())
        });
        drop(talker);
        unplug();
        wait_for("the speaker to be lost", LIMIT, || (told("state") == "lost").then_some(()));
        assert!(told("reason").as_str().is_some_and(|why| why.contains("unplugged")), "{}", daemon.status()["speaker"]);
    });
}
