"""What the open engine sees of LiveKit's own client: VP8 as the pictures that were painted, and of a codec that it does not decode the
name. A story for the programs beside it, each with a server of its own.
"""

import asyncio
import contextlib
import os
import tempfile

import numpy
from livekit import rtc

from stage import token, until

SIZE = (320, 180)
# What is painted into the four corners: red, green, blue and a grey that gets brighter; and what the first three are in I420 (BT.601).
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
WANTED = [(81, 90, 240), (145, 54, 34), (41, 240, 110)]
# How far the codec and the way may move them.
NEAR = 14
PICTURES = 40


def painted(number):
    width, height = SIZE
    picture = numpy.full((height, width, 4), 255, dtype=numpy.uint8)
    half = (slice(0, height // 2), slice(height // 2, height)), (slice(0, width // 2), slice(width // 2, width))
    corners = [picture[rows, columns] for rows in half[0] for columns in half[1]]
    for corner, colour in zip(corners, COLOURS):
        corner[:, :, :3] = colour
    corners[3][:, :, :3] = number * 4 % 256
    return picture.tobytes()


class Painter:
    """LiveKit's client, publishing in one codec."""

    async def join(self, port, channel, codec):
        self.room = rtc.Room()
        await asyncio.wait_for(self.room.connect(f"ws://127.0.0.1:{port}", token("painter", channel)), 15)
        source = rtc.VideoSource(*SIZE)
        self.track = rtc.LocalVideoTrack.create_video_track("camera", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, simulcast=False, video_codec=codec)
        self.painting = asyncio.ensure_future(self.paint(source))
        await asyncio.wait_for(self.room.local_participant.publish_track(self.track, options), 15)

    async def paint(self, source):
        number = 0
        while True:
            source.capture_frame(rtc.VideoFrame(*SIZE, rtc.VideoBufferType.RGBA, painted(number)))
            number += 1
            await asyncio.sleep(1 / 30)

    async def codecs(self):
        """In what it is sent, as the client's own statistics show it."""
        stats = await self.track.get_stats()
        return {one.codec.codec.mime_type.lower() for one in stats if one.WhichOneof("stats") == "codec"}

    async def leave(self):
        self.painting.cancel()
        await self.room.disconnect()


class Watcher:
    """The engine's example program, watching the painter."""

    def __init__(self, program, port, channel, clip):
        self.command = [program, f"ws://127.0.0.1:{port}", token("watcher", channel), channel, "watcher", "painter", clip, str(PICTURES)]
        self.lines = []

    async def start(self):
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(*self.command, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
        self.reading = asyncio.ensure_future(self.read())

    async def read(self):
        async for line in self.process.stdout:
            self.lines.append(line.decode().rstrip())

    def said(self, *words):
        return any(all(word in line for word in words) for line in self.lines)

    async def stop(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


def corners_of(clip):
    """Of each picture of a .y4m clip its size's corners: mean Y, U and V in the middle of each."""
    with open(clip, "rb") as file:
        content = file.read()
    head, _, rest = content.partition(b"\n")
    width, height = (int(word[1:]) for word in head.split()[1:3])
    luma, whole = width * height, width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
    found = []
    for start in range(0, len(rest), whole + len(b"FRAME\n")):
        picture = numpy.frombuffer(rest[start : start + whole + 6], dtype=numpy.uint8)[6:].astype(float)
        chroma = ((height + 1) // 2, (width + 1) // 2)
        planes = [picture[:luma].reshape(height, width), *picture[luma:].reshape(2, *chroma)]
        means = []
        for down in (1, 5):
            for right in (1, 5):
                middle = [plane[plane.shape[0] * down // 8 : plane.shape[0] * (down + 2) // 8,
                                plane.shape[1] * right // 8 : plane.shape[1] * (right + 2) // 8] for plane in planes]
                means.append(tuple(float(one.mean()) for one in middle))
        found.append(means)
    return (width, height), found


async def pictures(judge, port, program, name, channel):
    """VP8 of the client's, decoded by the engine."""
    painter = Painter()
    with tempfile.TemporaryDirectory() as folder:
        clip = os.path.join(folder, "seen.y4m")
        watcher = Watcher(program, port, channel, clip)
        await painter.join(port, channel, rtc.VideoCodec.VP8)
        await watcher.start()
        try:
            done = await until(40, lambda: watcher.said(f"wrote {PICTURES} pictures"))
            judge(f"{name}: the engine gets pictures of a client that publishes VP8", done, watcher.lines)
            sent = await painter.codecs()
            judge(f"{name}: which were VP8", sent == {"video/vp8"}, sent)
            if done:
                size, seen = corners_of(clip)
                judge(f"{name}: in the size that was painted", size == SIZE, size)
                far = max(abs(a - b) for corners in seen for one, wanted in zip(corners, WANTED) for a, b in zip(one, wanted))
                judge(f"{name}: in the colours that were painted", len(seen) == PICTURES and far <= NEAR, (far, seen[-1]))
                grey = [corners[3][0] for corners in seen]
                judge(f"{name}: and in motion", max(grey) - min(grey) > 60 and len(set(grey)) > PICTURES // 2, grey)
        finally:
            await watcher.stop()
            await painter.leave()


async def unknown_codec(judge, port, program, name, channel):
    """A codec that the engine does not decode is named, and nothing ends."""
    painter = Painter()
    with tempfile.TemporaryDirectory() as folder:
        watcher = Watcher(program, port, channel, os.path.join(folder, "seen.y4m"))
        await painter.join(port, channel, rtc.VideoCodec.VP9)
        await watcher.start()
        try:
            named = await until(30, lambda: watcher.said("warning", "painter", "video/vp9"))
            judge(f"{name}: a codec that the engine does not decode is named in a warning", named, watcher.lines)
            judge(f"{name}: and the engine stays", watcher.process.returncode is None, watcher.lines)
        finally:
            await watcher.stop()
            await painter.leave()
