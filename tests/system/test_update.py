"""Updates by RAUC, A/B, with bundles as their makers sign them: installed, kept once the device streams, left where it does not."""

from bundles import COMPATIBLE, ROOM, bundle
from machine import FULL, wait_for
from stage import settings

SHARE = "/run/bundles"


def share(machine):
    """What is in the machine's folder of bundles is on the device, too."""
    machine.must(f"mkdir -p {SHARE} && {{ mountpoint -q {SHARE} || mount -t hostfs -o {ROOM} bundles {SHARE}; }}")


def there(file):
    return f"{SHARE}/{file.name}"


def settled(bench, slot):
    """Waits until the slot that runs was found good."""
    wait_for(f"{slot} to be kept", lambda: bench.device.loader()[f"{slot}_LEFT"] == str(FULL))


def ended(artc, job):
    """Waits for the end of a job."""
    def look():
        now = artc.call("job.status", {"job": job})
        return now if now["state"] not in ("running", "cancelling") else None

    return wait_for(f"the end of {job}", look)


def install(artc, file):
    return ended(artc, artc.call("update.install", {"bundle": there(file)})["job"])


def restart(bench, artc):
    """Restarts the machine by command, as an operator does."""
    artc.goes_down("device.reboot")
    return bench.on()


def test_bundles_that_are_not_for_this_device_change_nothing(bench):
    good = bundle("good")
    bundle("good", compatible="somebody-elses")
    bundle("good", signer="somebody")
    (ROOM / "cut.raucb").write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    (ROOM / "unsigned.raucb").write_bytes(good.read_bytes()[: good.stat().st_size // 4096 * 4096 - 65536])
    (ROOM / "empty.raucb").write_bytes(b"")
    machine, artc = bench.running()
    share(machine)
    settled(bench, "A")
    before = bench.device.loader(), (bench.device.folder / "b.cow").stat().st_mtime_ns
    for name, words in {
        f"good-{COMPATIBLE}-somebody.raucb": "signature verification failed",
        "good-somebody-elses-ours.raucb": "Compatible mismatch",
        "cut.raucb": "ignature",
        "unsigned.raucb": "ignature",
        "empty.raucb": "undle",
        "nowhere.raucb": "nowhere.raucb",
    }.items():
        told = ended(artc, artc.call("update.install", {"bundle": f"{SHARE}/{name}"})["job"])
        assert told["state"] == "failed" and words in told["error"]["message"], (name, told)
        assert "RAUC" in told["error"]["message"], (name, told)
        assert (bench.device.loader(), (bench.device.folder / "b.cow").stat().st_mtime_ns) == before, name
    assert machine.must("journalctl -b -u artc-edge -o cat | grep -c 'update.install'") != "0"
    artc.streams()


def test_an_update_is_installed_kept_and_taken_back(bench):
    good = bundle("good")
    machine, artc = bench.running()
    assert machine.slot == "A"
    share(machine)
    settled(bench, "A")
    checked = artc.call("update.check", {"bundle": there(good)})
    assert checked["fits"] and (checked["version"], checked["compatible"]) == ("good", COMPATIBLE), checked

    # Given up on the way: RAUC is ended, which the shipped rule of polkit allows, and nothing boots from what is half there.
    job = artc.call("update.install", {"bundle": there(good)})["job"]
    wait_for("it to be under way", lambda: artc.call("job.status", {"job": job}).get("percent", 0) >= 90)
    assert artc.call("update.progress")["installing"]
    artc.call("job.cancel", {"job": job})
    told = ended(artc, job)
    assert told["state"] == "cancelled", (told, machine.must("journalctl -b -o cat -u polkit -u rauc -u dbus | tail -30"))
    progress = artc.call("update.progress")
    assert progress["primary"] == "rootfs.0" and not progress["installing"], progress
    assert (bench.device.loader()["ORDER"].split()[0], bench.device.loader()["B_LEFT"]) == ("A", "0"), bench.device.loader()

    told = install(artc, good)
    assert told["state"] == "done", told
    progress = artc.call("update.progress")
    slots = {slot["name"]: slot for slot in progress["slots"]}
    assert (progress["booted"], progress["primary"], slots["rootfs.1"]["version"]) == ("A", "rootfs.1", "good"), progress
    artc.streams()

    machine, artc = restart(bench, artc)
    assert machine.slot == "B" and machine.must("cat /etc/bench-system") == "good"
    status = artc.streams()
    assert (status["restart"]["cause"], status["restart"]["rebooted"]) == ("stopped", True), status
    settled(bench, "B")
    assert "it streams" in machine.must("journalctl -b -u artc-edge-confirm -o cat")
    assert artc.call("update.confirm")["slot"] == "rootfs.1"

    assert artc.call("update.rollback")["slot"] == "rootfs.0"
    machine, artc = restart(bench, artc)
    assert machine.slot == "A" and machine.run("cat /etc/bench-system")[0] != 0
    artc.streams()
    settled(bench, "A")


def falls_back(bench, name, attempts):
    """A system that does nothing for its device is left, without anybody's help; how it was before comes back."""
    bad = bundle(name)
    machine, artc = bench.running()
    share(machine)
    bitrate = settings(artc)["stream.bitrate_kbps"] + 1
    artc.call("config.set", {"values": {"stream.bitrate_kbps": bitrate}})
    artc.streams()
    settled(bench, "A")
    assert install(artc, bad)["state"] == "done"
    artc.goes_down("device.reboot")
    for _ in range(attempts):
        assert bench.device.try_on() == "B"
        bench.device.off()
    machine, artc = bench.on()
    assert machine.slot == "A", bench.device.loader()
    artc.streams()
    settled(bench, "A")
    assert bench.device.loader()["B_LEFT"] == "0"
    assert settings(artc)["stream.bitrate_kbps"] == bitrate


def test_a_system_without_a_picture_is_left(bench):
    falls_back(bench, "blind", 1)


def test_a_system_whose_daemon_does_not_start_is_left(bench):
    falls_back(bench, "mute", 1)


def test_a_system_that_does_not_boot_is_left_when_its_attempts_are_used_up(bench):
    falls_back(bench, "dead", FULL)
