//! The child's death, and its end.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use artc_bindings::{
    CallError, ChannelProfile, Engine, ErrorCode, Event, JoinChannelConfig, PublishMode, RenderMode, SubscribeMode,
    VideoDataSample, VideoSource,
};

use crate::server::{Server, Tokens};

const PATIENCE: Duration = Duration::from_secs(30);

#[expect(clippy::disallowed_methods, reason = "the end of a wait")]
fn now() -> Instant {
    Instant::now()
}

/// Waits for an event while pushing pictures.
fn wait<T>(who: &dyn Engine, pusher: Option<&dyn Engine>, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
    let (queue, until) = (who.event_handler(), now() + PATIENCE);
    let picture = VideoDataSample::i420(Arc::new(vec![90_u8; 320 * 180 * 3 / 2]), 320, 180, 0, None);
    let mut told = Vec::new();
    while now() < until {
        if let Some(pusher) = pusher {
            match pusher.push_external_video_frame(&picture, VideoSource::Camera) {
                Ok(()) | Err(CallError::BufferFull { .. } | CallError::NotJoined { .. }) => {}
                Err(why) => panic!("{why}"),
            }
        }
        while let Some(event) = queue.next_timeout(Duration::from_millis(30)) {
            if let Some(found) = pick(&event) {
                return found;
            }
            told.push(format!("{event:?}"));
            if pusher.is_some() {
                break;
            }
        }
    }
    panic!("never told {what}; told were {told:#?}");
}

fn joined(event: &Event) -> Option<ErrorCode> {
    if let Event::JoinChannelResult { result, .. } = event { Some(*result) } else { None }
}

/// Children of this process, those of the engines: nothing else here has any.
fn children() -> Vec<i32> {
    let ours = std::process::id().to_string();
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        fields.get(1) == Some(&&*ours) && fields.first() != Some(&"Z")
    })
    .collect()
}

fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it lives");
}

fn config(subscribe_mode: SubscribeMode) -> JoinChannelConfig {
    JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        publish_mode: PublishMode::Automatically,
        subscribe_mode,
        ..JoinChannelConfig::default()
    }
}

#[test]
fn a_killed_child_is_an_error_and_after_its_restart_pictures_flow_again() {
    let server = Server::own(false, Tokens::LiveKit);
    let cam = crate::engine(&server.room().signal_url());
    let [first] = children()[..] else { panic!("children: {:?}", children()) };
    let watcher = crate::engine(&server.room().signal_url());
    cam.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto).expect("taken");
    let join = || {
        let token = server.access(Server::participant("yard"), "cam");
        cam.join_channel(&token, "yard", "cam", "", &config(SubscribeMode::Manually)).expect("taken");
        assert_eq!(wait(&*cam, None, "the join's result", joined), ErrorCode::Ok);
        token
    };
    let token = join();
    let token_of_eye = server.access(Server::participant("yard"), "eye");
    watcher.join_channel(&token_of_eye, "yard", "eye", "", &config(SubscribeMode::Automatically)).expect("taken");
    assert_eq!(wait(&*watcher, None, "the join's result", joined), ErrorCode::Ok);
    let picture = |event: &Event| matches!(event, Event::RemoteVideoSample { .. }).then_some(());
    wait(&*watcher, Some(&*cam), "OnRemoteVideoSample", picture);
    // The token is known to nobody who looks at processes.
    for file in ["cmdline", "environ"] {
        let shown = fs::read(format!("/proc/{first}/{file}")).expect("it lives");
        assert!(!String::from_utf8_lossy(&shown).contains(&token), "the token is in {file}");
    }

    kill(first);
    let detail = wait(&*cam, None, "OnError(ERR_NETWORK_DISCONNECT)", |event| match event {
        Event::Error { code: ErrorCode::NetworkDisconnect, detail } => Some(detail.clone()),
        _ => None,
    });
    assert!(detail.contains("signal: 9") && detail.contains("started again"), "{detail}");
    let answer = cam.leave_channel();
    assert!(matches!(answer, Err(CallError::NotJoined { .. })), "the channel went with the child: {answer:?}");
    // The source is not switched on again by us: the new child has been told.
    join();
    let gone = |event: &Event| matches!(event, Event::RemoteUserOnLineNotify { uid } if uid == "cam").then_some(());
    wait(&*watcher, Some(&*cam), "OnRemoteUserOnLineNotify(cam) of the new child", gone);
    wait(&*watcher, Some(&*cam), "OnRemoteVideoSample of the new child", picture);

    cam.release();
    watcher.release();
    let until = now() + PATIENCE;
    while !children().is_empty() {
        assert!(now() < until, "left behind: {:?}", children());
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
