#!/usr/bin/env bash
# The disk of `make image` on an emulated PC: it boots, streams, takes a provisioning file from its EFI partition, and is found good. Nightly: no KVM is
# needed, so it takes minutes.
# usage: tests/image/run.sh [IMAGE]   (else the one that `make image` leaves)
set -euo pipefail
cd "$(dirname "$0")/../.."
image=$(realpath "${1:-target/image/artc-edge-amd64.img}")
missing=()
for package in qemu-system-x86 ovmf mtools; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] || apt-get install -y -q --no-install-recommends "${missing[@]}"
exec python3 tests/image/boot.py "$image"
