#!/bin/sh
# Makes the Python environment that the room's tests drive: LiveKit's own client and server SDK, and aiortc, as independent
# judges of what our room says. Prints the path of its interpreter.
set -eu
cd "$(dirname "$0")/../.."
bin=$(setup/from-pypi.sh "${ARTC_CLIENTS_VENV:-target/clients}" livekit==1.2.0 livekit-api==1.2.2 aiortc==1.16.0)
echo "$bin/python"
