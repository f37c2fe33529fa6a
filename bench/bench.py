#!/usr/bin/env python3
"""The table of numbers: runs the rows that are asked for, keeps what they measured, prints goal and measurement side by side.

usage: bench.py [--list] [ROW...]
"""
import datetime
import os
import pathlib
import platform
import subprocess
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from lib import table  # noqa: E402
from lib.measure import busy_fraction, load, machine_ticks  # noqa: E402
from lib.programs import ROOT  # noqa: E402
from rows import (  # noqa: E402
    board, calls, commands, cpu, delivery, detection, device, engine, forwarding, mixing, picture, publish, receive, recording,
    response, sdk, server, size, voice,
)

ROWS = {
    "size": size.size,
    "rss": size.rss,
    "fps": delivery.fps,
    "cpu": cpu.cpu,
    "dual": publish.dual,
    "command": response.command,
    "throughput": commands.throughput,
    "steady": commands.steady,
    "late": commands.late,
    "snapshot": commands.snapshot,
    "join": response.join,
    "start": response.start,
    "record": recording.record,
    "plug": recording.plug,
    "motion": detection.motion,
    "masks": detection.masks,
    "gpio": board.gpio,
    "signature": response.signature,
    "security": device.security,
    "killed": device.killed,
    "hung": device.hung,
    "provisioned": device.provisioned,
    "ready": device.ready,
    "flash": device.flash,
    "call": calls.call,
    "signing": server.signing,
    "fleet": server.fleet,
    "forward": forwarding.forward,
    "crowd": forwarding.crowd,
    "channels": forwarding.channels,
    "recorder": forwarding.killed,
    "mixing": mixing.mixing,
    "picture": picture.picture,
    "lossy": picture.lossy,
    "ear": receive.ear,
    "understood": receive.understood,
    "mix": receive.mix,
    "decode": receive.decode,
    "echo": voice.echo,
    "voice": voice.voice,
    "talk": voice.talk,
    "drift": voice.drift,
    "push": engine.push,
    "cycles": engine.cycles,
    "sdk": sdk.sdk,
    "python": sdk.python,
}
OUT = ROOT / "target/bench"


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True).stdout.strip()
    when = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "commit": commit, "when": when}


def main(words):
    if "--list" in words:
        print("\n".join(ROWS))
        return 0
    unknown = [word for word in words if word not in ROWS]
    if unknown:
        print(f"no row {unknown[0]} (there are: {' '.join(ROWS)})", file=sys.stderr)
        return 64
    facts, everything, failed = machine(), [], False
    for name in words or ROWS:
        began, before = time.monotonic(), machine_ticks()
        # What others do to the processor while we measure is seen before it: then nothing of ours runs.
        time.sleep(1.0)
        others = busy_fraction(before, machine_ticks())
        print(f"=== {name}", flush=True)
        try:
            results, raw = ROWS[name]()
        except Exception as error:  # a row that fails is told, and the others go on
            traceback.print_exc()
            results, raw, failed = [table.Result(name, "", f"not measured: {error}", False)], {"error": str(error)}, True
        took = time.monotonic() - began
        table.save(OUT, name, {"machine": facts, "busy_before": others, "load": load(), "seconds": took, "results": results, "raw": raw})
        for one in results:
            print(f"    {one.what}: {one.measured} [{table.verdict(one.met)}]", flush=True)
        print(f"    {took:.0f} s; others kept the machine {100 * others:.0f} % busy before it", flush=True)
        everything += results
    print(f"\n{facts['cpu']}, {facts['cores']} cores, Linux {facts['kernel']}, commit {facts['commit']}\n")
    print(table.render(everything))
    print(f"\nraw data: {OUT.relative_to(ROOT)}/*.json")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
