#!/bin/sh
# Clients and servers of others: the open engine on an unmodified LiveKit server, watched by LiveKit's Python client.
# (The room against the same client is among the Rust tests of the crate `room`.)
set -eu
cd "$(dirname "$0")/../.."
python=$(tests/clients/setup.sh)
cargo build --release --locked --quiet -p artc-open --example publish
server=$(tests/clients/livekit-server.sh) || {
    status=$?
    [ "$status" -eq 3 ] || exit "$status"
    echo "skipped: the engine on an unmodified LiveKit server"
    exit 0
}
exec "$python" tests/clients/on_livekit.py "$server" "${CARGO_TARGET_DIR:-target}/release/examples/publish"
