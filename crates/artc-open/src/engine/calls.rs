//! The documented methods.

use std::sync::Arc;

use artc_bindings::{
    AudioQualityMode, AudioSceneMode, CallError, ClientRole, DataChannelMsg, Engine, ErrorCode, Event, EventQueue, Extensions,
    JoinChannelConfig, RenderMode, ScreenShareEncoderConfiguration, Secret, VideoDataFormat, VideoDataSample,
    VideoEncoderConfiguration, VideoSource, VideoStreamType, VideoTrack, check,
};
use media::PcmFormat;

use super::OpenEngine;
use crate::audio::Profile;
use crate::command::{Command, Join, Local};
use crate::shared::Calls;
use crate::token;

/// Longest channel and user names.
const MAX_NAME: usize = 256;

impl OpenEngine {
    /// The flags, unless the engine was released.
    fn alive(&self, method: &'static str) -> Result<std::sync::MutexGuard<'_, Calls>, CallError> {
        let calls = self.shared.calls();
        if calls.released { Err(CallError::Released { method }) } else { Ok(calls) }
    }

    /// The flags, if a channel is joined.
    fn in_channel(&self, method: &'static str) -> Result<std::sync::MutexGuard<'_, Calls>, CallError> {
        let calls = self.alive(method)?;
        if calls.channel.is_none() { Err(CallError::NotJoined { method }) } else { Ok(calls) }
    }

    /// Another user of the channel that is joined; whether there is one of this name only the channel knows.
    fn somebody(&self, method: &'static str, uid: &str) -> Result<(), CallError> {
        let calls = self.in_channel(method)?;
        check::somebody(method, uid, &calls.user_id)
    }

    fn publish(&self, method: &'static str, local: Local, on: bool, set: impl FnOnce(&mut Calls)) -> Result<(), CallError> {
        let mut calls = self.alive(method)?;
        if on && calls.channel.is_some() && calls.has_roles() && calls.role == Some(ClientRole::Live) {
            return Err(check::viewer_publishes(method));
        }
        set(&mut calls);
        self.command(method, Command::Publish(local, on))
    }
}

/// What the token says must be what the call says; the server checks the rest.
fn check_join(token: &str, channel_id: &str, user_id: &str) -> Result<(), CallError> {
    let bad = |code, why: String| Err(CallError::BadJoin { code, why });
    if token.trim().is_empty() {
        return bad(ErrorCode::JoinConfigInvalid, "the token is empty".into());
    }
    for (name, value) in [("channel_id", channel_id), ("user_id", user_id)] {
        if value.is_empty() || value.len() > MAX_NAME {
            return bad(ErrorCode::JoinBadParam, format!("{name} must have 1 to {MAX_NAME} bytes, not {}", value.len()));
        }
    }
    let Some(claims) = token::peek(token) else { return Ok(()) };
    if let Some(room) = claims.room.filter(|room| room != channel_id) {
        return bad(ErrorCode::JoinBadChannel, format!("the token is for channel {room:?}, not {channel_id:?}"));
    }
    if let Some(identity) = claims.identity.filter(|identity| identity != user_id) {
        return bad(ErrorCode::JoinBadToken, format!("the token is for user {identity:?}, not {user_id:?}"));
    }
    Ok(())
}

impl Engine for OpenEngine {
    fn release(&self) {
        self.shut_down();
    }

    fn event_handler(&self) -> Arc<EventQueue> {
        Arc::clone(&self.events)
    }

    fn join_channel(
        &self,
        token: &str,
        channel_id: &str,
        user_id: &str,
        user_name: &str,
        config: &JoinChannelConfig,
    ) -> Result<(), CallError> {
        const METHOD: &str = "join_channel";
        let mut calls = self.alive(METHOD)?;
        if let Some(channel) = &calls.channel {
            return Err(CallError::AlreadyJoined { channel: channel.clone() });
        }
        check_join(token, channel_id, user_id)?;
        let join = Join {
            token: Secret::new(token),
            channel: channel_id.to_owned(),
            user_id: user_id.to_owned(),
            user_name: user_name.to_owned(),
            config: config.clone(),
        };
        self.command(METHOD, Command::Join(Box::new(join)))?;
        self.keep_time(config);
        calls.channel = Some(channel_id.to_owned());
        user_id.clone_into(&mut calls.user_id);
        calls.profile = config.channel_profile;
        Ok(())
    }

    fn leave_channel(&self) -> Result<(), CallError> {
        const METHOD: &str = "leave_channel";
        drop(self.in_channel(METHOD)?);
        self.command(METHOD, Command::Leave)
    }

    fn is_local_video_stream_published(&self) -> bool {
        let calls = self.shared.calls();
        calls.publish_video && !calls.released
    }

    fn is_local_screen_publish_enabled(&self) -> bool {
        let calls = self.shared.calls();
        calls.publish_screen && !calls.released
    }

    fn is_local_audio_stream_published(&self) -> bool {
        let calls = self.shared.calls();
        calls.publish_audio && !calls.released
    }

    fn is_dual_stream_published(&self) -> bool {
        let calls = self.shared.calls();
        calls.publish_small && !calls.released
    }

    fn set_external_video_source(
        &self,
        enable: bool,
        source_type: VideoSource,
        render_mode: RenderMode,
    ) -> Result<(), CallError> {
        const METHOD: &str = "set_external_video_source";
        self.alive(METHOD)?.sources[source_type as usize] = enable;
        if enable {
            self.ensure_video_thread(source_type)?;
            self.command(METHOD, Command::Render(source_type.into(), render_mode))?;
        }
        self.command(METHOD, Command::Source(source_type.into(), enable))
    }

    fn push_external_video_frame(&self, frame: &VideoDataSample, source_type: VideoSource) -> Result<(), CallError> {
        const METHOD: &str = "push_external_video_frame";
        let calls = self.alive(METHOD)?;
        if !calls.sources[source_type as usize] {
            return Err(CallError::SourceOff { method: METHOD });
        }
        let outside = calls.channel.is_none();
        drop(calls);
        if outside && !self.video[source_type as usize].is_tapped() {
            return Err(CallError::NotJoined { method: METHOD });
        }
        frame.check()?;
        if frame.rotation != 0 && frame.format == VideoDataFormat::H264 {
            let why =
                format!("is {}; access units are passed on as they are: turn the picture before encoding it", frame.rotation);
            return Err(CallError::BadArgument { method: METHOD, argument: "rotation", why });
        }
        self.push_picture(METHOD, frame, source_type)
    }

    fn set_external_audio_source(&self, enable: bool, sample_rate: u32, channels_per_frame: u32) -> Result<(), CallError> {
        const METHOD: &str = "set_external_audio_source";
        drop(self.alive(METHOD)?);
        check::audio_source(enable, sample_rate, channels_per_frame)?;
        let format = PcmFormat { rate: sample_rate, channels: channels_per_frame as u16 };
        self.audio.set_format(enable.then_some(format));
        if enable {
            self.ensure_audio_thread()?;
        }
        self.command(METHOD, Command::Source(Local::Microphone, enable))
    }

    fn push_external_audio_frame_raw_data(&self, audio_samples: &[u8], timestamp: i64) -> Result<(), CallError> {
        const METHOD: &str = "push_external_audio_frame_raw_data";
        drop(if self.audio.is_tapped() { self.alive(METHOD)? } else { self.in_channel(METHOD)? });
        self.push_sound(METHOD, audio_samples, timestamp)
    }

    fn set_audio_profile(&self, audio_profile: AudioQualityMode, audio_scene: AudioSceneMode) -> Result<(), CallError> {
        drop(self.alive("set_audio_profile")?);
        self.audio.set_profile(Profile::new(audio_profile, audio_scene));
        Ok(())
    }

    fn set_external_audio_publish_volume(&self, volume: i32) -> Result<(), CallError> {
        drop(self.alive("set_external_audio_publish_volume")?);
        check::volume(volume)?;
        self.audio.set_volume(volume);
        Ok(())
    }

    fn external_audio_publish_volume(&self) -> i32 {
        if self.shared.calls().released { 0 } else { self.audio.volume() }
    }

    fn send_media_extension_msg(
        &self,
        message: &[u8],
        repeat_count: i32,
        delay: u32,
        is_key_frame: bool,
    ) -> Result<(), CallError> {
        let calls = self.in_channel("send_media_extension_msg")?;
        check::sei(message, repeat_count)?;
        // It rides on the camera; on the screen only where that is all there is.
        let [camera, screen] = calls.sources;
        drop(calls);
        let carrier = if screen && !camera { VideoSource::ScreenShare } else { VideoSource::Camera };
        let times = u32::try_from(repeat_count).ok().map(|times| times.max(1));
        let not_before = self.clock.monotonic() + std::time::Duration::from_millis(u64::from(delay));
        self.video[carrier as usize].attach(message, times, not_before, is_key_frame);
        Ok(())
    }

    fn publish_local_dual_stream(&self, enabled: bool) -> Result<(), CallError> {
        self.publish("publish_local_dual_stream", Local::Small, enabled, |calls| calls.publish_small = enabled)
    }

    fn publish_local_video_stream(&self, enabled: bool) -> Result<(), CallError> {
        self.publish("publish_local_video_stream", Local::Camera, enabled, |calls| calls.publish_video = enabled)
    }

    fn publish_local_audio_stream(&self, enabled: bool) -> Result<(), CallError> {
        self.publish("publish_local_audio_stream", Local::Microphone, enabled, |calls| calls.publish_audio = enabled)
    }

    fn publish_screen_share_stream(&self, enabled: bool) -> Result<(), CallError> {
        self.publish("publish_screen_share_stream", Local::Screen, enabled, |calls| calls.publish_screen = enabled)
    }

    fn subscribe_remote_audio_stream(&self, uid: &str, sub: bool) -> Result<(), CallError> {
        const METHOD: &str = "subscribe_remote_audio_stream";
        self.somebody(METHOD, uid)?;
        self.command(METHOD, Command::SubscribeAudio(uid.to_owned(), sub))
    }

    fn subscribe_remote_video_stream(&self, uid: &str, video_track: VideoTrack, sub: bool) -> Result<(), CallError> {
        const METHOD: &str = "subscribe_remote_video_stream";
        self.somebody(METHOD, uid)?;
        if video_track == VideoTrack::No {
            return Ok(());
        }
        self.command(METHOD, Command::SubscribeVideo(uid.to_owned(), video_track, sub))
    }

    fn set_video_encoder_configuration(&self, config: &VideoEncoderConfiguration) -> Result<(), CallError> {
        const METHOD: &str = "set_video_encoder_configuration";
        drop(self.alive(METHOD)?);
        self.command(METHOD, Command::CameraEncoding(*config))
    }

    fn set_screen_share_encoder_configuration(&self, config: &ScreenShareEncoderConfiguration) -> Result<(), CallError> {
        const METHOD: &str = "set_screen_share_encoder_configuration";
        drop(self.alive(METHOD)?);
        self.command(METHOD, Command::ScreenEncoding(*config))
    }

    fn set_remote_video_stream_type(&self, uid: &str, stream_type: VideoStreamType) -> Result<(), CallError> {
        const METHOD: &str = "set_remote_video_stream_type";
        self.somebody(METHOD, uid)?;
        self.command(METHOD, Command::RemoteStream(uid.to_owned(), stream_type))
    }

    fn mute_local_camera(&self, mute: bool) -> Result<(), CallError> {
        const METHOD: &str = "mute_local_camera";
        drop(self.alive(METHOD)?);
        self.command(METHOD, Command::Mute(Local::Camera, mute))
    }

    fn mute_local_mic(&self, mute: bool) -> Result<(), CallError> {
        const METHOD: &str = "mute_local_mic";
        drop(self.alive(METHOD)?);
        self.command(METHOD, Command::Mute(Local::Microphone, mute))
    }

    fn set_client_role(&self, client_role: ClientRole) -> Result<(), CallError> {
        const METHOD: &str = "set_client_role";
        let mut calls = self.alive(METHOD)?;
        let old_role = calls.effective_role();
        if old_role == client_role {
            // What was so by itself is so by wish from now on.
            if calls.role.is_none() {
                self.command(METHOD, Command::Role(client_role))?;
                calls.role = Some(client_role);
            }
            return Ok(());
        }
        // What was just stopped may still be on its way out.
        let allowed = [calls.publish_video, calls.publish_screen, calls.publish_audio];
        let publishes = allowed.into_iter().zip(calls.publishing).any(|(allowed, publishing)| allowed && publishing);
        if client_role == ClientRole::Live && publishes && calls.has_roles() {
            return Err(check::publishing_viewer(METHOD));
        }
        self.command(METHOD, Command::Role(client_role))?;
        calls.role = Some(client_role);
        drop(calls);
        self.events.push(Event::UpdateRoleNotify { old_role, new_role: client_role });
        Ok(())
    }

    fn set_remote_default_video_stream_type(&self, stream_type: VideoStreamType) -> Result<(), CallError> {
        const METHOD: &str = "set_remote_default_video_stream_type";
        drop(self.alive(METHOD)?);
        self.command(METHOD, Command::DefaultStream(stream_type))
    }

    fn leave_once_no_streamer(&self, enable: bool) -> Result<(), CallError> {
        const METHOD: &str = "leave_once_no_streamer";
        drop(self.alive(METHOD)?);
        self.command(METHOD, Command::LeaveOnceNoStreamer(enable))
    }

    fn set_period_for_check_people(&self, seconds: i32) -> Result<(), CallError> {
        const METHOD: &str = "set_period_for_check_people";
        drop(self.alive(METHOD)?);
        self.command(METHOD, Command::CheckPeople(seconds))
    }

    fn set_parameter(&self, params: &str) -> Result<(), CallError> {
        const METHOD: &str = "set_parameter";
        let mut calls = self.alive(METHOD)?;
        let parameters = check::parameters(params)?;
        let (send, receive) = (parameters.data.enable_pub_data_channel, parameters.data.enable_sub_data_channel);
        calls.data_out = send.unwrap_or(calls.data_out);
        self.command(METHOD, Command::DataSwitches(send, receive))
    }

    fn send_data_channel_message(&self, ctrl_msg: &DataChannelMsg) -> Result<(), CallError> {
        const METHOD: &str = "send_data_channel_message";
        let calls = self.in_channel(METHOD)?;
        if !calls.data_out {
            return Err(check::data_channel_off(METHOD));
        }
        if calls.has_roles() && calls.role == Some(ClientRole::Live) {
            return Err(check::viewer_sends(METHOD));
        }
        drop(calls);
        check::data(METHOD, ctrl_msg.data.len())?;
        self.command(METHOD, Command::Data(ctrl_msg.clone()))
    }

    fn extensions(&self) -> Option<&dyn Extensions> {
        Some(self)
    }
}
