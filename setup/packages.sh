#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that a job needs and that are missing, saying which. Not for Rust: see https://rustup.rs.
# usage: setup/packages.sh build|test|bench|image|arm|cross-arm64|cross-armhf|cross-amd64
set -euo pipefail

build=(libasound2-dev dpkg-dev pkg-config cmake nasm clang libclang-dev g++ make git ca-certificates python3 python3-venv)
test=(chromium ffmpeg v4l-utils alsa-utils iproute2 xz-utils socat flex bison bc libelf-dev coturn nftables openssl
    dbus systemd python3-dbus python3-gi mosquitto dpkg-dev lintian man-db
    mmdebstrap e2fsprogs dosfstools mtools rauc squashfs-tools dmsetup)
# What the bench compares with (GStreamer, called from Python; Janus), and what draws its clips.
bench=(chromium ffmpeg iproute2 nftables mosquitto python3-gi gir1.2-gst-plugins-base-1.0 gir1.2-gst-plugins-bad-1.0 gstreamer1.0-nice
    gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly janus
    mmdebstrap e2fsprogs dosfstools mtools rauc systemd)
# What makes a disk that boots.
image=(mmdebstrap e2fsprogs dosfstools mtools rauc squashfs-tools fdisk openssl grub-common grub-efi-amd64-bin)
# For programs of another architecture: compilers with their C library.
arm64=(gcc-aarch64-linux-gnu g++-aarch64-linux-gnu)
armhf=(gcc-arm-linux-gnueabihf g++-arm-linux-gnueabihf)
arm=("${arm64[@]}" "${armhf[@]}" qemu-user)

# Bundles of the Yocto layer.
test+=(rauc squashfs-tools)

case "${1:-}" in
    build) wanted=("${build[@]}") ;;
    test) wanted=("${build[@]}" "${test[@]}" "${arm[@]}") ;;
    bench) wanted=("${build[@]}" "${bench[@]}") ;;
    image) wanted=("${build[@]}" "${image[@]}") ;;
    arm) wanted=("${build[@]}" "${arm[@]}") ;;
    cross-arm64) wanted=("${arm64[@]}") ;;
    cross-armhf) wanted=("${armhf[@]}") ;;
    cross-amd64) wanted=(gcc-x86-64-linux-gnu g++-x86-64-linux-gnu) ;;
    *) sed -n '3s/^# //p' "$0" >&2; exit 64 ;;
esac

if ! command -v cargo >/dev/null; then
    echo "cargo is missing: install Rust from https://rustup.rs, then run this again" >&2
    exit 69
fi
if ! command -v dpkg-query >/dev/null; then
    echo "this is no Debian or Ubuntu system; install these by hand: ${wanted[*]}" >&2
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "missing system packages: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "run as root: apt-get install ${missing[*]}" >&2; exit 77; }
    as_root=(sudo)
fi
# Janus is to serve whoever starts it, and not to listen on every address from now on.
if [[ " ${missing[*]} " == *" janus "* ]] && [ -d /run/systemd/system ]; then
    "${as_root[@]}" systemctl mask janus.service
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q
"${as_root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}"
