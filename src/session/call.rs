//! What a session asks of the engine.

use artc_bindings::{
    AudioQualityMode, AudioSceneMode, CallError, ClientRole, Engine, JoinChannelConfig, RenderMode, VideoEncoderConfiguration,
    VideoSource,
};

use super::{Medium, Ticket};

/// The data channel's switches, as the documents print them.
const DATA_CHANNEL_ON: &str = r#"{"data":{"enablePubDataChannel":true,"enableSubDataChannel":true}}"#;

/// A call to carry out. `Debug` does not show the token.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Join with this ticket.
    Join(Ticket, JoinChannelConfig),
    /// Leave the channel.
    Leave,
    /// Be a broadcaster or a viewer.
    SetRole(ClientRole),
    /// Allow data messages both ways.
    EnableDataChannel,
    /// Switch pushed video on or off.
    SetVideoSource(bool, VideoSource, RenderMode),
    /// Switch pushed sound on or off; rate in Hz, channels.
    SetAudioSource(bool, u32, u32),
    /// Encode the camera like this.
    SetEncoder(VideoEncoderConfiguration),
    /// Loudness, 0 to 100.
    SetVolume(i32),
    /// Quality and purpose of the sound.
    SetProfile(AudioQualityMode, AudioSceneMode),
    /// Start or stop publishing the small stream.
    PublishDual(bool),
    /// Start or stop publishing.
    Publish(Medium, bool),
    /// Stop or resume sending.
    Mute(Medium, bool),
    /// Tell the engine that a link came up.
    NetworkChanged,
}

impl Call {
    /// Makes the call.
    pub fn carry_out(&self, engine: &dyn Engine) -> Result<(), CallError> {
        match self {
            Self::Join(ticket, config) => {
                engine.join_channel(ticket.token.expose(), &ticket.channel, &ticket.user_id, &ticket.user_name, config)
            }
            Self::Leave => engine.leave_channel(),
            Self::SetRole(role) => engine.set_client_role(*role),
            Self::EnableDataChannel => engine.set_parameter(DATA_CHANNEL_ON),
            Self::SetVideoSource(enable, source, mode) => engine.set_external_video_source(*enable, *source, *mode),
            Self::SetAudioSource(enable, rate, channels) => engine.set_external_audio_source(*enable, *rate, *channels),
            Self::SetEncoder(encoder) => engine.set_video_encoder_configuration(encoder),
            Self::SetVolume(volume) => engine.set_external_audio_publish_volume(*volume),
            Self::SetProfile(quality, scene) => engine.set_audio_profile(*quality, *scene),
            Self::PublishDual(enabled) => engine.publish_local_dual_stream(*enabled),
            Self::Publish(Medium::Video, enabled) => engine.publish_local_video_stream(*enabled),
            Self::Publish(Medium::Audio, enabled) => engine.publish_local_audio_stream(*enabled),
            Self::Mute(Medium::Video, mute) => engine.mute_local_camera(*mute),
            Self::Mute(Medium::Audio, mute) => engine.mute_local_mic(*mute),
            Self::NetworkChanged => {
                if let Some(extensions) = engine.extensions() {
                    extensions.network_changed();
                }
                Ok(())
            }
        }
    }
}
