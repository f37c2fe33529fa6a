"""The engine by itself, through its API: what a pushed picture costs its caller, and what joining and leaving leaves behind."""
from lib.measure import median, percentile
from lib.programs import CHANNEL, Daemon, Tool
from lib.table import Result

PICTURES = 900
CYCLES = 1000


def engine(daemon, what, *more):
    """A program of ours whose engine joins the daemon's room."""
    identity = f"bench-{what}"
    words = ["--url", daemon.origin.replace("http", "ws"), "--token", daemon.token(identity), "--room", CHANNEL, "--identity", identity]
    return Tool(what, *words, *more)


def push():
    """PushExternalVideoFrame with I420 1080p at 30 a second, published and watched; beside each call one plain copy of the same picture."""
    with Daemon({"camera": {"width": 320, "height": 240}}) as daemon:
        daemon.wait()
        with engine(daemon, "push", "--count", PICTURES) as pusher:
            pusher.event("publishing")
            watching = ["--url", daemon.whep("bench-push"), "--token", daemon.token("bench-watch", "--watch")]
            with Tool("watch", *watching) as viewer:
                word = pusher.event("end", within=PICTURES / 30 + 60)
                viewer.end()
    times = [micros / 1000 for micros in word["call_us"]]
    p99, copy = percentile(times, 0.99), median(word["copy_us"]) / 1000
    measured = f"{median(times):.3f} ms p50, {p99:.3f} ms p99 over {len(times)}; bytes shared in {100 * word['shared'] / len(times):.0f} %"
    what = "PushExternalVideoFrame I420 1080p, time in the call, p99"
    return [Result(what, "<= 0.4 ms", measured, p99 <= 0.4, f"one copy of the picture {copy:.3f} ms")], word


def cycles():
    """Join and leave, each time with a new engine; every tenth publishes. What the process holds before, after the first 20, and after all."""
    with Daemon({"camera": {"width": 320, "height": 240}, "room": {"max_joins_per_second": 1000}}) as daemon:
        daemon.wait()
        with engine(daemon, "cycle", "--count", CYCLES) as tool:
            word = tool.event("end", within=CYCLES)
    before, warm, after = word["before"], word["warm"], word["after"]
    grown = (after["rss_kb"] - warm["rss_kb"]) * 1024 / 1e6
    # What is made once for the process and kept is no leak: tokio's pair of sockets for signals.
    left = {name: after[name] - warm[name] for name in ("descriptors", "threads")}
    measured = f"RSS {grown:+.1f} MB, {left['descriptors']} descriptors, {left['threads']} threads"
    met = grown <= 5 and not any(left.values())
    first = (warm["rss_kb"] - before["rss_kb"]) * 1024 / 1e6
    kept = f"the first 20 {first:+.1f} MB, {warm['descriptors'] - before['descriptors']} descriptors"
    return [Result(f"{CYCLES} join/leave cycles", "RSS + <= 5 MB, 0 descriptors, 0 threads", measured, met, kept)], word
