//! Joining a channel: profiles, modes, roles and the configuration of a join.
//!
//! Numbers and names are the documents'; a spelling that the documents themselves print differently is a second name of the
//! same member.

use crate::documented::documented_enum;

documented_enum! {
    /// How users of a channel see each other.
    pub enum ChannelProfile {
        /// Everybody sees everybody.
        Communication = 0 => "ChannelProfileCommunication",
        /// Broadcasters are seen by all, viewers by nobody.
        InteractiveLive = 1 => "ChannelProfileInteractiveLive",
        /// As `InteractiveLive`, tuned for low latency.
        InteractiveWithLowLatencyLive = 2 => "ChannelProfileInteractiveWithLowLatencyLive",
    }
}

documented_enum! {
    /// What is published after joining.
    pub enum PublishMode {
        /// Sound and camera start by themselves after the join.
        Automatically = 0 => "PublishAutomatically",
        /// Nothing starts before one of the `publish_...` calls.
        Manually = 1 => "PublishManually",
    }
}

documented_enum! {
    /// What is subscribed after joining.
    pub enum SubscribeMode {
        /// Every broadcaster.
        Automatically = 0 => "SubscribeAutomatically",
        /// Nobody before a `subscribe_...` call.
        Manually = 1 => "SubscribeManually",
        /// Every broadcaster's sound and nothing else; saves the video decoders.
        AudioAutoAndOnly = 2 => "SubscribeAudioAutoAndOnly",
        /// Every broadcaster's camera and nothing else.
        CameraAutoAndOnly = 3 => "SubscribeCameraAutoAndOnly",
    }
}

documented_enum! {
    /// Whose job it is to keep sound and picture together.
    pub enum PublishAvsyncMode {
        /// Frames are sent at once; the caller owns the timing.
        NoDelay = 0 => "PublishAvsyncNoDelay" | "PublishAvysncNoDelay",
        /// The engine buffers and releases by timestamp. All pieces of one join share one time axis.
        WithPts = 1 => "PublishAvsyncWithPts" | "PublishAvysncWithPts",
    }
}

documented_enum! {
    /// In what form received video comes. The name is misleading: `H264` means decoded I420 pictures.
    pub enum VideoFormat {
        /// No pictures.
        None = 0 => "VideoFormatNone",
        /// [`Event::RemoteVideoSample`](crate::Event::RemoteVideoSample) with I420.
        H264 = 1 => "VideoFormatH264",
    }
}

documented_enum! {
    /// In what form received sound comes.
    pub enum AudioFormat {
        /// No sound.
        None = 0 => "AudioFormatNone",
        /// All users in one; from the join on, silence in an empty channel.
        MixedPcm = 1 => "AudioFormatMixedPcm",
        /// Each user on its own. The missing letter of the first name is the documents'.
        PcmBeforeMixing = 2 => "AudioFormatPcmBeforMixing" | "AudioFormatPcmBeforeMixing",
    }
}

documented_enum! {
    /// What a user may do in the interactive profiles.
    pub enum ClientRole => "AliEngineClientRole" {
        /// Broadcaster: publishes and is seen.
        Interactive = 0 => "AliEngineClientRoleInteractive" | "AliRtcClientRoleInteractive",
        /// Viewer: subscribes and is not seen. The default in the interactive profiles.
        Live = 1 => "AliEngineClientRoleLive" | "AliEngineClientRolelive" | "AliRtcClientRoleLive",
    }
}

documented_enum! {
    /// How much the engine logs.
    pub enum LogLevel {
        /// Everything.
        Info = 3 => "AliRTCSDK_LogLevelInfo" | "LogLevelInfo",
        /// Warnings and worse.
        Warn = 4 => "AliRTCSDK_LogLevelWarn" | "LogLevelWarn",
        /// Errors and worse.
        Error = 5 => "AliRTCSDK_LogLevelError" | "LogLevelError",
        /// Only what ends the engine.
        Fatal = 6 => "AliRTCSDK_LogLevelFatal" | "LogLevelFatal",
        /// Nothing.
        None = 7 => "AliRTCSDK_LogLevelNone" | "LogLevelNone",
    }
}

/// Settings of one join. The defaults are the documents'.
///
/// Source: seeds 000 and 001, reference section 7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinChannelConfig {
    /// How users see each other; default [`ChannelProfile::InteractiveLive`].
    #[doc(alias = "channelProfile")]
    pub channel_profile: ChannelProfile,
    /// Whether video is left out altogether; default no.
    #[doc(alias = "isAudioOnly")]
    pub is_audio_only: bool,
    /// Whose job timing is; default [`PublishAvsyncMode::NoDelay`].
    #[doc(alias = "publishAvsyncMode")]
    pub publish_avsync_mode: PublishAvsyncMode,
    /// How much sound is buffered in `WithPts` mode; default 300. The documents give no unit; here: blocks of 10 ms.
    #[doc(alias = "publishAvsyncWithPtsMaxAudioCacheSize")]
    pub publish_avsync_with_pts_max_audio_cache_size: u32,
    /// How many pictures are buffered in `WithPts` mode; default 100. The documents give no unit; here: frames.
    #[doc(alias = "publishAvsyncWithPtsMaxVideoCacheSize")]
    pub publish_avsync_with_pts_max_video_cache_size: u32,
    /// What starts by itself; default [`PublishMode::Manually`].
    #[doc(alias = "publishMode")]
    pub publish_mode: PublishMode,
    /// What is subscribed by itself; default [`SubscribeMode::Manually`].
    #[doc(alias = "subscribeMode")]
    pub subscribe_mode: SubscribeMode,
    /// Form of received video; default [`VideoFormat::H264`].
    #[doc(alias = "subscribeVideoFormat")]
    pub subscribe_video_format: VideoFormat,
    /// Form of received sound; default [`AudioFormat::MixedPcm`].
    #[doc(alias = "subscribeAudioFormat")]
    pub subscribe_audio_format: AudioFormat,
    /// Speech synthesis callbacks of the vendor's cloud; default off, no effect on other engines.
    #[doc(alias = "enableTtsCallback")]
    pub enable_tts_callback: bool,
}

impl Default for JoinChannelConfig {
    fn default() -> Self {
        Self {
            channel_profile: ChannelProfile::InteractiveLive,
            is_audio_only: false,
            publish_avsync_mode: PublishAvsyncMode::NoDelay,
            publish_avsync_with_pts_max_audio_cache_size: 300,
            publish_avsync_with_pts_max_video_cache_size: 100,
            publish_mode: PublishMode::Manually,
            subscribe_mode: SubscribeMode::Manually,
            subscribe_video_format: VideoFormat::H264,
            subscribe_audio_format: AudioFormat::MixedPcm,
            enable_tts_callback: false,
        }
    }
}
