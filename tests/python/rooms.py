"""What the tests need around the modules: a room, handlers that remember, pictures and sound."""

import collections
import os
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

from AliRTCEngine import *

APP, KEY = "app-of-the-tests", "key-of-the-tests"
PATIENCE = 20.0


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Room:
    """The daemon with its room and an app, on free ports."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        at = self.folder.name
        self.key_file = at + "/app.key"
        with open(self.key_file, "w") as key:
            key.write(KEY + "\n")
        port = free_port()
        with open(at + "/config.toml", "w") as config:
            config.write(
                '[camera]\nsource = "none"\n[microphone]\nsource = "none"\n'
                '[room]\nlisten = "127.0.0.1:%d"\nmedia_port = 0\ntcp_port = 0\nmax_joins_per_second = 100\n'
                '[room.apps.%s]\nkey_file = "%s/app.key"\n[control]\nsocket = "%s/control.sock"\n' % (port, APP, at, at)
            )
        os.chmod(at + "/app.key", 0o600)
        self.log = open(at + "/log", "w")
        command = [os.environ["ARTC_EDGE"], "run", "--config", at + "/config.toml"]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        self.url = "ws://127.0.0.1:%d" % port
        until = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen("http://127.0.0.1:%d/" % port, timeout=1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    with open(at + "/log") as log:
                        raise AssertionError("the room does not start:\n" + log.read())
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.folder.cleanup()


class Listener(EngineEventHandlerInterface):
    """Remembers every callback; of pictures and sound the last few."""

    def __init__(self):
        self.changed = threading.Condition()
        self.calls = collections.deque(maxlen=10_000)
        self.media = {}

    def _remember(self, name, arguments):
        with self.changed:
            if name in MEDIA:
                self.media.setdefault(name, collections.deque(maxlen=50)).append(arguments)
            else:
                self.calls.append((name, arguments))
            self.changed.notify_all()

    def find(self, name, wanted=lambda *_: True):
        with self.changed:
            kept = self.media.get(name, ()) if name in MEDIA else [a for n, a in self.calls if n == name]
            return next((a for a in kept if wanted(*a)), None)

    def wait(self, name, wanted=lambda *_: True, patience=PATIENCE):
        until = time.monotonic() + patience
        with self.changed:
            while True:
                found = self.find(name, wanted)
                if found is not None:
                    return found
                left = until - time.monotonic()
                if left <= 0:
                    raise AssertionError("%s did not come; these did: %s" % (name, [n for n, _ in self.calls][-40:]))
                self.changed.wait(left)


MEDIA = (
    "OnSubscribeAudioFrame",
    "OnSubscribeMixAudioFrame",
    "OnRemoteVideoSample",
    "OnRemoteVideoEncodedSample",
    "OnSubscribeAudioAac",
    "OnSubscribeMixedAudioAac",
)
CALLBACKS = [name for name in vars(EngineEventHandlerInterface) if name.startswith("On")]


def _remembering(name):
    return lambda self, *arguments: self._remember(name, arguments)


for _name in CALLBACKS:
    setattr(Listener, _name, _remembering(_name))


def create(url, handler, **extra):
    import json

    return CreateAliRTCEngine(handler, 42000, 45000, "/tmp", "/path/AliRtcCoreService", True, json.dumps({"artc_open_url": url, **extra}))


def token(engine, channel, user, app=APP, key=KEY, seconds=3600):
    auth = AuthInfo()
    auth.appid, auth.channel, auth.userid, auth.timestamp = app, channel, user, int(time.time()) + seconds
    return engine.GenerateToken(auth, key)


def automatic():
    config = JoinChannelConfig()
    config.publishMode = PublishMode.PublishAutomatically
    config.subscribeMode = SubscribeMode.SubscribeAutomatically
    config.subscribeAudioFormat = AudioFormat.AudioFormatPcmBeforMixing
    return config


def i420(width=320, height=180, luma=200, stamp=0):
    sample = VideoDataSample()
    sample.format = VideoDataFormat.VideoDataFormatI420
    sample.width, sample.height = width, height
    sample.strideY, sample.strideU, sample.strideV = width, (width + 1) // 2, (width + 1) // 2
    chroma = (width + 1) // 2 * ((height + 1) // 2)
    sample.data = bytes([luma]) * (width * height) + b"\x80" * (2 * chroma)
    sample.dataLen = len(sample.data)
    sample.timeStamp = stamp
    return sample


class Pusher:
    """Pushes a grey picture 15 times a second and a square wave of 500 Hz, in real time."""

    def __init__(self, engine, luma=200, shape=lambda data: data):
        self.engine, self.luma, self.shape = engine, luma, shape
        self.stop = threading.Event()
        self.answers = collections.Counter()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def _run(self):
        block = b"".join((8000 if n // 16 % 2 else -8000).to_bytes(2, "little", signed=True) for n in range(160))
        sample = i420(luma=self.luma)
        sample.data = self.shape(sample.data)
        # The sound begins first, by half a second.
        start, heard, shown = time.monotonic(), 0, 8
        while not self.stop.wait(0.005):
            millis = int((time.monotonic() - start) * 1000)
            while heard * 10 <= millis:
                if self.engine.PushExternalAudioFrameRawData(block, len(block), heard * 10) != 0:
                    break
                heard += 1
            if shown * 66 <= millis:
                sample.timeStamp = shown * 66
                self.answers[self.engine.PushExternalVideoFrame(sample, VideoSource.VideoSourceCamera)] += 1
                shown += 1
