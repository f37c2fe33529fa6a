#!/usr/bin/env python3
"""Runs inside the kernel bench: a command's way to a line of a simulated GPIO chip, and the same way without the line. See rows/board.py.

The time is taken at the local socket, from before the command is written to after its reply is read: the line has been set before the
reply is made, which the chip's own view of it proves each time. So it is an upper bound of "from command arrival to line set".
"""
import json
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from lib.programs import Daemon  # noqa: E402

COUNT = 1000
# Commands a second; the daemon takes 50 of one sender.
RATE = 45
PROFILE = """
[board]
id = "gpio"
name = "GPIO"
[lines.door]
line = "LINE0"
direction = "output"
safe = false
"""


def chip():
    """A chip with one line; the file that tells the line's level."""
    config = pathlib.Path("/sys/kernel/config/gpio-sim/bench")
    (config / "bank0/line0").mkdir(parents=True)
    (config / "bank0/num_lines").write_text("1")
    (config / "bank0/line0/name").write_text("LINE0")
    (config / "live").write_text("1")
    device, name = (config / "dev_name").read_text().strip(), (config / "bank0/chip_name").read_text().strip()
    return pathlib.Path("/sys/devices/platform") / device / name / "sim_gpio0/value"


def commands(daemon, method, params, after):
    """Milliseconds of each of `COUNT` commands, one after the other at `RATE`."""
    found = []
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(str(daemon.folder / "control.sock"))
        replies = one.makefile("rb")
        start = time.monotonic()
        for number in range(COUNT):
            time.sleep(max(0.0, start + number / RATE - time.monotonic()))
            text = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params(number)}) + "\n"
            before = time.perf_counter()
            one.sendall(text.encode())
            reply = replies.readline()
            found.append((time.perf_counter() - before) * 1000)
            if "result" not in json.loads(reply):
                raise RuntimeError(reply.decode())
            after(number)
    return found


def main():
    level = chip()
    profile = pathlib.Path("/run/gpio.toml")
    profile.write_text(PROFILE)

    def is_set(number):
        if level.read_text().strip() != str(number % 2):
            raise RuntimeError(f"the line was not set by command {number}")

    with Daemon({"board": {"profile": str(profile)}}) as daemon:
        daemon.wait()
        line = commands(daemon, "board.set_line", lambda number: {"line": "door", "on": number % 2 == 1}, is_set)
        bare = commands(daemon, "audio.get", lambda _: {}, lambda _: None)
    pathlib.Path("/run/bench/gpio.json").write_text(json.dumps({"line": line, "bare": bare}))


main()
