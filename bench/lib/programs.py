"""The programs that run while something is measured: the daemon with a configuration of its own, and the bench's own programs."""
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DAEMON = pathlib.Path(os.environ.get("ARTC_EDGE", ROOT / "target/release/artc-edge"))
TOOL = ROOT / "target/release/artc-bench"
APP_SERVER = ROOT / "target/release/artc-room"
CHANNEL = "bench"
KEY = "bench"
SECRET = "0123456789abcdef0123456789abcdef"
PATIENCE = 20.0


def clips():
    """Folder of the clips, made when it is not there."""
    done = subprocess.run([ROOT / "bench/clips.sh"], check=True, stdout=subprocess.PIPE, text=True)
    return pathlib.Path(done.stdout.strip())


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def toml(sections):
    lines = []
    for name, values in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in values.items()]
        lines.append("")
    return "\n".join(lines)


class Daemon:
    """The daemon, as it comes but for what `settings` says. Sound is off, so that the numbers are the picture's."""

    def __init__(self, settings=None, log="error", prefix=(), listen="127.0.0.1", start=True):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="artc-bench-"))
        self.port, self.media_port = free_port(), free_port(socket.SOCK_DGRAM)
        secret = self.folder / "secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        sections = {
            "device": {"name": "Bench"},
            "camera": {"source": "pattern"},
            "microphone": {"source": "none"},
            "room": {
                "listen": f"{listen}:{self.port}", "media_port": self.media_port, "tcp": False, "channel": CHANNEL, "api_key": KEY,
                "api_secret_file": str(secret),
            },
            "control": {"socket": str(self.folder / "control.sock")},
            "telemetry": {"log": log, "log_to": "stderr", "http": False, "socket": str(self.folder / "telemetry.sock")},
            "control.allow": {"bench*": ["*"]},
        }
        for name, values in (settings or {}).items():
            sections[name] = {**sections.get(name, {}), **values}
        self.config = self.folder / "config.toml"
        self.config.write_text(toml(sections))
        self.lines, self.errors = [], []
        self.viewer, self.child = None, None
        self.up = threading.Event()
        self.host = listen
        self.prefix = prefix
        if start:
            self.start()

    def start(self):
        command = [*self.prefix, DAEMON, "run", "--config", self.config]
        self.began = time.monotonic()
        self.child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "XDG_RUNTIME_DIR": str(self.folder)},
        )
        self.pid = self.child.pid
        for stream, into in ((self.child.stdout, self.lines), (self.child.stderr, self.errors)):
            threading.Thread(target=self._read, args=(stream, into), daemon=True).start()

    def _read(self, stream, into):
        for line in stream:
            into.append((time.monotonic(), line.rstrip("\n")))
            address = re.search(r"https?://\S+#\S*token=\S+", line)
            if address:
                self.viewer = address.group(0)
                self.up.set()
        self.up.set()

    def wait(self):
        if not self.up.wait(PATIENCE) or not self.viewer:
            said = "\n".join(line for _, line in self.lines + self.errors)
            raise RuntimeError(f"the daemon did not come up:\n{said}")
        return self

    def token(self, identity, *more):
        done = subprocess.run(
            [DAEMON, "token", "--config", self.config, "--identity", identity, *more], check=True, stdout=subprocess.PIPE, text=True,
        )
        return done.stdout.strip()

    def call(self, method, params=None):
        words = [DAEMON, "call", "--socket", self.folder / "control.sock", method]
        if params is not None:
            words.append(json.dumps(params))
        done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)

    def telemetry(self):
        """Its counters as it tells them."""
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(str(self.folder / "telemetry.sock"))
            one.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: one.recv(65536), b"")).decode().splitlines()

    def metrics(self):
        """Its counters by name, labels summed."""
        found = {}
        for line in self.telemetry():
            match = re.match(r"(artc_\w+)(?:\{.*\})? ([0-9.e+]+)$", line)
            if match:
                found[match[1]] = found.get(match[1], 0) + float(match[2])
        return found

    def metric(self, name):
        """One counter with its labels; 0 before it is counted."""
        return next((float(line.rsplit(" ", 1)[1]) for line in self.telemetry() if line.startswith(name + " ")), 0.0)

    def bitrate(self):
        """kbit/s that the encoder is to keep to."""
        return self.call("stream.get")["bitrate_kbps"]

    def settle(self, viewer, within=15.0):
        """Waits until the path to the viewers is known to carry the whole bitrate; answers whether it came to that."""
        goal, by, last = self.bitrate() * 1000 / 8, time.monotonic() + within, viewer.mark()
        while time.monotonic() < by:
            time.sleep(1.0)
            now = viewer.mark()
            if (now["viewers"][0]["bytes"] - last["viewers"][0]["bytes"]) / (now["at"] - last["at"]) > 0.9 * goal:
                return True
            last = now
        return False

    def identity(self):
        """Identity of the camera in its channel."""
        return self.call("device.info")["identity"]

    @property
    def origin(self):
        return f"http://{self.host}:{self.port}"

    def whep(self, identity=None):
        return f"{self.origin}/whep/{CHANNEL}/{identity or self.identity()}"

    def stop(self):
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Tool:
    """One of the bench's programs, which prints JSON lines and is steered by lines."""

    def __init__(self, *words, prefix=(), program=(TOOL,)):
        self.child = subprocess.Popen(
            [*prefix, *program, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1,
        )
        self.pid = self.child.pid
        self.lines = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def event(self, name, within=PATIENCE):
        """Waits for the event called `name`."""
        by = time.monotonic() + within
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, by - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                self.child.kill()
                raise RuntimeError(f"no {name!r} from {self.child.args[1:4]}: {self.child.stderr.read()}")
            found = json.loads(line)
            if found["event"] == name:
                return found

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def mark(self):
        self.child.stdin.write("mark\n")
        self.child.stdin.flush()
        return self.event("mark")

    def end(self):
        """Ends it; gives its last counters and its last word."""
        self.child.stdin.close()
        last = self.event("mark")
        word = self.event("end")
        self.child.wait(10)
        return last, word

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def watch(daemon, viewers=1, *more, prefix=()):
    """A program of so many viewers, all of which have a picture."""
    words = ["watch", "--url", daemon.whep(), "--token", daemon.token("bench-watch", "--watch"), "--viewers", viewers, *more]
    tool = Tool(*words, prefix=prefix)
    tool.joined = tool.event("streaming")["joined"]
    return tool
