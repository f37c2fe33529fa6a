#!/usr/bin/env python3
"""Pushes pictures through the documented Python API at a steady pace: `artc-bench feed` in Python, steered in the same way."""
import argparse
import json
import select
import sys
import threading
import time

from AliRTCEngine import *

WIDTH, HEIGHT, PICTURES = 1920, 1080, 16


class Handler(EngineEventHandlerInterface):
    def __init__(self):
        self.result, self.decided = None, threading.Event()

    def OnJoinChannelResult(self, result, channel, userId):
        self.result = result
        self.decided.set()


def picture(number):
    """A grey slope that moves, without colour."""
    row = bytes((x + 4 * number) & 0xFF for x in range(WIDTH))
    return row * HEIGHT + b"\x80" * (WIDTH * HEIGHT // 2)


def say(**line):
    print(json.dumps(line), flush=True)


def main():
    arguments = argparse.ArgumentParser()
    for name in ("url", "token", "room", "identity"):
        arguments.add_argument("--" + name, required=True)
    arguments.add_argument("--fps", type=float, default=30.0)
    given = arguments.parse_args()
    handler = Handler()
    engine = CreateAliRTCEngine(handler, 42000, 45000, "/tmp", "none", True, json.dumps({"artc_open_url": given.url}))
    engine.SetExternalVideoSource(True, VideoSource.VideoSourceCamera, RenderMode.RenderModeAuto)
    engine.SetVideoEncoderConfiguration(AliEngineVideoEncoderConfiguration(WIDTH, HEIGHT, 30, 2000))
    engine.PublishLocalAudioStream(False)
    config = JoinChannelConfig()
    config.channelProfile = ChannelProfile.ChannelProfileCommunication
    config.publishMode = PublishMode.PublishAutomatically
    config.subscribeAudioFormat = AudioFormat.AudioFormatNone
    engine.JoinChannel(given.token, given.room, given.identity, given.identity, config)
    if not handler.decided.wait(20) or handler.result != 0:
        raise SystemExit("the join failed: %s" % handler.result)
    pictures = [picture(number) for number in range(PICTURES)]
    sample = VideoDataSample()
    sample.format = VideoDataFormat.VideoDataFormatI420
    sample.width, sample.height = WIDTH, HEIGHT
    sample.strideY, sample.strideU, sample.strideV = WIDTH, WIDTH // 2, WIDTH // 2
    sample.dataLen = len(pictures[0])
    start, frames, full, push_us, over = time.monotonic(), 0, 0, [], False
    say(event="streaming")
    while not over:
        time.sleep(max(0.0, start + frames / given.fps - time.monotonic()))
        sample.data, sample.timeStamp = pictures[frames % PICTURES], int(time.monotonic() * 1000)
        began = time.perf_counter_ns()
        full += engine.PushExternalVideoFrame(sample, VideoSource.VideoSourceCamera) == ERROR_CODE.ERR_AUDIO_BUFFER_FULL
        push_us.append((time.perf_counter_ns() - began) // 1000)
        frames += 1
        if select.select([sys.stdin], [], [], 0)[0]:
            over = not sys.stdin.readline()
            say(event="mark", at=time.monotonic(), frames=frames, full=full)
    engine.Release()
    say(event="end", frames=frames, full=full, push_us=push_us)


if __name__ == "__main__":
    main()
