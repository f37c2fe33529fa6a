"""The documented Python API of the ARTC Linux SDK over the open engine: the handler, the engine and its factory.

``from AliRTCEngine import *`` brings the classes, enums and structs, and this module itself under the name ``AliRTCEngine``, so
that ``AliRTCEngine.CreateAliRTCEngine(...)`` works as the documents write it.

A call answers 0 when it was accepted and -1 when it was refused (the reason goes to the logger ``AliRTCEngine``); pushing too fast
answers ``ERROR_CODE.ERR_AUDIO_BUFFER_FULL``. What comes of a call is told to the handler.
"""

import sys
from abc import ABC, abstractmethod

from AliRTCLinuxSdkDefine import *
from AliRTCLinuxSdkDefine import __all__ as _defined

# The states of the callbacks below.
_Publish, _Subscribe, _StreamType = AliEnginePublishState, AliEngineSubscribeState, AliEngineVideoStreamType


class EngineEventHandlerInterface:
    """What the engine tells. Override what matters; the rest does nothing.

    Created inside a running asyncio loop, an engine calls on that loop; otherwise from one thread of its own. Either way one
    callback follows the other, and each may call every method of the engine, ``Release`` included. What a callback raises is
    printed, and the next one comes all the same.
    """

    def OnError(self, error_code: ERROR_CODE) -> None:
        """The engine met an error that it does not repair by itself."""

    def OnWarning(self, warning_code: WARNNING_CODE) -> None:
        """Something odd that the engine lives with."""

    def OnJoinChannelResult(self, result: int, channel: str, userId: str) -> None:
        """The join is decided: 0 or an error code; -1 when nobody came in time."""

    def OnDataChannelMsg(self, uid: str, msg: AliEngineDataChannelMsg) -> None:
        """A message of another user."""

    def OnLeaveChannelResult(self, result: int) -> None:
        """The channel was left. Does not come when the engine is released straight after ``LeaveChannel``."""

    def OnRemoteUserOnLineNotify(self, uid: str) -> None:
        """Somebody is there, or was there before us; in the interactive profiles broadcasters only."""

    def OnRemoteUserOffLineNotify(self, uid: str) -> None:
        """Somebody left, became a viewer, or was not heard of for too long."""

    def OnRemoteTrackAvailableNotify(self, uid: str, audioTrack: AudioTrack, videoTrack: VideoTrack) -> None:
        """What a user publishes has changed."""

    def OnAudioSubscribeStateChanged(
        self, uid: str, oldState: _Subscribe, newState: _Subscribe, elapseSinceLastState: int, channel: str
    ) -> None:
        """Subscription of a user's sound; the time is in milliseconds."""

    def OnVideoSubscribeStateChanged(
        self, uid: str, oldState: _Subscribe, newState: _Subscribe, elapseSinceLastState: int, channel: str
    ) -> None:
        """Subscription of a user's camera."""

    def OnSubscribeStreamTypeChanged(
        self, uid: str, oldStreamType: _StreamType, newStreamType: _StreamType, elapseSinceLastState: int, channel: str
    ) -> None:
        """Big or small stream of a user's camera; none: not subscribed."""

    def OnScreenShareSubscribeStateChanged(
        self, uid: str, oldState: _Subscribe, newState: _Subscribe, elapseSinceLastState: int, channel: str
    ) -> None:
        """Subscription of a user's screen."""

    def OnScreenSharePublishStateChanged(self, oldState: _Publish, newState: _Publish, elapseSinceLastState: int, channel: str) -> None:
        """Publishing of our screen."""

    def OnDualStreamPublishStateChanged(self, oldState: _Publish, newState: _Publish, elapseSinceLastState: int, channel: str) -> None:
        """Publishing of our small stream."""

    def OnVideoPublishStateChanged(self, oldState: _Publish, newState: _Publish, elapseSinceLastState: int, channel: str) -> None:
        """Publishing of our camera."""

    def OnAudioPublishStateChanged(self, oldState: _Publish, newState: _Publish, elapseSinceLastState: int, channel: str) -> None:
        """Publishing of our sound."""

    def OnSubscribeAudioFrame(self, uid: str, frame: AudioFrame) -> None:
        """Sound of one user (``AudioFormatPcmBeforMixing``)."""

    def OnSubscribeMixAudioFrame(self, frame: AudioFrame) -> None:
        """Sound of all users (``AudioFormatMixedPcm``); silence in an empty channel."""

    def OnRemoteVideoSample(self, uid: str, frame: VideoFrame) -> None:
        """A decoded picture of a user (``VideoFormatH264``): I420."""

    def OnRemoteVideoEncodedSample(self, uid: str, frame: VideoFrame) -> None:
        """A picture of a user before decoding: NAL units."""

    def OnMediaExtensionMsgReceived(self, userid: str, message: bytes, size: int) -> None:
        """An SEI message of a user; with repetition it comes several times."""

    def OnUpdateRoleNotify(self, oldRole: AliEngineClientRole, newRole: AliEngineClientRole) -> None:
        """Our role has changed."""

    def OnSubscribeAudioAac(self, uid: str, frame: AudioFrame) -> None:
        """Sound of one user as AAC."""

    def OnSubscribeMixedAudioAac(self, frame: AudioFrame) -> None:
        """Sound of all users as AAC."""

    def OnPushAudioFrameBufferFull(self, isFull: bool) -> None:
        """Pushed sound finds no room: wait; or it does again."""

    def OnPushVideoFrameBufferFull(self, isFull: bool) -> None:
        """Pushed pictures find no room: wait; or they do again."""


class AliRTCEngineInterface(ABC):
    """An engine: one virtual user in at most one channel. Made by ``CreateAliRTCEngine``."""

    @abstractmethod
    def Release(self) -> None:
        """Ends the engine; leaves a joined channel. No callback begins after it."""

    @abstractmethod
    def GetEventHandler(self) -> EngineEventHandlerInterface:
        """The handler given at the creation."""

    @abstractmethod
    def JoinChannel(self, token: str, channelId: str, userId: str, userName: str, config: JoinChannelConfig) -> int:
        """Joins; the outcome is ``OnJoinChannelResult``. What is wrong with the arguments is ``OnError`` and not 0."""

    @abstractmethod
    def LeaveChannel(self) -> int:
        """Leaves and stops publishing; the outcome is ``OnLeaveChannelResult``."""

    @abstractmethod
    def IsLocalVideoStreamPublished(self) -> bool:
        """Whether publishing the camera is allowed."""

    @abstractmethod
    def IsLocalScreenPublishEnabled(self) -> bool:
        """Whether publishing the screen is allowed."""

    @abstractmethod
    def IsLocalAudioStreamPublished(self) -> bool:
        """Whether publishing sound is allowed."""

    @abstractmethod
    def IsDualStreamPublished(self) -> bool:
        """Whether publishing the small stream is allowed."""

    @abstractmethod
    def SetExternalVideoSource(self, enable: bool, sourceType: VideoSource, renderMode: RenderMode) -> int:
        """Switches an external video input on or off; needed before pushing."""

    @abstractmethod
    def PushExternalVideoFrame(self, frame: VideoDataSample, sourceType: VideoSource) -> int:
        """Pushes a picture; 2K and above are refused. The data may change as soon as the call is back."""

    @abstractmethod
    def SetExternalAudioSource(self, enable: bool, sampleRate: int, channelsPerFrame: int) -> int:
        """Switches pushed sound on or off: 8000 to 96000 Hz, 1 or 2 channels."""

    @abstractmethod
    def PushExternalAudioFrameRawData(self, audioSamples: bytes, sampleLength: int, timestamp: int) -> int:
        """Pushes 16-bit PCM: length in bytes, time in milliseconds. ``ERR_AUDIO_BUFFER_FULL``: wait, push the same again."""

    @abstractmethod
    def SetAudioProfile(self, audioProfile: AudioQualityMode, audioScene: AudioSceneMode) -> int:
        """Quality and purpose of published sound."""

    @abstractmethod
    def SetExternalAudioPublishVolume(self, volume: int) -> int:
        """Loudness of pushed sound, 0 to 100."""

    @abstractmethod
    def GetExternalAudioPublishVolume(self) -> int:
        """Loudness of pushed sound; 100 until set."""

    @abstractmethod
    def SendMediaExtensionMsg(self, message: bytes, length: int, repeatCount: int, delay: int, isKeyFrame: bool) -> int:
        """Sends a message inside the published video (SEI), at most 4096 bytes; the delay is in milliseconds."""

    @abstractmethod
    def PublishLocalDualStream(self, enabled: bool) -> int:
        """Allows or forbids the small stream."""

    @abstractmethod
    def PublishLocalVideoStream(self, enabled: bool) -> int:
        """Starts or stops publishing the camera; before joining it says what happens after."""

    @abstractmethod
    def PublishLocalAudioStream(self, enabled: bool) -> int:
        """Starts or stops publishing sound; before joining it says what happens after."""

    @abstractmethod
    def PublishScreenShareStream(self, enabled: bool) -> int:
        """Starts or stops publishing the screen."""

    @abstractmethod
    def SubscribeRemoteAudioStream(self, uid: str, sub: bool) -> int:
        """Subscribes to a user's sound or stops it; only in a channel."""

    @abstractmethod
    def SubscribeRemoteVideoStream(self, uid: str, videoTrack: VideoTrack, sub: bool) -> int:
        """Subscribes to a user's video or stops it; only in a channel."""

    @abstractmethod
    def SetVideoEncoderConfiguration(self, config: AliEngineVideoEncoderConfiguration) -> int:
        """How the camera is encoded; values out of range are moved into it."""

    @abstractmethod
    def SetScreenShareEncoderConfiguration(self, config: AliEngineScreenShareEncoderConfiguration) -> int:
        """How the screen is encoded; values out of range are moved into it."""

    @abstractmethod
    def SetRemoteVideoStreamType(self, uid: str, streamType: AliEngineVideoStreamType) -> int:
        """Big or small stream of one user's camera."""

    @abstractmethod
    def MuteLocalCamera(self, mute: bool) -> int:
        """Stops or resumes sending video; the track stays published."""

    @abstractmethod
    def MuteLocalMic(self, mute: bool) -> int:
        """Stops or resumes sending sound; the track stays published."""

    @abstractmethod
    def SetClientRole(self, clientRole: AliEngineClientRole) -> int:
        """Our role; to become a viewer stop publishing first."""

    @abstractmethod
    def SetRemoteDefaultVideoStreamType(self, streamType: AliEngineVideoStreamType) -> int:
        """Big or small stream for subscriptions to come."""

    @abstractmethod
    def LeaveOnceNoStreamer(self, enable: bool) -> None:
        """As a viewer: ``OnError(ERR_NO_PEOPLE)`` as soon as all broadcasters have stopped."""

    @abstractmethod
    def SetPeriodForCheckPeople(self, seconds: int) -> None:
        """``OnError(ERR_NO_PEOPLE)`` and a failed join when nobody comes in so many seconds; 0 and less: no check."""

    @abstractmethod
    def SetParameter(self, params: str) -> int:
        """Settings as JSON text, such as the data channel's switches."""

    @abstractmethod
    def GenerateToken(self, authInfo: AuthInfo, appkey: str) -> str:
        """Makes a join token, writes it to ``authInfo.token`` and returns it. For tests: the key belongs on the app server."""

    @abstractmethod
    def SendDataChannelMessage(self, ctrlMsg: AliEngineDataChannelMsg) -> int:
        """Sends a message to everybody in the channel; needs the switch of ``SetParameter``."""


def CreateAliRTCEngine(
    eventHandler: EngineEventHandlerInterface, lowPort: int, highPort: int, logPath: str, coreServicePath: str, h5mode: bool, extra: str
) -> AliRTCEngineInterface:
    """Makes an engine.

    The room server's address, which the documents do not have, is the key ``artc_open_url`` of ``extra`` or the environment variable
    ``ARTC_OPEN_URL``. What the logger ``AliRTCEngine`` says goes to a file in ``logPath``, too. Ports, service path and h5mode matter to
    the vendor's engine only; they are checked and kept.
    ``ValueError`` says what is wrong.
    """
    from AliRTCEngineImpl import AliRTCEngineImpl

    return AliRTCEngineImpl(eventHandler, lowPort, highPort, logPath, coreServicePath, h5mode, extra)


AliRTCEngine = sys.modules[__name__]

__all__ = [*_defined, "AliRTCEngine", "AliRTCEngineInterface", "CreateAliRTCEngine", "EngineEventHandlerInterface"]
