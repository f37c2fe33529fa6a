"""Size of the program and the memory it takes."""
import shutil
import subprocess
import tempfile
import time

from lib.measure import median, memory_mb, spread
from lib.programs import DAEMON, ROOT, Daemon, watch
from lib.table import Result

ROUNDS = 2
SETTLE = 5.0
# Until nobody has watched for so long, what was made for the first picture may still be there.
IDLE = 10.0


ARM64 = ROOT / "target/cross/aarch64/artc-edge"


def size():
    """The binary as it is shipped: stripped of symbols, viewer page inside. That for ARM where it has been built."""
    with tempfile.TemporaryDirectory() as folder:
        copy = f"{folder}/artc-edge"
        shutil.copy(DAEMON, copy)
        subprocess.run(["strip", "--strip-all", copy], check=True)
        with open(copy, "rb") as file:
            bytes_ = len(file.read())
    mb = bytes_ / 1e6
    results = [Result("stripped binary with viewer page", "<= 14 MB", f"{mb:.2f} MB", mb <= 14)]
    arm64 = ARM64.stat().st_size if ARM64.exists() else None
    said = "not measured: make cross TARGET=aarch64" if arm64 is None else f"{arm64 / 1e6:.2f} MB"
    results.append(Result("the same for arm64", "<= 13 MB", said, None if arm64 is None else arm64 <= 13e6))
    return results, {"bytes": bytes_, "arm64": arm64}


def rss():
    """RSS once it has settled: idle in its room, then with one viewer for some seconds. Pattern, sound off."""
    raw = {"idle": [], "720p": [], "1080p": []}
    for _ in range(ROUNDS):
        for name, width, height in (("720p", 1280, 720), ("1080p", 1920, 1080)):
            with Daemon({"camera": {"width": width, "height": height}}) as daemon:
                daemon.wait()
                time.sleep(IDLE if name == "720p" else SETTLE / 2)
                if name == "720p":
                    raw["idle"].append(memory_mb(daemon.pid))
                with watch(daemon) as viewer:
                    time.sleep(SETTLE)
                    raw[name].append(memory_mb(daemon.pid))
                    viewer.end()
    results = []
    for name, what, goal in (
        ("720p", "RSS at 720p with one viewer", 32), ("1080p", "RSS at 1080p with one viewer", 48), ("idle", "RSS idle (720p, nobody watches)", 16),
    ):
        values = [one["rss"] for one in raw[name]]
        results.append(Result(what, f"<= {goal} MB", f"{spread(values, 1)} MB", median(values) <= goal))
    return results, raw
