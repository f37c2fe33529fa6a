"""What goes wrong and how it is told: error numbers, warnings, log levels."""

from enum import IntEnum

__all__ = [
    "ERROR_CODE",
    "WARNNING_CODE",
    "LogLevel",
]


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


class WARNNING_CODE(IntEnum):
    """The documented warnings. The double N is the API's spelling."""

    WARN_DEFAULT = -1  # The only warning that has a number; our text says what it is about.


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
