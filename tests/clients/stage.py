"""What the stories of this folder and of tests/network hold in their hands: servers, a proxy whose connections can be cut, the engine
as a publisher, LiveKit's client as a viewer, and a judge. Not for stories: those are the programs beside it.
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time

import numpy
from livekit import api, rtc

KEY, SECRET = "devkey", "a-secret-for-tests-that-is-long-enough"
# How long a server may take until it answers.
UP_WITHIN = 30


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def until(most, so):
    """Waits until something is so, `most` seconds; answers whether it came to that. Whoever waits in these tests waits here."""
    end = time.monotonic() + most
    while time.monotonic() < end:
        if so():
            return True
        await asyncio.sleep(0.05)
    return so()


class Process:
    """A server that is up once its port takes connections, and that can be killed and started anew."""

    def __init__(self, log, command, port, host="127.0.0.1", environment=None):
        self.log, self.command, self.port, self.host, self.environment = log, command, port, host, environment

    async def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, env=self.environment)
        await until(UP_WITHIN, lambda: self.answers() or self.process.poll() is not None)
        if self.process.poll() is not None or not self.answers():
            self.kill()
            print(tail(self.log, 20))
            raise SystemExit(f"{self.command[0]} does not start")

    def answers(self):
        try:
            socket.create_connection((self.host, self.port), 0.2).close()
        except OSError:
            return False
        return True

    def kill(self):
        self.process.kill()
        self.process.wait()

    async def __aenter__(self):
        await self.start()
        return self

    async def __aexit__(self, *_):
        self.kill()


class Proxy:
    """Passes bytes on, until its connections are cut."""

    def __init__(self, target):
        self.target, self.writers, self.refused = target, set(), 0

    async def start(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            self.refused += 1
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


def daemon_of(program, folder, **settings):
    """The daemon with its room, in channel "yard", and its socket in `folder`; settings as its environment names them."""
    port, secret = free_port(), os.path.join(folder, "secret")
    with open(os.open(secret, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(SECRET)
    settings = {
        "CAMERA__SOURCE": "pattern", "MICROPHONE__SOURCE": "tone", "ROOM__LISTEN": f"127.0.0.1:{port}",
        "ROOM__MEDIA_PORT": str(free_port(socket.SOCK_DGRAM)), "ROOM__TCP_PORT": "0", "ROOM__CHANNEL": "yard", "ROOM__API_KEY": KEY,
        "ROOM__API_SECRET_FILE": secret, "CONTROL__SOCKET": os.path.join(folder, "control.sock"), "TELEMETRY__HTTP": "false",
    } | settings
    # What a daemon remembers, among it that it was killed, is no other test's.
    environment = {"PATH": os.environ["PATH"], "XDG_STATE_HOME": folder, **{f"ARTC__{name}": value for name, value in settings.items()}}
    return Process(os.path.join(folder, "daemon.log"), [program, "run"], port, environment=environment)


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
        self.video = None
        self.tasks = []

        @self.room.on("track_subscribed")
        def subscribed(track, _publication, _participant):
            video = track.kind == rtc.TrackKind.KIND_VIDEO
            self.video = track if video else self.video
            self.tasks.append(asyncio.ensure_future(self.watch(track) if video else self.listen(track)))

    async def watch(self, track):
        async for event in rtc.VideoStream(track):
            now = time.monotonic()
            self.gap = max(self.gap, now - self.last) if self.last else 0.0
            self.last, self.size = now, (event.frame.width, event.frame.height)
            self.pictures += 1

    async def listen(self, track):
        async for event in rtc.AudioStream(track):
            self.sound.append(numpy.array(event.frame.data, dtype=numpy.float64))

    async def join(self, port, host="127.0.0.1", channel="yard"):
        await self.room.connect(f"ws://{host}:{port}", token("viewer", channel))

    async def more(self, count, within):
        """Waits for so many pictures more than there are now; gives how many came."""
        before = self.pictures
        await until(within, lambda: self.pictures - before >= count)
        return self.pictures - before

    async def profile(self):
        """The profile-level-id that the SDP gives to the pictures that arrive, as the client's own statistics show it."""
        for stats in await self.video.get_stats():
            if stats.WhichOneof("stats") == "codec":
                line = stats.codec.codec.sdp_fmtp_line
                return dict(pair.split("=", 1) for pair in line.split(";") if "=" in pair).get("profile-level-id")
        return None

    def publisher(self):
        return self.room.remote_participants.get("cam")

    async def leave(self):
        await self.room.disconnect()
        for task in self.tasks:
            task.cancel()


def token(identity, room, ttl=None, **grants):
    made = api.AccessToken(KEY, SECRET).with_identity(identity)
    made = made.with_grants(api.VideoGrants(**({"room_join": True, "room": room} | grants)))
    return (made.with_ttl(ttl) if ttl else made).to_jwt()


def purity(sound, hertz, rate=48000):
    """Share of the power at one frequency."""
    samples = numpy.concatenate(sound)[-rate:]
    spectrum = numpy.abs(numpy.fft.rfft(samples * numpy.hanning(len(samples)))) ** 2
    middle = round(hertz * len(samples) / rate)
    return spectrum[middle - 3 : middle + 4].sum() / max(spectrum.sum(), 1.0)


def tail(log, count):
    """The last lines of a log, cut to what a person reads."""
    with open(log, errors="replace") as lines:
        return "".join(line[:300].rstrip() + "\n" for line in lines.readlines()[-count:])


class Judge:
    """Says of each thing whether it is good, and counts."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def __call__(self, name, good, seen=""):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        print(f"{'ok    ' if good else 'FAILED'} {name}{'' if good else f': {seen}'}", flush=True)

    def explain(self, log):
        """Shows the end of a server's log, where something failed."""
        if self.failed:
            print(tail(log, 60))

    def verdict(self):
        """Says the closing line, as cargo's tests do; gives the exit code."""
        print(f"test result: {'FAILED' if self.failed else 'ok'}. {self.passed} passed; {self.failed} failed;")
        return 1 if self.failed else 0
