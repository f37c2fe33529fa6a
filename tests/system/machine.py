"""A device that is switched on and off: its disks, its boot loader, and user-mode Linux as the machine. Not for what is tested on it.

The boot loader is this file: it reads the disk that tests/system/root/usr/lib/bench/bootloader writes, counts attempts, and starts the
slot whose turn it is.
"""

import base64
import fcntl
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

KERNEL = os.environ.get("ARTC_KERNEL", "")
# The bound of every wait for a condition. Nothing takes a tenth of it on a quiet machine.
PATIENCE = float(os.environ.get("ARTC_SYSTEM_PATIENCE", "120"))
LONGEST = 2000  # characters of a line on the console
FULL = 3  # attempts that a slot has


class Failed(AssertionError):
    """Something that had to come did not."""


def wait_for(what, look, patience=PATIENCE):
    """Asks `look` until it gives something true, and gives that."""
    end = time.monotonic() + patience
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise Failed(f"waited {patience:.0f} s in vain for: {what}")
        time.sleep(0.1)


class Device:
    """Disks in a folder, and a machine that they are in while it is on."""

    def __init__(self, folder, image):
        self.folder = Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.image = Path(image)
        self.stick = None  # the image of one that is in while the device is switched on
        self.boots = 0
        self.machine = None
        content = self.folder / "data"
        (content / "artc-edge").mkdir(parents=True)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", content, self.folder / "data.img", "48M"], check=True, stdout=subprocess.DEVNULL)
        self.write_loader({"ORDER": "A B", "A_LEFT": str(FULL), "B_LEFT": str(FULL)})

    def loader(self):
        """What the boot loader's disk says."""
        text = (self.folder / "loader.img").read_bytes()[:512].rstrip(b"\0 ").decode()
        return dict(re.findall(r'^(\w+)="([^"]*)"$', text, re.M))

    def write_loader(self, values):
        text = "".join(f'{name}="{value}"\n' for name, value in values.items()).encode()
        with open(self.folder / "loader.img", "r+b" if (self.folder / "loader.img").exists() else "w+b") as disk:
            disk.write(text.ljust(512, b"\0"))
            disk.truncate(65536)

    def choose(self):
        """The slot whose turn it is; one attempt of it is used up."""
        values = self.loader()
        slot = next((slot for slot in values["ORDER"].split() if int(values[f"{slot}_LEFT"]) > 0), None)
        if slot is None:
            raise Failed(f"no slot is left to start: {values}")
        values[f"{slot}_LEFT"] = str(int(values[f"{slot}_LEFT"]) - 1)
        self.write_loader(values)
        return slot

    def on(self, arguments=""):
        """Switches it on, and waits until it takes commands."""
        self.try_on(arguments)
        self.machine.wait_until_up()
        return self.machine

    def try_on(self, arguments=""):
        """Switches it on and does not wait for anything; the slot."""
        assert self.machine is None, "it is on"
        self.boots += 1
        self.machine = Machine(self, self.choose(), arguments)
        return self.machine.slot

    def cut(self):
        """Pulls the plug."""
        self.machine.kill()
        self.machine = None

    @contextmanager
    def stands_still(self):
        """For as long as this is held, its disks are what they would be after a cut of the power."""
        held = self.machine.processes()
        try:
            for pid in held:
                os.kill(pid, signal.SIGSTOP)
            wait_for("the machine to stand still", lambda: all(state(pid) in ("T", "Z") for pid in held))
            yield
        finally:
            for pid in held:
                os.kill(pid, signal.SIGCONT)

    def copied(self, disk, number):
        """A copy of one of its disks, of this start."""
        copy = self.folder / f"look-{self.boots}-{number}-{disk}"
        subprocess.run(["cp", "--sparse=always", self.folder / disk, copy], check=True)
        return copy

    def off(self):
        """Waits until the machine has gone down by itself."""
        self.machine.wait_until_down()
        self.machine = None


class Machine:
    """A start of the device."""

    def __init__(self, device, slot, arguments):
        self.device = device
        self.slot = slot
        folder = device.folder
        ours, theirs = socket.socketpair()
        self.line = ours
        self.pending = b""
        fd = theirs.fileno()
        disks = [
            f"ubd0=a.cow,{device.image}", f"ubd1=b.cow,{device.image}", "ubd2=data.img", "ubd3=loader.img",
        ]
        if device.stick:
            disks.append(f"ubd4={device.stick}")
        command = [
            KERNEL, "mem=768M", f"root=/dev/ubd{'a' if slot == 'A' else 'b'}", "rw", *disks, f"rauc.slot={slot}", "noreboot",
            f"con=null con0=null,fd:1 con1=fd:{fd},fd:{fd}", "quiet", "panic=1", "uml_dir=./uml", f"umid=boot-{device.boots}",
            "systemd.machine_id=5e0c1f6a8d2b4c7f9a3e6b1d0c4f8a27", "systemd.show_status=no",
            "vivid.n_devs=1 vivid.node_types=0x1 vivid.multiplanar=1",
            # Devices that nobody uses, and processes beside each other on one processor, make a start longer.
            "brd.rd_nr=0 loop.max_loop=0 null_blk.nr_devices=0 udev.children_max=2", *arguments.split(),
        ]
        words = " ".join(command).split()
        self.console = folder / f"console-{device.boots}.log"
        environment = {**os.environ, "TMPDIR": memory()}
        (folder / "uml").mkdir(exist_ok=True)
        self.management = folder / "uml" / f"boot-{device.boots}" / "mconsole"
        with open(self.console, "wb") as console:
            # A group of its own: all of it ends at once when the plug is pulled, and with this program. No namespace of processes: a kernel that
            # panics as the first process of one does not end, and what is in one ends later than who waits for it is told.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *words], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=console,
                stderr=console, pass_fds=[fd], start_new_session=True,
            )
        theirs.close()

    def wait_until_up(self):
        line = self.read_line(PATIENCE)
        while line != "READY":
            line = self.read_line(PATIENCE)

    def read_line(self, patience):
        end = time.monotonic() + patience
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.line], [], [], max(0, end - time.monotonic()))
            got = self.line.recv(65536) if ready else None
            if not got:
                why = "it is down" if got == b"" else f"it said nothing for {patience:.0f} s"
                raise Failed(f"{self.console}: {why}; its last words:\n{self.last_words()}")
            self.pending += got
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode().strip()

    def last_words(self):
        return "\n".join(self.console.read_text(errors="replace").splitlines()[-30:])

    def send(self, script):
        """Has a script run, and does not wait."""
        self.line.sendall(base64.b64encode(script.encode()) + b"\n")

    def answer(self, patience=PATIENCE):
        word, code, out = (self.read_line(patience) + "  ").split(" ", 2)
        assert word == "END", word
        return int(code), base64.b64decode(out).decode(errors="replace").strip()

    def run(self, script, patience=PATIENCE):
        """Exit code and output of a script, run by root."""
        text = base64.b64encode(script.encode()).decode()
        if len(text) > LONGEST:
            # The console loses what comes faster than it is read.
            for at in range(0, len(text), LONGEST // 2):
                self.run(f"printf %s {text[at : at + LONGEST // 2]} >>/run/bench-script")
            return self.run("base64 -d /run/bench-script >/run/bench-script.sh; rm /run/bench-script; bash /run/bench-script.sh", patience)
        self.send(script)
        return self.answer(patience)

    def must(self, script, patience=PATIENCE):
        """Output of a script that has to succeed."""
        code, out = self.run(script, patience)
        if code != 0:
            raise Failed(f"exit code {code} of: {script}\n{out}")
        return out

    def processes(self):
        """Those that are the machine: not the guest's, which it traces."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    facts = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line)
                except OSError:
                    continue  # it has ended meanwhile
                if facts["TracerPid"].strip() == "0" and os.getpgid(int(folder.name)) == self.process.pid:
                    found.append(int(folder.name))
        return found

    def manage(self, command):
        """Says something to the hypervisor, which a kernel in user mode is itself."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asker:
            # A short name, in the abstract: nothing to remove.
            asker.bind(f"\0artc-bench-{os.getpid()}-{id(asker)}")
            asker.settimeout(PATIENCE)
            data = command.encode()
            # Paths of sockets are short; the folder's may not be.
            folder = os.open(self.management.parent, os.O_PATH)
            try:
                asker.sendto(struct.pack("=III512s", 0xCAFEBABE, 2, len(data), data), f"/proc/self/fd/{folder}/mconsole")
            finally:
                os.close(folder)
            error, _more, length = struct.unpack_from("=III", answer := asker.recv(4096))
            text = answer[12 : 12 + length].decode(errors="replace").strip("\0\n ")
            if error:
                raise Failed(f"{command}: {text}")
            return text

    def plug(self, image, number=4, flags=""):
        """Plugs a disk in; with the flag "r" it is read-only."""
        self.manage(f"config ubd{number}{flags}={image}")

    def pull(self, number=4):
        """Pulls it out again."""
        wait_for("the disk to be let go", lambda: self.try_pull(number))

    def try_pull(self, number):
        try:
            self.manage(f"remove ubd{number}")
        except Failed:
            return False
        return True

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.let_go()

    def let_go(self):
        # What writes for it is a process of its own, and may be in the middle of that.
        wait_for("the disks to be let go", lambda: all(is_free(disk) for disk in [*self.device.folder.glob("?.cow"), self.device.folder / "data.img"]))
        self.line.close()

    def wait_until_down(self):
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed(f"it does not go down:\n{self.last_words()}") from None
        finally:
            self.kill_rest()
        self.let_go()

    def kill_rest(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def is_free(disk):
    """Whether no machine has it: they lock theirs."""
    with open(disk, "r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def state(pid):
    """The letter for the state of a process."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def memory():
    """Where the guest's memory is a sparse file: in memory where there is room for it."""
    stat = os.statvfs("/dev/shm") if os.path.isdir("/dev/shm") else None
    if stat and stat.f_bavail * stat.f_frsize > 1 << 30 and os.access("/dev/shm", os.W_OK) and not stat.f_flag & os.ST_NOEXEC:
        return "/dev/shm"
    return os.environ.get("TMPDIR", "/tmp")
