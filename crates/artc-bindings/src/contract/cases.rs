//! Joining, leaving, publishing flags, and the end of an engine.

use crate::contract::stage::{Stage, Who, must, publishing, watching};
use crate::contract::{Case, Fault, Outcome};
use crate::encoder::{Dimensions, ScreenShareEncoderConfiguration, VideoEncoderConfiguration};
use crate::error::{CallError, ErrorCode};
use crate::event::Event;
use crate::track::{ConnectionStatus, VideoStreamType};

pub(super) const CASES: &[Case] = &[
    ("a join is answered with channel and user", join),
    ("a second join before leaving is refused", double_join),
    ("a join without token, channel or user is refused at once", empty_join),
    ("a forged token is refused", forged_token),
    ("an expired token is refused", expired_token),
    ("a token for another channel is refused", token_for_another_channel),
    ("a token for another user is refused", token_for_another_user),
    ("leaving is answered, and the channel can be joined again", leave_and_join_again),
    ("leaving without a join is refused", leave_without_join),
    ("leaving during a join is answered, and nothing of the join comes after it", leave_during_join),
    ("a user who joins twice replaces the earlier one", duplicate_user),
    ("a removed user is told and can join again", removed),
    ("publishing flags before a join are the documented ones", flags_before_join),
    ("publishing flags after a join are what was said", flags_after_join),
    ("settings out of range are clamped, not refused", encoder_settings),
    ("volume goes from 0 to 100 and starts at 100", volume),
    ("users see each other come and go", online_and_offline),
    ("a connection's states come in order", connection_states),
    ("after release every call says so and nothing more is told", release),
    ("a joined engine that is released is gone for the others", release_while_joined),
    ("released straight after leaving, an engine is gone and says nothing more", release_while_leaving),
];

fn join(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.ask_to_join(cam, &publishing())?;
    let (result, channel, user) = stage.wait(cam, "OnJoinChannelResult", |event| match event {
        Event::JoinChannelResult { result, channel, user_id } => Some((*result, channel.clone(), user_id.clone())),
        _ => None,
    })?;
    must(result == ErrorCode::Ok, &format!("the result is {result}"))?;
    must(channel == stage.channel && user == "cam", &format!("the result is for {channel} and {user}"))
}

fn double_join(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.ask_to_join(cam, &publishing())?;
    for when in ["while joining", "after joining"] {
        let again = stage.ask_to_join(cam, &publishing());
        must(matches!(again, Err(CallError::AlreadyJoined { .. })), &format!("{when}: {again:?}"))?;
        stage.refused(when, again, ErrorCode::SdkInvalidState)?;
        if when == "while joining" {
            stage.join_result(cam)?;
        }
    }
    // The first join is not harmed.
    stage.leave(cam)
}

fn empty_join(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    let token = stage.driver().token("yard", "cam");
    for (token, channel, user, code) in [
        ("", "yard", "cam", ErrorCode::JoinConfigInvalid),
        (&*token, "", "cam", ErrorCode::JoinBadParam),
        (&*token, "yard", "", ErrorCode::JoinBadParam),
    ] {
        let answer = stage.engine(cam).join_channel(token, channel, user, "", &publishing());
        must(matches!(answer, Err(CallError::BadJoin { .. })), &format!("{answer:?}"))?;
        stage.refused(&format!("channel {channel:?}, user {user:?}"), answer, code)?;
    }
    Ok(())
}

fn refused_join(stage: &mut Stage<'_>, token: &str, codes: &[ErrorCode]) -> Outcome {
    let cam = stage.actor("cam")?;
    let channel = stage.channel.clone();
    let code = match stage.engine(cam).join_channel(token, &channel, "cam", "", &publishing()) {
        Ok(()) => stage.join_result(cam)?,
        Err(error @ CallError::BadJoin { .. }) => {
            let code = error.code();
            stage.refused("the join", Err(error), code)?;
            code
        }
        Err(error) => return Err(error.into()),
    };
    must(codes.contains(&code), &format!("the join's code is {code}, not one of {codes:?}"))?;
    must(!format!("{:?}", stage.told(cam)).contains(token), "the token shows in an event")?;
    // Not joined: the next join goes through.
    stage.join(cam, &publishing())
}

fn forged_token(stage: &mut Stage<'_>) -> Outcome {
    let channel = stage.channel.clone();
    let token = stage.driver().forged_token(&channel, "cam");
    refused_join(stage, &token, &[ErrorCode::JoinBadToken])
}

fn expired_token(stage: &mut Stage<'_>) -> Outcome {
    let channel = stage.channel.clone();
    let token = stage.driver().expired_token(&channel, "cam");
    refused_join(stage, &token, &[ErrorCode::JoinBadToken])
}

fn token_for_another_channel(stage: &mut Stage<'_>) -> Outcome {
    let token = stage.driver().token("elsewhere", "cam");
    refused_join(stage, &token, &[ErrorCode::JoinBadChannel, ErrorCode::JoinBadToken])
}

fn token_for_another_user(stage: &mut Stage<'_>) -> Outcome {
    let channel = stage.channel.clone();
    let token = stage.driver().token(&channel, "somebody");
    refused_join(stage, &token, &[ErrorCode::JoinBadToken])
}

fn leave_and_join_again(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    for _ in 0..3 {
        stage.join(cam, &publishing())?;
        stage.leave(cam)?;
    }
    Ok(())
}

fn leave_without_join(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    let answer = stage.engine(cam).leave_channel();
    must(matches!(answer, Err(CallError::NotJoined { .. })), &format!("before any join: {answer:?}"))?;
    stage.join(cam, &publishing())?;
    stage.leave(cam)?;
    let answer = stage.engine(cam).leave_channel();
    must(matches!(answer, Err(CallError::NotJoined { .. })), &format!("after leaving: {answer:?}"))
}

fn leave_during_join(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.ask_to_join(cam, &publishing())?;
    stage.leave(cam)?;
    stage.pass(std::time::Duration::from_millis(200));
    // A room of the same process may have let it in before it left; nothing of the join comes after the leaving.
    let told = stage.told(cam);
    let mut rest = told.iter().skip_while(|event| !matches!(event, Event::LeaveChannelResult { .. }));
    must(rest.next().is_some(), "the leaving was not answered")?;
    let joined = rest.any(|event| matches!(event, Event::JoinChannelResult { .. }));
    must(!joined, "the join was answered after it was left")?;
    stage.join(cam, &publishing())
}

fn duplicate_user(stage: &mut Stage<'_>) -> Outcome {
    let (first, second) = (stage.actor("cam")?, stage.actor("cam")?);
    stage.join(first, &publishing())?;
    stage.join(second, &publishing())?;
    stage.wait(first, "OnError(ERR_LEAVE_UNUSUAL)", |event| {
        matches!(event, Event::Error { code: ErrorCode::LeaveUnusual, .. }).then_some(())
    })?;
    // The later one stays.
    let hurt = stage.told(second).iter().any(|event| matches!(event, Event::Error { .. }));
    must(!hurt, "the later user was told an error")?;
    stage.leave(second)
}

fn removed(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.join(cam, &publishing())?;
    let channel = stage.channel.clone();
    if !stage.driver().remove(&channel, "cam") {
        return Err(Fault::Lacks("a way to remove somebody from outside"));
    }
    stage.wait(cam, "OnError(ERR_LEAVE_UNUSUAL)", |event| {
        matches!(event, Event::Error { code: ErrorCode::LeaveUnusual, .. }).then_some(())
    })?;
    match stage.engine(cam).leave_channel() {
        Ok(()) => {
            stage.wait(cam, "OnLeaveChannelResult", |event| matches!(event, Event::LeaveChannelResult { .. }).then_some(()))?
        }
        Err(CallError::NotJoined { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    stage.join(cam, &publishing())
}

fn flags(stage: &Stage<'_>, who: usize) -> [bool; 4] {
    let engine = stage.engine(who);
    [
        engine.is_local_video_stream_published(),
        engine.is_local_audio_stream_published(),
        engine.is_local_screen_publish_enabled(),
        engine.is_dual_stream_published(),
    ]
}

fn flags_before_join(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    let found = flags(stage, cam);
    must(found == [true, true, false, false], &format!("camera, sound, screen, small: {found:?}"))?;
    stage.engine(cam).publish_local_video_stream(false)?;
    stage.engine(cam).publish_local_audio_stream(false)?;
    must(flags(stage, cam) == [false; 4], "switching off before the join does not show")
}

fn flags_after_join(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.prepare(cam)?;
    stage.engine(cam).publish_local_audio_stream(false)?;
    stage.join(cam, &publishing())?;
    must(flags(stage, cam) == [true, false, false, false], "what was said before the join does not hold after it")?;
    stage.engine(cam).publish_local_video_stream(false)?;
    must(flags(stage, cam) == [false; 4], "switching off in the channel does not show")?;
    stage.engine(cam).publish_local_video_stream(true)?;
    stage.leave(cam)?;
    must(flags(stage, cam) == [true, false, false, false], "leaving changes what is allowed")
}

fn encoder_settings(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    let dimensions = Dimensions { width: 100_000, height: 1 };
    let wild = VideoEncoderConfiguration { dimensions, frame_rate: 1000, bitrate: 1, ..Default::default() };
    stage.engine(cam).set_video_encoder_configuration(&wild)?;
    let wild = ScreenShareEncoderConfiguration { dimensions, frame_rate: 0, ..Default::default() };
    stage.engine(cam).set_screen_share_encoder_configuration(&wild)?;
    stage.engine(cam).set_remote_default_video_stream_type(VideoStreamType::Low)?;
    stage.join(cam, &publishing())?;
    stage.engine(cam).set_video_encoder_configuration(&VideoEncoderConfiguration::default())?;
    Ok(())
}

fn volume(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    let engine = stage.engine(cam);
    must(engine.external_audio_publish_volume() == 100, "it does not start at 100")?;
    for volume in [0, 50, 100] {
        engine.set_external_audio_publish_volume(volume)?;
        must(engine.external_audio_publish_volume() == volume, "what was set is not what is told")?;
    }
    for volume in [-1, 101, i32::MAX] {
        let answer = engine.set_external_audio_publish_volume(volume);
        must(matches!(answer, Err(CallError::BadArgument { .. })), &format!("{volume}: {answer:?}"))?;
    }
    must(engine.external_audio_publish_volume() == 100, "a refused volume was taken")
}

fn online_and_offline(stage: &mut Stage<'_>) -> Outcome {
    let first = stage.publisher("first")?;
    let second = stage.actor("second")?;
    stage.join(second, &watching())?;
    stage.wait(first, "OnRemoteUserOnLineNotify(second)", |event| online(event, "second"))?;
    stage.wait(second, "OnRemoteUserOnLineNotify(first), who was there before", |event| online(event, "first"))?;
    stage.leave(second)?;
    stage.wait(first, "OnRemoteUserOffLineNotify(second)", |event| offline(event, "second"))
}

/// Waits until `who` has been told of the user `name`, now or before: users come on line in any order.
pub(super) fn knows(stage: &mut Stage<'_>, who: Who, name: &str) -> Outcome {
    if stage.told(who).iter().any(|event| online(event, name).is_some()) {
        return Ok(());
    }
    stage.wait(who, &format!("OnRemoteUserOnLineNotify({name})"), |event| online(event, name))
}

pub(super) fn online(event: &Event, who: &str) -> Option<()> {
    matches!(event, Event::RemoteUserOnLineNotify { uid } if uid == who).then_some(())
}

pub(super) fn offline(event: &Event, who: &str) -> Option<()> {
    matches!(event, Event::RemoteUserOffLineNotify { uid } if uid == who).then_some(())
}

fn connection_states(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    if stage.engine(cam).extensions().is_none() {
        return Err(Fault::Lacks("what lies beyond the documents"));
    }
    stage.join(cam, &publishing())?;
    stage.leave(cam)?;
    stage.pass(std::time::Duration::from_millis(50));
    let states: Vec<_> = stage
        .told(cam)
        .iter()
        .filter_map(|event| if let Event::ConnectionState { status, .. } = event { Some(*status) } else { None })
        .collect();
    let expected = [ConnectionStatus::Connecting, ConnectionStatus::Connected, ConnectionStatus::Disconnected];
    must(states == expected, &format!("{states:?}"))
}

fn release(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    stage.engine(cam).release();
    stage.engine(cam).release();
    let engine = stage.engine(cam);
    let answers = [
        engine.join_channel("t", "c", "u", "", &publishing()),
        engine.leave_channel(),
        engine.publish_local_video_stream(true),
        engine.mute_local_mic(true),
        engine.set_external_audio_publish_volume(10),
        engine.set_parameter("{}"),
    ];
    for answer in answers {
        must(matches!(answer, Err(CallError::Released { .. })), &format!("{answer:?}"))?;
    }
    must(!engine.is_local_video_stream_published(), "a released engine allows publishing")?;
    let pushed = stage.push_picture(cam);
    must(matches!(pushed, Err(CallError::Released { .. })), &format!("{pushed:?}"))?;
    let count = stage.told(cam).len();
    stage.pass(std::time::Duration::from_millis(200));
    let told = &stage.told(cam)[count..];
    must(told.is_empty(), &format!("after release: {told:?}"))
}

fn release_while_joined(stage: &mut Stage<'_>) -> Outcome {
    let (cam, other) = (stage.publisher("cam")?, stage.publisher("other")?);
    stage.wait(other, "OnRemoteUserOnLineNotify(cam)", |event| online(event, "cam"))?;
    stage.engine(cam).release();
    stage.wait(other, "OnRemoteUserOffLineNotify(cam)", |event| offline(event, "cam"))
}

fn release_while_leaving(stage: &mut Stage<'_>) -> Outcome {
    let (cam, other) = (stage.publisher("cam")?, stage.publisher("other")?);
    stage.wait(other, "OnRemoteUserOnLineNotify(cam)", |event| online(event, "cam"))?;
    stage.engine(cam).leave_channel()?;
    stage.engine(cam).release();
    stage.wait(other, "OnRemoteUserOffLineNotify(cam)", |event| offline(event, "cam"))?;
    let count = stage.told(cam).len();
    stage.pass(std::time::Duration::from_millis(200));
    must(stage.told(cam).len() == count, "something was told after the release")
}
