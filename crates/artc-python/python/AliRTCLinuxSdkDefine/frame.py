"""Pictures, sound and messages: those that are pushed or sent and those that are received."""

from enum import IntEnum
from typing import List, Tuple, Union

from .track import VideoTrackType

#: What can be pushed or sent: anything with its bytes in one piece.
Buffer = Union[bytes, bytearray, memoryview]

__all__ = [
    "VideoDataFormat",
    "VideoBufferType",
    "VideoDataSample",
    "VideoFrameType",
    "VideoTranscodingCodec",
    "VideoH264Frame",
    "VideoFrame",
    "AudioFrameType",
    "AudioTranscodingCodec",
    "AudioPcmFrame",
    "AudioAacFrame",
    "AudioFrame",
    "AliEngineDataMsgType",
    "AliEngineDataChannelMsg",
]


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


class VideoBufferType(IntEnum):
    """Where the bytes of a pushed picture are. On Linux only VideoBufferType::RawData exists."""

    VideoBufferTypeRawData = 0  # In memory.
    VideoBufferTypeCVPixelBuffer = 1  # Apple's pixel buffer; refused here.
    VideoBufferTypeTexture = 2  # A texture of the graphics card; refused here.


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


class VideoFrameType(IntEnum):
    """Whether a received video frame is decoded."""

    VideoFrameH264 = 0  # A decoded I420 picture, despite the name.
    VideoFrameH264Nalu = 1  # NAL units before decoding (Annex B).


class VideoTranscodingCodec(IntEnum):
    """In what form received video is handed out."""

    VideoTranscodingCodecYuv = 0  # Decoded pictures.
    VideoTranscodingCodecH264 = 1  # NAL units before decoding.
    VideoTranscodingCodecBothYuvAndH264 = 2  # Both.
    VideoTranscodingCodecMax = 3  # bounds the range


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


class AudioFrameType(IntEnum):
    """Whether received sound is decoded."""

    AudioFrameRawPcm = 0  # 16-bit PCM.
    AudioFrameAacAdts = 1  # AAC in ADTS frames.


class AudioTranscodingCodec(IntEnum):
    """In what form received sound is handed out besides or instead of PCM."""

    AudioTranscodingCodecPcm = 0  # PCM.
    AudioTranscodingCodecAac = 1  # AAC.
    AudioTranscodingCodecBothPcmAndAac = 2  # Both.
    AudioTranscodingCodecMax = 3  # bounds the range


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


class AliEngineDataMsgType(IntEnum):
    """Kind of a data-channel message."""

    AliEngineDataChannelNone = 0  # Not said.
    AliEngineDataChannelProgress = 1  # Playing position; reserved.
    AliEngineDataChannelMusicProgress = 1  # the same by another spelling
    AliEngineDataChannelCustom = 2  # The application's own.


class AliEngineDataChannelMsg:
    """A data-channel message."""

    def __init__(self) -> None:
        self.type: AliEngineDataMsgType = AliEngineDataMsgType.AliEngineDataChannelNone
        self.networkTime: int = 0  # free for the program
        self.progress: int = 0  # reserved
        self.data: Buffer = b""
        self.dataLen: int = 0
