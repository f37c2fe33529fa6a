//! The mode `WithPts`: a file may be pushed faster than it plays.

use std::sync::Arc;

use crate::channel::{JoinChannelConfig, PublishAvsyncMode};
use crate::contract::stage::{RATE, SIZE, Stage, Who, must, publishing, watching};
use crate::contract::{Case, Fault, Outcome};
use crate::error::{CallError, ErrorCode};
use crate::event::Event;
use crate::sample::{SampleBytes, VideoDataSample};
use crate::track::VideoSource;

pub(super) const CASES: &[Case] = &[
    ("with time stamps, pictures pushed at once are as far apart as their stamps", own_pace),
    ("with time stamps, a full buffer is told, and when it has room again", full_and_room_again),
    ("with time stamps, one that jumps back is refused and the stream goes on", jumping_back),
];

/// A user whose pictures and sound wait for their time stamps: so many pictures, so many blocks of 10 ms.
fn player(stage: &mut Stage<'_>, pictures: u32, blocks: u32) -> Result<Who, Fault> {
    let cam = stage.actor("cam")?;
    stage.prepare(cam)?;
    let config = JoinChannelConfig {
        publish_avsync_mode: PublishAvsyncMode::WithPts,
        publish_avsync_with_pts_max_video_cache_size: pictures,
        publish_avsync_with_pts_max_audio_cache_size: blocks,
        ..publishing()
    };
    stage.join(cam, &config)?;
    Ok(cam)
}

fn picture(pts: i64) -> VideoDataSample {
    let bytes: SampleBytes = Arc::new(vec![u8::try_from(pts / 40 % 200).unwrap_or(0); (SIZE.0 * SIZE.1 * 3 / 2) as usize]);
    VideoDataSample::i420(bytes, SIZE.0, SIZE.1, pts, None)
}

fn push(stage: &Stage<'_>, who: Who, pts: i64) -> Result<(), CallError> {
    stage.engine(who).push_external_video_frame(&picture(pts), VideoSource::Camera)
}

fn own_pace(stage: &mut Stage<'_>) -> Outcome {
    const APART: i64 = 80;
    let cam = player(stage, 100, 300)?;
    let viewer = stage.actor("viewer")?;
    stage.join(viewer, &watching())?;
    let shown = |event: &Event| match event {
        Event::RemoteVideoSample { frame, .. } => Some(frame.frame.frame_ms),
        _ => None,
    };
    stage.wait_pushing(cam, viewer, "OnRemoteVideoSample", |event| shown(event).map(|_| ()))?;
    // What was pushed for that has its turn first.
    stage.pass(std::time::Duration::from_millis(500));
    let before = stage.told(viewer).iter().filter_map(shown).count();
    let from = i64::try_from(stage.elapsed().as_millis()).unwrap_or(0) + 200;
    for n in 0..20 {
        push(stage, cam, from + APART * n)?;
    }
    for _ in 0..2_000 {
        if stage.told(viewer).iter().filter_map(shown).count() >= before + 10 {
            break;
        }
        stage.pass(std::time::Duration::from_millis(10));
    }
    let times: Vec<i64> = stage.told(viewer).iter().filter_map(shown).skip(before).collect();
    must(times.len() >= 10, &format!("{} pictures were shown", times.len()))?;
    let gaps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // One that got lost on the way makes a gap twice as long.
    let as_stamped = |gap: &i64| *gap > APART / 2 && (gap + 2).rem_euclid(APART) <= 4;
    must(gaps.iter().all(as_stamped), &format!("pushed {APART} ms apart, shown {gaps:?}"))
}

fn full(wanted: bool) -> impl Fn(&Event) -> Option<()> {
    move |event| matches!(event, Event::PushVideoFrameBufferFull { is_full } if *is_full == wanted).then_some(())
}

fn full_and_room_again(stage: &mut Stage<'_>) -> Outcome {
    let cam = player(stage, 8, 20)?;
    let refused = (0..50).find_map(|n| push(stage, cam, 40 * n).err().map(|error| (n, error)));
    let Some((taken, CallError::BufferFull { .. })) = refused else {
        return Err(Fault::Broken(format!("50 pictures at once, and room for 8: {refused:?}")));
    };
    must(taken >= 8, &format!("only {taken} pictures were taken"))?;
    stage.wait(cam, "OnPushVideoFrameBufferFull(True)", full(true))?;
    stage.wait(cam, "OnPushVideoFrameBufferFull(False)", full(false))?;
    // By the documents the same piece is pushed again.
    push(stage, cam, 40 * taken)?;
    let sound = |stage: &Stage<'_>, n: i64| {
        let block = vec![0; RATE as usize / 100 * 2];
        stage.engine(cam).push_external_audio_frame_raw_data(&block, 10 * n)
    };
    let refused = (0..100).find_map(|n| sound(stage, n).err());
    must(matches!(refused, Some(CallError::BufferFull { .. })), &format!("a second of sound, and room for 200 ms: {refused:?}"))?;
    let told = |wanted| {
        move |event: &Event| match event {
            Event::PushAudioFrameBufferFull { is_full } if *is_full == wanted => Some(()),
            _ => None,
        }
    };
    stage.wait(cam, "OnPushAudioFrameBufferFull(True)", told(true))?;
    stage.wait(cam, "OnPushAudioFrameBufferFull(False)", told(false))
}

fn jumping_back(stage: &mut Stage<'_>) -> Outcome {
    let cam = player(stage, 100, 300)?;
    push(stage, cam, 10_000)?;
    for back in [9_960, 0, -1, i64::MIN] {
        let code = push(stage, cam, back).err().map(|error| error.code());
        must(code == Some(ErrorCode::VideoDataError), &format!("a picture at {back} after 10000: {code:?}"))?;
    }
    push(stage, cam, 10_040)?;
    let block = vec![0; RATE as usize / 100 * 2];
    let sound = |pts| stage.engine(cam).push_external_audio_frame_raw_data(&block, pts);
    sound(10_000)?;
    let code = sound(0).err().map(|error| error.code());
    must(code == Some(ErrorCode::AudioDataError), &format!("sound at 0 after 10000: {code:?}"))?;
    Ok(sound(10_010)?)
}
