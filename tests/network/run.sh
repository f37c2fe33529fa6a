#!/bin/sh
# The engine behind firewalls: a LiveKit server, our own room and a TURN server (coturn) on one side, the engine on the other,
# and a packet filter in between that lets through one way only; and viewers of our room on paths of different width. Everything is
# in network namespaces of its own, so that nothing of this machine's network is touched; no privileges are needed where users may
# make namespaces.
set -eu
cd "$(dirname "$0")/../.."
for tool in unshare ip tc nft turnserver openssl; do
    command -v "$tool" >/dev/null || PATH=$PATH:/usr/sbin:/sbin
    command -v "$tool" >/dev/null || { echo "network: $tool is missing; setup/packages.sh test installs it" >&2; exit 69; }
done
as=
[ "$(id -u)" -eq 0 ] || as=--map-root-user
# shellcheck disable=SC2086 # one word or none
unshare $as --net --mount true || {
    echo "network: no namespaces for this user (unshare $as --net --mount fails): run as root, or allow user namespaces" >&2
    exit 77
}
python=$(tests/clients/setup.sh)
export PYTHONPATH="$PWD/tests/clients" # stage.py and the room's own story
server=$(tests/clients/livekit-server.sh)
cargo build --release --locked --quiet --workspace --example serve --example publish
programs=${CARGO_TARGET_DIR:-target}/release/examples
alone() {
    # shellcheck disable=SC2086 # one word or none
    unshare $as --net --mount sh -c 'mount -t tmpfs none /run && exec "$@"' sh "$@"
}
status=0
alone "$python" tests/network/certificates.py "$programs/publish" "$programs/serve" || status=1
alone "$python" -W ignore tests/network/narrow.py "$programs/serve" || status=1
alone "$python" tests/network/firewalls.py "$programs/publish" "$programs/serve" "$server" || status=1
exit $status
