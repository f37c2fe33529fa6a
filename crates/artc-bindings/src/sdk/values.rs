//! The documents' structs as plain values: their fields' names, numbers for enums.

use serde_json::{Value, json};

use crate::channel::JoinChannelConfig;
use crate::encoder::{ScreenShareEncoderConfiguration, VideoEncoderConfiguration};
use crate::frame::DataChannelMsg;
use crate::sample::VideoDataSample;

/// `JoinChannelConfig`.
pub(super) fn join(config: &JoinChannelConfig) -> Value {
    json!({
        "channelProfile": config.channel_profile.value(),
        "isAudioOnly": config.is_audio_only,
        "publishAvsyncMode": config.publish_avsync_mode.value(),
        "publishAvsyncWithPtsMaxAudioCacheSize": config.publish_avsync_with_pts_max_audio_cache_size,
        "publishAvsyncWithPtsMaxVideoCacheSize": config.publish_avsync_with_pts_max_video_cache_size,
        "publishMode": config.publish_mode.value(),
        "subscribeMode": config.subscribe_mode.value(),
        "subscribeVideoFormat": config.subscribe_video_format.value(),
        "subscribeAudioFormat": config.subscribe_audio_format.value(),
        "enableTtsCallback": config.enable_tts_callback,
    })
}

/// `AliEngineVideoEncoderConfiguration`.
pub(super) fn camera(config: &VideoEncoderConfiguration) -> Value {
    json!({
        "dimensions": [config.dimensions.width, config.dimensions.height],
        "frameRate": config.frame_rate,
        "keyFrameInterval": config.key_frame_interval,
        "bitrate": config.bitrate,
        "minBitrate": config.min_bitrate,
        "orientationMode": config.orientation_mode.value(),
        "mirrorMode": config.mirror_mode.value(),
        "rotationMode": config.rotation_mode.value(),
    })
}

/// `AliEngineScreenShareEncoderConfiguration`.
pub(super) fn screen(config: &ScreenShareEncoderConfiguration) -> Value {
    json!({
        "dimensions": [config.dimensions.width, config.dimensions.height],
        "frameRate": config.frame_rate,
        "bitrate": config.bitrate,
        "rotationMode": config.rotation_mode.value(),
    })
}

/// `VideoDataSample`, without its bytes.
pub(super) fn sample(frame: &VideoDataSample) -> Value {
    json!({
        "format": frame.format.value(),
        "bufferType": frame.buffer_type.value(),
        "dataLen": frame.bytes().len(),
        "strideY": frame.stride_y,
        "strideU": frame.stride_u,
        "strideV": frame.stride_v,
        "width": frame.width,
        "height": frame.height,
        "rotation": frame.rotation,
        "timeStamp": frame.time_stamp,
    })
}

/// `AliEngineDataChannelMsg`, without its bytes.
pub(super) fn message(msg: &DataChannelMsg) -> Value {
    json!({ "type": msg.kind.value(), "networkTime": msg.network_time, "progress": msg.progress })
}
