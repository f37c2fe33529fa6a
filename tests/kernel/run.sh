#!/usr/bin/env bash
# Runs the kernel bench: brings the kernel and the clips, builds, and boots a guest for each test.
#   tests/kernel/run.sh [TEST...]     whole names or parts of them, as for cargo test
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
ARTC_KERNEL=$(tests/kernel/kernel.sh)
export ARTC_KERNEL
tests/kernel/clips.sh

# A ready kernel may be older than kernel.config: what only a newer one can show is named and left out, not failed.
settings() { # of a kernel, which carries them packed behind a mark
    tail -c +$(($(grep -abo -m1 IKCFG_ST "$1" | cut -d: -f1) + 9)) "$1" | zcat 2>/dev/null || true
}
left_out=()
lacks=$(grep -xE 'CONFIG_\w+=y' tests/kernel/kernel.config | grep -vxFf <(settings "$ARTC_KERNEL") | tr '\n' ' ' || true)
if [ -n "$lacks" ]; then
    echo "NOT RUN: panel::* (keys, LEDs of the LED class, heat): $ARTC_KERNEL lacks $lacks; without ARTC_KERNEL a kernel is built that has them" >&2
    left_out=(--skip panel::)
fi

# Of the workspace, not of the package alone: that would resolve other features, and most would be built once more.
cargo build --release --locked --workspace --bin artc-edge --example uvc-camera
exec cargo test --release --locked --workspace --test kernel -- --test-threads="${ARTC_BENCH_JOBS:-2}" "${left_out[@]}" "$@"
