"""How soon things happen: commands, joining, starting."""
import json
import os
import pathlib
import subprocess
import tempfile
import time

from lib.measure import median, percentile, spread
from lib.programs import CHANNEL, DAEMON, ROOT, Daemon, Tool, watch
from lib.table import Result

COMMANDS = 1500
JOINS = 20
STARTS = 10


def command():
    """A participant's commands over the data channel, one after the other below the limit, while a viewer watches."""
    with Daemon() as daemon:
        daemon.wait()
        token = daemon.token("bench-commander")
        with watch(daemon) as viewer:
            words = ["--url", daemon.origin.replace("http", "ws"), "--token", token, "--room", CHANNEL, "--identity", "bench-commander"]
            with Tool("command", *words, "--camera", daemon.identity(), "--count", COMMANDS) as tool:
                word = tool.event("end", within=90)
            viewer.end()
    times = [micros / 1000 for micros in word["round_trip_us"]]
    if len(times) < COMMANDS:
        return [Result("command to reply", "<= 1.2 / 4 / 8 ms", f"{len(times)} answered, {word['refused']} refused, {word['lost']} lost", False)], word
    parts = [percentile(times, part) for part in (0.5, 0.95, 0.99)]
    measured = "{:.2f} / {:.2f} / {:.2f} ms".format(*parts) + f" over {len(times)}"
    met = parts[0] <= 1.2 and parts[1] <= 4 and parts[2] <= 8
    return [Result("command to reply with video running, p50 / p95 / p99", "<= 1.2 / 4 / 8 ms", measured, met)], word


def join():
    """A second viewer by WHEP: from before its request to its first picture decoded."""
    with Daemon() as daemon:
        daemon.wait()
        with Tool("join", "--url", daemon.whep(), "--token", daemon.token("bench-watch", "--watch"), "--count", JOINS) as tool:
            word = tool.event("end", within=120)
    # What was decoded counts: a viewer without a picture is a failure of the row.
    decoded = [one["decoded_ms"] for one in word["joins"] if one["decoded_ms"] is not None]
    if len(decoded) < JOINS:
        return [Result("join to first decoded frame", "<= 250 ms", f"{JOINS - len(decoded)} of {JOINS} got no picture", False)], word
    measured = f"{spread(decoded, 0)} ms over {JOINS}"
    return [Result("join to first decoded frame, second viewer", "<= 250 ms", measured, median(decoded) <= 250)], word


def starts(settings, count):
    """Starts the daemon so often; when its first access unit left the encoder, was in the room, and came to a viewer that asked from before
    the start on, in milliseconds from the start of the process. The first two are the daemon's own words, timed here."""
    found = []
    for _ in range(count):
        with Daemon(settings, log="error,artc_open::video=trace,room=info", start=False) as daemon:
            token = daemon.token("bench-watch", "--watch")
            with Tool("watch", "--url", daemon.whep("camera"), "--token", token) as viewer:
                time.sleep(0.2)
                daemon.start()
                event = viewer.event("streaming")
                # The viewer's clock and ours are the same one.
                came = (event["began"] + event["joined"][0]["unit_ms"] / 1000 - daemon.began) * 1000
                viewer.end()
            found.append({
                "viewer_ms": came, "joined": event["joined"][0],
                "encoded_ms": said(daemon, "encode_us="), "room_ms": said(daemon, "first picture in the room"),
            })
    return found


def said(daemon, what):
    """When the daemon's log said so first, in milliseconds from its start."""
    times = [at for at, line in daemon.errors if what in line]
    return (times[0] - daemon.began) * 1000 if times else None


def start_line(what, limit, raw):
    room, viewer, encoder = ([one[key] for one in raw if one[key] is not None] for key in ("room_ms", "viewer_ms", "encoded_ms"))
    what = f"start of the process to the first access unit in the room, {what}"
    if not room:
        return Result(what, f"<= {limit} ms", "the daemon did not say when", False)
    measured = f"{spread(room, 0)} ms (out of the encoder {median(encoder):.0f} ms, at a viewer that waits for it {median(viewer):.0f} ms)"
    return Result(what, f"<= {limit} ms", measured, median(room) <= limit)


def kernel_at_hand():
    """Whether the kernel bench's kernel need not be built first, which takes ten minutes."""
    cache = os.environ.get("ARTC_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "artc-edge"
    return "ARTC_KERNEL" in os.environ or any(one.is_file() for one in pathlib.Path(cache).glob("kernel/*"))


def start():
    """The pattern here; vivid in the kernel bench, where its kernel is at hand."""
    raw = {"pattern": starts({}, STARTS)}
    results = [start_line("pattern", 100, raw["pattern"])]
    what = "start of the process to the first access unit in the room, vivid"
    if not kernel_at_hand():
        return [*results, Result(what, "<= 250 ms", "not measured: tests/kernel/kernel.sh brings the kernel for it")], raw
    try:
        with tempfile.TemporaryDirectory() as folder:
            boot = [ROOT / "tests/kernel/boot.sh", "-o", folder, "env", f"ARTC_EDGE={DAEMON}", "/usr/bin/python3", "-B", ROOT / "bench/vivid.py"]
            subprocess.run(boot, check=True, timeout=240, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            raw["vivid"] = json.loads((pathlib.Path(folder) / "starts.json").read_text())
        results.append(start_line("vivid, in the kernel bench, the program in the guest's memory", 250, raw["vivid"]["from_memory"]))
        results.append(start_line("vivid, in the kernel bench, the program on the host's disk", 250, raw["vivid"]["from_host"]))
    except (OSError, subprocess.SubprocessError) as error:
        results.append(Result(what, "<= 250 ms", f"not measured: {error}", False))
    return results, raw


def signature():
    """Signed commands at the desk, without engine and network; beside each the same command without a signature."""
    with Tool("signature") as tool:
        word = tool.event("end", within=60)
    p50, p99, plain = (percentile(word["signed_us"], 0.5), percentile(word["signed_us"], 0.99), median(word["plain_us"]))
    what, measured = "a signed command at the desk, p99", f"{p50:.0f} us p50, {p99:.0f} us p99 over {len(word['signed_us'])}"
    return [Result(what, "<= 200 us", measured, p99 <= 200, f"without a signature {plain:.0f} us p50")], word
