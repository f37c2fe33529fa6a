"""Commands in numbers: how many a second, how soon under load, on a bad path, and a picture on command."""
import base64
import json
import os
import socket
import time

from lib import net
from lib.measure import percentile, spread
from lib.programs import CHANNEL, Daemon, Tool, watch
from lib.table import Result
from rows.delivery import losses

# As much as one sender may ask for.
OPEN = {"control": {"messages_per_second": 100_000, "in_flight": 256}}
SUSTAINED = 30_000
STEADY = 6_000
LOSSY = 10_000
SNAPSHOTS = 50
# Changes nothing: the picture is not muted. It is run, and counted, all the same.
CHANGE = ("--method", "stream.mute", "--params", '{"muted":false}')
RUN = 'artc_control_effect_seconds_count{method="stream.mute"}'


def commander(daemon, *more, prefix=()):
    words = ["--url", daemon.origin.replace("http", "ws"), "--token", daemon.token("bench-commander"), "--room", CHANNEL, "--identity", "bench-commander"]
    return Tool("command", *words, "--camera", daemon.identity(), *more, prefix=prefix)


def asked(daemon, viewer, *more):
    """What the program says of its commands, and what happened to the pictures meanwhile: dropped by the daemon, missing at the viewer."""
    with commander(daemon, *more) as tool:
        tool.event("streaming")
        first, before = daemon.metrics(), viewer.mark()
        word = tool.event("end", within=180)
        after = viewer.mark()
    word["losses"] = losses(first, daemon.metrics())
    word["dropped"] = sum(word["losses"].values())
    word["missing"] = after["viewers"][0]["missing"] - before["viewers"][0]["missing"]
    word["fps"] = (after["viewers"][0]["units"] - before["viewers"][0]["units"]) / (after["at"] - before["at"])
    return word


def answered(word, count):
    """Why the row is not what it should be; nothing when it is."""
    if len(word["round_trip_us"]) == count:
        return None
    return f"{len(word['round_trip_us'])} of {count} answered, {word['refused']} refused, {word['lost']} lost"


def throughput():
    """As many commands as are answered, 64 under way at once, while a viewer watches 720p30."""
    what, goal = "commands a second through the room, sustained, 720p30 running", ">= 2,000, 0 frames dropped"
    with Daemon(OPEN).wait() as daemon, watch(daemon) as viewer:
        daemon.settle(viewer)
        word = asked(daemon, viewer, "--count", SUSTAINED, "--rate", 0, "--in-flight", 64)
        viewer.end()
    rate = len(word["round_trip_us"]) / word["seconds"]
    measured = answered(word, SUSTAINED) or f"{rate:,.0f} over {word['seconds']:.1f} s, {word['dropped']:.0f} dropped, {word['missing']} packets missing, {word['fps']:.2f} fps"
    met = answered(word, SUSTAINED) is None and rate >= 2000 and word["dropped"] == 0 and word["missing"] == 0
    return [Result(what, goal, measured, met)], word


def steady():
    """200 commands a second, as many as it takes under way at once."""
    what, goal = "command to reply at 200 a second with video running, p50 / p99", "p99 <= 8 ms"
    with Daemon(OPEN).wait() as daemon, watch(daemon) as viewer:
        daemon.settle(viewer)
        word = asked(daemon, viewer, "--count", STEADY, "--rate", 200, "--in-flight", 64)
        viewer.end()
    times = [micros / 1000 for micros in word["round_trip_us"]]
    wrong = answered(word, STEADY)
    if wrong:
        return [Result(what, goal, wrong, False)], word
    p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
    return [Result(what, goal, f"{p50:.2f} / {p99:.2f} ms over {len(times)}", p99 <= 8)], word


def late():
    """Commands that change something, over a path that loses a tenth of all datagrams and takes 100 ms there and back; whoever is not
    answered asks again with the same id. The daemon's own count says how often they were run."""
    what, goal = "command to reply at 10 % loss and 100 ms, p50 / p99; none lost, none run twice", "p99 <= 700 ms; 10,000 of 10,000"
    if os.geteuid() != 0:
        return [Result(what, goal, "not measured: needs root for a network namespace")], {}
    with net.Relayed() as path, Daemon(OPEN, prefix=path.inside).wait() as daemon:
        path.spoil(daemon.media_port, 50, 10)
        before = ran(daemon)
        with commander(daemon, *CHANGE, "--count", LOSSY, "--rate", 200, "--in-flight", 256, "--again-ms", 1000, prefix=path.inside) as tool:
            # The command that finds out whether the channel is up is run once, too.
            tool.event("streaming", within=60)
            word = tool.event("end", within=300)
        word["run"] = ran(daemon) - before - 1
    times = [micros / 1000 for micros in word["round_trip_us"]]
    if not times:
        return [Result(what, goal, answered(word, LOSSY), False)], word
    p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
    measured = f"{p50:.0f} / {p99:.0f} ms; {len(times):,} answered, {word['run']:,.0f} run, {word['repeated']:,} sent again"
    return [Result(what, goal, measured, p99 <= 700 and len(times) == LOSSY and word["run"] == LOSSY)], word


def ran(daemon):
    return daemon.metric(RUN)


def snapshot():
    """Pictures of 1080p from the built-in source on the local socket, one after the other: from the request to the last byte."""
    what, goal = "snapshot 1080p JPEG, command to last byte, local socket", "<= 60 ms"
    settings = {"camera": {"source": "pattern", "width": 1920, "height": 1080}}
    times, sizes = [], []
    with Daemon(settings).wait() as daemon, watch(daemon) as viewer, socket.socket(socket.AF_UNIX) as one:
        one.connect(str(daemon.folder / "control.sock"))
        lines = one.makefile("rb")
        for number in range(SNAPSHOTS):
            began = time.monotonic()
            one.sendall(json.dumps({"jsonrpc": "2.0", "id": number, "method": "camera.snapshot"}).encode() + b"\n")
            line = lines.readline()
            times.append((time.monotonic() - began) * 1000)
            sizes.append(len(base64.b64decode(json.loads(line)["result"]["base64"])))
            # The daemon takes 50 messages a second of one sender.
            time.sleep(0.03)
        viewer.end()
    measured = f"{spread(times, 1)} ms over {len(times)}, {sizes[-1] / 1000:.0f} kB"
    return [Result(what, goal, measured, percentile(times, 0.5) <= 60)], {"ms": times, "bytes": sizes}
