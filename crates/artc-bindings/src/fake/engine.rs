//! The documented methods on a fake engine.

use std::sync::Arc;
use std::time::Duration;

use crate::audio::{AudioQualityMode, AudioSceneMode};
use crate::channel::{ClientRole, JoinChannelConfig};
use crate::check;
use crate::encoder::{ScreenShareEncoderConfiguration, VideoEncoderConfiguration};
use crate::engine::Engine;
use crate::error::CallError;
use crate::event::Event;
use crate::extensions::Extensions;
use crate::fake::extensions::room_on_agenda;
use crate::fake::member::{Join, Member, Phase, Sei, Track};
use crate::fake::state::{Effect, State};
use crate::fake::world::World;
use crate::frame::DataChannelMsg;
use crate::queue::EventQueue;
use crate::sample::VideoDataSample;
use crate::track::{RenderMode, VideoSource, VideoStreamType, VideoTrack};

/// An engine of a [`World`].
#[derive(Debug)]
pub struct FakeEngine {
    pub(super) world: Arc<World>,
    pub(super) id: usize,
    queue: Arc<EventQueue>,
}

type Call = Result<(), CallError>;

impl FakeEngine {
    pub(super) fn new(world: Arc<World>, id: usize, queue: Arc<EventQueue>) -> Self {
        Self { world, id, queue }
    }

    /// The world of this engine.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// The camera's encoder settings as the engine works with them, clamped.
    pub fn video_encoder_configuration(&self) -> VideoEncoderConfiguration {
        self.world.lock().members[self.id].encoder
    }

    /// The screen's encoder settings as the engine works with them, clamped.
    pub fn screen_share_encoder_configuration(&self) -> ScreenShareEncoderConfiguration {
        self.world.lock().members[self.id].screen_encoder
    }

    /// Quality and scene as set.
    pub fn audio_profile(&self) -> (AudioQualityMode, AudioSceneMode) {
        self.world.lock().members[self.id].audio_profile
    }

    /// Runs a call on the world unless the engine was released.
    pub(super) fn call(&self, method: &'static str, act: impl FnOnce(&mut State, usize) -> Call) -> Call {
        let mut state = self.world.lock();
        if state.members[self.id].released {
            return Err(CallError::Released { method });
        }
        act(&mut state, self.id)
    }

    /// Runs a call that only changes this engine's own settings.
    fn set(&self, method: &'static str, act: impl FnOnce(&mut Member)) -> Call {
        self.call(method, |state, id| {
            act(&mut state.members[id]);
            Ok(())
        })
    }

    fn query<T>(&self, off: T, ask: impl FnOnce(&Member) -> T) -> T {
        let state = self.world.lock();
        let member = &state.members[self.id];
        if member.released { off } else { ask(member) }
    }

    fn publish(&self, method: &'static str, track: Track, enabled: bool) -> Call {
        self.call(method, |state, id| {
            let member = &mut state.members[id];
            let viewer = member.phase == Phase::Joined && member.profile_has_roles() && member.role == Some(ClientRole::Live);
            if enabled && viewer {
                return Err(check::viewer_publishes(method));
            }
            member.track_mut(track).wanted = Some(enabled);
            state.sync_tracks(id);
            state.settle(id);
            Ok(())
        })
    }

    /// Changes a subscription of a user in the channel.
    fn subscribe(&self, method: &'static str, uid: &str, act: impl FnOnce(&mut crate::fake::member::Remote)) -> Call {
        self.call(method, |state, id| {
            check::uid(method, uid)?;
            if state.members[id].phase != Phase::Joined {
                return Err(CallError::NotJoined { method });
            }
            check::somebody(method, uid, state.members[id].user_id().unwrap_or_default())?;
            act(state.members[id].remotes.entry(uid.to_owned()).or_insert_with(crate::fake::member::Remote::new));
            state.settle(id);
            Ok(())
        })
    }
}

impl Drop for FakeEngine {
    fn drop(&mut self) {
        self.release();
    }
}

impl Engine for FakeEngine {
    fn release(&self) {
        let mut state = self.world.lock();
        if state.members[self.id].released {
            return;
        }
        state.members[self.id].released = true;
        self.queue.close();
        if state.members[self.id].join.is_some() {
            state.depart(self.id, Phase::Idle);
            state.members[self.id].join = None;
        }
    }

    fn event_handler(&self) -> Arc<EventQueue> {
        Arc::clone(&self.queue)
    }

    fn join_channel(&self, token: &str, channel_id: &str, user_id: &str, user_name: &str, config: &JoinChannelConfig) -> Call {
        self.call("join_channel", |state, id| {
            if let Some(join) = &state.members[id].join {
                return Err(CallError::AlreadyJoined { channel: join.channel.clone() });
            }
            check::join(token, channel_id, user_id)?;
            let join = Join {
                number: 0,
                token: token.to_owned(),
                channel: channel_id.to_owned(),
                user_id: user_id.to_owned(),
                user_name: user_name.to_owned(),
                config: config.clone(),
            };
            state.start_join(id, join);
            Ok(())
        })
    }

    fn leave_channel(&self) -> Call {
        self.call("leave_channel", |state, id| {
            if matches!(state.members[id].phase, Phase::Idle | Phase::Leaving) {
                return Err(CallError::NotJoined { method: "leave_channel" });
            }
            state.start_leave(id);
            Ok(())
        })
    }

    fn is_local_video_stream_published(&self) -> bool {
        self.query(false, |member| member.allowed(Track::Camera))
    }

    fn is_local_screen_publish_enabled(&self) -> bool {
        self.query(false, |member| member.allowed(Track::Screen))
    }

    fn is_local_audio_stream_published(&self) -> bool {
        self.query(false, |member| member.allowed(Track::Mic))
    }

    fn is_dual_stream_published(&self) -> bool {
        self.query(false, |member| member.allowed(Track::Small))
    }

    fn set_external_video_source(&self, enable: bool, source_type: VideoSource, render_mode: RenderMode) -> Call {
        self.set("set_external_video_source", |member| {
            let input = enable.then_some(render_mode);
            match source_type {
                VideoSource::Camera => member.camera_input = input,
                VideoSource::ScreenShare => member.screen_input = input,
            }
        })
    }

    fn push_external_video_frame(&self, frame: &VideoDataSample, source_type: VideoSource) -> Call {
        self.call("push_external_video_frame", |state, id| state.push_video(id, frame, source_type))
    }

    fn set_external_audio_source(&self, enable: bool, sample_rate: u32, channels_per_frame: u32) -> Call {
        self.call("set_external_audio_source", |state, id| {
            check::audio_source(enable, sample_rate, channels_per_frame)?;
            state.members[id].audio_input = enable.then_some((sample_rate, channels_per_frame));
            Ok(())
        })
    }

    fn push_external_audio_frame_raw_data(&self, audio_samples: &[u8], timestamp: i64) -> Call {
        self.call("push_external_audio_frame_raw_data", |state, id| state.push_audio(id, audio_samples, timestamp))
    }

    fn set_audio_profile(&self, audio_profile: AudioQualityMode, audio_scene: AudioSceneMode) -> Call {
        self.set("set_audio_profile", |member| member.audio_profile = (audio_profile, audio_scene))
    }

    fn set_external_audio_publish_volume(&self, volume: i32) -> Call {
        check::volume(volume)?;
        self.set("set_external_audio_publish_volume", |member| member.volume = volume)
    }

    fn external_audio_publish_volume(&self) -> i32 {
        self.query(0, |member| member.volume)
    }

    fn send_media_extension_msg(&self, message: &[u8], repeat_count: i32, delay: u32, is_key_frame: bool) -> Call {
        const METHOD: &str = "send_media_extension_msg";
        self.call(METHOD, |state, id| {
            if matches!(state.members[id].phase, Phase::Idle | Phase::Leaving) {
                return Err(CallError::NotJoined { method: METHOD });
            }
            check::sei(message, repeat_count)?;
            let not_before = state.now + Duration::from_millis(u64::from(delay));
            let left = u32::try_from(repeat_count).ok().map(|n| n.max(1));
            state.members[id].sei = Some(Sei { message: message.to_vec(), left, not_before, only_key: is_key_frame });
            Ok(())
        })
    }

    fn publish_local_dual_stream(&self, enabled: bool) -> Call {
        self.publish("publish_local_dual_stream", Track::Small, enabled)
    }

    fn publish_local_video_stream(&self, enabled: bool) -> Call {
        self.publish("publish_local_video_stream", Track::Camera, enabled)
    }

    fn publish_local_audio_stream(&self, enabled: bool) -> Call {
        self.publish("publish_local_audio_stream", Track::Mic, enabled)
    }

    fn publish_screen_share_stream(&self, enabled: bool) -> Call {
        self.publish("publish_screen_share_stream", Track::Screen, enabled)
    }

    fn subscribe_remote_audio_stream(&self, uid: &str, sub: bool) -> Call {
        self.subscribe("subscribe_remote_audio_stream", uid, |remote| remote.mic.wanted = Some(sub))
    }

    fn subscribe_remote_video_stream(&self, uid: &str, video_track: VideoTrack, sub: bool) -> Call {
        self.subscribe("subscribe_remote_video_stream", uid, |remote| {
            if matches!(video_track, VideoTrack::Camera | VideoTrack::Both) {
                remote.camera.wanted = Some(sub);
            }
            if matches!(video_track, VideoTrack::Screen | VideoTrack::Both) {
                remote.screen.wanted = Some(sub);
            }
        })
    }

    fn set_video_encoder_configuration(&self, config: &VideoEncoderConfiguration) -> Call {
        self.set("set_video_encoder_configuration", |member| member.encoder = config.clamped())
    }

    fn set_screen_share_encoder_configuration(&self, config: &ScreenShareEncoderConfiguration) -> Call {
        self.set("set_screen_share_encoder_configuration", |member| member.screen_encoder = config.clamped())
    }

    fn set_remote_video_stream_type(&self, uid: &str, stream_type: VideoStreamType) -> Call {
        self.subscribe("set_remote_video_stream_type", uid, |remote| {
            if stream_type != VideoStreamType::None {
                remote.wanted_type = Some(stream_type);
            }
        })
    }

    fn mute_local_camera(&self, mute: bool) -> Call {
        self.set("mute_local_camera", |member| member.track_mut(Track::Camera).muted = mute)
    }

    fn mute_local_mic(&self, mute: bool) -> Call {
        self.set("mute_local_mic", |member| member.track_mut(Track::Mic).muted = mute)
    }

    fn set_client_role(&self, client_role: ClientRole) -> Call {
        self.call("set_client_role", |state, id| {
            let member = &mut state.members[id];
            let old_role = member.effective_role();
            if old_role == client_role {
                member.role = Some(client_role);
                return Ok(());
            }
            if client_role == ClientRole::Live && member.profile_has_roles() && member.publishes() {
                return Err(check::publishing_viewer("set_client_role"));
            }
            member.role = Some(client_role);
            state.tell(id, Event::UpdateRoleNotify { old_role, new_role: client_role });
            state.sync_tracks(id);
            state.settle(id);
            Ok(())
        })
    }

    fn set_remote_default_video_stream_type(&self, stream_type: VideoStreamType) -> Call {
        self.set("set_remote_default_video_stream_type", |member| {
            if stream_type != VideoStreamType::None {
                member.default_type = stream_type;
            }
        })
    }

    fn leave_once_no_streamer(&self, enable: bool) -> Call {
        self.set("leave_once_no_streamer", |member| member.leave_once_no_streamer = enable)
    }

    fn set_period_for_check_people(&self, seconds: i32) -> Call {
        self.set("set_period_for_check_people", |member| {
            member.check_people = u64::try_from(seconds).ok().filter(|s| *s > 0).map(Duration::from_secs);
        })
    }

    fn set_parameter(&self, params: &str) -> Call {
        let parsed = check::parameters(params)?;
        self.set("set_parameter", |member| {
            member.sends_data = parsed.data.enable_pub_data_channel.unwrap_or(member.sends_data);
            member.receives_data = parsed.data.enable_sub_data_channel.unwrap_or(member.receives_data);
        })
    }

    fn send_data_channel_message(&self, ctrl_msg: &DataChannelMsg) -> Call {
        const METHOD: &str = "send_data_channel_message";
        self.call(METHOD, |state, id| {
            check::data(METHOD, ctrl_msg.data.len())?;
            let member = &state.members[id];
            if !member.sends_data {
                return Err(check::data_channel_off(METHOD));
            }
            if member.profile_has_roles() && member.role == Some(ClientRole::Live) {
                return Err(check::viewer_sends(METHOD));
            }
            let Some((from, channel)) = state.address(id) else { return Err(CallError::NotJoined { method: METHOD }) };
            room_on_agenda(state, METHOD)?;
            for to in state.listeners(id, &channel) {
                state.after(state.config.latency, Effect::Data { to, from: from.clone(), msg: ctrl_msg.clone() });
            }
            Ok(())
        })
    }

    fn extensions(&self) -> Option<&dyn Extensions> {
        Some(self)
    }
}
