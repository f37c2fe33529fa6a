#!/usr/bin/env bash
# The viewer page in Chromium against the real daemon. usage: tests/browser/run.sh [FILE...]
set -euo pipefail
cd "$(dirname "$0")"
[ -x "${ARTC_EDGE:-../../target/release/artc-edge}" ] || { echo "build the daemon first: make build" >&2; exit 69; }
lock=node_modules/.package-lock.json
[ -f "$lock" ] && [ ! package-lock.json -nt "$lock" ] || npm ci --no-audit --no-fund --silent
# client.test.mjs makes its module with the page's tools.
[ -d ../../web/node_modules ] || (cd ../../web && npm ci --no-audit --no-fund --silent)
# One file after the other: each runs a daemon and a browser of its own, and they shall not compete for the processor.
exec node --test --test-concurrency=1 "${@:-.}"
