"""How what we publish is encoded: pictures and sound."""

from enum import IntEnum

__all__ = [
    "AliEngineFrameRate",
    "AliEngineVideoEncoderOrientationMode",
    "AliEngineVideoMirrorMode",
    "AliEngineRotationMode",
    "AudioQualityMode",
    "AudioSceneMode",
    "AliEngineVideoDimensions",
    "AliEngineVideoEncoderConfiguration",
    "AliEngineScreenShareEncoderConfiguration",
]


class AliEngineFrameRate(IntEnum):
    """Frame rates with a name. A configuration may hold any rate up to MAX_FPS."""

    AliEngineFrameRateFps5 = 5  # 5 a second.
    AliEngineFrameRateFps10 = 10  # 10 a second.
    AliEngineFrameRateFps15 = 15  # 15 a second; the camera's default.
    AliEngineFrameRateFps20 = 20  # 20 a second.
    AliEngineFrameRateFps25 = 25  # 25 a second.
    AliEngineFrameRateFps30 = 30  # 30 a second.
    AliEngineFrameRateFps60 = 60  # 60 a second; clamped to 30.


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


class AliEngineRotationMode(IntEnum):
    """How far the published picture is turned clockwise."""

    AliEngineRotationMode_NoChange = -1  # Not at all; the same as Rotate0.
    AliEngineRotationModeNoChange = -1  # the same by another spelling
    AliEngineRotationMode_0 = 0  # 0 degrees.
    AliEngineRotationMode_90 = 90  # 90 degrees.
    AliEngineRotationMode_180 = 180  # 180 degrees.
    AliEngineRotationMode_270 = 270  # 270 degrees.


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
