"""A whole device for rows that are about systemd: the system of tests/system with what is shipped in it, on user-mode Linux. Times are the guest's."""
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager

from lib.programs import DAEMON, ROOT

WORK = ROOT / "target/bench/device"
# The room says so of the first picture that a publisher brings it: whoever watches gets it a few milliseconds later.
FIRST_PICTURE = "first picture in the room"
# MESSAGE_ID of what is told when the device is in the channel, and when the camera delivers.
JOINED = "665ffe79600c488db6742bc8344cc58d"
CAMERA_LIVE = "1f3be2fbb1014980906f9ecc2ad3f916"
PATIENCE = 120.0


def prepare():
    """The kernel and the system's image, made where they are not of this program yet; then the modules of tests/system can be had."""
    os.environ["ARTC_SYSTEM_WORK"] = str(WORK)
    kernel = subprocess.run([ROOT / "tests/kernel/kernel.sh"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    os.environ["ARTC_KERNEL"] = kernel
    image = WORK / "root.img"
    if not image.exists() or image.stat().st_mtime < DAEMON.stat().st_mtime:
        subprocess.run([ROOT / "tests/system/system.sh", DAEMON], check=True, stdout=subprocess.DEVNULL)
    if str(ROOT / "tests/system") not in sys.path:
        sys.path.append(str(ROOT / "tests/system"))


@contextmanager
def device(name):
    """A new device that is on and streams."""
    from stage import Bench

    bench = Bench(name)
    try:
        _, artc = bench.running()
        yield Watched(bench, artc)
    finally:
        bench.end()


class Watched:
    """A device, and when things happen on it."""

    def __init__(self, bench, artc):
        self.bench, self.artc, self.machine = bench, artc, artc.machine

    def now(self):
        """Seconds since the guest was started."""
        return float(self.machine.must("cut -d' ' -f1 /proc/uptime"))

    def first(self, what, since):
        """When the daemon first said something with these words in it after that moment, in seconds of the guest; waits for it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            said = self.machine.run(f"journalctl -b -u artc-edge -o json --no-pager | grep -F {what!r} | tail -n 20")[1]
            later = [at for at in (when(json.loads(line)) for line in said.splitlines()) if at > since]
            if later:
                return min(later)
            time.sleep(0.5)
        lines = self.machine.must("journalctl -b -u artc-edge -o cat | grep -v '^{' | tail -n 20")
        raise RuntimeError(f"not said within {PATIENCE:.0f} s: {what}; the last lines: {lines}")

    def first_picture(self, since):
        """When its first picture came into the room."""
        return self.first(FIRST_PICTURE, since)

    def streaming(self, since):
        """When it was in the channel and its camera live, by the messages that operators search for."""
        return max(self.first(identity, since) for identity in (JOINED, CAMERA_LIVE))

    def forget_ends(self):
        """What went wrong before is not counted: five in ten minutes would lead into safe mode."""
        self.artc.streams()
        self.machine.must("rm -f /var/lib/artc-edge/run.json")


def when(entry):
    return int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6
