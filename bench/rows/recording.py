"""What recording costs: a camera that encodes by itself, recorded and not, with nobody watching either time."""
import time

from lib.measure import cpu_seconds, median, spread
from lib.programs import Daemon, clips
from lib.table import Result

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
