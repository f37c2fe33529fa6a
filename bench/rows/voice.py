"""Talking through the box: echo in simulated rooms with recorded speech, what taking it out costs, clocks that run apart, and the time from a
viewer's mouth to the speaker."""
import pathlib

from lib.measure import median, percentile, spread
from lib.programs import Tool
from lib.table import Result
from rows.receive import ROUNDS, quiet, room, user

# Recorded speech (48 kHz, one channel, about 1.4 s each), from alsa-utils.
SPEECH = pathlib.Path("/usr/share/sounds/alsa")
FAR = [SPEECH / f"{name}.wav" for name in ("Front_Left", "Rear_Center", "Side_Right", "Rear_Left", "Front_Center")]
NEAR = [SPEECH / f"{name}.wav" for name in ("Side_Left", "Front_Right", "Rear_Right")]


def run(what, *more):
    with Tool(what, "--far", *FAR, "--near", *NEAR, *more) as tool:
        return tool.event("end", 1200)


def echo():
    word = run("echo")
    cases = word["still_db"] + word["moved_db"]
    low = percentile(cases, 0.1)
    still, moved = percentile(word["still_db"], 0.1), percentile(word["moved_db"], 0.1)
    both = percentile(word["stoi"], 0.1)
    measured = f"{low:.1f} dB p10, {median(cases):.1f} dB p50 of {len(cases)} trials (still {still:.1f}, moved {moved:.1f} dB p10)"
    what = "echo return loss enhancement after 3 s, recorded speech, simulated rooms RT60 0.2 to 0.5 s, microphone still and moved, p10"
    talk = "the same rooms, both talk: intelligibility (STOI) of the near voice, p10"
    return [
        Result(what, ">= 30 dB", measured, low >= 30),
        Result(talk, ">= 0.8", f"{both:.3f} ({median(word['stoi']):.3f} p50)", both >= 0.8),
    ], word


def voice():
    word = run("voice")
    parts = word["percent"]
    measured = f"{parts['all']:.2f} % (echo alone {parts['echo']:.2f}, with noise {parts['echo_noise']:.2f}, off {parts['off']:.2f})"
    return [Result("echo, noise and gain, 48 kHz mono, CPU", "<= 5 % of a core", measured, parts["all"] <= 5)], word


def drift():
    with Tool("drift", "--ppm", "300", "-300") as tool:
        word = tool.event("end", 600)
    runs, target = word["runs"], word["target_ms"]
    skew = max(max(one["most_ms"] - target, target - one["least_ms"]) for one in runs)
    dry = min(one["least_ms"] for one in runs)
    good = skew <= 40 and dry > 0 and all(one["change"] <= word["most_change"] for one in runs)
    measured = f"{skew:.1f} ms off at most, {dry:.1f} ms wait at least; the rate changes by at most {100 * max(one['change'] for one in runs):.2f} %"
    return [Result("speaker and sound on clocks 300 ppm apart, 24 simulated hours: skew", "<= 40 ms, never dry", measured, good)], word


def talk():
    raw = []
    with quiet() as daemon:
        daemon.wait()
        for index in range(ROUNDS):
            users = [user(daemon, f"bench-{who}-{index}") for who in ("mouth", "box")]
            with Tool("ear", *room(daemon), "--speaker", "null", "--user", *users) as tool:
                raw.append(tool.event("end", 120))
    p50 = [median(one["delays_ms"]) for one in raw]
    heard = sum(len(one["delays_ms"]) for one in raw) / sum(one["said"] for one in raw)
    measured = f"{spread(p50, 1)} ms; {100 * heard:.0f} % of words heard"
    what = "a viewer's mouth to the box's speaker on loopback, what waits in the device included, p50"
    return [Result(what, "<= 80 ms", measured, median(p50) <= 80 and heard > 0.95)], {"rounds": raw}
