//! The child's packets as events. Only translation.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::link::Packet;
use super::memory::{Memory, Region};
use crate::channel::ClientRole;
use crate::error::{ErrorCode, WarningCode};
use crate::event::{Event, PublishChange, SubscribeChange};
use crate::frame::{
    AudioAacFrame, AudioFrame, AudioFrameType, AudioPcmFrame, DataChannelMsg, DataMsgType, VideoFrame, VideoFrameType,
    VideoH264Frame,
};
use crate::track::{AudioTrack, PublishState, SubscribeState, VideoStreamType, VideoTrack, VideoTrackType};

/// Why a packet is none that can be told.
type Why = String;

fn arguments<T: DeserializeOwned>(of: Value) -> Result<T, Why> {
    serde_json::from_value(of).map_err(|why| why.to_string())
}

/// A documented enum by its number.
fn member<T>(found: Option<T>, value: i64) -> Result<T, Why> {
    found.ok_or_else(|| format!("{value} is no number of the documents"))
}

/// A code of the SDK's. One that the documents do not have is a failure without a number, which the detail gives.
fn code(value: i64) -> (ErrorCode, String) {
    match ErrorCode::from_value(value) {
        Some(code) => (code, String::new()),
        None => (ErrorCode::Fatal, format!("the SDK's number {value:#010x}, which the documents do not have")),
    }
}

/// The event of a callback.
pub(super) fn event(packet: Packet, memory: &Memory) -> Result<Event, Why> {
    let Packet { name, arguments: given, tail } = packet;
    Ok(match &*name {
        "OnError" => {
            let (value,) = arguments(given)?;
            let (code, detail) = code(value);
            Event::Error { code, detail }
        }
        "OnWarning" => {
            let (value,): (i64,) = arguments(given)?;
            Event::Warning { code: WarningCode::Default, detail: format!("the SDK's warning {value}") }
        }
        "OnJoinChannelResult" => {
            let (value, channel, user_id) = arguments(given)?;
            Event::JoinChannelResult { result: code(value).0, channel, user_id }
        }
        "OnLeaveChannelResult" => {
            let (value,) = arguments(given)?;
            Event::LeaveChannelResult { result: code(value).0 }
        }
        "OnDataChannelMsg" => {
            let (uid, kind, network_time, progress) = arguments(given)?;
            let kind = DataMsgType::from_value(kind).unwrap_or(DataMsgType::None);
            Event::DataChannelMsg { uid, msg: DataChannelMsg { kind, network_time, progress, data: tail } }
        }
        "OnMediaExtensionMsgReceived" => {
            let (user_id,) = arguments(given)?;
            Event::MediaExtensionMsgReceived { user_id, message: tail }
        }
        "OnRemoteUserOnLineNotify" => Event::RemoteUserOnLineNotify { uid: arguments::<(String,)>(given)?.0 },
        "OnRemoteUserOffLineNotify" => Event::RemoteUserOffLineNotify { uid: arguments::<(String,)>(given)?.0 },
        "OnRemoteTrackAvailableNotify" => {
            let (uid, audio, video) = arguments(given)?;
            let audio_track = member(AudioTrack::from_value(audio), audio)?;
            Event::RemoteTrackAvailableNotify { uid, audio_track, video_track: member(VideoTrack::from_value(video), video)? }
        }
        "OnAudioSubscribeStateChanged" => Event::AudioSubscribeStateChanged(subscribed(given)?),
        "OnVideoSubscribeStateChanged" => Event::VideoSubscribeStateChanged(subscribed(given)?),
        "OnScreenShareSubscribeStateChanged" => Event::ScreenShareSubscribeStateChanged(subscribed(given)?),
        "OnSubscribeStreamTypeChanged" => {
            let (uid, old, new, elapsed, channel) = arguments(given)?;
            Event::SubscribeStreamTypeChanged {
                uid,
                old_stream_type: member(VideoStreamType::from_value(old), old)?,
                new_stream_type: member(VideoStreamType::from_value(new), new)?,
                elapse_since_last_state: millis(elapsed),
                channel,
            }
        }
        "OnScreenSharePublishStateChanged" => Event::ScreenSharePublishStateChanged(published(given)?),
        "OnDualStreamPublishStateChanged" => Event::DualStreamPublishStateChanged(published(given)?),
        "OnVideoPublishStateChanged" => Event::VideoPublishStateChanged(published(given)?),
        "OnAudioPublishStateChanged" => Event::AudioPublishStateChanged(published(given)?),
        "OnUpdateRoleNotify" => {
            let (old, new) = arguments(given)?;
            let old_role = member(ClientRole::from_value(old), old)?;
            Event::UpdateRoleNotify { old_role, new_role: member(ClientRole::from_value(new), new)? }
        }
        "OnPushAudioFrameBufferFull" => Event::PushAudioFrameBufferFull { is_full: arguments::<(bool,)>(given)?.0 },
        "OnPushVideoFrameBufferFull" => Event::PushVideoFrameBufferFull { is_full: arguments::<(bool,)>(given)?.0 },
        "OnSubscribeAudioFrame" => {
            let (uid, frame) = arguments(given)?;
            Event::SubscribeAudioFrame { uid, frame: sound(frame, memory)? }
        }
        "OnSubscribeAudioAac" => {
            let (uid, frame) = arguments(given)?;
            Event::SubscribeAudioAac { uid, frame: sound(frame, memory)? }
        }
        "OnSubscribeMixAudioFrame" => Event::SubscribeMixAudioFrame { frame: sound(arguments::<(Value,)>(given)?.0, memory)? },
        "OnSubscribeMixedAudioAac" => Event::SubscribeMixedAudioAac { frame: sound(arguments::<(Value,)>(given)?.0, memory)? },
        "OnRemoteVideoSample" => {
            let (uid, frame) = arguments(given)?;
            Event::RemoteVideoSample { uid, frame: picture(frame, memory)? }
        }
        "OnRemoteVideoEncodedSample" => {
            let (uid, frame) = arguments(given)?;
            Event::RemoteVideoEncodedSample { uid, frame: picture(frame, memory)? }
        }
        _ => return Err("is no callback of the documents".into()),
    })
}

fn millis(elapsed: i64) -> Duration {
    Duration::from_millis(u64::try_from(elapsed).unwrap_or(0))
}

fn published(given: Value) -> Result<PublishChange, Why> {
    let (old, new, elapsed, channel) = arguments(given)?;
    let old_state = member(PublishState::from_value(old), old)?;
    let new_state = member(PublishState::from_value(new), new)?;
    Ok(PublishChange { old_state, new_state, elapse_since_last_state: millis(elapsed), channel })
}

fn subscribed(given: Value) -> Result<SubscribeChange, Why> {
    let (uid, old, new, elapsed, channel) = arguments(given)?;
    let old_state = member(SubscribeState::from_value(old), old)?;
    let new_state = member(SubscribeState::from_value(new), new)?;
    Ok(SubscribeChange { uid, old_state, new_state, elapse_since_last_state: millis(elapsed), channel })
}

fn taken(memory: &Memory, region: &Region, slot: usize, len: usize) -> Result<Vec<u8>, Why> {
    memory.take(region, slot, len).map_err(|why| why.to_string())
}

/// Slot, length, type, time, channels, rate, samples, stream.
fn sound(given: Value, memory: &Memory) -> Result<AudioFrame, Why> {
    let (slot, len, kind, frame_ms, channels, sample_rates, samples, stream_index) =
        arguments::<(usize, usize, i64, u32, u16, u32, u32, u32)>(given)?;
    let bytes = taken(memory, &memory.heard, slot, len)?;
    if AudioFrameType::from_value(kind) == Some(AudioFrameType::AacAdts) {
        return Ok(AudioFrame::Aac(AudioAacFrame { frame_ms, channels, sample_rates, aac: bytes }));
    }
    let pcm = bytes.chunks_exact(2).map(|sample| i16::from_le_bytes([sample[0], sample[1]])).collect();
    Ok(AudioFrame::Pcm(AudioPcmFrame { frame_ms, channels, sample_bits: 16, sample_rates, samples, stream_index, pcm }))
}

/// Slot, length, track, type, then the facts of the picture.
fn picture(given: Value, memory: &Memory) -> Result<VideoFrame, Why> {
    type Facts = (i64, i64, u32, u32, i32, Vec<(i32, i32)>, i32);
    let (slot, len, track, kind, facts) = arguments::<(usize, usize, i64, i64, Facts)>(given)?;
    let (frame_ms, frame_num, width, height, qp, motion_vectors, slice_type) = facts;
    let buf = std::sync::Arc::new(taken(memory, &memory.seen, slot, len)?);
    Ok(VideoFrame {
        track: member(VideoTrackType::from_value(track), track)?,
        kind: member(VideoFrameType::from_value(kind), kind)?,
        frame: VideoH264Frame {
            frame_ms,
            frame_num,
            buf,
            buf_size: len,
            width,
            height,
            qp,
            motion_vectors,
            slice_type,
            captured_at: None,
        },
    })
}
