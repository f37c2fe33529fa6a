"""What forwarding costs: `artc-room`, to which people send a clip as it is, and viewers that count what comes."""
import contextlib
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

from lib.clip import camera_clip
from lib.measure import cpu_seconds, median, memory_mb, spread
from lib.programs import ROOT, Tool, free_port
from lib.server import AppServer
from lib.table import Result

SIZE = (1280, 720)
KBPS = 2000
ROUNDS = 3
WARM = 3.0
WINDOW = 10.0
KILLS = 50
# Janus with its videoroom alone, which everybody on this machine may use.
JANUS = """
general: { configs_folder = "%(folder)s", plugins_folder = "%(of)s/plugins", transports_folder = "%(of)s/transports",
  events_folder = "%(folder)s", loggers_folder = "%(folder)s", interface = "127.0.0.1", session_timeout = 0, debug_level = 3 }
media: { ipv6 = false }
plugins: { disable = "%(others)s" }
transports: { disable = "%(ways)s" }
"""
JANUS_HTTP = 'general: { json = "compact", base_path = "/janus", http = true, port = %d, ip = "127.0.0.1", https = false }\nadmin: { admin_http = false }\n'


@contextlib.contextmanager
def room(publishers, tool="people"):
    """An app server with a room, so many channels with somebody in each who sends by this tool; gives the server and how it is watched."""
    with tempfile.TemporaryDirectory() as folder:
        listen = free_port()
        settings = {
            "listen": f"127.0.0.1:{listen}", "media_port": 0, "tcp": False, "max_joins_per_second": 10_000, "max_participants": 1000, "max_rooms": 1000,
        }
        with contextlib.closing(AppServer(folder, {"room": settings})) as server:
            channels = [f"yard-{nth}" for nth in range(publishers)]

            def token(channel, user, **more):
                return server.made("/v1/tokens", {"channel": channel, "user": user, **more})["token"]

            words = [tool, camera_clip("sent", SIZE, KBPS)]
            if tool == "people":
                words += ["--size", *SIZE, "--url", f"ws://127.0.0.1:{listen}"]
            else:
                words += ["--url", f"http://127.0.0.1:{listen}/whip/{channels[0]}"]
            for channel in channels:
                words += ["--token", token(channel, "camera")]
            watching = []
            for channel in channels:
                watching += ["--url", f"http://127.0.0.1:{listen}/whep/{channel}/camera", "--token", token(channel, "viewer", publish=False)]
            with Tool(*words) as people:
                people.event("streaming", within=60)
                yield server, watching


@contextlib.contextmanager
def janus():
    """Janus of Debian with a videoroom and somebody in it who sends the same; gives it and how it is watched. Nothing where there is none."""
    program, modules = shutil.which("janus"), next(pathlib.Path("/usr/lib").glob("*/janus"), None)
    if not program or not modules:
        yield None, None
        return
    with tempfile.TemporaryDirectory() as folder:
        port, all_but = free_port(), lambda kind, one: ",".join(sorted({path.name for path in (modules / kind).glob("*.so")} - {one}))
        others, ways = all_but("plugins", "libjanus_videoroom.so"), all_but("transports", "libjanus_http.so")
        where = pathlib.Path(folder)
        (where / "janus.jcfg").write_text(JANUS % {"folder": folder, "of": modules, "others": others, "ways": ways})
        (where / "janus.transport.http.jcfg").write_text(JANUS_HTTP % port)
        (where / "janus.plugin.videoroom.jcfg").write_text("")
        with open(where / "log", "wb") as log:
            server = subprocess.Popen([program, "-F", folder, "-C", where / "janus.jcfg"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            end = time.monotonic() + 20
            while True:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), 0.2).close()
                    break
                if server.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"Janus does not start: {(where / 'log').read_text(errors='replace')[-500:]}")
                time.sleep(0.1)
            place = ["--url", f"janus://127.0.0.1:{port}/1/1"]
            with Tool("send", camera_clip("sent", SIZE, KBPS), *place) as sender:
                sender.event("streaming", within=60)
                yield server, place
        finally:
            server.kill()
            server.wait()


def forwarded(server, watching, viewers):
    """What so many viewers got in a window, and what it cost."""
    with Tool("watch", *watching, "--viewers", viewers) as tool:
        tool.event("streaming", within=120)
        time.sleep(WARM)
        before, cpu, began = tool.mark(), cpu_seconds(server.pid), time.monotonic()
        time.sleep(WINDOW)
        took, used = time.monotonic() - began, cpu_seconds(server.pid) - cpu
        after, memory = tool.mark(), memory_mb(server.pid)
        tool.end()

    def more(key):
        return sum(late[key] - early[key] for early, late in zip(before["viewers"], after["viewers"]))

    return {
        "viewers": viewers, "packets": more("packets"), "missing": more("missing"), "units": more("units"), "cores": used / took,
        "us": 1e6 * used / max(1, more("packets")), "mbps": more("bytes") * 8 / took / 1e6 / viewers, "fps": more("units") / took / viewers, "rss": memory["rss"],
    }


def forward():
    """Microseconds of processor for each packet that leaves, what comes in included; beside Janus, which gets the same and has the same viewers."""
    raw = {count: {"artc-room": [], "janus": []} for count in (1, 10, 30)}
    for _ in range(ROUNDS):
        for name, place in (("artc-room", room(1, "send")), ("janus", janus())):
            with place as (server, watching):
                for count, both in raw.items():
                    if server:
                        both[name].append(forwarded(server, watching, count))
    results = []
    for count, both in raw.items():
        ours, theirs = both["artc-room"], both["janus"]
        us = [one["us"] for one in ours]
        what = f"room: CPU for each forwarded packet, {count} viewer{'s' if count > 1 else ''}"
        part = 0.7 if count == 1 else 0.5
        rate = f"{median([one['mbps'] for one in ours]):.2f} Mbit/s, {sum(one['missing'] for one in ours)} packets missing"
        if not theirs:
            results.append(Result(what, f"<= {part} x Janus", f"{spread(us, 1)} us at {rate}; not compared: janus is not installed", False))
            continue
        ratio = median([one["us"] / other["us"] for one, other in zip(ours, theirs)])
        baseline = f"{spread([one['us'] for one in theirs], 1)} us at {median([one['mbps'] for one in theirs]):.2f} Mbit/s by Janus' videoroom"
        results.append(Result(what, f"<= {part} x Janus", f"{ratio:.2f} x, {spread(us, 1)} us at {rate}", ratio <= part, baseline))
    return results, raw


def crowd():
    """One who sends, a hundred who watch."""
    with room(1) as (server, watching):
        some, all_of_them = (forwarded(server, watching, count) for count in (10, 100))
    each = (all_of_them["rss"] - some["rss"]) / 90
    what = f"room: one publisher of {all_of_them['mbps']:.2f} Mbit/s, 100 viewers"
    load = f"{all_of_them['cores']:.2f} of a core, {all_of_them['fps']:.1f} pictures a second"
    return [
        Result(what, "0 packets missing, <= 1 core", f"{all_of_them['missing']} of {all_of_them['packets']} missing, {load}", whole(all_of_them)),
        Result("each of its viewers, RSS", "<= 0.5 MB", f"{each:.2f} MB", each <= 0.5, f"{some['rss']:.1f} MB at 10"),
    ], {"some": some, "all": all_of_them}


def channels():
    """Fifty who send, each in a channel with somebody who watches."""
    with room(50) as (server, watching):
        one = forwarded(server, watching, 50)
    load = f"{one['cores']:.2f} of a core, {one['us']:.1f} us a packet, {one['mbps']:.2f} Mbit/s and {one['fps']:.1f} pictures a second each"
    measured = f"{one['missing']} of {one['packets']} missing, {load}"
    return [Result("room: 50 devices, one viewer each", "0 packets missing, <= 1 core", measured, whole(one))], one


def whole(one):
    """Nothing is missing, and it did not cost more than a core. Who sends less has less to lose, so that the rate is looked at, too."""
    return one["missing"] == 0 and one["cores"] <= 1 and one["mbps"] >= 0.9 * KBPS / 1000


def killed():
    """A recorder killed again and again: the test of that, more often than as a test."""
    words = ["cargo", "test", "--release", "--locked", "-p", "mixing", "--test", "recording", "--", "kill::", "--nocapture"]
    done = subprocess.run(
        ["env", f"ARTC_MIXING_KILLS={KILLS}", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    said = re.search(r"lost at most ([0-9.]+) s in (\d+) kills", done.stdout)
    met = done.returncode == 0 and said is not None and int(said[2]) == KILLS
    measured = f"every file plays, {said[1]} s lost at most" if said else done.stdout[-300:]
    return [Result(f"killed while recording, {KILLS} times", "every file plays, <= 2 s lost each", measured, met)], {"said": done.stdout}
