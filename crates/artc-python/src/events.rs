//! Events as the documented callbacks: name and arguments, enums by their numbers. Not for calling them: the Python side does that.

use std::time::Duration;

use artc_bindings::{AudioFrame, Event, PublishChange, SubscribeChange, VideoFrame};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

/// The callback of `event` with its arguments; `None` for what the documents do not have.
pub fn callback<'py>(py: Python<'py>, event: Event) -> PyResult<Option<(&'static str, Bound<'py, PyTuple>)>> {
    let (name, arguments) = match event {
        Event::Error { code, detail } => ("OnError", (code.value(), detail).into_pyobject(py)?),
        Event::Warning { code, detail } => ("OnWarning", (code.value(), detail).into_pyobject(py)?),
        Event::JoinChannelResult { result, channel, user_id } => {
            ("OnJoinChannelResult", (result.value(), channel, user_id).into_pyobject(py)?)
        }
        Event::DataChannelMsg { uid, msg } => {
            let data = PyBytes::new(py, &msg.data);
            ("OnDataChannelMsg", (uid, msg.kind.value(), msg.network_time, msg.progress, data).into_pyobject(py)?)
        }
        Event::LeaveChannelResult { result } => ("OnLeaveChannelResult", (result.value(),).into_pyobject(py)?),
        Event::RemoteUserOnLineNotify { uid } => ("OnRemoteUserOnLineNotify", (uid,).into_pyobject(py)?),
        Event::RemoteUserOffLineNotify { uid } => ("OnRemoteUserOffLineNotify", (uid,).into_pyobject(py)?),
        Event::RemoteTrackAvailableNotify { uid, audio_track, video_track } => {
            ("OnRemoteTrackAvailableNotify", (uid, audio_track.value(), video_track.value()).into_pyobject(py)?)
        }
        Event::AudioSubscribeStateChanged(change) => ("OnAudioSubscribeStateChanged", subscribed(py, change)?),
        Event::VideoSubscribeStateChanged(change) => ("OnVideoSubscribeStateChanged", subscribed(py, change)?),
        Event::ScreenShareSubscribeStateChanged(change) => ("OnScreenShareSubscribeStateChanged", subscribed(py, change)?),
        Event::SubscribeStreamTypeChanged { uid, old_stream_type, new_stream_type, elapse_since_last_state, channel } => {
            let (old, new) = (old_stream_type.value(), new_stream_type.value());
            let arguments = (uid, old, new, millis(elapse_since_last_state), channel);
            ("OnSubscribeStreamTypeChanged", arguments.into_pyobject(py)?)
        }
        Event::ScreenSharePublishStateChanged(change) => ("OnScreenSharePublishStateChanged", published(py, change)?),
        Event::DualStreamPublishStateChanged(change) => ("OnDualStreamPublishStateChanged", published(py, change)?),
        Event::VideoPublishStateChanged(change) => ("OnVideoPublishStateChanged", published(py, change)?),
        Event::AudioPublishStateChanged(change) => ("OnAudioPublishStateChanged", published(py, change)?),
        Event::SubscribeAudioFrame { uid, frame } => ("OnSubscribeAudioFrame", (uid, sound(py, &frame)?).into_pyobject(py)?),
        Event::SubscribeMixAudioFrame { frame } => ("OnSubscribeMixAudioFrame", (sound(py, &frame)?,).into_pyobject(py)?),
        Event::RemoteVideoSample { uid, frame } => ("OnRemoteVideoSample", (uid, picture(py, &frame)?).into_pyobject(py)?),
        Event::RemoteVideoEncodedSample { uid, frame } => {
            ("OnRemoteVideoEncodedSample", (uid, picture(py, &frame)?).into_pyobject(py)?)
        }
        Event::MediaExtensionMsgReceived { user_id, message } => {
            let size = message.len();
            ("OnMediaExtensionMsgReceived", (user_id, PyBytes::new(py, &message), size).into_pyobject(py)?)
        }
        Event::UpdateRoleNotify { old_role, new_role } => {
            ("OnUpdateRoleNotify", (old_role.value(), new_role.value()).into_pyobject(py)?)
        }
        Event::SubscribeAudioAac { uid, frame } => ("OnSubscribeAudioAac", (uid, sound(py, &frame)?).into_pyobject(py)?),
        Event::SubscribeMixedAudioAac { frame } => ("OnSubscribeMixedAudioAac", (sound(py, &frame)?,).into_pyobject(py)?),
        Event::PushAudioFrameBufferFull { is_full } => ("OnPushAudioFrameBufferFull", (is_full,).into_pyobject(py)?),
        Event::PushVideoFrameBufferFull { is_full } => ("OnPushVideoFrameBufferFull", (is_full,).into_pyobject(py)?),
        // Extensions of ours: no callback of the documents.
        _ => return Ok(None),
    };
    Ok(Some((name, arguments)))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn published(py: Python<'_>, change: PublishChange) -> PyResult<Bound<'_, PyTuple>> {
    let elapsed = millis(change.elapse_since_last_state);
    (change.old_state.value(), change.new_state.value(), elapsed, change.channel).into_pyobject(py)
}

fn subscribed(py: Python<'_>, change: SubscribeChange) -> PyResult<Bound<'_, PyTuple>> {
    let elapsed = millis(change.elapse_since_last_state);
    (change.uid, change.old_state.value(), change.new_state.value(), elapsed, change.channel).into_pyobject(py)
}

/// Type, time, channels, sample rate, samples, stream, bytes.
fn sound<'py>(py: Python<'py>, frame: &AudioFrame) -> PyResult<Bound<'py, PyTuple>> {
    let kind = frame.kind().value();
    match frame {
        AudioFrame::Pcm(pcm) => {
            let bytes = PyBytes::new_with(py, pcm.pcm.len() * 2, |bytes| {
                for (place, sample) in bytes.chunks_exact_mut(2).zip(&pcm.pcm) {
                    place.copy_from_slice(&sample.to_le_bytes());
                }
                Ok(())
            })?;
            (kind, pcm.frame_ms, pcm.channels, pcm.sample_rates, pcm.samples, pcm.stream_index, bytes).into_pyobject(py)
        }
        AudioFrame::Aac(aac) => {
            let bytes = PyBytes::new(py, &aac.aac);
            (kind, aac.frame_ms, aac.channels, aac.sample_rates, 0, 0, bytes).into_pyobject(py)
        }
    }
}

/// Track, type, time, number, bytes, width, height, quantiser, motion vectors, slice type.
fn picture<'py>(py: Python<'py>, frame: &VideoFrame) -> PyResult<Bound<'py, PyTuple>> {
    let inner = &frame.frame;
    let shown = inner.bytes();
    let bytes = PyBytes::new_with(py, shown.len(), |bytes| {
        // Megabytes: other threads of Python's go on meanwhile. Nobody else knows the new object yet.
        py.detach(|| bytes.copy_from_slice(shown));
        Ok(())
    })?;
    (
        frame.track.value(),
        frame.kind.value(),
        inner.frame_ms,
        inner.frame_num,
        bytes,
        inner.width,
        inner.height,
        inner.qp,
        inner.motion_vectors.clone(),
        inner.slice_type,
    )
        .into_pyobject(py)
}
