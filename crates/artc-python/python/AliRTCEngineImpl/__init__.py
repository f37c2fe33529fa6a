"""The documented methods over the native engine: argument checks and return values. What they mean is said in ``AliRTCEngine``."""

import atexit
import json
import os
import weakref
from typing import Any, Callable, Dict, Optional

from AliRTCEngine import AliRTCEngineInterface, EngineEventHandlerInterface
from AliRTCLinuxSdkDefine import (
    ERROR_CODE,
    AliEngineClientRole,
    AliEngineDataChannelMsg,
    AliEngineScreenShareEncoderConfiguration,
    AliEngineVideoEncoderConfiguration,
    AliEngineVideoStreamType,
    AudioQualityMode,
    AudioSceneMode,
    AuthInfo,
    JoinChannelConfig,
    RenderMode,
    VideoDataSample,
    VideoSource,
    VideoTrack,
)

from . import logfile
from ._native import Engine as _Engine
from .delivery import LOG, Delivery

__all__ = ["AliRTCEngineImpl"]

#: Key of ``extra`` and environment variable that hold the room server's address.
URL_KEY, URL_VARIABLE = "artc_open_url", "ARTC_OPEN_URL"
#: How long ``Release`` waits for a callback that has begun, in seconds.
RELEASE_WAITS = 1.0

_living: "weakref.WeakSet[AliRTCEngineImpl]" = weakref.WeakSet()


@atexit.register
def _release_all() -> None:
    for engine in list(_living):
        engine.Release()


def _settings(extra: str) -> Dict[str, Any]:
    """``extra`` as an object. What is no JSON raises as the parser does (``json.JSONDecodeError``, a ``ValueError``)."""
    settings = json.loads(extra)
    if not isinstance(settings, dict):
        raise ValueError("extra must be the text of a JSON object, not of a %s" % type(settings).__name__)
    return settings


def _flag(value: Any) -> bool:
    if not isinstance(value, (bool, int)):
        raise TypeError("must be True or False, not %s" % type(value).__name__)
    return bool(value)


def _wants(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError("must be a %s, not %s" % (kind.__name__, type(value).__name__))
    return value


class AliRTCEngineImpl(AliRTCEngineInterface):
    """An engine on a room server."""

    def __init__(
        self, eventHandler: Any, lowPort: int, highPort: int, logPath: str, coreServicePath: str, h5mode: bool, extra: str
    ) -> None:
        if eventHandler is None:
            raise ValueError("eventHandler is missing: give an instance of a subclass of EngineEventHandlerInterface")
        if not (isinstance(lowPort, int) and isinstance(highPort, int) and 0 < lowPort <= highPort <= 65535):
            raise ValueError("ports %r to %r are no range; 42000 to 45000 is advised" % (lowPort, highPort))
        if not coreServicePath:
            raise ValueError("coreServicePath is empty; this engine needs no service, but programs name one")
        settings = _settings(extra)
        url = settings.get(URL_KEY) or os.environ.get(URL_VARIABLE)
        if not url or not isinstance(url, str):
            raise ValueError(
                "no room server: give its address (ws://host:port) as %r in extra, or in the environment variable %s"
                % (URL_KEY, URL_VARIABLE)
            )
        self._handler = eventHandler
        self._native = _Engine(url, json.dumps(settings))
        self._log: Optional[str] = logfile.take(LOG, logPath)
        self._told: Dict[str, str] = {}
        self._delivery = Delivery(self._native, eventHandler)
        _living.add(self)

    def __del__(self) -> None:
        # A creation that failed has none.
        if hasattr(self, "_delivery"):
            self.Release()

    def _answer(self, method: str, call: Callable[[], Optional[tuple]]) -> int:
        """Makes a call and says how it ended: 0, -1, or ``ERR_AUDIO_BUFFER_FULL``."""
        try:
            refused = call()
        except (TypeError, ValueError, OverflowError, BufferError, AttributeError) as error:
            refused = (int(ERROR_CODE.ERR_FATAL), "%s: %s" % (method, error))
        if refused is None:
            self._told.pop(method, None)
            return 0
        code, why = refused
        if code == ERROR_CODE.ERR_AUDIO_BUFFER_FULL:
            return int(code)
        # A program that pushes on would fill its log with one and the same line.
        if self._told.get(method) != why:
            self._told[method] = why
            LOG.warning("%s", why)
        return -1

    def Release(self) -> None:
        self._delivery.stop()
        self._native.release()
        self._delivery.wait(RELEASE_WAITS)
        _living.discard(self)
        logfile.give_back(LOG, self._log)
        self._log = None

    def GetEventHandler(self) -> EngineEventHandlerInterface:
        return self._handler

    def JoinChannel(self, token: str, channelId: str, userId: str, userName: str, config: JoinChannelConfig) -> int:
        code = ERROR_CODE.ERR_JOIN_CONFIG_INVALID

        def call() -> Optional[tuple]:
            nonlocal code
            for text in (token, channelId, userId, userName):
                _wants(text, str)
            c = _wants(config, JoinChannelConfig)
            modes = (c.channelProfile, c.publishAvsyncMode, c.publishMode, c.subscribeMode)
            refused = self._native.join_channel(
                token,
                channelId,
                userId,
                userName,
                (*modes, c.subscribeVideoFormat, c.subscribeAudioFormat),
                (c.publishAvsyncWithPtsMaxAudioCacheSize, c.publishAvsyncWithPtsMaxVideoCacheSize),
                _flag(c.isAudioOnly),
                _flag(c.enableTtsCallback),
            )
            if refused is not None:
                code = ERROR_CODE(refused[0])
            return refused

        answer = self._answer("JoinChannel", call)
        # A join that goes on is not in error because of a second one.
        if answer != 0 and code != ERROR_CODE.ERR_SDK_INVALID_STATE:
            self._delivery.tell("OnError", code)
        return answer

    def LeaveChannel(self) -> int:
        return self._answer("LeaveChannel", self._native.leave_channel)

    def IsLocalVideoStreamPublished(self) -> bool:
        return self._native.published()[0]

    def IsLocalScreenPublishEnabled(self) -> bool:
        return self._native.published()[1]

    def IsLocalAudioStreamPublished(self) -> bool:
        return self._native.published()[2]

    def IsDualStreamPublished(self) -> bool:
        return self._native.published()[3]

    def SetExternalVideoSource(self, enable: bool, sourceType: VideoSource, renderMode: RenderMode) -> int:
        call = self._native.set_external_video_source
        return self._answer("SetExternalVideoSource", lambda: call(_flag(enable), sourceType, renderMode))

    def PushExternalVideoFrame(self, frame: VideoDataSample, sourceType: VideoSource) -> int:
        def call() -> Optional[tuple]:
            f = _wants(frame, VideoDataSample)
            return self._native.push_external_video_frame(
                f.data,
                f.dataLen,
                f.format,
                f.bufferType,
                (f.strideY, f.strideU, f.strideV),
                (f.width, f.height),
                f.rotation,
                f.timeStamp,
                sourceType,
            )

        return self._answer("PushExternalVideoFrame", call)

    def SetExternalAudioSource(self, enable: bool, sampleRate: int, channelsPerFrame: int) -> int:
        call = self._native.set_external_audio_source
        return self._answer("SetExternalAudioSource", lambda: call(_flag(enable), sampleRate, channelsPerFrame))

    def PushExternalAudioFrameRawData(self, audioSamples: bytes, sampleLength: int, timestamp: int) -> int:
        call = self._native.push_external_audio_frame_raw_data
        return self._answer("PushExternalAudioFrameRawData", lambda: call(audioSamples, sampleLength, timestamp))

    def SetAudioProfile(self, audioProfile: AudioQualityMode, audioScene: AudioSceneMode) -> int:
        return self._answer("SetAudioProfile", lambda: self._native.set_audio_profile(audioProfile, audioScene))

    def SetExternalAudioPublishVolume(self, volume: int) -> int:
        return self._answer("SetExternalAudioPublishVolume", lambda: self._native.set_external_audio_publish_volume(volume))

    def GetExternalAudioPublishVolume(self) -> int:
        return self._native.external_audio_publish_volume()

    def SendMediaExtensionMsg(self, message: bytes, length: int, repeatCount: int, delay: int, isKeyFrame: bool) -> int:
        call = self._native.send_media_extension_msg
        return self._answer("SendMediaExtensionMsg", lambda: call(message, length, repeatCount, delay, _flag(isKeyFrame)))

    def PublishLocalDualStream(self, enabled: bool) -> int:
        return self._answer("PublishLocalDualStream", lambda: self._native.publish_local_dual_stream(_flag(enabled)))

    def PublishLocalVideoStream(self, enabled: bool) -> int:
        return self._answer("PublishLocalVideoStream", lambda: self._native.publish_local_video_stream(_flag(enabled)))

    def PublishLocalAudioStream(self, enabled: bool) -> int:
        return self._answer("PublishLocalAudioStream", lambda: self._native.publish_local_audio_stream(_flag(enabled)))

    def PublishScreenShareStream(self, enabled: bool) -> int:
        return self._answer("PublishScreenShareStream", lambda: self._native.publish_screen_share_stream(_flag(enabled)))

    def SubscribeRemoteAudioStream(self, uid: str, sub: bool) -> int:
        return self._answer("SubscribeRemoteAudioStream", lambda: self._native.subscribe_remote_audio_stream(uid, _flag(sub)))

    def SubscribeRemoteVideoStream(self, uid: str, videoTrack: VideoTrack, sub: bool) -> int:
        call = self._native.subscribe_remote_video_stream
        return self._answer("SubscribeRemoteVideoStream", lambda: call(uid, videoTrack, _flag(sub)))

    def SetVideoEncoderConfiguration(self, config: AliEngineVideoEncoderConfiguration) -> int:
        def call() -> Optional[tuple]:
            c = _wants(config, AliEngineVideoEncoderConfiguration)
            return self._native.set_video_encoder_configuration(
                (c.dimensions.width, c.dimensions.height),
                c.frameRate,
                c.keyFrameInterval,
                c.bitrate,
                c.minBitrate,
                c.orientationMode,
                c.mirrorMode,
                c.rotationMode,
            )

        return self._answer("SetVideoEncoderConfiguration", call)

    def SetScreenShareEncoderConfiguration(self, config: AliEngineScreenShareEncoderConfiguration) -> int:
        def call() -> Optional[tuple]:
            c = _wants(config, AliEngineScreenShareEncoderConfiguration)
            size = (c.dimensions.width, c.dimensions.height)
            return self._native.set_screen_share_encoder_configuration(size, c.frameRate, c.bitrate, c.rotationMode)

        return self._answer("SetScreenShareEncoderConfiguration", call)

    def SetRemoteVideoStreamType(self, uid: str, streamType: AliEngineVideoStreamType) -> int:
        return self._answer("SetRemoteVideoStreamType", lambda: self._native.set_remote_video_stream_type(uid, streamType))

    def MuteLocalCamera(self, mute: bool) -> int:
        return self._answer("MuteLocalCamera", lambda: self._native.mute_local_camera(_flag(mute)))

    def MuteLocalMic(self, mute: bool) -> int:
        return self._answer("MuteLocalMic", lambda: self._native.mute_local_mic(_flag(mute)))

    def SetClientRole(self, clientRole: AliEngineClientRole) -> int:
        return self._answer("SetClientRole", lambda: self._native.set_client_role(clientRole))

    def SetRemoteDefaultVideoStreamType(self, streamType: AliEngineVideoStreamType) -> int:
        call = self._native.set_remote_default_video_stream_type
        return self._answer("SetRemoteDefaultVideoStreamType", lambda: call(streamType))

    def LeaveOnceNoStreamer(self, enable: bool) -> None:
        self._answer("LeaveOnceNoStreamer", lambda: self._native.leave_once_no_streamer(_flag(enable)))

    def SetPeriodForCheckPeople(self, seconds: int) -> None:
        self._answer("SetPeriodForCheckPeople", lambda: self._native.set_period_for_check_people(seconds))

    def SetParameter(self, params: str) -> int:
        return self._answer("SetParameter", lambda: self._native.set_parameter(params))

    def GenerateToken(self, authInfo: AuthInfo, appkey: str) -> str:
        a = authInfo
        a.token = _Engine.generate_token(a.appid, appkey, a.channel, a.userid, a.nonce, a.timestamp)
        return a.token

    def SendDataChannelMessage(self, ctrlMsg: AliEngineDataChannelMsg) -> int:
        def call() -> Optional[tuple]:
            m = _wants(ctrlMsg, AliEngineDataChannelMsg)
            return self._native.send_data_channel_message(m.type, m.networkTime, m.progress, m.data, m.dataLen)

        return self._answer("SendDataChannelMessage", call)
