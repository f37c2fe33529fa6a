#!/usr/bin/env bash
# Sets this machine up to build for another architecture, and runs a command with what such a build wants in its environment.
# usage: setup/cross.sh aarch64|armv7|x86_64 COMMAND...   (ends with 75 where rustup cannot fetch the standard library of the other one)
#
# Compilers are Debian's, from its packages. The libraries that are linked against are Debian's too, unpacked into target/sysroot/ARCH by
# an apt of its own, so that the machine's own package system learns nothing of other architectures.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 2 ] || { sed -n '3s/^# //p' "$0" >&2; exit 64; }

case "$1" in
    aarch64) triple=aarch64-unknown-linux-gnu gnu=aarch64-linux-gnu arch=arm64 ;;
    armv7) triple=armv7-unknown-linux-gnueabihf gnu=arm-linux-gnueabihf arch=armhf ;;
    x86_64) triple=x86_64-unknown-linux-gnu gnu=x86_64-linux-gnu arch=amd64 ;;
    *) echo "no target $1 (there are: aarch64, armv7, x86_64)" >&2; exit 64 ;;
esac
shift
"$root/setup/packages.sh" build >&2

if ! [ -d "$(cd "$root" && rustc --print target-libdir --target "$triple")" ]; then
    command -v rustup >/dev/null || { echo "Rust's standard library for $triple is missing, and there is no rustup to fetch it" >&2; exit 69; }
    (cd "$root" && rustup target add "$triple") >&2 || { echo "Rust's standard library for $triple could not be fetched" >&2; exit 75; }
fi
export ARTC_CROSS_TRIPLE=$triple DEB_HOST_ARCH=$arch
if [ "$arch" = "$(dpkg --print-architecture)" ]; then
    exec "$@"
fi
"$root/setup/packages.sh" "cross-$arch" >&2

sysroot=$root/target/sysroot/$arch
wanted=(libasound2 libasound2-dev libc6 libgcc-s1 libstdc++6)

# Fetches what is wanted for $arch: all of it together in $sysroot/root, and each package with its control files, of which the making of
# a Debian package asks versions and dependencies, in $sysroot/packages.
unpack() {
    local apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg suite=bookworm
    # The C library must not be newer than the one of the compiler's package.
    if grep -qx 'ID=debian' /etc/os-release; then suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release); fi
    apt=$(mktemp -d)
    mkdir -p "$apt"/{lists/partial,cache/archives/partial,sources,fetched}
    : >"$apt/status"
    if [ ! -r "$keyring" ]; then # Ubuntu has Debian's keys as a package of its own
        (cd "$apt" && apt-get download -q debian-archive-keyring >&2 && dpkg-deb -x debian-archive-keyring_*.deb keys)
        keyring=$apt/keys/usr/share/keyrings/debian-archive-keyring.gpg
    fi
    cat >"$apt/apt.conf" <<CONF
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Sandbox::User "$(id -un)";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt/sources";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "3";
CONF
    cat >"$apt/sources/debian.sources" <<SOURCES
Types: deb
URIs: ${ARTC_DEBIAN_MIRROR:-http://deb.debian.org/debian}
Suites: $suite
Components: main
Signed-By: $keyring
SOURCES
    echo "fetching Debian's libraries for $arch into $sysroot" >&2
    APT_CONFIG=$apt/apt.conf apt-get update -q >&2
    (cd "$apt/fetched" && APT_CONFIG=$apt/apt.conf apt-get download -q "${wanted[@]}" >&2)
    rm -rf "$sysroot.new"
    mkdir -p "$sysroot.new"/{root,packages}
    for package in "$apt"/fetched/*.deb; do
        dpkg-deb -R "$package" "$sysroot.new/packages/$(dpkg-deb -f "$package" Package)"
        dpkg-deb -x "$package" "$sysroot.new/root"
    done
    printf '%s\n' "${wanted[*]}" >"$sysroot.new/wanted"
    rm -rf "$sysroot" "$apt"
    mv "$sysroot.new" "$sysroot"
}

if [ "$(cat "$sysroot/wanted" 2>/dev/null)" != "${wanted[*]}" ]; then
    mkdir -p "${sysroot%/*}"
    exec 9>"$sysroot.lock"
    flock 9
    [ "$(cat "$sysroot/wanted" 2>/dev/null)" = "${wanted[*]}" ] || unpack
    exec 9>&-
fi

name=${triple//-/_}
upper=${name^^}
export "CC_$name=$gnu-gcc" "CXX_$name=$gnu-g++" "AR_$name=$gnu-ar" "CARGO_TARGET_${upper}_LINKER=$gnu-gcc"
export PKG_CONFIG_ALLOW_CROSS=1 "PKG_CONFIG_LIBDIR_$name=$sysroot/root/usr/lib/$gnu/pkgconfig:$sysroot/root/usr/share/pkgconfig" \
    "PKG_CONFIG_SYSROOT_DIR_$name=$sysroot/root"
# Headers of the kernel and the C library are those of the compiler's packages.
export "BINDGEN_EXTRA_CLANG_ARGS_$name=-isystem /usr/$gnu/include"
# Tests and programs run under user-mode QEMU, where it is.
if command -v "qemu-${gnu%%-*}" >/dev/null; then
    export "CARGO_TARGET_${upper}_RUNNER=qemu-${gnu%%-*} -L /usr/$gnu -E LD_LIBRARY_PATH=$sysroot/root/usr/lib/$gnu"
fi
export "TARGET_CC=$gnu-gcc -isystem $sysroot/root/usr/include" ARTC_SYSROOT=$sysroot ARTC_STRIP=$gnu-strip
exec "$@"
