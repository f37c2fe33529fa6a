#!/bin/sh
# Clients and servers of others: our room met by LiveKit's Python client, its server SDK and aiortc; the open engine on an unmodified
# LiveKit server, watched by LiveKit's Python client.
set -eu
cd "$(dirname "$0")/../.."
python=$(tests/clients/setup.sh)
release=${CARGO_TARGET_DIR:-target}/release/examples
cargo build --release --locked --quiet -p room --example serve
room=0
"$python" -W ignore tests/clients/on_room.py "$release/serve" || room=$?
cargo build --release --locked --quiet -p artc-open --example publish
server=$(tests/clients/livekit-server.sh) || {
    status=$?
    [ "$status" -eq 3 ] || exit "$status"
    echo "skipped: the engine on an unmodified LiveKit server"
    exit "$room"
}
"$python" tests/clients/on_livekit.py "$server" "$release/publish"
exit "$room"
