"""What noticing and masks cost: footage of 720p30 played by a camera that does not encode, with and without, with nobody watching."""
import time

from lib.measure import cpu_seconds, median, spread
from lib.programs import Daemon, clips
from lib.table import Result

ROUNDS = 3
WARM = 5.0
WINDOW = 20.0


def used(clip, settings):
    """Processor time of the daemon over a window, in percent of a core, and how many pictures a second it looked at."""
    with Daemon({**settings, "camera": {"source": f"file:{clip}", **settings.get("camera", {})}}) as daemon:
        daemon.wait()
        time.sleep(WARM)
        before, cpu, began = daemon.metrics(), cpu_seconds(daemon.pid), time.monotonic()
        time.sleep(WINDOW)
        took, spent, after = time.monotonic() - began, cpu_seconds(daemon.pid) - cpu, daemon.metrics()
    looked = after.get("artc_detection_pictures_total", 0) - before.get("artc_detection_pictures_total", 0)
    return {"percent": 100 * spent / took, "looked": looked / took}


def motion():
    clip = clips() / "720.y4m"
    raw = {"off": [], "on": []}
    for _ in range(ROUNDS):
        for name, found in raw.items():
            found.append(used(clip, {"detect": {"motion": name == "on", "tamper": name == "on"}}))
    more = [on["percent"] - off["percent"] for off, on in zip(raw["off"], raw["on"])]
    looked = median([on["looked"] for on in raw["on"]])
    return [
        Result(
            "motion and tampering at 720p30, CPU, less the same without", "<= 2 % of a core",
            f"{spread(more)} %, {looked:.1f} pictures a second looked at", median(more) <= 2 and looked > 8,
            f"{spread([off['percent'] for off in raw['off']])} %",
        ),
    ], raw


def masks():
    clip = clips() / "720.y4m"
    # A rectangle and a polygon, together a quarter of the picture.
    zones = [[[0.0, 0.0], [0.4, 0.5]], [[1.0, 1.0], [1.0, 0.6], [0.75, 0.8]]]
    raw = {"off": [], "on": []}
    for _ in range(ROUNDS):
        for name, found in raw.items():
            found.append(used(clip, {"camera": {"masks": zones if name == "on" else []}}))
    more = [on["percent"] - off["percent"] for off, on in zip(raw["off"], raw["on"])]
    return [
        Result(
            "masks over a quarter of 720p30, CPU, less the same without", "<= 1 % of a core", f"{spread(more)} %", median(more) <= 1,
            f"{spread([off['percent'] for off in raw['off']])} %",
        ),
    ], raw
