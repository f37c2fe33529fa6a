"""The daemon as a service of a real systemd: started, killed, hung, walled in, restarted with its machine."""

from machine import wait_for


def test_it_starts_streams_and_comes_back_from_a_kill(bench):
    bench.box()
    machine, artc = bench.on()
    status = artc.streams()
    assert status["restart"]["cause"] == "unknown", status
    show = dict(line.split("=", 1) for line in machine.must("systemctl show artc-edge -p ActiveState,SubState,StatusText,User").splitlines())
    assert (show["ActiveState"], show["SubState"], show["User"]) == ("active", "running", "artc-edge"), show
    assert "in channel camera" in show["StatusText"] and "vivid" in show["StatusText"], show
    assert "Loopback" in show["StatusText"], show
    assert status["microphone"]["state"] == "live", status

    # The board's line is really moved, through what the sandbox leaves open.
    level = "cat /sys/devices/platform/gpio-sim.*/gpiochip*/sim_gpio0/value"
    assert machine.must(level) == "0"
    artc.call("board.set_line", {"line": "door", "on": True})
    wait_for("the line to be up", lambda: machine.must(level) == "1")

    before = artc.pid()
    machine.must(f"kill -KILL {before}")
    status = artc.until("the next run", lambda now: now["restart"]["cause"] == "killed" and now["camera"]["state"] == "live")
    artc.streams()
    assert artc.pid() not in (0, before)
    assert status["restart"]["recent"] == 1, status
    assert artc.metrics()['artc_restart_info{cause="killed"}'] == "1"
    assert any("the run before was killed" in str(entry["MESSAGE"]) for entry in artc.journal("-u artc-edge"))
    assert "status=9/KILL" in machine.must("journalctl -b -u artc-edge -o cat")
    wait_for("the line to be safe again", lambda: machine.must(level) == "0")


def test_the_journal_has_fields_and_no_secret(bench):
    machine, artc = bench.running()
    address = artc.call("viewer.address")["address"]
    assert "token=" in address, address
    entries = artc.journal("SYSLOG_IDENTIFIER=artc-edge _TRANSPORT=journal")
    joined = [entry for entry in entries if entry["MESSAGE"] == "in the channel"]
    assert joined, [entry["MESSAGE"] for entry in entries]
    assert any(entry.get("_SYSTEMD_UNIT") == "artc-edge.service" for entry in joined), joined
    for entry in entries:
        # The daemon's, or a helper's such as artc-edge-confirm; journald knows no unit of who is gone before it has read what was said.
        assert entry.get("_SYSTEMD_UNIT", "artc-edge").startswith("artc-edge") and entry["PRIORITY"] in "23456", entry
        assert entry["TARGET"].startswith(("artc", "room", "board")), entry
    assert any(name.startswith("ARTC_") for entry in entries for name in entry), entries[0]
    # What an operator searches for has an id, and words of the catalogue that the package brought.
    [identity] = {entry["MESSAGE_ID"] for entry in joined}
    explained = machine.must(f"journalctl -b -x -o short --no-pager MESSAGE_ID={identity}")
    assert "Subject: The device is in the channel" in explained and "Defined-By: artc-edge" in explained, explained
    for subject in ("The camera daemon is ready", "A command was carried out or refused", "The camera delivers"):
        assert f"Subject: {subject}" in machine.must("journalctl -b -x -u artc-edge --no-pager"), subject
    text = machine.must("journalctl -b -o export; systemctl status -l artc-edge")
    for secret in ("token=ey", "eyJ0eXAi", "eyJhbGci"):
        assert secret not in text, f"{secret} is in the journal"


def ends_as(artc, cause, detail, end):
    """Has a run end so, waits until the device streams again, and looks whether the next run tells why: in status, metrics and journal."""
    wait_for("the service to be ready", lambda: artc.machine.run("systemctl is-active -q artc-edge")[0] == 0)
    before, bad = artc.pid(), artc.status()["restart"]["recent"]
    end(before)
    status = artc.until(f"the end of what {cause}", lambda now: now["restart"]["recent"] == bad + 1 and now["camera"]["state"] == "live")
    restart = status["restart"]
    assert restart["cause"] == cause and detail in (restart.get("detail") or ""), status
    assert artc.pid() not in (0, before)
    artc.streams()
    assert artc.metrics()[f'artc_restart_info{{cause="{cause}"}}'] == "1"
    told = [entry["MESSAGE"] for entry in artc.journal(f"-u artc-edge _PID={artc.pid()}")]
    assert any(line.startswith(f"the run before {'hung' if cause == 'hang' else 'was killed'}") and detail in line for line in told), told


def test_each_end_has_its_cause_and_five_lead_into_safe_mode(bench):
    # One that has not ended badly before: what other tests did to theirs would count.
    bench.box()
    machine, artc = bench.on()
    artc.streams()

    # The whole process stands still: nobody in it can say so.
    ends_as(artc, "hang", "the whole process", lambda pid: machine.must(f"kill -STOP {pid}"))
    assert "Watchdog timeout" in machine.must("journalctl -b -u artc-edge -o cat")
    # A loop that all depends on does: the others notice, and say its name.
    ends_as(artc, "hang", "main", lambda _: artc.hold("artc-edge"))
    # So is one that is held while it waits for something that may never come.
    ends_as(artc, "hang", "engine", lambda _: artc.hold("artc-net"))
    # More memory than it may have: the kernel takes the process.
    limit = "/sys/fs/cgroup/system.slice/artc-edge.service/memory.max"
    ends_as(artc, "killed", "no memory was left", lambda pid: machine.must(f"echo 4M >{limit}; echo 256M >{limit} || true"))

    # Asked to end, it is counted nowhere.
    bad = artc.status()["restart"]["recent"]
    machine.must("systemctl restart artc-edge")
    status = artc.until("the run after a stop", lambda now: now["restart"]["cause"] == "stopped")
    assert status["restart"]["recent"] == bad, status

    for kills in range(bad + 1, 6):
        machine.must(f"kill -KILL {artc.pid()}")
        status = artc.until(f"bad end {kills}", lambda now: now["restart"]["recent"] == kills)
        assert status["restart"]["cause"] == "killed", status
    status = artc.until("safe mode", lambda now: now.get("safe_mode_s") and now["connection"] == "connected")
    assert status["camera"]["state"] == "resting", status
    assert artc.metrics()["artc_safe_mode"] == "1"
    wait_for("the line for people to say so", lambda: "SAFE MODE" in machine.must("systemctl show -P StatusText artc-edge"))
    artc.call("device.leave_safe_mode")
    artc.until("the camera to be back", lambda now: now["camera"]["state"] == "live" and "safe_mode_s" not in now)
    wait_for("the tracks to be published", lambda: artc.call("stream.get")["published"])

    # The record of commands says where it was cut off, and nowhere else.
    said = machine.must("journalctl -b -u artc-edge -o cat | artc-edge audit verify")
    assert said.count("began anew") == 5 and "breaks: 0" in said, said


def stands_still_in_its_start(machine):
    """The next run is stopped after it wrote down that it began, and before it is ready; the service manager's patience with it ends."""
    stop = (
        "perl -e 'my $run = shift; my $old = (stat $run)[1]; select undef, undef, undef, 0.001 while ((stat $run)[1] // $old) == $old; "
        "open my $pids, \"<\", shift; kill STOP => <$pids>' /var/lib/artc-edge/run.json /sys/fs/cgroup/system.slice/artc-edge.service/cgroup.procs"
    )

    def stopped():
        machine.must(f"systemctl stop artc-edge; systemctl start --no-block artc-edge; {stop}")
        if machine.must("systemctl show -P SubState artc-edge") == "start":
            return True
        machine.must("systemctl kill -s CONT artc-edge")
        return False

    wait_for("a run that is stopped before it is ready", stopped)
    impatient = "/run/systemd/system/artc-edge.service.d/impatient.conf"
    machine.must(
        f"mkdir -p $(dirname {impatient}) && printf '[Service]\nTimeoutStartSec=1s\nRestart=no\n' >{impatient} && systemctl daemon-reload"
    )
    wait_for("it to be ended", lambda: machine.run("systemctl is-failed -q artc-edge")[0] == 0)
    machine.must(f"rm {impatient} && systemctl daemon-reload && systemctl start artc-edge")


def test_a_run_that_stands_still_in_its_start_is_no_kill(bench):
    machine, artc = bench.running()
    # Ends are counted from nothing on.
    machine.must("systemctl stop artc-edge; rm -f /var/lib/artc-edge/run.json; systemctl start artc-edge")
    ends_as(artc, "hang", "at its start", lambda pid: stands_still_in_its_start(machine))


def test_the_sandbox_holds(bench):
    machine, artc = bench.running()
    machine.must("systemd-analyze security --threshold=13 artc-edge.service")
    # What the daemon's own process could do: the same walls around a shell.
    machine.must(
        "mkdir -p /run/systemd/system && sed -e 's|^ExecStart=.*|ExecStart=/bin/bash /run/probe.sh|; /^ExecStopPost=/d; /^WatchdogSec=/d; "
        "s|^Type=.*|Type=oneshot|; s|^Restart=.*|Restart=no|; s|^StateDirectory=.*|StateDirectory=probe|; s|^RuntimeDirectory=.*|RuntimeDirectory=probe|' "
        "/lib/systemd/system/artc-edge.service >/run/systemd/system/probe.service && systemctl daemon-reload"
    )
    forbidden = {
        "write to /etc": "echo x >/etc/artc-edge/x",
        "write to /usr": "touch /usr/x",
        "write into the state of another service": "touch /var/lib/dbus/x",
        "write to the data partition past its folder": "touch /data/x",
        "read files of root": "ls /root",
        "read a home": "touch /home/x",
        "open the disks": "head -c1 /dev/ubda",
        "open the memory": "head -c1 /dev/mem",
        "open the log of the kernel": "head -c1 /dev/kmsg",
        "read the log of the kernel": "dmesg",
        "make a device": "mknod $STATE_DIRECTORY/x b 98 0",
        "mount": "mount -t tmpfs x /tmp",
        "make a user namespace": "unshare -U true",
        "make a network namespace": "unshare -n true",
        "set the clock": "date -s @0",
        "set the name": "hostname x",
        "change the kernel": "echo 1 >/proc/sys/kernel/panic",
        "change the cgroups": "mkdir /sys/fs/cgroup/x",
        "restart by the kernel": "echo b >/proc/sysrq-trigger",
        "become root": "setpriv --reuid 0 true",
        "change an owner": "touch $STATE_DIRECTORY/o && chown 1:1 $STATE_DIRECTORY/o",
        "make a program that runs as another": "touch $STATE_DIRECTORY/s && chmod u+s $STATE_DIRECTORY/s",
        "see processes of others": "test -e /proc/1/cmdline",
        "end processes of others": "kill -0 1",
        "run as another architecture or domain": "setarch linux32 true",
        "take real-time priority": "chrt -f 10 true",
        "raise its limits": "ulimit -Hn 1000000",
        "read the shadow file": "cat /etc/shadow",
        "change its own unit": "touch /run/systemd/system/x.service",
    }
    allowed = {
        "its state": "touch $STATE_DIRECTORY/x",
        "the folder of its socket": "touch $RUNTIME_DIRECTORY/x",
        "cameras": "head -c0 /dev/video*",
        "sound": "head -c0 /dev/snd/controlC0",
        "lines": "head -c0 /dev/gpiochip*",
        "its configuration": "head -c1 /etc/artc-edge/config.toml",
        "a private /tmp": "touch /tmp/x",
        "the system bus": "busctl --system list",
    }
    probes = {**forbidden, **allowed}
    script = "\n".join(f"if ({what}) >/dev/null 2>&1; then echo 'did: {name}'; else echo 'not: {name}'; fi" for name, what in probes.items())
    machine.must(f"cat >/run/probe.sh <<'END'\n{script}\nEND\nchmod 644 /run/probe.sh; systemctl start probe.service")
    told = machine.must("journalctl -b -u probe.service -o cat")
    did = {line[5:] for line in told.splitlines() if line.startswith("did: ")}
    assert len([line for line in told.splitlines() if line[:5] in ("did: ", "not: ")]) == len(probes), told
    assert did == set(allowed), f"not possible: {set(allowed) - did}; possible: {did - set(allowed)}\n{told}"


def test_the_machine_restarts_in_order_and_the_cause_is_told(bench):
    machine, artc = bench.running()
    artc.goes_down("device.reboot")
    machine, artc = bench.on()
    status = artc.streams()
    assert (status["restart"]["cause"], status["restart"]["rebooted"]) == ("stopped", True), status
    # And when the plug is pulled.
    bench.device.cut()
    machine, artc = bench.on()
    status = artc.streams()
    assert (status["restart"]["cause"], status["restart"]["rebooted"]) == ("power", True), status
    assert any("lost its power" in str(entry["MESSAGE"]) for entry in artc.journal("-u artc-edge"))
    artc.goes_down("device.shutdown")
