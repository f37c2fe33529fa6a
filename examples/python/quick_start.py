#!/usr/bin/env python3
"""The quick start of the documented Python API: join a channel, publish picture and sound, receive those of others, leave.

    make python && pip install --target ./artc target/wheels/*.whl
    PYTHONPATH=./artc ARTC_OPEN_URL=ws://127.0.0.1:7880 examples/python/quick_start.py --app ID --key-file FILE

With the vendor's modules instead of the wheel on the path the same program runs on the vendor's engine (--service names its program).
The room lets the app's tokens in where its configuration has the app: [room.apps.ID].
"""

import argparse
import json
import math
import struct
import sys
import threading
import time

from AliRTCEngine import *

WIDTH, HEIGHT, FPS = 640, 360, 15
SAMPLE_RATE, BLOCK_MS = 48_000, 10


class EngineEventListener(EngineEventHandlerInterface):
    """Step 1: the handler. It prints what happens and lets the program wait for it."""

    def __init__(self):
        self.joined = threading.Event()
        self.left = threading.Event()
        self.result = None

    def OnJoinChannelResult(self, result, channel, userId):
        say("on join channel result. Channel: %s, user: %s, result: %d" % (channel, userId, result))
        self.result = result
        self.joined.set()

    def OnLeaveChannelResult(self, result):
        say("on leave channel result: %d" % result)
        self.left.set()

    def OnError(self, error_code):
        say("on error: %#x" % error_code.value)

    def OnAudioPublishStateChanged(self, oldState, newState, elapseSinceLastState, channel):
        say("on audio publish state changed, oldState: %d, newState: %d" % (oldState.value, newState.value))

    def OnVideoPublishStateChanged(self, oldState, newState, elapseSinceLastState, channel):
        say("on video publish state changed, oldState: %d, newState: %d" % (oldState.value, newState.value))

    def OnRemoteUserOnLineNotify(self, uid):
        say("on remote user online: %s" % uid)

    def OnRemoteUserOffLineNotify(self, uid):
        say("on remote user offline: %s" % uid)

    def OnAudioSubscribeStateChanged(self, uid, oldState, newState, elapseSinceLastState, channel):
        say("on audio subscribe state of %s, oldState: %d, newState: %d" % (uid, oldState.value, newState.value))

    def OnVideoSubscribeStateChanged(self, uid, oldState, newState, elapseSinceLastState, channel):
        say("on video subscribe state of %s, oldState: %d, newState: %d" % (uid, oldState.value, newState.value))

    def OnSubscribeAudioFrame(self, uid, frame):
        pass  # frame.pcm.pcmBuf_[:frame.pcm.pcmBufSize_]: 16-bit samples of one user

    def OnRemoteVideoSample(self, uid, frame):
        pass  # frame.frame.buf_[:frame.frame.bufSize_]: an I420 picture of one user


def say(text):
    print("[Python] " + text, flush=True)


def picture(number):
    """An I420 picture: a grey slope that moves, without colour."""
    row = bytes((x + 4 * number) & 0xFF for x in range(WIDTH))
    return row * HEIGHT + b"\x80" * (WIDTH // 2 * (HEIGHT // 2) * 2)


def tone(first):
    """10 ms of 440 Hz."""
    count = SAMPLE_RATE * BLOCK_MS // 1000
    samples = (round(8000 * math.sin(2 * math.pi * 440 * (first + n) / SAMPLE_RATE)) for n in range(count))
    return struct.pack("<%dh" % count, *samples)


def publish(engine, stop):
    """Steps 5 and 6: pictures and sound on one time axis, as they become due."""
    sample = VideoDataSample()
    sample.format = VideoDataFormat.VideoDataFormatI420
    sample.bufferType = VideoBufferType.VideoBufferTypeRawData
    sample.width, sample.height = WIDTH, HEIGHT
    sample.strideY, sample.strideU, sample.strideV = WIDTH, WIDTH // 2, WIDTH // 2
    sample.rotation = 0
    pictures = [picture(number) for number in range(16)]
    blocks = [tone(SAMPLE_RATE * BLOCK_MS // 1000 * number) for number in range(100)]
    # The sound begins half a second before the first picture, so that its track is up first.
    start, shown, heard = time.monotonic(), FPS // 2, 0
    while not stop.is_set():
        millis = int((time.monotonic() - start) * 1000)
        while heard * BLOCK_MS <= millis:
            pcm = blocks[heard % len(blocks)]
            if engine.PushExternalAudioFrameRawData(pcm, len(pcm), heard * BLOCK_MS) == ERROR_CODE.ERR_AUDIO_BUFFER_FULL.value:
                break  # the same block again, once its duration has passed
            heard += 1
        if shown * 1000 // FPS <= millis:
            sample.data = pictures[shown % len(pictures)]
            sample.dataLen = len(sample.data)
            sample.timeStamp = shown * 1000 // FPS
            engine.PushExternalVideoFrame(sample, VideoSource.VideoSourceCamera)
            shown += 1
        stop.wait(0.005)


def main():
    arguments = argparse.ArgumentParser(description="the quick start of the documented Python API")
    arguments.add_argument("--app", required=True, help="app id")
    arguments.add_argument("--key-file", required=True, help="file of the app key; in production only the app server has it")
    arguments.add_argument("--channel", default="12301")
    arguments.add_argument("--user", default="linux")
    arguments.add_argument("--seconds", type=float, default=3600.0, help="how long to stay")
    arguments.add_argument("--service", default="/path/AliRtcCoreService", help="the vendor's service program")
    given = arguments.parse_args()

    # Step 2: the engine.
    handler = EngineEventListener()
    extra = json.dumps({"user_specified_disable_audio_ranking": "true"})
    linuxEngine = AliRTCEngine.CreateAliRTCEngine(handler, 42000, 45000, "/tmp", given.service, True, extra)

    # Step 3: who joins what, and the token that allows it.
    with open(given.key_file) as file:
        appkey = file.readline().strip()
    authInfo = AuthInfo()
    authInfo.appid = given.app
    authInfo.userid = given.user
    authInfo.username = given.user
    authInfo.channel = given.channel
    authInfo.timestamp = int(time.time()) + 3600
    authInfo.token = linuxEngine.GenerateToken(authInfo, appkey)

    # Step 4: external sources, and the join.
    linuxEngine.SetExternalVideoSource(True, VideoSource.VideoSourceCamera, RenderMode.RenderModeFill)
    linuxEngine.SetExternalAudioSource(True, SAMPLE_RATE, 1)
    joinConfig = JoinChannelConfig()
    joinConfig.channelProfile = ChannelProfile.ChannelProfileInteractiveLive
    joinConfig.publishAvsyncMode = PublishAvsyncMode.PublishAvysncWithPts
    joinConfig.subscribeAudioFormat = AudioFormat.AudioFormatPcmBeforMixing
    joinConfig.subscribeVideoFormat = VideoFormat.VideoFormatH264
    joinConfig.isAudioOnly = False
    joinConfig.subscribeMode = SubscribeMode.SubscribeAutomatically
    joinConfig.publishMode = PublishMode.PublishAutomatically
    linuxEngine.JoinChannel(authInfo.token, authInfo.channel, authInfo.userid, authInfo.username, joinConfig)
    if not handler.joined.wait(20) or handler.result != 0:
        linuxEngine.Release()
        return 1

    # Steps 5 and 6: publish until it is over.
    stop = threading.Event()
    pushing = threading.Thread(target=publish, args=(linuxEngine, stop))
    pushing.start()
    try:
        time.sleep(given.seconds)
    except KeyboardInterrupt:
        pass
    stop.set()
    pushing.join()

    # Step 7: stop publishing, leave, wait for the result.
    linuxEngine.PublishLocalVideoStream(False)
    linuxEngine.PublishLocalAudioStream(False)
    linuxEngine.LeaveChannel()
    handler.left.wait(10)

    # Step 8: the engine's end.
    linuxEngine.Release()
    linuxEngine = None
    return 0


if __name__ == "__main__":
    sys.exit(main())
