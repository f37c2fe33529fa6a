#!/bin/sh
# Builds the unmodified LiveKit server that the engine is tested against, from the Go module proxy, and prints its path. Does
# nothing when it is there already.
# ARTC_LIVEKIT names a directory to keep it in; else it is target/livekit.
set -eu
# The newest release without replaced modules in its go.mod, which `go install` refuses.
version=v1.13.5
root=$(cd "$(dirname "$0")/../.." && pwd)
place=${ARTC_LIVEKIT:-$root/target/livekit}
server=$place/livekit-server-$version
if [ ! -x "$server" ]; then
    mkdir -p "$place"
    # Tests run side by side: one of them builds, the others wait.
    exec 9>"$place/lock"
    flock 9
    if [ ! -x "$server" ]; then
        go=$("$root/setup/go.sh")/go
        echo "livekit-server: building $version; this takes some minutes, once" >&2
        GOBIN=$place/bin GOFLAGS=-buildvcs=false "$go" install -trimpath -ldflags '-s -w' \
            "github.com/livekit/livekit-server/cmd/server@$version" >&2
        mv "$place/bin/server" "$server"
    fi
fi
printf '%s\n' "$server"
