#!/usr/bin/env bash
# The numbers of SPECIFICATION.md, measured, with their baselines in the same run. Raw data: target/bench/*.json.
# usage: bench/run.sh [ROW...]   (all rows when none is named; bench/run.sh --list names them)
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" = --list ]; then exec /usr/bin/python3 -B bench/bench.py --list; fi
setup/packages.sh bench
make --no-print-directory web
cargo build --release --locked -p artc-bench -p artc-room
make --no-print-directory dist
export ARTC_EDGE="${ARTC_EDGE:-$PWD/target/dist/artc-edge}" # what is shipped is what is measured
PATH="$(setup/node.sh):$PATH"
export PATH
if [ ! -d tests/browser/node_modules ]; then (cd tests/browser && npm ci --no-audit --no-fund --silent); fi
# Debian's own Python: it has the bindings of GStreamer.
exec /usr/bin/python3 -B bench/bench.py "$@"
