"""Calls over a broker."""
import contextlib
import pathlib
import shutil
import subprocess
import tempfile
import time

from lib.measure import percentile, spread
from lib.programs import SECRET, Daemon, Tool, free_port
from lib.table import Result

DEVICE = "GID_ALIRTC_CTRL_DOWN@@@DEVICE_001"
CALLS = 20


@contextlib.contextmanager
def broker():
    """A Mosquitto on loopback that lets in anybody; gives its port."""
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        config = pathlib.Path(folder) / "mosquitto.conf"
        config.write_text(f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n")
        child = subprocess.Popen([program, "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(0.5)
            yield port
        finally:
            child.kill()
            child.wait()


def call():
    """From `create` at the broker to the first whole picture of the device in the room: broker, server, device and room on this machine."""
    with broker() as port, tempfile.TemporaryDirectory() as folder:
        secret = pathlib.Path(folder) / "secret"
        secret.write_text(SECRET)
        room = free_port()
        settings = {
            "engine.open": {"url": f"ws://127.0.0.1:{room}"},
            "room": {"enabled": False},
            "calls": {
                "enabled": True, "broker": f"mqtt://127.0.0.1:{port}", "device": DEVICE.split("@@@")[1],
                "access_key": "bench", "secret_file": str(secret), "password": "secret",
            },
        }
        words = ["call", "--broker", port, "--room", room, "--secret", secret, "--device", DEVICE, "--count", CALLS]
        with Daemon(settings), Tool(*words) as tool:
            word = tool.event("end", within=120)
    p50, worst = percentile(word["call_ms"], 0.5), max(word["call_ms"])
    measured = f"{spread(word['call_ms'], 0)} ms over {CALLS}"
    return [Result("call: `create` published to the first picture from the device, loopback", "<= 400 ms", measured, p50 <= 400, f"worst {worst:.0f} ms")], word
