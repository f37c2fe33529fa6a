#!/usr/bin/env bash
# Tests on ARM, 64-bit and 32-bit, under user-mode QEMU. A subset, so that it costs few minutes: the crates that hand structures to the kernel
# (v4l2-node) and to ALSA's library (c-layout), and those that take bytes and messages apart and build no library in C (annexb, wire).
# Codecs, cryptography, capture and the daemon are not among them. Debian packages are made for both around a program that stands for ours.
# usage: tests/arm/run.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
setup/packages.sh arm

# Built quickly rather than well. What runs on this machine during the build (procedural macros, build scripts) is then what the stage `build` has
# built already.
export CARGO_PROFILE_RELEASE_OPT_LEVEL=1

for target in aarch64 armv7; do
    # Only the package registries may be in reach, and rustup's server is none.
    ready=0
    setup/cross.sh "$target" true || ready=$?
    if [ "$ready" -eq 75 ]; then
        echo "NOT RUN on $target: no standard library of Rust's for it, and none to be had"
        continue
    fi
    setup/cross.sh "$target" sh -c 'exec cargo test --release --locked --no-fail-fast --target "$ARTC_CROSS_TRIPLE" "$@"' sh \
        -p annexb -p c-layout -p v4l2-node -p wire
    setup/cross.sh "$target" tests/arm/package.sh
done
