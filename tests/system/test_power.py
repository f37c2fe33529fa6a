"""The plug is pulled: at moments that a seed chooses, in the middle of what is written. The device comes back with the old or the new, and
streams. What the kernel had not written is lost, as on a device; what the disk had taken is not (that is a matter of the disk).

A start takes seconds. So most cuts are made of the disks alone: the machine is stopped for a moment, what they hold is put aside, and
judged as the next start would find it: file systems are repaired from their journals, and files are read as the daemon reads them.
"""

import json
import os
import random
import shutil
import subprocess
import time
import tomllib

from bundles import bundle
from machine import wait_for
from stage import WORK, settings
from test_provision import Stick, mounted
from test_update import install, settled, share, there

# How often the plug is really pulled, of each kind; the seed is told by each test.
CUTS = int(os.environ.get("ARTC_POWER_CUTS", "2"))
# How often the disks are looked at as if it were, of each kind but the installation.
LOOKS = int(os.environ.get("ARTC_POWER_LOOKS", "22"))
SEED = int(os.environ.get("ARTC_POWER_SEED", "0")) or time.time_ns() % 1_000_000


def moments(count, longest):
    """When to pull, in seconds after it began; a seed gives the same again."""
    print(f"ARTC_POWER_SEED={SEED}", flush=True)
    chance = random.Random(SEED)
    return [chance.uniform(0, longest) for _ in range(count)]


def cut_after(bench, moment):
    time.sleep(moment)
    bench.device.cut()


def repaired(image):
    """The state directory on a data partition that lost its power, as the next start finds it; every file of it can be read."""
    done = subprocess.run(["e2fsck", "-fy", image], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout
    into = image.with_suffix(".content")
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    subprocess.run(["debugfs", "-R", f"rdump /artc-edge {into}", image], check=True, capture_output=True)
    state = into / "artc-edge"
    for file in state.glob("*.json"):
        json.loads(file.read_text())
    remote = state / "remote.toml"
    return state, tomllib.loads(remote.read_text()) if remote.exists() else {}


def audit(journal):
    """What the program says of the chain in a journal."""
    said = subprocess.run([WORK / "artc-edge", "audit", "verify"], input=journal, capture_output=True, text=True)
    return said.returncode, said.stdout


def test_while_the_configuration_is_set(bench):
    machine, artc = bench.running()
    answered = bench.device.folder / "answered"
    answered.mkdir()
    looks = moments(LOOKS, 0.5)
    for moment in moments(CUTS, 4):
        machine.must(f"mkdir -p /run/answered && mount -t hostfs -o {answered} answered /run/answered")
        before = settings(artc)["stream.bitrate_kbps"]
        (answered / "log").write_text(f"{before}\n")
        journal = machine.must("journalctl -b -u artc-edge -o cat")
        last = lambda: int((answered / "log").read_text().rsplit("\n", 2)[-2])
        machine.send(
            f"value={before + 1}; while artc-edge call config.set '{{\"values\": {{\"stream.bitrate_kbps\": '$value'}}}}' >/dev/null; "
            "do echo $value >>/run/answered/log; value=$((value + 1)); done"
        )
        wait_for("the first to be answered", lambda: last() > before)
        while looks:
            time.sleep(looks.pop())
            with bench.device.stands_still():
                told, image = last(), bench.device.copied("data.img", len(looks))
            state, found = repaired(image)
            now = found["stream"]["bitrate_kbps"]
            assert now in (told, told + 1), f"{told} was answered, {now} is on the disk"
            assert not (state / "audit").exists(), "a run that did not end in order leaves no end of its chain"
        cut_after(bench, moment)
        machine, artc = bench.on()
        artc.streams()
        now = settings(artc)["stream.bitrate_kbps"]
        assert now in (last(), last() + 1), f"{moment:.3f} s: {last()} was answered, {now} is kept"
        code, said = audit(f"{journal}\n{machine.must('journalctl -b -u artc-edge -o cat')}")
        assert code == 0 and said.count("began anew") == 1, f"what the cut took from the audit is not told: {said}"


def test_while_a_stick_is_taken(bench):
    machine, artc = bench.running()
    device = bench.device
    wanted = lambda name: f'version = 1\n[device]\nname = "{name}"\n[stream]\nbitrate_kbps = {600 + len(name)}\n[engine.open]\ntoken = "{name}"\n'
    whole = lambda found, name: found == {"device": {"name": name}, "stream": {"bitrate_kbps": 600 + len(name)}, "engine": {"open": {"token": name}}}

    # The disks of one that is taken without a hitch.
    machine.must("artc-edge call config.reset")
    artc.streams()
    stick = Stick(bench, "looks", wanted("gate"))
    looks, seen = moments(LOOKS, 0.4), set()
    machine.plug(stick.image)
    while looks:
        time.sleep(looks.pop())
        with device.stands_still():
            image, lies = device.copied("data.img", len(looks)), device.copied(stick.image.name, len(looks))
        state, found = repaired(image)
        new = whole(found, "gate")
        assert new or found == {}, f"neither the old nor the new: {found}"
        old = Stick.at(lies)
        assert new or old.text() == wanted("gate").encode(), "the file has gone from the stick, and nothing was kept"
        assert new or old.result().get("result") != "taken", old.result()
        seen.add((new, "artc-edge.toml" in old.names()))
    assert (False, True) in seen, "no look came before it was taken"
    wait_for("the stick to be done with", lambda: not mounted(machine))
    machine.pull()
    assert stick.result()["result"] == "taken"

    # The plug is pulled; the stick stays in. Sooner or later the device has taken it.
    for number, moment in enumerate(moments(CUTS, 6)):
        name = "gate" + "x" * (number + 1)
        stick = Stick(bench, name, wanted(name))
        machine.plug(stick.image)
        cut_after(bench, moment)
        device.stick = stick.image
        machine, artc = bench.on()
        artc.until("what is on the stick to be in force", lambda _: settings(artc)["device.name"] == name)
        wait_for("the file to be gone", lambda: stick.text() is None)
        artc.streams()
        wait_for("the stick to be done with", lambda: not mounted(machine))
        machine.pull()
        device.stick = None


def test_while_an_update_is_installed(bench):
    good = bundle("good")
    machine, artc = bench.running()
    # The last is the worst of all: right when the boot loader was told.
    for moment in [*moments(CUTS, 15), None]:
        share(machine)
        settled(bench, machine.slot)
        artc.call("update.install", {"bundle": there(good)})
        before, other = machine.slot, "AB".replace(machine.slot, "")
        finished = lambda: bench.device.loader()["ORDER"].startswith(other)
        if moment is None:
            wait_for("the boot loader to be told", finished)
            moment = 0
        cut_after(bench, moment)
        machine, artc = bench.on()
        assert machine.slot == (other if finished() else before), f"{moment:.3f} s: {bench.device.loader()}"
        artc.streams()
        settled(bench, machine.slot)
        if finished():
            assert machine.must("cat /etc/bench-system") == "good"
