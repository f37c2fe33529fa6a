//! Profiles and roles: who sees whom, who may publish, and what is told of a change.

use std::time::Duration;

use crate::channel::{ChannelProfile, ClientRole, JoinChannelConfig, PublishMode};
use crate::contract::cases::{knows, offline, online};
use crate::contract::stage::{Stage, Who, interactive, must, publishing, role, watching};
use crate::contract::{Case, Outcome};
use crate::error::{CallError, ErrorCode};
use crate::event::Event;
use crate::track::PublishState;

pub(super) const CASES: &[Case] = &[
    ("nobody sees a viewer, and a promoted viewer is seen", roles),
    ("the low-latency profile has the same roles", low_latency_roles),
    ("broadcasters see each other, viewers see broadcasters", who_sees_whom),
    ("who has no role in an interactive profile is a viewer", viewer_by_default),
    ("a broadcaster stops publishing before becoming a viewer", demotion_while_publishing),
    ("a viewer may not publish", viewer_publishes),
    ("in communication everybody sees everybody, and roles change nothing", communication),
];

fn changed(event: &Event) -> Option<(ClientRole, ClientRole)> {
    if let Event::UpdateRoleNotify { old_role, new_role } = event { Some((*old_role, *new_role)) } else { None }
}

/// The changes of role that were told.
fn changes(stage: &mut Stage<'_>, who: Who) -> Vec<(ClientRole, ClientRole)> {
    stage.told(who).iter().filter_map(changed).collect()
}

/// Somebody in the interactive profile who publishes nothing.
fn quiet() -> JoinChannelConfig {
    JoinChannelConfig { publish_mode: PublishMode::Manually, ..interactive() }
}

fn roles(stage: &mut Stage<'_>) -> Outcome {
    in_profile(stage, ChannelProfile::InteractiveLive)
}

fn low_latency_roles(stage: &mut Stage<'_>) -> Outcome {
    in_profile(stage, ChannelProfile::InteractiveWithLowLatencyLive)
}

/// A channel of one of the interactive profiles.
fn in_profile(stage: &mut Stage<'_>, channel_profile: ChannelProfile) -> Outcome {
    let interactive = JoinChannelConfig { channel_profile, ..interactive() };
    let (cam, viewer) = (stage.actor("cam")?, stage.actor("viewer")?);
    stage.prepare(cam)?;
    role(stage.engine(cam), ClientRole::Interactive)?;
    stage.join(cam, &interactive)?;
    role(stage.engine(viewer), ClientRole::Live)?;
    stage.join(viewer, &JoinChannelConfig { publish_mode: PublishMode::Manually, ..interactive })?;
    stage.wait(viewer, "OnRemoteUserOnLineNotify(cam)", |event| online(event, "cam"))?;
    let seen = stage.told(cam).iter().any(|event| online(event, "viewer").is_some());
    must(!seen, "a viewer is seen")?;
    role(stage.engine(viewer), ClientRole::Interactive)?;
    stage.wait(viewer, "OnUpdateRoleNotify(Live, Interactive)", |event| {
        changed(event).filter(|change| *change == (ClientRole::Live, ClientRole::Interactive)).map(|_| ())
    })?;
    stage.wait(cam, "OnRemoteUserOnLineNotify(viewer) after the promotion", |event| online(event, "viewer"))?;
    role(stage.engine(viewer), ClientRole::Live)?;
    stage.wait(cam, "OnRemoteUserOffLineNotify(viewer) after the demotion", |event| offline(event, "viewer"))?;
    // Setting the role that one has tells nothing.
    let before = changes(stage, viewer).len();
    role(stage.engine(viewer), ClientRole::Live)?;
    stage.pass(Duration::from_millis(100));
    must(changes(stage, viewer).len() == before, "setting the same role again was told")
}

fn demotion_while_publishing(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.prepare(cam)?;
    role(stage.engine(cam), ClientRole::Interactive)?;
    stage.join(cam, &interactive())?;
    stage.wait_pushing(cam, cam, "OnVideoPublishStateChanged", |event| {
        matches!(event, Event::VideoPublishStateChanged(_)).then_some(())
    })?;
    let answer = stage.engine(cam).set_client_role(ClientRole::Live);
    must(matches!(answer, Err(CallError::InvalidState { .. })), &format!("while publishing: {answer:?}"))?;
    stage.refused("while publishing", answer, ErrorCode::SdkInvalidState)?;
    stage.engine(cam).publish_local_video_stream(false)?;
    stage.engine(cam).publish_local_audio_stream(false)?;
    role(stage.engine(cam), ClientRole::Live)
}

fn who_sees_whom(stage: &mut Stage<'_>) -> Outcome {
    let mut people = Vec::new();
    for (name, as_role) in
        [("viewer-1", ClientRole::Live), ("cam-1", ClientRole::Interactive), ("cam-2", ClientRole::Interactive)]
    {
        let who = stage.actor(name)?;
        role(stage.engine(who), as_role)?;
        stage.join(who, &quiet())?;
        people.push(who);
    }
    let viewer = stage.actor("viewer-2")?;
    role(stage.engine(viewer), ClientRole::Live)?;
    stage.join(viewer, &quiet())?;
    people.push(viewer);
    let seen = [&["cam-1", "cam-2"][..], &["cam-2"], &["cam-1"], &["cam-1", "cam-2"]];
    for (who, names) in people.iter().zip(seen) {
        for name in names {
            knows(stage, *who, name)?;
        }
    }
    stage.pass(Duration::from_millis(200));
    for who in people {
        let viewers = stage.told(who).iter().any(|event| {
            matches!(event, Event::RemoteUserOnLineNotify { uid } | Event::RemoteTrackAvailableNotify { uid, .. } if uid.starts_with("viewer"))
        });
        must(!viewers, "a viewer was seen")?;
    }
    Ok(())
}

fn viewer_by_default(stage: &mut Stage<'_>) -> Outcome {
    let (cam, other) = (stage.actor("cam")?, stage.actor("other")?);
    role(stage.engine(cam), ClientRole::Interactive)?;
    stage.join(cam, &quiet())?;
    stage.join(other, &quiet())?;
    stage.wait(other, "OnRemoteUserOnLineNotify(cam)", |event| online(event, "cam"))?;
    role(stage.engine(other), ClientRole::Live)?;
    stage.pass(Duration::from_millis(200));
    must(changes(stage, other).is_empty(), "becoming the viewer that one is was told")?;
    must(!stage.told(cam).iter().any(|event| online(event, "other").is_some()), "a viewer is seen")?;
    role(stage.engine(other), ClientRole::Interactive)?;
    stage.wait(cam, "OnRemoteUserOnLineNotify(other)", |event| online(event, "other"))?;
    let told = changes(stage, other);
    must(told == [(ClientRole::Live, ClientRole::Interactive)], &format!("{told:?}"))
}

fn viewer_publishes(stage: &mut Stage<'_>) -> Outcome {
    let viewer = stage.actor("viewer")?;
    stage.prepare(viewer)?;
    role(stage.engine(viewer), ClientRole::Live)?;
    stage.join(viewer, &interactive())?;
    let camera = stage.engine(viewer).publish_local_video_stream(true);
    let sound = stage.engine(viewer).publish_local_audio_stream(true);
    for answer in [camera, sound] {
        stage.refused("a viewer publishes", answer, ErrorCode::PublishInvalid)?;
    }
    // What it may not, it need not be told to stop.
    stage.engine(viewer).publish_local_video_stream(false)?;
    stage.engine(viewer).publish_local_audio_stream(false)?;
    stage.pass(Duration::from_millis(200));
    let published = stage
        .told(viewer)
        .iter()
        .any(|event| matches!(event, Event::VideoPublishStateChanged(_) | Event::AudioPublishStateChanged(_)));
    must(!published, "a viewer's tracks were published by themselves")
}

fn communication(stage: &mut Stage<'_>) -> Outcome {
    let (cam, other) = (stage.actor("cam")?, stage.actor("other")?);
    stage.prepare(cam)?;
    role(stage.engine(cam), ClientRole::Live)?;
    stage.join(cam, &publishing())?;
    stage.join(other, &watching())?;
    stage.wait(cam, "OnRemoteUserOnLineNotify(other), who publishes nothing", |event| online(event, "other"))?;
    stage.wait(other, "OnRemoteUserOnLineNotify(cam), who is a viewer by name", |event| online(event, "cam"))?;
    let published = |event: &Event| match event {
        Event::VideoPublishStateChanged(change) => (change.new_state == PublishState::Published).then_some(()),
        _ => None,
    };
    stage.wait_pushing(cam, cam, "OnVideoPublishStateChanged(2, 3)", published)?;
    for new_role in [ClientRole::Interactive, ClientRole::Live] {
        role(stage.engine(cam), new_role)?;
        stage.wait_pushing(cam, cam, "OnUpdateRoleNotify", |event| changed(event).filter(|(_, now)| *now == new_role))?;
    }
    stage.wait_pushing(cam, other, "OnRemoteVideoSample after the change", |event| {
        matches!(event, Event::RemoteVideoSample { .. }).then_some(())
    })?;
    let gone = stage.told(other).iter().any(|event| offline(event, "cam").is_some());
    must(!gone, "a role took somebody out of sight")
}
