//! The rest of a channel's life: the screen, the small stream, empty channels, and the quick start of the documents.

use std::time::Duration;

use crate::channel::{AudioFormat, ClientRole, JoinChannelConfig, PublishMode, SubscribeMode};
use crate::contract::stage::{Stage, Who, ignore_full, interactive, must, publishing, role, watching};
use crate::contract::{Case, Outcome};
use crate::error::ErrorCode;
use crate::event::Event;
use crate::sample::VideoDataSample;
use crate::track::{AudioTrack, PublishState, RenderMode, SubscribeState, VideoSource, VideoStreamType, VideoTrack};

pub(super) const CASES: &[Case] = &[
    ("the quick start's events come in the documents' order", quick_start),
    ("who comes back is seen again by who stayed", coming_back),
    ("a screen is a track of its own", screen),
    ("the small stream is published with the camera only", dual_stream),
    ("a viewer chooses the small stream", small_stream),
    ("without a small stream the big one comes", no_small_stream),
    ("nobody comes in time: an error and a failed join", nobody_comes),
    ("somebody comes in time: the join stands", somebody_comes),
    ("viewers are no people when people are counted", viewers_do_not_count),
    ("nobody counts people until asked to", not_counted_until_asked),
    ("a viewer is told when all broadcasters have stopped", broadcasters_stop),
    ("a broadcaster, and who did not ask, is not told that the others have stopped", stopping_is_not_told),
];

/// Seed 000, section 3: joined; publish states 0 to 2, then 2 to 3; a user is online; subscribe states 0 to 2, then 2 to 3.
fn quick_start(stage: &mut Stage<'_>) -> Outcome {
    let me = stage.actor("linux")?;
    stage.prepare(me)?;
    role(stage.engine(me), ClientRole::Interactive)?;
    let config = JoinChannelConfig {
        publish_mode: PublishMode::Automatically,
        subscribe_mode: SubscribeMode::Automatically,
        subscribe_audio_format: AudioFormat::PcmBeforeMixing,
        ..JoinChannelConfig::default()
    };
    stage.join(me, &config)?;
    let published = |event: &Event| match event {
        Event::VideoPublishStateChanged(c) => (c.new_state == PublishState::Published).then_some(()),
        _ => None,
    };
    stage.wait_pushing(me, me, "OnVideoPublishStateChanged(2, 3)", published)?;
    let web = stage.actor("web")?;
    stage.prepare(web)?;
    role(stage.engine(web), ClientRole::Interactive)?;
    stage.join(web, &interactive())?;
    for (what, video) in [("OnVideoSubscribeStateChanged(2, 3)", true), ("OnAudioSubscribeStateChanged(2, 3)", false)] {
        // Whichever comes first, the other may have come before it.
        let subscribed = move |event: &Event| match event {
            Event::VideoSubscribeStateChanged(c) if video => (c.new_state == SubscribeState::Subscribed).then_some(()),
            Event::AudioSubscribeStateChanged(c) if !video => (c.new_state == SubscribeState::Subscribed).then_some(()),
            _ => None,
        };
        if !stage.told(me).iter().any(|event| subscribed(event).is_some()) {
            stage.wait_pushing(web, me, what, subscribed)?;
        }
    }
    let order = ["OnJoinChannelResult", "OnVideoPublishStateChanged", "OnRemoteUserOnLineNotify", "OnVideoSubscribeStateChanged"];
    let told = stage.told(me);
    let places: Vec<_> = order.iter().map(|name| told.iter().position(|event| event.name() == *name)).collect();
    must(places.is_sorted() && places.iter().all(Option::is_some), &format!("{order:?} came at {places:?}"))
}

fn coming_back(stage: &mut Stage<'_>) -> Outcome {
    let viewer = stage.actor("viewer")?;
    stage.join(viewer, &watching())?;
    let cam = stage.actor("cam")?;
    stage.prepare(cam)?;
    for _ in 0..4 {
        stage.join(cam, &publishing())?;
        stage.wait(viewer, "OnRemoteUserOnLineNotify(cam)", |event| super::cases::online(event, "cam"))?;
        stage.wait_pushing(cam, viewer, "OnRemoteVideoSample", |event| {
            matches!(event, Event::RemoteVideoSample { .. }).then_some(())
        })?;
        stage.leave(cam)?;
        stage.wait(viewer, "OnRemoteUserOffLineNotify(cam)", |event| super::cases::offline(event, "cam"))?;
    }
    Ok(())
}

/// Pushes a picture of the screen until something is told.
fn wait_sharing<T>(
    stage: &mut Stage<'_>,
    from: Who,
    who: Who,
    what: &str,
    pick: impl Fn(&Event) -> Option<T>,
) -> Result<T, super::Fault> {
    let bytes = std::sync::Arc::new(vec![90_u8; 640 * 360 * 3 / 2]);
    let picture = VideoDataSample::i420(bytes, 640, 360, 0, None);
    stage.wait_while(
        who,
        what,
        |stage| ignore_full(stage.engine(from).push_external_video_frame(&picture, VideoSource::ScreenShare)),
        pick,
    )
}

fn screen(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    let viewer = stage.actor("viewer")?;
    stage.join(viewer, &watching())?;
    stage.engine(cam).set_external_video_source(true, VideoSource::ScreenShare, RenderMode::Auto)?;
    stage.engine(cam).publish_screen_share_stream(true)?;
    must(stage.engine(cam).is_local_screen_publish_enabled(), "the flag does not show it")?;
    wait_sharing(stage, cam, cam, "OnScreenSharePublishStateChanged(2, 3)", |event| match event {
        Event::ScreenSharePublishStateChanged(c) => (c.new_state == PublishState::Published).then_some(()),
        _ => None,
    })?;
    wait_sharing(stage, cam, viewer, "OnScreenShareSubscribeStateChanged(2, 3)", |event| match event {
        Event::ScreenShareSubscribeStateChanged(c) => (c.new_state == SubscribeState::Subscribed).then_some(()),
        _ => None,
    })?;
    stage.engine(cam).publish_screen_share_stream(false)?;
    stage.wait(viewer, "OnRemoteTrackAvailableNotify without the screen", |event| match event {
        Event::RemoteTrackAvailableNotify { video_track, .. } => {
            (!matches!(video_track, VideoTrack::Screen | VideoTrack::Both)).then_some(())
        }
        _ => None,
    })
}

fn small(event: &Event, state: PublishState) -> Option<()> {
    matches!(event, Event::DualStreamPublishStateChanged(c) if c.new_state == state).then_some(())
}

fn dual_stream(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.prepare(cam)?;
    stage.engine(cam).publish_local_dual_stream(true)?;
    stage.engine(cam).publish_local_video_stream(false)?;
    must(stage.engine(cam).is_dual_stream_published(), "the flag does not show it")?;
    stage.join(cam, &publishing())?;
    stage.pass(Duration::from_millis(200));
    must(!stage.told(cam).iter().any(|e| small(e, PublishState::Publishing).is_some()), "it came without the camera")?;
    stage.engine(cam).publish_local_video_stream(true)?;
    stage.wait_pushing(cam, cam, "OnDualStreamPublishStateChanged(2, 3)", |e| small(e, PublishState::Published))?;
    stage.engine(cam).publish_local_video_stream(false)?;
    stage.wait(cam, "OnDualStreamPublishStateChanged(3, 1)", |e| small(e, PublishState::NoPublish))
}

fn now_is(wanted: VideoStreamType) -> impl Fn(&Event) -> Option<()> {
    move |event| match event {
        Event::SubscribeStreamTypeChanged { new_stream_type, .. } => (*new_stream_type == wanted).then_some(()),
        _ => None,
    }
}

fn small_stream(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.prepare(cam)?;
    stage.engine(cam).publish_local_dual_stream(true)?;
    stage.join(cam, &publishing())?;
    let viewer = stage.actor("viewer")?;
    stage.join(viewer, &watching())?;
    stage.wait_pushing(cam, viewer, "OnSubscribeStreamTypeChanged(0, 1)", now_is(VideoStreamType::High))?;
    stage.wait_pushing(cam, cam, "OnDualStreamPublishStateChanged(2, 3)", |e| small(e, PublishState::Published))?;
    stage.engine(viewer).set_remote_video_stream_type("cam", VideoStreamType::Low)?;
    stage.wait_pushing(cam, viewer, "OnSubscribeStreamTypeChanged(1, 2)", now_is(VideoStreamType::Low))?;
    stage.engine(viewer).set_remote_video_stream_type("cam", VideoStreamType::High)?;
    stage.wait_pushing(cam, viewer, "OnSubscribeStreamTypeChanged(2, 1)", now_is(VideoStreamType::High))
}

fn no_small_stream(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    let viewer = stage.actor("viewer")?;
    stage.engine(viewer).set_remote_default_video_stream_type(VideoStreamType::Low)?;
    stage.join(viewer, &watching())?;
    stage.wait_pushing(cam, viewer, "OnRemoteVideoSample", |event| matches!(event, Event::RemoteVideoSample { .. }).then_some(()))
}

fn nobody_comes(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.engine(cam).set_period_for_check_people(1)?;
    stage.join(cam, &publishing())?;
    stage.wait(cam, "OnError(ERR_NO_PEOPLE)", no_people)?;
    let result = stage.join_result(cam)?;
    must(result == ErrorCode::Fatal, &format!("the join's second result is {result}, not -1"))?;
    // 0 switches the check off, and the channel can be joined again.
    stage.engine(cam).set_period_for_check_people(0)?;
    stage.join(cam, &publishing())?;
    let before = errors(stage, cam);
    stage.pass(Duration::from_millis(1500));
    must(errors(stage, cam) == before, "switched off, and an error came")
}

fn errors(stage: &mut Stage<'_>, who: Who) -> usize {
    stage.told(who).iter().filter(|event| matches!(event, Event::Error { .. })).count()
}

fn somebody_comes(stage: &mut Stage<'_>) -> Outcome {
    let _other = stage.publisher("other")?;
    let cam = stage.actor("cam")?;
    stage.engine(cam).set_period_for_check_people(1)?;
    stage.join(cam, &publishing())?;
    stage.wait(cam, "OnRemoteUserOnLineNotify(other)", |event| super::cases::online(event, "other"))?;
    stage.pass(Duration::from_millis(1500));
    must(errors(stage, cam) == 0, "an error came although somebody is there")
}

fn viewers_do_not_count(stage: &mut Stage<'_>) -> Outcome {
    let (viewer, other) = (stage.actor("viewer")?, stage.actor("other")?);
    stage.engine(viewer).set_period_for_check_people(1)?;
    for who in [other, viewer] {
        role(stage.engine(who), ClientRole::Live)?;
        stage.join(who, &quiet())?;
    }
    stage.wait(viewer, "OnError(ERR_NO_PEOPLE)", no_people)
}

fn not_counted_until_asked(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.join(cam, &publishing())?;
    // The documents' own period is 5 seconds.
    stage.pass(Duration::from_millis(5500));
    must(errors(stage, cam) == 0, "an error came in an empty channel")?;
    stage.leave(cam)
}

/// Somebody in the interactive profile who publishes nothing.
fn quiet() -> JoinChannelConfig {
    JoinChannelConfig { publish_mode: PublishMode::Manually, ..interactive() }
}

fn no_people(event: &Event) -> Option<()> {
    matches!(event, Event::Error { code: ErrorCode::NoPeople, .. }).then_some(())
}

/// A broadcaster who publishes, and others of the interactive profile who know it.
fn broadcast(stage: &mut Stage<'_>, others: &[(&str, ClientRole, bool)]) -> Result<(Who, Vec<Who>), super::Fault> {
    let cam = stage.actor("cam")?;
    stage.prepare(cam)?;
    role(stage.engine(cam), ClientRole::Interactive)?;
    stage.join(cam, &interactive())?;
    let mut people = Vec::new();
    for (name, as_role, leaves) in others {
        let who = stage.actor(name)?;
        role(stage.engine(who), *as_role)?;
        stage.engine(who).leave_once_no_streamer(*leaves)?;
        stage.join(who, &quiet())?;
        stage.wait_pushing(cam, who, "OnRemoteTrackAvailableNotify(cam, both)", |event| match event {
            Event::RemoteTrackAvailableNotify { uid, audio_track, video_track } if uid == "cam" => {
                ((*audio_track, *video_track) == (AudioTrack::Mic, VideoTrack::Camera)).then_some(())
            }
            _ => None,
        })?;
        people.push(who);
    }
    Ok((cam, people))
}

fn broadcasters_stop(stage: &mut Stage<'_>) -> Outcome {
    let (cam, viewers) = broadcast(stage, &[("viewer", ClientRole::Live, true)])?;
    // One of two tracks is not all.
    stage.engine(cam).publish_local_video_stream(false)?;
    stage.wait(viewers[0], "OnRemoteTrackAvailableNotify(cam, sound)", |event| match event {
        Event::RemoteTrackAvailableNotify { video_track, .. } => (*video_track == VideoTrack::No).then_some(()),
        _ => None,
    })?;
    must(errors(stage, viewers[0]) == 0, "an error came while sound is published")?;
    stage.leave(cam)?;
    stage.wait(viewers[0], "OnError(ERR_NO_PEOPLE)", no_people)
}

fn stopping_is_not_told(stage: &mut Stage<'_>) -> Outcome {
    let others = [("broadcaster", ClientRole::Interactive, true), ("viewer", ClientRole::Live, false)];
    let (cam, people) = broadcast(stage, &others)?;
    stage.leave(cam)?;
    for who in people {
        stage.wait(who, "OnRemoteUserOffLineNotify(cam)", |event| super::cases::offline(event, "cam"))?;
        stage.pass(Duration::from_millis(200));
        must(errors(stage, who) == 0, "an error came")?;
    }
    Ok(())
}
