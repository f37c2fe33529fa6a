"""Joining a channel: profiles, modes, roles, the configuration of a join and what its token is made from; the connection."""

from enum import IntEnum

__all__ = [
    "ChannelProfile",
    "PublishMode",
    "SubscribeMode",
    "PublishAvsyncMode",
    "VideoFormat",
    "AudioFormat",
    "AliEngineClientRole",
    "AliEngineConnectionStatus",
    "AliEngineConnectionStatusChangeReason",
    "JoinChannelConfig",
    "AuthInfo",
]


class ChannelProfile(IntEnum):
    """How users of a channel see each other."""

    ChannelProfileCommunication = 0  # Everybody sees everybody.
    ChannelProfileInteractiveLive = 1  # Broadcasters are seen by all, viewers by nobody.
    ChannelProfileInteractiveWithLowLatencyLive = 2  # As InteractiveLive, tuned for low latency.


class PublishMode(IntEnum):
    """What is published after joining."""

    PublishAutomatically = 0  # Sound and camera start by themselves after the join.
    PublishManually = 1  # Nothing starts before one of the publish_... calls.


class SubscribeMode(IntEnum):
    """What is subscribed after joining."""

    SubscribeAutomatically = 0  # Every broadcaster.
    SubscribeManually = 1  # Nobody before a subscribe_... call.
    SubscribeAudioAutoAndOnly = 2  # Every broadcaster's sound and nothing else; saves the video decoders.
    SubscribeCameraAutoAndOnly = 3  # Every broadcaster's camera and nothing else.


class PublishAvsyncMode(IntEnum):
    """Whose job it is to keep sound and picture together."""

    PublishAvsyncNoDelay = 0  # Frames are sent at once; the caller owns the timing.
    PublishAvysncNoDelay = 0  # the same by another spelling
    PublishAvsyncWithPts = 1  # The engine buffers and releases by timestamp. All pieces of one join share one time axis.
    PublishAvysncWithPts = 1  # the same by another spelling


class VideoFormat(IntEnum):
    """In what form received video comes. The name is misleading: H264 means decoded I420 pictures."""

    VideoFormatNone = 0  # No pictures.
    VideoFormatH264 = 1  # Event::RemoteVideoSample with I420.


class AudioFormat(IntEnum):
    """In what form received sound comes."""

    AudioFormatNone = 0  # No sound.
    AudioFormatMixedPcm = 1  # All users in one; from the join on, silence in an empty channel.
    AudioFormatPcmBeforMixing = 2  # Each user on its own. The missing letter of the first name is the documents'.
    AudioFormatPcmBeforeMixing = 2  # the same by another spelling


class AliEngineClientRole(IntEnum):
    """What a user may do in the interactive profiles."""

    AliEngineClientRoleInteractive = 0  # Broadcaster: publishes and is seen.
    AliRtcClientRoleInteractive = 0  # the same by another spelling
    AliEngineClientRoleLive = 1  # Viewer: subscribes and is not seen. The default in the interactive profiles.
    AliEngineClientRolelive = 1  # the same by another spelling
    AliRtcClientRoleLive = 1  # the same by another spelling


class AliEngineConnectionStatus(IntEnum):
    """How the connection stands (SDK 7.x; here part of the extensions)."""

    AliEngineConnectionInit = 0  # Before the first join.
    AliEngineConnectionDisconnected = 1  # Left, or lost for good.
    AliEngineConnectionConnecting = 2  # Joining.
    AliEngineConnectionConnected = 3  # In the channel.
    AliEngineConnectionReconnecting = 4  # Lost; the engine is trying by itself.
    AliEngineConnectionFailed = 5  # The engine has given up; the caller may join again.


class AliEngineConnectionStatusChangeReason(IntEnum):
    """Why the connection changed (SDK 7.x). The documents' names are not public, so these are ours."""

    AliEngineConnectionChangedDummyReason = 0  # No reason given.
    AliEngineConnectionMediaPathChanged = 1  # The media path changed.
    AliEngineConnectionSignalingHeartbeatTimeout = 2  # No sign of life from the signalling server.
    AliEngineConnectionSignalingHeartbeatAlive = 3  # The signalling server is there again.
    AliEngineConnectionSignalingHttpdnsSuccess = 4  # Name resolution succeeded.
    AliEngineConnectionSignalingHttpdnsFailure = 5  # Name resolution failed.
    AliEngineConnectionSignalingGslbFailure = 6  # No server was assigned.
    AliEngineConnectionSignalingGslbSuccess = 7  # A server was assigned.
    AliEngineConnectionSignalingJoinChannelFailure = 8  # The join was refused.
    AliEngineConnectionSignalingJoinChannelSuccess = 9  # The join succeeded.
    AliEngineConnectionSignalingLeaveChannel = 10  # We left.
    AliEngineConnectionSignalingConnecting = 11  # The attempt began.
    AliEngineConnectionChangedNetworkInterrupted = 12  # The connection broke.


class JoinChannelConfig:
    """Settings of one join."""

    def __init__(self) -> None:
        self.channelProfile: ChannelProfile = ChannelProfile.ChannelProfileInteractiveLive
        self.isAudioOnly: bool = False
        self.publishAvsyncMode: PublishAvsyncMode = PublishAvsyncMode.PublishAvsyncNoDelay
        self.publishAvsyncWithPtsMaxAudioCacheSize: int = 300
        self.publishAvsyncWithPtsMaxVideoCacheSize: int = 100
        self.publishMode: PublishMode = PublishMode.PublishManually
        self.subscribeMode: SubscribeMode = SubscribeMode.SubscribeManually
        self.subscribeVideoFormat: VideoFormat = VideoFormat.VideoFormatH264
        self.subscribeAudioFormat: AudioFormat = AudioFormat.AudioFormatMixedPcm
        self.enableTtsCallback: bool = False


class AuthInfo:
    """What a join token is made from, and the token."""

    def __init__(self) -> None:
        self.channel: str = ""
        self.userid: str = ""
        self.username: str = ""
        self.appid: str = ""
        self.token: str = ""
        self.timestamp: int = 0  # when the token ends, seconds since 1970
        self.nonce: str = ""
        self.role: str = ""
