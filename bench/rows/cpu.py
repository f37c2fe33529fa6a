"""The processor: the daemon with its room against the same encoder alone on the same clip at the same pace, in turns."""
import time

from lib.measure import cpu_by_thread, cpu_seconds, median, memory_mb, spread
from lib.programs import Daemon, Tool, clips, watch
from lib.table import Result

ROUNDS = 3
WARM = 1.0
WINDOW = 7.0


def window(pid, tool, seconds=WINDOW):
    """CPU of `pid` over a window, in percent of a core, and what `tool` counted in it."""
    before, cpu, threads, began = tool.mark(), cpu_seconds(pid), cpu_by_thread(pid), time.monotonic()
    time.sleep(seconds)
    took, used = time.monotonic() - began, cpu_seconds(pid) - cpu
    after, later = tool.mark(), cpu_by_thread(pid)
    by_thread = {name: round(100 * (value - threads.get(name, 0)) / took, 2) for name, value in later.items()}
    return {"percent": 100 * used / took, "seconds": took, "threads": by_thread, "before": before, "after": after}


def counted(one, key="units"):
    """What the first viewer counted in a window."""
    return one["after"]["viewers"][0][key] - one["before"]["viewers"][0][key]


def alone(clip, kbps):
    """The encoder (and decoder) alone."""
    with Tool("encode", clip, "--kbps", kbps) as tool:
        tool.event("streaming")
        time.sleep(WARM)
        one = window(tool.pid, tool)
        one["word"] = tool.end()[1]
    one["frames"] = one["after"]["frames"] - one["before"]["frames"]
    one["kbps"] = (one["after"]["bytes"] - one["before"]["bytes"]) * 8 / one["seconds"] / 1000
    return judged(one)


def served(clip, *counts, settle=True):
    """The daemon on a clip, with so many viewers; one measurement a count."""
    found = {}
    with Daemon({"camera": {"source": f"file:{clip}"}}) as daemon:
        daemon.wait()
        for count in counts:
            with watch(daemon, count) as viewers:
                time.sleep(WARM)
                # An encoder that is held back by a cautious estimate works less than the one it is compared with.
                settled = not settle or daemon.settle(viewers)
                one = window(daemon.pid, viewers)
                one["settled"], one["memory"] = settled, memory_mb(daemon.pid)
                viewers.end()
            one["frames"] = counted(one)
            one["kbps"] = counted(one, "bytes") * 8 / one["seconds"] / 1000
            found[count] = judged(one)
    return found


def judged(one):
    """Processor time a frame: what is compared, since on a busy machine some frames are left out."""
    one["fps"] = one["frames"] / one["seconds"]
    one["ms_per_frame"] = one["percent"] * one["seconds"] * 10 / max(1, one["frames"])
    return one


def cpu():
    folder = clips()
    raw = {key: [] for key in ("encoder", "one", "ten", "nineteen", "yuyv", "encoder_mjpeg", "mjpeg", "pass")}
    with Daemon() as daemon:
        kbps = daemon.wait().bitrate()
    for _ in range(ROUNDS):
        raw["encoder"].append(alone(folder / "720.y4m", kbps))
        i420 = served(folder / "720.y4m", 1, 10, 19)
        raw["one"].append(i420[1])
        raw["ten"].append(i420[10])
        raw["nineteen"].append(i420[19])
        raw["yuyv"].append(served(folder / "720.yuyv", 1)[1])
        raw["encoder_mjpeg"].append(alone(folder / "720.mjpeg", kbps))
        raw["mjpeg"].append(served(folder / "720.mjpeg", 1)[1])
        raw["pass"].append(served(folder / "1080.h264", 1, settle=False)[1])
    percent = {key: [one["percent"] for one in values] for key, values in raw.items()}
    frame = {key: [one["ms_per_frame"] for one in values] for key, values in raw.items()}

    def against(key, base):
        return [mine / its for mine, its in zip(frame[key], frame[base])]

    one, ten, jpeg = against("one", "encoder"), against("ten", "encoder"), against("mjpeg", "encoder_mjpeg")
    yuyv = [mine - its for mine, its in zip(against("yuyv", "encoder"), one)]
    cpu_each = [(ten["percent"] - one["percent"]) / 9 for one, ten in zip(raw["one"], raw["ten"])]
    # From the tenth on: what of the program viewers need at all is in memory by then, and is no further viewer's cost.
    mb_each = [(more["memory"]["rss"] - ten["memory"]["rss"]) / 9 for ten, more in zip(raw["ten"], raw["nineteen"])]

    def line(what, goal, values, limit, key, base):
        rates = f"{median([one['kbps'] for one in raw[key]]):.0f} kbit/s, {median([one['fps'] for one in raw[key]]):.1f} fps"
        baseline = f"{spread(frame[base])} ms ({median([one['kbps'] for one in raw[base]]):.0f} kbit/s)"
        measured = f"{spread(values)} x; {spread(frame[key])} ms a frame, {rates}"
        return Result(what, goal, measured, median(values) <= limit, baseline)

    results = [
        line("CPU, room included, one viewer, 720p30 I420 in, against the encoder alone", "<= 1.08 x", one, 1.08, "one", "encoder"),
        line("the same, ten viewers", "<= 1.20 x", ten, 1.20, "ten", "encoder"),
        line("the same, one viewer, from YUYV: more than from I420", "<= + 0.04 x", yuyv, 0.04, "yuyv", "encoder"),
        line("the same, one viewer, from MJPEG, against encoder and decoder alone", "<= 1.10 x", jpeg, 1.10, "mjpeg", "encoder_mjpeg"),
        Result("camera H.264 pass-through 1080p30, CPU", "<= 3 % of a core", f"{spread(percent['pass'])} %", median(percent["pass"]) <= 3),
        Result(f"each further viewer, CPU, at {kbps} kbit/s", "<= 2 % of a core", f"{spread(cpu_each)} %", median(cpu_each) <= 2),
        Result("each further viewer (10 to 19), RSS", "<= 0.5 MB", f"{spread(mb_each)} MB", median(mb_each) <= 0.5),
    ]
    return results, {"kbps": kbps, **raw}
