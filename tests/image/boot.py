"""Boots a copy of the disk on an emulated PC and looks at what a technician would: the console, and what lies on the EFI partition."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

WORK = Path("target/image/try")
FIRMWARE = Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
VARIABLES = Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
# The bound of every wait: an emulated machine on a busy one is a hundred times slower than a board.
PATIENCE = float(os.environ.get("ARTC_IMAGE_PATIENCE", "1800"))
EFI_AT = "1M"
FILE = 'version = 1\n[provision]\njoin_within_s = 600\n[device]\nname = "gate 7"\n[room]\nchannel = "gate"\n'


class Disk:
    """A copy of the image, whose EFI partition is read and written from here."""

    def __init__(self, image):
        WORK.mkdir(parents=True, exist_ok=True)
        self.path = WORK / "disk.img"
        subprocess.run(["cp", "--sparse=always", image, self.path], check=True)

    def put(self, name, text):
        subprocess.run(["mcopy", "-o", "-i", f"{self.path}@@{EFI_AT}", "-", f"::{name}"], input=text.encode(), check=True)

    def text(self, name):
        """Of a file on it; nothing where there is none."""
        out = subprocess.run(["mtype", "-i", f"{self.path}@@{EFI_AT}", f"::{name}"], capture_output=True)
        return out.stdout.decode() if out.returncode == 0 else None

    def record(self):
        """What the boot loader and RAUC know of the two systems."""
        return dict(re.findall(r"^(\w+)=(.*)$", self.text("EFI/BOOT/grubenv") or "", re.M))


class Computer:
    """An emulated PC with that disk, switched on."""

    def __init__(self, disk):
        self.console = WORK / "console.log"
        self.console.write_bytes(b"")
        variables = WORK / "variables.fd"
        variables.write_bytes(VARIABLES.read_bytes())
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-machine", "q35", "-cpu", "max", "-m", "1024", "-display", "none",
             "-monitor", "none", "-no-reboot", "-serial", f"file:{self.console}",
             "-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE}", "-drive", f"if=pflash,format=raw,file={variables}",
             "-drive", f"file={disk.path},format=raw,if=virtio", "-nic", "user,model=virtio-net-pci"],
            stdin=subprocess.DEVNULL,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def said(self):
        return re.sub(r"\x1b\[[0-9;]*m|\r", "", self.console.read_text(errors="replace"))

    def until(self, what, holds):
        """Waits until something holds."""
        begun = time.monotonic()
        while not holds():
            if self.process.poll() is not None or time.monotonic() > begun + PATIENCE:
                raise SystemExit(f"waited in vain for: {what}; the last lines of the console:\n" + "\n".join(self.said().splitlines()[-40:]))
            time.sleep(1)
        print(f"{what}: yes", flush=True)

    def shows(self, pattern):
        self.until(f"the console says {pattern!r}", lambda: re.search(pattern, self.said()))


def main(image):
    disk = Disk(image)
    disk.put("artc-edge.toml", FILE)
    with Computer(disk) as computer:
        computer.shows(r"camera login:")
        computer.until("the provisioning file is taken", lambda: json.loads(disk.text("artc-edge-result.json") or "{}").get("result") == "taken")
        # Nothing is said of it before somebody marks it.
        computer.until("the system that runs is found good, because it streams", lambda: (disk.record().get("A_OK"), disk.record().get("A_TRY")) == ("1", "0"))
    assert disk.text("artc-edge.toml") is None, "the file is gone, and its secrets with it"
    assert "FAILED" not in computer.said(), "\n".join(line for line in computer.said().splitlines() if "FAILED" in line)
    print("test result: ok. 1 passed; 0 failed")


main(sys.argv[1])
