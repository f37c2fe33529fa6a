"""Enums and structs of the engine, by the names, numbers and defaults of the vendor's documents.

Every enum is an ``IntEnum``: a member compares equal to its number, has it as ``.value`` and prints as the number in ``%d``.
Where documents and programs spell a name in two ways, both are there for one member.
"""

from enum import IntEnum
from typing import List, Tuple, Union

#: What can be pushed or sent: anything with its bytes in one piece.
Buffer = Union[bytes, bytearray, memoryview]


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


class AliEngineDataMsgType(IntEnum):
    """Kind of a data-channel message."""

    AliEngineDataChannelNone = 0  # Not said.
    AliEngineDataChannelProgress = 1  # Playing position; reserved.
    AliEngineDataChannelMusicProgress = 1  # the same by another spelling
    AliEngineDataChannelCustom = 2  # The application's own.


class AliEngineFrameRate(IntEnum):
    """Frame rates with a name. A configuration may hold any rate up to MAX_FPS."""

    AliEngineFrameRateFps5 = 5  # 5 a second.
    AliEngineFrameRateFps10 = 10  # 10 a second.
    AliEngineFrameRateFps15 = 15  # 15 a second; the camera's default.
    AliEngineFrameRateFps20 = 20  # 20 a second.
    AliEngineFrameRateFps25 = 25  # 25 a second.
    AliEngineFrameRateFps30 = 30  # 30 a second.
    AliEngineFrameRateFps60 = 60  # 60 a second; clamped to 30.


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


class AliEngineRotationMode(IntEnum):
    """How far the published picture is turned clockwise."""

    AliEngineRotationMode_NoChange = -1  # Not at all; the same as Rotate0.
    AliEngineRotationModeNoChange = -1  # the same by another spelling
    AliEngineRotationMode_0 = 0  # 0 degrees.
    AliEngineRotationMode_90 = 90  # 90 degrees.
    AliEngineRotationMode_180 = 180  # 180 degrees.
    AliEngineRotationMode_270 = 270  # 270 degrees.


class AliEngineSubscribeState(IntEnum):
    """State of a remote track that we subscribe. It goes 0, 2, 3 when subscribing; 3, 1 when unsubscribing; 2, 1 when it fails."""

    AliEngineStatsSubscribeIdle = 0  # Never subscribed in this join.
    AliEngineStatsNoSubscribe = 1  # Not subscribed.
    AliEngineStatsSubscribing = 2  # Asked for, nothing decoded yet.
    AliEngineStatsSubscribed = 3  # Media comes.


class AliEngineVideoEncoderOrientationMode(IntEnum):
    """Which way up the published picture is."""

    AliEngineVideoEncoderOrientationModeAdaptive = 0  # As the input.
    AliEngineVideoEncoderOrientationModeFixedLandscape = 1  # Always wider than high.
    AliEngineVideoEncoderOrientationModeFixedPortrait = 2  # Always higher than wide.


class AliEngineVideoMirrorMode(IntEnum):
    """Whether the published picture is mirrored left to right."""

    AliEngineVideoMirrorModeDisabled = 0  # No.
    AliEngineVideoMirrorModeEnable = 1  # Yes.
    AliEngineVideoMirrorModeEnabled = 1  # the same by another spelling


class AliEngineVideoStreamType(IntEnum):
    """Big or small stream of a camera that publishes both."""

    AliEngineVideoStreamTypeNone = 0  # Nothing; as an argument it has no effect.
    AliEngineVideoStreamTypeHigh = 1  # The big one.
    AliEngineVideoStreamTypeLow = 2  # The small one.


class AudioFormat(IntEnum):
    """In what form received sound comes."""

    AudioFormatNone = 0  # No sound.
    AudioFormatMixedPcm = 1  # All users in one; from the join on, silence in an empty channel.
    AudioFormatPcmBeforMixing = 2  # Each user on its own. The missing letter of the first name is the documents'.
    AudioFormatPcmBeforeMixing = 2  # the same by another spelling


class AudioFrameType(IntEnum):
    """Whether received sound is decoded."""

    AudioFrameRawPcm = 0  # 16-bit PCM.
    AudioFrameAacAdts = 1  # AAC in ADTS frames.


class AudioQualityMode(IntEnum):
    """Rate, channels and bitrate of published sound."""

    LowQualityMode = 0x0000  # 8 kHz mono, at most 12 kbit/s.
    BasicQualityMode = 0x0001  # 16 kHz mono, at most 24 kbit/s; the default.
    HighQualityMode = 0x0010  # 48 kHz mono, at most 64 kbit/s.
    StereoHighQualityMode = 0x0011  # 48 kHz stereo, at most 80 kbit/s.
    SuperHighQualityMode = 0x0012  # 48 kHz mono, at most 96 kbit/s.
    StereoSuperHighQualityMode = 0x0013  # 48 kHz stereo, at most 128 kbit/s.
    QualityMaxMode = 0x0014  # bounds the range


class AudioSceneMode(IntEnum):
    """What the sound is for."""

    DefaultMode = 0x0000  # Nothing special.
    SceneDefaultMode = 0x0000  # the same by another spelling
    EducationMode = 0x0100  # Lessons: steady rather than rich.
    SceneEducationMode = 0x0100  # the same by another spelling
    MediaMode = 0x0200  # Media and games.
    SceneMediaMode = 0x0200  # the same by another spelling
    MusicMode = 0x0300  # Music.
    SceneMusicMode = 0x0300  # the same by another spelling
    ChatroomMode = 0x0400  # Many people talking.
    SceneChatroomMode = 0x0400  # the same by another spelling
    KtvMode = 0x0500  # Singing along.
    SceneKtvMode = 0x0500  # the same by another spelling
    SceneMaxMode = 0x0501  # bounds the range


class AudioTrack(IntEnum):
    """Audio tracks of a user."""

    AudioTrackNo = 0  # None.
    AudioTrackMic = 1  # The microphone.
    AudioTrackEnd = 0xffffffff  # bounds the range


class AudioTranscodingCodec(IntEnum):
    """In what form received sound is handed out besides or instead of PCM."""

    AudioTranscodingCodecPcm = 0  # PCM.
    AudioTranscodingCodecAac = 1  # AAC.
    AudioTranscodingCodecBothPcmAndAac = 2  # Both.
    AudioTranscodingCodecMax = 3  # bounds the range


class ChannelProfile(IntEnum):
    """How users of a channel see each other."""

    ChannelProfileCommunication = 0  # Everybody sees everybody.
    ChannelProfileInteractiveLive = 1  # Broadcasters are seen by all, viewers by nobody.
    ChannelProfileInteractiveWithLowLatencyLive = 2  # As InteractiveLive, tuned for low latency.


class ERROR_CODE(IntEnum):
    """The documented error numbers: of ``OnError``, and of the results of joining and leaving."""

    ERR_OK = 0x00000000  # All is well.
    ERR_JOIN_BAD_APPID = 0x02010201  # The app of the token is not known.
    ERR_JOIN_INVALID_APPID = 0x02010202  # The app of the token is switched off.
    ERR_JOIN_INVALID_CHANNEL = 0x02010203  # The channel has expired: it lives at most 48 hours.
    ERR_JOIN_BAD_CHANNEL = 0x02010204  # The channel does not exist, or the token is for another one.
    ERR_JOIN_BAD_TOKEN = 0x02010205  # The token is forged, expired or for somebody else.
    ERR_JOIN_TIMEOUT = 0x01020204  # No answer to the join in time.
    ERR_JOIN_BAD_PARAM = 0x01030101  # An argument of the join is wrong.
    ERR_JOIN_FAILED = 0x01030202  # The join failed for another reason.
    ERR_JOIN_CONFIG_INVALID = 0x01030302  # The join configuration is wrong, for example an empty token.
    ERR_LEAVE_UNUSUAL = 0x01030303  # Removed from the channel: the same user joined elsewhere, or somebody removed us.
    ERR_NO_PEOPLE = 0x01030304  # Nobody came, or all broadcasters have stopped.
    ERR_PUBLISH_INVALID = 0x01030305  # Publishing is not possible in this state.
    ERR_AUDIO_DATA_ERROR = 0x03010201  # Audio data is wrong.
    ERR_VIDEO_DATA_ERROR = 0x03010202  # Video data is wrong.
    ERR_NETWORK_CONNECT_FAIL = 0x01050201  # The media path could not be built.
    ERR_NETWORK_RECONNECT_FAIL = 0x01050202  # The media path could not be built again.
    ERR_NETWORK_DISCONNECT = 0x01050203  # The media path is gone; also: the vendor's service process died.
    ERR_NETWORK_TIMEOUT = 0x0102020C  # The network did not answer in time.
    ERR_Publish_NOT_JOIN_CHANNEL = 0x01010406  # Publishing before joining. The mixed case of the name is the documents'.
    ERR_PUBLISH_NOT_JOIN_CHANNEL = 0x01010406  # the same by another spelling
    ERR_PUBLISH_AUDIO_STREAM_FAILED = 0x01010450  # Publishing sound failed.
    ERR_PUBLISH_AUDIO_FAILED = 0x01010450  # the same by another spelling
    ERR_PUBLISH_VIDEO_STREAM_FAILED = 0x01010451  # Publishing the camera failed.
    ERR_PUBLISH_VIDEO_FAILED = 0x01010451  # the same by another spelling
    ERR_PUBLISH_DUAL_STREAM_FAILED = 0x01010452  # Publishing the small stream failed.
    ERR_PUBLISH_SCREEN_SHARE_FAILED = 0x01010453  # Publishing the screen failed.
    ERR_PUBLISH_SCREEN_SHARE_CONFIG = 0x01010454  # The screen's configuration is wrong.
    ERR_SUBSCRIBE_INVALID = 0x01030404  # Subscribing is not possible in this state.
    ERR_SUBSCRIBE_NOT_JOIN_CHANNEL = 0x01010550  # Subscribing before joining.
    ERR_SUBSCRIBE_AUDIO_STREAM_FAILED = 0x01010551  # Subscribing to sound failed.
    ERR_SUBSCRIBE_AUDIO_FAILED = 0x01010551  # the same by another spelling
    ERR_SUBSCRIBE_VIDEO_STREAM_FAILED = 0x01010552  # Subscribing to a camera failed.
    ERR_SUBSCRIBE_VIDEO_FAILED = 0x01010552  # the same by another spelling
    ERR_SUBSCRIBE_DUAL_STREAM_FAILED = 0x01010553  # Subscribing to a small stream failed.
    ERR_SUBSCRIBE_SCREEN_SHARE_FAILED = 0x01010554  # Subscribing to a screen failed.
    ERR_SUBSCRIBE_DUAL_AUDIO_STREAM_FAILED = 0x01010555  # Subscribing to a second sound stream failed.
    ERR_SDK_INVALID_STATE = 0x01060101  # The call is not lawful in the engine's state.
    ERR_SESSION_REMOVED = 0x01060102  # The session was removed by the server.
    ERR_INNER = 0x01060103  # An error inside the engine.
    ERR_VIDEO_TRANSFER = 0x01060104  # Video did not get through to the vendor's service process.
    ERR_AUDIO_TRANSFER = 0x01060105  # Audio did not get through to the vendor's service process.
    ERR_AUDIO_BUFFER_FULL = 0x01060106  # pushed too fast: wait for the duration of the chunk, push it again; compare for equality
    ERR_FATAL = -1  # Failure without a number of its own; also the join's result when nobody came.


class LogLevel(IntEnum):
    """How much the engine logs."""

    AliRTCSDK_LogLevelInfo = 3  # Everything.
    LogLevelInfo = 3  # the same by another spelling
    AliRTCSDK_LogLevelWarn = 4  # Warnings and worse.
    LogLevelWarn = 4  # the same by another spelling
    AliRTCSDK_LogLevelError = 5  # Errors and worse.
    LogLevelError = 5  # the same by another spelling
    AliRTCSDK_LogLevelFatal = 6  # Only what ends the engine.
    LogLevelFatal = 6  # the same by another spelling
    AliRTCSDK_LogLevelNone = 7  # Nothing.
    LogLevelNone = 7  # the same by another spelling


class PublishAvsyncMode(IntEnum):
    """Whose job it is to keep sound and picture together."""

    PublishAvsyncNoDelay = 0  # Frames are sent at once; the caller owns the timing.
    PublishAvysncNoDelay = 0  # the same by another spelling
    PublishAvsyncWithPts = 1  # The engine buffers and releases by timestamp. All pieces of one join share one time axis.
    PublishAvysncWithPts = 1  # the same by another spelling


class PublishMode(IntEnum):
    """What is published after joining."""

    PublishAutomatically = 0  # Sound and camera start by themselves after the join.
    PublishManually = 1  # Nothing starts before one of the publish_... calls.


class RenderMode(IntEnum):
    """What happens when the input's shape is not the published shape."""

    RenderModeAuto = 0  # The engine decides.
    RenderModeStretch = 1  # Distort.
    RenderModeFill = 2  # Black bars.
    RenderModeCrop = 3  # Cut off.


class SubscribeMode(IntEnum):
    """What is subscribed after joining."""

    SubscribeAutomatically = 0  # Every broadcaster.
    SubscribeManually = 1  # Nobody before a subscribe_... call.
    SubscribeAudioAutoAndOnly = 2  # Every broadcaster's sound and nothing else; saves the video decoders.
    SubscribeCameraAutoAndOnly = 3  # Every broadcaster's camera and nothing else.


class VideoBufferType(IntEnum):
    """Where the bytes of a pushed picture are. On Linux only VideoBufferType::RawData exists."""

    VideoBufferTypeRawData = 0  # In memory.
    VideoBufferTypeCVPixelBuffer = 1  # Apple's pixel buffer; refused here.
    VideoBufferTypeTexture = 2  # A texture of the graphics card; refused here.


class VideoDataFormat(IntEnum):
    """What the bytes of a pushed picture mean."""

    VideoDataFormatUnknow = -1  # Not said; always refused.
    VideoDataFormatUnknown = -1  # the same by another spelling
    VideoDataFormatBGRA = 0  # 4 bytes a pixel: blue, green, red, unused.
    VideoDataFormatI420 = 1  # Planes Y, U, V; colour at half width and half height.
    VideoDataFormatNV21 = 2  # Plane Y, then interleaved V U.
    VideoDataFormatNV12 = 3  # Plane Y, then interleaved U V.
    VideoDataFormatH264 = 4  # One H.264 access unit, Annex B with start codes; passed through without encoding.
    VideoDataFormatH265 = 5  # One H.265 access unit.
    VideoDataFormatRGB24 = 6  # 3 bytes a pixel: red, green, blue.
    VideoDataFormatBGR24 = 7  # 3 bytes a pixel: blue, green, red.


class VideoFormat(IntEnum):
    """In what form received video comes. The name is misleading: H264 means decoded I420 pictures."""

    VideoFormatNone = 0  # No pictures.
    VideoFormatH264 = 1  # Event::RemoteVideoSample with I420.


class VideoFrameType(IntEnum):
    """Whether a received video frame is decoded."""

    VideoFrameH264 = 0  # A decoded I420 picture, despite the name.
    VideoFrameH264Nalu = 1  # NAL units before decoding (Annex B).


class VideoSource(IntEnum):
    """Which external video input."""

    VideoSourceCamera = 0  # The camera track.
    VideoSourceScreenShare = 1  # The screen track.
    VideosourceTypeMax = 2  # bounds the range
    VideoSourceTypeMax = 2  # bounds the range


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


class VideoTranscodingCodec(IntEnum):
    """In what form received video is handed out."""

    VideoTranscodingCodecYuv = 0  # Decoded pictures.
    VideoTranscodingCodecH264 = 1  # NAL units before decoding.
    VideoTranscodingCodecBothYuvAndH264 = 2  # Both.
    VideoTranscodingCodecMax = 3  # bounds the range


class WARNNING_CODE(IntEnum):
    """The documented warnings. The double N is the API's spelling."""

    WARN_DEFAULT = -1  # The only warning that has a number; our text says what it is about.


class VideoDataSample:
    """A picture for ``PushExternalVideoFrame``."""

    def __init__(self) -> None:
        self.format: VideoDataFormat = VideoDataFormat.VideoDataFormatUnknow
        self.bufferType: VideoBufferType = VideoBufferType.VideoBufferTypeRawData
        self.data: Buffer = b""  # bytes, bytearray, memoryview, NumPy array, ...
        self.dataLen: int = 0  # how many of them are meant
        self.strideY: int = 0  # bytes from row to row; packed RGB: 0 or the width mean "no padding"
        self.strideU: int = 0
        self.strideV: int = 0
        self.height: int = 0
        self.width: int = 0
        self.rotation: int = 0  # degrees, clockwise
        self.timeStamp: int = 0  # milliseconds


class VideoH264Frame:
    """Bytes and facts of a received picture. The bytes are the receiver's own: they may be kept."""

    def __init__(self) -> None:
        self.frame_ms_: int = 0  # presentation time, milliseconds
        self.frame_num_: int = 0
        self.buf_: bytes = b""  # I420 without padding, or an Annex B access unit
        self.bufSize_: int = 0
        self.width: int = 0
        self.height: int = 0
        self.qp: int = 0  # 0: not known
        self.mv_infos: List[Tuple[int, int]] = []
        self.slice_type: int = 0


class VideoFrame:
    """A received picture."""

    def __init__(self) -> None:
        self.track: VideoTrackType = VideoTrackType.VideoTrackCameraLarge
        self.type: VideoFrameType = VideoFrameType.VideoFrameH264
        self.frame: VideoH264Frame = VideoH264Frame()


class AudioPcmFrame:
    """Received sound: signed 16-bit samples, little endian, interleaved."""

    def __init__(self) -> None:
        self.frame_ms_: int = 10  # duration, milliseconds
        self.channels_: int = 1
        self.sample_bits_: int = 16
        self.sample_rates_: int = 0  # Hz
        self.samples_: int = 0  # of one channel
        self.streamIndex_: int = 0  # 0 main stream, 1 second stream
        self.pcmBuf_: bytes = b""
        self.pcmBufSize_: int = 0


class AudioAacFrame:
    """Received sound as an AAC frame with its ADTS header."""

    def __init__(self) -> None:
        self.frame_ms_: int = 0
        self.channels_: int = 1
        self.sample_rates_: int = 0  # Hz
        self.aacBuf_: bytes = b""
        self.aacBufSize_: int = 0


class AudioFrame:
    """Received sound: ``type`` says which of the two parts is filled."""

    def __init__(self) -> None:
        self.type: AudioFrameType = AudioFrameType.AudioFrameRawPcm
        self.pcm: AudioPcmFrame = AudioPcmFrame()
        self.aac: AudioAacFrame = AudioAacFrame()


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


class AliEngineVideoDimensions:
    """Width and height in pixels."""

    def __init__(self, width: int = 0, height: int = 0) -> None:
        self.width: int = width
        self.height: int = height


class AliEngineVideoEncoderConfiguration:
    """How the camera is encoded. Values out of range are moved into it."""

    def __init__(
        self,
        width: int = 640,
        height: int = 480,
        f: int = AliEngineFrameRate.AliEngineFrameRateFps15,
        b: int = 512,
        ori: AliEngineVideoEncoderOrientationMode = AliEngineVideoEncoderOrientationMode.AliEngineVideoEncoderOrientationModeAdaptive,
        mr: AliEngineVideoMirrorMode = AliEngineVideoMirrorMode.AliEngineVideoMirrorModeDisabled,
        rotation: AliEngineRotationMode = AliEngineRotationMode.AliEngineRotationMode_NoChange,
    ) -> None:
        self.dimensions: AliEngineVideoDimensions = AliEngineVideoDimensions(width, height)  # at most 1920x1080
        self.frameRate: int = f  # a second, at most 30
        self.keyFrameInterval: int = 0  # milliseconds; 0: the engine decides
        self.bitrate: int = b  # kbit/s; 0: the engine decides
        self.minBitrate: int = 0  # kbit/s; 0: the engine decides
        self.orientationMode: AliEngineVideoEncoderOrientationMode = ori
        self.mirrorMode: AliEngineVideoMirrorMode = mr
        self.rotationMode: AliEngineRotationMode = rotation


class AliEngineScreenShareEncoderConfiguration:
    """How the screen is encoded. Values out of range are moved into it."""

    def __init__(
        self,
        width: int = 0,
        height: int = 0,
        frameRate: int = AliEngineFrameRate.AliEngineFrameRateFps5,
        bitRate: int = 512,
        rotation: AliEngineRotationMode = AliEngineRotationMode.AliEngineRotationMode_NoChange,
    ) -> None:
        self.dimensions: AliEngineVideoDimensions = AliEngineVideoDimensions(width, height)  # 0x0: as the input
        self.frameRate: int = frameRate  # a second, at most 30
        self.bitrate: int = bitRate  # kbit/s; 0: the engine decides
        self.rotationMode: AliEngineRotationMode = rotation


class AliEngineDataChannelMsg:
    """A data-channel message."""

    def __init__(self) -> None:
        self.type: AliEngineDataMsgType = AliEngineDataMsgType.AliEngineDataChannelNone
        self.networkTime: int = 0  # free for the program
        self.progress: int = 0  # reserved
        self.data: Buffer = b""
        self.dataLen: int = 0


__all__ = [name for name in dir() if not name.startswith("_") and name not in ("IntEnum", "List", "Tuple", "Union", "Buffer")]
