"""Publishing: what a camera's small stream costs on top of the big one, in the publisher's own process."""
import time

from lib.measure import median, spread
from lib.programs import CHANNEL, Daemon, Tool, clips
from lib.table import Result
from rows.cpu import judged, window

ROUNDS = 3
WARM = 3.0


def published(clip, kbps, *more):
    """A publisher in the daemon's room, watched by one viewer, whose room lets both streams flow."""
    with Daemon() as daemon:
        daemon.wait()
        url = f"ws://{daemon.host}:{daemon.port}"
        with Tool("publish", clip, "--url", url, "--token", daemon.token("bench-publish"), "--kbps", kbps, *more) as publisher:
            publisher.event("streaming")
            words = ["watch", "--url", daemon.whep("bench-publish"), "--token", daemon.token("bench-watch", "--watch"), "--viewers", 1]
            with Tool(*words) as viewer:
                viewer.event("streaming")
                time.sleep(WARM)
                one = window(publisher.pid, publisher)
                viewer.end()
            publisher.end()
    one["frames"] = one["after"]["frames"] - one["before"]["frames"]
    one["kbps"] = (one["after"]["bytes"] - one["before"]["bytes"]) * 8 / one["seconds"] / 1000
    return judged(one)


def dual():
    clip, kbps = clips() / "720.y4m", 2000
    raw = {"big": [], "both": []}
    for _ in range(ROUNDS):
        raw["big"].append(published(clip, kbps))
        raw["both"].append(published(clip, kbps, "--small"))
    frame = {key: [one["ms_per_frame"] for one in values] for key, values in raw.items()}
    more = [100 * (both / big - 1) for both, big in zip(frame["both"], frame["big"])]
    rates = {key: f"{median([one['kbps'] for one in values]):.0f} kbit/s" for key, values in raw.items()}
    result = Result(
        "small stream (320x180@15) on top of 1280x720@30, CPU of the publisher", "<= 15 %",
        f"{spread(more)} %; {spread(frame['both'])} ms a frame ({rates['both']})", median(more) <= 15,
        f"{spread(frame['big'])} ms ({rates['big']})",
    )
    return [result], {"kbps": kbps, "channel": CHANNEL, **raw}
