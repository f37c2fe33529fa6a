//! Publishing, subscribing, muting, limits and back-pressure.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::stage::{RATE, SIZE, Stage, Who, ignore_full, must, publishing, watching};
use crate::contract::{Case, Fault, Outcome};
use crate::engine::Engine;
use crate::error::{CallError, ErrorCode};
use crate::event::{Event, PublishChange, SubscribeChange};
use crate::frame::{AudioFrame, VideoFrameType};
use crate::sample::{SampleBytes, SampleError, VideoBufferType, VideoDataFormat, VideoDataSample};
use crate::track::{AudioTrack, PublishState, RenderMode, SubscribeState, VideoSource, VideoTrack};

pub(super) const CASES: &[Case] = &[
    ("publish states go 0, 2, 3 in automatic mode", automatic_publishing),
    ("nothing is published by itself in manual mode", manual_publishing),
    ("publishing stops and starts again in the channel", stop_and_start),
    ("what was switched off before the join is not published", preset_off),
    ("an audio-only join publishes no video", audio_only),
    ("pushing without the source or the join is refused", pushing_too_early),
    ("2K pictures are refused with size and limit", two_k),
    ("pictures and sound that lie are refused", lying_samples),
    ("the largest picture is taken, upright too", largest_picture),
    ("sound pushed too fast finds the buffer full, and later room", audio_back_pressure),
    ("a subscriber gets states 0, 2, 3, pictures and sound", subscribing),
    ("manual subscription is asked for and stopped", manual_subscription),
    ("subscribing outside a channel is refused", subscribing_outside),
    ("muting stops what others get and keeps the track published", muting),
    ("others are told what is published", track_available),
    ("a publisher is told whether somebody watches", stream_needed),
    ("a rate or channel count that does not exist is refused", audio_formats),
];

fn change(event: &Event, video: bool) -> Option<&PublishChange> {
    match event {
        Event::VideoPublishStateChanged(change) if video => Some(change),
        Event::AudioPublishStateChanged(change) if !video => Some(change),
        _ => None,
    }
}

/// Waits until picture or sound is published.
fn published(stage: &mut Stage<'_>, who: Who, video: bool) -> Outcome {
    let what = if video { "OnVideoPublishStateChanged(.., 3)" } else { "OnAudioPublishStateChanged(.., 3)" };
    stage
        .wait_pushing(who, who, what, |event| change(event, video).filter(|c| c.new_state == PublishState::Published).map(|_| ()))
}

fn states(stage: &mut Stage<'_>, who: Who, video: bool) -> Vec<(i64, i64)> {
    stage.told(who).iter().filter_map(|e| change(e, video)).map(|c| (c.old_state.value(), c.new_state.value())).collect()
}

fn automatic_publishing(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    published(stage, cam, true)?;
    // Sound may have come first, so both are looked at from the beginning.
    let channel = stage.channel.clone();
    for video in [true, false] {
        let mut found = states(stage, cam, video);
        for _ in 0..200 {
            if found.len() >= 2 {
                break;
            }
            ignore_full(stage.push_sound(cam))?;
            ignore_full(stage.push_picture(cam))?;
            stage.pass(Duration::from_millis(10));
            found = states(stage, cam, video);
        }
        must(found == [(0, 2), (2, 3)], &format!("video {video}: {found:?}"))?;
        let named = stage.told(cam).iter().filter_map(|e| change(e, video)).all(|c| c.channel == channel);
        must(named, "a state does not name the channel")?;
    }
    let told = stage.told(cam);
    let join = told.iter().position(|e| matches!(e, Event::JoinChannelResult { .. }));
    let first = told.iter().position(|e| change(e, true).or(change(e, false)).is_some());
    must(join < first, "a publish state came before the result of the join")
}

fn manual_publishing(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.prepare(cam)?;
    let config = crate::JoinChannelConfig { publish_mode: crate::PublishMode::Manually, ..publishing() };
    stage.join(cam, &config)?;
    for _ in 0..20 {
        ignore_full(stage.push_picture(cam))?;
        ignore_full(stage.push_sound(cam))?;
        stage.pass(Duration::from_millis(10));
    }
    must(states(stage, cam, true).is_empty() && states(stage, cam, false).is_empty(), "something was published by itself")?;
    stage.engine(cam).publish_local_video_stream(true)?;
    published(stage, cam, true)?;
    must(states(stage, cam, false).is_empty(), "sound was published without being asked for")?;
    stage.engine(cam).publish_local_audio_stream(true)?;
    published(stage, cam, false)
}

fn stop_and_start(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    published(stage, cam, true)?;
    stage.engine(cam).publish_local_video_stream(false)?;
    let old = stage.wait(cam, "OnVideoPublishStateChanged(.., 1)", |event| {
        change(event, true).filter(|c| c.new_state == PublishState::NoPublish).map(|c| c.old_state)
    })?;
    must(old == PublishState::Published, &format!("it stopped from {old:?}"))?;
    stage.engine(cam).publish_local_video_stream(true)?;
    published(stage, cam, true)?;
    let found = states(stage, cam, true);
    must(found == [(0, 2), (2, 3), (3, 1), (1, 2), (2, 3)], &format!("{found:?}"))
}

fn preset_off(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.prepare(cam)?;
    stage.engine(cam).publish_local_video_stream(false)?;
    stage.join(cam, &publishing())?;
    published(stage, cam, false)?;
    must(states(stage, cam, true).is_empty(), "video was published")
}

fn audio_only(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.prepare(cam)?;
    stage.join(cam, &crate::JoinChannelConfig { is_audio_only: true, ..publishing() })?;
    published(stage, cam, false)?;
    must(states(stage, cam, true).is_empty(), "video was published")
}

fn pushing_too_early(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    let off = |answer: &Result<(), CallError>| matches!(answer, Err(CallError::SourceOff { .. }));
    let early = |answer: &Result<(), CallError>| off(answer) || matches!(answer, Err(CallError::NotJoined { .. }));
    let (video, audio) = (stage.push_picture(cam), stage.push_sound(cam));
    must(early(&video) && early(&audio), &format!("sources off and not joined: {video:?}, {audio:?}"))?;
    stage.prepare(cam)?;
    let (video, audio) = (stage.push_picture(cam), stage.push_sound(cam));
    for answer in [video, audio] {
        let code = answer.as_ref().err().map(CallError::code);
        must(code == Some(ErrorCode::PublishNotJoinChannel), &format!("not joined: {answer:?}"))?;
    }
    stage.engine(cam).set_external_video_source(false, VideoSource::Camera, RenderMode::Auto)?;
    stage.join(cam, &publishing())?;
    stage.engine(cam).set_external_audio_source(false, 0, 0)?;
    let (video, audio) = (stage.push_picture(cam), stage.push_sound(cam));
    must(off(&video) && off(&audio), &format!("switched off again: {video:?}, {audio:?}"))
}

fn grey(width: u32, height: u32) -> VideoDataSample {
    let len = (width * height + 2 * width.div_ceil(2) * height.div_ceil(2)) as usize;
    let bytes: SampleBytes = Arc::new(vec![128_u8; len]);
    VideoDataSample::i420(bytes, width, height, 0, None)
}

fn push(engine: &dyn Engine, sample: &VideoDataSample) -> Result<(), CallError> {
    engine.push_external_video_frame(sample, VideoSource::Camera)
}

fn two_k(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    for (width, height) in [(2560, 1440), (1440, 2560), (1922, 1080), (1920, 1090)] {
        let answer = push(stage.engine(cam), &grey(width, height));
        let expected = CallError::Sample(SampleError::TooLarge { width, height });
        must(answer.as_ref() == Err(&expected), &format!("{width}x{height}: {answer:?}"))?;
        let text = expected.to_string();
        must(text.contains(&format!("{width}x{height}")) && text.contains("1920") && text.contains("1088"), &text)?;
    }
    Ok(())
}

fn lying_samples(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    let good = grey(SIZE.0, SIZE.1);
    let lies: [(&str, VideoDataSample); 6] = [
        ("fewer bytes than announced", VideoDataSample { data: Arc::new(vec![0_u8; 100]), ..good.clone() }),
        ("dataLen too small", VideoDataSample { data_len: 100, ..good.clone() }),
        ("a stride below the width", VideoDataSample { stride_y: SIZE.0 - 1, ..good.clone() }),
        ("no height", VideoDataSample { height: 0, ..good.clone() }),
        ("no format", VideoDataSample { format: VideoDataFormat::Unknown, ..good.clone() }),
        ("a texture", VideoDataSample { buffer_type: VideoBufferType::Texture, ..good }),
    ];
    for (what, lie) in lies {
        let answer = push(stage.engine(cam), &lie);
        stage.refused(what, answer, ErrorCode::VideoDataError)?;
    }
    for odd in [&[0_u8; 961][..], &[]] {
        let answer = stage.engine(cam).push_external_audio_frame_raw_data(odd, 0);
        stage.refused(&format!("{} bytes of sound", odd.len()), answer, ErrorCode::AudioDataError)?;
    }
    // The stream goes on.
    published(stage, cam, true)
}

fn largest_picture(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    for (width, height) in [(1920, 1080), (1920, 1088), (1080, 1920)] {
        ignore_full(push(stage.engine(cam), &grey(width, height)))?;
    }
    Ok(())
}

fn audio_back_pressure(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    published(stage, cam, false)?;
    let full = (0..6_000).find_map(|_| stage.push_sound(cam).err());
    let Some(full) = full else { return Err(Fault::Broken("a minute of sound at once was taken".into())) };
    must(matches!(full, CallError::BufferFull { .. }), &format!("{full:?}"))?;
    stage.refused("sound pushed too fast", Err(full), ErrorCode::AudioBufferFull)?;
    // By the documents: wait for the duration of the chunk and push the same again.
    for _ in 0..500 {
        stage.pass(Duration::from_millis(10));
        if stage.push_sound(cam).is_ok() {
            return Ok(());
        }
    }
    Err(Fault::Broken("the buffer never had room again".into()))
}

fn subscription(event: &Event, video: bool) -> Option<&SubscribeChange> {
    match event {
        Event::VideoSubscribeStateChanged(change) if video => Some(change),
        Event::AudioSubscribeStateChanged(change) if !video => Some(change),
        _ => None,
    }
}

fn subscribing(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    let viewer = stage.actor("viewer")?;
    stage.join(viewer, &watching())?;
    let (width, height) = stage.wait_pushing(cam, viewer, "OnRemoteVideoSample", |event| match event {
        Event::RemoteVideoSample { uid, frame } if uid == "cam" && frame.kind == VideoFrameType::H264 => {
            let whole = frame.frame.bytes().len() >= (frame.frame.width * frame.frame.height * 3 / 2) as usize;
            whole.then_some((frame.frame.width, frame.frame.height))
        }
        _ => None,
    })?;
    must((width, height) == SIZE, &format!("the picture has {width}x{height}"))?;
    stage.wait_pushing(cam, viewer, "OnSubscribeAudioFrame", |event| match event {
        Event::SubscribeAudioFrame { uid, frame: AudioFrame::Pcm(pcm) } if uid == "cam" => {
            pcm.pcm.iter().any(|sample| sample.unsigned_abs() > 500).then_some(())
        }
        _ => None,
    })?;
    for video in [true, false] {
        let found: Vec<_> = stage
            .told(viewer)
            .iter()
            .filter_map(|event| subscription(event, video))
            .map(|c| (c.uid.clone(), c.old_state.value(), c.new_state.value()))
            .collect();
        let expected = [("cam".to_owned(), 0, 2), ("cam".to_owned(), 2, 3)];
        must(found == expected, &format!("video {video}: {found:?}"))?;
    }
    Ok(())
}

fn manual_subscription(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    let viewer = stage.actor("viewer")?;
    stage.join(viewer, &crate::JoinChannelConfig { subscribe_mode: crate::SubscribeMode::Manually, ..watching() })?;
    stage.wait_pushing(cam, viewer, "OnRemoteTrackAvailableNotify", |event| {
        let both = |a: &AudioTrack, v: &VideoTrack| (*a, *v) == (AudioTrack::Mic, VideoTrack::Camera);
        matches!(event, Event::RemoteTrackAvailableNotify { audio_track, video_track, .. } if both(audio_track, video_track))
            .then_some(())
    })?;
    must(!stage.told(viewer).iter().any(|e| subscription(e, true).is_some()), "something was subscribed by itself")?;
    stage.engine(viewer).subscribe_remote_video_stream("cam", VideoTrack::Camera, true)?;
    let subscribed = |state| move |event: &Event| subscription(event, true).filter(|c| c.new_state == state).map(|_| ());
    stage.wait_pushing(cam, viewer, "OnVideoSubscribeStateChanged(.., 3)", subscribed(SubscribeState::Subscribed))?;
    stage.engine(viewer).subscribe_remote_video_stream("cam", VideoTrack::Camera, false)?;
    stage.wait_pushing(cam, viewer, "OnVideoSubscribeStateChanged(.., 1)", subscribed(SubscribeState::NoSubscribe))?;
    must(!stage.told(viewer).iter().any(|e| subscription(e, false).is_some()), "sound was subscribed")
}

fn subscribing_outside(stage: &mut Stage<'_>) -> Outcome {
    let viewer = stage.actor("viewer")?;
    let engine = stage.engine(viewer);
    let audio = engine.subscribe_remote_audio_stream("cam", true);
    let video = engine.subscribe_remote_video_stream("cam", VideoTrack::Camera, true);
    for answer in [audio, video] {
        match answer {
            Err(error @ CallError::NotJoined { .. }) => {
                must(error.code() == ErrorCode::SubscribeNotJoinChannel, &format!("{}", error.code()))?;
            }
            Err(error) => return Err(error.into()),
            Ok(()) => return Err(Fault::Broken("it was taken".into())),
        }
    }
    Ok(())
}

fn muting(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    let viewer = stage.actor("viewer")?;
    stage.join(viewer, &watching())?;
    let picture = |event: &Event| matches!(event, Event::RemoteVideoSample { .. }).then_some(());
    stage.wait_pushing(cam, viewer, "OnRemoteVideoSample", picture)?;
    stage.engine(cam).mute_local_camera(true)?;
    stage.engine(cam).mute_local_mic(true)?;
    // What is under way may still arrive.
    stage.pass(Duration::from_millis(500));
    let count = |stage: &mut Stage<'_>| stage.told(viewer).iter().filter(|e| picture(e).is_some()).count();
    let before = count(stage);
    for _ in 0..50 {
        ignore_full(stage.push_picture(cam))?;
        ignore_full(stage.push_sound(cam))?;
        stage.pass(Duration::from_millis(10));
    }
    let after = count(stage);
    must(before == after, &format!("{} pictures of a muted camera came", after - before))?;
    let stopped = states(stage, cam, true).iter().any(|(_, new)| *new == PublishState::NoPublish.value());
    must(!stopped, "muting unpublished the track")?;
    stage.engine(cam).mute_local_camera(false)?;
    stage.wait_pushing(cam, viewer, "OnRemoteVideoSample after unmuting", picture)
}

fn track_available(stage: &mut Stage<'_>) -> Outcome {
    let other = stage.publisher("other")?;
    let cam = stage.publisher("cam")?;
    let tracks = |audio, video| {
        move |event: &Event| match event {
            Event::RemoteTrackAvailableNotify { uid, audio_track, video_track } if uid == "cam" => {
                ((*audio_track, *video_track) == (audio, video)).then_some(())
            }
            _ => None,
        }
    };
    stage.wait_pushing(cam, other, "cam's sound and camera", tracks(AudioTrack::Mic, VideoTrack::Camera))?;
    stage.engine(cam).publish_local_video_stream(false)?;
    stage.wait_pushing(cam, other, "cam's sound alone", tracks(AudioTrack::Mic, VideoTrack::No))?;
    stage.engine(cam).publish_local_audio_stream(false)?;
    stage.wait(other, "nothing of cam any more", tracks(AudioTrack::No, VideoTrack::No))
}

fn stream_needed(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    if stage.engine(cam).extensions().is_none() {
        return Err(Fault::Lacks("what lies beyond the documents"));
    }
    let told = |needed| move |event: &Event| matches!(event, Event::StreamNeeded(now) if *now == needed).then_some(());
    stage.wait_pushing(cam, cam, "StreamNeeded(false) in an empty channel", told(false))?;
    let viewer = stage.actor("viewer")?;
    stage.join(viewer, &watching())?;
    stage.wait_pushing(cam, cam, "StreamNeeded(true) with a viewer", told(true))?;
    stage.wait_pushing(cam, viewer, "OnRemoteVideoSample", |event| {
        matches!(event, Event::RemoteVideoSample { .. }).then_some(())
    })?;
    stage.leave(viewer)?;
    stage.wait_pushing(cam, cam, "StreamNeeded(false) after the viewer has left", told(false))
}

fn audio_formats(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    let engine = stage.engine(cam);
    for rate in crate::audio::SAMPLE_RATES {
        for channels in 1..=2 {
            engine.set_external_audio_source(true, rate, channels)?;
        }
    }
    for (rate, channels) in [(0, 1), (11_025, 1), (192_000, 1), (RATE, 0), (RATE, 3)] {
        let answer = engine.set_external_audio_source(true, rate, channels);
        must(matches!(answer, Err(CallError::BadArgument { .. })), &format!("{rate} Hz, {channels}: {answer:?}"))?;
    }
    engine.set_external_audio_source(false, 0, 0)?;
    Ok(())
}
