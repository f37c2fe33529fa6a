#!/usr/bin/env bash
# A whole device: Debian's systemd, RAUC and our package on disks of their own, in user-mode Linux.
# usage: tests/system/run.sh [TEST...]   (parts of names; all when none is named)
# ARTC_KERNEL names a ready kernel (tests/kernel/kernel.sh).
set -euo pipefail
cd "$(dirname "$0")/../.."
ARTC_KERNEL=$(tests/kernel/kernel.sh)
export ARTC_KERNEL
export ARTC_SYSTEM_WORK=$PWD/${CARGO_TARGET_DIR:-target}/system
cargo build --release --locked --quiet --workspace --bin artc-edge
tests/system/system.sh "${CARGO_TARGET_DIR:-target}/release/artc-edge"
exec python3 tests/system/stage.py "$@"
