#!/bin/sh
# Makes the Python environment that the room's tests drive: LiveKit's own client and server SDK, and aiortc, as independent
# judges of what our room says. Prints the path of its interpreter. Does nothing when it is there already.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
venv=${ARTC_CLIENTS_VENV:-$root/target/clients}
want="livekit==1.2.0 livekit-api==1.2.2 aiortc==1.16.0"
if [ ! -x "$venv/bin/python" ] || [ "$(cat "$venv/wanted" 2>/dev/null)" != "$want" ]; then
    # Tests run side by side: one of them builds, the others wait.
    mkdir -p "$venv"
    exec 9>"$venv/lock"
    flock 9
    if [ "$(cat "$venv/wanted" 2>/dev/null)" != "$want" ]; then
        python3 -m venv "$venv" >&2
        # shellcheck disable=SC2086 # three packages, three words
        "$venv/bin/pip" install --quiet --disable-pip-version-check $want >&2
        printf '%s\n' "$want" >"$venv/wanted"
    fi
fi
printf '%s\n' "$venv/bin/python"
