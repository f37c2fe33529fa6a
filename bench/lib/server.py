"""The app server while something is measured, with a configuration of its own."""
import json
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

from lib.programs import APP_SERVER, KEY, SECRET, free_port, toml

PATIENCE = 90.0


class AppServer:
    """It answers over HTTP to one key, which may everything; more comes from `sections`."""

    def __init__(self, folder, sections):
        self.folder = pathlib.Path(folder)
        self.http, self.telemetry, self.key = free_port(), free_port(), "a-key-of-the-bench"
        self.secret = self.folder / "secret"
        for path, text in ((self.secret, SECRET), (self.folder / "key", self.key)):
            path.write_text(text)
        everything = {
            "state": {"file": str(self.folder / "state.sqlite")},
            "http": {"enabled": True, "listen": f"127.0.0.1:{self.http}", "requests_per_second": 1000},
            "http.keys.bench": {"secret_file": str(self.folder / "key"), "role": "own"},
            "telemetry": {"listen": f"127.0.0.1:{self.telemetry}"},
            **sections,
        }
        everything["room"] = {"api_key": KEY, "api_secret_file": str(self.secret), **everything.get("room", {})}
        config = self.folder / "artc-room.toml"
        config.write_text(toml(everything))
        self.child = subprocess.Popen([APP_SERVER, "--config", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.child.pid
        by = time.monotonic() + PATIENCE
        while not self.ready():
            if self.child.poll() is not None or time.monotonic() > by:
                self.close()
                raise RuntimeError("the app server did not come up")
            time.sleep(0.05)

    def ready(self):
        try:
            self.get(self.telemetry, "/readyz")
            return True
        except (OSError, urllib.error.URLError):
            return False

    def get(self, port, path):
        return self.ask("GET", path, None, port)

    def ask(self, method, path, body=None, port=None):
        """The text of an answer; whatever is not 2xx raises."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.http}{path}", data, {"X-Auth-Token": self.key}, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def made(self, path, body):
        return json.loads(self.ask("POST", path, body))

    def metric(self, name):
        """One gauge without labels; 0 before it is set."""
        lines = (line.rsplit(" ", 1) for line in self.get(self.telemetry, "/metrics").splitlines())
        return next((float(line[1]) for line in lines if line[0] == name), 0.0)

    def close(self):
        self.child.kill()
        self.child.wait()
