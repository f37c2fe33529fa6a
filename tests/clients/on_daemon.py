"""LiveKit's own Python client at the daemon: what the SDP says of a camera's own H.264 is what the camera's parameter sets say; and
commands by every way that the client has.

usage: on_daemon.py ARTC_EDGE

The daemon plays clips of two profiles as if a camera sent them. The last line counts what passed, as cargo's tests do.
"""

import asyncio
import os
import subprocess
import sys
import tempfile

from commands import commands
from stage import Judge, Viewer, daemon_of, until

# x264's name for it, profile_idc, and what LiveKit's client calls it in an SDP. It names no higher one, though it decodes them.
PROFILES = [("baseline", 0x42, "42e0"), ("main", 0x4D, "4d00")]


def clip_of(folder, profile):
    """A clip, and the first three bytes of its SPS's content: profile, constraint flags, level."""
    path = os.path.join(folder, f"{profile}.h264")
    subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-t", "2", "-pix_fmt", "yuv420p",
         "-c:v", "libx264", "-profile:v", profile, "-bf", "0", "-g", "30", "-x264-params", "repeat-headers=1", "-f", "h264", path],
        check=True)
    with open(path, "rb") as clip:
        data = clip.read()
    sps = next(at + 4 for at in starts(data) if data[at + 3] & 0x1F == 7)
    return path, data[sps : sps + 3]


def starts(data):
    """Offsets of the start codes."""
    at = data.find(b"\0\0\1")
    while at >= 0:
        yield at
        at = data.find(b"\0\0\1", at + 3)


async def main(program):
    judge = Judge()
    with tempfile.TemporaryDirectory() as folder:
        for profile, number, wanted in PROFILES:
            clip, sps = clip_of(folder, profile)
            judge(f"{profile}: the clip is what it shall be", sps[0] == number, sps.hex())
            async with daemon_of(program, folder, CAMERA__SOURCE=f"file:{clip}", MICROPHONE__SOURCE="none") as daemon:
                viewer = Viewer()
                await viewer.join(daemon.port)
                judge(f"{profile}: pictures arrive and decode", await until(15, lambda: viewer.pictures > 30), viewer.pictures)
                told = await viewer.profile() if viewer.video else None
                judge(f"{profile}: the SDP says the profile of the SPS, {sps.hex()}", (told or "").lower()[:4] == wanted, told)
                await viewer.leave()
                if profile == PROFILES[-1][0]:
                    await commands(judge, daemon)
            judge.explain(daemon.log)
    return judge.verdict()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
