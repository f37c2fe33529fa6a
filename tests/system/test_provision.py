"""A technician's stick: plugged in, found by its label, taken or refused, and what lies on it afterwards."""

import json
import os
import subprocess

from machine import wait_for
from stage import settings

# A token that no server takes; no text may show it.
CANARY = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkiLCJ2aWRlbyI6eyJyb29tIjoiZyJ9fQ.Y2FuYXJ5"


class Stick:
    """A FAT file system in a file."""

    def __init__(self, bench, name, text, label="PROVISION"):
        self.image = bench.device.folder / f"{name}.img"
        self.image.unlink(missing_ok=True)
        subprocess.run(["mkfs.vfat", "-C", "-n", label, self.image, "4096"], check=True, stdout=subprocess.DEVNULL)
        if text is not None:
            self.put("ARTC-EDGE.TOML", text)

    def put(self, name, text):
        """Puts a file on it."""
        subprocess.run(["mcopy", "-i", self.image, "-", f"::{name}"], input=text.encode(), check=True)

    @classmethod
    def at(cls, image):
        """One that is there."""
        stick = cls.__new__(cls)
        stick.image = image
        return stick

    def text(self):
        """The provisioning file on it, where there is one."""
        out = subprocess.run(["mtype", "-i", self.image, "::ARTC-EDGE.TOML"], capture_output=True)
        return out.stdout if out.returncode == 0 else None

    def names(self):
        out = subprocess.run(["mdir", "-b", "-i", self.image, "::"], check=True, capture_output=True, text=True).stdout
        return sorted(line.removeprefix("::/").lower() for line in out.split())

    def result(self):
        out = subprocess.run(["mtype", "-i", self.image, "::artc-edge-result.json"], capture_output=True, text=True)
        return json.loads(out.stdout) if out.returncode == 0 and out.stdout else {}


def mounted(machine):
    """Whether a stick is being looked at."""
    return machine.run("grep -q ' /run/artc-edge-provision/' /proc/mounts")[0] == 0


def plug(machine, stick, **how):
    """Plugs it in, waits until the device has done with it, and pulls it out; what came of it."""
    ended = lambda: machine.run("journalctl -b -o cat -u 'artc-edge-provision@*' | grep -cE 'Finished|Failed to start'")[1]
    before = ended()
    machine.plug(stick.image, **how)
    wait_for("the stick to be done with", lambda: ended() != before and not mounted(machine))
    machine.pull()
    return stick.result()


def test_a_stick_sets_the_device_up(bench):
    bench.box()
    machine, artc = bench.on()
    artc.streams()
    before = settings(artc)

    # Wrong ones first: nothing changes, and each says why.
    for name, text, result, words in [
        ("unknown", "version = 1\n[camera]\nwidht = 3\n", "refused", "widht"),
        ("newer", "version = 2\n", "refused", "version"),
        ("empty", "", "refused", "version"),
        ("binary", "\0\1\2", "refused", ""),
        ("forbidden", 'version = 1\n[control]\nsocket = "/tmp/x"\n', "refused", "control.socket"),
        ("nowhere", f'version = 1\n[provision]\njoin_within_s = 3\n[engine.open]\nurl = "ws://127.0.0.1:9"\ntoken = "{CANARY}"\n', "undone", "channel"),
    ]:
        stick = Stick(bench, name, text)
        told = plug(machine, stick)
        assert told.get("result") == result and words in json.dumps(told["problems"]), (name, told)
        assert stick.names() == ["artc-edge-result.json", "artc-edge.toml"], (name, stick.names())
        assert settings(artc) == before, name
    other = Stick(bench, "other", "version = 1\n[stream]\nbitrate_kbps = 55\n", label="HOLIDAYS")
    machine.plug(other.image)
    machine.must("udevadm settle")
    machine.pull()
    assert other.names() == ["artc-edge.toml"] and settings(artc) == before, "not every stick is looked at"
    artc.until("it to be where it was", lambda now: now["connection"] == "connected")

    # One that is pulled out while it is read: the rest of it is not there any more.
    gone = Stick(bench, "gone", None)
    gone.put("FILLER", "#" * 1_000_000)
    gone.put("ARTC-EDGE.TOML", "version = 1\n[stream]\nbitrate_kbps = 55\n" + "#" * 30_000)
    os.truncate(gone.image, 900_000)
    plug(machine, gone)
    assert "cannot be read" in machine.must("journalctl -b -o cat -u 'artc-edge-provision@*'") and settings(artc) == before
    # One that is read-only: the file could not be removed, and would be taken again and again.
    locked = Stick(bench, "locked", "version = 1\n[stream]\nbitrate_kbps = 55\n")
    plug(machine, locked, flags="r")
    assert "cannot be written to" in machine.must("journalctl -b -o cat -u 'artc-edge-provision@*'") and settings(artc) == before
    assert locked.names() == ["artc-edge.toml"]
    # Two at once: which of them is meant? The first waits for a channel that does not come; until then it is not done with.
    first = Stick(bench, "first", f'version = 1\n[provision]\njoin_within_s = 20\n[engine.open]\nurl = "ws://127.0.0.1:9"\ntoken = "{CANARY}"\n')
    second = Stick(bench, "second", "version = 1\n[stream]\nbitrate_kbps = 55\n")
    machine.plug(first.image)
    wait_for("the first to be looked at", lambda: mounted(machine))
    machine.plug(second.image, number=5)
    wait_for("both to be done with", lambda: not mounted(machine))
    machine.pull()
    machine.pull(number=5)
    assert (first.result()["result"], second.result()["result"]) == ("undone", "refused"), (first.result(), second.result())
    assert "2 files at once" in json.dumps(second.result()), second.result()
    artc.until("it to be where it was", lambda now: now["connection"] == "connected")
    assert settings(artc) == before

    # The right one, as a Windows machine writes it.
    text = f'\ufeffversion = 1\r\n[device]\r\nname = "gate 7"\r\n[room]\r\nchannel = "gate"\r\n[stream]\r\nbitrate_kbps = 900\r\n[engine.open]\r\ntoken = "{CANARY}"\r\n'
    stick = Stick(bench, "right", text)
    told = plug(machine, stick)
    assert told.get("result") == "taken" and told["device"]["name"] == "gate 7", told
    assert stick.names() == ["artc-edge-result.json"], "the file is gone, and its secrets with it"
    assert CANARY.encode() not in stick.image.read_bytes(), "it was written over"
    artc.streams()
    assert artc.call("device.info")["channel"] == "gate"
    explained = machine.must("journalctl -b -x -u 'artc-edge-provision@*' --no-pager")
    for subject in ("was taken", "was refused", "was tried out and undone"):
        assert f"Subject: A provisioning file {subject}" in explained, explained

    # It holds over a cut of the power, and is nowhere to be read.
    bench.device.cut()
    machine, artc = bench.on()
    artc.streams()
    assert settings(artc)["room.channel"] == "gate" and settings(artc)["stream.bitrate_kbps"] == 900
    assert machine.must("stat -c '%a %U' /var/lib/artc-edge/remote.toml") == "600 artc-edge"
    assert CANARY not in machine.must("journalctl -b -o verbose; systemctl status -l 'artc-edge*' || true; cat /proc/*/cmdline /proc/*/environ | tr '\\0' ' '")
    assert CANARY not in json.dumps([settings(artc), artc.status(), artc.metrics()])
