//! What no program should do: every method in every state, arguments out of their range, media and texts that lie. Each is answered as
//! the documents say, and the engine lives on.

use std::sync::Arc;
use std::time::Duration;

use crate::channel::{ClientRole, JoinChannelConfig, PublishAvsyncMode};
use crate::contract::methods::{IN_CHANNEL, call_all};
use crate::contract::stage::{RATE, SIZE, Stage, Who, broken, must, publishing, watching};
use crate::contract::{Case, Outcome};
use crate::encoder::{Dimensions, ScreenShareEncoderConfiguration, VideoEncoderConfiguration};
use crate::engine::MAX_SEI_BYTES;
use crate::error::{CallError, ErrorCode};
use crate::event::Event;
use crate::frame::{DataChannelMsg, DataMsgType};
use crate::sample::{VideoDataFormat, VideoDataSample};
use crate::track::{VideoSource, VideoStreamType, VideoTrack};

pub(super) const CASES: &[Case] = &[
    ("before a join every method answers as documented", before_joining),
    ("in a channel every method is taken", in_channel),
    ("after leaving every method answers as before a join", after_leaving),
    ("after release every method says so", after_release),
    ("arguments out of their range are refused, and the stream goes on", out_of_range),
    ("users that are not there can be asked for", strangers),
    ("names and tokens of any content are answered", odd_names),
    ("settings at the ends of their ranges still give a picture", extreme_settings),
    ("time stamps that jump back, wrap or stand still end nothing", jumping_time_stamps),
    ("pictures whose announcements lie in every field end nothing", lying_pictures),
    ("access units that are none end nothing", broken_access_units),
    ("parameters of any text are refused or taken", odd_parameters),
];

/// What a method answers that needs a channel and has none.
fn code_outside(method: &str) -> ErrorCode {
    match method {
        _ if method.starts_with("push") => ErrorCode::PublishNotJoinChannel,
        _ if method.starts_with("subscribe") => ErrorCode::SubscribeNotJoinChannel,
        _ => ErrorCode::SdkInvalidState,
    }
}

/// Calls everything outside a channel.
fn outside(stage: &mut Stage<'_>, who: Who) -> Outcome {
    for (method, answer) in call_all(stage.engine(who)) {
        match answer {
            Err(CallError::Unsupported { .. }) => {}
            answer if IN_CHANNEL.contains(&method) => stage.refused(method, answer, code_outside(method))?,
            Ok(()) => {}
            Err(error) => return broken(format!("{method}: {error}")),
        }
    }
    Ok(())
}

fn before_joining(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    outside(stage, cam)?;
    must(stage.told(cam).iter().all(|event| matches!(event, Event::UpdateRoleNotify { .. })), "something was told")?;
    // Nothing of it keeps it from joining.
    stage.join(cam, &publishing())
}

fn in_channel(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.join(cam, &publishing())?;
    for (method, answer) in call_all(stage.engine(cam)) {
        match answer {
            Ok(()) | Err(CallError::Unsupported { .. }) => {}
            Err(error) => return broken(format!("{method}: {error}")),
        }
    }
    stage.wait(cam, "OnLeaveChannelResult", |event| matches!(event, Event::LeaveChannelResult { .. }).then_some(()))
}

fn after_leaving(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    stage.leave(cam)?;
    outside(stage, cam)?;
    stage.join(cam, &publishing())
}

fn after_release(stage: &mut Stage<'_>) -> Outcome {
    for joined in [false, true] {
        let cam = if joined { stage.publisher("cam")? } else { stage.actor("cam")? };
        stage.engine(cam).release();
        for (method, answer) in call_all(stage.engine(cam)) {
            must(matches!(answer, Err(CallError::Released { .. })), &format!("{method}: {answer:?}"))?;
        }
        let engine = stage.engine(cam);
        let flags = [
            engine.is_local_video_stream_published(),
            engine.is_local_audio_stream_published(),
            engine.is_local_screen_publish_enabled(),
            engine.is_dual_stream_published(),
        ];
        must(flags == [false; 4] && engine.external_audio_publish_volume() == 0, "a released engine has settings")?;
        if let Some(extensions) = engine.extensions() {
            let answers = [
                extensions.send_command_message("x", b"{}"),
                extensions.answer_command_call("x", "call", b"{}"),
                extensions.send_bytes("x", "topic", "name", "mime", Vec::new()),
                extensions.request_key_frame(VideoSource::Camera),
            ];
            must(answers.iter().all(|a| matches!(a, Err(CallError::Released { .. }))), &format!("{answers:?}"))?;
            extensions.network_changed();
            must(extensions.participants().is_empty(), "a released engine lists people")?;
        }
    }
    Ok(())
}

fn is_picture(event: &Event) -> Option<()> {
    matches!(event, Event::RemoteVideoSample { .. }).then_some(())
}

/// A camera and somebody who has had a picture of it.
fn shown(stage: &mut Stage<'_>, config: &JoinChannelConfig) -> Result<(Who, Who), crate::contract::Fault> {
    let cam = stage.actor("cam")?;
    stage.prepare(cam)?;
    stage.join(cam, config)?;
    let viewer = stage.actor("viewer")?;
    stage.join(viewer, &watching())?;
    stage.wait_pushing(cam, viewer, "OnRemoteVideoSample", is_picture)?;
    Ok((cam, viewer))
}

/// The stream goes on: another picture arrives, after those that were under way.
fn goes_on(stage: &mut Stage<'_>, cam: Who, viewer: Who) -> Outcome {
    stage.pass(Duration::from_millis(200));
    stage.look_on(viewer);
    stage.wait_pushing(cam, viewer, "OnRemoteVideoSample afterwards", is_picture)
}

fn out_of_range(stage: &mut Stage<'_>) -> Outcome {
    let (cam, viewer) = shown(stage, &publishing())?;
    let long = [1_u8; MAX_SEI_BYTES + 1];
    let engine = stage.engine(cam);
    let answers = [
        ("0 Hz", engine.set_external_audio_source(true, 0, 1)),
        ("11,025 Hz", engine.set_external_audio_source(true, 11_025, 1)),
        ("u32::MAX Hz", engine.set_external_audio_source(true, u32::MAX, u32::MAX)),
        ("no channel", engine.set_external_audio_source(true, RATE, 0)),
        ("65,537 channels", engine.set_external_audio_source(true, RATE, 65_537)),
        ("volume -1", engine.set_external_audio_publish_volume(-1)),
        ("volume 101", engine.set_external_audio_publish_volume(101)),
        ("volume i32::MIN", engine.set_external_audio_publish_volume(i32::MIN)),
        ("SEI of nothing", engine.send_media_extension_msg(b"", 1, 0, false)),
        ("SEI of 4097 bytes", engine.send_media_extension_msg(&long, 1, 0, false)),
        ("SEI -2 times", engine.send_media_extension_msg(b"x", -2, 0, false)),
        ("SEI i32::MIN times", engine.send_media_extension_msg(b"x", i32::MIN, u32::MAX, true)),
        ("sound of nobody", engine.subscribe_remote_audio_stream("", true)),
        ("video of nobody", engine.subscribe_remote_video_stream("", VideoTrack::Camera, true)),
        ("stream of nobody", engine.set_remote_video_stream_type("", VideoStreamType::High)),
    ];
    for (what, answer) in answers {
        stage.refused(what, answer, ErrorCode::Fatal)?;
    }
    let own_sound = stage.engine(cam).subscribe_remote_audio_stream("cam", true);
    let own_video = stage.engine(cam).subscribe_remote_video_stream("cam", VideoTrack::Camera, true);
    for answer in [own_sound, own_video] {
        stage.refused("subscribing to oneself", answer, ErrorCode::SubscribeInvalid)?;
    }
    for bytes in [0, 1, 3, 961] {
        let answer = stage.engine(cam).push_external_audio_frame_raw_data(&vec![0; bytes], i64::MIN);
        stage.refused(&format!("{bytes} bytes of sound"), answer, ErrorCode::AudioDataError)?;
    }
    let engine = stage.engine(cam);
    // Odd, but not wrong.
    engine.send_media_extension_msg(b"x", i32::MAX, u32::MAX, true)?;
    engine.subscribe_remote_video_stream("somebody", VideoTrack::No, true)?;
    for seconds in [i32::MIN, -1, 0] {
        engine.set_period_for_check_people(seconds)?;
    }
    must(engine.external_audio_publish_volume() == 100, "a refused volume was taken")?;
    goes_on(stage, cam, viewer)
}

fn strangers(stage: &mut Stage<'_>) -> Outcome {
    let (cam, viewer) = shown(stage, &publishing())?;
    let long = "x".repeat(100_000);
    for uid in ["somebody", "\0", " ", "Zoë 🎥", long.as_str()] {
        let engine = stage.engine(viewer);
        engine.subscribe_remote_audio_stream(uid, true)?;
        engine.subscribe_remote_video_stream(uid, VideoTrack::Both, false)?;
        match engine.set_remote_video_stream_type(uid, VideoStreamType::None) {
            Ok(()) | Err(CallError::Unsupported { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    goes_on(stage, cam, viewer)
}

fn odd_names(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    let good = stage.channel.clone();
    let (long, junk) = ("x".repeat(100_000), "\u{0}\r\nAuthorization: no ".repeat(50));
    let token = stage.driver().token(&good, "cam");
    let joins = [
        (long.as_str(), good.as_str(), "cam"),
        (junk.as_str(), &good, "cam"),
        ("....", &good, "cam"),
        ("eyJh.e30.x", &good, "cam"),
        ("🎥", &good, "cam"),
        (" ", &good, "cam"),
        (&token, long.as_str(), "cam"),
        (&token, junk.as_str(), "cam"),
        (&token, &good, long.as_str()),
        (&token, &good, junk.as_str()),
    ];
    for (token, channel, user) in joins {
        let code = match stage.engine(cam).join_channel(token, channel, user, &long, &publishing()) {
            Ok(()) => stage.join_result(cam)?,
            Err(error @ CallError::BadJoin { .. }) => error.code(),
            Err(error) => return Err(error.into()),
        };
        must(!code.is_ok(), &format!("{token:.20?}, {channel:.20?}, {user:.20?} was let in"))?;
    }
    stage.join(cam, &publishing())
}

fn extreme_settings(stage: &mut Stage<'_>) -> Outcome {
    let (cam, viewer) = shown(stage, &publishing())?;
    let ends = [0, 1, 15, 16, 4096, u32::MAX];
    for end in ends {
        let dimensions = Dimensions { width: end, height: ends[ends.len() - 1] - end };
        let engine = stage.engine(cam);
        engine.set_video_encoder_configuration(&VideoEncoderConfiguration {
            dimensions,
            frame_rate: end,
            key_frame_interval: end,
            bitrate: end,
            min_bitrate: end,
            ..Default::default()
        })?;
        engine.set_screen_share_encoder_configuration(&ScreenShareEncoderConfiguration {
            dimensions,
            frame_rate: end,
            bitrate: end,
            ..Default::default()
        })?;
        goes_on(stage, cam, viewer)?;
    }
    Ok(())
}

/// Stamps that no clock gives in this order.
const STAMPS: [i64; 12] = [0, 40, 40, 0, -1, i64::MIN, i64::MAX, 1 << 40, 80, -(1 << 40), 120, 100];

fn jumping_time_stamps(stage: &mut Stage<'_>) -> Outcome {
    for publish_avsync_mode in [PublishAvsyncMode::NoDelay, PublishAvsyncMode::WithPts] {
        let (cam, viewer) = shown(stage, &JoinChannelConfig { publish_avsync_mode, ..publishing() })?;
        for at in STAMPS {
            let sample =
                VideoDataSample { time_stamp: at, captured_at: Some(Duration::from_millis(at.unsigned_abs())), ..grey() };
            let picture = stage.engine(cam).push_external_video_frame(&sample, VideoSource::Camera);
            let sound = stage.engine(cam).push_external_audio_frame_raw_data(&[0; 960], at);
            for answer in [picture, sound] {
                match answer {
                    // Where time stamps matter, one that lies before those that came is refused.
                    Ok(()) | Err(CallError::BufferFull { .. }) => {}
                    Err(error) if matches!(error.code(), ErrorCode::VideoDataError | ErrorCode::AudioDataError) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            stage.pass(Duration::from_millis(20));
        }
        // A presentation time of somewhere in the future may keep the old join waiting; a new one has a new axis.
        stage.leave(cam)?;
        stage.join(cam, &JoinChannelConfig { publish_avsync_mode, ..publishing() })?;
        goes_on(stage, cam, viewer)?;
        stage.leave(cam)?;
        stage.leave(viewer)?;
    }
    Ok(())
}

fn grey() -> VideoDataSample {
    let (width, height) = SIZE;
    VideoDataSample::i420(Arc::new(vec![128_u8; (width * height * 3 / 2) as usize]), width, height, 0, None)
}

fn lying_pictures(stage: &mut Stage<'_>) -> Outcome {
    let (cam, viewer) = shown(stage, &publishing())?;
    let numbers = [0_u32, 1, 2, 159, 161, 319, 321, 1080, 1088, 1920, 1922, 65_535, 1 << 31, u32::MAX];
    let mut wrong = 0;
    for &format in VideoDataFormat::ALL {
        for n in numbers {
            let good = VideoDataSample { format, ..grey() };
            let lies = [
                VideoDataSample { width: n, ..good.clone() },
                VideoDataSample { height: n, ..good.clone() },
                VideoDataSample { width: n, height: n, ..good.clone() },
                VideoDataSample { stride_y: n, ..good.clone() },
                VideoDataSample { stride_u: n, stride_v: n, ..good.clone() },
                VideoDataSample { data_len: n as usize, ..good.clone() },
                VideoDataSample { rotation: n, ..good.clone() },
                VideoDataSample { data: Arc::new(vec![1_u8; (n % 1000) as usize]), ..good },
            ];
            for lie in lies {
                let fits = lie.check();
                match stage.engine(cam).push_external_video_frame(&lie, VideoSource::Camera) {
                    Err(CallError::Sample(error)) => {
                        must(fits.as_ref() == Err(&error), &format!("{lie:?}: refused for {error:?}"))?;
                        wrong += 1;
                    }
                    Ok(()) | Err(CallError::BufferFull { .. } | CallError::BadArgument { .. }) => {
                        must(fits.is_ok(), &format!("{lie:?} was taken, which is {fits:?}"))?;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        stage.pass(Duration::from_millis(20));
    }
    must(wrong > 500, &format!("only {wrong} were found out"))?;
    // Encoded pictures among them have taken the camera's place; the next raw ones take it back.
    goes_on(stage, cam, viewer)
}

fn broken_access_units(stage: &mut Stage<'_>) -> Outcome {
    let (cam, viewer) = shown(stage, &publishing())?;
    let parameters = [0, 0, 0, 1, 0x67, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0x68, 0, 0, 0, 0, 1, 0x65];
    let mut units = vec![
        vec![0; 4],
        vec![0, 0, 0, 1],
        vec![0, 0, 0, 1, 0x65],
        vec![0xff; 5000],
        [&parameters[..], &[0xff; 3000]].concat(),
        [&[0, 0, 1, 0x06, 5][..], &[0xff; 300]].concat(),
        [0, 0, 1].repeat(2000),
    ];
    // Types that a packet uses to hold others or parts of them.
    units.extend((24..32).map(|kind| [&[0, 0, 0, 1, 0x60 | kind][..], &[0xa5; 2000]].concat()));
    for _ in 0..3 {
        for unit in &units {
            let sample = VideoDataSample::h264(Arc::new(unit.clone()), SIZE.0, SIZE.1, 0, None);
            match stage.engine(cam).push_external_video_frame(&sample, VideoSource::Camera) {
                Ok(()) | Err(CallError::Sample(_) | CallError::BufferFull { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            stage.pass(Duration::from_millis(10));
        }
    }
    goes_on(stage, cam, viewer)
}

fn odd_parameters(stage: &mut Stage<'_>) -> Outcome {
    let (cam, other) = (stage.publisher("cam")?, stage.publisher("other")?);
    let (deep, long) = ("[".repeat(100_000), format!(r#"{{"x":"{}"}}"#, "y".repeat(1 << 20)));
    let wrong =
        ["", " ", "null", "7", "\"text\"", "[]", "{", "}", "{'data':{}}", "\u{0}", &deep, r#"{"data":[]}"#, r#"{"data":null}"#];
    for text in wrong {
        let answer = stage.engine(cam).set_parameter(text);
        must(matches!(answer, Err(CallError::BadArgument { .. })), &format!("{text:.30?}: {answer:?}"))?;
        stage.refused("parameters", answer, ErrorCode::Fatal)?;
    }
    for text in ["{}", r#"{"data":{}}"#, r#"{"data":{"enableSubDataChannel":null}}"#, &long, super::messages::ON] {
        stage.engine(cam).set_parameter(text)?;
    }
    stage.engine(other).set_parameter(super::messages::ON)?;
    stage.engine(cam).set_client_role(ClientRole::Interactive)?;
    stage.wait(cam, "OnRemoteUserOnLineNotify(other)", |event| super::cases::online(event, "other"))?;
    stage.pass(Duration::from_millis(100));
    // Messages of odd fields reach the others, too.
    let odd = DataChannelMsg { kind: DataMsgType::None, network_time: i64::MIN, progress: i32::MIN, data: Vec::new() };
    stage.engine(cam).send_data_channel_message(&odd)?;
    stage.engine(cam).send_data_channel_message(&DataChannelMsg::custom("after"))?;
    stage.wait(other, "OnDataChannelMsg", |event| match event {
        Event::DataChannelMsg { msg, .. } => (msg.data == b"after").then_some(()),
        _ => None,
    })?;
    Ok(())
}
