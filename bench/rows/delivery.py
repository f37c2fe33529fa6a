"""Whether every picture arrives, and how soon after its capture it has left."""
import re
import time

from lib.measure import percentile
from lib.programs import Daemon, clips, watch
from lib.table import Result
from rows.cpu import counted, window

SECONDS = 60.0
PASS_SECONDS = 32.0
FRAMES = 900
# Frames of the first second are left out: the encoder has just begun.
SETTLE = 1.0


def losses(before, after):
    """What the daemon's own counters say it dropped, by counter."""
    mine = re.compile(r"artc_(capture_video|uplink|video|open_units|rtc_local|room_link|room_datagrams)_?\w*(dropped|replaced|broken|unsent)\w*_total")
    found = {name: after[name] - before.get(name, 0) for name in after if mine.fullmatch(name)}
    return {name: count for name, count in found.items() if count}


def run(settings, seconds, log):
    with Daemon(settings, log=log) as daemon:
        daemon.wait()
        with watch(daemon, 1, "--records") as viewer:
            time.sleep(SETTLE)
            first = daemon.metrics()
            one = window(daemon.pid, viewer, seconds)
            one["losses"] = losses(first, daemon.metrics())
            one["records"] = viewer.end()[1]["records"]
        one["log"] = [line for _, line in daemon.errors]
    return one


def left_after(one, encoded):
    """Milliseconds from capture to the last packet of each access unit, without the time of its encoding."""
    wall = time.time() - time.monotonic()
    encode = {}
    for line in one.pop("log"):
        match = re.search(r"captured_us=(\d+) encode_us=(\d+)", line)
        if match:
            encode[round(int(match[1]) / 1000)] = int(match[2]) / 1000
    found = []
    for captured, _, last, _, _ in one["records"]:
        if not captured:
            continue
        key = round((captured / 1e9 - wall) * 1000)
        # The clocks' difference is known to some microseconds, so the millisecond may be the neighbour.
        spent = next((encode[near] for near in (key, key - 1, key + 1) if near in encode), None) if encoded else 0.0
        if spent is not None:
            found.append((last - captured) / 1e6 - spent)
    return found[-FRAMES:]


def latency_line(what, values):
    if len(values) < FRAMES * 0.9:
        return Result(what, "<= 0.5 ms / <= 2 ms", f"only {len(values)} frames came", False)
    p50, p99 = percentile(values, 0.5), percentile(values, 0.99)
    measured = f"{p50:.2f} ms / {p99:.2f} ms over {len(values)} frames"
    return Result(what, "<= 0.5 ms / <= 2 ms", measured, p50 <= 0.5 and p99 <= 2)


def fps():
    """720p30 of the pattern through the software encoder to one viewer, for a minute; and the way of each of its frames.

    The way: from the frame's capture time (as the abs-capture-time extension carries it) to the kernel's time of arrival of its
    access unit's last packet at the viewer's socket on loopback, which is when the room has written it; less what the encoder took.
    """
    one = run({}, SECONDS, "error,artc_open::video=trace")
    rate = counted(one) / (one["after"]["at"] - one["before"]["at"])
    missing, dropped = counted(one, "missing"), sum(one["losses"].values())
    measured = f"{rate:.3f} fps ({counted(one)} frames), {dropped:.0f} dropped, {missing} packets missing"
    met = abs(rate - 30) <= 0.1 and dropped == 0 and missing == 0
    ways = left_after(one, True)
    passed = run({"camera": {"source": f"file:{clips() / '1080.h264'}"}}, PASS_SECONDS, "error")
    ways_passed = left_after(passed, False)
    results = [
        Result("1280x720@30 in software to one viewer over 60 s", "30.0 fps +/- 0.1, 0 dropped by us", measured, met),
        latency_line("capture to last packet on the socket, less the encoding, p50 / p99", ways),
        latency_line("the same, H.264 passed through, 1080p30", ways_passed),
    ]
    return results, {"window": one, "ways_ms": ways, "passed": passed, "ways_passed_ms": ways_passed}
