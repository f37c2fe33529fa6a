#!/bin/sh
# Clients and servers of others: our room met by LiveKit's Python client, its server SDK and aiortc; the open engine on an unmodified
# LiveKit server, watched by LiveKit's Python client.
set -eu
cd "$(dirname "$0")/../.."
python=$(tests/clients/setup.sh)
server=$(tests/clients/livekit-server.sh)
release=${CARGO_TARGET_DIR:-target}/release/examples
cargo build --release --locked --quiet -p room --example serve -p artc-open --example publish
status=0
"$python" -W ignore tests/clients/on_room.py "$release/serve" || status=$?
"$python" tests/clients/on_livekit.py "$server" "$release/publish" || status=$?
exit "$status"
