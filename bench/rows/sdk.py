"""The documented Python API: pictures into a hosted SDK, and from Python programs into our engine."""
import json
import os
import pathlib
import subprocess
import tempfile
import time

from lib.measure import cpu_seconds, median, percentile, spread
from lib.programs import CHANNEL, ROOT, Daemon, Tool
from lib.table import Result

SECONDS = 20.0
WARM = 2.0
ROUNDS = 3
IDENTITY = "bench-push"


def sdk():
    """1080p30 into a stand-in for the vendor's modules, which writes down when each picture reached its method."""
    with tempfile.TemporaryDirectory() as folder:
        times = pathlib.Path(folder) / "times"
        words = ["--sdk", ROOT / "bench/sdk", "--extra", json.dumps({"times": str(times)}), "--token", "none", "--room", CHANNEL]
        with Tool("feed", *words, "--identity", IDENTITY) as tool:
            tool.event("streaming")
            time.sleep(SECONDS)
            last, word = tool.end()
        found = [line.split() for line in times.read_text().splitlines()]
    whole = sum(length == str(1920 * 1080 * 3 // 2) for _, length in found)
    # The first ones touch the memory for the first time.
    late = [int(nanos) / 1e6 for nanos, _ in found[30:]]
    parts = percentile(late, 0.5), percentile(late, 0.99)
    measured = "{:.2f} / {:.2f} ms".format(*parts) + f" over {len(late)}; {word['frames']} pushed, {word['full']} found no room"
    # No baseline but the copies themselves: one into the shared memory, one out of it.
    base = "{:.2f} ms in the push".format(percentile(word["push_us"], 0.5) / 1000)
    met = parts[1] <= 2 and whole == len(found) > 100
    result = Result("sdk host: picture from Rust to the SDK's method, 1080p, p50 / p99", "p99 <= 2 ms", measured, met, base)
    return [result], {"late_ms": late, "whole": whole, **word}


class Python(Tool):
    """`bench/feed.py` with the modules of the wheel."""

    def __init__(self, *words):
        modules = pathlib.Path(os.environ.get("ARTC_MODULES", ROOT / "target/python/modules"))
        if not (modules / "AliRTCEngine").is_dir():
            subprocess.run(["make", "-C", ROOT, "--no-print-directory", "python"], check=True, stdout=subprocess.DEVNULL)
            wheel = next((ROOT / "target/wheels").glob("*.whl"))
            python = subprocess.run([ROOT / "setup/python.sh"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
            subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-index", "--target", modules, wheel], check=True)
        super().__init__(*words, program=("env", f"PYTHONPATH={modules}", "python3", "-B", ROOT / "bench/feed.py"))


def pushing(daemon, tool):
    """Processor time a picture of who pushes while one viewer watches, and how long the calls took."""
    tool.event("streaming")
    # Its track is in the room a moment after the first picture.
    time.sleep(WARM)
    with watch_pushed(daemon) as viewer:
        time.sleep(WARM)
        before, cpu = tool.mark(), cpu_seconds(tool.pid)
        time.sleep(SECONDS / 2)
        after, used = tool.mark(), cpu_seconds(tool.pid) - cpu
        viewer.end()
    _, word = tool.end()
    frames = after["frames"] - before["frames"]
    return {"ms_per_frame": 1000 * used / max(1, frames), "frames": frames, "full": word["full"], "push_ms": [us / 1000 for us in word["push_us"][60:]]}


def watch_pushed(daemon):
    words = ["watch", "--url", daemon.whep(IDENTITY), "--token", daemon.token("bench-watch", "--watch"), "--viewers", 1]
    tool = Tool(*words)
    tool.joined = tool.event("streaming")["joined"]
    return tool


def python():
    """1080p30 from a program in Rust and one in Python, each in turn: both encode for one viewer."""
    raw = {"rust": [], "python": []}
    with Daemon() as daemon:
        daemon.wait()
        words = ["--url", daemon.origin.replace("http", "ws"), "--room", CHANNEL, "--identity", IDENTITY]
        for _ in range(ROUNDS):
            for kind in raw:
                token = ["--token", daemon.token(IDENTITY)]
                with Tool("feed", *words, *token) if kind == "rust" else Python(*words, *token) as tool:
                    raw[kind].append(pushing(daemon, tool))
    calls = [one for round_ in raw["python"] for one in round_["push_ms"]]
    base = [one for round_ in raw["rust"] for one in round_["push_ms"]]
    parts = percentile(calls, 0.5), percentile(calls, 0.99)
    ratios = [mine["ms_per_frame"] / its["ms_per_frame"] for mine, its in zip(raw["python"], raw["rust"])]
    in_rust = spread([one["ms_per_frame"] for one in raw["rust"]])
    results = [
        Result(
            "PushExternalVideoFrame I420 1080p through the Python modules, p50 / p99", "p99 <= 1.5 ms",
            "{:.2f} / {:.2f} ms".format(*parts) + f" over {len(calls)}", parts[1] <= 1.5, f"in Rust p99 {percentile(base, 0.99):.2f} ms",
        ),
        Result(
            "1080p30 from Python, CPU, against the same in Rust", "<= 1.3 x", f"{spread(ratios)} x", median(ratios) <= 1.3,
            f"{in_rust} ms a frame",
        ),
    ]
    return results, raw
