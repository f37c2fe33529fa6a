//! The documented methods on the vendor's SDK: judged here, asked there.

use std::io;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};

use super::keeper::{Inner, Shared, try_once};
use super::link::{gone, packet};
use super::memory::SOUND;
use super::mirror::{Phase, Track};
use super::options::Options;
use super::process::Ways;
use super::push::{Kind, Piece};
use super::values;
use crate::audio::{AudioQualityMode, AudioSceneMode};
use crate::channel::{ClientRole, JoinChannelConfig};
use crate::check;
use crate::encoder::{ScreenShareEncoderConfiguration, VideoEncoderConfiguration};
use crate::engine::Engine;
use crate::error::{CallError, CreateError, ErrorCode};
use crate::event::Event;
use crate::extensions::Extensions;
use crate::frame::DataChannelMsg;
use crate::queue::EventQueue;
use crate::sample::{SampleError, VideoDataSample};
use crate::track::{RenderMode, VideoSource, VideoStreamType, VideoTrack};

/// An engine of the vendor's SDK.
#[derive(Debug)]
pub struct SdkEngine {
    shared: Arc<Shared>,
}

type Call = Result<(), CallError>;

/// The line of the sound's time stamps, after those of camera and screen.
const SOUND_LINE: usize = 2;

impl SdkEngine {
    /// Starts the SDK and makes its engine; waits until it is there or says why not.
    ///
    /// # Errors
    /// [`CreateError::Setting`] for a folder that has no SDK, or a wrong one, with what was looked for where;
    /// [`CreateError::Environment`] for a Python that does not start, or an SDK that dies or hangs while it loads.
    pub fn create(options: Options) -> Result<Arc<dyn Engine>, CreateError> {
        Ok(Arc::new(Self { shared: Shared::start(options)? }))
    }

    /// Loads the SDK once, makes nothing of it and lets it go. What was found: modules, Python, machine.
    ///
    /// # Errors
    /// As of [`SdkEngine::create`].
    pub fn look(options: &Options) -> Result<Vec<String>, CreateError> {
        try_once(options)
    }

    fn alive(&self, method: &'static str) -> Result<MutexGuard<'_, Inner>, CallError> {
        let inner = self.shared.lock();
        inner.mirror.alive(method)?;
        Ok(inner)
    }

    fn in_channel(&self, method: &'static str) -> Result<MutexGuard<'_, Inner>, CallError> {
        let inner = self.shared.lock();
        inner.mirror.in_channel(method)?;
        Ok(inner)
    }

    /// A setting: asked of the SDK now, and of every later one.
    fn set(&self, mut inner: MutexGuard<'_, Inner>, method: &'static str, name: &str, about: &str, arguments: &Value) -> Call {
        inner.mirror.note(name, about, arguments);
        send(inner.ways.as_deref(), method, &packet(name, arguments, &[]))
    }

    fn publish(&self, method: &'static str, name: &str, track: Track, enabled: bool) -> Call {
        let mut inner = self.alive(method)?;
        if enabled && inner.mirror.phase != Phase::Idle && inner.mirror.is_viewer() {
            return Err(check::viewer_publishes(method));
        }
        inner.mirror.allowed[track as usize] = enabled;
        self.set(inner, method, name, "", &json!([enabled]))
    }

    fn allowed(&self, track: Track) -> bool {
        let inner = self.shared.lock();
        !inner.mirror.released && inner.mirror.allowed[track as usize]
    }

    fn subscribe(&self, method: &'static str, name: &str, uid: &str, arguments: &Value) -> Call {
        let inner = self.in_channel(method)?;
        check::somebody(method, uid, &inner.mirror.user)?;
        send(inner.ways.as_deref(), method, &packet(name, arguments, &[]))
    }
}

/// Hands a packet to the child, if there is one.
pub(super) fn send(ways: Option<&Ways>, method: &'static str, packet: &[u8]) -> Call {
    let Some(ways) = ways else { return Ok(()) };
    match ways.send(packet) {
        Ok(()) => Ok(()),
        Err(why) if why.kind() == io::ErrorKind::WouldBlock => Err(CallError::BufferFull { method }),
        // It has just died: its keeper tells so.
        Err(why) if gone(&why) => Ok(()),
        Err(why) => Err(CallError::Failed { method, code: ErrorCode::Inner, why: format!("the SDK's process: {why}") }),
    }
}

impl Drop for SdkEngine {
    fn drop(&mut self) {
        self.release();
    }
}

impl Engine for SdkEngine {
    fn release(&self) {
        self.shared.release();
    }

    fn event_handler(&self) -> Arc<EventQueue> {
        Arc::clone(&self.shared.queue)
    }

    fn join_channel(&self, token: &str, channel_id: &str, user_id: &str, user_name: &str, config: &JoinChannelConfig) -> Call {
        const METHOD: &str = "join_channel";
        let mut inner = self.alive(METHOD)?;
        if inner.mirror.phase != Phase::Idle {
            return Err(CallError::AlreadyJoined { channel: inner.mirror.channel.clone() });
        }
        check::join(token, channel_id, user_id)?;
        self.shared.said.keep_secret(token);
        let user_name = if user_name.is_empty() { user_id } else { user_name };
        let packet = packet("JoinChannel", &json!([token, channel_id, user_id, user_name, values::join(config)]), &[]);
        send(inner.ways.as_deref(), METHOD, &packet)?;
        inner.mirror.joining(channel_id, user_id, config);
        inner.mirror.waiting = inner.ways.is_none().then_some(packet);
        Ok(())
    }

    fn leave_channel(&self) -> Call {
        const METHOD: &str = "leave_channel";
        let mut inner = self.in_channel(METHOD)?;
        if inner.mirror.phase == Phase::Leaving {
            return Err(CallError::NotJoined { method: METHOD });
        }
        send(inner.ways.as_deref(), METHOD, &packet("LeaveChannel", &json!([]), &[]))?;
        if inner.ways.is_some() {
            inner.mirror.phase = Phase::Leaving;
        } else {
            // Nobody has joined yet.
            inner.mirror.out();
            self.shared.queue.push(Event::LeaveChannelResult { result: ErrorCode::Ok });
        }
        Ok(())
    }

    fn is_local_video_stream_published(&self) -> bool {
        self.allowed(Track::Camera)
    }

    fn is_local_screen_publish_enabled(&self) -> bool {
        self.allowed(Track::Screen)
    }

    fn is_local_audio_stream_published(&self) -> bool {
        self.allowed(Track::Sound)
    }

    fn is_dual_stream_published(&self) -> bool {
        self.allowed(Track::Small)
    }

    fn set_external_video_source(&self, enable: bool, source_type: VideoSource, render_mode: RenderMode) -> Call {
        const METHOD: &str = "set_external_video_source";
        let mut inner = self.alive(METHOD)?;
        inner.mirror.sources[source_type as usize] = enable;
        let arguments = json!([enable, source_type.value(), render_mode.value()]);
        self.set(inner, METHOD, "SetExternalVideoSource", source_type.name(), &arguments)
    }

    fn push_external_video_frame(&self, frame: &VideoDataSample, source_type: VideoSource) -> Call {
        const METHOD: &str = "push_external_video_frame";
        let inner = self.alive(METHOD)?;
        if !inner.mirror.is_on(source_type) {
            return Err(CallError::SourceOff { method: METHOD });
        }
        inner.mirror.in_channel(METHOD)?;
        let line = source_type as usize;
        let (ways, later) = (inner.ways.clone(), inner.mirror.lines.later(line, frame.time_stamp));
        // The copy is made without the lock, so that no call waits for it.
        drop(inner);
        frame.check()?;
        if let Some(last) = later {
            return Err(SampleError::Backwards { time_stamp: frame.time_stamp, last }.into());
        }
        let Some(ways) = ways else { return Ok(()) };
        let piece = Piece { kind: Kind::Picture, line, stamp: frame.time_stamp, bytes: frame.bytes() };
        self.shared.push(&ways, &piece, |slot| {
            packet("!picture", &json!([slot, 0.01, [source_type.value(), values::sample(frame)]]), &[])
        })
    }

    fn set_external_audio_source(&self, enable: bool, sample_rate: u32, channels_per_frame: u32) -> Call {
        const METHOD: &str = "set_external_audio_source";
        let mut inner = self.alive(METHOD)?;
        check::audio_source(enable, sample_rate, channels_per_frame)?;
        inner.mirror.sound = enable.then_some((sample_rate, channels_per_frame));
        // The documents give no numbers for "off"; these are in every range.
        let (rate, channels) = inner.mirror.sound.unwrap_or((48_000, 1));
        self.set(inner, METHOD, "SetExternalAudioSource", "", &json!([enable, rate, channels]))
    }

    fn push_external_audio_frame_raw_data(&self, audio_samples: &[u8], timestamp: i64) -> Call {
        const METHOD: &str = "push_external_audio_frame_raw_data";
        let inner = self.alive(METHOD)?;
        let Some((rate, channels)) = inner.mirror.sound else { return Err(CallError::SourceOff { method: METHOD }) };
        inner.mirror.in_channel(METHOD)?;
        let (ways, later) = (inner.ways.clone(), inner.mirror.lines.later(SOUND_LINE, timestamp));
        drop(inner);
        let count = check::pcm(audio_samples.len(), channels)?;
        if audio_samples.len() > SOUND {
            let why = format!("{} bytes are too many for one call; {SOUND} fit", audio_samples.len());
            return Err(CallError::BadAudio { why });
        }
        if let Some(last) = later {
            return Err(check::sound_backwards(timestamp, last));
        }
        let Some(ways) = ways else { return Ok(()) };
        let duration = Duration::from_secs(1) * u32::try_from(count).unwrap_or(u32::MAX) / rate;
        let piece = Piece { kind: Kind::Sound, line: SOUND_LINE, stamp: timestamp, bytes: audio_samples };
        self.shared.push(&ways, &piece, |slot| {
            packet("!sound", &json!([slot, duration.as_secs_f64(), [audio_samples.len(), timestamp]]), &[])
        })
    }

    fn set_audio_profile(&self, audio_profile: AudioQualityMode, audio_scene: AudioSceneMode) -> Call {
        const METHOD: &str = "set_audio_profile";
        let arguments = json!([audio_profile.value(), audio_scene.value()]);
        self.set(self.alive(METHOD)?, METHOD, "SetAudioProfile", "", &arguments)
    }

    fn set_external_audio_publish_volume(&self, volume: i32) -> Call {
        const METHOD: &str = "set_external_audio_publish_volume";
        let mut inner = self.alive(METHOD)?;
        check::volume(volume)?;
        inner.mirror.volume = volume;
        self.set(inner, METHOD, "SetExternalAudioPublishVolume", "", &json!([volume]))
    }

    fn external_audio_publish_volume(&self) -> i32 {
        let inner = self.shared.lock();
        if inner.mirror.released { 0 } else { inner.mirror.volume }
    }

    fn send_media_extension_msg(&self, message: &[u8], repeat_count: i32, delay: u32, is_key_frame: bool) -> Call {
        const METHOD: &str = "send_media_extension_msg";
        let inner = self.in_channel(METHOD)?;
        check::sei(message, repeat_count)?;
        let arguments = json!([repeat_count, delay, is_key_frame]);
        send(inner.ways.as_deref(), METHOD, &packet("SendMediaExtensionMsg", &arguments, message))
    }

    fn publish_local_dual_stream(&self, enabled: bool) -> Call {
        self.publish("publish_local_dual_stream", "PublishLocalDualStream", Track::Small, enabled)
    }

    fn publish_local_video_stream(&self, enabled: bool) -> Call {
        self.publish("publish_local_video_stream", "PublishLocalVideoStream", Track::Camera, enabled)
    }

    fn publish_local_audio_stream(&self, enabled: bool) -> Call {
        self.publish("publish_local_audio_stream", "PublishLocalAudioStream", Track::Sound, enabled)
    }

    fn publish_screen_share_stream(&self, enabled: bool) -> Call {
        self.publish("publish_screen_share_stream", "PublishScreenShareStream", Track::Screen, enabled)
    }

    fn subscribe_remote_audio_stream(&self, uid: &str, sub: bool) -> Call {
        self.subscribe("subscribe_remote_audio_stream", "SubscribeRemoteAudioStream", uid, &json!([uid, sub]))
    }

    fn subscribe_remote_video_stream(&self, uid: &str, video_track: VideoTrack, sub: bool) -> Call {
        let arguments = json!([uid, video_track.value(), sub]);
        self.subscribe("subscribe_remote_video_stream", "SubscribeRemoteVideoStream", uid, &arguments)
    }

    fn set_video_encoder_configuration(&self, config: &VideoEncoderConfiguration) -> Call {
        const METHOD: &str = "set_video_encoder_configuration";
        self.set(self.alive(METHOD)?, METHOD, "SetVideoEncoderConfiguration", "", &json!([values::camera(&config.clamped())]))
    }

    fn set_screen_share_encoder_configuration(&self, config: &ScreenShareEncoderConfiguration) -> Call {
        const METHOD: &str = "set_screen_share_encoder_configuration";
        let arguments = json!([values::screen(&config.clamped())]);
        self.set(self.alive(METHOD)?, METHOD, "SetScreenShareEncoderConfiguration", "", &arguments)
    }

    fn set_remote_video_stream_type(&self, uid: &str, stream_type: VideoStreamType) -> Call {
        let arguments = json!([uid, stream_type.value()]);
        self.subscribe("set_remote_video_stream_type", "SetRemoteVideoStreamType", uid, &arguments)
    }

    fn mute_local_camera(&self, mute: bool) -> Call {
        const METHOD: &str = "mute_local_camera";
        self.set(self.alive(METHOD)?, METHOD, "MuteLocalCamera", "", &json!([mute]))
    }

    fn mute_local_mic(&self, mute: bool) -> Call {
        const METHOD: &str = "mute_local_mic";
        self.set(self.alive(METHOD)?, METHOD, "MuteLocalMic", "", &json!([mute]))
    }

    fn set_client_role(&self, client_role: ClientRole) -> Call {
        const METHOD: &str = "set_client_role";
        let mut inner = self.alive(METHOD)?;
        if client_role == ClientRole::Live && inner.mirror.publishes() {
            return Err(check::publishing_viewer(METHOD));
        }
        inner.mirror.set_role(client_role);
        self.set(inner, METHOD, "SetClientRole", "", &json!([client_role.value()]))
    }

    fn set_remote_default_video_stream_type(&self, stream_type: VideoStreamType) -> Call {
        const METHOD: &str = "set_remote_default_video_stream_type";
        let arguments = json!([stream_type.value()]);
        self.set(self.alive(METHOD)?, METHOD, "SetRemoteDefaultVideoStreamType", "", &arguments)
    }

    fn leave_once_no_streamer(&self, enable: bool) -> Call {
        const METHOD: &str = "leave_once_no_streamer";
        self.set(self.alive(METHOD)?, METHOD, "LeaveOnceNoStreamer", "", &json!([enable]))
    }

    fn set_period_for_check_people(&self, seconds: i32) -> Call {
        const METHOD: &str = "set_period_for_check_people";
        self.set(self.alive(METHOD)?, METHOD, "SetPeriodForCheckPeople", "", &json!([seconds]))
    }

    fn set_parameter(&self, params: &str) -> Call {
        const METHOD: &str = "set_parameter";
        let mut inner = self.alive(METHOD)?;
        let parsed = check::parameters(params)?;
        inner.mirror.sends_data = parsed.data.enable_pub_data_channel.unwrap_or(inner.mirror.sends_data);
        // A later SDK is told everything that was ever set.
        let all = inner.mirror.merge_parameters(params);
        inner.mirror.note("SetParameter", "", &json!([all]));
        send(inner.ways.as_deref(), METHOD, &packet("SetParameter", &json!([params]), &[]))
    }

    fn send_data_channel_message(&self, ctrl_msg: &DataChannelMsg) -> Call {
        const METHOD: &str = "send_data_channel_message";
        let inner = self.alive(METHOD)?;
        check::data(METHOD, ctrl_msg.data.len())?;
        if !inner.mirror.sends_data {
            return Err(check::data_channel_off(METHOD));
        }
        if inner.mirror.is_viewer() {
            return Err(check::viewer_sends(METHOD));
        }
        inner.mirror.in_channel(METHOD)?;
        let message = json!([values::message(ctrl_msg)]);
        send(inner.ways.as_deref(), METHOD, &packet("SendDataChannelMessage", &message, &ctrl_msg.data))
    }

    fn extensions(&self) -> Option<&dyn Extensions> {
        // The vendor's API has none of it.
        None
    }
}
