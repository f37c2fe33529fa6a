#!/bin/sh
# Builds the unmodified LiveKit server that the engine is tested against, from the Go module proxy, and prints its path. Does
# nothing when it is there already. Exit code 3: this machine has no Go to build it with.
# ARTC_LIVEKIT names a directory to keep it in; else it is target/livekit.
set -eu
# The newest release without replaced modules in its go.mod, which `go install` refuses.
version=v1.13.5
root=$(cd "$(dirname "$0")/../.." && pwd)
place=${ARTC_LIVEKIT:-$root/target/livekit}
server=$place/livekit-server-$version
if [ ! -x "$server" ]; then
    if ! command -v go >/dev/null; then
        echo "livekit-server: no Go on this machine (1.26 or newer is needed to build $version)" >&2
        exit 3
    fi
    mkdir -p "$place"
    # Tests run side by side: one of them builds, the others wait.
    exec 9>"$place/lock"
    flock 9
    if [ ! -x "$server" ]; then
        echo "livekit-server: building $version; this takes some minutes, once" >&2
        GOBIN=$place/bin GOFLAGS=-buildvcs=false go install -trimpath -ldflags '-s -w' \
            "github.com/livekit/livekit-server/cmd/server@$version" >&2
        mv "$place/bin/server" "$server"
    fi
fi
printf '%s\n' "$server"
