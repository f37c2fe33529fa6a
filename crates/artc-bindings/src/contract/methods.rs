//! Every method called once with arguments that are right, and which of them an engine does not have.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::audio::{AudioQualityMode, AudioSceneMode};
use crate::channel::ClientRole;
use crate::contract::Driver;
use crate::contract::stage::SIZE;
use crate::encoder::{ScreenShareEncoderConfiguration, VideoEncoderConfiguration};
use crate::engine::Engine;
use crate::error::CallError;
use crate::frame::DataChannelMsg;
use crate::sample::VideoDataSample;
use crate::track::{RenderMode, VideoSource, VideoStreamType, VideoTrack};

/// Methods that need a channel; the others are fine without one.
pub(super) const IN_CHANNEL: [&str; 8] = [
    "push_external_video_frame",
    "push_external_audio_frame_raw_data",
    "send_media_extension_msg",
    "subscribe_remote_audio_stream",
    "subscribe_remote_video_stream",
    "set_remote_video_stream_type",
    "send_data_channel_message",
    "leave_channel",
];

/// The answer of every method that can refuse, by its Rust name. Joining is not among them; leaving comes last.
pub(super) fn call_all(engine: &dyn Engine) -> Vec<(&'static str, Result<(), CallError>)> {
    let (width, height) = SIZE;
    let picture = VideoDataSample::i420(Arc::new(vec![128_u8; (width * height * 3 / 2) as usize]), width, height, 0, None);
    vec![
        ("set_parameter", engine.set_parameter(super::messages::ON)),
        ("set_external_video_source", engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Fill)),
        ("set_external_video_source", engine.set_external_video_source(true, VideoSource::ScreenShare, RenderMode::Auto)),
        ("set_external_audio_source", engine.set_external_audio_source(true, 48_000, 2)),
        ("set_audio_profile", engine.set_audio_profile(AudioQualityMode::HighQuality, AudioSceneMode::Music)),
        ("set_external_audio_publish_volume", engine.set_external_audio_publish_volume(50)),
        ("push_external_video_frame", engine.push_external_video_frame(&picture, VideoSource::Camera)),
        ("push_external_video_frame", engine.push_external_video_frame(&picture, VideoSource::ScreenShare)),
        ("push_external_audio_frame_raw_data", engine.push_external_audio_frame_raw_data(&[0; 1920], 0)),
        ("send_media_extension_msg", engine.send_media_extension_msg(b"x", 1, 0, false)),
        ("publish_local_dual_stream", engine.publish_local_dual_stream(true)),
        ("publish_local_video_stream", engine.publish_local_video_stream(true)),
        ("publish_local_audio_stream", engine.publish_local_audio_stream(true)),
        ("publish_screen_share_stream", engine.publish_screen_share_stream(true)),
        ("subscribe_remote_audio_stream", engine.subscribe_remote_audio_stream("x", true)),
        ("subscribe_remote_video_stream", engine.subscribe_remote_video_stream("x", VideoTrack::Both, true)),
        ("set_video_encoder_configuration", engine.set_video_encoder_configuration(&VideoEncoderConfiguration::default())),
        (
            "set_screen_share_encoder_configuration",
            engine.set_screen_share_encoder_configuration(&ScreenShareEncoderConfiguration::default()),
        ),
        ("set_remote_video_stream_type", engine.set_remote_video_stream_type("x", VideoStreamType::Low)),
        ("mute_local_camera", engine.mute_local_camera(true)),
        ("mute_local_mic", engine.mute_local_mic(true)),
        ("set_client_role", engine.set_client_role(ClientRole::Interactive)),
        ("set_remote_default_video_stream_type", engine.set_remote_default_video_stream_type(VideoStreamType::Low)),
        ("leave_once_no_streamer", engine.leave_once_no_streamer(true)),
        ("set_period_for_check_people", engine.set_period_for_check_people(3600)),
        ("send_data_channel_message", engine.send_data_channel_message(&DataChannelMsg::custom("x"))),
        ("leave_channel", engine.leave_channel()),
    ]
}

/// The Rust names of the methods that answer `Unsupported`, on an engine that is in no channel.
pub(super) fn unsupported(driver: &mut dyn Driver) -> BTreeSet<String> {
    let Ok(engine) = driver.engine() else { return BTreeSet::new() };
    let unsupported = call_all(&*engine).into_iter().filter_map(|(_, answer)| match answer {
        Err(CallError::Unsupported { method }) => Some(method.to_owned()),
        _ => None,
    });
    let found = unsupported.collect();
    engine.release();
    found
}
