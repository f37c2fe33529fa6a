"""Picture to picture: from the capture of a frame to the page that is given it, read from the barcode in the picture, in Chromium."""
import json
import os
import pathlib
import subprocess
import tempfile
import time

from lib import net
from lib.measure import percentile, spread
from lib.programs import ROOT, TOOL, Daemon
from lib.table import Result

# Off the browser's beat, so that the time until its next refresh is not the same for every frame.
FPS = 29.7
ROUNDS = 3
FRAMES = 310
LOSSY_FRAMES = 300
SIZE = ("1280", "720")


def look(address, frames):
    """What a page at `address` shows."""
    done = subprocess.run(
        ["node", ROOT / "bench/latency.mjs", address, str(frames), "40"], stdout=subprocess.PIPE, text=True, timeout=120, check=True,
    )
    return json.loads(done.stdout)


def ours(frames, latency="live", **more):
    settings = {"camera": {"source": "pattern", "fps": FPS}, "stream": {"latency": latency}}
    with Daemon(settings, **more) as daemon:
        daemon.wait()
        return look(daemon.viewer, frames)


class GStreamer:
    """The baseline's process."""

    def __init__(self, pictures, kbps, *more):
        words = ["/usr/bin/python3", ROOT / "bench/gstreamer.py", pictures, *SIZE, str(FPS), str(kbps), *more]
        self.child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.address = self.child.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def theirs(pictures, kbps, frames, *more):
    with GStreamer(pictures, kbps, *more) as baseline:
        return look(baseline.address, frames)


def picture():
    """The daemon against GStreamer, in turns."""
    with Daemon() as daemon:
        kbps = daemon.wait().bitrate()
    raw = {"ours": [], "gstreamer": [], "gstreamer with playout-delay": []}
    with tempfile.TemporaryDirectory() as folder:
        pictures = pathlib.Path(folder) / "pattern.i420"
        subprocess.run([TOOL, "pattern", pictures, "--fps", str(FPS)], check=True)
        for _ in range(ROUNDS):
            raw["ours"].append(ours(FRAMES))
            raw["gstreamer"].append(theirs(pictures, kbps, FRAMES))
            raw["gstreamer with playout-delay"].append(theirs(pictures, kbps, FRAMES, "--playout-delay"))
    p50 = {key: [percentile(one["latency"], 0.5) for one in rounds] for key, rounds in raw.items()}
    whole = {key: [value for one in rounds for value in one["latency"]] for key, rounds in raw.items()}
    overall = {key: percentile(values, 0.5) for key, values in whole.items()}
    mine, p95 = overall["ours"], percentile(whole["ours"], 0.95)

    def line(what, goal, base, limit):
        ratio = mine / overall[base]
        baseline = f"p50 {overall[base]:.1f} ms (rounds {spread(p50[base], 1)}), p95 {percentile(whole[base], 0.95):.1f} ms, {len(whole[base])} frames"
        return Result(what, goal, f"{ratio:.2f} x; p50 {mine:.1f} ms (rounds {spread(p50['ours'], 1)}), {len(whole['ours'])} frames", ratio <= limit, baseline)

    return [
        line("picture to picture through Chromium, p50, against GStreamer as it comes", "<= 0.50 x", "gstreamer", 0.5),
        line("the same against GStreamer with the playout-delay extension", "<= 1.00 x", "gstreamer with playout-delay", 1.0),
        Result("picture to picture, p95", "<= 28 ms", f"{p95:.1f} ms", p95 <= 28),
    ], raw


def gaps(one):
    """How even the pictures came: the longest time without a new one, how often there was none for two and a half frames, and the share
    of pictures that were not shown, in percent."""
    given, counter = one["given"], one["counter"]
    # Pauses between two pieces of reading are not the stream's.
    pauses = [b - a for a, b, m, n in zip(given, given[1:], counter, counter[1:]) if 0 < n - m < 30]
    lost = sum(n - m - 1 for m, n in zip(counter, counter[1:]) if 0 < n - m < 30)
    late = sum(pause > 2.5 * 1000 / FPS for pause in pauses)
    return max(pauses, default=0.0), late, 100.0 * lost / max(1, lost + len(counter))


def lossy():
    """[stream] latency = "live" and "smooth" on a path that loses 3 % of the packets and holds back the rest by bursts (a token
    bucket with a queue), which is jitter."""
    if os.geteuid() != 0:
        return [Result("live and smooth under loss and jitter", "", "not measured: needs root for a network namespace")], {}
    raw = {"live": [], "smooth": []}
    with net.Path(loss_percent=3, rate="6mbit", burst="12kb", queue="60ms") as path:
        for latency in ("live", "smooth"):
            raw[latency].append(ours(LOSSY_FRAMES, latency, prefix=path.inside, listen=path.address))
    results = []
    for latency, rounds in raw.items():
        values = [value for one in rounds for value in one["latency"]]
        pause, late, lost = gaps(rounds[0])
        measured = f"p50 {percentile(values, 0.5):.1f} ms, p95 {percentile(values, 0.95):.1f} ms; longest pause {pause:.0f} ms, {late} over 2.5 frames, {lost:.1f} % of pictures not shown"
        results.append(Result(f'picture to picture with latency = "{latency}", 3 % loss and a shaped path', "both shown", measured))
    return results, raw
