//! The engine with Python's types. Every method answers `None`, or the documented code and the reason of a refusal; what Python
//! itself finds wrong with an argument (its type, a number that is too large) is Python's own exception.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::{AudioFormat, SampleBytes};
use artc_bindings::{
    AudioQualityMode, AudioSceneMode, AuthInfo, CallError, ChannelProfile, ClientRole, DataChannelMsg, DataMsgType, Dimensions,
    EventQueue, Extra, JoinChannelConfig, MirrorMode, OrientationMode, PublishAvsyncMode, PublishMode, RenderMode, RotationMode,
    ScreenShareEncoderConfiguration, SubscribeMode, VideoBufferType, VideoDataFormat, VideoDataSample, VideoEncoderConfiguration,
    VideoFormat, VideoSource, VideoStreamType, VideoTrack,
};
use artc_open::{OpenEngine, Options};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::answer::{Answer, by_number, refusal, refused};
use crate::buffer::Buffer;
use crate::events;
use crate::pool::Pool;

/// Longest picture that is copied to be looked at: the largest one allowed has 8.4 MB, and rows may be padded.
const MAX_PICTURE: usize = 32 << 20;

/// An engine.
#[pyclass(frozen, module = "AliRTCEngineImpl._native")]
pub struct Engine {
    engine: Arc<dyn artc_bindings::Engine>,
    events: Arc<EventQueue>,
    pool: Pool,
}

impl Engine {
    /// Calls the engine without the interpreter's lock.
    fn call(&self, py: Python<'_>, call: impl FnOnce(&dyn artc_bindings::Engine) -> Result<(), CallError> + Send) -> Answer {
        let engine = &*self.engine;
        Ok(py.detach(|| call(engine)).err().map(|error| refusal(&error)))
    }

    /// Calls the engine with a copy of the first `len` bytes of a Python object; `what` names the method and the argument that says
    /// how many there are.
    fn call_with(
        &self,
        py: Python<'_>,
        what: (&'static str, &'static str),
        object: &Bound<'_, PyAny>,
        len: usize,
        call: impl FnOnce(&dyn artc_bindings::Engine, Vec<u8>) -> Result<(), CallError> + Send,
    ) -> Answer {
        let bytes = Buffer::of(object)?;
        if len > bytes.len() {
            return refused(what, format!("is {len}, but there are {} bytes", bytes.len()));
        }
        let mut copy = Vec::new();
        bytes.copy_first(len, &mut copy);
        self.call(py, |engine| call(engine, copy))
    }
}

#[pymethods]
impl Engine {
    /// An engine on the server at `url`, with the documented settings in `extra`.
    #[new]
    fn new(py: Python<'_>, url: String, extra: &str) -> PyResult<Self> {
        let extra = Extra::parse(extra).map_err(|error| PyValueError::new_err(format!("extra: {error}")))?;
        let made = py.detach(|| OpenEngine::create_with(Options::new(url), &extra));
        let engine = made.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let events = engine.event_handler();
        Ok(Self { engine, events, pool: Pool::default() })
    }

    /// Waits at most so many seconds for the next callback: its name and arguments.
    fn next_event<'py>(&self, py: Python<'py>, seconds: f64) -> PyResult<Option<(&'static str, Bound<'py, PyTuple>)>> {
        let patience = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        loop {
            let Some(event) = py.detach(|| self.events.next_timeout(patience)) else { return Ok(None) };
            let found = events::callback(py, event)?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// The next callback, if there is one.
    fn try_next<'py>(&self, py: Python<'py>) -> PyResult<Option<(&'static str, Bound<'py, PyTuple>)>> {
        while let Some(event) = self.events.try_next() {
            let found = events::callback(py, event)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whether nobody reads in time: media that newer media replaced, messages refused, facts lost.
    fn dropped(&self) -> (u64, u64, u64) {
        let dropped = self.events.dropped();
        (dropped.media, dropped.messages, dropped.state)
    }

    fn release(&self, py: Python<'_>) {
        py.detach(|| self.engine.release());
    }

    #[expect(clippy::too_many_arguments, reason = "the documents' configuration, field by field")]
    fn join_channel(
        &self,
        py: Python<'_>,
        token: &str,
        channel: &str,
        user: &str,
        name: &str,
        modes: (i64, i64, i64, i64, i64, i64),
        caches: (u32, u32),
        audio_only: bool,
        tts: bool,
    ) -> Answer {
        let (profile, avsync, publish, subscribe, video, audio) = modes;
        let config = JoinChannelConfig {
            channel_profile: by_number!(ChannelProfile, profile),
            is_audio_only: audio_only,
            publish_avsync_mode: by_number!(PublishAvsyncMode, avsync),
            publish_avsync_with_pts_max_audio_cache_size: caches.0,
            publish_avsync_with_pts_max_video_cache_size: caches.1,
            publish_mode: by_number!(PublishMode, publish),
            subscribe_mode: by_number!(SubscribeMode, subscribe),
            subscribe_video_format: by_number!(VideoFormat, video),
            subscribe_audio_format: by_number!(AudioFormat, audio),
            enable_tts_callback: tts,
        };
        self.call(py, |engine| engine.join_channel(token, channel, user, name, &config))
    }

    fn leave_channel(&self, py: Python<'_>) -> Answer {
        self.call(py, |engine| engine.leave_channel())
    }

    /// What is allowed: camera, screen, sound, small stream.
    fn published(&self, py: Python<'_>) -> (bool, bool, bool, bool) {
        let engine = &self.engine;
        py.detach(|| {
            (
                engine.is_local_video_stream_published(),
                engine.is_local_screen_publish_enabled(),
                engine.is_local_audio_stream_published(),
                engine.is_dual_stream_published(),
            )
        })
    }

    fn set_external_video_source(&self, py: Python<'_>, enable: bool, source: i64, mode: i64) -> Answer {
        let (source, mode) = (by_number!(VideoSource, source), by_number!(RenderMode, mode));
        self.call(py, |engine| engine.set_external_video_source(enable, source, mode))
    }

    #[expect(clippy::too_many_arguments, reason = "the documents' sample, field by field")]
    fn push_external_video_frame(
        &self,
        py: Python<'_>,
        data: &Bound<'_, PyAny>,
        data_len: usize,
        format: i64,
        buffer: i64,
        strides: (u32, u32, u32),
        size: (u32, u32),
        rotation: u32,
        time_stamp: i64,
        source: i64,
    ) -> Answer {
        let (format, buffer_type) = (by_number!(VideoDataFormat, format), by_number!(VideoBufferType, buffer));
        let source = by_number!(VideoSource, source);
        let bytes = Buffer::of(data)?;
        if data_len == 0 || data_len > bytes.len() || data_len > MAX_PICTURE {
            let why = format!("is {data_len}, for {} bytes of data; at most {MAX_PICTURE} are taken", bytes.len());
            return refused(("push_external_video_frame", "data_len"), why);
        }
        let kept = self.pool.copy_of(&bytes, data_len);
        let data: SampleBytes = Arc::clone(&kept) as SampleBytes;
        let ((stride_y, stride_u, stride_v), (width, height)) = (strides, size);
        let sample = VideoDataSample {
            format,
            buffer_type,
            data,
            data_len,
            stride_y,
            stride_u,
            stride_v,
            width,
            height,
            rotation,
            time_stamp,
            captured_at: None,
        };
        let answer = self.call(py, |engine| engine.push_external_video_frame(&sample, source));
        drop(sample);
        self.pool.keep(kept);
        answer
    }

    fn set_external_audio_source(&self, py: Python<'_>, enable: bool, sample_rate: u32, channels: u32) -> Answer {
        self.call(py, |engine| engine.set_external_audio_source(enable, sample_rate, channels))
    }

    fn push_external_audio_frame_raw_data(
        &self,
        py: Python<'_>,
        samples: &Bound<'_, PyAny>,
        length: usize,
        timestamp: i64,
    ) -> Answer {
        const WHAT: (&str, &str) = ("push_external_audio_frame_raw_data", "sample_length");
        self.call_with(py, WHAT, samples, length, |engine, bytes| engine.push_external_audio_frame_raw_data(&bytes, timestamp))
    }

    fn set_audio_profile(&self, py: Python<'_>, profile: i64, scene: i64) -> Answer {
        let (profile, scene) = (by_number!(AudioQualityMode, profile), by_number!(AudioSceneMode, scene));
        self.call(py, |engine| engine.set_audio_profile(profile, scene))
    }

    fn set_external_audio_publish_volume(&self, py: Python<'_>, volume: i32) -> Answer {
        self.call(py, |engine| engine.set_external_audio_publish_volume(volume))
    }

    fn external_audio_publish_volume(&self, py: Python<'_>) -> i32 {
        py.detach(|| self.engine.external_audio_publish_volume())
    }

    fn send_media_extension_msg(
        &self,
        py: Python<'_>,
        message: &Bound<'_, PyAny>,
        length: usize,
        repeat: i32,
        delay: u32,
        key_frame: bool,
    ) -> Answer {
        const WHAT: (&str, &str) = ("send_media_extension_msg", "length");
        self.call_with(py, WHAT, message, length, |engine, bytes| {
            engine.send_media_extension_msg(&bytes, repeat, delay, key_frame)
        })
    }

    fn publish_local_dual_stream(&self, py: Python<'_>, enabled: bool) -> Answer {
        self.call(py, |engine| engine.publish_local_dual_stream(enabled))
    }

    fn publish_local_video_stream(&self, py: Python<'_>, enabled: bool) -> Answer {
        self.call(py, |engine| engine.publish_local_video_stream(enabled))
    }

    fn publish_local_audio_stream(&self, py: Python<'_>, enabled: bool) -> Answer {
        self.call(py, |engine| engine.publish_local_audio_stream(enabled))
    }

    fn publish_screen_share_stream(&self, py: Python<'_>, enabled: bool) -> Answer {
        self.call(py, |engine| engine.publish_screen_share_stream(enabled))
    }

    fn subscribe_remote_audio_stream(&self, py: Python<'_>, uid: &str, sub: bool) -> Answer {
        self.call(py, |engine| engine.subscribe_remote_audio_stream(uid, sub))
    }

    fn subscribe_remote_video_stream(&self, py: Python<'_>, uid: &str, track: i64, sub: bool) -> Answer {
        let track = by_number!(VideoTrack, track);
        self.call(py, |engine| engine.subscribe_remote_video_stream(uid, track, sub))
    }

    #[expect(clippy::too_many_arguments, reason = "the documents' configuration, field by field")]
    fn set_video_encoder_configuration(
        &self,
        py: Python<'_>,
        size: (u32, u32),
        frame_rate: u32,
        key_frame_interval: u32,
        bitrate: u32,
        min_bitrate: u32,
        orientation: i64,
        mirror: i64,
        rotation: i64,
    ) -> Answer {
        let config = VideoEncoderConfiguration {
            dimensions: Dimensions { width: size.0, height: size.1 },
            frame_rate,
            key_frame_interval,
            bitrate,
            min_bitrate,
            orientation_mode: by_number!(OrientationMode, orientation),
            mirror_mode: by_number!(MirrorMode, mirror),
            rotation_mode: by_number!(RotationMode, rotation),
        };
        self.call(py, |engine| engine.set_video_encoder_configuration(&config))
    }

    fn set_screen_share_encoder_configuration(
        &self,
        py: Python<'_>,
        size: (u32, u32),
        frame_rate: u32,
        bitrate: u32,
        rotation: i64,
    ) -> Answer {
        let config = ScreenShareEncoderConfiguration {
            dimensions: Dimensions { width: size.0, height: size.1 },
            frame_rate,
            bitrate,
            rotation_mode: by_number!(RotationMode, rotation),
        };
        self.call(py, |engine| engine.set_screen_share_encoder_configuration(&config))
    }

    fn set_remote_video_stream_type(&self, py: Python<'_>, uid: &str, kind: i64) -> Answer {
        let kind = by_number!(VideoStreamType, kind);
        self.call(py, |engine| engine.set_remote_video_stream_type(uid, kind))
    }

    fn mute_local_camera(&self, py: Python<'_>, mute: bool) -> Answer {
        self.call(py, |engine| engine.mute_local_camera(mute))
    }

    fn mute_local_mic(&self, py: Python<'_>, mute: bool) -> Answer {
        self.call(py, |engine| engine.mute_local_mic(mute))
    }

    fn set_client_role(&self, py: Python<'_>, role: i64) -> Answer {
        let role = by_number!(ClientRole, role);
        self.call(py, |engine| engine.set_client_role(role))
    }

    fn set_remote_default_video_stream_type(&self, py: Python<'_>, kind: i64) -> Answer {
        let kind = by_number!(VideoStreamType, kind);
        self.call(py, |engine| engine.set_remote_default_video_stream_type(kind))
    }

    fn leave_once_no_streamer(&self, py: Python<'_>, enable: bool) -> Answer {
        self.call(py, |engine| engine.leave_once_no_streamer(enable))
    }

    fn set_period_for_check_people(&self, py: Python<'_>, seconds: i32) -> Answer {
        self.call(py, |engine| engine.set_period_for_check_people(seconds))
    }

    fn set_parameter(&self, py: Python<'_>, params: &str) -> Answer {
        self.call(py, |engine| engine.set_parameter(params))
    }

    fn send_data_channel_message(
        &self,
        py: Python<'_>,
        kind: i64,
        network_time: i64,
        progress: i32,
        data: &Bound<'_, PyAny>,
        data_len: usize,
    ) -> Answer {
        let kind = by_number!(DataMsgType, kind);
        self.call_with(py, ("send_data_channel_message", "data_len"), data, data_len, |engine, data| {
            engine.send_data_channel_message(&DataChannelMsg { kind, network_time, progress, data })
        })
    }

    /// The token of these; `ValueError` says which of them is wrong.
    #[staticmethod]
    fn generate_token(
        app_id: String,
        app_key: &str,
        channel: String,
        user_id: String,
        nonce: String,
        timestamp: i64,
    ) -> PyResult<String> {
        let mut info = AuthInfo { app_id, channel, user_id, nonce, timestamp, ..AuthInfo::default() };
        let token = artc_bindings::token::generate(&mut info, app_key);
        token.map(|token| token.expose().to_owned()).map_err(|error| PyValueError::new_err(error.to_string()))
    }
}
