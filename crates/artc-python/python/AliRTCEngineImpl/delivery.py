"""Brings the engine's events to the user's handler. Not for what an event means to the engine."""

import asyncio
import logging
import threading
import traceback
from typing import Any, Callable, Dict, Optional, Tuple

from AliRTCLinuxSdkDefine import (
    ERROR_CODE,
    WARNNING_CODE,
    AliEngineClientRole,
    AliEngineDataChannelMsg,
    AliEngineDataMsgType,
    AliEnginePublishState,
    AliEngineSubscribeState,
    AliEngineVideoStreamType,
    AudioFrame,
    AudioFrameType,
    AudioTrack,
    VideoFrame,
    VideoFrameType,
    VideoTrack,
    VideoTrackType,
)

LOG = logging.getLogger("AliRTCEngine")

#: How long the thread waits before it looks whether it is still wanted, in seconds.
PATIENCE = 0.5
#: Callbacks on the loop before others get their turn.
AT_ONCE = 16

Event = Tuple[str, Tuple[Any, ...]]


def _error(code: int, detail: str) -> Tuple[Any, ...]:
    if detail:
        LOG.error("%s: %s", ERROR_CODE(code).name, detail)
    return (ERROR_CODE(code),)


def _warning(code: int, detail: str) -> Tuple[Any, ...]:
    LOG.warning("%s", detail)
    return (WARNNING_CODE(code),)


def _message(uid: str, kind: int, network_time: int, progress: int, data: bytes) -> Tuple[Any, ...]:
    msg = AliEngineDataChannelMsg()
    msg.type = AliEngineDataMsgType(kind)
    msg.networkTime = network_time
    msg.progress = progress
    msg.data = data
    msg.dataLen = len(data)
    return uid, msg


def _published(old: int, new: int, elapsed: int, channel: str) -> Tuple[Any, ...]:
    return AliEnginePublishState(old), AliEnginePublishState(new), elapsed, channel


def _subscribed(uid: str, old: int, new: int, elapsed: int, channel: str) -> Tuple[Any, ...]:
    return uid, AliEngineSubscribeState(old), AliEngineSubscribeState(new), elapsed, channel


def _sound(raw: Tuple[Any, ...]) -> AudioFrame:
    kind, millis, channels, rate, samples, stream, data = raw
    frame = AudioFrame()
    frame.type = AudioFrameType(kind)
    if frame.type == AudioFrameType.AudioFrameRawPcm:
        pcm = frame.pcm
        pcm.frame_ms_, pcm.channels_, pcm.sample_rates_, pcm.samples_, pcm.streamIndex_ = millis, channels, rate, samples, stream
        pcm.pcmBuf_, pcm.pcmBufSize_ = data, len(data)
    else:
        aac = frame.aac
        aac.frame_ms_, aac.channels_, aac.sample_rates_ = millis, channels, rate
        aac.aacBuf_, aac.aacBufSize_ = data, len(data)
    return frame


def _picture(raw: Tuple[Any, ...]) -> VideoFrame:
    picture = VideoFrame()
    picture.track, picture.type = VideoTrackType(raw[0]), VideoFrameType(raw[1])
    frame = picture.frame
    frame.frame_ms_, frame.frame_num_, frame.buf_, frame.width, frame.height = raw[2:7]
    frame.qp, frame.mv_infos, frame.slice_type = raw[7:]
    frame.bufSize_ = len(frame.buf_)
    return picture


#: The arguments of each callback from what the engine tells; where none is named they are the same.
ARGUMENTS: Dict[str, Callable[..., Tuple[Any, ...]]] = {
    "OnError": _error,
    "OnWarning": _warning,
    "OnDataChannelMsg": _message,
    "OnRemoteTrackAvailableNotify": lambda uid, audio, video: (uid, AudioTrack(audio), VideoTrack(video)),
    "OnAudioSubscribeStateChanged": _subscribed,
    "OnVideoSubscribeStateChanged": _subscribed,
    "OnScreenShareSubscribeStateChanged": _subscribed,
    "OnSubscribeStreamTypeChanged": lambda uid, old, new, elapsed, channel: (
        uid,
        AliEngineVideoStreamType(old),
        AliEngineVideoStreamType(new),
        elapsed,
        channel,
    ),
    "OnScreenSharePublishStateChanged": _published,
    "OnDualStreamPublishStateChanged": _published,
    "OnVideoPublishStateChanged": _published,
    "OnAudioPublishStateChanged": _published,
    "OnSubscribeAudioFrame": lambda uid, raw: (uid, _sound(raw)),
    "OnSubscribeMixAudioFrame": lambda raw: (_sound(raw),),
    "OnSubscribeAudioAac": lambda uid, raw: (uid, _sound(raw)),
    "OnSubscribeMixedAudioAac": lambda raw: (_sound(raw),),
    "OnRemoteVideoSample": lambda uid, raw: (uid, _picture(raw)),
    "OnRemoteVideoEncodedSample": lambda uid, raw: (uid, _picture(raw)),
    "OnUpdateRoleNotify": lambda old, new: (AliEngineClientRole(old), AliEngineClientRole(new)),
}


class Delivery:
    """One thread that waits for events; it calls the handler itself, or has the loop do it.

    At most a handful of events is on its way to the loop at once. What a slow program does not take stays in the engine's queue,
    which is bounded: of pictures and sound the newest are kept.
    """

    def __init__(self, native: Any, handler: Any) -> None:
        self._native = native
        self._handler = handler
        self._stopped = False
        try:
            self._loop: Optional[asyncio.AbstractEventLoop] = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        self._taken = threading.Event()
        # One callback at a time, wherever it comes from.
        self._turn = threading.RLock()
        self._calling: Optional[int] = None
        self._thread = threading.Thread(target=self._run, name="AliRTCEngine callbacks", daemon=True)
        self._thread.start()

    def tell(self, callback: str, *arguments: Any) -> None:
        """Calls back soon, with arguments that are made already."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._call, callback, arguments)
        else:
            threading.Thread(target=self._call, args=(callback, arguments), daemon=True).start()

    def stop(self) -> None:
        """No callback begins after this."""
        self._stopped = True
        self._taken.set()

    def wait(self, seconds: float) -> None:
        """Waits for a callback that has begun, unless it is the caller."""
        if threading.get_ident() not in (self._thread.ident, self._calling):
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopped:
            event = self._native.next_event(PATIENCE)
            if event is None or self._stopped:
                continue
            if self._loop is None or not self._hand_over(self._loop, event):
                self._deliver(event)

    def _hand_over(self, loop: asyncio.AbstractEventLoop, event: Event) -> bool:
        """Whether the loop took the event; a loop that was closed takes nothing any more."""
        begun = []
        self._taken.clear()
        try:
            loop.call_soon_threadsafe(self._on_loop, event, begun)
        except RuntimeError:
            self._loop = None
            return False
        while not self._taken.wait(PATIENCE) and not self._stopped:
            if loop.is_closed() and not begun:
                self._loop = None
                return False
        return True

    def _on_loop(self, event: Optional[Event], begun: list) -> None:
        begun.append(True)
        try:
            for _ in range(AT_ONCE):
                if event is None or self._stopped:
                    break
                self._deliver(event)
                event = self._native.try_next() if not self._stopped else None
            else:
                if event is not None and not self._stopped:
                    self._deliver(event)
        finally:
            self._taken.set()

    def _deliver(self, event: Event) -> None:
        name, raw = event
        make = ARGUMENTS.get(name)
        try:
            arguments = make(*raw) if make else raw
        except ValueError:
            # A number that these modules do not know: another version of the native half.
            traceback.print_exc()
            return
        self._call(name, arguments)

    def _call(self, name: str, arguments: Tuple[Any, ...]) -> None:
        callback = getattr(self._handler, name, None)
        if callback is None:
            return
        with self._turn:
            if self._stopped:
                return
            before, self._calling = self._calling, threading.get_ident()
            try:
                callback(*arguments)
            except (Exception, SystemExit):
                traceback.print_exc()
            finally:
                self._calling = before
