#!/bin/sh
# Clients and servers of others: our room met by LiveKit's Python client, its server SDK and aiortc; the open engine on an unmodified
# LiveKit server, watched by LiveKit's Python client, and put through the contract suite there; the whole daemon, watched by the same
# client, and commanded by the project's Python client over it.
set -eu
cd "$(dirname "$0")/../.."
python=$(tests/clients/setup.sh)
server=$(tests/clients/livekit-server.sh)
release=${CARGO_TARGET_DIR:-target}/release
# Of the workspace, not of packages alone: these would resolve other features, and most would be built once more.
cargo build --release --locked --quiet --workspace --example serve --example publish --example watch_user --bin artc-edge
status=0
"$python" -W ignore tests/clients/on_room.py "$release/examples/serve" "$release/examples/watch_user" || status=$?
"$python" tests/clients/on_livekit.py "$server" "$release/examples/publish" "$release/examples/watch_user" || status=$?
"$python" tests/clients/on_daemon.py "$release/artc-edge" || status=$?
"$python" tests/clients/on_commands.py "$release/artc-edge" || status=$?
"$python" tests/clients/contract.py "$server" || status=$?
exit "$status"
