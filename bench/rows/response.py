"""How soon things happen: commands, joining, starting."""
import subprocess
import time

from lib.measure import median, percentile, spread
from lib.programs import CHANNEL, Daemon, Tool, watch
from lib.table import Result

COMMANDS = 1500
JOINS = 20
STARTS = 10


def command():
    """A participant's commands over the data channel, one after the other below the limit, while a viewer watches."""
    with Daemon() as daemon:
        daemon.wait()
        token = daemon.token("bench-commander")
        with watch(daemon) as viewer:
            words = ["--url", daemon.origin.replace("http", "ws"), "--token", token, "--room", CHANNEL, "--identity", "bench-commander"]
            with Tool("command", *words, "--camera", daemon.identity(), "--count", COMMANDS) as tool:
                word = tool.event("end", within=90)
            viewer.end()
    times = [micros / 1000 for micros in word["round_trip_us"]]
    if len(times) < COMMANDS:
        return [Result("command to reply", "<= 1.2 / 4 / 8 ms", f"{len(times)} answered, {word['refused']} refused, {word['lost']} lost", False)], word
    parts = [percentile(times, part) for part in (0.5, 0.95, 0.99)]
    measured = "{:.2f} / {:.2f} / {:.2f} ms".format(*parts) + f" over {len(times)}"
    met = parts[0] <= 1.2 and parts[1] <= 4 and parts[2] <= 8
    return [Result("command to reply with video running, p50 / p95 / p99", "<= 1.2 / 4 / 8 ms", measured, met)], word


def join():
    """A second viewer by WHEP: from before its request to its first picture decoded."""
    with Daemon() as daemon:
        daemon.wait()
        with Tool("join", "--url", daemon.whep(), "--token", daemon.token("bench-watch", "--watch"), "--count", JOINS) as tool:
            word = tool.event("end", within=120)
    # What was decoded counts: a viewer without a picture is a failure of the row.
    decoded = [one["decoded_ms"] for one in word["joins"] if one["decoded_ms"] is not None]
    if len(decoded) < JOINS:
        return [Result("join to first decoded frame", "<= 250 ms", f"{JOINS - len(decoded)} of {JOINS} got no picture", False)], word
    measured = f"{spread(decoded, 0)} ms over {JOINS}"
    return [Result("join to first decoded frame, second viewer", "<= 250 ms", measured, median(decoded) <= 250)], word


def start():
    """From the start of the process to its first access unit: at the encoder's exit (the daemon's own log), and at a viewer that asks
    from before the start on, which is later than in the room by the viewer's own handshake. The viewer's counts."""
    raw = []
    for _ in range(STARTS):
        daemon = Daemon(log="error,artc_open::video=trace", start=False)
        with daemon:
            token = daemon.token("bench-watch", "--watch")
            with Tool("watch", "--url", daemon.whep("camera"), "--token", token) as viewer:
                time.sleep(0.2)
                daemon.start()
                event = viewer.event("streaming")
                # The viewer's clock and ours are the same one.
                came = (event["began"] + event["joined"][0]["unit_ms"] / 1000 - daemon.began) * 1000
                viewer.end()
            encoded = [at for at, line in daemon.errors if "encode_us=" in line]
            raw.append({"viewer_ms": came, "encoded_ms": (encoded[0] - daemon.began) * 1000 if encoded else None, "joined": event["joined"][0]})
    at_viewer = [one["viewer_ms"] for one in raw]
    encoded = [one["encoded_ms"] for one in raw if one["encoded_ms"] is not None]
    measured = f"{spread(at_viewer, 0)} ms at a viewer that waits for it; left the encoder after {spread(encoded, 0)} ms"
    return [Result("start of the process to the first access unit, pattern", "<= 100 ms", measured, median(at_viewer) <= 100)], raw
