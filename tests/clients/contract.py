"""The contract suite of the engine API on the open engine through an unmodified LiveKit server.

usage: contract.py LIVEKIT_SERVER
"""

import asyncio
import os
import subprocess
import sys
import tempfile

from on_livekit import server_of
from stage import KEY, SECRET

SUITE = ["cargo", "test", "--release", "--locked", "--workspace", "--test", "contract", "--"]


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        server = server_of(program, folder)
        asyncio.run(server.start())
        environment = {"ARTC_CONTRACT_URL": f"ws://127.0.0.1:{server.port}", "ARTC_CONTRACT_KEY": KEY, "ARTC_CONTRACT_SECRET": SECRET}
        try:
            # What it skips is in its report, so that it is shown whole.
            return subprocess.run([*SUITE, "--ignored", "--nocapture"], env={**os.environ, **environment}).returncode
        finally:
            server.kill()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
