//! The engine as the daemon meets it: the documented methods in Rust spelling.
//!
//! Every call answers at once; its outcome comes as an [`Event`](crate::Event).

use std::sync::Arc;

use crate::audio::{AudioQualityMode, AudioSceneMode};
use crate::channel::{ClientRole, JoinChannelConfig};
use crate::encoder::{ScreenShareEncoderConfiguration, VideoEncoderConfiguration};
use crate::error::{CallError, CreateError};
use crate::extensions::Extensions;
use crate::extra::CreateParams;
use crate::frame::DataChannelMsg;
use crate::queue::EventQueue;
use crate::sample::VideoDataSample;
use crate::token::{AuthInfo, GenerateError, Secret};
use crate::track::{RenderMode, VideoSource, VideoStreamType, VideoTrack};

/// Longest SEI message in bytes ([`Engine::send_media_extension_msg`]).
pub const MAX_SEI_BYTES: usize = 4096;
/// Longest data-channel message in bytes. The documents give no limit; this is LiveKit's for reliable packets.
pub const MAX_DATA_BYTES: usize = 15 * 1024;

/// Makes engines of one kind. Each engine is one virtual user in at most one channel; several channels need several engines.
pub trait EngineFactory: Send + Sync {
    /// Makes an engine. Its queue is [`Engine::event_handler`].
    ///
    /// Source: seed 001 (`CreateAliRTCEngine`).
    ///
    /// Refused: [`CreateError`], which says what of the arguments or of the machine is wrong.
    #[doc(alias = "CreateAliRTCEngine")]
    fn create_ali_rtc_engine(&self, params: CreateParams) -> Result<Arc<dyn Engine>, CreateError>;
}

/// A real-time engine: one virtual user in at most one channel.
///
/// Every call may answer [`CallError::Released`], after [`Engine::release`]; [`CallError::Unsupported`], where a backend does not do
/// it; [`CallError::BufferFull`], when calls come faster than the engine takes them. What else a call refuses stands with it after
/// "Refused"; [`CallError::code`] is the documented number of each. After the release every query gives its "off" value.
pub trait Engine: Send + Sync {
    /// Destroys the engine: leaves a joined channel, frees what it holds, ends its queue. Called straight after
    /// [`Engine::leave_channel`] it means that [`Event::LeaveChannelResult`](crate::Event::LeaveChannelResult) never comes.
    ///
    /// Source: seed 001. A second call does nothing.
    #[doc(alias = "Release")]
    fn release(&self);

    /// The queue on which this engine tells what happens.
    ///
    /// Source: seed 001.
    #[doc(alias = "GetEventHandler")]
    fn event_handler(&self) -> Arc<EventQueue>;

    /// Joins a channel. The outcome is [`Event::JoinChannelResult`](crate::Event::JoinChannelResult); only what can be seen
    /// without the network (arguments, double join) is refused here.
    ///
    /// `channel_id` and `user_id` must be those of the token. `user_name` is what others see; empty means `user_id`. A user who
    /// joins twice replaces the earlier one. Source: seeds 000 and 001.
    ///
    /// Refused: [`CallError::AlreadyJoined`] before leaving; [`CallError::BadJoin`] with `ERR_JOIN_CONFIG_INVALID` (no token),
    /// `ERR_JOIN_BAD_PARAM` (no channel or user), or, where the token tells it, `ERR_JOIN_BAD_CHANNEL` and `ERR_JOIN_BAD_TOKEN`.
    #[doc(alias = "JoinChannel")]
    fn join_channel(
        &self,
        token: &str,
        channel_id: &str,
        user_id: &str,
        user_name: &str,
        config: &JoinChannelConfig,
    ) -> Result<(), CallError>;

    /// Leaves the channel and stops publishing. The outcome is
    /// [`Event::LeaveChannelResult`](crate::Event::LeaveChannelResult). Source: seeds 000 and 001.
    ///
    /// Refused: [`CallError::NotJoined`].
    #[doc(alias = "LeaveChannel")]
    fn leave_channel(&self) -> Result<(), CallError>;

    /// Whether publishing the camera is *allowed* (a flag, not a live state); true until switched off. Source: seed 001.
    #[doc(alias = "IsLocalVideoStreamPublished")]
    fn is_local_video_stream_published(&self) -> bool;

    /// Whether publishing the screen is allowed; false until switched on. Source: seed 001.
    #[doc(alias = "IsLocalScreenPublishEnabled")]
    fn is_local_screen_publish_enabled(&self) -> bool;

    /// Whether publishing sound is allowed; true until switched off. Source: seed 001.
    #[doc(alias = "IsLocalAudioStreamPublished")]
    fn is_local_audio_stream_published(&self) -> bool;

    /// Whether publishing the small stream is allowed; false until switched on. Source: seed 001.
    #[doc(alias = "IsDualStreamPublished")]
    fn is_dual_stream_published(&self) -> bool;

    /// Switches an external video input on or off; needed before pushing. `render_mode` applies when the input's shape is not
    /// the published one. Source: seeds 000 and 001.
    ///
    /// Refused: nothing of its own.
    #[doc(alias = "SetExternalVideoSource")]
    fn set_external_video_source(&self, enable: bool, source_type: VideoSource, render_mode: RenderMode)
    -> Result<(), CallError>;

    /// Pushes a picture. The engine shares its bytes; they are not copied here. 2K and above are refused with the size in the
    /// error; [`CallError::BufferFull`] asks to slow down. What is pushed while nothing is published is dropped.
    ///
    /// Source: seeds 000 and 001.
    ///
    /// Refused: [`CallError::SourceOff`]; [`CallError::NotJoined`] (`ERR_Publish_NOT_JOIN_CHANNEL`); [`CallError::Sample`]
    /// (`ERR_VIDEO_DATA_ERROR`); [`CallError::BufferFull`] (`ERR_AUDIO_BUFFER_FULL`, for pictures too).
    #[doc(alias = "PushExternalVideoFrame")]
    fn push_external_video_frame(&self, frame: &VideoDataSample, source_type: VideoSource) -> Result<(), CallError>;

    /// Switches pushed sound on or off. `sample_rate` is one of [`SAMPLE_RATES`](crate::audio::SAMPLE_RATES) in Hz,
    /// `channels_per_frame` 1 or 2. Source: seeds 000 and 001.
    ///
    /// Refused: [`CallError::BadArgument`].
    #[doc(alias = "SetExternalAudioSource")]
    fn set_external_audio_source(&self, enable: bool, sample_rate: u32, channels_per_frame: u32) -> Result<(), CallError>;

    /// Pushes sound: signed 16-bit samples, little endian, interleaved; whole samples only. `timestamp` in milliseconds on the
    /// axis of the pictures. [`CallError::BufferFull`]: wait for the duration of the chunk, then push *the same* chunk again.
    ///
    /// Source: seeds 000 and 001 (`sampleLength` is the slice's length here).
    ///
    /// Refused: [`CallError::SourceOff`]; [`CallError::NotJoined`] (`ERR_Publish_NOT_JOIN_CHANNEL`); [`CallError::BadAudio`]
    /// (`ERR_AUDIO_DATA_ERROR`) for no or ragged samples; [`CallError::BufferFull`] (`ERR_AUDIO_BUFFER_FULL`).
    #[doc(alias = "PushExternalAudioFrameRawData")]
    fn push_external_audio_frame_raw_data(&self, audio_samples: &[u8], timestamp: i64) -> Result<(), CallError>;

    /// Sets quality and purpose of published sound. Source: seed 001.
    ///
    /// Refused: nothing of its own.
    #[doc(alias = "SetAudioProfile")]
    fn set_audio_profile(&self, audio_profile: AudioQualityMode, audio_scene: AudioSceneMode) -> Result<(), CallError>;

    /// Sets the loudness of pushed sound in percent, 0 to 100. Source: seeds 000 and 001.
    ///
    /// Refused: [`CallError::BadArgument`].
    #[doc(alias = "SetExternalAudioPublishVolume")]
    fn set_external_audio_publish_volume(&self, volume: i32) -> Result<(), CallError>;

    /// The loudness of pushed sound in percent; 100 until set. Source: seed 001.
    #[doc(alias = "GetExternalAudioPublishVolume")]
    fn external_audio_publish_volume(&self) -> i32;

    /// Sends a message inside the published video (SEI), at most [`MAX_SEI_BYTES`]. One is in flight; a new call replaces it.
    /// `repeat_count`: in how many pictures (-1 endless); `delay`: milliseconds to wait at least; `is_key_frame`: only in key
    /// frames, which are rare. Source: seeds 000 and 001.
    ///
    /// Refused: [`CallError::NotJoined`]; [`CallError::MessageTooLong`]; [`CallError::BadArgument`] for an empty message, or a
    /// count below -1.
    #[doc(alias = "SendMediaExtensionMsg")]
    fn send_media_extension_msg(
        &self,
        message: &[u8],
        repeat_count: i32,
        delay: u32,
        is_key_frame: bool,
    ) -> Result<(), CallError>;

    /// Allows or forbids the small stream; it is sent only while the camera is. Source: seed 001.
    ///
    /// Refused: `ERR_PUBLISH_INVALID` for a viewer of an interactive channel.
    #[doc(alias = "PublishLocalDualStream")]
    fn publish_local_dual_stream(&self, enabled: bool) -> Result<(), CallError>;

    /// Starts or stops publishing the camera. Before joining it presets what happens after. Source: seeds 000 and 001.
    ///
    /// Refused: `ERR_PUBLISH_INVALID` for a viewer of an interactive channel.
    #[doc(alias = "PublishLocalVideoStream")]
    fn publish_local_video_stream(&self, enabled: bool) -> Result<(), CallError>;

    /// Starts or stops publishing sound. Before joining it presets what happens after. Source: seeds 000 and 001.
    ///
    /// Refused: `ERR_PUBLISH_INVALID` for a viewer of an interactive channel.
    #[doc(alias = "PublishLocalAudioStream")]
    fn publish_local_audio_stream(&self, enabled: bool) -> Result<(), CallError>;

    /// Starts or stops publishing the screen. Source: seed 001.
    ///
    /// Refused: `ERR_PUBLISH_INVALID` for a viewer of an interactive channel.
    #[doc(alias = "PublishScreenShareStream")]
    fn publish_screen_share_stream(&self, enabled: bool) -> Result<(), CallError>;

    /// Subscribes to a user's sound or stops it; only in a channel. Source: seeds 000 and 001.
    ///
    /// Refused: [`CallError::NotJoined`] (`ERR_SUBSCRIBE_NOT_JOIN_CHANNEL`); [`CallError::BadArgument`] for an empty `uid`;
    /// `ERR_SUBSCRIBE_INVALID` for our own. Whether there is such a user is not asked.
    #[doc(alias = "SubscribeRemoteAudioStream")]
    fn subscribe_remote_audio_stream(&self, uid: &str, sub: bool) -> Result<(), CallError>;

    /// Subscribes to a user's video or stops it; only in a channel; [`VideoTrack::No`] does nothing. Source: seeds 000 and 001.
    ///
    /// Refused: as [`Engine::subscribe_remote_audio_stream`].
    #[doc(alias = "SubscribeRemoteVideoStream")]
    fn subscribe_remote_video_stream(&self, uid: &str, video_track: VideoTrack, sub: bool) -> Result<(), CallError>;

    /// Sets how the camera is encoded, at any time. Values out of range are clamped
    /// ([`VideoEncoderConfiguration::clamped`]). Source: seed 001.
    ///
    /// Refused: nothing of its own.
    #[doc(alias = "SetVideoEncoderConfiguration")]
    fn set_video_encoder_configuration(&self, config: &VideoEncoderConfiguration) -> Result<(), CallError>;

    /// Sets how the screen is encoded, at any time. Values out of range are clamped. Source: seed 001.
    ///
    /// Refused: nothing of its own.
    #[doc(alias = "SetScreenShareEncoderConfiguration")]
    fn set_screen_share_encoder_configuration(&self, config: &ScreenShareEncoderConfiguration) -> Result<(), CallError>;

    /// Chooses big or small stream of one user's camera; without dual stream there it is always the big one. Source: seed 001.
    ///
    /// Refused: [`CallError::NotJoined`]; [`CallError::BadArgument`] for an empty `uid`; `ERR_SUBSCRIBE_INVALID` for our own.
    #[doc(alias = "SetRemoteVideoStreamType")]
    fn set_remote_video_stream_type(&self, uid: &str, stream_type: VideoStreamType) -> Result<(), CallError>;

    /// Stops or resumes *sending* video; the track stays published. Source: seed 001.
    ///
    /// Refused: nothing of its own.
    #[doc(alias = "MuteLocalCamera")]
    fn mute_local_camera(&self, mute: bool) -> Result<(), CallError>;

    /// Stops or resumes *sending* sound, pushed PCM included; the track stays published. Source: seed 001.
    ///
    /// Refused: nothing of its own.
    #[doc(alias = "MuteLocalMic")]
    fn mute_local_mic(&self, mute: bool) -> Result<(), CallError>;

    /// Sets our role; it is taken in every profile and matters in the interactive ones. To become a viewer stop publishing first. A
    /// change is told by [`Event::UpdateRoleNotify`](crate::Event::UpdateRoleNotify). Source: seed 001.
    ///
    /// Refused: [`CallError::InvalidState`] for a broadcaster who still publishes and wants to be a viewer of an interactive
    /// channel.
    #[doc(alias = "SetClientRole")]
    fn set_client_role(&self, client_role: ClientRole) -> Result<(), CallError>;

    /// Chooses big or small stream for subscriptions to come. Source: seed 001.
    ///
    /// Refused: nothing of its own.
    #[doc(alias = "SetRemoteDefaultVideoStreamType")]
    fn set_remote_default_video_stream_type(&self, stream_type: VideoStreamType) -> Result<(), CallError>;

    /// As a viewer: error [`NoPeople`](crate::ErrorCode::NoPeople) as soon as nobody publishes any more. Source: seed 001.
    ///
    /// Refused: nothing of its own.
    #[doc(alias = "LeaveOnceNoStreamer")]
    fn leave_once_no_streamer(&self, enable: bool) -> Result<(), CallError>;

    /// After a join: error [`NoPeople`](crate::ErrorCode::NoPeople) and a failed join when nobody comes within so many
    /// seconds. 0 and less turn the check off; it is off until this is called. Source: seed 001.
    ///
    /// Refused: nothing of its own.
    #[doc(alias = "SetPeriodForCheckPeople")]
    fn set_period_for_check_people(&self, seconds: i32) -> Result<(), CallError>;

    /// Changes settings by JSON text ([`Parameters`](crate::extra::Parameters)), for example the data channel's switches.
    /// Source: seeds 000 and 001.
    ///
    /// Refused: [`CallError::BadArgument`] for what is no JSON object, or gives a switch something else than true or false.
    #[doc(alias = "SetParameter")]
    fn set_parameter(&self, params: &str) -> Result<(), CallError>;

    /// Makes a join token locally, writes it to `auth_info.token` and returns it. For tests: the app key belongs on the app
    /// server. Source: seeds 000 and 001.
    ///
    /// Refused: [`GenerateError`], which names the field that is missing or wrong.
    #[doc(alias = "GenerateToken")]
    fn generate_token(&self, auth_info: &mut AuthInfo, app_key: &str) -> Result<Secret, GenerateError> {
        crate::token::generate(auth_info, app_key)
    }

    /// Sends a message to everybody in the channel. Needs the switch of [`Engine::set_parameter`]; viewers may not.
    /// At most [`MAX_DATA_BYTES`]. Source: seeds 000 and 001.
    ///
    /// Refused: [`CallError::NotJoined`]; [`CallError::InvalidState`] while the switch is off, and for viewers;
    /// [`CallError::MessageTooLong`].
    #[doc(alias = "SendDataChannelMessage")]
    fn send_data_channel_message(&self, ctrl_msg: &DataChannelMsg) -> Result<(), CallError>;

    /// What this engine can do beyond the documents; `None` when nothing.
    fn extensions(&self) -> Option<&dyn Extensions>;
}

/// The documented methods by their Rust names, in the documents' order; the factory is the first.
pub const METHODS: [(&str, &str); 35] = [
    ("create_ali_rtc_engine", "CreateAliRTCEngine"),
    ("release", "Release"),
    ("event_handler", "GetEventHandler"),
    ("join_channel", "JoinChannel"),
    ("leave_channel", "LeaveChannel"),
    ("is_local_video_stream_published", "IsLocalVideoStreamPublished"),
    ("is_local_screen_publish_enabled", "IsLocalScreenPublishEnabled"),
    ("is_local_audio_stream_published", "IsLocalAudioStreamPublished"),
    ("is_dual_stream_published", "IsDualStreamPublished"),
    ("set_external_video_source", "SetExternalVideoSource"),
    ("push_external_video_frame", "PushExternalVideoFrame"),
    ("set_external_audio_source", "SetExternalAudioSource"),
    ("push_external_audio_frame_raw_data", "PushExternalAudioFrameRawData"),
    ("set_audio_profile", "SetAudioProfile"),
    ("set_external_audio_publish_volume", "SetExternalAudioPublishVolume"),
    ("external_audio_publish_volume", "GetExternalAudioPublishVolume"),
    ("send_media_extension_msg", "SendMediaExtensionMsg"),
    ("publish_local_dual_stream", "PublishLocalDualStream"),
    ("publish_local_video_stream", "PublishLocalVideoStream"),
    ("publish_local_audio_stream", "PublishLocalAudioStream"),
    ("publish_screen_share_stream", "PublishScreenShareStream"),
    ("subscribe_remote_audio_stream", "SubscribeRemoteAudioStream"),
    ("subscribe_remote_video_stream", "SubscribeRemoteVideoStream"),
    ("set_video_encoder_configuration", "SetVideoEncoderConfiguration"),
    ("set_screen_share_encoder_configuration", "SetScreenShareEncoderConfiguration"),
    ("set_remote_video_stream_type", "SetRemoteVideoStreamType"),
    ("mute_local_camera", "MuteLocalCamera"),
    ("mute_local_mic", "MuteLocalMic"),
    ("set_client_role", "SetClientRole"),
    ("set_remote_default_video_stream_type", "SetRemoteDefaultVideoStreamType"),
    ("leave_once_no_streamer", "LeaveOnceNoStreamer"),
    ("set_period_for_check_people", "SetPeriodForCheckPeople"),
    ("set_parameter", "SetParameter"),
    ("generate_token", "GenerateToken"),
    ("send_data_channel_message", "SendDataChannelMessage"),
];
