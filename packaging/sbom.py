#!/usr/bin/env python3
"""Writes the bill of materials (CycloneDX 1.5, JSON) of a built program, from the list that cargo-auditable has put into it: what is named is what
was linked in, or took part in the build. Licences are Cargo's, or deny.toml's where that one knows better; checksums are Cargo.lock's.
The libraries in C (openh264, opus, libjpeg-turbo, AWS-LC) come inside the crates named `-sys`, and are named by them.

usage: packaging/sbom.py PROGRAM   (makes PROGRAM.cdx.json; the same program makes the same file)
"""

import hashlib
import json
import os
import struct
import subprocess
import sys
import time
import tomllib
import uuid
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def section(elf: bytes, wanted: bytes) -> bytes:
    """The bytes of a section of an ELF file of any architecture."""
    if elf[:4] != b"\x7fELF":
        raise ValueError("it is no ELF file")
    order = "<" if elf[5] == 1 else ">"
    if elf[4] == 2:
        (table,), (size, count, names) = struct.unpack_from(order + "Q", elf, 0x28), struct.unpack_from(order + "HHH", elf, 0x3A)
        entry, pick = order + "IIQQQQ", (0, 4, 5)
    else:
        (table,), (size, count, names) = struct.unpack_from(order + "I", elf, 0x20), struct.unpack_from(order + "HHH", elf, 0x2E)
        entry, pick = order + "IIIIII", (0, 4, 5)
    heads = [struct.unpack_from(entry, elf, table + size * i) for i in range(count)]
    heads = [tuple(head[i] for i in pick) for head in heads]
    strings = heads[names][1]
    for name, offset, length in heads:
        end = elf.index(b"\0", strings + name)
        if elf[strings + name : end] == wanted:
            return elf[offset : offset + length]
    raise ValueError(f"it has no section {wanted.decode()}: it was not built by cargo-auditable")


def licences() -> dict[tuple[str, str], str]:
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    packages = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)["packages"]
    known = {(p["name"], p["version"]): p["license"].replace("/", " OR ") for p in packages if p.get("license")}
    better = tomllib.loads((ROOT / "deny.toml").read_text())["licenses"].get("clarify", [])
    expressions = {entry["crate"]: entry["expression"] for entry in better}
    return {key: expressions.get(key[0], licence) for key, licence in known.items()}


def checksums() -> dict[tuple[str, str], str]:
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    return {(p["name"], p["version"]): p["checksum"] for p in packages if "checksum" in p}


def bill(program: bytes) -> dict:
    packages = json.loads(zlib.decompress(section(program, b".dep-v0")))["packages"]
    licence, checksum = licences(), checksums()
    digest = hashlib.sha256(program).hexdigest()

    def component(package: dict) -> dict:
        key = (package["name"], package["version"])
        found = {"type": "library", "bom-ref": reference(package), "name": key[0], "version": key[1]}
        # What only took part in the build is not in the program.
        found["scope"] = "excluded" if package.get("kind") == "build" else "required"
        if key in checksum:
            found["hashes"] = [{"alg": "SHA-256", "content": checksum[key]}]
        if key in licence:
            found["licenses"] = [{"expression": licence[key]}]
        if package["source"] == "crates.io":
            found["purl"] = f"pkg:cargo/{key[0]}@{key[1]}"
        return found

    (root,) = [package for package in packages if package.get("root")]
    main = component(root) | {"type": "application", "hashes": [{"alg": "SHA-256", "content": digest}]}
    del main["scope"]
    built_at = int(os.environ.get("SOURCE_DATE_EPOCH") or commit_time())
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest)}",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(built_at)),
            "component": main,
        },
        "components": [component(package) for package in packages if not package.get("root")],
        "dependencies": [
            {"ref": reference(package), "dependsOn": sorted(reference(packages[i]) for i in package.get("dependencies", []))}
            for package in packages
        ],
    }


def reference(package: dict) -> str:
    return f"{package['source']}:{package['name']}@{package['version']}"


def commit_time() -> str:
    return subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: packaging/sbom.py PROGRAM")
    program = Path(sys.argv[1])
    try:
        text = json.dumps(bill(program.read_bytes()), indent=1, ensure_ascii=False) + "\n"
    except (ValueError, OSError) as error:
        sys.exit(f"{program}: {error}")
    target = program.with_name(program.name + ".cdx.json")
    target.write_text(text)
    print(target)
