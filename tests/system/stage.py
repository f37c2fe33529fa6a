"""The tests of the stage: which there are, how they are run and counted, and what they hold in their hands. A test is a function called
`test_...` that takes the bench. Those of a file are run one after the other, on one device if they like: a start of it is most of what a
short test costs. `box` is a new one, `running` the one that the test before left on, or a new one where there is none or that test failed."""

import importlib
import json
import os
import resource
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from machine import Device, Failed, wait_for

HERE = Path(__file__).resolve().parent
# The longest first, so that both lanes end together.
FIRST = ("update", "power", "service")
WORK = Path(os.environ["ARTC_SYSTEM_WORK"])


class Artc:
    """artc-edge on a machine that is on."""

    def __init__(self, machine):
        self.machine = machine

    def call(self, method, params=None):
        """Result of a command over the local socket; a refusal raises."""
        return json.loads(self.machine.must(f"artc-edge call {method} '{json.dumps(params or {})}'"))

    def goes_down(self, method):
        """Has the machine go down by command, and waits until it has; it may be quicker than its answer."""
        self.machine.send(f"artc-edge call {method}")
        self.machine.device.off()

    def refused(self, method, params=None):
        """Words of a refusal."""
        code, out = self.machine.run(f"artc-edge call {method} '{json.dumps(params or {})}'")
        if code == 0:
            raise Failed(f"{method} was not refused: {out}")
        return out

    def status(self):
        """`device.status`, or nothing while no daemon answers."""
        code, out = self.machine.run("artc-edge call device.status")
        return json.loads(out) if code == 0 else {}

    def until(self, what, holds):
        """Asks `device.status` until it holds, and gives it."""
        last = {}

        def look():
            last.update(seen=self.status())
            return last["seen"] if last["seen"] and holds(last["seen"]) else None

        try:
            return wait_for(what, look)
        except Failed as why:
            raise Failed(f"{why}; it is {last['seen']}\n{self.machine.must('journalctl -b -u artc-edge -o cat | tail -40')}") from None

    def metrics(self):
        """The metrics by their names."""
        script = "exec 3<>/dev/tcp/127.0.0.1/9464; printf 'GET /metrics HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3; cat <&3"
        code, out = self.machine.run(script)
        lines = (line.rsplit(" ", 1) for line in out.splitlines() if line and not line.startswith("#")) if code == 0 else ()
        return {line[0]: line[1] for line in lines if len(line) == 2}

    def streams(self):
        """Waits until there are pictures for the channel: the box is in it, the camera delivers what is a picture, and all that is told
        in metrics. Nobody watches here, so the encoder may rest before its first picture."""
        status = self.until("camera and channel", lambda now: now["connection"] == "connected" and now["camera"]["state"] == "live")
        wait_for("a picture", lambda: self.machine.run("artc-edge call camera.snapshot --output /run/picture.jpg")[0] == 0)
        self.machine.must("test \"$(head -c 2 /run/picture.jpg | od -An -tx1)\" = ' ff d8'")
        wait_for("the camera's pictures in the metrics", lambda: float(self.metrics().get("artc_capture_video_grabbed_total", 0)) > 0)
        return status

    def pid(self):
        """The daemon's main process; 0 while there is none."""
        return int(self.machine.must("systemctl show -P MainPID artc-edge"))

    def hold(self, thread):
        """One thread of the daemon stands still from now on, and all others go on: a debugger has it."""
        self.machine.must(
            f"tid=$(grep -lx {thread} /proc/{self.pid()}/task/*/comm | head -1 | cut -d/ -f5) && test -n \"$tid\" && "
            "systemd-run --quiet perl -e 'my $held = shift() + 0; syscall(101, 0x4206, $held, 0, 0) == 0 && syscall(101, 0x4207, $held, 0, 0) == 0 or die $!; "
            "sleep 600' $tid"
        )

    def journal(self, more=""):
        """Entries of this start of the machine."""
        out = self.machine.must(f"journalctl -b -o json --no-pager {more}")
        return [json.loads(line) for line in out.splitlines()]


def settings(artc):
    """What the device is set to, by keys."""
    return {one["key"]: one["value"] for one in artc.call("config.get")["settings"]}


class Bench:
    """What a test gets."""

    def __init__(self, name):
        self.folder = WORK / "devices" / name
        self.device = None
        self.boots = 0

    def box(self, image="root.img"):
        """A new device with this system in both slots."""
        self.end()
        self.device = Device(self.folder, WORK / image)
        return self.device

    def on(self, **how):
        """Switches it on; machine and daemon."""
        machine = self.device.on(**how)
        return machine, Artc(machine)

    def running(self):
        """Machine and daemon of a device that is on and streams, whatever it was through before."""
        if self.device and self.device.machine:
            machine = self.device.machine
            artc = Artc(machine)
        else:
            self.box()
            machine, artc = self.on()
        artc.streams()
        return machine, artc

    def end(self):
        if self.device:
            self.boots += self.device.boots
            if self.device.machine:
                self.device.cut()
            self.device = None


def tests(wanted):
    """Files and their tests, those whose names have one of these words in them."""
    files = sorted(HERE.glob("test_*.py"), key=lambda file: FIRST.index(file.stem[5:]) if file.stem[5:] in FIRST else len(FIRST))
    for file in files:
        module = importlib.import_module(file.stem)
        found = {f"{file.stem[5:]}.{name[5:]}": test for name, test in vars(module).items() if name.startswith("test_")}
        found = {name: test for name, test in found.items() if not wanted or any(word in name for word in wanted)}
        if found:
            yield file.stem[5:], found


def run(file, found):
    """Runs those of a file; for each whether it passed, and how many starts of a device it took."""
    bench = Bench(file)
    passed = []
    for name, test in found.items():
        begun = time.monotonic()
        try:
            test(bench)
            verdict = "ok"
        except Exception:  # whatever it is, the next test is run
            verdict = f"FAILED\n{traceback.format_exc()}"
            bench.end()
        print(f"test {name} ... {verdict} ({time.monotonic() - begun:.0f} s)", flush=True)
        passed.append(verdict == "ok")
    bench.end()
    return passed, bench.boots


def main():
    # A machine has one processor: two of them fit on two.
    with ThreadPoolExecutor(int(os.environ.get("ARTC_BENCH_JOBS", "2"))) as pool:
        ended = [pool.submit(run, file, found) for file, found in tests(sys.argv[1:])]
    passed = [one for end in ended for one in end.result()[0]]
    bad = passed.count(False)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{sum(end.result()[1] for end in ended)} starts of a device, {used.ru_utime + used.ru_stime:.0f} s of processors")
    print(f"test result: {'FAILED' if bad or not passed else 'ok'}. {passed.count(True)} passed; {bad} failed")
    return 1 if bad or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
