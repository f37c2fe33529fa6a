//! Joining and leaving leaves nothing behind: no descriptor, no thread. Alone in its process, since it counts what the process holds;
//! memory over a thousand cycles is a number of `make bench`.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use artc_bindings::contract::Driver;
use artc_bindings::{
    ChannelProfile, Engine, Event, JoinChannelConfig, PublishMode, PublishState, RenderMode, SubscribeMode, VideoDataSample,
    VideoSource,
};

#[path = "contract/server.rs"]
#[allow(dead_code, reason = "the contract needs more of it")]
mod server;

use server::{Server, Tokens};

const PATIENCE: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_millis(10);
const CYCLES: usize = 100;
/// What is made once and kept is there after so many.
const WARM: usize = 5;

fn wait(engine: &dyn Engine, what: &str, wanted: impl Fn(&Event) -> bool) {
    let picture = VideoDataSample::i420(Arc::new(vec![128; 320 * 180 * 3 / 2]), 320, 180, 0, None);
    let events = engine.event_handler();
    for _ in 0..PATIENCE.as_millis() / STEP.as_millis() {
        // Out of the channel it is refused, which does not matter here.
        let _ = engine.push_external_video_frame(&picture, VideoSource::Camera);
        while let Some(event) = events.next_timeout(STEP) {
            assert!(!matches!(event, Event::Error { .. }), "{event:?}");
            if wanted(&event) {
                return;
            }
        }
    }
    panic!("never told {what}");
}

/// One stay in a channel; every tenth until the camera is published.
fn cycle(server: &mut Server, n: usize) {
    let engine = server.engine().expect("an engine");
    engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto).expect("a camera");
    engine.set_external_audio_source(true, 48_000, 1).expect("a microphone");
    let config = JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        publish_mode: PublishMode::Automatically,
        subscribe_mode: SubscribeMode::Automatically,
        ..JoinChannelConfig::default()
    };
    engine.join_channel(&server.token("yard", "cam"), "yard", "cam", "", &config).expect("asked");
    wait(&*engine, "the join", |event| matches!(event, Event::JoinChannelResult { result, .. } if result.is_ok()));
    if n.is_multiple_of(10) {
        wait(
            &*engine,
            "the camera's publication",
            |event| matches!(event, Event::VideoPublishStateChanged(change) if change.new_state == PublishState::Published),
        );
    }
    engine.leave_channel().expect("joined");
    wait(&*engine, "the leaving", |event| matches!(event, Event::LeaveChannelResult { .. }));
    engine.release();
}

/// Names of the threads, and where the descriptors lead.
fn held() -> (Vec<String>, Vec<String>) {
    let entries = |path: &str| fs::read_dir(path).expect("procfs").map(|entry| entry.expect("an entry").path());
    // Either may be gone between its name and the look at it.
    let mut threads: Vec<_> = entries("/proc/self/task").filter_map(|task| fs::read_to_string(task.join("comm")).ok()).collect();
    let mut descriptors: Vec<_> =
        entries("/proc/self/fd").filter_map(|fd| Some(fs::read_link(fd).ok()?.to_string_lossy().into_owned())).collect();
    threads.sort();
    descriptors.sort();
    (threads, descriptors)
}

#[test]
fn a_hundred_stays_leave_no_descriptor_and_no_thread() {
    for inside in [false, true] {
        let mut server = Server::own(inside, Tokens::LiveKit);
        (0..WARM).for_each(|n| cycle(&mut server, n));
        let (threads, descriptors) = held();
        (0..CYCLES).for_each(|n| cycle(&mut server, n));
        // The room lets go of a connection a moment after its engine did.
        let mut after = held();
        for _ in 0..PATIENCE.as_millis() / STEP.as_millis() {
            if after.0.len() <= threads.len() && after.1.len() <= descriptors.len() {
                break;
            }
            std::thread::park_timeout(STEP);
            after = held();
        }
        assert!(after.0.len() <= threads.len(), "inside {inside}: threads {threads:?} have become {:?}", after.0);
        assert!(after.1.len() <= descriptors.len(), "inside {inside}: descriptors {descriptors:?} have become {:?}", after.1);
    }
}
