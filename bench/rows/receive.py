"""The receiving side of the engine: sound from mouth to ear, speech over a path that loses, fifty users at once, pictures."""
import os
import pathlib
import time

from lib import net
from lib.measure import cpu_by_thread, cpu_seconds, median, percentile, spread
from lib.programs import CHANNEL, Daemon, Tool, clips
from lib.table import Result

ROUNDS = 3
# Recorded speech (48 kHz, one channel, about 1.4 s), from alsa-utils.
SPEECH = pathlib.Path("/usr/share/sounds/alsa/Front_Center.wav")
LOSS_SECONDS = 45
CROWD = 50
WINDOW = 8.0


def room(daemon):
    return ["--url", daemon.origin.replace("http", "ws", 1), "--room", CHANNEL]


def user(daemon, identity):
    return f"{identity}:{daemon.token(identity)}"


def quiet(**more):
    """A daemon whose camera costs nothing: its room is what is needed."""
    return Daemon({"camera": {"source": "pattern", "idle": "close"}}, **more)


def ear():
    raw = []
    with quiet() as daemon:
        daemon.wait()
        for index in range(ROUNDS):
            users = [user(daemon, f"bench-{who}-{index}") for who in ("mouth", "ear")]
            with Tool("ear", *room(daemon), "--user", *users) as tool:
                raw.append(tool.event("end", 90))
    p50 = [median(one["delays_ms"]) for one in raw]
    p95 = median([percentile(one["delays_ms"], 0.95) for one in raw])
    heard = sum(len(one["delays_ms"]) for one in raw) / sum(one["said"] for one in raw)
    measured = f"{spread(p50, 1)} ms; p95 {p95:.1f} ms; {100 * heard:.0f} % of words heard"
    return [Result("sound from mouth to ear on loopback, p50", "<= 60 ms", measured, median(p50) <= 60 and heard > 0.95)], {"rounds": raw}


def understood():
    goal = ">= 0.85"
    what = "speech at 20 % random loss, intelligibility (STOI)"
    if os.geteuid() != 0:
        return [Result(what, goal, "not measured: needs root for a network namespace")], {}
    scores = {}
    for loss in (0.1, 20):
        # The talker is inside, with a path to the room that loses.
        with net.Path(loss_percent=loss, rate="10mbit", burst="32kb", queue="60ms") as path, quiet(listen=path.gateway) as daemon:
            daemon.wait()
            heard = daemon.folder / "heard.pcm"
            talk = ["talk", *room(daemon), "--wav", SPEECH, "--user", user(daemon, "bench-mouth")]
            listen = ["listen", *room(daemon), "--identity", "bench-ear", "--token", daemon.token("bench-ear"), "--save", heard]
            with Tool(*talk, prefix=path.inside) as mouth, Tool(*listen) as listener:
                mouth.event("streaming", 40)
                listener.event("streaming", 40)
                time.sleep(LOSS_SECONDS)
                listener.end()
            with Tool("understood", SPEECH, heard) as judge:
                scores[loss] = judge.event("end", 60)
    score = scores[20]["stoi"]
    return [Result(what, goal, f"{score:.3f}", score >= 0.85, f"{scores[0.1]['stoi']:.3f} at 0.1 %")], scores


def mix():
    raw = {"loudest": [], "all": []}
    with quiet() as daemon:
        daemon.wait()
        users = [word for index in range(CROWD) for word in ("--user", user(daemon, f"bench-{index}"))]
        with Tool("talk", *room(daemon), "--wav", SPEECH, *users) as crowd:
            crowd.event("streaming", 60)
            for index in range(ROUNDS):
                for key, more in (("loudest", []), ("all", ["--all"])):
                    identity = f"bench-ear-{key}-{index}"
                    words = ["listen", *room(daemon), "--identity", identity, "--token", daemon.token(identity), *more]
                    with Tool(*words) as listener:
                        listener.event("streaming", 30)
                        time.sleep(4.0)
                        before, whole, began = cpu_by_thread(listener.pid), cpu_seconds(listener.pid), time.monotonic()
                        time.sleep(WINDOW)
                        took = time.monotonic() - began
                        after = cpu_by_thread(listener.pid)
                        one = listener.mark()
                        one["percent"] = 100 * (after["artc-playout"] - before["artc-playout"]) / took
                        one["whole"] = 100 * (cpu_seconds(listener.pid) - whole) / took
                        raw[key].append(one)
    heard = min(one["subscribed"] for values in raw.values() for one in values)
    loudest = [one["percent"] for one in raw["loudest"]]
    every = [one["percent"] for one in raw["all"]]
    measured = f"{spread(loudest)} % ({heard} users heard of); with what receives them {median([one['whole'] for one in raw['loudest']]):.1f} %"
    baseline = f"all fifty decoded, ranking off: {spread(every)} %"
    return [Result("mixing 50 users' sound", "<= 5 % of a core", measured, median(loudest) <= 5 and heard >= CROWD, baseline)], raw


def decode():
    raw = {"alone": [], "received": []}
    clip = clips() / "1080.h264"
    with Daemon({"camera": {"source": f"file:{clip}"}}) as daemon:
        daemon.wait()
        units = daemon.folder / "units"

        def receive(index, *more):
            identity = f"bench-eye-{index}"
            words = ["--identity", identity, "--token", daemon.token(identity), "--watch", daemon.identity(), *more]
            return Tool("listen", *room(daemon), *words)

        with receive("saves", "--save", units) as tool:
            tool.event("streaming")
            time.sleep(6.0)
            tool.end()
        for index in range(ROUNDS):
            for key, program in (("alone", lambda: Tool("decode", units)), ("received", lambda: receive(index))):
                with program() as tool:
                    tool.event("streaming")
                    time.sleep(1.0)
                    before, used, began = tool.mark(), cpu_seconds(tool.pid), time.monotonic()
                    time.sleep(WINDOW)
                    took, used = time.monotonic() - began, cpu_seconds(tool.pid) - used
                    pictures = tool.mark()["pictures"] - before["pictures"]
                    raw[key].append({"ms": 1000 * used / max(1, pictures), "fps": pictures / took, "percent": 100 * used / took})
    ratios = [mine["ms"] / its["ms"] for mine, its in zip(raw["received"], raw["alone"])]
    fps = median([one["fps"] for one in raw["received"]])
    measured = f"{spread(ratios)} x; {spread([one['ms'] for one in raw['received']])} ms a picture, {fps:.1f} fps"
    baseline = f"{spread([one['ms'] for one in raw['alone']])} ms"
    return [Result("receiving 1080p30, decoded to I420, against the decoder alone", "<= 1.15 x", measured, median(ratios) <= 1.15, baseline)], raw
