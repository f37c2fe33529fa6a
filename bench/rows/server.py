"""The app server alone: what it signs, and how many devices come at once."""
import contextlib
import json
import pathlib
import resource
import tempfile
import time

from lib.measure import cpu_seconds, median, memory_mb, spread
from lib.programs import Tool
from lib.server import PATIENCE, AppServer
from lib.table import Result
from rows.calls import broker

DEVICES = 2000
WITHIN = 10.0


def signing():
    """Join tokens by LiveKit's rule and the vendor's present one; the thread's own time is what counts, so others do not matter."""
    with Tool("signing") as tool:
        word = tool.event("end", within=120)
    bare = f"{median(word['hmac']):,.0f} bare signatures of {word['bytes']} bytes"
    goal = 20_000
    return [
        Result(f"join tokens signed in a second of a core, {rule}", f">= {goal:,}", spread(word[key], 0), median(word[key]) >= goal, bare)
        for rule, key in (("LiveKit's rule", "livekit"), ("the vendor's rule of one parameter", "app"))
    ], word


def at_broker(folder, port):
    """A server of calls without a room of its own."""
    return AppServer(folder, {
        "room": {"enabled": False},
        "service": {"server": "ws://127.0.0.1:9"},
        "calls": {
            "enabled": True, "broker": f"mqtt://127.0.0.1:{port}", "access_key": "bench", "secret_file": str(pathlib.Path(folder) / "secret"),
            "password": "secret",
        },
    })


def there(server):
    """Devices that the API says are there."""
    count, after = 0, ""
    while after is not None:
        page = json.loads(server.ask("GET", f"/v1/devices?after={after}"))
        # The server is a client of the broker, too.
        count += sum(one["state"] == "online" and "DEVICE_" in one["client"] for one in page["devices"])
        after = page.get("after")
    return count


def fleet():
    """Devices that come to a real broker within ten seconds, until the server's API says that all are there."""
    # What is started here inherits it: each device is a descriptor at either end.
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (usual[1], usual[1]))
    with broker() as port, tempfile.TemporaryDirectory() as folder, contextlib.closing(at_broker(folder, port)) as server:
        before, spent = memory_mb(server.pid)["rss"], cpu_seconds(server.pid)
        with Tool("fleet", "--broker", port, "--count", DEVICES, "--within", WITHIN) as tool:
            tool.event("began")
            began = time.monotonic()
            while server.metric("artc_server_clients") < DEVICES and time.monotonic() - began < PATIENCE:
                time.sleep(0.05)
            heard = time.monotonic() - began
            while (online := there(server)) < DEVICES and time.monotonic() - began < PATIENCE:
                time.sleep(0.05)
            all_in = time.monotonic() - began
            up = tool.event("up", within=PATIENCE)["seconds"] if online >= DEVICES else []
        memory, spent = memory_mb(server.pid), cpu_seconds(server.pid) - spent
    resource.setrlimit(resource.RLIMIT_NOFILE, usual)
    raw = {"heard": heard, "all_in": all_in, "online": online, "up": up, "rss_before": before, **memory, "cpu": spent}
    late = f"the last was at the broker after {max(up):.1f} s" if up else "not all came to the broker"
    return [
        Result(
            f"{DEVICES:,} devices connecting within {WITHIN:.0f} s: all are there by the API", "<= 30 s",
            f"{all_in:.1f} s, {online} there, {spent:.2f} s of a core", online >= DEVICES and all_in <= 30, late,
        ),
        Result("RSS of the app server with them", "<= 400 MB", f"{memory['peak']:.1f} MB", memory["peak"] <= 400, f"{before:.1f} MB without"),
    ], raw
