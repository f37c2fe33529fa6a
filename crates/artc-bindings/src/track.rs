//! Tracks and their states: what is published, what is subscribed, how the connection stands.

use crate::documented::documented_enum;

documented_enum! {
    /// Video tracks of a user.
    pub enum VideoTrack {
        /// None.
        No = 0 => "VideoTrackNo" | "AliEngineVideoTrackNo",
        /// The camera.
        Camera = 1 => "VideoTrackCamera" | "AliEngineVideoTrackCamera",
        /// The shared screen.
        Screen = 2 => "VideoTrackScreen" | "AliEngineVideoTrackScreen",
        /// Camera and screen.
        Both = 3 => "VideoTrackBoth" | "AliEngineVideoTrackBoth",
    }
    sentinels { "VideoTrackEnd" = 0xffff_ffff }
}

documented_enum! {
    /// Audio tracks of a user.
    pub enum AudioTrack {
        /// None.
        No = 0 => "AudioTrackNo",
        /// The microphone.
        Mic = 1 => "AudioTrackMic",
    }
    sentinels { "AudioTrackEnd" = 0xffff_ffff }
}

documented_enum! {
    /// Which external video input.
    pub enum VideoSource {
        /// The camera track.
        Camera = 0 => "VideoSourceCamera",
        /// The screen track.
        ScreenShare = 1 => "VideoSourceScreenShare",
    }
    sentinels { "VideosourceTypeMax" = 2, "VideoSourceTypeMax" = 2 }
}

documented_enum! {
    /// What happens when the input's shape is not the published shape.
    pub enum RenderMode {
        /// The engine decides.
        Auto = 0 => "RenderModeAuto",
        /// Distort.
        Stretch = 1 => "RenderModeStretch",
        /// Black bars.
        Fill = 2 => "RenderModeFill",
        /// Cut off.
        Crop = 3 => "RenderModeCrop",
    }
}

documented_enum! {
    /// Which encoding of a user's video a received frame comes from.
    pub enum VideoTrackType {
        /// The camera's big stream.
        CameraLarge = 0 => "VideoTrackCameraLarge",
        /// The camera's small stream.
        CameraSmall = 1 => "VideoTrackCameraSmall",
        /// The camera's largest stream.
        CameraSuper = 2 => "VideoTrackCameraSuper",
        /// The shared screen.
        Screenshare = 3 => "VideoTrackScreenshare",
    }
}

documented_enum! {
    /// Big or small stream of a camera that publishes both.
    pub enum VideoStreamType => "AliEngineVideoStreamType" {
        /// Nothing; as an argument it has no effect.
        None = 0 => "AliEngineVideoStreamTypeNone",
        /// The big one.
        High = 1 => "AliEngineVideoStreamTypeHigh",
        /// The small one.
        Low = 2 => "AliEngineVideoStreamTypeLow",
    }
}

documented_enum! {
    /// State of a track that we publish. It goes 0, 2, 3 when publishing starts; 3, 1 when it stops; 2, 1 when it fails.
    pub enum PublishState => "AliEnginePublishState" {
        /// Nothing was ever published in this join.
        Idle = 0 => "AliEngineStatsPublishIdle",
        /// Not published.
        NoPublish = 1 => "AliEngineStatsNoPublish",
        /// Asked for, no media out yet.
        Publishing = 2 => "AliEngineStatsPublishing",
        /// Media flows.
        Published = 3 => "AliEngineStatsPublished",
    }
}

documented_enum! {
    /// State of a remote track that we subscribe. It goes 0, 2, 3 when subscribing; 3, 1 when unsubscribing; 2, 1 when it fails.
    pub enum SubscribeState => "AliEngineSubscribeState" {
        /// Never subscribed in this join.
        Idle = 0 => "AliEngineStatsSubscribeIdle",
        /// Not subscribed.
        NoSubscribe = 1 => "AliEngineStatsNoSubscribe",
        /// Asked for, nothing decoded yet.
        Subscribing = 2 => "AliEngineStatsSubscribing",
        /// Media comes.
        Subscribed = 3 => "AliEngineStatsSubscribed",
    }
}

documented_enum! {
    /// How the connection stands (SDK 7.x; here part of the extensions).
    pub enum ConnectionStatus => "AliEngineConnectionStatus" {
        /// Before the first join.
        Init = 0 => "AliEngineConnectionInit",
        /// Left, or lost for good.
        Disconnected = 1 => "AliEngineConnectionDisconnected",
        /// Joining.
        Connecting = 2 => "AliEngineConnectionConnecting",
        /// In the channel.
        Connected = 3 => "AliEngineConnectionConnected",
        /// Lost; the engine is trying by itself.
        Reconnecting = 4 => "AliEngineConnectionReconnecting",
        /// The engine has given up; the caller may join again.
        Failed = 5 => "AliEngineConnectionFailed",
    }
}

documented_enum! {
    /// Why the connection changed (SDK 7.x; here part of the extensions). The documents' names are not public, so these are ours.
    pub enum ConnectionStatusChangeReason => "AliEngineConnectionStatusChangeReason" {
        /// No reason given.
        Dummy = 0 => "AliEngineConnectionChangedDummyReason",
        /// The media path changed.
        MediaPath = 1 => "AliEngineConnectionMediaPathChanged",
        /// No sign of life from the signalling server.
        SignalingHeartbeatTimeout = 2 => "AliEngineConnectionSignalingHeartbeatTimeout",
        /// The signalling server is there again.
        SignalingHeartbeatAlive = 3 => "AliEngineConnectionSignalingHeartbeatAlive",
        /// Name resolution succeeded.
        HttpdnsSuccess = 4 => "AliEngineConnectionSignalingHttpdnsSuccess",
        /// Name resolution failed.
        HttpdnsFailure = 5 => "AliEngineConnectionSignalingHttpdnsFailure",
        /// No server was assigned.
        GslbFailure = 6 => "AliEngineConnectionSignalingGslbFailure",
        /// A server was assigned.
        GslbSuccess = 7 => "AliEngineConnectionSignalingGslbSuccess",
        /// The join was refused.
        JoinChannelFailure = 8 => "AliEngineConnectionSignalingJoinChannelFailure",
        /// The join succeeded.
        JoinChannelSuccess = 9 => "AliEngineConnectionSignalingJoinChannelSuccess",
        /// We left.
        LeaveChannel = 10 => "AliEngineConnectionSignalingLeaveChannel",
        /// The attempt began.
        Connecting = 11 => "AliEngineConnectionSignalingConnecting",
        /// The connection broke.
        Interrupted = 12 => "AliEngineConnectionChangedNetworkInterrupted",
    }
}

documented_enum! {
    /// What muting the microphone covers.
    pub enum MuteLocalAudioMode => "AliEngineMuteLocalAudioMode" {
        /// Everything, pushed PCM included.
        Default = 0 => "AliEngineMuteLocalAudioModeDefault",
        /// Only a microphone that the engine itself captures.
        MuteOnlyMic = 1 => "AliEngineMuteLocalAudioModeMuteOnlyMic",
        /// Everything.
        MuteAll = 2 => "AliEngineMuteLocalAudioModeMuteAll",
    }
}
