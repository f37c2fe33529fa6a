"""The open engine on an unmodified LiveKit server, judged by LiveKit's own Python client.

usage: on_livekit.py LIVEKIT_SERVER PUBLISH_EXAMPLE

Starts the server on free ports of the loopback, publishes through a proxy whose connections can be cut, and looks at
what arrives. The last line counts what passed, as cargo's tests do.
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

import numpy
from livekit import api, rtc

KEY, SECRET = "devkey", "a-secret-for-tests-that-is-long-enough"


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """The LiveKit server, which can be killed and started anew on the same ports."""

    def __init__(self, program, folder):
        self.program = program
        self.port = free_port()
        self.config = os.path.join(folder, "livekit.yaml")
        self.log = open(os.path.join(folder, "livekit.log"), "ab")
        with open(self.config, "w") as config:
            config.write(
                f"port: {self.port}\nbind_addresses: ['127.0.0.1']\nkeys: {{{KEY}: {SECRET}}}\n"
                f"rtc: {{udp_port: {free_port(socket.SOCK_DGRAM)}, tcp_port: {free_port()}, "
                "use_external_ip: false, enable_loopback_candidate: true}\n"
            )

    async def start(self):
        self.process = subprocess.Popen([self.program, "--config", self.config], stdout=self.log, stderr=self.log)
        for _ in range(300):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            await asyncio.sleep(0.1)
        raise SystemExit("the LiveKit server does not start; see livekit.log")

    def kill(self):
        self.process.kill()
        self.process.wait()


class Proxy:
    """Passes bytes on, until its connections are cut."""

    def __init__(self, target):
        self.target, self.writers, self.accepted = target, set(), 0

    async def start(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        self.accepted += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self.writers |= {writer, far_writer}
        await asyncio.gather(self.pass_on(reader, far_writer), self.pass_on(far_reader, writer))

    async def pass_on(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    def cut(self):
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()


class Publisher:
    """The engine's example program; its JSON lines are read as they come."""

    def __init__(self, program, url, token, *more, channel="yard"):
        self.arguments = [program, url, token, channel, "cam", "--size", "640x360", "--kbps", "800", *more]
        self.lines = []

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            *self.arguments, stdout=asyncio.subprocess.PIPE, stderr=sys.stderr
        )
        self.reading = asyncio.create_task(self.read())

    async def read(self):
        async for line in self.process.stdout:
            with contextlib.suppress(ValueError):
                self.lines.append(json.loads(line))

    def events(self):
        return [line["event"] for line in self.lines if "event" in line]

    def said(self, *words):
        return sum(all(word in event for word in words) for event in self.events())

    async def stop(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


class Viewer:
    """LiveKit's client: counts pictures, keeps sound, and knows when pictures stood still."""

    def __init__(self):
        self.room = rtc.Room()
        self.pictures, self.size, self.sound, self.gap, self.last = 0, None, [], 0.0, None
        self.first = None
        self.tasks = []

        @self.room.on("track_subscribed")
        def subscribed(track, _publication, _participant):
            video = track.kind == rtc.TrackKind.KIND_VIDEO
            self.tasks.append(asyncio.ensure_future(self.watch(track) if video else self.listen(track)))

    async def watch(self, track):
        async for event in rtc.VideoStream(track):
            now = time.monotonic()
            self.gap = max(self.gap, now - self.last) if self.last else 0.0
            self.first = self.first or now - self.began
            self.last, self.size = now, (event.frame.width, event.frame.height)
            self.pictures += 1

    async def listen(self, track):
        async for event in rtc.AudioStream(track):
            self.sound.append(numpy.array(event.frame.data, dtype=numpy.float64))

    async def join(self, port):
        grants = api.VideoGrants(room_join=True, room="yard")
        token = api.AccessToken(KEY, SECRET).with_identity("viewer").with_grants(grants).to_jwt()
        self.began = time.monotonic()
        await self.room.connect(f"ws://127.0.0.1:{port}", token)

    def publisher(self):
        return self.room.remote_participants.get("cam")

    async def leave(self):
        await self.room.disconnect()
        for task in self.tasks:
            task.cancel()


async def until(most, so):
    end = time.monotonic() + most
    while time.monotonic() < end:
        if so():
            return True
        await asyncio.sleep(0.05)
    return so()


def purity(sound, hertz, rate=48000):
    """Share of the power at one frequency."""
    samples = numpy.concatenate(sound)[-rate:]
    spectrum = numpy.abs(numpy.fft.rfft(samples * numpy.hanning(len(samples)))) ** 2
    middle = round(hertz * len(samples) / rate)
    return spectrum[middle - 3 : middle + 4].sum() / max(spectrum.sum(), 1.0)


class Judge:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def __call__(self, name, good, seen=""):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        print(f"{'ok    ' if good else 'FAILED'} {name}{'' if good else f': {seen}'}", flush=True)


async def main(server_program, publish_program):
    judge = Judge()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(server_program, folder)
        await server.start()
        proxy = Proxy(server.port)
        await proxy.start()
        publisher = Publisher(publish_program, f"ws://127.0.0.1:{proxy.port}", f"mint:{KEY}:{SECRET}", "--seconds", "600")
        await publisher.start()
        try:
            await story(judge, server, proxy, publisher)
            await refusals(judge, server, publish_program)
        finally:
            await publisher.stop()
            server.kill()
            if judge.failed:
                print("\n".join(publisher.events()[-40:]))
                with open(os.path.join(folder, "livekit.log"), errors="replace") as log:
                    print("".join(line[:300].rstrip() + "\n" for line in log.readlines()[-40:]))
    print(f"test result: {'FAILED' if judge.failed else 'ok'}. {judge.passed} passed; {judge.failed} failed;")
    return 1 if judge.failed else 0


async def story(judge, server, proxy, publisher):
    judge("the engine joins and publishes", await until(20, lambda: publisher.said("PublishState", "Published }") >= 2),
          publisher.events())

    viewer = Viewer()
    await viewer.join(server.port)
    judge("pictures arrive and decode", await until(10, lambda: viewer.pictures > 30), viewer.pictures)
    judge("in the published size", viewer.size == (640, 360), viewer.size)
    judge("sound arrives", await until(10, lambda: len(viewer.sound) > 150), len(viewer.sound))
    if len(viewer.sound) > 150:
        share = purity(viewer.sound, 1000)
        judge("and is the tone", share > 0.9, share)
    kinds = {p.mime_type.lower() for p in viewer.publisher().track_publications.values()}
    judge("as H.264 and Opus", kinds == {"video/h264", "audio/opus"}, kinds)

    await viewer.room.local_participant.publish_data(b"{}", reliable=True, topic="artc.rpc", destination_identities=["cam"])
    await viewer.room.local_participant.publish_data(b"hello", reliable=True)
    judge("a command arrives", await until(5, lambda: publisher.said("CommandMessage", "viewer")), publisher.events())
    judge("a message arrives", await until(5, lambda: publisher.said("OnDataChannelMsg", "viewer")), publisher.events())

    sid, pictures, viewer.gap = viewer.publisher().sid, viewer.pictures, 0.0
    proxy.cut()
    judge("a cut signalling connection is noticed", await until(5, lambda: publisher.said("Reconnecting")), publisher.events())
    judge("and found again", await until(10, lambda: publisher.said("status: Connected") == 2), publisher.events())
    await asyncio.sleep(2)
    judge("by resuming: the participant is the same", viewer.publisher() and viewer.publisher().sid == sid)
    judge("pictures went on", viewer.pictures > pictures + 45, viewer.pictures - pictures)
    judge("without standing still for a second", viewer.gap < 1.0, viewer.gap)
    await viewer.leave()

    server.kill()
    await asyncio.sleep(3)
    await server.start()
    judge("a server that was killed is joined again", await until(40, lambda: publisher.said("status: Connected") == 3),
          publisher.events())
    viewer = Viewer()
    await viewer.join(server.port)
    judge("and pictures flow again", await until(15, lambda: viewer.pictures > 30), viewer.pictures)
    await viewer.leave()


async def refusals(judge, server, program):
    async def result_of(url, token, channel="yard"):
        publisher = Publisher(program, url, token, "--seconds", "12", channel=channel)
        await publisher.start()
        await until(12, lambda: publisher.said("OnJoinChannelResult"))
        await publisher.stop()
        return " ".join(publisher.events())

    url = f"ws://127.0.0.1:{server.port}"
    forged = await result_of(url, f"mint:{KEY}:not-{SECRET}")
    judge("a forged token is told as such", "JoinBadToken" in forged and "token refused" in forged, forged)
    judge("without showing the token", "eyJ" not in forged, forged)
    nobody = await result_of(f"ws://127.0.0.1:{free_port()}", f"mint:{KEY}:{SECRET}")
    judge("nobody there is told as such", "NetworkConnectFail" in nobody and "cannot be reached" in nobody, nobody)

    async def greet(_reader, writer):
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()

    other = await asyncio.start_server(greet, "127.0.0.1", 0)
    mail = await result_of(f"ws://127.0.0.1:{other.sockets[0].getsockname()[1]}", f"mint:{KEY}:{SECRET}")
    judge("another kind of server is told as such", "JoinFailed" in mail and "not a LiveKit server" in mail, mail)
    tls = await result_of(f"wss://127.0.0.1:{other.sockets[0].getsockname()[1]}", f"mint:{KEY}:{SECRET}")
    judge("and so is one without TLS", "not a LiveKit server" in tls, tls)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:3])))
