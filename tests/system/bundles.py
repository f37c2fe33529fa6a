"""Bundles for RAUC: good ones, and ones that a device must not take or not keep. Made on the machine with Debian's rauc; each is a system in
the image's own words with a little of it changed, which debugfs does without mounting."""

import os
import shutil
import subprocess
import threading
from pathlib import Path

WORK = Path(os.environ["ARTC_SYSTEM_WORK"])
ROOM = WORK / "bundles"
MAKING = threading.Lock()
COMPATIBLE = "artc-edge-bench"
CONFIRM = "etc/systemd/system/artc-edge-confirm.service.d"

# What is other in the system of a bundle: commands of debugfs, and files that they write.
SYSTEMS = {
    "good": {},
    # Its camera is not there. It is judged after a few seconds already.
    "blind": {
        "etc/artc-edge/conf.d/zz-blind.toml": '[camera]\nsource = "/dev/video99"\n',
        f"{CONFIRM}/soon.conf": "[Service]\nExecStart=\nExecStart=/usr/bin/artc-edge confirm --within 15\n",
    },
    # Its daemon does not even start.
    "mute": {
        "etc/artc-edge/conf.d/zz-mute.toml": "[camera]\nwidht = 320\n",
        f"{CONFIRM}/soon.conf": "[Service]\nExecStart=\nExecStart=/usr/bin/artc-edge confirm --within 5\n",
    },
    # It does not boot.
    "dead": {"sbin/init": None, "usr/sbin/init": None, "bin/sh": None, "usr/bin/sh": None, "lib/systemd/systemd": None, "usr/lib/systemd/systemd": None},
}


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{words}: {done.stdout}{done.stderr}")
    return done.stdout


def authority(name):
    """Key and certificate of somebody who signs."""
    key, certificate = ROOM / f"{name}.key", ROOM / f"{name}.pem"
    if not certificate.exists():
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj", f"/CN={name}",
            "-keyout", key, "-out", certificate)
    return key, certificate


def system(name):
    """The image of a system."""
    image = ROOM / f"{name}.ext4"
    run("cp", "--sparse=always", WORK / "root.img", image)
    lines = []
    files = {"etc/bench-system": f"{name}\n", **SYSTEMS[name]}
    for number, (path, text) in enumerate(files.items()):
        if text is None:
            lines.append(f"rm /{path}")
            continue
        source = ROOM / f"{name}.{number}"
        source.write_text(text)
        lines += [f"mkdir /{os.path.dirname(path)}", f"write {source} /{path}"]
    run("debugfs", "-w", "-f", "-", image, input="\n".join(lines) + "\n")
    return image


def bundle(name, compatible=COMPATIBLE, signer=None):
    """The file of a bundle, made once for each image; `name` is one of SYSTEMS. Without a signer, the one that devices believe."""
    with MAKING:
        stamp = ROOM / "image"
        now = str((WORK / "root.img").stat().st_mtime_ns)
        if not stamp.exists() or stamp.read_text() != now:
            shutil.rmtree(ROOM, ignore_errors=True)
            ROOM.mkdir()
            stamp.write_text(now)
        file = ROOM / f"{name}-{compatible}-{signer or 'ours'}.raucb"
        if not file.exists():
            key, certificate = authority(signer) if signer else (WORK / "key.pem", WORK / "certificate.pem")
            content = ROOM / "content"
            shutil.rmtree(content, ignore_errors=True)
            content.mkdir()
            system(name).rename(content / "rootfs.ext4")
            (content / "manifest.raucm").write_text(
                f"[update]\ncompatible={compatible}\nversion={name}\ndescription=of the bench\n\n[bundle]\nformat=verity\n\n"
                "[image.rootfs]\nfilename=rootfs.ext4\n"
            )
            run("rauc", "bundle", f"--cert={certificate}", f"--key={key}", f"--keyring={certificate}",
                "--mksquashfs-args=-comp zstd -Xcompression-level 1 -no-progress -processors 2", content, file)
            shutil.rmtree(content)
        return file
