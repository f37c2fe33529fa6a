"""What recording costs: a camera that encodes by itself, recorded and not, with nobody watching either time. And what it costs to pull the plug."""
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from lib.measure import cpu_seconds, median, percentile, spread
from lib.programs import PATIENCE, Daemon, clips
from lib.table import Result

# The plug is pulled so often, of so many devices at a time, and each records for so many seconds before.
PULLS = 200
DEVICES = 4
RECORDS = (0.3, 3.0)

ROUNDS = 3
WARM = 3.0
WINDOW = 20.0


def used(clip, mode):
    """Processor time of the daemon over a window, in percent of a core, and what it wrote."""
    with Daemon({"camera": {"source": f"file:{clip}"}, "record": {"when": ["always"] if mode == "always" else []}}) as daemon:
        daemon.wait()
        time.sleep(WARM)
        before, cpu, began = daemon.metrics(), cpu_seconds(daemon.pid), time.monotonic()
        time.sleep(WINDOW)
        took, spent, after = time.monotonic() - began, cpu_seconds(daemon.pid) - cpu, daemon.metrics()
    grown = {name: after.get(f"artc_record_{name}_total", 0) - before.get(f"artc_record_{name}_total", 0)
             for name in ("written_bytes", "media_bytes", "dropped")}
    return {"percent": 100 * spent / took, "seconds": took, **grown}


def record():
    clip = clips() / "1080.h264"
    raw = {mode: [] for mode in ("off", "always")}
    for _ in range(ROUNDS):
        for mode, found in raw.items():
            found.append(used(clip, mode))
    more = [on["percent"] - off["percent"] for off, on in zip(raw["off"], raw["always"])]
    share = [on["written_bytes"] / max(1, on["media_bytes"]) for on in raw["always"]]
    dropped = sum(on["dropped"] for on in raw["always"])
    kbps = median([on["media_bytes"] * 8 / on["seconds"] / 1000 for on in raw["always"]])
    baseline = f"{spread([off['percent'] for off in raw['off']])} %"
    return [
        Result(
            "recording 1080p30 passed through, CPU, nobody watching, less the same without recording", "<= 2 % of a core",
            f"{spread(more)} % at {kbps:.0f} kbit/s, {dropped:.0f} dropped", median(more) <= 2 and kbps > 0 and not dropped, baseline,
        ),
        Result("bytes written against bytes of pictures and sound", "<= 1.02 x", f"{spread(share, 4)} x", kbps > 0 and median(share) <= 1.02),
    ], raw


def pulled(clip, seed, pulls):
    """Pulls the plug of one device again and again: seconds that are missing at the end of each recording, and the files that do not play."""
    chance, folder = random.Random(seed), pathlib.Path(tempfile.mkdtemp(prefix="artc-bench-plug-"))
    settings = {"camera": {"source": f"file:{clip}"}, "record": {"when": ["always"], "folder": str(folder / "recordings")}}
    lost, cut_at, files = [], None, 0
    try:
        for number in range(pulls + 1):
            # Another state each time: after five bad ends a device would hold back.
            state = folder / f"state-{number}"
            state.mkdir()
            with Daemon(settings, prefix=("env", f"STATE_DIRECTORY={state}")) as daemon:
                daemon.wait()
                ended = written(daemon)
                if cut_at is not None:
                    lost.append(cut_at - max((one["began_ms"] + one["duration_ms"] for one in ended), default=0) / 1000)
                if number == pulls:
                    break
                time.sleep(chance.uniform(*RECORDS))
                cut_at = time.time()
                daemon.child.send_signal(signal.SIGKILL)
                daemon.child.wait()
        broken = []
        for file in sorted((folder / "recordings").glob("*.mp4")):
            files += 1
            done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", file, "-f", "null", "-"], stderr=subprocess.PIPE)
            if done.returncode or done.stderr:
                broken.append(f"{file.name}: {done.stderr.decode(errors='replace').strip()[-200:]}")
        return {"seed": seed, "lost": lost, "files": files, "broken": broken}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def written(daemon):
    """Waits until something is on the medium of what is recorded now; the recordings that have ended."""
    by = time.monotonic() + PATIENCE
    while time.monotonic() < by:
        listed = daemon.call("record.list", {"limit": 200})
        new = [one for one in listed["recordings"] if one["id"] == listed["status"].get("writing")]
        if new and new[0]["bytes"] > 10_000:
            return [one for one in listed["recordings"] if "duration_ms" in one]
        time.sleep(0.05)
    raise RuntimeError("nothing is recorded")


def plug():
    clip = clips() / "1080.h264"
    with ThreadPoolExecutor(DEVICES) as devices:
        raw = list(devices.map(lambda seed: pulled(clip, seed, PULLS // DEVICES), range(DEVICES)))
    lost = [one for device in raw for one in device["lost"]]
    broken = [one for device in raw for one in device["broken"]]
    files = sum(device["files"] for device in raw)
    worst = max(lost)
    return [
        Result(
            f"plug pulled {len(lost)} times while recording: files that do not play, seconds lost at the most", "none; <= 1 s each",
            f"{len(broken)} of {files}; {worst:.2f} s (p50 {percentile(lost, 0.5):.2f} s)", not broken and worst <= 1 and files >= len(lost),
        ),
    ], raw
