"""Tracks, ours and those of others: which there are, and how publishing and subscribing them stands."""

from enum import IntEnum

__all__ = [
    "AudioTrack",
    "VideoTrack",
    "VideoTrackType",
    "AliEngineVideoStreamType",
    "VideoSource",
    "RenderMode",
    "AliEngineMuteLocalAudioMode",
    "AliEnginePublishState",
    "AliEngineSubscribeState",
]


class AudioTrack(IntEnum):
    """Audio tracks of a user."""

    AudioTrackNo = 0  # None.
    AudioTrackMic = 1  # The microphone.
    AudioTrackEnd = 0xffffffff  # bounds the range


class VideoTrack(IntEnum):
    """Video tracks of a user."""

    VideoTrackNo = 0  # None.
    AliEngineVideoTrackNo = 0  # the same by another spelling
    VideoTrackCamera = 1  # The camera.
    AliEngineVideoTrackCamera = 1  # the same by another spelling
    VideoTrackScreen = 2  # The shared screen.
    AliEngineVideoTrackScreen = 2  # the same by another spelling
    VideoTrackBoth = 3  # Camera and screen.
    AliEngineVideoTrackBoth = 3  # the same by another spelling
    VideoTrackEnd = 0xffffffff  # bounds the range


class VideoTrackType(IntEnum):
    """Which encoding of a user's video a received frame comes from."""

    VideoTrackCameraLarge = 0  # The camera's big stream.
    VideoTrackCameraSmall = 1  # The camera's small stream.
    VideoTrackCameraSuper = 2  # The camera's largest stream.
    VideoTrackScreenshare = 3  # The shared screen.


class AliEngineVideoStreamType(IntEnum):
    """Big or small stream of a camera that publishes both."""

    AliEngineVideoStreamTypeNone = 0  # Nothing; as an argument it has no effect.
    AliEngineVideoStreamTypeHigh = 1  # The big one.
    AliEngineVideoStreamTypeLow = 2  # The small one.


class VideoSource(IntEnum):
    """Which external video input."""

    VideoSourceCamera = 0  # The camera track.
    VideoSourceScreenShare = 1  # The screen track.
    VideosourceTypeMax = 2  # bounds the range
    VideoSourceTypeMax = 2  # bounds the range


class RenderMode(IntEnum):
    """What happens when the input's shape is not the published shape."""

    RenderModeAuto = 0  # The engine decides.
    RenderModeStretch = 1  # Distort.
    RenderModeFill = 2  # Black bars.
    RenderModeCrop = 3  # Cut off.


class AliEngineMuteLocalAudioMode(IntEnum):
    """What muting the microphone covers."""

    AliEngineMuteLocalAudioModeDefault = 0  # Everything, pushed PCM included.
    AliEngineMuteLocalAudioModeMuteOnlyMic = 1  # Only a microphone that the engine itself captures.
    AliEngineMuteLocalAudioModeMuteAll = 2  # Everything.


class AliEnginePublishState(IntEnum):
    """State of a track that we publish. It goes 0, 2, 3 when publishing starts; 3, 1 when it stops; 2, 1 when it fails."""

    AliEngineStatsPublishIdle = 0  # Nothing was ever published in this join.
    AliEngineStatsNoPublish = 1  # Not published.
    AliEngineStatsPublishing = 2  # Asked for, no media out yet.
    AliEngineStatsPublished = 3  # Media flows.


class AliEngineSubscribeState(IntEnum):
    """State of a remote track that we subscribe. It goes 0, 2, 3 when subscribing; 3, 1 when unsubscribing; 2, 1 when it fails."""

    AliEngineStatsSubscribeIdle = 0  # Never subscribed in this join.
    AliEngineStatsNoSubscribe = 1  # Not subscribed.
    AliEngineStatsSubscribing = 2  # Asked for, nothing decoded yet.
    AliEngineStatsSubscribed = 3  # Media comes.
