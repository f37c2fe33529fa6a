//! Which methods an engine does not have: each is called once, on an engine that is in no channel.

use std::collections::BTreeSet;

use crate::audio::{AudioQualityMode, AudioSceneMode};
use crate::channel::ClientRole;
use crate::contract::Driver;
use crate::encoder::{ScreenShareEncoderConfiguration, VideoEncoderConfiguration};
use crate::error::CallError;
use crate::frame::DataChannelMsg;
use crate::track::{RenderMode, VideoSource, VideoStreamType, VideoTrack};

/// The Rust names of the methods that answer `Unsupported`. Those that answer by their nature (flags, queue, release, join,
/// leave, token) are no question.
pub(super) fn unsupported(driver: &mut dyn Driver) -> BTreeSet<String> {
    let Ok(engine) = driver.engine() else { return BTreeSet::new() };
    let engine = &*engine;
    let answers = [
        engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Fill),
        engine.set_external_video_source(true, VideoSource::ScreenShare, RenderMode::Auto),
        engine.set_external_audio_source(true, 48_000, 2),
        engine.set_audio_profile(AudioQualityMode::HighQuality, AudioSceneMode::Music),
        engine.set_external_audio_publish_volume(50),
        engine.send_media_extension_msg(b"x", 1, 0, false),
        engine.publish_local_dual_stream(true),
        engine.publish_local_video_stream(true),
        engine.publish_local_audio_stream(true),
        engine.publish_screen_share_stream(true),
        engine.subscribe_remote_audio_stream("x", true),
        engine.subscribe_remote_video_stream("x", VideoTrack::Both, true),
        engine.set_video_encoder_configuration(&VideoEncoderConfiguration::default()),
        engine.set_screen_share_encoder_configuration(&ScreenShareEncoderConfiguration::default()),
        engine.set_remote_video_stream_type("x", VideoStreamType::Low),
        engine.mute_local_camera(true),
        engine.mute_local_mic(true),
        engine.set_client_role(ClientRole::Interactive),
        engine.set_remote_default_video_stream_type(VideoStreamType::Low),
        engine.leave_once_no_streamer(true),
        engine.set_period_for_check_people(5),
        engine.set_parameter("{}"),
        engine.send_data_channel_message(&DataChannelMsg::custom("x")),
    ];
    let unsupported = answers.into_iter().filter_map(|answer| match answer {
        Err(CallError::Unsupported { method }) => Some(method.to_owned()),
        _ => None,
    });
    let found = unsupported.collect();
    engine.release();
    found
}
