"""A device over the years: walled in, killed, hung, provisioned, started, and what it writes to its flash. All on the bench's system (a real
systemd on user-mode Linux, whose processes start more slowly than a board's), with vivid as its camera."""
import os
import random
import re
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from lib.device import device, prepare, when
from lib.measure import percentile, spread
from lib.programs import ROOT, Daemon
from lib.table import Result
from rows.response import kernel_at_hand

NO_KERNEL = "not measured: tests/kernel/kernel.sh brings the kernel for it"
KILLS = 20
HANGS = int(os.environ.get("ARTC_BENCH_HANGS", "50"))
STICKS = 5
STARTS = 10
FLASH_MINUTES = float(os.environ.get("ARTC_BENCH_FLASH_MINUTES", "10"))
SEED = 20
# The loops that pictures and commands depend on, by the names of their threads; and all of them at once.
LOOPS = ["artc-edge", "artc-net", "artc-room", "artc-video", "artc-audio", "camera", "microphone", "uplink-video", "uplink-audio", "everything"]


def security():
    """As the package has it, judged by this machine's systemd."""
    what, goal = "systemd-analyze security of the unit, of 10", "<= 1.3"
    words = ["systemd-analyze", "security", "--offline=true", "--no-pager", ROOT / "packaging/systemd/artc-edge.service"]
    said = subprocess.run(words, stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    if not found:
        return [Result(what, goal, f"not measured: {said[-200:]}", False)], {"said": said}
    version = subprocess.run(["systemd-analyze", "--version"], stdout=subprocess.PIPE, text=True).stdout.split()[1]
    return [Result(what, goal, f"{found[1]} (systemd {version})", float(found[1]) <= 1.3)], {"exposure": float(found[1])}


def killed():
    """kill -9 by root; the time of systemd's pause before it starts the daemon again (0.5 s) is in it."""
    what, goal = "kill -9 to the first picture in the room again, p95", "<= 3 s"
    if not kernel_at_hand():
        return [Result(what, goal, NO_KERNEL)], {}
    prepare()
    found = []
    with device("killed") as box:
        for _ in range(KILLS):
            box.forget_ends()
            begun = float(box.machine.must(f"cut -d' ' -f1 /proc/uptime; kill -KILL {box.artc.pid()}"))
            found.append(box.first_picture(begun) - begun)
    p95 = percentile(found, 0.95)
    return [Result(what, goal, f"{p95:.2f} s, {spread(found)} s over {KILLS}, inside user-mode Linux", p95 <= 3)], {"seconds": found}


def hangs(lane, loops):
    """Seconds from when a loop is held to the first picture in the room again, by the loop's name."""
    found = []
    with device(f"hung-{lane}") as box:
        for loop in loops:
            box.forget_ends()
            begun = box.now()
            if loop == "everything":
                box.machine.must(f"kill -STOP {box.artc.pid()}")
            else:
                box.artc.hold(loop)
            try:
                found.append((loop, box.first_picture(begun) - begun))
            except RuntimeError as why:
                found.append((loop, None))
                print(f"    {loop}: {why}", flush=True)
                box.machine.must("systemctl kill -s KILL artc-edge")
    return found


def hung():
    """A thread is held by a debugger, or the whole process stopped; which is a seed's choice. Two devices, on a processor each."""
    what, goal = "hang of a loop (seeded choice of ten) to the first picture in the room again", "<= 20 s, 50 of 50"
    if not kernel_at_hand():
        return [Result(what, goal, NO_KERNEL)], {}
    prepare()
    chance = random.Random(SEED)
    # Each at least once.
    chosen = [*LOOPS, *(chance.choice(LOOPS) for _ in range(max(0, HANGS - len(LOOPS))))][:HANGS]
    chance.shuffle(chosen)
    with ThreadPoolExecutor(2) as pool:
        found = [one for lane in pool.map(hangs, (0, 1), (chosen[::2], chosen[1::2])) for one in lane]
    back = [seconds for _, seconds in found if seconds is not None]
    good = sum(seconds <= 20 for seconds in back)
    slowest = max(found, key=lambda one: one[1] or float("inf"))[0]
    measured = f"{good} of {len(found)}; {spread(back, 1)} s, longest of {slowest}, inside user-mode Linux" if back else "none came back"
    return [Result(what, goal, measured, good == len(found))], {"seed": SEED, "seconds": found}


def provisioned():
    """From when the stick is plugged in (a little before) until the device is in the channel that the file says, and its camera live."""
    what, goal = "provisioning file to streaming", "<= 10 s"
    if not kernel_at_hand():
        return [Result(what, goal, NO_KERNEL)], {}
    prepare()
    from test_provision import Stick, plug

    found = []
    with device("provisioned") as box:
        for number in range(STICKS):
            channel = f"gate{number}"
            stick = Stick(box.bench, channel, f'version = 1\n[device]\nname = "{channel}"\n[room]\nchannel = "{channel}"\n')
            begun = box.now()
            told = plug(box.machine, stick)
            if told.get("result") != "taken":
                raise RuntimeError(f"not taken: {told}")
            found.append(box.streaming(begun) - begun)
            box.artc.streams()
    measured = f"{spread(found)} s over {STICKS}, inside user-mode Linux"
    return [Result(what, goal, measured, max(found) <= 10)], {"seconds": found}


def ready_here():
    """Milliseconds from the start of the process to READY=1, on this machine and with the pattern: for comparison."""
    found = []
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        address = f"{folder}/notify"
        manager.bind(address)
        manager.settimeout(20)
        for _ in range(STARTS):
            with Daemon(prefix=("env", f"NOTIFY_SOCKET={address}"), start=False) as daemon:
                daemon.start()
                while b"READY=1" not in manager.recv(65536).split(b"\n"):
                    pass
                found.append((time.monotonic() - daemon.began) * 1000)
            manager.setblocking(False)
            try:
                while manager.recv(65536):
                    pass
            except BlockingIOError:
                manager.settimeout(20)
    return found


def ready():
    """By systemd's own stamps: from when it starts the process to when it hears READY."""
    what, goal = "service start to READY with a camera", "<= 500 ms"
    if not kernel_at_hand():
        return [Result(what, goal, NO_KERNEL)], {}
    prepare()
    here = ready_here()
    found = []
    with device("ready") as box:
        for _ in range(STARTS):
            box.artc.streams()
            box.machine.must("systemctl restart artc-edge")
            show = box.machine.must("systemctl show artc-edge -p ExecMainStartTimestampMonotonic -p ActiveEnterTimestampMonotonic")
            stamps = dict(line.split("=") for line in show.splitlines())
            found.append((int(stamps["ActiveEnterTimestampMonotonic"]) - int(stamps["ExecMainStartTimestampMonotonic"])) / 1000)
    measured = f"{spread(found, 0)} ms over {STARTS}, vivid, inside user-mode Linux"
    baseline = f"{spread(here, 0)} ms on this machine with the pattern"
    return [Result(what, goal, measured, max(found) <= 500, baseline)], {"guest_ms": found, "host_ms": here}


def written(box):
    """Bytes that came to each disk since the start, by the kernel's counters (sectors of 512 bytes)."""
    said = box.machine.must("sync; for disk in /sys/block/ubd?; do echo $(basename $disk) $(cut -c1- $disk/stat); done")
    return {line.split()[0]: int(line.split()[7]) * 512 for line in said.splitlines()}


def flash():
    """What comes to all disks (both systems, data, the boot loader's) while the device streams, journal in memory, scaled to a day. What comes less
    often than once in the time measured is not seen."""
    what, goal = "steady-state flash writes", "<= 1 MiB a day"
    if not kernel_at_hand():
        return [Result(what, goal, NO_KERNEL)], {}
    prepare()
    with device("flash") as box:
        # The start has been written: nothing of systemd's is under way any more, and the system has been found good.
        box.machine.must("systemctl is-system-running --wait || true; sleep 60", patience=300)
        before, begun = written(box), box.now()
        while box.now() < begun + FLASH_MINUTES * 60:
            time.sleep(5)
        after, ended = written(box), box.now()
        box.artc.streams()
        last = [entry for entry in box.artc.journal("-u artc-edge") if when(entry) > begun]
    grown = {disk: after[disk] - before[disk] for disk in after}
    a_day = sum(grown.values()) * 86400 / (ended - begun) / 2**20
    measured = f"{a_day:.2f} MiB a day by {(ended - begun) / 60:.0f} minutes ({sum(grown.values())} bytes)"
    return [Result(what, goal, measured, a_day <= 1)], {"bytes": grown, "seconds": ended - begun, "lines_of_log": len(last)}
