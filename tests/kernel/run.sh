#!/usr/bin/env bash
# Runs the kernel bench: brings the kernel and the clips, builds, and boots a guest for each test.
#   tests/kernel/run.sh [TEST...]     whole names or parts of them, as for cargo test
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
ARTC_KERNEL=$(tests/kernel/kernel.sh)
export ARTC_KERNEL
tests/kernel/clips.sh
cargo build --release --locked --bins --example uvc-camera
exec cargo test --release --locked --test kernel -- --test-threads="${ARTC_BENCH_JOBS:-2}" "$@"
