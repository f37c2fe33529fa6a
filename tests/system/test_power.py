"""The plug is pulled: at moments that a seed chooses, in the middle of what is written. The device comes back with the old or the new, and
streams. What the kernel had not written is lost, as on a device; what the disk had taken is not (that is a matter of the disk)."""

import os
import random
import time

from bundles import bundle
from stage import settings
from test_update import install, settled, share, there

# Of each kind; the seed is told by each test.
CUTS = int(os.environ.get("ARTC_POWER_CUTS", "4"))
SEED = int(os.environ.get("ARTC_POWER_SEED", "0")) or time.time_ns() % 1_000_000


def moments(longest):
    """When to pull, in seconds after it began; a seed gives the same again."""
    print(f"ARTC_POWER_SEED={SEED}", flush=True)
    chance = random.Random(SEED)
    for _ in range(CUTS):
        moment = chance.uniform(0, longest)
        yield moment


def cut_after(bench, moment):
    time.sleep(moment)
    bench.device.cut()


def test_while_the_configuration_is_set(bench):
    machine, artc = bench.running()
    answered = bench.device.folder / "answered"
    answered.mkdir()
    for moment in moments(4):
        machine.must(f"mkdir -p /run/answered && mount -t hostfs -o {answered} answered /run/answered")
        first = settings(artc)["stream.bitrate_kbps"] + 1
        (answered / "log").write_text(f"{first - 1}\n")
        machine.send(
            f"value={first}; while artc-edge call config.set '{{\"values\": {{\"stream.bitrate_kbps\": '$value'}}}}' >/dev/null; "
            "do echo $value >>/run/answered/log; value=$((value + 1)); done"
        )
        cut_after(bench, moment)
        last = int((answered / "log").read_text().rsplit("\n", 2)[-2])
        machine, artc = bench.on()
        artc.streams()
        now = settings(artc)["stream.bitrate_kbps"]
        assert now in (last, last + 1), f"{moment:.3f} s: {last} was answered, {now} is kept"


def test_while_an_update_is_installed(bench):
    good = bundle("good")
    machine, artc = bench.running()
    for moment in moments(15):
        share(machine)
        settled(bench, machine.slot)
        artc.call("update.install", {"bundle": there(good)})
        before, other = machine.slot, "AB".replace(machine.slot, "")
        cut_after(bench, moment)
        finished = bench.device.loader()["ORDER"].startswith(other)
        machine, artc = bench.on()
        assert machine.slot == (other if finished else before), f"{moment:.3f} s: {bench.device.loader()}"
        artc.streams()
        settled(bench, machine.slot)
        if finished:
            assert machine.must("cat /etc/bench-system") == "good"
    # And in the end it can be installed all the same.
    share(machine)
    assert install(artc, good)["state"] == "done"
