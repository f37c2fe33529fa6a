"""The plug is pulled: at moments that a seed chooses, in the middle of what is written. The device comes back with the old or the new, and
streams. What the kernel had not written is lost, as on a device; what the disk had taken is not (that is a matter of the disk)."""

import os
import random
import time

from bundles import bundle
from machine import Failed, wait_for
from stage import settings
from test_provision import Stick
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


def settings_or_none(artc):
    try:
        return settings(artc)
    except Failed:
        return None


def cut_after(bench, moment):
    time.sleep(moment)
    bench.device.cut()


def test_while_the_configuration_is_set(bench):
    bench.box()
    answered = bench.device.folder / "answered"
    answered.mkdir()
    machine, artc = bench.on()
    artc.streams()
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


def test_while_a_stick_is_taken(bench):
    bench.box()
    machine, artc = bench.on()
    artc.streams()

    def watched(artc):
        # Between two lives of its parts the daemon does not listen for a moment.
        now = wait_for("an answer", lambda: settings_or_none(artc))
        return now["room.channel"], now["stream.bitrate_kbps"]

    old = watched(artc)
    for number, moment in enumerate(moments(6)):
        new = (f"gate-{number}", 900 + number)
        stick = Stick(bench, f"stick-{number}", f'version = 1\n[room]\nchannel = "{new[0]}"\n[stream]\nbitrate_kbps = {new[1]}\n')
        machine.plug(stick.image)
        cut_after(bench, moment)
        bench.device.stick = stick.image
        machine, artc = bench.on()
        bench.device.stick = None
        artc.until("an answer", lambda now: now["connection"])
        assert watched(artc) in (old, new), f"{moment:.3f} s: {watched(artc)} is neither {old} nor {new}"
        # It is still in, and is taken now if it was not before.
        wait_for("the stick to be taken", lambda: watched(artc) == new)
        free = lambda: machine.run("mountpoint -q /run/artc-edge-provision")[0] != 0
        wait_for("the file to be gone from it", lambda: free() and "artc-edge.toml" not in stick.names())
        machine.pull()
        artc.streams()
        old = new


def test_while_an_update_is_installed(bench):
    good = bundle("good")
    bench.box()
    machine, artc = bench.on()
    for moment in moments(15):
        share(machine)
        artc.streams()
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
